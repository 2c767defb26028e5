//! One client: its fields, how it did, its experiments, its contacts, and its way over the board. Each part loads and fails by itself.

mod contacts;
mod experiments;
mod fields;
mod performance;

pub(super) use fields::plain;
pub use performance::get_performance;

use leptos::prelude::*;
use leptos_router::{LazyRoute, hooks::use_params_map, lazy_route};
use model::{
    access::{Action, may},
    client::Fields,
    id::{ClientId, MemberId},
    moment::Moment,
    role::Role,
    stage::Health,
};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        badge::{Badge, HealthBadge, Shade},
        button::Button,
        form::ActionForm,
        notice::{Notice, Tone},
        outcome::{Outcome, on_success, successes},
        page::{Heading, When},
        part::part_or,
        toast::Toasts,
    },
    error::AppError,
};

/// What the fields can be chosen from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    owners: Vec<(MemberId, String)>,
    zones: Vec<String>,
}

/// A client as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientView {
    id: ClientId,
    fields: Fields,
    owner_id: Option<MemberId>,
    owner: Option<String>,
    stage: String,
    days: i64,
    health: Health,
    archived: Option<Moment>,
    /// Only for those who can change the client.
    choices: Option<Choices>,
    role: Role,
}

/// A move of the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    stage: String,
    member: String,
    at: Moment,
}

/// One client in one's sight.
#[server(prefix = "/app", endpoint = "get_client", output = crate::codec::Json)]
pub async fn get_client(id: String) -> Result<ClientView, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let id: ClientId = id.parse().map_err(|_| service::Error::Missing)?;
    let client = service::client::get(&service, &actor, id).await?;
    let (_, thresholds) = service::client::board(&service, &actor).await?;
    let words = service::moment::Words::of(&service, &actor).await?;
    let owner = match client.owner_id {
        Some(owner) => service::client::owner_name(&service, &actor, owner).await?,
        None => None,
    };
    let choices = match may(actor.role, Action::EditClient) && client.archived_at.is_none() {
        true => {
            Some(Choices { owners: service::client::owners(&service, &actor).await?, zones: service::moment::zones() })
        }
        false => None,
    };
    let days = client.days_in_stage(words.now());
    Ok(ClientView {
        id,
        owner_id: client.owner_id,
        owner,
        stage: client.stage,
        days,
        health: thresholds.health(days),
        archived: client.archived_at.map(|at| words.write(at)),
        fields: client.fields,
        choices,
        role: actor.role,
    })
}

/// The moves of a client, newest first.
#[server(prefix = "/app", endpoint = "list_moves", output = crate::codec::Json)]
pub async fn list_moves(id: String) -> Result<Vec<Move>, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let id: ClientId = id.parse().map_err(|_| service::Error::Missing)?;
    let words = service::moment::Words::of(&service, &actor).await?;
    let history = service::client::history(&service, &actor, id).await?;
    let made = |change: model::stage::StageChange| Move {
        stage: change.stage,
        member: change.member,
        at: words.write(change.created_at),
    };
    Ok(history.into_iter().map(made).collect())
}

/// Takes a client out of the lists, or back in; gives back what was done.
#[server(prefix = "/app", endpoint = "archive_client", output = crate::codec::Json)]
pub async fn archive_client(id: ClientId, archived: bool) -> Result<(ClientId, bool), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    service::client::set_archived(&service, &actor, id, archived).await?;
    Ok((id, archived))
}

