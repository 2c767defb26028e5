//! What the syncs of a connection did: why each began, how long it took, what it changed, and why one failed.

use leptos::prelude::*;
use model::{
    connection::{Fault, RunState},
    id::ConnectionId,
    number::whole,
};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        button::{Button, Kind},
        form::ActionForm,
        notice::sentence,
        page::Clock,
        table::{Cell, Table},
    },
    error::AppError,
    pages::integrations::{
        deed::Deeds,
        run::{RunRow, badge, why},
        trouble::advice,
    },
};

/// Runs of a connection, as many as a page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runs {
    of: ConnectionId,
    /// Newest first.
    rows: Vec<RunRow>,
    /// Where the earlier ones begin, if there are any.
    older: Option<String>,
    /// Whether there are later ones.
    newer: bool,
    /// Whether the person looking can have it read again.
    edits: bool,
    zone: String,
}

/// As many runs as the page shows: two days of a connection that is read every hour.
#[cfg(feature = "ssr")]
const SHOWN: i64 = 50;

/// Runs of a connection from where the cursor says, the newest without one.
#[server(prefix = "/app", endpoint = "list_runs", output = crate::codec::Json)]
pub async fn list_runs(id: String, #[server(default)] cursor: String) -> Result<Runs, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let of = id.parse().map_err(|_| service::Error::Missing)?;
    let words = service::moment::Words::of(&service, &actor).await?;
    let cursor = Some(cursor).filter(|cursor| !cursor.is_empty());
    let found = service::connection::runs(&service, &actor, of, SHOWN, cursor.as_deref()).await?;
    let edits = model::access::may(actor.role, model::access::Action::EditIntegrations);
    let zone = words.write(words.now()).zone;
    let rows = found.items.iter().map(|found| crate::pages::integrations::run::read(found, &words)).collect();
    Ok(Runs { of, rows, older: found.next_cursor, newer: cursor.is_some(), edits, zone })
}

/// The runs as a table.
#[component]
pub(super) fn History(runs: Runs, deeds: Deeds) -> impl IntoView {
    let Runs { of, rows, older, newer, edits, zone } = runs;
    let page = format!("/settings/integrations/{of}");
    let newest = format!("{page}#history");
    let columns = vec!["Begun", "Trigger", "Result", "Took", "Pages", "New", "Changed", "Unchanged", "Withdrawn"];
    view! {
        <section class="flex flex-col gap-3" aria-label="Sync history">
            <div class="flex flex-col gap-1">
                <h2 id="history" tabindex="-1">"Sync history"</h2>
                <p class="text-xs text-muted">"Rows are counted by day and by campaign, group and ad, or by order. Times of " <span data-literal="">{zone}</span> "."</p>
            </div>
            {if rows.is_empty() {
                view! { <p class="text-muted" data-test="no-runs">"Never synced. The first sync begins when an account is given to a client; each one will stand here with what it read and changed."</p> }.into_any()
            } else {
                view! {
                    <Table label="Sync history" columns=columns test="runs">
                        {rows.into_iter().enumerate().map(|(at, run)| view! { <Line run=run of=of again=edits && at == 0 && !newer deeds=deeds /> }).collect_view()}
                    </Table>
                    <p class="flex flex-wrap gap-2">
                        {newer.then(|| view! { <a class=Kind::Plain.class() href=newest>"Show the newest"</a> })}
                        {older.map(|cursor| view! { <a class=Kind::Plain.class() href=format!("{page}?older={cursor}#history")>"Show older"</a> })}
                    </p>
                }.into_any()
            }}
        </section>
    }
}

#[component]
fn Line(run: RunRow, of: ConnectionId, again: bool, deeds: Deeds) -> impl IntoView {
    let fault = run.fault.clone();
    let retries =
        again && run.state == RunState::Failed && fault.as_ref().is_none_or(|fault| fault.kind != "unauthorized");
    let (number, state) = (whole, run.state);
    view! {
        <tr role="row">
            <Cell><Clock at=run.started /></Cell>
            <Cell of="Trigger">{why(run.cause)}</Cell>
            <Cell of="Result">{badge(state)}</Cell>
            <Cell of="Took" number=true><span data-literal="" class="whitespace-nowrap">{run.took}</span></Cell>
            <Cell of="Pages" number=true><span data-literal="">{number(run.pages)}</span></Cell>
            <Cell of="New" number=true><span data-literal="">{number(run.new)}</span></Cell>
            <Cell of="Changed" number=true><span data-literal="">{number(run.changed)}</span></Cell>
            <Cell of="Unchanged" number=true><span data-literal="">{number(run.unchanged)}</span></Cell>
            <Cell of="Withdrawn" number=true><span data-literal="">{number(run.withdrawn)}</span></Cell>
        </tr>
        {fault.map(|fault| view! { <Why fault=fault of=of retries=retries deeds=deeds /> })}
    }
}

/// Why a run failed, what to do, and the way to try again.
#[component]
fn Why(fault: Fault, of: ConnectionId, retries: bool, deeds: Deeds) -> impl IntoView {
    let hint = advice(&fault);
    view! {
        <tr role="row" class="table-more" data-test="fault">
            <td role="cell" colspan="9">
                <div class="flex flex-wrap items-center justify-between gap-3 py-2">
                    <div class="min-w-0"><p class="break-words text-bad">{sentence(&fault.message)}</p><p class="text-muted">{hint}</p></div>
                    {retries.then(|| view! {
                        <ActionForm action=deeds.sync on:submit=move |_| deeds.of.set(Some(of))>
                            <input type="hidden" name="id" value=of.to_string() />
                            <Button id="retry" named="Try the failed sync again" pending=deeds.sync.pending()>"Try again"</Button>
                        </ActionForm>
                    })}
                </div>
            </td>
        </tr>
    }
}
