//! One client: its fields, contacts, who sees it, and its way over the board.

use leptos::{form::ActionForm, prelude::*};
use leptos_router::{LazyRoute, hooks::use_params_map, lazy_route};
use model::{
    access::{Action, may},
    client::Client,
    contact::Contact,
    id::{ClientId, ContactId},
    role::Role,
    stage::{Health, StageChange},
};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        badge::HealthBadge,
        field::{Field, TextArea},
        outcome::{Outcome, at, failure, reset_when_done, successes},
        page::{Heading, Moment, Skeleton, loaded},
    },
    error::AppError,
};

/// A client and all that its page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientView {
    client: Client,
    days: i64,
    health: Health,
    contacts: Vec<Contact>,
    history: Vec<StageChange>,
    role: Role,
}

/// One client in one's sight.
#[server(prefix = "/app", endpoint = "get_client")]
pub async fn get_client(id: String) -> Result<ClientView, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let id: ClientId = id.parse().map_err(|_| service::Error::Missing)?;
    let client = service::client::get(&service, &actor, id).await?;
    let (_, thresholds) = service::client::board(&service, &actor).await?;
    let days = client.days_in_stage(service.clock.now());
    let contacts = service::contact::list(&service, &actor, id).await?;
    let history = service::client::history(&service, &actor, id).await?;
    Ok(ClientView { health: thresholds.health(days), client, days, contacts, history, role: actor.role })
}

/// Changes a client's fields; tags are separated by commas.
#[server(prefix = "/app", endpoint = "update_client")]
pub async fn update_client(
    id: ClientId,
    name: String,
    website: String,
    industry: String,
    currency: String,
    time_zone: String,
    tags: String,
    notes: String,
) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let tags = tags.split(',').map(str::to_owned).collect();
    let new = model::client::Fields { name, website, industry, currency, time_zone, tags, notes };
    service::client::update(&service, &actor, id, |fields, _| *fields = new).await?;
    Ok(())
}

/// Takes a client out of the lists, or back in.
#[server(prefix = "/app", endpoint = "archive_client")]
pub async fn archive_client(id: ClientId, archived: bool) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    service::client::set_archived(&service, &actor, id, archived).await?;
    Ok(())
}

/// Adds a contact; addresses are separated by commas.
#[server(prefix = "/app", endpoint = "create_contact")]
pub async fn create_contact(
    client_id: ClientId,
    name: String,
    emails: String,
    phones: String,
    handles: String,
) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let list = |text: &str| text.split(',').map(str::to_owned).collect();
    let (emails, phones, handles) = (list(&emails), list(&phones), list(&handles));
    let fields = model::contact::Fields { name, emails, phones, handles };
    service::contact::create(&service, &actor, client_id, fields).await?;
    Ok(())
}

/// Removes a contact.
#[server(prefix = "/app", endpoint = "remove_contact")]
pub async fn remove_contact(client_id: ClientId, id: ContactId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::contact::remove(&service, &actor, client_id, id).await?)
}

/// The client named in the address.
#[component]
pub fn ClientPage() -> impl IntoView {
    let params = use_params_map();
    let update = ServerAction::<UpdateClient>::new();
    let archive = ServerAction::<ArchiveClient>::new();
    let add = ServerAction::<CreateContact>::new();
    let remove = ServerAction::<RemoveContact>::new();
    let (updated, added) = (StoredValue::new(0), StoredValue::new(0));
    let changes = [successes(update), successes(archive), successes(add), successes(remove)];
    let view = Resource::new(
        move || {
            let id = params.with(|params| params.get("id")).unwrap_or_default();
            (id, changes.map(|change| change.get()))
        },
        |(id, _)| get_client(id),
    );
    view! {
        <div class="flex max-w-4xl flex-col gap-6">
            <p><a href="/clients" class="text-muted">"← Clients"</a></p>
            <Transition fallback=|| view! { <Skeleton /> }>
                {move || Suspend::new(async move {
                    loaded(view.await, |view| {
                        let editable = may(view.role, Action::EditClient);
                        let id = view.client.id;
                        view! {
                            <Head view=view.clone() archive=archive />
                            <Outcome action=archive />
                            <FieldsForm client=view.client editable=editable update=update seen=updated />
                            <Contacts id=id contacts=view.contacts editable=editable add=add seen=added remove=remove />
                            <History history=view.history />
                        }
                    })
                })}
            </Transition>
        </div>
    }
}

#[component]
fn Head(view: ClientView, archive: ServerAction<ArchiveClient>) -> impl IntoView {
    let archived = view.client.archived_at.is_some();
    view! {
        <Heading text=view.client.fields.name.clone()>
            {may(view.role, Action::ArchiveClient).then(|| view! {
                <ActionForm action=archive>
                    <input type="hidden" name="id" value=view.client.id.to_string() />
                    <input type="hidden" name="archived" value=(!archived).to_string() />
                    <button type="submit" class="button button-plain">{if archived { "Bring back" } else { "Archive" }}</button>
                </ActionForm>
            })}
        </Heading>
        <p class="flex flex-wrap items-center gap-2">
            <span>{view.client.stage.clone()}</span>
            <span class="text-muted"><span data-literal="">{view.days}</span>" days in this stage"</span>
            <HealthBadge health=view.health />
            {archived.then(|| view! { <span class="badge">"Archived"</span> })}
        </p>
    }
}

