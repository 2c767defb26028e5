//! What providers send by themselves: the raw body is verified before anything else, the event is stored once by the
//! provider's own id, and a job reads what changed. A webhook that is unsigned, wrongly signed or not configured is 401.

use axum::{
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};

use providers::Mode;

use crate::{
    api::{error::ApiError, input::Part},
    state::AppState,
};

/// A provider says that something changed.
#[utoipa::path(post, path = "/api/webhooks/{provider}", tag = "integrations", security(()),
    params(("provider" = String, Path)), request_body(content = String, content_type = "application/json"),
    responses((status = 200, description = "stored, or known already")))]
pub(crate) async fn receive(
    State(state): State<AppState>,
    Part(key): Part,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let refuse = |status, code, message: &str| ApiError::new(status, code, message).into_response();
    let read = providers::find(&key).and_then(|provider| provider.webhooks());
    let event = match read.map(|webhooks| webhooks.event(state.outside.settings(Mode::Live), &headers, &body)) {
        Some(Ok(event)) => event,
        Some(Err(providers::Error::Malformed(words))) => return refuse(StatusCode::BAD_REQUEST, "malformed", &words),
        Some(Err(_)) | None => {
            let words = "this webhook is not signed as it should be";
            return refuse(StatusCode::UNAUTHORIZED, "not_signed", words);
        }
    };
    match service::webhook::receive(&state.service, &key, &event.account, &event.id, &event.topic).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => ApiError::from(error).into_response(),
    }
}
