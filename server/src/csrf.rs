//! Refuses changes that another site's page asks a signed-in browser to make.
//!
//! Browsers say where a request comes from (`Sec-Fetch-Site`, `Origin`); programs that are not browsers send neither
//! and carry no session by accident. Webhooks carry no cookie and pass; so does a page that the operator let in, when it
//! brings an access token: the token alone then says who acts.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, header};

use crate::{api::error::ApiError, cookie, state::AppState};

pub(crate) async fn check(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if changes
        && !request.uri().path().starts_with("/api/webhooks/")
        && !let_in(&request, &state)
        && foreign(request.headers(), &state.http.public_url)
    {
        return ApiError::new(
            StatusCode::FORBIDDEN,
            "cross_site",
            "this request came from another site, so nothing was changed. Open AudienceOS itself and try again",
        )
        .into_response();
    }
    next.run(request).await
}

/// Whether an access token acts, from an origin on the operator's list. Browsers send that header from another site only
/// after they have asked, and on these routes a token leaves the session's cookie unread.
fn let_in(request: &Request, state: &AppState) -> bool {
    request.uri().path().starts_with(cookie::TOKENS_UNDER)
        && cookie::bearer(request.headers()).is_some()
        && request.headers().get(header::ORIGIN).is_some_and(|origin| state.http.cors_origins.contains(origin))
}

fn foreign(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("malformed"));
    if let Some(site) = text("sec-fetch-site".parse().unwrap_or(header::ORIGIN)) {
        return !matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(header::ORIGIN) else { return false };
    let same_host =
        text(header::HOST).is_some_and(|host| origin.split_once("://").is_some_and(|(_, rest)| rest == host));
    origin != public_url && !same_host
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_may_change_things() {
        let headers = |pairs: &[(&'static str, &'static str)]| {
            pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect::<HeaderMap>()
        };
        let foreign = |pairs: &[_]| foreign(&headers(pairs), "https://app.test");
        assert!(!foreign(&[]));
        assert!(!foreign(&[("origin", "https://app.test")]));
        assert!(!foreign(&[("origin", "http://localhost:3000"), ("host", "localhost:3000")]));
        assert!(!foreign(&[("sec-fetch-site", "same-origin")]));
        assert!(foreign(&[("sec-fetch-site", "same-site")]));
        assert!(foreign(&[("sec-fetch-site", "cross-site"), ("origin", "https://app.test")]));
        assert!(foreign(&[("origin", "https://evil.test"), ("host", "app.test")]));
        assert!(foreign(&[("origin", "null"), ("host", "app.test")]));
    }
}
