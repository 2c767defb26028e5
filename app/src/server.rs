//! What server functions and pages take from the request: the actor, the services, the answer's headers.

use http::{HeaderValue, header, request::Parts};
use leptos::{nonce::use_nonce, prelude::*};
use leptos_axum::ResponseOptions;
use model::{actor::Actor, id::SessionId};
use service::{Service, session::Live};

use crate::error::AppError;

/// The signed-in member of this request; the first line of every server function.
///
/// # Errors
/// Nobody is signed in.
pub fn actor() -> Result<Actor, AppError> {
    use_context::<Parts>()
        .and_then(|parts| parts.extensions.get::<Actor>().cloned())
        .ok_or_else(|| service::Error::SignedOut.into())
}

/// The id of the session that asks.
///
/// # Errors
/// Nobody is signed in.
pub fn session_id() -> Result<SessionId, AppError> {
    use_context::<Parts>()
        .and_then(|parts| parts.extensions.get::<Live>().map(|live| live.id))
        .ok_or_else(|| service::Error::SignedOut.into())
}

/// The services.
///
/// # Errors
/// Outside a request.
pub fn service() -> Result<Service, AppError> {
    use_context::<Service>().ok_or(AppError::Unreachable)
}

/// Sets the status of a server function's answer, or of a page.
pub fn set_status(status: http::StatusCode) {
    // A form posted by a page that is not live is led back by a redirect, whose status must stay.
    let led_back = use_context::<Parts>().is_some_and(|parts| {
        let accepts = parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        parts.method == http::Method::POST && accepts.contains("text/html")
    });
    if let Some(response) = use_context::<ResponseOptions>().filter(|_| !led_back) {
        response.set_status(status);
    }
}

/// A strict policy for this page: scripts only with this answer's nonce, nothing inline, nothing from elsewhere.
pub fn set_content_security_policy() {
    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else { return };
    let reload = if cfg!(debug_assertions) { " ws://localhost:3001 ws://127.0.0.1:3001" } else { "" };
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data: blob:; font-src 'self'; connect-src 'self'{reload}; frame-src 'self'; manifest-src 'self'; \
         form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
}
