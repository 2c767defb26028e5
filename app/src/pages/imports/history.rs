//! What was imported, and taking it back.

use std::time::Duration;

use leptos::prelude::*;
use model::import::State;

use super::{ImportRow, PAGE, StateBadge};
use crate::{
    components::{
        button::{Button, Kind},
        form::ActionForm,
        outcome::Outcome,
        page::When,
        table::{Cell, Table},
    },
    error::AppError,
};

/// Takes an import back.
#[server(prefix = "/app", endpoint = "undo_import", output = crate::codec::Json)]
pub async fn undo_import(id: String) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    service::import::undo(&service, &actor, id.parse().map_err(|_| service::Error::Missing)?).await?;
    Ok(())
}

/// Throws a saved mapping away.
#[server(prefix = "/app", endpoint = "remove_import_mapping", output = crate::codec::Json)]
pub async fn remove_mapping(id: String) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::import::remove_mapping(&service, &actor, id.parse().map_err(|_| service::Error::Missing)?).await?)
}

#[cfg(feature = "ssr")]
pub(super) fn row(import: model::import::Import, words: &service::moment::Words) -> ImportRow {
    let wrong = import.found.as_ref().map_or(0, |found| found.wrong);
    ImportRow {
        id: import.id.to_string(),
        pushed: import.way == model::import::Way::Push,
        file_name: import.file_name,
        source: import.source,
        member: import.member,
        at: words.write(import.finished_at.unwrap_or(import.created_at)),
        state: import.state,
        rows: [import.rows_new, import.rows_changed, import.rows_unchanged, wrong],
        fault: import.fault,
        undone: import.undone_at.map(|at| (import.undone_by.unwrap_or_default(), words.write(at))),
    }
}

/// What became of the rows, in words.
pub(super) fn result([new, changed, unchanged, wrong]: [i64; 4]) -> String {
    let parts = [(new, "new"), (changed, "changed"), (unchanged, "as before"), (wrong, "left out")];
    let said: Vec<_> =
        parts.into_iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")).collect();
    if said.is_empty() { "no rows".to_owned() } else { said.join(", ") }
}

/// Reads the page again every second while something is at work.
pub(super) fn look_again_while(at_work: bool, again: RwSignal<i32>) {
    Effect::new(move |_| {
        if at_work {
            set_timeout(move || again.update(|count| *count += 1), Duration::from_secs(1));
        }
    });
}

/// The imports, newest first.
#[component]
pub(super) fn History(
    imports: Vec<ImportRow>,
    more: Option<String>,
    first: bool,
    undo: ServerAction<UndoImport>,
    editable: bool,
) -> impl IntoView {
    if imports.is_empty() {
        return ().into_any();
    }
    view! {
        <section class="flex flex-col gap-4" aria-label="Imports">
            <h2 tabindex="-1">"Imports"</h2>
            <Outcome action=undo done="It is being taken back." />
            <Table label="Imports" columns=vec!["File", "Source", "By", "When", "State", "Rows", "Take back"] test="imports">
                {imports.into_iter().map(|import| {
                    let rows = match import.state {
                        State::Done | State::Undone | State::Undoing => result(import.rows),
                        _ => String::new(),
                    };
                    let href = format!("{PAGE}/{}", import.id);
                    let name = if import.pushed { format!("Pushed to {}", import.file_name) } else { import.file_name };
                    let shown = name.clone();
                    view! {
                        <tr role="row">
                            <Cell><a href=href>{shown}</a></Cell>
                            <Cell of="Source">{import.source}</Cell>
                            <Cell of="By">{import.member}</Cell>
                            <Cell of="When"><When at=import.at /></Cell>
                            <Cell of="State"><StateBadge state=import.state /></Cell>
                            <Cell of="Rows"><span data-literal="">{rows}</span></Cell>
                            <Cell>{(editable && import.state == State::Done).then(|| view! {
                                <ActionForm action=undo>
                                    <input type="hidden" name="id" value=import.id />
                                    <Button kind=Kind::Quiet named=format!("Undo the import of {name}") pending=undo.pending()>"Undo"</Button>
                                </ActionForm>
                            })}</Cell>
                        </tr>
                    }
                }).collect_view()}
            </Table>
            <p class="flex flex-wrap gap-2">
                {(!first).then(|| view! { <a class=Kind::Plain.class() href=PAGE>"Newest imports"</a> })}
                {more.map(|cursor| view! { <a class=Kind::Plain.class() href=format!("{PAGE}?cursor={cursor}")>"Older imports"</a> })}
            </p>
        </section>
    }
    .into_any()
}

/// The saved mappings.
#[component]
pub(super) fn Saved(
    saved: Vec<(String, String)>,
    forget: ServerAction<RemoveMapping>,
    editable: bool,
) -> impl IntoView {
    if saved.is_empty() {
        return ().into_any();
    }
    view! {
        <section class="flex flex-col gap-4" aria-label="Saved mappings">
            <h2 tabindex="-1">"Saved mappings"</h2>
            <ul class="flex flex-col" data-test="saved-mappings">
                {saved.into_iter().map(|(id, name)| view! {
                    <li class="flex flex-wrap items-center justify-between gap-3 border-b border-line py-1">
                        <span class="min-w-0 break-words">{name.clone()}</span>
                        {editable.then(|| view! {
                            <ActionForm action=forget>
                                <input type="hidden" name="id" value=id />
                                <Button kind=Kind::Quiet named=format!("Remove the mapping {name}") pending=forget.pending()>"Remove"</Button>
                            </ActionForm>
                        })}
                    </li>
                }).collect_view()}
            </ul>
            <Outcome action=forget done="The mapping is removed." />
        </section>
    }
    .into_any()
}
