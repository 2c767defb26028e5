//! `/api/v1/jobs`: the agency's background work.

use axum::{Json, extract::State};
use http::StatusCode;
use model::job::{JobCounts, QueuedJob};
use serde::Serialize;
use service::{Service, job};
use utoipa::ToSchema;

use super::{
    error::{ApiError, ErrorBody},
    input::Part,
    list::{ListQuery, Slice},
    rfc3339,
};
use crate::cookie::SignedIn;

/// A job that is not done.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobBody {
    id: i64,
    /// What it does.
    name: String,
    /// waiting, running, retrying or failed.
    state: &'static str,
    attempts: i32,
    /// Why the last attempt failed.
    error: Option<String>,
    /// When it is tried next.
    run_at: String,
    created_at: String,
}

impl From<QueuedJob> for JobBody {
    fn from(job: QueuedJob) -> Self {
        Self {
            id: job.id,
            name: job.name,
            state: job.state.key(),
            attempts: job.attempts,
            error: job.error,
            run_at: rfc3339(job.run_at),
            created_at: rfc3339(job.created_at),
        }
    }
}

/// The agency's jobs.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobPage {
    /// Newest first.
    items: Vec<JobBody>,
    next_cursor: Option<String>,
    counts: JobCountsBody,
}

/// How many jobs of the agency stand where, on all pages together.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobCountsBody {
    /// Not tried yet.
    waiting: i64,
    running: i64,
    /// Failed, and tried again later.
    retrying: i64,
    /// Out of attempts: they wait for a person.
    failed: i64,
}

/// The agency's jobs that are not done.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "settings", params(ListQuery), responses((status = 200, body = JobPage)))]
pub(super) async fn list(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    slice: Slice,
) -> Result<Json<JobPage>, ApiError> {
    let (page, JobCounts { waiting, running, retrying, failed }) =
        job::list(&service, &actor, slice.limit, slice.cursor.as_deref()).await?;
    let counts = JobCountsBody { waiting, running, retrying, failed };
    Ok(Json(JobPage { items: page.items.into_iter().map(Into::into).collect(), next_cursor: page.next_cursor, counts }))
}

/// Lets a waiting or failed job run again at once.
#[utoipa::path(post, path = "/api/v1/jobs/{id}/retry", tag = "settings", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(super) async fn retry(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Part(id): Part,
) -> Result<StatusCode, ApiError> {
    let id =
        id.parse().map_err(|_| ApiError::new(StatusCode::BAD_REQUEST, "malformed_id", "a job's id is a number"))?;
    job::retry(&service, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
