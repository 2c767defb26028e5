//! What is done to many conversations at once: those that are chosen in the list. Everything can be taken back.

use std::collections::BTreeSet;

use leptos::prelude::*;
use model::id::{ConversationId, MemberId};

use super::{deeds::Deeds, head::SNOOZES, told::Row};
use crate::components::{
    button::{Button, Kind},
    menu::Menu,
};

/// The bar above the list: how many are chosen, and what can be done with them.
#[component]
pub(super) fn Bulk(
    chosen: RwSignal<BTreeSet<ConversationId>>,
    rows: Memo<Vec<Row>>,
    me: MemberId,
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
    let run = move |what: &'static str, to: String| {
        let ids = chosen.with_untracked(|chosen| chosen.iter().copied().collect());
        deeds.run(ids, what, &to);
        chosen.set(BTreeSet::new());
    };
    let item = move |words: &'static str, what: &'static str, to: String| {
        view! { <button type="button" class="choice" on:click=move |_| run(what, to.clone())>{words}</button> }
    };
    let all = move |_| chosen.set(rows.with_untracked(|rows| rows.iter().map(|row| row.id).collect()));
    let bar = move || {
        view! {
            <div class="flex flex-wrap items-center gap-1" role="group" aria-label="With those that are chosen" data-test="bulk">
                <span class="text-xs text-muted"><span data-literal="">{move || count.get()}</span> " chosen"</span>
                <Button kind=Kind::Quiet does="button" named="Close those that are chosen" press=move |_| run("close", String::new())>"Close"</Button>
                <Button kind=Kind::Quiet does="button" named="Take those that are chosen" press=move |_| run("assign", me.to_string())>"Take"</Button>
                <Menu id="bulk-more" named="More for those that are chosen">
                    {item("Mark as read", "read", String::new())}
                    {item("Mark as unread", "unread", String::new())}
                    {item("Assign to nobody", "assign", String::new())}
                    {item("Open again", "open", String::new())}
                    {SNOOZES.map(|(to, words)| item(words, "snooze", to.to_owned()).into_any()).into_iter().collect_view()}
                    <button type="button" class="choice" on:click=all>"Choose all that are listed"</button>
                    <button type="button" class="choice" on:click=move |_| chosen.set(BTreeSet::new())>"Choose none"</button>
                </Menu>
            </div>
        }
    };
    let any = Memo::new(move |_| count.get() > 0);
    view! { <div class="needs-live" aria-live="polite">{move || any.get().then(bar)}</div> }
}
