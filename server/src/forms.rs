//! The forms of pages that load no WASM: post, act, and answer with a redirect or the same page and what was typed.
//!
//! One file for each group of pages; here is what they share. To add one: a file, a line below, its routes.

mod around;
mod brand;
mod exchange_rates;
mod import;
mod invite;
pub(crate) mod live;
mod login;
mod password;
mod sign_up;
pub(crate) mod simulation;

use app::form::Form;
use axum::{
    body::{Body, to_bytes},
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode, header};
use leptos::prelude::provide_context;
use serde::Deserialize;

use crate::{api::error::ApiError, routes::BODY_LIMIT, state::AppState, visit::Visit};

pub(crate) use around::{api_docs, legal_page, theme};
pub(crate) use brand::look;
pub(crate) use exchange_rates::rates;
pub(crate) use import::upload;
pub(crate) use invite::{invite_page, join};
pub(crate) use login::{code, code_page, google, google_callback, login, login_page, logout};
pub(crate) use password::{forgot, forgot_page, reset, reset_page};
pub(crate) use sign_up::{resend, resend_page, sent_page, sign_up, sign_up_page, verify_email};

/// Draws the page at `path` with `form` in its context.
async fn page(state: &AppState, visit: &Visit, path: &str, form: Form, status: StatusCode) -> Response {
    page_with(state, visit, path, form, status, || ()).await
}

/// The same with more in its context.
pub(crate) async fn page_with(
    state: &AppState,
    visit: &Visit,
    path: &str,
    form: Form,
    status: StatusCode,
    more: impl Fn() + Clone + Send + Sync + 'static,
) -> Response {
    let request = Request::builder().uri(path).body(Body::empty());
    let Ok(mut request) = request else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    if let Some(theme) = &visit.theme {
        request.headers_mut().insert(header::COOKIE, theme.clone());
    }
    let (options, context, http) = (state.leptos.clone(), state.service.clone(), state.http.clone());
    let draw = leptos_axum::render_app_async_with_context(
        move || {
            provide_context(context.clone());
            provide_context(form.clone());
            provide_context(http.operator.clone());
            provide_context(http.ways);
            more();
        },
        move || app::shell(options.clone()),
    );
    let mut response = draw(request).await;
    *response.status_mut() = status;
    response
}

/// The form as typed, without passwords, and how long to wait.
async fn slowed(state: &AppState, visit: &Visit, path: &str, values: &[(&str, &str)], error: ApiError) -> Response {
    let wait = error.retry_after();
    let values = values.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let form = Form { values, error: Some((String::new(), error.message().to_owned())), ..Form::default() };
    let mut page = page(state, visit, path, form, StatusCode::TOO_MANY_REQUESTS).await;
    if let Some(wait) = wait {
        page.headers_mut().insert(header::RETRY_AFTER, wait.into());
    }
    page
}

/// The answer to whoever asks too often: of a document's form that a browser posted the page again, as typed, without what is
/// secret. These pages cost next to nothing to draw, and even so they are counted.
pub(crate) async fn too_often(state: &AppState, request: Request, error: ApiError, who: &str) -> Response {
    let path = ["/login", "/signup", "/forgot", "/resend"].into_iter().find(|path| *path == request.uri().path());
    let form = request.method() == Method::POST && live::wants_page(request.headers());
    let Some(path) = path.filter(|_| form && state.limits.redraws(who)) else { return error.into_response() };
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_LIMIT).await.unwrap_or_default();
    let typed = live::fields(path, &body);
    let values = typed.iter().map(|(name, text)| match name.as_str() {
        "redirect" => ("redirect", safe_redirect(text)),
        name => (name, text.as_str()),
    });
    let values: Vec<_> = values.collect();
    slowed(state, &Visit::of(&parts, state), path, &values, error).await
}

