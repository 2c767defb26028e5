//! The head of a conversation: what it is called, how it stands, and what can be done with it.

use leptos::prelude::*;
use model::{
    conversation::Status,
    id::{ConversationId, MemberId},
};

use super::{
    deeds::Deeds,
    told::{Row, Shown},
};
use crate::{
    components::{
        badge::{Badge, Shade},
        button::{Button, Kind},
        form::ActionForm,
        outcome::{Outcome, at, failure},
        page::When,
    },
    refused::Typed,
};

/// Until when a conversation is put aside most: as forms spell it, and in words.
pub(super) const SNOOZES: [(&str, &str); 3] =
    [("later", "For three hours"), ("tomorrow", "Until tomorrow morning"), ("week", "Until Monday morning")];

/// The subject, and how it stands.
#[component]
pub(super) fn Stands(row: Memo<Row>) -> impl IntoView {
    let stand = move || {
        let row = row.get();
        let status = match row.status {
            Status::Open => None,
            Status::Snoozed => Some("Put aside"),
            Status::Closed => Some("Closed"),
        };
        view! {
            <p class="flex flex-wrap items-center gap-1 text-xs text-muted" data-test="stands">
                <span data-literal="">{row.mailbox}</span>
                {status.map(|words| view! { <Badge shade=Shade::Plain words=words /> })}
                {row.snoozed.map(|until| view! { <span>"until " <When at=until /></span> })}
                {row.needs_reply.then(|| view! { <Badge shade=Shade::Warn words="Needs reply" /> })}
                {row.private.then(|| view! { <Badge shade=Shade::Plain words="Private" /> })}
                {row.labels.into_iter().map(|label| view! { <span data-literal=""><Badge shade=Shade::Plain words=label /></span> }).collect_view()}
            </p>
        }
    };
    view! {
        <h2 id="conversation" tabindex="-1" class="min-w-0 break-words" data-literal="">{move || row.with(Row::title)}</h2>
        {stand}
    }
}

/// A button that does one thing to the conversation; a form, so that it works before the page is live.
#[component]
fn Deed(
    deeds: Deeds,
    id: ConversationId,
    what: &'static str,
    #[prop(optional)] to: &'static str,
    #[prop(optional)] key: Option<&'static str>,
    words: &'static str,
) -> impl IntoView {
    let keep_unread = move |_| deeds.unread.set((what == "unread").then_some(id));
    view! {
        <ActionForm action=deeds.change>
            <input type="hidden" name="ids[0]" value=id.to_string() />
            <input type="hidden" name="what" value=what />
            <input type="hidden" name="to" value=to />
            <button type="submit" class=Kind::Plain.class() on:click=keep_unread data-key=key data-does=key.map(|_| words)>{words}</button>
        </ActionForm>
    }
}

/// What can be done with the conversation.
#[component]
pub(super) fn Controls(shown: RwSignal<Shown>, deeds: Deeds) -> impl IntoView {
    let (id, may_edit) = shown.with_untracked(|shown| (shown.row.id, shown.may_edit));
    let status = Memo::new(move |_| shown.with(|shown| shown.row.status));
    let unread = Memo::new(move |_| shown.with(|shown| shown.row.unread));
    let waits = Memo::new(move |_| shown.with(|shown| shown.row.needs_reply));
    let open_or_close = move || match status.get() {
        Status::Open => view! { <Deed deeds=deeds id=id what="close" key="e" words="Close" /> }.into_any(),
        Status::Snoozed | Status::Closed => {
            view! { <Deed deeds=deeds id=id what="open" key="e" words="Open again" /> }.into_any()
        }
    };
    let read = move || match unread.get() {
        true => view! { <Deed deeds=deeds id=id what="read" key="m" words="Mark as read" /> }.into_any(),
        false => view! { <Deed deeds=deeds id=id what="unread" key="m" words="Mark as unread" /> }.into_any(),
    };
    let settle = move || match waits.get() {
        true => view! { <Deed deeds=deeds id=id what="settle" words="No answer needed" /> }.into_any(),
        false => view! { <Deed deeds=deeds id=id what="want" words="Needs an answer" /> }.into_any(),
    };
    if !may_edit {
        return view! { <div class="flex flex-wrap gap-2">{read}</div> }.into_any();
    }
    view! {
        <div class="flex flex-wrap items-start gap-2" role="group" aria-label="What can be done with it" data-test="controls">
            {open_or_close}
            <Snooze id=id deeds=deeds />
            <Assign shown=shown deeds=deeds />
            <Labels shown=shown deeds=deeds />
            <Private shown=shown deeds=deeds />
            {read}
            {settle}
        </div>
        <Outcome action=deeds.change fields=&["to"] />
        <Outcome action=deeds.restrict />
    }
    .into_any()
}

