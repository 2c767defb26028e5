//! Reports: those that are there, a form to have one made, what comes by itself, and how they look on paper. One report is in
//! `one`.

mod form;
mod look;
pub mod one;
mod schedules;

use form::Make;
use leptos::prelude::*;
use leptos_router::{LazyRoute, hooks::use_query_map, lazy_route};
use model::report::{Board, ReportState, SectionKind, Shown};

use crate::{
    components::{
        badge::{Badge, Shade},
        button::Kind,
        outcome::successes,
        page::{Heading, When},
        part::part_or,
        table::Table,
    },
    error::AppError,
};

/// The reports and schedules in sight, of all clients or of one.
#[server(prefix = "/app", endpoint = "get_reports", output = crate::codec::Json)]
pub async fn get_reports(client_id: String, cursor: String) -> Result<Board, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let client = client(&client_id)?;
    let cursor = Some(cursor.as_str()).filter(|cursor| !cursor.is_empty());
    Ok(service::report::board(&service, &actor, client, cursor).await?)
}

/// Asks for a report of these days; a client that is not named is the agency as a whole.
#[server(prefix = "/app", endpoint = "make_report", output = crate::codec::Json)]
pub async fn make_report(
    client_id: String,
    title: String,
    persona: String,
    first: String,
    last: String,
    #[server(default)] sections: Vec<String>,
) -> Result<(), AppError> {
    use model::{input::both, metric::Days, page::parse_day, report::parse_days};
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let client = client(&client_id)?;
    let days = both(parse_day("first", &first), parse_day("last", &last));
    let days = days.and_then(|(first, last)| parse_days(Days { first, last }));
    let (question, days) = both(question(client, &title, &persona, &sections), days)?;
    Ok(service::report::create(&service, &actor, question, days, None).await.map(|_| ())?)
}

/// Of whom a form asks; nothing for the agency as a whole.
#[cfg(feature = "ssr")]
fn client(id: &str) -> Result<Option<model::id::ClientId>, service::Error> {
    (!id.is_empty()).then(|| id.parse().map_err(|_| service::Error::Missing)).transpose()
}

/// What a report is to tell, as a form says it; else all that is wrong with it.
#[cfg(feature = "ssr")]
fn question(
    client: Option<model::id::ClientId>,
    title: &str,
    persona: &str,
    sections: &[String],
) -> Result<model::report::Question, model::input::Invalid> {
    use model::{
        input::{Invalid, both},
        report::Question,
        summary::Persona,
    };
    let wrong = || Invalid::new("persona", "choose CMO, VP Growth or Director of Performance");
    let told = Question::parse(client, title, Persona::default(), sections);
    let (told, persona) = both(told, Persona::parse(persona).ok_or_else(wrong))?;
    Ok(Question { persona, ..told })
}

/// The reports, with the client in the address.
#[component]
pub fn ReportsPage() -> impl IntoView {
    let query = use_query_map();
    let of = move |name: &'static str| query.with(|query| query.get(name)).unwrap_or_default();
    let asked = Memo::new(move |_| (of("client_id"), of("cursor")));
    let make = ServerAction::<MakeReport>::new();
    let deeds = schedules::Deeds::new();
    let (made, again) = (successes(make), RwSignal::new(0));
    // The list is read again while something is made, and the schedules read themselves again; the forms are not, so that what
    // is being typed in them stays.
    let list = Resource::new(
        move || (asked.get(), made.get(), again.get()),
        |((client_id, cursor), ..)| get_reports(client_id, cursor),
    );
    let desk = Resource::new(
        move || asked.with(|(client_id, _)| client_id.clone()),
        |client_id| get_reports(client_id, String::new()),
    );
    let missing = |error: &AppError| {
        (*error == AppError::Missing)
            .then(|| view! { <p class="text-muted">"There is no such client in your sight."</p> }.into_any())
    };
    let nothing = |error: &AppError| (*error == AppError::Missing).then(|| ().into_any());
    let draw_list = move |board: Board| {
        let at_work = board.reports.iter().any(|report| at_work(report.state));
        look_again_while(at_work, again);
        let (client, cursor) = asked.get_untracked();
        view! { <List board=board client=client later=!cursor.is_empty() /> }
    };
    let draw_desk = move |board: Board| {
        let client = asked.with_untracked(|(client, _)| client.clone());
        view! {
            {board.may_make.then(|| view! { <Make board=board.clone() client=client.clone() action=make /> })}
            <schedules::Schedules board=board.clone() client=client.clone() deeds=deeds />
            {board.may_make.then(|| view! { <look::LookForm board=board.clone() client=client /> })}
        }
    };
    view! {
        <div class="flex max-w-4xl flex-col gap-6">
            <Heading text="Reports" />
            <p class="max-w-prose text-muted">"What you tell clients on paper. A report shows what was known when it was asked for; once it is made, its file never changes."</p>
            {part_or("The reports", "heading", list, draw_list, missing)}
            {part_or("The forms of reports", "heading", desk, draw_desk, nothing)}
        </div>
    }
}

