//! The views of the list, and the choice by which it is narrowed. Both are addresses, so they work before the page is live, can be kept
//! as bookmarks and sent to others.

use leptos::prelude::*;
use model::conversation::Counts;

use super::asked::{Asked, PAGE, VIEWS};
use crate::components::{button::Button, choice::Choice, form::AskForm};

/// Links to the views, with how many conversations wait there.
#[component]
pub(super) fn Views(asked: Asked, counts: Memo<Counts>) -> impl IntoView {
    let links = VIEWS.map(|(show, words)| {
        let href = asked.show(show).href("");
        let here = (asked.show == show).then_some("page");
        let count = move || {
            let Counts { unread, needs_reply, triage, mine } = counts.get();
            let count = match show {
                "mine" => mine,
                "needs_reply" => needs_reply,
                "unread" => unread,
                "triage" => triage,
                _ => 0,
            };
            (count > 0).then(|| view! { " " <span class="text-xs" data-literal="">{count}</span> })
        };
        view! { <a class="tab" href=href aria-current=here data-test=format!("view {show}")>{words}{count}</a> }
    });
    view! { <nav aria-label="Views" class="flex flex-wrap gap-1">{links.into_iter().collect_view()}</nav> }
}

/// The search, and the choice of client, mailbox and label.
#[component]
pub(super) fn Narrow(
    asked: Asked,
    open: Memo<String>,
    /// Clients, providers and labels, each as the address spells it and its words.
    choices: [Vec<(String, String)>; 3],
) -> impl IntoView {
    let page = Signal::derive(move || match open.get() {
        open if open.is_empty() => PAGE.to_owned(),
        open => format!("{PAGE}/{open}"),
    });
    let Asked { show, client, source, label, text, .. } = asked;
    let unfolded = [&client, &source, &label].iter().any(|chosen| !chosen.is_empty());
    let [clients, sources, labels] = choices;
    view! {
        <AskForm page=page label="Search and narrow conversations" test="narrow">
            {(!show.is_empty()).then(|| view! { <input type="hidden" name="show" value=show /> })}
            <label class="flex min-w-0 flex-1 flex-col gap-1"><span class="sr-only">"Search in conversations"</span>
                <input class="control" type="search" name="text" value=text autocomplete="off" placeholder="Search" data-key="/" data-does="Search the conversations" /></label>
            <details class="min-w-0" open=unfolded>
                <summary class="button button-quiet">"Narrow…"</summary>
                <div class="flex flex-col gap-2 pt-2">
                    <Choice name="client" label="Client" all="All clients" choices=clients chosen=client />
                    <Choice name="source" label="Mailboxes" all="All mailboxes" choices=sources chosen=source />
                    <Choice name="label" label="Label" all="All labels" choices=labels chosen=label />
                </div>
            </details>
            <Button>"Show"</Button>
        </AskForm>
    }
}