/// What came back of the form that changes this conversation so.
fn typed(deeds: Deeds, what: &str) -> Typed {
    Typed::of(deeds.change).only("what", what)
}

#[component]
fn Snooze(id: ConversationId, deeds: Deeds) -> impl IntoView {
    let typed = typed(deeds, "snooze");
    let back = typed.came_back();
    let day = Some(typed.first("to", "")).filter(|text| text.starts_with(|letter: char| letter.is_ascii_digit()));
    let failure = at(failure(deeds.change), "to");
    view! {
        <details open=back data-test="snooze">
            <summary class="button button-plain" data-key="s" data-does="Put the conversation aside">"Snooze…"</summary>
            <div class="flex flex-col items-start gap-2 pt-2">
                {SNOOZES.map(|(to, words)| view! { <Deed deeds=deeds id=id what="snooze" to=to words=words /> }).into_iter().collect_view()}
                <ActionForm action=deeds.change attr:class="flex flex-wrap items-end gap-2" attr:novalidate=true>
                    <input type="hidden" name="ids[0]" value=id.to_string() />
                    <input type="hidden" name="what" value="snooze" />
                    <label class="flex flex-col gap-1 text-xs text-muted"><span data-literal="">"Until 08:00 on"</span>
                        <input type="date" name="to" class="control" autocomplete="off" value=day /></label>
                    <Button pending=deeds.change.pending()>"Until that day"</Button>
                </ActionForm>
                {move || failure.get().map(|words| view! { <p class="field-error" role="alert">{words}</p> })}
            </div>
        </details>
    }
}

#[component]
fn Assign(shown: RwSignal<Shown>, deeds: Deeds) -> impl IntoView {
    let (id, me) = shown.with_untracked(|shown| (shown.row.id, shown.me));
    let assignee = Memo::new(move |_| shown.with(|shown| (shown.row.assignee_id, shown.row.assignee.clone())));
    let readers = Memo::new(move |_| shown.with(|shown| shown.readers.clone()));
    let words = move || match assignee.get() {
        (Some(own), _) if own == me => "Assigned to you".to_owned(),
        (Some(_), name) => format!("Assigned to {}", name.unwrap_or_default()),
        (None, _) => "Assign…".to_owned(),
    };
    let options = move || {
        let chosen = assignee.get().0;
        let option = move |id: Option<MemberId>, words: String| {
            let value = id.map(|id| id.to_string()).unwrap_or_default();
            let here = id == chosen;
            view! { <option value=value selected=here>{words}</option> }
        };
        let others = readers
            .get()
            .into_iter()
            .map(move |(member, name)| option(Some(member), if member == me { format!("{name} (you)") } else { name }));
        std::iter::once(option(None, "Nobody".to_owned())).chain(others).collect_view()
    };
    view! {
        <details data-test="assign">
            <summary class="button button-plain" data-key="a" data-does="Assign the conversation"><span data-literal="">{words}</span></summary>
            <ActionForm action=deeds.change attr:class="flex flex-wrap items-end gap-2 pt-2">
                <input type="hidden" name="ids[0]" value=id.to_string() />
                <input type="hidden" name="what" value="assign" />
                <label class="flex min-w-0 flex-col gap-1 text-xs text-muted">"Who sees to it"
                    <select name="to" class="control control-narrow" autocomplete="off" data-literal="">{options}</select></label>
                <Button pending=deeds.change.pending()>"Assign"</Button>
            </ActionForm>
        </details>
    }
}

