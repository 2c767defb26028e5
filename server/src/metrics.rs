//! `/metrics` for Prometheus: requests by route and status, and the queue. Only with the token that is set.

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, header};
use metrics::{counter, gauge, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use secrecy::{ExposeSecret, SecretString};

use crate::state::AppState;

/// The recorder of this process and the token that opens it.
pub struct Metrics {
    handle: Option<PrometheusHandle>,
    token: Option<SecretString>,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// Starts recording when a token is set; a process has one recorder, the first.
    pub fn new(token: Option<SecretString>) -> Self {
        let handle = token.as_ref().and_then(|_| PrometheusBuilder::new().install_recorder().ok());
        Self { handle, token }
    }

    /// Sorts what was measured into its buckets every few seconds, for ever: without it, durations pile up in memory
    /// until somebody asks for the figures.
    pub(crate) async fn keep_up(&self) {
        let Some(handle) = &self.handle else { return };
        loop {
            tokio::time::sleep(std::time::Duration::from_secs(5)).await;
            handle.run_upkeep();
        }
    }
}

/// The method as a label. Anybody can send a word of their own; all of those are one.
fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Counts every request.
pub(crate) async fn record(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if state.metrics.handle.is_none() {
        return next.run(request).await;
    }
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let method = label(request.method());
    let begun = std::time::Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_str().to_owned();
    histogram!("http_request_seconds", "route" => route.clone()).record(begun.elapsed().as_secs_f64());
    counter!("http_requests_total", "method" => method, "route" => route, "status" => status).increment(1);
    response
}

/// The figures in Prometheus' text format; 404 without a token set, 401 with a wrong one.
pub(crate) async fn show(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let (Some(handle), Some(token)) = (&state.metrics.handle, &state.metrics.token) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    // Hashes are compared, so that the time taken tells nothing about the token.
    let right = given.is_some_and(|given| service::token_hash(given) == service::token_hash(token.expose_secret()));
    if !right {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if let Ok(depth) = service::job::depth(&state.service).await {
        gauge!("queue_waiting").set(depth.waiting as f64);
        gauge!("queue_running").set(depth.running as f64);
        gauge!("queue_failed").set(depth.failed as f64);
        gauge!("queue_oldest_seconds").set(depth.oldest_seconds);
    }
    handle.render().into_response()
}
