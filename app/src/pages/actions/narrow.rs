//! What the ledger is narrowed to: a form without a script of its own, whose fields are the address.

use leptos::prelude::*;
use model::{
    action::{ActionKind, Stand},
    id::ClientId,
};

use super::asked::{Asked, PAGE};
use crate::components::{
    button::{Button, Kind},
    choice::Choice,
};

/// The choices: of which client, of which kind, and how they stand.
#[component]
pub(super) fn Narrow(clients: Vec<(ClientId, String)>, asked: Asked) -> impl IntoView {
    let Asked { client, kind, only, .. } = asked;
    let list = only.map(|(stand, _)| stand.key().to_owned()).unwrap_or_default();
    let narrowed = [&client, &kind, &list].into_iter().any(|text| !text.is_empty());
    let clients = clients.into_iter().map(|(id, name)| (id.to_string(), name)).collect();
    let kinds = ActionKind::ALL.iter().map(|kind| (kind.key().to_owned(), kind.title().to_owned())).collect();
    let lists = Stand::ALL.map(|stand| (stand.key().to_owned(), stand.label().to_owned())).into();
    view! {
        <form method="get" action=PAGE role="search" aria-label="Narrow the actions" class="no-print flex flex-wrap items-end gap-2" data-test="narrow">
            <Choice name="client" label="Client" all="All clients" choices=clients chosen=client />
            <Choice name="kind" label="Kind" all="All kinds" choices=kinds chosen=kind />
            <Choice name="list" label="State" all="All states" choices=lists chosen=list />
            <Button>"Show"</Button>
            {narrowed.then(|| view! { <a class=Kind::Quiet.class() href=PAGE>"Show all"</a> })}
        </form>
    }
}