#[component]
fn Labels(shown: RwSignal<Shown>, deeds: Deeds) -> impl IntoView {
    let id = shown.with_untracked(|shown| shown.row.id);
    let own = move || shown.with(|shown| shown.row.labels.join(", "));
    let known = move || shown.with(|shown| shown.labels.clone());
    let (typed, at_first) = (typed(deeds, "labels"), shown.with_untracked(|shown| shown.row.labels.join(", ")));
    let back = typed.came_back();
    let first = typed.first("to", at_first);
    let value = move || if back { first.clone() } else { own() };
    view! {
        <details open=back data-test="labels">
            <summary class="button button-plain" data-key="l" data-does="Label the conversation">"Label…"</summary>
            <ActionForm action=deeds.change attr:class="flex flex-wrap items-end gap-2 pt-2">
                <input type="hidden" name="ids[0]" value=id.to_string() />
                <input type="hidden" name="what" value="labels" />
                <label class="flex min-w-0 flex-col gap-1 text-xs text-muted">"Labels, with commas between"
                    <input name="to" class="control" autocomplete="off" list="known-labels" value=value /></label>
                <datalist id="known-labels">{move || known().into_iter().map(|label| view! { <option value=label></option> }).collect_view()}</datalist>
                <Button pending=deeds.change.pending()>"Save labels"</Button>
            </ActionForm>
        </details>
    }
}

/// Who sees the conversation: whoever sees its client, or those who are named. Who names them is always among them, so that nobody shuts
/// themselves out, and a form in which nobody else is ticked does not show to all what was private.
#[component]
fn Private(shown: RwSignal<Shown>, deeds: Deeds) -> impl IntoView {
    let (id, me) = shown.with_untracked(|shown| (shown.row.id, shown.me));
    let people = Memo::new(move |_| shown.with(|shown| (shown.candidates.clone(), shown.named.clone())));
    let private = Memo::new(move |_| shown.with(|shown| shown.row.private));
    let boxes = move || {
        let (candidates, named) = people.get();
        let one = move |(member, name): (MemberId, String)| {
            let checked = private.get() && named.contains(&member);
            view! { <label class="box"><input type="checkbox" name="members[]" value=member.to_string() autocomplete="off" checked=checked prop:checked=checked /><span data-literal="">{name}</span></label> }
        };
        candidates.into_iter().filter(|(member, _)| *member != me).map(one).collect_view()
    };
    let words = move || if private.get() { "Save who sees it" } else { "Make it private" };
    let everybody = move || {
        private.get().then(|| {
            view! {
                <ActionForm action=deeds.restrict>
                    <input type="hidden" name="id" value=id.to_string() />
                    <Button kind=Kind::Quiet pending=deeds.restrict.pending()>"Show it to all who see the client"</Button>
                </ActionForm>
            }
        })
    };
    let typed = Typed::of(deeds.restrict);
    view! {
        <details open=typed.came_back() data-test="private">
            <summary class="button button-plain">"Who sees it…"</summary>
            <div class="flex flex-col items-start gap-2 pt-2">
                <ActionForm action=deeds.restrict attr:class="flex flex-col gap-2">
                    <input type="hidden" name="id" value=id.to_string() />
                    // Whoever ticks nobody means themselves alone, and not everybody.
                    <input type="hidden" name="members[]" value=me.to_string() />
                    <fieldset class="flex flex-col gap-1">
                        <legend class="text-xs text-muted">"You, and only these"</legend>
                        <div class="boxes">{boxes}</div>
                    </fieldset>
                    <div><Button pending=deeds.restrict.pending()>{words}</Button></div>
                </ActionForm>
                {everybody}
            </div>
        </details>
    }
}
