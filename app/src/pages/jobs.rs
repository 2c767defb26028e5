//! The agency's background work: what waits, runs, and failed.

use leptos::prelude::*;
use leptos_router::{LazyRoute, hooks::use_query_map, lazy_route};
use model::{
    job::{JobCounts, JobState},
    moment::Moment,
};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        badge::{Badge, Shade},
        button::{Button, Kind},
        form::ActionForm,
        outcome::{Outcome, successes},
        page::{Heading, When},
        part::part,
    },
    error::AppError,
    pages::settings::SettingsTabs,
};

/// The page's own address.
const PAGE: &str = "/settings/jobs";

/// A job as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRow {
    id: i64,
    name: String,
    state: JobState,
    attempts: i32,
    error: Option<String>,
    next: Moment,
}

/// As many jobs as the page shows.
#[cfg(feature = "ssr")]
const SHOWN: i64 = 50;

/// A page of the agency's jobs that are not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobList {
    rows: Vec<JobRow>,
    counts: JobCounts,
    /// Where the older ones begin.
    older: Option<String>,
    /// Whether newer ones stand before these.
    newer: bool,
}

/// The agency's jobs that are not done from where the cursor says, the newest without one, and how many there are.
#[server(prefix = "/app", endpoint = "list_jobs", output = crate::codec::Json)]
pub async fn list_jobs(#[server(default)] cursor: String) -> Result<JobList, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let words = service::moment::Words::of(&service, &actor).await?;
    let row = |job: model::job::QueuedJob| JobRow {
        id: job.id,
        name: job.name.replace('_', " "),
        state: job.state,
        attempts: job.attempts,
        error: job.error,
        next: words.write(job.run_at),
    };
    let cursor = Some(cursor).filter(|cursor| !cursor.is_empty());
    let (page, counts) = service::job::list(&service, &actor, SHOWN, cursor.as_deref()).await?;
    let rows = page.items.into_iter().map(row).collect();
    Ok(JobList { rows, counts, older: page.next_cursor, newer: cursor.is_some() })
}

/// Lets a job run again at once.
#[server(prefix = "/app", endpoint = "retry_job", output = crate::codec::Json)]
pub async fn retry_job(id: i64) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::job::retry(&service, &actor, id).await?)
}

/// Jobs with their state, error and a way to try them again.
#[component]
pub fn JobsPage() -> impl IntoView {
    let retry = ServerAction::<RetryJob>::new();
    let retried = successes(retry);
    let query = use_query_map();
    let older = Memo::new(move |_| query.with(|query| query.get("older")).unwrap_or_default());
    let jobs = Resource::new(move || (retried.get(), older.get()), |(_, cursor)| list_jobs(cursor));
    view! {
        <div class="flex max-w-4xl flex-col gap-6">
            <Heading text="Background work" />
            <SettingsTabs here=PAGE />
            <Outcome action=retry done="It runs again." />
            {part("The background work", "heading", jobs, move |list| view! { <Jobs list=list retry=retry /> })}
        </div>
    }
}

#[component]
fn Jobs(list: JobList, retry: ServerAction<RetryJob>) -> impl IntoView {
    let JobList { rows: jobs, counts, older, newer } = list;
    if jobs.is_empty() && !newer {
        return view! { <p class="text-muted" data-test="empty">"Nothing waits and nothing failed. Work in the background will stand here."</p> }.into_any();
    }
    let JobCounts { waiting, running, retrying, failed } = counts;
    let depth = [(waiting, "waiting"), (running, "running"), (retrying, "tried again later"), (failed, "failed")];
    let depth: Vec<_> =
        depth.into_iter().filter(|(count, _)| *count > 0).map(|(n, words)| format!("{n} {words}")).collect();
    view! {
        <p data-test="depth"><span data-literal="">{depth.join(", ")}</span></p>
        <ul class="flex flex-col" data-test="jobs">
            {jobs.into_iter().map(|job| {
                let shade = match job.state {
                    JobState::Waiting | JobState::Running => Shade::Plain,
                    JobState::Retrying => Shade::Warn,
                    JobState::Failed => Shade::Bad,
                };
                view! {
                    <li class="flex flex-wrap items-center justify-between gap-3 border-b border-line py-2">
                        <div class="min-w-0">
                            <p class="flex flex-wrap items-center gap-2"><span class="font-medium">{job.name.clone()}</span>
                                <Badge shade=shade words=job.state.key() />
                                <span class="text-xs text-muted"><span data-literal="">{job.attempts}</span>" attempts"
                                    {(job.state != JobState::Failed).then(|| view! { ", next " <When at=job.next /> })}</span></p>
                            {job.error.map(|error| view! { <p class="break-words text-xs text-bad">{error}</p> })}
                        </div>
                        {(job.state != JobState::Running).then(|| view! {
                            <ActionForm action=retry>
                                <input type="hidden" name="id" value=job.id.to_string() />
                                <Button named=format!("Try {} now", job.name) pending=retry.pending()>"Try now"</Button>
                            </ActionForm>
                        })}
                    </li>
                }
            }).collect_view()}
        </ul>
        <p class="flex flex-wrap gap-2">
            {newer.then(|| view! { <a class=Kind::Plain.class() href=PAGE>"Show the newest"</a> })}
            {older.map(|cursor| view! { <a class=Kind::Plain.class() href=format!("{PAGE}?older={cursor}")>"Show older"</a> })}
        </p>
    }.into_any()
}

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct JobsRoute;

#[lazy_route]
impl LazyRoute for JobsRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <JobsPage /> }.into_any()
    }
}
