//! Errors as pages: a browser that asked for a page and got an error without one gets a page that says what happened,
//! names the request and leads back. Programs keep their JSON.
//!
//! Signed-in people keep the areas at the side. The page is not live, so it works whatever else failed.

use app::pages::missing::Trouble;
use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use leptos::prelude::provide_context;
use model::actor::{Actor, Origin};

use crate::{api::error::Said, cookie, request, state::AppState, way_back};

pub(crate) async fn show(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let asked = Asked { method, path, headers: request.headers().clone() };
    let response = next.run(request).await;
    let status = response.status();
    if let Some(led) = way_back::lead(&asked.method, &asked.path, &asked.headers, status) {
        return led;
    }
    if !(status.is_client_error() || status.is_server_error()) || !asked.wants_page(&response) {
        return response;
    }
    let actor = actor(&state, &asked).await;
    let said = response.extensions().get::<Said>().map(|Said(words)| words.clone());
    let mut page = draw(&state, &asked, trouble(status, said, actor.is_some()), actor).await;
    for (name, value) in response.headers() {
        if !matches!(*name, header::CONTENT_TYPE | header::CONTENT_LENGTH | header::CONTENT_ENCODING) {
            page.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
    }
    *page.status_mut() = status;
    page
}

/// What of the request counts after it was answered.
struct Asked {
    method: Method,
    path: String,
    headers: HeaderMap,
}

impl Asked {
    /// Whether a person looks at the answer, and it is no page yet.
    fn wants_page(&self, response: &Response) -> bool {
        let accepts = self.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("*/*");
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let area = |start: &str| self.path.starts_with(start);
        let page = matches!(kind, Some(kind) if kind.starts_with("text/html"));
        // An unknown address is a page for whoever does not say what they want.
        let anybody = response.status() == StatusCode::NOT_FOUND && accepts.contains("*/*") && !area("/app/");
        !page
            && matches!(self.method, Method::GET | Method::POST)
            && (!area("/api/") || self.path == "/api/docs")
            && !["/pkg/", "/fonts/", "/charts/", "/healthz", "/readyz", "/metrics"].into_iter().any(area)
            && (accepts.contains("text/html") || anybody)
    }
}

/// Who is signed in; nobody when that cannot be found out.
async fn actor(state: &AppState, asked: &Asked) -> Option<Actor> {
    let token = cookie::token(&asked.headers, state.http.secure_cookies)?;
    let origin = Origin { method: asked.method.to_string(), path: asked.path.clone() };
    service::session::find(&state.service, &token, origin).await.ok().flatten().map(|live| live.actor)
}

/// The words of a status; what was said about this very case counts more.
fn trouble(status: StatusCode, said: Option<String>, signed_in: bool) -> Trouble {
    let (heading, words) = match status {
        StatusCode::BAD_REQUEST | StatusCode::UNSUPPORTED_MEDIA_TYPE | StatusCode::UNPROCESSABLE_ENTITY => (
            "This request is not complete",
            "Something in the request is missing or malformed, so nothing was changed. Go back and try again.",
        ),
        StatusCode::UNAUTHORIZED => ("You are signed out", "Sign in again to go on. Nothing was changed."),
        StatusCode::FORBIDDEN => ("This is not allowed", "A rule forbids it, so nothing was changed."),
        StatusCode::NOT_FOUND => {
            ("There is nothing here", "The address is wrong, or what stood here is gone or not in your sight.")
        }
        StatusCode::METHOD_NOT_ALLOWED => {
            ("This cannot be done here", "The address is there, but not for this kind of request. Nothing was changed.")
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            ("This is too large", "What was sent is larger than is accepted here, so nothing was changed. Send less.")
        }
        StatusCode::TOO_MANY_REQUESTS => ("Too many requests", "Wait a little and try again. Nothing was changed."),
        StatusCode::SERVICE_UNAVAILABLE => {
            ("Not available for the moment", "Something that this page needs does not answer. Try again in a minute.")
        }
        StatusCode::INSUFFICIENT_STORAGE => (
            "There is no room for this",
            "The server's disk is full, so nothing was kept. Tell your operator, and try again when there is room.",
        ),
        status if status.is_server_error() => (
            "Something failed on our side",
            "It is in the log. Look whether your change is there before you try again, and name the request below if it fails again.",
        ),
        _ => ("This did not work", "Nothing was changed. Go back and try again."),
    };
    // What failed inside is for the log only.
    let told = !status.is_server_error() || status == StatusCode::INSUFFICIENT_STORAGE;
    let said = said.filter(|_| told).map(|said| format!("{}.", app::components::notice::sentence(&said)));
    Trouble {
        heading,
        words: said.unwrap_or_else(|| words.to_owned()),
        request_id: request::id(),
        way: if signed_in { ("/", "Go to the start page") } else { ("/login", "Go to sign in") },
        signed_in,
    }
}

async fn draw(state: &AppState, asked: &Asked, trouble: Trouble, actor: Option<Actor>) -> Response {
    let mut request = Request::builder().uri("/trouble").body(Body::empty()).unwrap_or_default();
    if let Some(cookies) = asked.headers.get(header::COOKIE) {
        request.headers_mut().insert(header::COOKIE, cookies.clone());
    }
    if let Some(actor) = actor {
        request.extensions_mut().insert(actor);
    }
    let (options, service) = (state.leptos.clone(), state.service.clone());
    let page = leptos_axum::render_app_async_with_context(
        move || {
            provide_context(service.clone());
            provide_context(trouble.clone());
        },
        move || app::shell(options.clone()),
    );
    let mut response = page(request).await;
    response.headers_mut().entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static("text/html; charset=utf-8"));
    response
}
