//! The agency's clients: the list, its filters, and the form that adds one.

use leptos::{form::ActionForm, prelude::*};
use leptos_router::{LazyRoute, hooks::use_query_map, lazy_route, params::ParamsMap};
use model::{
    access::{Action, may},
    client::Client,
    role::Role,
    stage::{Health, Stage},
};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        badge::HealthBadge,
        field::Field,
        outcome::{Outcome, at, failure, reset_when_done, successes},
        page::{Heading, Skeleton, loaded},
    },
    error::AppError,
};

/// A client as lists and the board show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientRow {
    /// The client.
    pub client: Client,
    /// Whole days in the present stage.
    pub days: i64,
    /// By the agency's thresholds.
    pub health: Health,
}

/// One page of the list and what surrounds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientList {
    rows: Vec<ClientRow>,
    next_cursor: Option<String>,
    stages: Vec<Stage>,
    role: Role,
}

impl ClientList {
    /// The clients of this page.
    pub fn into_rows(self) -> Vec<ClientRow> {
        self.rows
    }
}

/// One page of the clients in one's sight.
#[server(prefix = "/app", endpoint = "list_clients")]
pub async fn list_clients(
    search: Option<String>,
    stage: Option<String>,
    archived: bool,
    cursor: Option<String>,
) -> Result<ClientList, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let stage_id = stage.and_then(|id| id.parse().ok());
    let filter = service::client::Filter { search, stage_id, archived };
    let limit = model::page::DEFAULT_LIMIT;
    let page = service::client::list(&service, &actor, &filter, limit, cursor.as_deref()).await?;
    let (stages, thresholds) = service::client::board(&service, &actor).await?;
    let rows = page.items.into_iter().map(|client| row(client, thresholds, service.clock.now())).collect();
    Ok(ClientList { rows, next_cursor: page.next_cursor, stages, role: actor.role })
}

#[cfg(feature = "ssr")]
pub(super) fn row(client: Client, thresholds: model::stage::Thresholds, now: time::OffsetDateTime) -> ClientRow {
    let days = client.days_in_stage(now);
    ClientRow { client, days, health: thresholds.health(days) }
}

/// Adds a client.
#[server(prefix = "/app", endpoint = "create_client")]
pub async fn create_client(name: String) -> Result<Client, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let fields = model::client::Fields { name: name.clone(), ..Default::default() };
    let created = service::client::create(&service, &actor, fields, None).await;
    created.map_err(|error| AppError::from(error).keeping(&[("name", &name)]))
}

/// The list, its filters and the form.
#[component]
pub fn ClientsPage() -> impl IntoView {
    let create = ServerAction::<CreateClient>::new();
    let query = use_query_map();
    let asked = move |name: &str| query.with(|query| query.get(name)).filter(|text| !text.is_empty());
    let (seen, created) = (StoredValue::new(0), successes(create));
    let list = Resource::new(
        move || (asked("search"), asked("stage"), asked("archived").is_some(), asked("cursor"), created.get()),
        |(search, stage, archived, cursor, _)| list_clients(search, stage, archived, cursor),
    );
    view! {
        <div class="flex flex-col gap-6">
            <Heading text="Clients"><ViewTabs here="list" /></Heading>
            <Transition fallback=|| view! { <Skeleton /> }>
                {move || Suspend::new(async move {
                    loaded(list.await, |list| view! {
                        {may(list.role, Action::CreateClient).then(|| view! { <NewClient create=create seen=seen /> })}
                        <Filters stages=list.stages.clone() search=asked("search") stage=asked("stage") archived=asked("archived").is_some() />
                        <Rows list=list asked=[("search", asked("search")), ("stage", asked("stage")), ("archived", asked("archived"))] />
                    })
                })}
            </Transition>
        </div>
    }
}

/// The way between list and board.
#[component]
pub fn ViewTabs(
    /// Which of them this page is.
    here: &'static str,
) -> impl IntoView {
    let current = move |name| (here == name).then_some("page");
    view! {
        <nav aria-label="Views" class="flex gap-1">
            <a class="tab" href="/clients" aria-current=current("list")>"List"</a>
            <a class="tab" href="/clients/board" aria-current=current("board")>"Board"</a>
        </nav>
    }
}

