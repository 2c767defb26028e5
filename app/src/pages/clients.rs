//! The agency's clients: the list, its filters, and the form that adds one. The only page of the frame whose code is not
//! a part of its own: everybody starts here.

use leptos::{ev::SubmitEvent, html, prelude::*};
use leptos_router::{
    hooks::{use_navigate, use_query_map},
    params::ParamsMap,
};
use model::{
    access::{Action, may},
    event,
    id::{ClientId, StageId},
    role::Role,
    stage::{Health, Stage},
};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        badge::HealthBadge,
        button::{Button, Kind},
        field::Field,
        form::ActionForm,
        live::changes_of,
        outcome::{Outcome, at, failure, on_success, reset_when_done, successes},
        page::Heading,
        part::{again, part},
        table::{Cell, Table},
        tabs::Tabs,
        toast::{Next, Toasts},
    },
    error::AppError,
    refused::Typed,
};

/// A client as lists and the board show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientRow {
    /// Its id.
    pub id: ClientId,
    /// Its name.
    pub name: String,
    /// Where it stands on the board.
    pub stage_id: StageId,
    /// That stage's name.
    pub stage: String,
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

/// As many rows as one looks through without paging.
#[cfg(feature = "ssr")]
const ROWS: i64 = 50;

/// One page of the clients in one's sight.
#[server(prefix = "/app", endpoint = "list_clients", output = crate::codec::Json)]
pub async fn list_clients(
    search: Option<String>,
    stage: Option<String>,
    archived: bool,
    cursor: Option<String>,
) -> Result<ClientList, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let stage_id = stage.and_then(|id| id.parse().ok());
    let filter = service::client::Filter { search, stage_id, archived };
    let (page, stages, thresholds) =
        service::client::list_with_board(&service, &actor, &filter, ROWS, cursor.as_deref()).await?;
    let rows = page.items.into_iter().map(|client| row(client, thresholds, service.clock.now())).collect();
    Ok(ClientList { rows, next_cursor: page.next_cursor, stages, role: actor.role })
}

#[cfg(feature = "ssr")]
pub(super) fn row(
    client: model::client::Client,
    thresholds: model::stage::Thresholds,
    now: time::OffsetDateTime,
) -> ClientRow {
    let days = client.days_in_stage(now);
    ClientRow {
        id: client.id,
        name: client.fields.name,
        stage_id: client.stage_id,
        stage: client.stage,
        days,
        health: thresholds.health(days),
    }
}

/// Adds a client; gives its id and name.
#[server(prefix = "/app", endpoint = "create_client", output = crate::codec::Json)]
pub async fn create_client(name: String) -> Result<(ClientId, String), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let fields = model::client::Fields { name, ..Default::default() };
    let created = service::client::create(&service, &actor, fields, None, None).await?;
    Ok((created.id, created.fields.name))
}

/// What the list is narrowed to, as the address says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Asked {
    search: Option<String>,
    stage: Option<String>,
    archived: bool,
    cursor: Option<String>,
}

impl Asked {
    fn read(query: &ParamsMap) -> Self {
        let text = |name: &str| query.get(name).filter(|text| !text.is_empty());
        Self {
            search: text("search"),
            stage: text("stage"),
            archived: text("archived").is_some(),
            cursor: text("cursor"),
        }
    }

    const fn narrows(&self) -> bool {
        self.search.is_some() || self.stage.is_some() || self.archived
    }

    fn href(self) -> String {
        let mut query = ParamsMap::new();
        let archived = self.archived.then(|| "true".to_owned());
        for (name, value) in
            [("search", self.search), ("stage", self.stage), ("archived", archived), ("cursor", self.cursor)]
        {
            if let Some(value) = value {
                query.insert(name, value);
            }
        }
        format!("/clients{}", query.to_query_string())
    }
}

/// The list, its filters and the form.
#[component]
pub fn ClientsPage() -> impl IntoView {
    let create = ServerAction::<CreateClient>::new();
    let query = use_query_map();
    let asked = Memo::new(move |_| query.with(Asked::read));
    let (seen, created) = (StoredValue::new(0), successes(create));
    let list = Resource::new(
        move || (asked.get(), created.get()),
        |(asked, _)| list_clients(asked.search, asked.stage, asked.archived, asked.cursor),
    );
    if let Some(toasts) = Toasts::of_page() {
        on_success(create, move |(id, name)| {
            let words = match asked.get_untracked().narrows() {
                true => format!("{name} is added. The list below shows only what matches your filter"),
                false => format!("{name} is added"),
            };
            toasts.show(words, Next::Go(format!("/clients/{id}"), "Open".to_owned()));
        });
    }
    let draw = move |list: ClientList| {
        let asked = asked.get_untracked();
        view! {
            {may(list.role, Action::CreateClient).then(|| view! { <NewClient create=create seen=seen /> })}
            <Filters stages=list.stages.clone() asked=asked.clone() />
            <Following list=list asked=asked />
        }
    };
    view! {
        <div class="flex flex-col gap-6">
            <Heading text="Clients"><ViewTabs here="/clients" /></Heading>
            {part("The list of clients", "heading", list, draw)}
        </div>
    }
}

/// The way between list and board.
#[component]
pub fn ViewTabs(
    /// Which of them this page is.
    here: &'static str,
) -> impl IntoView {
    view! { <Tabs label="Views" tabs=vec![("/clients", "List"), ("/clients/board", "Board")] here=here /> }
}

