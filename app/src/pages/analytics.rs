//! Analytics of the agency, or of a client: any days beside others, in figures, courses and tables, with what the brain says of
//! them. The address is the question, so that it can be passed on; each card loads and fails by itself.

mod asked;
mod breakdown;
mod choose;
mod courses;
#[cfg(feature = "ssr")]
mod drawn;
mod range;
mod said;
pub mod shown;
mod totals;

use asked::Asked;
use breakdown::Breakdowns;
use leptos::prelude::*;
use leptos_router::{
    LazyRoute,
    hooks::{use_location, use_params_map},
    lazy_route,
};
use model::{
    analytics::{Breakdown, Options},
    saved_view::Page,
};
#[cfg(feature = "ssr")]
use service::analytics::{Depth, Manner};
use shown::{Counted, Thought};

use crate::{
    components::{
        figure::{FigureDrawer, Opening},
        notice::sentence,
        page::Heading,
        part::part_or,
    },
    error::AppError,
    pages::views::Views,
};

/// Reads the question of a page, about a client if one is named.
#[cfg(feature = "ssr")]
async fn read(
    (actor, service): (&model::actor::Actor, &service::Service),
    client_id: &str,
    query: &str,
) -> Result<model::analytics::Asked, service::Error> {
    let mut asked = model::analytics::Question::parse(query);
    if !client_id.is_empty() {
        let id = client_id.parse().map_err(|_| service::Error::Missing)?;
        let client = service::client::get(service, actor, id).await?;
        if client.archived_at.is_some() {
            let message =
                format!("{} is archived. Bring it back to see its figures; nothing of it is lost", client.fields.name);
            return Err(model::input::Invalid::new("client_id", message).into());
        }
        asked.question.filters.clients = vec![id];
        asked.wrong.retain(|wrong| wrong.field != "client_id");
    }
    Ok(asked)
}

/// What is counted: the main figures, their courses, and each channel by itself.
#[server(prefix = "/app", endpoint = "get_analytics", output = crate::codec::Json)]
pub async fn get_analytics(client_id: String, query: String) -> Result<Counted, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let asked = read((&actor, &service), &client_id, &query).await?;
    let answer = service::analytics::answer(&service, &actor, &asked, Manner::Lenient).await?;
    let (courses, stacks) = (drawn::courses(&answer), drawn::stacks(&answer));
    Ok(Counted { courses, stacks, head: answer.head, totals: answer.totals, channels: answer.channels })
}

/// What the brain says of it: what is to come, what was noticed, what spend brings and what customers are worth.
#[server(prefix = "/app", endpoint = "get_analytics_thought", output = crate::codec::Json)]
pub async fn get_analytics_thought(client_id: String, query: String) -> Result<Thought, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let asked = read((&actor, &service), &client_id, &query).await?;
    let said = service::analytics::said(&service, &actor, &asked, Manner::Lenient).await?;
    let (over, curves, worths) = (drawn::over(&said), drawn::curves(&said), drawn::worths(&said));
    let (agency, _) = service::organization::get(&service, &actor).await?;
    Ok(Thought { day: said.day, simulated: agency.simulated, narrow: said.narrow, over, curves, worths })
}

/// Each campaign, or each advertisement, by itself.
#[server(prefix = "/app", endpoint = "get_analytics_parts", output = crate::codec::Json)]
pub async fn get_analytics_parts(client_id: String, query: String, table: String) -> Result<Breakdown, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let asked = read((&actor, &service), &client_id, &query).await?;
    let depth = if table == "creative" { Depth::Creatives } else { Depth::Campaigns };
    Ok(service::analytics::parts(&service, &actor, &asked, depth, Manner::Lenient).await?)
}

/// What can be chosen.
#[server(prefix = "/app", endpoint = "get_analytics_choices", output = crate::codec::Json)]
pub async fn get_analytics_choices(client_id: String, query: String) -> Result<Options, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let asked = read((&actor, &service), &client_id, &query).await?;
    Ok(service::analytics::options(&service, &actor, &asked).await?)
}

/// Whether there is nothing of this page, which is said once.
fn absent(error: &AppError) -> bool {
    matches!(error, AppError::Missing | AppError::Invalid { .. })
}

/// The agency's analytics.
#[component]
pub fn AnalyticsPage() -> impl IntoView {
    view! { <Analytics client=Signal::stored(String::new()) /> }
}

/// The analytics of the client named in the address.
#[component]
pub fn ClientAnalyticsPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    view! { <Analytics client=id /> }
}

#[component]
fn Analytics(
    /// Of this client; of all in sight, if blank.
    #[prop(into)]
    client: Signal<String>,
) -> impl IntoView {
    let search = use_location().search;
    let asked = Memo::new(move |_| search.with(|search| Asked::read(client.get(), search)));
    let question = Memo::new(move |_| asked.with(|asked| (asked.client.clone(), asked.question())));
    let opening = Opening::provide(Signal::stored(String::new()));
    let counted = Resource::new(move || question.get(), |(client, query)| get_analytics(client, query));
    let thought = Resource::new(move || question.get(), |(client, query)| get_analytics_thought(client, query));
    let filters = Memo::new(move |_| asked.with(|asked| (asked.client.clone(), asked.filters())));
    let choices = Resource::new(move || filters.get(), |(client, query)| get_analytics_choices(client, query));
    // The first card says so; the others have nothing to add.
    let missing = |error: &AppError| match error {
        AppError::Missing => {
            Some(view! { <p class="text-muted">"There is no such client in your sight."</p> }.into_any())
        }
        AppError::Invalid { message, .. } => Some(
            view! { <p class="text-muted" data-test="closed" data-literal="">{sentence(message)} "."</p> }.into_any(),
        ),
        _ => None,
    };
    let nothing = |error: &AppError| absent(error).then(|| ().into_any());
    let title = if client.get_untracked().is_empty() { "Analytics" } else { "Analytics of a client" };
    view! {
        <div class="flex flex-col gap-6" data-test="analytics">
            <Heading text=title />
            <range::Choices asked=asked />
            {part_or("What can be chosen", "heading", choices, move |options| view! { <choose::Filters options=options asked=asked /> }, nothing)}
            <Views page=Page::Analytics query=Signal::derive(move || asked.with(Asked::whole)) />
            {part_or("The main figures", "heading", counted, move |counted| view! { <totals::Totals counted=counted asked=asked /> }, missing)}
            <courses::Courses counted=counted thought=thought asked=asked />
            <Breakdowns counted=counted asked=asked />
            {part_or("What spend brings", "heading", thought, |thought: Thought| view! { <said::Said thought=thought /> }, nothing)}
        </div>
        <FigureDrawer opening=opening />
    }
}

/// The agency's page and its code, which the browser loads when it is opened.
#[derive(Debug)]
pub struct AnalyticsRoute;

#[lazy_route]
impl LazyRoute for AnalyticsRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! { <AnalyticsPage /> }.into_any()
    }
}

/// The page of a client.
#[derive(Debug)]
pub struct ClientAnalyticsRoute;

#[lazy_route]
impl LazyRoute for ClientAnalyticsRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! { <ClientAnalyticsPage /> }.into_any()
    }
}