/// Whether a report is still to come.
fn at_work(state: ReportState) -> bool {
    matches!(state, ReportState::Queued | ReportState::Making)
}

/// Reads the page again every second while something is at work.
fn look_again_while(at_work: bool, again: RwSignal<i32>) {
    Effect::new(move |_| {
        if at_work {
            set_timeout(move || again.update(|count| *count += 1), std::time::Duration::from_secs(1));
        }
    });
}

#[component]
fn List(board: Board, client: String, later: bool) -> impl IntoView {
    let Board { reports, more, .. } = board;
    if reports.is_empty() {
        return view! { <p class="text-muted" data-test="empty">"No report is here yet. The first one that is made stands here."</p> }
            .into_any();
    }
    let older = more.map(|cursor| format!("/reports?client_id={client}&cursor={cursor}"));
    let newest = format!("/reports?client_id={client}");
    view! {
        <Table label="Reports" columns=vec!["Report", "Of", "Days", "Asked for", "State"] test="reports">
            {reports.into_iter().map(|report| view! { <Row report=report /> }).collect_view()}
        </Table>
        <p class="flex flex-wrap gap-2">
            {later.then(|| view! { <a class=Kind::Plain.class() href=newest>"Show the newest"</a> })}
            {older.map(|href| view! { <a class=Kind::Plain.class() href=href>"Show older"</a> })}
        </p>
    }
    .into_any()
}

#[component]
fn Row(report: Shown) -> impl IntoView {
    let of = report.client.as_ref().map_or_else(|| "The whole agency".to_owned(), |(_, name)| name.clone());
    view! {
        <tr role="row" data-test="report">
            <th scope="row" role="rowheader"><a class="break-words" data-literal="" href=format!("/reports/{}", report.id)>{report.title.clone()}</a></th>
            <td role="cell" data-label="Of" class="break-words" data-literal="">{of}</td>
            <td role="cell" data-label="Days"><span data-literal="">{report.days.clone()}</span></td>
            <td role="cell" data-label="Asked for"><When at=report.created_at.clone() />" by "{report.created_by.clone()}</td>
            <td role="cell" data-label="State"><Stand report=report /></td>
        </tr>
    }
}

/// Where a report stands, in a word; how far it is while it is being made.
#[component]
fn Stand(report: Shown) -> impl IntoView {
    let (shade, words) = match report.state {
        ReportState::Queued => (Shade::Plain, "Waits"),
        ReportState::Making => (Shade::Plain, "Being made"),
        ReportState::Made => (Shade::Good, "Made"),
        ReportState::Failed => (Shade::Bad, "Could not be made"),
    };
    let (done, all) = (report.done, report.sections.len());
    view! {
        <span class="flex flex-wrap items-center gap-1" data-test=format!("stand {}", report.state.key())>
            <Badge shade=shade words=words />
            {(report.state == ReportState::Making).then(|| view! {
                <span class="text-xs text-muted">"section "<span data-literal="">{done}</span>" of "<span data-literal="">{all}</span></span>
            })}
        </span>
    }
}

/// All sections, as a form that was never sent has them.
fn all_sections() -> Vec<String> {
    SectionKind::ALL.iter().map(|section| section.key().to_owned()).collect()
}

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct ReportsRoute;

#[lazy_route]
impl LazyRoute for ReportsRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <ReportsPage /> }.into_any()
    }
}
