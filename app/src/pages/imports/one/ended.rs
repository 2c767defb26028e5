//! What became of an import: what it changed, taking it back, and the rows that were left out.

use leptos::prelude::*;
use model::import::State;

use super::{Actions, View};
use crate::{
    components::{
        button::{Button, Kind},
        card::Card,
        form::ActionForm,
        outcome::Outcome,
        page::When,
        table::{Cell, Table},
    },
    pages::imports::history,
};

/// What an import changed, and taking it back.
#[component]
pub(super) fn Ended(import: View, actions: Actions) -> impl IntoView {
    let undone = import.undone.clone();
    view! {
        <Card title="What became of it">
            <p data-test="result"><span data-literal="">{history::result(import.rows)}</span>
                {import.days.clone().map(|(first, last)| view! { <span data-literal="">", from "{first}" to "{last}</span> })}"."</p>
            {undone.map(|(by, at)| view! { <p>"Undone by "{by}", "<When at=at />". Reports read what they read without it; as of the time between, they still show it."</p> })}
            {(import.state == State::Done && import.editable).then(|| view! {
                <ActionForm action=actions.undo>
                    <input type="hidden" name="id" value=import.id.clone() />
                    <Button id="undo" pending=actions.undo.pending()>"Undo this import"</Button>
                </ActionForm>
                <p class="text-xs text-muted">"Its figures are taken back, and older ones stand again. Nothing is deleted, and the file can be imported again."</p>
            })}
            <Outcome action=actions.undo />
        </Card>
    }
}

/// The rows that are wrong, or were left out.
#[component]
pub(super) fn WrongRows(import: View) -> impl IntoView {
    if import.wrong.is_empty() {
        return ().into_any();
    }
    let all = import.found.map_or(0, |[_, wrong, _]| wrong);
    let ended = import.state != State::Checked;
    let about = format!("{} of {all} rows are in the list to download.", import.listed);
    let export = format!("/api/v1/imports/{}/errors.csv", import.id);
    view! {
        <section class="flex flex-col gap-4" aria-label="Wrong rows">
            <div class="flex flex-wrap items-center justify-between gap-3">
                <h2 tabindex="-1">{if ended { "Rows that were left out" } else { "Wrong rows" }}</h2>
                <a class=Kind::Plain.class() href=export rel="external" download="errors.csv">"Download list"</a>
            </div>
            <Table label="Wrong rows" columns=vec!["Line", "Column", "Cell", "What is wrong"] test="wrong-rows">
                {import.wrong.into_iter().map(|wrong| view! {
                    <tr role="row">
                        <Cell number=true>{wrong.line}</Cell>
                        <Cell of="Column">{wrong.column}</Cell>
                        <Cell of="Cell"><code class="whitespace-pre-wrap break-words">{wrong.value}</code></Cell>
                        <Cell of="What is wrong">{wrong.message}</Cell>
                    </tr>
                }).collect_view()}
            </Table>
            <p class="text-xs text-muted">{about}</p>
        </section>
    }
    .into_any()
}
