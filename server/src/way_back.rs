//! What fails on the way back from a provider's page of consent: a person is in the browser, so every answer leads to a page
//! that says in words what happened. A program, which does not ask for a page, gets the API's answer.

use app::form::leading_to;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, Method, StatusCode, header};

/// Where people come back to.
const PAGE: &str = "/settings/integrations";

/// The answer in place of an error, if it was the way back that failed.
pub(crate) fn lead(method: &Method, path: &str, headers: &HeaderMap, status: StatusCode) -> Option<Response> {
    let provider = path.strip_prefix("/api/oauth/")?.strip_suffix("/callback")?;
    headers.get(header::ACCEPT)?.to_str().ok().filter(|kinds| kinds.contains("text/html"))?;
    if method != Method::GET || provider.contains('/') {
        return None;
    }
    let target = match status {
        StatusCode::UNAUTHORIZED => {
            let after = format!("{PAGE}?error=signed_out");
            format!("{}&error=session_ended", leading_to("/login", "redirect", &after))
        }
        StatusCode::FORBIDDEN => format!("{PAGE}?error=forbidden"),
        StatusCode::TOO_MANY_REQUESTS => format!("{PAGE}?error=too_many"),
        status if status.is_client_error() || status.is_server_error() => format!("{PAGE}?error=failed"),
        _ => return None,
    };
    tracing::info!(provider, status = status.as_u16(), "a way back from consent failed");
    Some(Redirect::to(&target).into_response())
}
