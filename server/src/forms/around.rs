//! Pages that anybody may read, the page for addresses that lead nowhere, and the choice of light or dark.

use app::form::Form;
use axum::{
    Form as Posted,
    extract::{Request, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, StatusCode, header};
use leptos::prelude::provide_context;
use serde::Deserialize;

use super::{page, page_with, safe_redirect};
use crate::{state::AppState, visit::Visit};

/// Keeps the choice of light or dark in the browser and goes back to the page.
pub(crate) async fn theme(headers: HeaderMap, Posted(form): Posted<ThemeForm>) -> Response {
    let cookie = match form.theme.as_str() {
        "light" | "dark" => format!("theme={}; Path=/; Max-Age=31536000; SameSite=Lax", form.theme),
        _ => "theme=; Path=/; Max-Age=0; SameSite=Lax".to_owned(),
    };
    let back = headers.get(header::REFERER).and_then(|value| value.to_str().ok()).unwrap_or("/");
    let path = back.splitn(4, '/').nth(3).map_or_else(|| "/".to_owned(), |path| format!("/{path}"));
    ([(header::SET_COOKIE, cookie)], Redirect::to(safe_redirect(&path))).into_response()
}

#[derive(Debug, Deserialize)]
pub(crate) struct ThemeForm {
    theme: String,
}

/// The pages that anybody may read.
pub(crate) async fn legal_page(State(state): State<AppState>, visit: Visit, request: Request) -> Response {
    page(&state, &visit, request.uri().path(), Form::default(), StatusCode::OK).await
}

/// The API for people to read.
pub(crate) async fn api_docs(State(state): State<AppState>, visit: Visit) -> Response {
    let operations = crate::api::operations();
    let more = move || provide_context(operations.clone());
    page_with(&state, &visit, "/api-docs", Form::default(), StatusCode::OK, more).await
}
