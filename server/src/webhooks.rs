//! What providers send by themselves: the raw body is verified before anything else, the event is stored once by the
//! provider's own id, and a job reads what changed. A webhook that is unsigned, wrongly signed or not configured is 401.

use axum::{
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};

use crate::{api::error::ApiError, state::AppState};

/// A provider says that something changed.
#[utoipa::path(post, path = "/api/webhooks/{provider}", tag = "integrations", security(()),
    params(("provider" = String, Path)), request_body(content = String, content_type = "application/json"),
    responses((status = 200, description = "stored, or known already")))]
pub(crate) async fn receive(
    State(state): State<AppState>,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let secret = state.outside.settings().get("SHOPIFY_API_SECRET");
    let signed = key == "shopify"
        && secret.is_ok_and(|secret| providers::shopify::webhook_signed(secret, &body, text("x-shopify-hmac-sha256")));
    if !signed {
        return ApiError::new(StatusCode::UNAUTHORIZED, "not_signed", "this webhook is not signed as it should be")
            .into_response();
    }
    let (shop, id, topic) = (text("x-shopify-shop-domain"), text("x-shopify-webhook-id"), text("x-shopify-topic"));
    if id.is_empty() || id.len() > 200 || topic.len() > 200 {
        return ApiError::new(StatusCode::BAD_REQUEST, "malformed", "the webhook has no id").into_response();
    }
    match service::webhook::receive(&state.service, &key, shop, id, topic).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => ApiError::from(error).into_response(),
    }
}