#[component]
fn FieldsForm(
    client: Client,
    editable: bool,
    update: ServerAction<UpdateClient>,
    seen: StoredValue<usize>,
) -> impl IntoView {
    let failure = failure(update);
    let form = NodeRef::new();
    reset_when_done(update, seen, form);
    let fields = client.fields;
    view! {
        <section class="panel flex flex-col gap-4" aria-label="About the client">
            <ActionForm action=update node_ref=form attr:novalidate=true>
                <fieldset class="grid gap-4 sm:grid-cols-2" disabled=!editable>
                    <input type="hidden" name="id" value=client.id.to_string() />
                    <Field name="name" label="Name" value=fields.name error=at(failure, "name") />
                    <Field name="website" label="Website" value=fields.website error=at(failure, "website") />
                    <Field name="industry" label="Industry" value=fields.industry error=at(failure, "industry") />
                    <Field name="tags" label="Tags" help="Separated by commas." value=fields.tags.join(", ") error=at(failure, "tags") />
                    <Field name="currency" label="Currency" value=fields.currency error=at(failure, "currency") />
                    <Field name="time_zone" label="Time zone" value=fields.time_zone error=at(failure, "time_zone") />
                    <div class="sm:col-span-2"><TextArea name="notes" label="Notes" value=fields.notes error=at(failure, "notes") /></div>
                    {editable.then(|| view! {
                        <div><button type="submit" class="button button-primary" disabled=move || update.pending().get()>"Save"</button></div>
                    })}
                </fieldset>
            </ActionForm>
            <Outcome action=update fields=&["name", "website", "industry", "tags", "currency", "time_zone", "notes"] done="Saved." />
        </section>
    }
}

#[component]
fn Contacts(
    id: ClientId,
    contacts: Vec<Contact>,
    editable: bool,
    add: ServerAction<CreateContact>,
    seen: StoredValue<usize>,
    remove: ServerAction<RemoveContact>,
) -> impl IntoView {
    let failure = failure(add);
    let form = NodeRef::new();
    reset_when_done(add, seen, form);
    let empty = contacts.is_empty();
    view! {
        <section class="flex flex-col gap-3" aria-label="Contacts">
            <h2>"Contacts"</h2>
            {empty.then(|| view! { <p class="text-muted">"People at this client will stand here; their addresses let messages find it."</p> })}
            <ul class="flex flex-col" data-test="contacts">
                {contacts.into_iter().map(|contact| {
                    let addresses = contact.fields.addresses().map(|(_, address)| address.to_owned()).collect::<Vec<_>>().join(" · ");
                    let label = format!("Remove {}", contact.fields.name);
                    view! {
                        <li class="flex items-center justify-between gap-3 border-b border-line py-2">
                            <span class="min-w-0"><span class="font-medium">{contact.fields.name}</span>" "<span class="break-words text-muted">{addresses}</span></span>
                            {editable.then(|| view! {
                                <ActionForm action=remove>
                                    <input type="hidden" name="client_id" value=id.to_string() />
                                    <input type="hidden" name="id" value=contact.id.to_string() />
                                    <button type="submit" class="button button-quiet" aria-label=label>"Remove"</button>
                                </ActionForm>
                            })}
                        </li>
                    }
                }).collect_view()}
            </ul>
            {editable.then(|| view! {
                <details>
                    <summary class="button button-plain">"Add contact"</summary>
                    <ActionForm action=add node_ref=form attr:class="panel mt-3 grid gap-4 sm:grid-cols-2" attr:novalidate=true>
                        <input type="hidden" name="client_id" value=id.to_string() />
                        <Field name="name" id="contact-name" label="Contact's name" error=at(failure, "name") />
                        <Field name="emails" label="E-mails" help="Separated by commas." error=at(failure, "emails") />
                        <Field name="phones" label="Phones" help="With the country, like +49 30 1234567." error=at(failure, "phones") />
                        <Field name="handles" label="Handles" help="Names on social networks." error=at(failure, "handles") />
                        <div><button type="submit" class="button button-primary">"Save contact"</button></div>
                    </ActionForm>
                </details>
                <Outcome action=add fields=&["name", "emails", "phones", "handles"] />
            })}
            <Outcome action=remove />
        </section>
    }
}

#[component]
fn History(history: Vec<StageChange>) -> impl IntoView {
    view! {
        <section class="flex flex-col gap-3" aria-label="Way over the board">
            <h2>"Way over the board"</h2>
            <ol class="flex flex-col gap-1">
                {history.into_iter().map(|change| view! {
                    <li><span class="font-medium">{change.stage}</span><span class="text-muted">" · " {change.member} " · " <Moment at=change.created_at /></span></li>
                }).collect_view()}
            </ol>
        </section>
    }
}

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct ClientRoute;

#[lazy_route]
impl LazyRoute for ClientRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <ClientPage /> }.into_any()
    }
}