#[component]
fn NewClient(create: ServerAction<CreateClient>, seen: StoredValue<usize>) -> impl IntoView {
    let form = NodeRef::new();
    let failure = failure(create);
    reset_when_done(create, seen, form);
    let typed = Typed::of(create);
    view! {
        <ActionForm action=create node_ref=form attr:class="flex flex-col gap-3 sm:flex-row sm:items-start" attr:novalidate=true>
            <div class="w-full sm:w-80">
                <Field name="name" label="Name of the new client" key=("n", "Add a client")
                    value=typed.or("name", "") error=at(failure, "name") />
            </div>
            <div class="flex flex-col sm:mt-6"><Button kind=Kind::Primary pending=create.pending()>"Add client"</Button></div>
        </ActionForm>
        <Outcome action=create fields=&["name"] />
    }
}

#[component]
fn Filters(stages: Vec<Stage>, asked: Asked) -> impl IntoView {
    let (search, stage, archived) =
        (NodeRef::<html::Input>::new(), NodeRef::<html::Select>::new(), NodeRef::<html::Input>::new());
    let navigate = use_navigate();
    let show = move |event: SubmitEvent| {
        event.prevent_default();
        let text = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let asked = Asked {
            search: text(search.get_untracked().map(|input| input.value())),
            stage: text(stage.get_untracked().map(|select| select.value())),
            archived: archived.get_untracked().is_some_and(|input| input.checked()),
            cursor: None,
        };
        navigate(&asked.href(), Default::default());
    };
    let text = asked.search.unwrap_or_default();
    view! {
        <form method="get" action="/clients" role="search" class="flex flex-wrap items-end gap-2" on:submit=show>
            <label class="flex flex-col gap-1 max-sm:w-full"><span class="text-xs text-muted">"Search"</span>
                <input node_ref=search id="search" class="control" type="search" name="search" autocomplete="off" data-key="/" data-does="Search the clients"
                    value=text.clone() prop:value=text /></label>
            <label class="flex min-w-0 flex-col gap-1"><span class="text-xs text-muted">"Stage"</span>
                <select node_ref=stage id="stage" class="control" name="stage" autocomplete="off">
                    <option value="">"All stages"</option>
                    {stages.into_iter().map(|each| {
                        let id = each.id.to_string();
                        let chosen = asked.stage.as_deref() == Some(id.as_str());
                        view! { <option value=id selected=chosen prop:selected=chosen>{each.name}</option> }
                    }).collect_view()}
                </select></label>
            <label class="flex min-h-9 items-center gap-2">
                <input node_ref=archived id="archived" type="checkbox" name="archived" value="true" autocomplete="off" checked=asked.archived prop:checked=asked.archived />"Archived"
            </label>
            <Button>"Show"</Button>
        </form>
    }
}

/// The rows, which follow what others change; the forms around them stay with what is typed there.
#[component]
fn Following(list: ClientList, asked: Asked) -> impl IntoView {
    let held = RwSignal::new(list);
    let narrowed = StoredValue::new(asked);
    let read = move || {
        let Asked { search, stage, archived, cursor } = narrowed.get_value();
        list_clients(search, stage, archived, cursor)
    };
    let told = changes_of(&[event::Kind::Client]);
    // Most of what is told of a client is not in the list: rows are drawn anew only where they differ.
    let shown = Memo::new(move |_| held.get());
    view! {
        {again("The list of clients", "heading", told, read, held)}
        {move || view! { <Rows list=shown.get() asked=narrowed.get_value() /> }}
    }
}

#[component]
fn Rows(list: ClientList, asked: Asked) -> impl IntoView {
    if list.rows.is_empty() {
        return view! { <Nothing narrows=asked.narrows() role=list.role /> }.into_any();
    }
    let older = list.next_cursor.map(|cursor| Asked { cursor: Some(cursor), ..asked }.href());
    view! {
        <Table label="Clients" columns=vec!["Name", "Stage", "Days in stage", "Pace"] test="clients">
            {list.rows.into_iter().map(|row| view! {
                <tr role="row">
                    <Cell><a href=format!("/clients/{}", row.id) id=format!("client-{}", row.id) class="text-ink">{row.name}</a></Cell>
                    <Cell of="Stage">{row.stage}</Cell>
                    <Cell of="Days in stage" number=true><span data-literal="">{row.days}</span></Cell>
                    <Cell of="Pace"><HealthBadge health=row.health /></Cell>
                </tr>
            }).collect_view()}
        </Table>
        {older.map(|href| view! { <p><a class=Kind::Plain.class() href=href>"Older clients"</a></p> })}
    }
    .into_any()
}

#[component]
fn Nothing(narrows: bool, role: Role) -> impl IntoView {
    let words = match (narrows, may(role, Action::CreateClient)) {
        (true, _) => "No client matches. Change the search or show all clients.",
        (false, true) => "Your clients will stand here. Add the first one above.",
        (false, false) => "Clients that are assigned to you will stand here. Ask an Admin to assign one.",
    };
    view! {
        <div class="flex flex-wrap items-center gap-3">
            <p class="text-muted" data-test="empty">{words}</p>
            {narrows.then(|| view! { <a class=Kind::Plain.class() href="/clients">"Show all clients"</a> })}
        </div>
    }
}