#[component]
fn NewClient(create: ServerAction<CreateClient>, seen: StoredValue<usize>) -> impl IntoView {
    let form = NodeRef::new();
    let failure = failure(create);
    reset_when_done(create, seen, form);
    let typed = move || failure.with(|error| error.as_ref().and_then(|error| error.typed("name").map(str::to_owned)));
    view! {
        <ActionForm action=create node_ref=form attr:class="flex flex-col gap-3 sm:flex-row sm:items-start" attr:novalidate=true>
            <div class="w-full sm:w-80">
                <Field name="name" label="Name of the new client"
                    value=Signal::derive(move || typed().unwrap_or_default()) error=at(failure, "name") />
            </div>
            <button type="submit" class="button button-primary sm:mt-6" disabled=move || create.pending().get()>"Add client"</button>
        </ActionForm>
        <Outcome action=create fields=&["name"] />
    }
}

#[component]
fn Filters(stages: Vec<Stage>, search: Option<String>, stage: Option<String>, archived: bool) -> impl IntoView {
    view! {
        <form method="get" action="/clients" role="search" class="flex flex-wrap items-end gap-2">
            <label class="flex flex-col gap-1"><span class="text-xs text-muted">"Search"</span>
                <input class="control" type="search" name="search" value=search.unwrap_or_default() /></label>
            <label class="flex flex-col gap-1"><span class="text-xs text-muted">"Stage"</span>
                <select class="control" name="stage">
                    <option value="">"All stages"</option>
                    {stages.into_iter().map(|each| {
                        let id = each.id.to_string();
                        let chosen = stage.as_deref() == Some(id.as_str());
                        view! { <option value=id selected=chosen>{each.name}</option> }
                    }).collect_view()}
                </select></label>
            <label class="flex min-h-9 items-center gap-2"><input type="checkbox" name="archived" value="true" checked=archived />"Archived"</label>
            <button type="submit" class="button button-plain">"Show"</button>
        </form>
    }
}

#[component]
fn Rows(list: ClientList, asked: [(&'static str, Option<String>); 3]) -> impl IntoView {
    let filtered = asked.iter().any(|(_, value)| value.is_some());
    let older = list.next_cursor.clone().map(|cursor| {
        let mut query = ParamsMap::new();
        for (name, value) in asked {
            if let Some(value) = value {
                query.insert(name, value);
            }
        }
        query.insert("cursor", cursor);
        format!("/clients{}", query.to_query_string())
    });
    if list.rows.is_empty() {
        let words = match (filtered, may(list.role, Action::CreateClient)) {
            (true, _) => "No client matches. Change the search or show all stages.",
            (false, true) => "Your clients will stand here. Add the first one above.",
            (false, false) => "Clients that are assigned to you will stand here. Ask an Admin to assign one.",
        };
        return view! { <p class="text-muted" data-test="empty">{words}</p> }.into_any();
    }
    view! {
        <table class="table" data-test="clients">
            <thead><tr>
                <th scope="col">"Name"</th><th scope="col">"Stage"</th>
                <th scope="col" class="max-sm:hidden">"Days in stage"</th><th scope="col">"Pace"</th>
            </tr></thead>
            <tbody>
                {list.rows.into_iter().map(|row| view! {
                    <tr>
                        <td><a href=format!("/clients/{}", row.client.id) class="text-ink">{row.client.fields.name}</a></td>
                        <td>{row.client.stage}</td>
                        <td class="number max-sm:hidden"><span data-literal="">{row.days}</span></td>
                        <td><HealthBadge health=row.health /></td>
                    </tr>
                }).collect_view()}
            </tbody>
        </table>
        {older.map(|href| view! { <p><a class="button button-plain" href=href>"Older clients"</a></p> })}
    }.into_any()
}

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct ClientsRoute;

#[lazy_route]
impl LazyRoute for ClientsRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <ClientsPage /> }.into_any()
    }
}
