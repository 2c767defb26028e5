//! Other sites' pages at the API. Closed, unless `AUDIENCEOS_CORS_ORIGINS` names their origins.
//!
//! A page that is let in uses an access token. Cookies never travel from another site, so what a signed-in browser may
//! do stays out of its reach; and the rest of the application is not shared with it at all.

use std::time::Duration;

use anyhow::bail;
use http::{HeaderName, HeaderValue, Method, Uri, header, request::Parts};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::config::Config;

/// The origins that are let in.
///
/// # Errors
/// One of them is no origin; the error names it.
pub(crate) fn origins(config: &Config) -> anyhow::Result<Vec<HeaderValue>> {
    let mut origins = Vec::new();
    for text in config.cors_origins.split(',').map(str::trim).filter(|text| !text.is_empty()) {
        match HeaderValue::from_str(text) {
            Ok(value) if is_origin(text) => origins.push(value),
            _ => bail!(
                "AUDIENCEOS_CORS_ORIGINS holds {text:?}, which is no origin such as https://app.example.com. Nothing was \
                 started"
            ),
        }
    }
    Ok(origins)
}

/// Scheme, host and perhaps a port, and nothing more: exactly as browsers send it.
fn is_origin(text: &str) -> bool {
    let plain = !text.ends_with('/') && !text.contains('*') && text == text.to_lowercase();
    let Ok(uri) = text.parse::<Uri>() else { return false };
    let bare =
        uri.path() == "/" && uri.query().is_none() && uri.authority().is_some_and(|at| !at.as_str().contains('@'));
    plain && bare && matches!(uri.scheme_str(), Some("http" | "https"))
}

/// The layer that tells browsers whom they may show the API's answers; none while the list is empty.
pub(crate) fn layer(origins: &[HeaderValue]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let origins = origins.to_vec();
    let allowed = move |origin: &HeaderValue, request: &Parts| {
        request.uri.path().starts_with("/api/") && origins.contains(origin)
    };
    let shown = ["retry-after", "x-request-id", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"];
    Some(
        CorsLayer::new()
            .allow_origin(AllowOrigin::predicate(allowed))
            .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
            .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
            .expose_headers(shown.map(HeaderName::from_static))
            .max_age(Duration::from_secs(600)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_origins_can_be_let_in() {
        let config = |text: &str| Config { cors_origins: text.into(), ..Config::test("data".into()).unwrap() };
        assert_eq!(origins(&config("")).unwrap().len(), 0);
        assert_eq!(origins(&config(" https://a.test, http://localhost:8080 ,")).unwrap().len(), 2);
        for wrong in ["*", "null", "a.test", "https://a.test/", "https://a.test/x", "https://*.a.test", "ftp://a.test"]
        {
            let error = origins(&config(wrong)).unwrap_err().to_string();
            assert!(error.contains(wrong), "{error}");
        }
    }
}
