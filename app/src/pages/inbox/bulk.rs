//! What is done to many conversations at once: those that are chosen in the list. Everything can be taken back; what is refused changes
//! nothing of the choice.

use std::collections::BTreeSet;

use leptos::{ev::SubmitEvent, html, prelude::*};
use model::id::{ConversationId, MemberId};

use super::{deeds::Deeds, head::SNOOZES, list::Listed, told::Row};
use crate::components::{
    button::{Button, Kind},
    menu::Menu,
    outcome::{Outcome, on_success},
};

/// What is done to those that are chosen, and to what or whom.
type Run = Callback<(&'static str, String)>;

/// The bar above the list: how many are chosen, and what can be done with them.
#[component]
pub(super) fn Bulk(
    chosen: RwSignal<BTreeSet<ConversationId>>,
    rows: Memo<Vec<Row>>,
    list: RwSignal<Listed>,
    deeds: Deeds,
) -> impl IntoView {
    let count = Memo::new(move |_| chosen.with(BTreeSet::len));
    // What is not listed any more is not done blindly.
    Effect::new(move |_| {
        let gone = rows.with(|rows| {
            let listed = |id: &ConversationId| rows.iter().any(|row| row.id == *id);
            chosen.with_untracked(|chosen| chosen.iter().any(|id| !listed(id)))
        });
        if gone {
            chosen
                .update(|chosen| chosen.retain(|id| rows.with_untracked(|rows| rows.iter().any(|row| row.id == *id))));
        }
    });
    on_success(deeds.many, move |_| chosen.set(BTreeSet::new()));
    let run: Run = Callback::new(move |(what, to): (&'static str, String)| {
        let ids = chosen.with_untracked(|chosen| chosen.iter().copied().collect());
        deeds.run(ids, what, &to);
    });
    let me = list.with_untracked(|list| list.me);
    let item = move |words: &'static str, what: &'static str, to: String| {
        view! { <button type="button" class="choice" on:click=move |_| run.run((what, to.clone()))>{words}</button> }
    };
    let all = move |_| chosen.set(rows.with_untracked(|rows| rows.iter().map(|row| row.id).collect()));
    let bar = move || {
        view! {
            <div class="flex flex-wrap items-center gap-1" role="group" aria-label="With those that are chosen" data-test="bulk">
                <span class="text-xs text-muted"><span data-literal="">{move || count.get()}</span> " chosen"</span>
                <Button kind=Kind::Quiet does="button" named="Close those that are chosen" press=move |_| run.run(("close", String::new()))>"Close"</Button>
                <Button kind=Kind::Quiet does="button" named="Take those that are chosen" press=move |_| run.run(("assign", me.to_string()))>"Take"</Button>
                <Assign list=list run=run />
                <Label list=list run=run />
                <Menu id="bulk-more" named="More for those that are chosen">
                    {item("Mark as read", "read", String::new())}
                    {item("Mark as unread", "unread", String::new())}
                    {item("Assign to nobody", "assign", String::new())}
                    {item("Open again", "open", String::new())}
                    {SNOOZES.map(|(to, words)| item(words, "snooze", to.to_owned()).into_any()).into_iter().collect_view()}
                    <Unlabel chosen=chosen rows=rows run=run />
                    <button type="button" class="choice" on:click=all>"Choose all that are listed"</button>
                    <button type="button" class="choice" on:click=move |_| chosen.set(BTreeSet::new())>"Choose none"</button>
                </Menu>
            </div>
        }
    };
    let any = Memo::new(move |_| count.get() > 0);
    view! {
        <div class="needs-live min-w-0">
            <div aria-live="polite">{move || any.get().then(bar)}</div>
            <Outcome action=deeds.many />
        </div>
    }
}

/// Asks one of the members to see to them.
#[component]
fn Assign(list: RwSignal<Listed>, run: Run) -> impl IntoView {
    let (members, me) = list.with_untracked(|list| (list.members.clone(), list.me));
    let one = move |(member, name): (MemberId, String)| {
        let words = if member == me { format!("{name} (you)") } else { name };
        view! { <li><button type="button" class="choice" on:click=move |_| run.run(("assign", member.to_string())) data-literal="">{words}</button></li> }
    };
    view! {
        <details data-test="bulk-assign">
            <summary class="button button-quiet" aria-label="Assign those that are chosen">"Assign…"</summary>
            <ul class="bulk-choice">{members.into_iter().map(one).collect_view()}</ul>
        </details>
    }
}

/// Gives them labels beside those that they have.
#[component]
fn Label(list: RwSignal<Listed>, run: Run) -> impl IntoView {
    let labels = list.with_untracked(|list| list.labels.clone());
    let field = NodeRef::<html::Input>::new();
    let add = move |event: SubmitEvent| {
        event.prevent_default();
        let typed = field.get_untracked().map(|field| field.value()).unwrap_or_default();
        if !typed.trim().is_empty() {
            run.run(("label", typed));
        }
    };
    view! {
        <details data-test="bulk-label">
            <summary class="button button-quiet" aria-label="Label those that are chosen">"Label…"</summary>
            <form class="flex flex-wrap items-end gap-2 pt-1" on:submit=add>
                <label class="flex min-w-0 flex-col gap-1 text-xs text-muted">"Labels to add, with commas between"
                    <input class="control" autocomplete="off" list="bulk-labels" node_ref=field /></label>
                <datalist id="bulk-labels">{labels.into_iter().map(|(_, label)| view! { <option value=label></option> }).collect_view()}</datalist>
                <Button named="Add labels to those that are chosen">"Add"</Button>
            </form>
        </details>
    }
}

/// Takes labels away that some of them have.
#[component]
fn Unlabel(chosen: RwSignal<BTreeSet<ConversationId>>, rows: Memo<Vec<Row>>, run: Run) -> impl IntoView {
    let labels = Memo::new(move |_| {
        let of_chosen = |rows: &Vec<Row>| {
            let chosen = chosen.get();
            let rows = rows.iter().filter(|row| chosen.contains(&row.id));
            rows.flat_map(|row| row.labels.clone()).collect::<BTreeSet<String>>()
        };
        rows.with(of_chosen)
    });
    let one = move |label: String| {
        let words = format!("Take the label {label} away");
        view! { <button type="button" class="choice" on:click=move |_| run.run(("unlabel", label.clone())) data-literal="">{words}</button> }
    };
    move || labels.get().into_iter().map(one).collect_view()
}
