//! Schedules started from outside, for those who do not let the built-in one do it.

use axum::extract::State;
use http::{HeaderMap, StatusCode, header};
use model::job::Job;
use secrecy::ExposeSecret;

use crate::{
    api::{
        error::{ApiError, ErrorBody},
        input::Part,
    },
    state::AppState,
};

/// Starts a schedule: `sync` queues the connections whose time has come, `purge` throws away what has ended. Needs
/// `Authorization: Bearer` with the `CRON_SECRET` that the operator set.
#[utoipa::path(post, path = "/api/cron/{job}", tag = "integrations", security(()), params(("job" = String, Path)),
    responses((status = 202, description = "queued"), (status = 404, body = ErrorBody)))]
pub(crate) async fn start(
    State(state): State<AppState>,
    Part(name): Part,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let sent = sent.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    // Hashes of equal length are compared, so the time tells nothing of the secret.
    let set = state.http.cron_secret.as_ref().map(|secret| secret.expose_secret());
    let right = set.is_some_and(|set| !set.is_empty() && service::token_hash(set) == service::token_hash(sent));
    if !right {
        let words = "send the CRON_SECRET that the operator set as a bearer token";
        return Err(ApiError::new(StatusCode::UNAUTHORIZED, "wrong_secret", words));
    }
    let job = match name.as_str() {
        "sync" => Job::QueueDue,
        "purge" => Job::PurgeEnded,
        _ => return Err(service::Error::Missing.into()),
    };
    service::job::start(&state.service, &job).await?;
    Ok(StatusCode::ACCEPTED)
}
