//! The dashboard of the agency, or of a client: what changed, how much is at risk, the main figures, what the brain says of them,
//! what to do next, and how fresh everything is. Each card loads and fails by itself.

mod asked;
mod head;
mod next;
mod shown;
mod sources;

use asked::{Asked, unreadable};
use head::{Past, WrongAddress};
use leptos::prelude::*;
use leptos_router::{
    LazyRoute,
    hooks::{use_params_map, use_query_map},
    lazy_route,
};
use model::{
    dashboard::{CardKind, Figures, NextActions, Sources, Told},
    event::{Event, Kind},
};
use next::NextPart;
pub(in crate::pages) use shown::connect;
use shown::{BrainShown, FiguresShown, HeadlineShown, what};
use sources::{BeingRead, SourcesShown};

#[cfg(feature = "ssr")]
use crate::pages::summary::{client_of, persona_of};
use crate::{
    components::{
        as_of::AsOf,
        button,
        figure::{FigureDrawer, Opening},
        live::{changes, changes_of},
        page::Heading,
        part::part_or,
        personas::Personas,
    },
    error::AppError,
};

/// Reads what a card is asked for.
#[cfg(feature = "ssr")]
fn read(client_id: &str, persona: &str, as_of: &str) -> Result<service::dashboard::Asked, service::Error> {
    Ok(service::dashboard::Asked {
        persona: persona_of(persona)?,
        client_id: client_of(client_id)?,
        as_of: service::moment::parse(as_of)?,
    })
}

/// What changed, how much is at risk, and what the brain's parts say.
#[server(prefix = "/app", endpoint = "get_told", output = crate::codec::Json)]
pub async fn get_told(client_id: String, persona: String, as_of: String) -> Result<Told, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::dashboard::told(&service, &actor, read(&client_id, &persona, &as_of)?).await?)
}

/// The main figures.
#[server(prefix = "/app", endpoint = "get_main_figures", output = crate::codec::Json)]
pub async fn get_main_figures(client_id: String, as_of: String) -> Result<Figures, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::dashboard::figures(&service, &actor, read(&client_id, "", &as_of)?).await?)
}

/// What to do next.
#[server(prefix = "/app", endpoint = "get_next_actions", output = crate::codec::Json)]
pub async fn get_next_actions(client_id: String) -> Result<NextActions, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::action::next(&service, &actor, client_of(&client_id)?).await?)
}

/// How fresh everything is: `all` sources, or those that stand on the page at first.
#[server(prefix = "/app", endpoint = "get_sources", output = crate::codec::Json)]
pub async fn get_sources(client_id: String, #[server(default)] all: bool) -> Result<Sources, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let sources = service::dashboard::sources(&service, &actor, client_of(&client_id)?).await?;
    Ok(if all { sources } else { sources.at_first() })
}

/// The agency's dashboard.
#[component]
pub fn DashboardPage() -> impl IntoView {
    view! { <Dashboard client=Signal::stored(String::new()) /> }
}

/// The dashboard of the client named in the address.
#[component]
pub fn ClientDashboardPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    view! { <Dashboard client=id /> }
}

/// Whether it is about a client of the page: any of them on the agency's.
fn of_clients(event: &Event, client: &str) -> bool {
    if client.is_empty() { event.kind == Kind::Client } else { event.of(Kind::Client, client) }
}

#[component]
fn Dashboard(
    /// Of this client; of all in sight, if blank.
    #[prop(into)]
    client: Signal<String>,
) -> impl IntoView {
    let query = use_query_map();
    let rubbish = SharedValue::new(move || query.with_untracked(unreadable)).into_inner();
    let found = Memo::new(move |_| query.with(|query| Asked::read(client.get(), query, &rubbish)));
    let asked = Memo::new(move |_| found.with(|(asked, _)| asked.clone()));
    let wrong = Memo::new(move |_| found.with(|(_, wrong)| *wrong));
    #[cfg(feature = "ssr")]
    if wrong.get_untracked().any() {
        crate::server::set_status(http::StatusCode::UNPROCESSABLE_ENTITY);
    }
    let of = Memo::new(move |_| asked.with(|asked| (asked.client.clone(), asked.as_of.clone())));
    let moment = Signal::derive(move || of.get().1);
    let opening = Opening::provide(moment);
    let thought = changes_of(&[Kind::Brain, Kind::Action]);
    let read = changes(move |event| of_clients(event, &client.get_untracked()));
    let connected = changes(move |event| event.kind == Kind::Connection || of_clients(event, &client.get_untracked()));
    let told = Resource::new(
        move || (asked.get(), thought.get()),
        |(Asked { client, persona, as_of }, _)| get_told(client, persona, as_of),
    );
    let figures = Resource::new(move || (of.get(), read.get()), |((client, as_of), _)| get_main_figures(client, as_of));
    let all = Memo::new(move |_| query.with(|query| query.get("sources").as_deref() == Some("all")));
    let sources =
        Resource::new(move || (of.get().0, all.get(), connected.get()), |(client, all, _)| get_sources(client, all));
    // The first card says so; the others have nothing to add.
    let missing = |error: &AppError| {
        (*error == AppError::Missing)
            .then(|| view! { <p class="text-muted">"There is no such client in your sight."</p> }.into_any())
    };
    let nothing = |error: &AppError| (*error == AppError::Missing).then(|| ().into_any());
    let here = Memo::new(move |_| asked.with(Asked::speaker));
    let href = move |persona| asked.with(|asked| asked.for_persona(persona));
    let keeps = Signal::derive(move || vec![("persona", asked.with(|asked| asked.persona.clone()))]);
    let title = if client.get_untracked().is_empty() { "Dashboard" } else { "Dashboard of a client" };
    let analytics = move || match client.get().as_str() {
        "" => "/analytics".to_owned(),
        client => format!("/clients/{client}/analytics"),
    };
    view! {
        <div class="flex flex-col gap-6" data-test="dashboard">
            <Heading text=title>
                <a class=button::Kind::Quiet.class() href=analytics data-test="to-analytics">"Analytics"</a>
                <Personas here=here href=href />
                <AsOf as_of=moment keeps=keeps now=move || asked.with(Asked::now) />
            </Heading>
            <WrongAddress wrong=wrong asked=asked />
            <Past asked=asked />
            {move || asked.with(|asked| asked.as_of.is_empty()).then(|| view! { <BeingRead sources=sources /> })}
            {part_or("What changed", "heading", told, move |told| view! { <HeadlineShown view=told.headline asked=asked /> }, missing)}
            {part_or("The main figures", "heading", figures, move |view| view! { <FiguresShown view=view client=client /> }, nothing)}
            <NextPart client=client />
            <div class="dashboard-cards">
                {CardKind::ALL.into_iter().map(|kind| {
                    part_or(what(kind), "heading", told, move |told| view! { <BrainShown kind=kind view=told.card(kind) /> }, nothing)
                }).collect_view()}
            </div>
            {part_or("The sources", "heading", sources, move |view| view! { <SourcesShown view=view asked=asked all=all /> }, nothing)}
        </div>
        <FigureDrawer opening=opening />
    }
}

/// The agency's page and its code, which the browser loads when it is opened.
#[derive(Debug)]
pub struct DashboardRoute;

#[lazy_route]
impl LazyRoute for DashboardRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! { <DashboardPage /> }.into_any()
    }
}

/// The page of a client.
#[derive(Debug)]
pub struct ClientDashboardRoute;

#[lazy_route]
impl LazyRoute for ClientDashboardRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! { <ClientDashboardPage /> }.into_any()
    }
}
