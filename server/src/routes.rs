//! The router: pages, their server functions, forms, API, files, health; and the layers around all of them.

use app::{App, needs_no_session, shell};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use http::{Method, StatusCode};
use leptos::prelude::provide_context;
use leptos_axum::{LeptosRoutes, generate_route_list};
use model::actor::Actor;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer, services::ServeDir};

use crate::{api, cookie, csrf, forms, headers, limit, metrics, request, state::AppState};

/// The largest body of a request that is no upload.
const BODY_LIMIT: usize = 1024 * 1024;

/// Everything the server answers.
pub fn router(state: AppState) -> Router {
    let pages = generate_route_list(App).into_iter().filter(|page| !needs_no_session(page.path())).collect::<Vec<_>>();
    let context = {
        let service = state.service.clone();
        move || provide_context(service.clone())
    };
    let options = state.leptos.clone();
    let live = Router::new()
        .leptos_routes_with_context(&state, pages, context, move || shell(options.clone()))
        .layer(middleware::from_fn(require_session));

    Router::new()
        .route("/", get(start))
        .route("/login", get(forms::login_page).post(forms::login))
        .route("/logout", post(forms::logout))
        .route("/signup", get(forms::sign_up_page).post(forms::sign_up))
        .route("/signup/sent", get(forms::sent_page))
        .route("/verify-email", get(forms::verify_email))
        .route("/resend", get(forms::resend_page).post(forms::resend))
        .route("/forgot", get(forms::forgot_page).post(forms::forgot))
        .route("/reset", get(forms::reset_page).post(forms::reset))
        .route("/invite/{token}", get(forms::invite_page).post(forms::join))
        .route("/privacy", get(forms::legal_page))
        .route("/terms", get(forms::legal_page))
        .route("/security", get(forms::legal_page))
        .route("/theme", post(forms::theme))
        .route("/api/docs", get(forms::api_docs))
        .route("/app/{*function}", post(server_function))
        .merge(live)
        .merge(api::router())
        .layer(CompressionLayer::new())
        .nest_service("/pkg", files(&state, "pkg"))
        .nest_service("/fonts", files(&state, "fonts"))
        .route_service("/favicon.svg", files(&state, "").append_index_html_on_directories(false))
        .route("/healthz", get(|| std::future::ready(StatusCode::OK)))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics::show))
        .fallback(missing)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(state.clone(), limit::check))
        .layer(middleware::from_fn_with_state(state.clone(), metrics::record))
        .layer(middleware::from_fn_with_state(state.clone(), cookie::identify))
        .layer(middleware::from_fn_with_state(state.clone(), csrf::check))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn_with_state(state.clone(), headers::secure))
        .layer(middleware::from_fn(request::trace))
        .with_state(state)
}

/// Files of the build, compressed beforehand where the build did so.
fn files(state: &AppState, folder: &str) -> ServeDir {
    ServeDir::new(state.http.site.join(folder)).precompressed_br().precompressed_gzip()
}

/// The start page: the clients, until there is a dashboard.
async fn start(request: Request) -> Redirect {
    if request.extensions().get::<Actor>().is_some() {
        Redirect::to("/clients")
    } else {
        Redirect::to("/login?redirect=/")
    }
}

/// Sends those who are not signed in to the login page, and back afterwards.
async fn require_session(request: Request, next: Next) -> Response {
    if request.extensions().get::<Actor>().is_some() {
        return next.run(request).await;
    }
    let target = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let target: String = target
        .bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => char::from(b).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect();
    Redirect::to(&format!("/login?redirect={target}")).into_response()
}

async fn server_function(State(state): State<AppState>, request: Request) -> Response {
    let service = state.service.clone();
    leptos_axum::handle_server_fns_with_context(move || provide_context(service.clone()), request).await.into_response()
}

/// Unknown addresses: a page for people.
async fn missing(State(state): State<AppState>, request: Request) -> Response {
    if request.method() != Method::GET {
        return StatusCode::NOT_FOUND.into_response();
    }
    forms::missing_page(&state).await
}

async fn ready(State(state): State<AppState>) -> StatusCode {
    if state.service.db.ready().await { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}