/// The form as typed, without passwords, and what is wrong with it.
fn refused(values: &[(&str, &str)], error: &service::Error) -> (Form, StatusCode) {
    use service::Error as E;
    let (field, status) = match error {
        E::Invalid(invalid) => (invalid.field.as_str(), StatusCode::UNPROCESSABLE_ENTITY),
        E::WrongCode => ("code", StatusCode::UNAUTHORIZED),
        E::WrongCredentials => ("", StatusCode::UNAUTHORIZED),
        E::EmailUnverified | E::UnknownAddress => ("", StatusCode::FORBIDDEN),
        E::TooLarge(_) => ("", StatusCode::PAYLOAD_TOO_LARGE),
        E::NoRoom(_) => ("", StatusCode::INSUFFICIENT_STORAGE),
        E::Gone(_) => ("", StatusCode::GONE),
        E::Conflict { .. } | E::ChangedMeanwhile(_) | E::Renewed(_) | E::ReassignmentRequired(_) => {
            ("", StatusCode::CONFLICT)
        }
        E::TooMany { .. } => ("", StatusCode::TOO_MANY_REQUESTS),
        E::Missing => ("", StatusCode::NOT_FOUND),
        E::Unavailable => ("", StatusCode::SERVICE_UNAVAILABLE),
        E::SignedOut | E::Refused(_) | E::Internal(_) => ("", StatusCode::INTERNAL_SERVER_ERROR),
    };
    let (message, others) = match error {
        E::Invalid(invalid) => {
            let others = invalid.others.iter().map(|other| (other.field.clone(), other.message.clone())).collect();
            (invalid.message.clone(), others)
        }
        other => (other.to_string(), Vec::new()),
    };
    let values = values.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    (Form { values, error: Some((field.to_owned(), message)), others, notice: None }, status)
}

/// Internal errors are logged with the request's id by the API's error; the rest goes back into the form.
fn loggable(error: service::Error) -> Result<service::Error, ApiError> {
    if matches!(error, service::Error::Internal(_)) { Err(error.into()) } else { Ok(error) }
}

/// An unknown token is a link that was not copied whole.
fn incomplete_link(error: service::Error) -> service::Error {
    match error {
        service::Error::Missing => {
            service::Error::Gone("this link is not complete. Open it from the mail, or copy all of it".into())
        }
        other => other,
    }
}

/// A path of ours to go to after signing in, or the start page: never another site.
fn safe_redirect(target: &str) -> &str {
    let plain = target.starts_with('/')
        && !target.starts_with("/login")
        && !target.contains("//")
        && !target.contains('\\')
        && !target.contains("..")
        && !target.chars().any(char::is_control);
    if plain { target } else { "/" }
}

/// The token of a link.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct TokenQuery {
    #[serde(default)]
    token: String,
}

/// An address in a form of its own.
#[derive(Debug, Deserialize)]
pub(crate) struct EmailForm {
    email: String,
}

/// The same words for every address that is shaped like one.
async fn answer_alike(
    state: &AppState,
    visit: &Visit,
    path: &str,
    email: &str,
    asked: service::Result<()>,
    words: &str,
) -> Result<Response, ApiError> {
    let (form, status) = match asked {
        Ok(()) => (Form { notice: Some(words.to_owned()), ..Form::default() }, StatusCode::OK),
        Err(error) => refused(&[("email", email)], &loggable(error)?),
    };
    Ok(page(state, visit, path, form, status).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_stay_with_us() {
        for good in ["/", "/clients", "/clients?cursor=a_b", "/settings"] {
            assert_eq!(safe_redirect(good), good);
        }
        for bad in [
            "",
            "//evil.com",
            "https://evil.com",
            "evil.com",
            "/a://b",
            "/\\evil.com",
            "/a\r\nb",
            "/../x",
            "javascript:x",
            "/login?redirect=/login",
        ] {
            assert_eq!(safe_redirect(bad), "/", "{bad}");
        }
    }
}
