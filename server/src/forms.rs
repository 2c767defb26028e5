//! The forms of pages that load no WASM: post, act, and answer with a redirect or the same page and what was typed.

use app::form::Form;
use axum::{
    Form as Posted,
    body::Body,
    extract::{Query, Request, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, StatusCode, header};
use leptos::prelude::provide_context;
use model::id::SignUpId;
use serde::Deserialize;
use service::account::{self, SignUpForm};

use crate::{
    api::{
        auth::{MAIL_PATIENCE, user_agent},
        error::ApiError,
    },
    cookie,
    state::AppState,
};

/// Draws the page at `path` with `form` in its context.
async fn page(state: &AppState, path: &str, form: Form, status: StatusCode) -> Response {
    let request = Request::builder().uri(path).body(Body::empty());
    let Ok(request) = request else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let (options, context) = (state.leptos.clone(), state.service.clone());
    let draw = leptos_axum::render_app_async_with_context(
        move || {
            provide_context(context.clone());
            provide_context(form.clone());
        },
        move || app::shell(options.clone()),
    );
    let mut response = draw(request).await;
    *response.status_mut() = status;
    response
}

/// The page for addresses that lead nowhere.
pub(crate) async fn missing_page(state: &AppState) -> Response {
    page(state, "/nothing-here", Form::default(), StatusCode::NOT_FOUND).await
}

/// The form as typed, without passwords, and what is wrong with it.
fn refused(values: &[(&str, &str)], error: &service::Error) -> (Form, StatusCode) {
    let (field, status) = match error {
        service::Error::Invalid(invalid) => (invalid.field.as_str(), StatusCode::UNPROCESSABLE_ENTITY),
        service::Error::WrongCredentials => ("", StatusCode::UNAUTHORIZED),
        service::Error::EmailUnverified => ("", StatusCode::FORBIDDEN),
        service::Error::Gone(_) => ("", StatusCode::GONE),
        service::Error::Missing => ("", StatusCode::NOT_FOUND),
        _ => ("", StatusCode::INTERNAL_SERVER_ERROR),
    };
    let message = match error {
        service::Error::Invalid(invalid) => invalid.message.clone(),
        other => other.to_string(),
    };
    let values = values.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    (Form { values, error: Some((field.to_owned(), message)), notice: None }, status)
}

/// Internal errors are logged with the request's id by the API's error; the rest goes back into the form.
fn loggable(error: service::Error) -> Result<service::Error, ApiError> {
    if matches!(error, service::Error::Internal(_)) { Err(error.into()) } else { Ok(error) }
}

/// A path of ours to go to after signing in, or the start page: never another site.
fn safe_redirect(target: &str) -> &str {
    let plain = target.starts_with('/')
        && !target.starts_with("//")
        && !target.contains("//")
        && !target.contains('\\')
        && !target.contains("..")
        && !target.chars().any(char::is_control);
    if plain { target } else { "/" }
}

/// What `/login` can be told.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct LoginQuery {
    #[serde(default)]
    redirect: String,
    #[serde(default)]
    error: String,
}

pub(crate) async fn login_page(State(state): State<AppState>, Query(query): Query<LoginQuery>) -> Response {
    let error = match query.error.as_str() {
        "" => None,
        "access_denied" => Some("you did not allow the other service to sign you in. Sign in here, or try it again"),
        "no_code" | "auth_callback_error" => {
            Some("the other service could not sign you in. Sign in here, or try it again")
        }
        _ => Some("signing in did not work. Try again"),
    };
    let form = Form {
        values: [("redirect".to_owned(), safe_redirect(&query.redirect).to_owned())].into(),
        error: error.map(|message| (String::new(), message.to_owned())),
        notice: None,
    };
    page(&state, "/login", form, StatusCode::OK).await
}

#[derive(Debug, Deserialize)]
pub(crate) struct LoginForm {
    email: String,
    password: String,
    #[serde(default)]
    redirect: String,
}

pub(crate) async fn login(
    State(state): State<AppState>,
    headers: HeaderMap,
    Posted(form): Posted<LoginForm>,
) -> Result<Response, ApiError> {
    state.limits.attempt(&form.email)?;
    match account::login(&state.service, &form.email, &form.password, &user_agent(&headers)).await {
        Ok(begun) => {
            let cookie = cookie::set(&begun.token, state.http.secure_cookies);
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to(safe_redirect(&form.redirect))).into_response())
        }
        Err(error) => {
            let values = [("email", form.email.as_str()), ("redirect", safe_redirect(&form.redirect))];
            let (form, status) = refused(&values, &loggable(error)?);
            Ok(page(&state, "/login", form, status).await)
        }
    }
}

pub(crate) async fn logout(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, ApiError> {
    if let Some(token) = cookie::token(&headers, state.http.secure_cookies) {
        service::session::end(&state.service, &token).await?;
    }
    let cookie = cookie::clear(state.http.secure_cookies);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/login")).into_response())
}

pub(crate) async fn sign_up_page(State(state): State<AppState>) -> Response {
    page(&state, "/signup", Form::default(), StatusCode::OK).await
}

#[derive(Debug, Deserialize)]
pub(crate) struct SignUpPosted {
    email: String,
    password: String,
    name: String,
    organization: String,
}

pub(crate) async fn sign_up(
    State(state): State<AppState>,
    Posted(posted): Posted<SignUpPosted>,
) -> Result<Response, ApiError> {
    let form = SignUpForm {
        email: posted.email,
        password: posted.password,
        name: posted.name,
        organization: posted.organization,
    };
    match account::sign_up(&state.service, &form).await {
        Ok(signed_up) => Ok(Redirect::to(&format!("/signup/sent?id={}", signed_up.id)).into_response()),
        Err(error) => {
            let values = [("email", &*form.email), ("name", &*form.name), ("organization", &*form.organization)];
            let (form, status) = refused(&values, &loggable(error)?);
            Ok(page(&state, "/signup", form, status).await)
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct SentQuery {
    id: Option<String>,
}

pub(crate) async fn sent_page(
    State(state): State<AppState>,
    Query(query): Query<SentQuery>,
) -> Result<Response, ApiError> {
    let Some(id) = query.id.and_then(|id| id.parse::<SignUpId>().ok()) else {
        return Ok(Redirect::to("/signup").into_response());
    };
    let email = match account::sign_up_email(&state.service, id).await {
        Err(service::Error::Missing) => return Ok(Redirect::to("/signup").into_response()),
        other => other?,
    };
    let sent = account::mail_sent(&state.service, id, MAIL_PATIENCE).await?;
    let form = Form {
        values: [("email".to_owned(), email.to_string())].into(),
        error: (!sent).then(|| (String::new(), "not sent".to_owned())),
        notice: None,
    };
    Ok(page(&state, "/signup/sent", form, StatusCode::OK).await)
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct TokenQuery {
    #[serde(default)]
    token: String,
}

pub(crate) async fn verify_email(
    State(state): State<AppState>,
    Query(query): Query<TokenQuery>,
) -> Result<Response, ApiError> {
    let (form, status) = match account::verify_email(&state.service, &query.token).await {
        Ok(_) => (Form::default(), StatusCode::OK),
        Err(service::Error::Missing) => refused(
            &[],
            &service::Error::Gone("this link is not complete. Open it from the mail, or copy all of it".into()),
        ),
        Err(error) => refused(&[], &loggable(error)?),
    };
    Ok(page(&state, "/verify-email", form, status).await)
}

#[cfg(test)]
mod tests {
    use super::safe_redirect;

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
        ] {
            assert_eq!(safe_redirect(bad), "/", "{bad}");
        }
    }
}
