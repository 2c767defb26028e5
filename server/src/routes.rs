//! The router: pages, their server functions, forms, API, files, health; and the layers around all of them.

use std::{any::Any, sync::Arc};

use app::{App, error::AppError, form::leading_to, needs_no_session, pages::simulation::Judge, shell};
use axum::{
    RequestExt, Router,
    extract::{DefaultBodyLimit, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use http::{HeaderValue, StatusCode, header};
use leptos::prelude::{FromServerFnError, provide_context};
use leptos_axum::{LeptosRoutes, generate_route_list};
use model::actor::Actor;
use tower::util::option_layer;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer, services::ServeDir};

use crate::{
    api::{self, error::ApiError},
    connect, cookie, cors, csrf, error_page, events, forms, google, headers, limit, messages, metrics, request,
    state::AppState,
};

/// The largest body of a request that is no upload.
pub(crate) const BODY_LIMIT: usize = 1024 * 1024;

/// Shows the component library; outside production only.
const STYLEGUIDE: &str = "/styleguide";

/// Everything the server answers.
pub fn router(state: AppState) -> Router {
    // What no page answers is for the fallback, and the style guide is for those who build the pages.
    let served =
        |path: &str| !(needs_no_session(path) || path.contains('*') || (state.http.production && path == STYLEGUIDE));
    let pages = generate_route_list(App).into_iter().filter(|page| served(page.path())).collect::<Vec<_>>();
    let context = {
        let state = state.clone();
        move || provide(&state)
    };
    let options = state.leptos.clone();
    let live = Router::new()
        .leptos_routes_with_context(&state, pages, context, move || shell(options.clone()))
        .route("/app/{*function}", post(server_function))
        .route("/app/events", get(events::stream))
        .route("/app/messages/{id}/html", get(messages::page))
        .route("/app/messages/{id}/source", get(messages::source))
        .layer(middleware::from_fn(require_session));

    Router::new()
        .route("/", get(start))
        .route("/login", get(forms::login_page).post(forms::login))
        .route("/login/code", get(forms::code_page).post(forms::code))
        .route("/auth/google", get(forms::google))
        .route(google::CALLBACK, get(forms::google_callback))
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
        .route("/simulation", post(forms::simulation::begin))
        .route("/simulation/leave", post(forms::simulation::leave))
        .route("/simulation/forward", post(forms::simulation::forward))
        .route("/api/docs", get(forms::api_docs))
        .route("/exchange-rates/upload", post(forms::rates))
        .route("/imports/upload", post(forms::upload))
        .route("/brand/upload", post(forms::look))
        .route("/integrations/{provider}/connect", post(connect::start))
        .route("/integrations/{provider}/token", post(connect::typed::form))
        // What a letter's document loads comes without a session, and brings a pass.
        .route("/app/messages/{id}/parts/{part}", get(messages::part))
        .route("/app/messages/{id}/picture", get(messages::remote))
        .merge(live)
        .merge(api::router(&state.http))
        .layer(CompressionLayer::new())
        .nest_service("/pkg", files(&state, "pkg"))
        .nest_service("/fonts", files(&state, "fonts"))
        .nest_service("/charts", files(&state, "charts"))
        .route_service("/favicon.svg", files(&state, "").append_index_html_on_directories(false))
        .route("/healthz", get(|| std::future::ready(StatusCode::OK)))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics::show))
        .fallback(|| std::future::ready(StatusCode::NOT_FOUND))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(state.clone(), limit::check))
        .layer(middleware::from_fn_with_state(state.clone(), forms::live::answer))
        .layer(middleware::from_fn_with_state(state.clone(), metrics::record))
        .layer(middleware::from_fn_with_state(state.clone(), cookie::identify))
        .layer(middleware::from_fn_with_state(state.clone(), csrf::check))
        .layer(option_layer(cors::layer(&state.http.cors_origins)))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(state.clone(), error_page::show))
        .layer(middleware::from_fn_with_state(state.clone(), headers::secure))
        .layer(middleware::from_fn(request::trace))
        .with_state(state)
}

/// Files of the build, compressed beforehand where the build did so.
fn files(state: &AppState, folder: &str) -> ServeDir {
    ServeDir::new(state.http.site.join(folder)).precompressed_br().precompressed_gzip()
}

/// The start page: the agency's dashboard.
async fn start(request: Request) -> Redirect {
    if request.extensions().get::<Actor>().is_some() {
        Redirect::to("/dashboard")
    } else {
        Redirect::to("/login?redirect=/")
    }
}

/// Sends those who are not signed in to the login page, and back afterwards. A live page that asks for data is not led
/// away: it is told that the session has ended before its body is read, and the page offers to sign in again.
async fn require_session(request: Request, next: Next) -> Response {
    if request.extensions().get::<Actor>().is_some() || request.uri().path() == STYLEGUIDE {
        // Server functions read bodies by themselves, which the layer alone does not limit.
        return next.run(request.with_limited_body()).await;
    }
    match way_back(&request) {
        Some(target) => Redirect::to(&leading_to("/login", "redirect", &target)).into_response(),
        None => {
            let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
            (StatusCode::UNAUTHORIZED, kind, AppError::SignedOut.ser()).into_response()
        }
    }
}

/// Where to come back to after signing in; `None` for a live page's own request, which is not led away.
fn way_back(request: &Request) -> Option<String> {
    let header = |name| request.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if !request.uri().path().starts_with("/app/") {
        return Some(request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned());
    }
    // A form of a page that is not live yet: back to its page.
    header(header::ACCEPT).filter(|kinds| kinds.contains("text/html"))?;
    Some(forms::live::page_before(request).unwrap_or_else(|| "/".to_owned()))
}

async fn server_function(State(state): State<AppState>, request: Request) -> Response {
    leptos_axum::handle_server_fns_with_context(move || provide(&state), request).await.into_response()
}

/// What pages and server functions find around them.
fn provide(state: &AppState) {
    provide_context(state.service.clone());
    if let Some(worlds) = state.worlds.clone() {
        provide_context::<Arc<dyn Judge>>(worlds);
    }
}

/// A fault of ours that nobody expected: the log has its words, the answer has its request.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    let words = "something failed on our side. Look whether your change is there before you try again";
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", words).into_response()
}

/// Whether this process can serve: the database answers with this program's schema, the queue is there, and its worker
/// runs where it is to run here. What is missing is said in words.
async fn ready(State(state): State<AppState>) -> (StatusCode, &'static str) {
    let db = &state.service.db;
    let fault = if !db.ready().await {
        Some("the database does not answer, or its schema is not this program's: run `audienceos migrate`")
    } else if !store::queue::installed(db.pool()).await.unwrap_or(false) {
        Some("the queue's tables are missing: run `audienceos migrate`")
    } else {
        state.pulse.fault()
    };
    fault.map_or((StatusCode::OK, "ready"), |words| (StatusCode::SERVICE_UNAVAILABLE, words))
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn a_fault_nobody_expected_has_the_shape_of_every_error() {
        #[expect(clippy::panic, reason = "what is proved")]
        let router = Router::<()>::new()
            .route(
                "/",
                get(|| async {
                    if true {
                        panic!("secret words")
                    }
                }),
            )
            .layer(CatchPanicLayer::custom(panicked));
        let answer = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = String::from_utf8(to_bytes(answer.into_body(), 10_000).await.unwrap().to_vec()).unwrap();
        assert!(body.contains("\"internal\"") && !body.contains("secret words"), "{body}");
    }
}
