//! The sources that files go into, and adding one.

use leptos::prelude::*;
use model::{currency, import::Kind as Holds};

use super::Desk;
use crate::{
    components::{
        button::{Button, Kind},
        card::Card,
        field::{Field, Select},
        form::ActionForm,
        outcome::{Outcome, at, failure, reset_when_done},
        table::{Cell, Table},
    },
    error::AppError,
    refused::Typed,
};

/// Adds a source.
#[server(prefix = "/app", endpoint = "add_import_source", output = crate::codec::Json)]
pub async fn add_source(
    name: String,
    holds: String,
    platform: String,
    currency: String,
    time_zone: String,
    client_id: String,
) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let client = Some(&client_id).filter(|id| !id.is_empty()).map(|id| id.parse().map_err(|_| service::Error::Missing));
    let new = service::import::New { name, holds, platform, currency, time_zone, client_id: client.transpose()? };
    service::import::add_source(&service, &actor, &new).await?;
    Ok(())
}

/// The clients in sight, by id and name; of a large agency the first five hundred.
#[cfg(feature = "ssr")]
pub(super) async fn clients(
    service: &service::Service,
    actor: &model::actor::Actor,
) -> Result<Vec<(String, String)>, AppError> {
    let (mut clients, mut cursor) = (Vec::new(), None);
    while clients.len() < 500 {
        let page = service::client::list(service, actor, &Default::default(), 100, cursor.as_deref()).await?;
        clients.extend(page.items.into_iter().map(|client| (client.id.to_string(), client.fields.name)));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    clients.sort_by_key(|(_, name)| name.to_lowercase());
    Ok(clients)
}

/// The sources, and the form that adds one.
#[component]
pub(super) fn Sources(desk: Desk, add: ServerAction<AddSource>) -> impl IntoView {
    let rows = desk.sources.clone();
    let list = if rows.is_empty() {
        ().into_any()
    } else {
        view! {
            <Table label="Sources" columns=vec!["Source", "Holds", "Figures of", "Counted in", "Client"] test="sources">
                {rows.into_iter().map(|source| view! {
                    <tr role="row">
                        <Cell>{source.name}</Cell>
                        <Cell of="Holds">{source.holds.label()}</Cell>
                        <Cell of="Figures of">{source.platform}</Cell>
                        <Cell of="Counted in"><span data-literal="">{source.currency}", "{source.time_zone}</span></Cell>
                        <Cell of="Client">{match source.client {
                            Some(client) => view! { {client} }.into_any(),
                            None => view! { <span class="text-muted">"none yet"</span> }.into_any(),
                        }}</Cell>
                    </tr>
                }).collect_view()}
            </Table>
        }
        .into_any()
    };
    view! {
        <section class="flex flex-col gap-4" aria-label="Sources">
            {(!desk.sources.is_empty()).then(|| view! { <h2 tabindex="-1">"Sources"</h2> })}
            {list}
            {desk.editable.then(|| view! { <AddForm desk=desk add=add /> })}
        </section>
    }
}

#[component]
fn AddForm(desk: Desk, add: ServerAction<AddSource>) -> impl IntoView {
    let failure = failure(add);
    let (form, seen) = (NodeRef::new(), StoredValue::new(add.version().get_untracked()));
    reset_when_done(add, seen, form);
    let pairs = |texts: Vec<String>| texts.into_iter().map(|text| (text.clone(), text)).collect::<Vec<_>>();
    let holds = Holds::ALL.map(|kind| (kind.key().to_owned(), kind.label().to_owned())).to_vec();
    let currencies = pairs(currency::ALL.iter().map(|code| (*code).to_owned()).collect());
    let clients = [(String::new(), "Nobody's yet".to_owned())].into_iter().chain(desk.clients).collect::<Vec<_>>();
    let typed = Typed::of(add);
    let or = move |name: &'static str, otherwise: String| typed.first(name, otherwise);
    let chosen_here = RwSignal::new(false);
    view! {
        <div id="add-source" data-busy=move || chosen_here.get().then_some("") on:change=move |_| chosen_here.set(true)>
            <Card title="Add a source" about="An account whose figures come as files. Currency and time zone are those in which it counts, and stay.">
                <ActionForm action=add node_ref=form attr:class="grid gap-4 sm:grid-cols-2" attr:novalidate=true>
                    <Field name="name" label="Name" help="Such as: Radio Berlin" value=or("name", String::new()) error=at(failure, "name") />
                    <Select name="client_id" label="Client" options=clients value=or("client_id", String::new()) error=at(failure, "client_id") />
                    <Select name="holds" label="Rows are" options=holds value=or("holds", String::new()) error=at(failure, "holds") />
                    <Select name="platform" label="Figures of" options=desk.platforms value=or("platform", String::new()) error=at(failure, "platform") />
                    <Select name="currency" label="Currency" options=currencies value=or("currency", desk.currency) error=at(failure, "currency") />
                    <Select name="time_zone" label="Time zone of its days" options=pairs(desk.zones) value=or("time_zone", desk.zone) error=at(failure, "time_zone") />
                    <div><Button kind=if desk.sources.is_empty() { Kind::Primary } else { Kind::Plain } id="save-source" pending=add.pending()>"Add source"</Button></div>
                </ActionForm>
                <Outcome action=add fields=&["name", "client_id", "holds", "platform", "currency", "time_zone"] done="The source is added." />
            </Card>
        </div>
    }
}
