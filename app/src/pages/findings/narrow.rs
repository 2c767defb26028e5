//! What the findings are narrowed to: a form without a script of its own, whose fields are the address.

use leptos::prelude::*;
use model::{
    alert::{AlertState, FindingKind, Severity},
    id::ClientId,
};

use super::asked::{Asked, PAGE};
use crate::components::{
    button::{Button, Kind},
    choice::Choice,
};

/// How findings stand; what has ended is in no new state.
const STANDINGS: [AlertState; 3] = [AlertState::Open, AlertState::Acknowledged, AlertState::Snoozed];

/// The choices: of which client, of which kind, how bad, and how they stand.
#[component]
pub(super) fn Narrow(clients: Vec<(ClientId, String)>, kinds: Vec<FindingKind>, asked: Asked) -> impl IntoView {
    let narrowed = asked.narrowed();
    let Asked { client, kind, severity, state, .. } = asked;
    let clients = clients.into_iter().map(|(id, name)| (id.to_string(), name)).collect();
    // One that is asked for stays among the choices, also where there is none of it.
    let own = FindingKind::parse(&kind).filter(|kind| !kinds.contains(kind));
    let kinds = kinds.into_iter().chain(own).map(|kind| (kind.key().to_owned(), kind.label().to_owned())).collect();
    let worst_first = Severity::ALL.iter().rev();
    let severities = worst_first.map(|one| (one.key().to_owned(), one.label().to_owned())).collect();
    let states = STANDINGS.map(|one| (one.key().to_owned(), one.label().to_owned())).into();
    view! {
        <form method="get" action=PAGE role="search" aria-label="Narrow the findings" class="no-print flex flex-wrap items-end gap-2" data-test="narrow">
            <Choice name="client" label="Client" all="All clients" choices=clients chosen=client />
            <Choice name="kind" label="Kind" all="All kinds" choices=kinds chosen=kind />
            <Choice name="severity" label="Severity" all="All severities" choices=severities chosen=severity />
            <Choice name="state" label="State" all="All states" choices=states chosen=state />
            <Button>"Show"</Button>
            {narrowed.then(|| view! { <a class=Kind::Quiet.class() href=PAGE>"Show all"</a> })}
        </form>
    }
}
