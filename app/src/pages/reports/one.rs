//! One report: how far it is, its file, to whom it went, and what a person can do about it.

use leptos::prelude::*;
use leptos_router::{LazyRoute, hooks::use_params_map, lazy_route};
use model::{
    id::ReportId,
    report::{ReportMail, ReportState, Shown},
};

use super::{Stand, at_work, look_again_while};
use crate::{
    components::{
        button::{Button, Kind},
        form::ActionForm,
        notice::sentence,
        outcome::{Outcome, successes},
        page::{Heading, When},
        part::part_or,
    },
    error::AppError,
};

/// One report.
#[server(prefix = "/app", endpoint = "get_report", output = crate::codec::Json)]
pub async fn get_report(id: String) -> Result<Shown, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let id = id.parse().map_err(|_| service::Error::Missing)?;
    Ok(service::report::show(&service, &actor, id).await?)
}

/// Has a report tried again that could not be made.
#[server(prefix = "/app", endpoint = "retry_report", output = crate::codec::Json)]
pub async fn retry_report(id: ReportId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::report::retry(&service, &actor, id).await.map(|_| ())?)
}

/// Throws a report and its file away.
#[server(prefix = "/app", endpoint = "remove_report", output = crate::codec::Json)]
pub async fn remove_report(id: ReportId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    service::report::remove(&service, &actor, id).await?;
    leptos_axum::redirect("/reports");
    Ok(())
}

/// The report of the address.
#[component]
pub fn ReportPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    let (retry, remove) = (ServerAction::<RetryReport>::new(), ServerAction::<RemoveReport>::new());
    let (tried, again) = (successes(retry), RwSignal::new(0));
    let report = Resource::new(move || (id.get(), tried.get(), again.get()), |(id, ..)| get_report(id));
    let missing = |error: &AppError| {
        (*error == AppError::Missing).then(|| {
            view! {
                <Heading text="There is no such report" />
                <p class="text-muted">"The address is wrong, or the report is gone or not in your sight."</p>
            }
            .into_any()
        })
    };
    let draw = move |report: Shown| {
        look_again_while(at_work(report.state), again);
        view! { <Facts report=report retry=retry remove=remove /> }
    };
    view! {
        <div class="flex max-w-4xl flex-col gap-6">
            <p><a href="/reports" class="text-muted">"← Reports"</a></p>
            {part_or("The report", "heading", report, draw, missing)}
        </div>
    }
}

#[component]
fn Facts(report: Shown, retry: ServerAction<RetryReport>, remove: ServerAction<RemoveReport>) -> impl IntoView {
    let id = report.id;
    let file = format!("/api/v1/reports/{id}/pdf");
    let of = match &report.client {
        Some((client, name)) => {
            view! { <a class="break-words" href=format!("/clients/{client}")>{name.clone()}</a> }.into_any()
        }
        None => "The whole agency".into_any(),
    };
    let hidden = move || view! { <input type="hidden" name="id" value=id.to_string() /> };
    let failed = report.state == ReportState::Failed;
    let (may_change, mails) = (report.may_change, report.mails.clone());
    view! {
        <Heading text=report.title.clone() />
        <Stand report=report.clone() />
        {report.fault.clone().map(|fault| view! { <p data-test="fault">{sentence(&fault)}</p> })}
        {report.file.clone().map(|size| view! {
            <p class="flex flex-wrap items-center gap-2">
                <a class=Kind::Primary.class() href=file.clone() rel="external" id="open-pdf">"Open PDF"</a>
                <a class=Kind::Plain.class() href=file.clone() rel="external" download=format!("report-{id}.pdf")>"Download"</a>
                <span class="text-xs text-muted" data-literal="" data-test="size">{size}</span>
            </p>
        })}
        <dl class="grid gap-x-6 gap-y-2 sm:grid-cols-2">
            <div><dt class="text-xs text-muted">"Of"</dt><dd>{of}</dd></div>
            <div><dt class="text-xs text-muted">"Days"</dt><dd data-literal="">{report.days.clone()}</dd></div>
            <div><dt class="text-xs text-muted">"For the"</dt><dd>{report.persona.label()}</dd></div>
            <div><dt class="text-xs text-muted">"Shows what was known at"</dt><dd data-literal="">{report.as_of.clock.clone()}" "{report.as_of.zone.clone()}</dd></div>
            <div><dt class="text-xs text-muted">"Asked for"</dt><dd><When at=report.created_at.clone() />" by "{report.created_by.clone()}</dd></div>
            <div><dt class="text-xs text-muted">"Sections"</dt><dd>{report.sections.join(", ")}</dd></div>
        </dl>
        <Mails mails=mails />
        <Outcome action=retry done="It is being made again." />
        <Outcome action=remove />
        {may_change.then(|| view! {
            <div class="flex flex-wrap gap-2">
                {failed.then(|| view! {
                    <ActionForm action=retry>{hidden()}<Button kind=Kind::Primary id="retry-report" pending=retry.pending()>"Make it again"</Button></ActionForm>
                })}
                <ActionForm action=remove>{hidden()}<Button kind=Kind::Danger id="remove-report" pending=remove.pending()>"Remove report"</Button></ActionForm>
            </div>
        })}
    }
}

/// To whom it goes.
#[component]
fn Mails(mails: Vec<ReportMail>) -> impl IntoView {
    if mails.is_empty() {
        return ().into_any();
    }
    let words = |mail: ReportMail| {
        let stands = match mail.sent {
            None => "waits".to_owned(),
            Some(Ok(())) => "sent".to_owned(),
            Some(Err(fault)) => format!("will not go: {fault}"),
        };
        view! { <li class="break-words"><span data-literal="">{mail.email.as_str().to_owned()}</span>": "<span data-literal="">{stands}</span></li> }
    };
    view! {
        <section class="flex flex-col gap-2" aria-label="Mailed to" data-test="mails">
            <h2 tabindex="-1">"Mailed to"</h2>
            <ul class="flex flex-col gap-1">{mails.into_iter().map(words).collect_view()}</ul>
        </section>
    }
    .into_any()
}

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct ReportRoute;

#[lazy_route]
impl LazyRoute for ReportRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <ReportPage /> }.into_any()
    }
}
