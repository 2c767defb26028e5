//! The agency's background work: what waits, runs, and failed.

use leptos::{form::ActionForm, prelude::*};
use leptos_router::{LazyRoute, lazy_route};
use model::job::{JobState, QueuedJob};

use crate::{
    components::{
        badge::{Badge, Shade},
        outcome::{Outcome, successes},
        page::{Heading, Moment, Skeleton, loaded},
    },
    error::AppError,
    pages::settings::SettingsTabs,
};

/// The agency's jobs that are not done.
#[server(prefix = "/app", endpoint = "list_jobs")]
pub async fn list_jobs() -> Result<Vec<QueuedJob>, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::job::list(&service, &actor).await?)
}

/// Lets a job run again at once.
#[server(prefix = "/app", endpoint = "retry_job")]
pub async fn retry_job(id: i64) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::job::retry(&service, &actor, id).await?)
}

/// Jobs with their state, error and a way to try them again.
#[component]
pub fn JobsPage() -> impl IntoView {
    let retry = ServerAction::<RetryJob>::new();
    let retried = successes(retry);
    let jobs = Resource::new(move || retried.get(), |_| list_jobs());
    view! {
        <div class="flex max-w-4xl flex-col gap-6">
            <Heading text="Background work"><SettingsTabs here="jobs" /></Heading>
            <Outcome action=retry done="It runs again." />
            <Transition fallback=|| view! { <Skeleton /> }>
                {move || Suspend::new(async move { loaded(jobs.await, |jobs| view! { <Jobs jobs=jobs retry=retry /> }) })}
            </Transition>
        </div>
    }
}

#[component]
fn Jobs(jobs: Vec<QueuedJob>, retry: ServerAction<RetryJob>) -> impl IntoView {
    if jobs.is_empty() {
        return view! { <p class="text-muted" data-test="empty">"Nothing waits and nothing failed. Work in the background will stand here."</p> }.into_any();
    }
    view! {
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
                            <p class="flex items-center gap-2"><span class="font-medium">{job.name.replace('_', " ")}</span>
                                <Badge shade=shade words=job.state.key() />
                                <span class="text-xs text-muted"><span data-literal="">{job.attempts}</span>" attempts"
                                    {(job.state != JobState::Failed).then(|| view! { ", next " <Moment at=job.run_at /> })}</span></p>
                            {job.error.map(|error| view! { <p class="break-words text-xs text-bad">{error}</p> })}
                        </div>
                        {(job.state != JobState::Running).then(|| view! {
                            <ActionForm action=retry>
                                <input type="hidden" name="id" value=job.id.to_string() />
                                <button type="submit" class="button button-plain">"Try now"</button>
                            </ActionForm>
                        })}
                    </li>
                }
            }).collect_view()}
        </ul>
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