/// The client named in the address.
#[component]
pub fn ClientPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    let update = ServerAction::<fields::UpdateClient>::new();
    let archive = ServerAction::<ArchiveClient>::new();
    let updated = StoredValue::new(0);
    let changes = [successes(update), successes(archive)];
    let again = RwSignal::new(0);
    let view =
        Resource::new(move || (id.get(), changes.map(|change| change.get()), again.get()), |(id, _, _)| get_client(id));
    let moves = Resource::new(move || id.get(), list_moves);
    let archived = Signal::derive(move || changes[1].get() + again.get());
    if let Some(toasts) = Toasts::of_page() {
        on_success(archive, move |(id, archived)| {
            let words = if archived { "The client is archived" } else { "The client is back in the lists" };
            toasts.with_undo(words.to_owned(), again, move || archive_client(id, !archived));
        });
    }
    let head = move |view: ClientView| {
        let id = view.id;
        view! {
            <Head view=view.clone() archive=archive />
            <Outcome action=archive />
            <fields::About view=view update=update seen=updated />
            // Of a client that is there: elsewhere they would lead to nothing.
            <p><a href=format!("/clients/{id}/dashboard")>"Dashboard of this client"</a>" · "
                <a href=format!("/clients/{id}/analytics")>"Analytics of this client"</a>" · "
                <a href=format!("/actions?client={id}")>"Actions for this client"</a>" · "
                <a href=format!("/findings?client={id}")>"Findings about this client"</a>" · "
                <a href=format!("/alerts?client={id}")>"Alerts about this client"</a>" · "
                <a href=format!("/reports?client_id={id}")>"Reports of this client"</a></p>
        }
    };
    let missing = |error: &AppError| {
        (*error == AppError::Missing).then(|| {
            view! {
                <Heading text="There is no such client" />
                <p class="text-muted">"The address is wrong, or the client is gone or not in your sight."</p>
            }
            .into_any()
        })
    };
    let nothing = |error: &AppError| (*error == AppError::Missing).then(|| ().into_any());
    view! {
        <div class="flex max-w-4xl flex-col gap-6">
            <p><a href="/clients" class="text-muted">"← Clients"</a></p>
            {part_or("The client", "heading", view, head, missing)}
            <performance::PerformancePart id=id />
            <experiments::ExperimentsPart id=id archived=archived />
            <contacts::Contacts id=id archived=archived />
            {part_or("The way over the board", "way", moves, |moves| view! { <Way moves=moves /> }, nothing)}
        </div>
    }
}

#[component]
fn Head(view: ClientView, archive: ServerAction<ArchiveClient>) -> impl IntoView {
    let archived = view.archived.is_some();
    let may_archive = may(view.role, Action::ArchiveClient);
    let named = format!("{} {}", if archived { "Bring back" } else { "Archive" }, view.fields.name);
    let id = view.id;
    let button = move || {
        view! {
            <ActionForm action=archive>
                <input type="hidden" name="id" value=id.to_string() />
                <input type="hidden" name="archived" value=(!archived).to_string() />
                <Button named=named id="archive" pending=archive.pending()>{if archived { "Bring back" } else { "Archive" }}</Button>
            </ActionForm>
        }
    };
    view! {
        <Heading text=view.fields.name.clone()>{may_archive.then(button)}</Heading>
        {view.archived.map(|at| view! {
            <Notice tone=Tone::Plain><p data-test="archived">
                <strong>"This client is archived"</strong>" (" <When at=at /> "). It is in no list and not on the board, and nothing of it can be changed. Nothing is lost: "
                {if may_archive { "bring it back to go on." } else { "an Admin or Owner can bring it back." }}
            </p></Notice>
        })}
        <p class="flex flex-wrap items-center gap-2">
            <span>{view.stage}</span>
            <span class="text-muted"><span data-literal="">{view.days}</span>{if view.days == 1 { " day" } else { " days" }} " in this stage"</span>
            {if archived {
                view! { <Badge shade=Shade::Plain words="Archived" /> }.into_any()
            } else {
                view! { <HealthBadge health=view.health /> }.into_any()
            }}
        </p>
    }
}

#[component]
fn Way(moves: Vec<Move>) -> impl IntoView {
    let empty = moves.is_empty();
    view! {
        <section class="flex flex-col gap-3" aria-label="Way over the board">
            <h2 id="way" tabindex="-1">"Way over the board"</h2>
            {empty.then(|| view! { <p class="text-muted">"Moves from stage to stage will stand here, with who made them and when."</p> })}
            <ol class="flex flex-col gap-1" data-test="moves">
                {moves.into_iter().map(|made| view! {
                    <li class="break-words"><span class="font-medium">{made.stage}</span><span class="text-muted">" · " {made.member} " · " <When at=made.at /></span></li>
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
