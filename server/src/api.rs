//! The REST API: JSON under `/api/v1`, described by the OpenAPI document that these very routes make.

pub mod auth;
pub mod clients;
pub mod error;
pub mod input;

use axum::{Json, Router, routing::get};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::state::AppState;

#[derive(OpenApi)]
#[openapi(info(
    title = "AudienceOS",
    description = "Every route needs a session cookie, unless it says otherwise. Errors are \
                   `{\"error\":{\"code\",\"message\",\"field\"?,\"rule\"?,\"request_id\"}}`."
))]
struct Document;

/// All routes of the API and its document.
pub fn router() -> Router<AppState> {
    let (router, document) = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(auth::sign_up))
        .routes(routes!(auth::login))
        .routes(routes!(auth::logout))
        .routes(routes!(auth::get_session))
        .routes(routes!(clients::list, clients::create))
        .routes(routes!(clients::get))
        .split_for_parts();
    router
        .route("/api/openapi.json", get(move || std::future::ready(Json(document))))
        .route("/api/{*rest}", axum::routing::any(missing))
}

async fn missing() -> error::ApiError {
    service::Error::Missing.into()
}

/// A moment as the API writes it: RFC 3339 in UTC.
fn rfc3339(moment: time::OffsetDateTime) -> String {
    moment.format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}
