//! What an action promises, each number of it to be opened: on the page of actions and on the dashboard.

use leptos::prelude::*;
use model::{
    action::{Step, Worth},
    figure::{SURE, promised},
    id::ActionId,
};

use crate::components::figure::Figure;

/// Budgets before and after.
#[component]
pub(crate) fn Steps(
    /// Of this action.
    id: ActionId,
    /// The budgets.
    steps: Vec<Step>,
) -> impl IntoView {
    let place = move |at: usize, end: &str| promised(id, &format!("/changes/{at}/{end}"));
    let step = move |(at, step): (usize, Step)| {
        let Step { channel, from, to, change } = step;
        view! {
            <li class="break-words"><span data-literal="">{channel}</span> ": " <Figure id=place(at, "from") shown=from /> " → " <Figure id=place(at, "to") shown=to /> " a day"
                {change.map(|change| view! { <span class="text-muted">" (" <Figure id=place(at, "change") shown=change /> ")"</span> })}</li>
        }
    };
    (!steps.is_empty()).then(|| {
        view! { <ul class="flex flex-col gap-1" data-test="steps">{steps.into_iter().enumerate().map(step).collect_view()}</ul> }
    })
}

/// What was promised in money, or why not.
#[component]
pub(crate) fn Expected(
    /// Of this action.
    id: ActionId,
    /// What is expected.
    worth: Result<Worth, String>,
    /// In which time.
    horizon: String,
) -> impl IntoView {
    match worth {
        Ok(Worth { value, low, high, loss, learning }) => view! {
            <p class="told" data-test="expected">"Expected: " <Figure id=promised(id, "/prediction/value") shown=value /> " net in " <span data-literal="">{horizon}</span> ", with "
                <Figure id=promised(id, &format!("/prediction/low{SURE}")) shown="80 %" /> " between " <Figure id=promised(id, "/prediction/low") shown=low />
                " and " <Figure id=promised(id, "/prediction/high") shown=high /> "; it loses with a probability of " <Figure id=promised(id, "/prediction/loss") shown=loss /> "."
                {learning.map(|(at, cost)| view! { " Taken off already: " <Figure id=promised(id, &format!("/basis/{at}/value")) shown=cost /> " for the days in which platforms learn." })}</p>
        }
        .into_any(),
        Err(why) => view! { <p class="text-muted" data-test="expected">"Expected: – (" <span data-literal="">{why}</span> ")"</p> }.into_any(),
    }
}
