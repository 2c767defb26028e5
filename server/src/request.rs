//! Every request has an id: in its answer's `x-request-id`, in its log lines, and in the errors it gets.

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use http::HeaderValue;
use tracing::Instrument;

/// What log and reports say of a request.
#[derive(Clone, Debug)]
pub(crate) struct Current {
    /// Its id.
    pub id: String,
    /// GET, POST…
    pub method: String,
    /// The route, not the path: some paths hold a link's token.
    pub route: String,
}

tokio::task_local! {
    static CURRENT: Current;
}

/// The request being answered.
pub(crate) fn current() -> Option<Current> {
    CURRENT.try_with(Clone::clone).ok()
}

/// The id of the request being answered.
pub(crate) fn id() -> Option<String> {
    CURRENT.try_with(|request| request.id.clone()).ok()
}

pub(crate) async fn trace(request: Request, next: Next) -> Response {
    let current = Current {
        id: uuid::Uuid::now_v7().simple().to_string(),
        method: request.method().to_string(),
        route: request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned(),
    };
    let span = tracing::info_span!("request", request_id = current.id, method = current.method, route = current.route);
    let header = HeaderValue::from_str(&current.id);
    let mut response = CURRENT
        .scope(current, async {
            let response = next.run(request).await;
            tracing::debug!(status = response.status().as_u16(), "answered");
            response
        })
        .instrument(span)
        .await;
    if let Ok(header) = header {
        response.headers_mut().insert("x-request-id", header);
    }
    response
}
