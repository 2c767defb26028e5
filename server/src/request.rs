//! Every request has an id: in its answer's `x-request-id`, in its log lines, and in the errors it gets.

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use http::HeaderValue;
use tracing::Instrument;

tokio::task_local! {
    static ID: String;
}

/// The id of the request being answered.
pub(crate) fn id() -> Option<String> {
    ID.try_with(Clone::clone).ok()
}

pub(crate) async fn trace(request: Request, next: Next) -> Response {
    let id = uuid::Uuid::now_v7().simple().to_string();
    // The route, not the path: some paths hold a link's token.
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", id, method = %request.method(), route);
    let header = HeaderValue::from_str(&id);
    let mut response = ID
        .scope(id, async {
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
