//! The forms of pages that load no WASM: post, act, and answer with a redirect or the same page and what was typed.

use app::form::Form;
use axum::{
    Form as Posted,
    body::Body,
    extract::{Path, Query, Request, State},
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, StatusCode, header};
use leptos::prelude::provide_context;
use model::id::SignUpId;
use serde::Deserialize;
use service::{
    account::{self, SignUpForm},
    invitation, password_reset,
};

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
    page_with(state, path, form, status, || ()).await
}

/// The same with more in its context.
async fn page_with(
    state: &AppState,
    path: &str,
    form: Form,
    status: StatusCode,
    more: impl Fn() + Clone + Send + Sync + 'static,
) -> Response {
    let request = Request::builder().uri(path).body(Body::empty());
    let Ok(request) = request else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let (options, context, operator) = (state.leptos.clone(), state.service.clone(), state.http.operator.clone());
    let draw = leptos_axum::render_app_async_with_context(
        move || {
            provide_context(context.clone());
            provide_context(form.clone());
            provide_context(operator.clone());
            more();
        },
        move || app::shell(options.clone()),
    );
    let mut response = draw(request).await;
    *response.status_mut() = status;
    response
}

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
pub(crate) async fn legal_page(State(state): State<AppState>, request: Request) -> Response {
    page(&state, request.uri().path(), Form::default(), StatusCode::OK).await
}

/// The API for people to read.
pub(crate) async fn api_docs(State(state): State<AppState>) -> Response {
    let operations = crate::api::operations();
    page_with(&state, "/api-docs", Form::default(), StatusCode::OK, move || provide_context(operations.clone())).await
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
        service::Error::Conflict { .. } => ("", StatusCode::CONFLICT),
        service::Error::TooMany { .. } => ("", StatusCode::TOO_MANY_REQUESTS),
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
    state.limits.attempt("login", &form.email)?;
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
    state.limits.attempt("signup", &form.email)?;
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

/// An address in a form of its own.
#[derive(Debug, Deserialize)]
pub(crate) struct EmailForm {
    email: String,
}

pub(crate) async fn forgot_page(State(state): State<AppState>) -> Response {
    page(&state, "/forgot", Form::default(), StatusCode::OK).await
}

pub(crate) async fn forgot(
    State(state): State<AppState>,
    Posted(form): Posted<EmailForm>,
) -> Result<Response, ApiError> {
    state.limits.attempt("reset", &form.email)?;
    let asked = password_reset::request(&state.service, &form.email).await;
    answer_alike(
        &state,
        "/forgot",
        &form.email,
        asked,
        "If the address signs in here, a link is on its way. It works for 2 hours.",
    )
    .await
}

pub(crate) async fn resend_page(State(state): State<AppState>) -> Response {
    page(&state, "/resend", Form::default(), StatusCode::OK).await
}

pub(crate) async fn resend(
    State(state): State<AppState>,
    Posted(form): Posted<EmailForm>,
) -> Result<Response, ApiError> {
    state.limits.attempt("verify", &form.email)?;
    let asked = account::resend_verification(&state.service, &form.email).await;
    answer_alike(
        &state,
        "/resend",
        &form.email,
        asked,
        "If the address waits to be verified, a new link is on its way. Links sent before have ended.",
    )
    .await
}

/// The same words for every address that is shaped like one.
async fn answer_alike(
    state: &AppState,
    path: &str,
    email: &str,
    asked: service::Result<()>,
    words: &str,
) -> Result<Response, ApiError> {
    let (form, status) = match asked {
        Ok(()) => (Form { notice: Some(words.to_owned()), ..Form::default() }, StatusCode::OK),
        Err(error) => refused(&[("email", email)], &loggable(error)?),
    };
    Ok(page(state, path, form, status).await)
}

pub(crate) async fn reset_page(State(state): State<AppState>, Query(query): Query<TokenQuery>) -> Response {
    let form = Form { values: [("token".to_owned(), query.token)].into(), ..Form::default() };
    page(&state, "/reset", form, StatusCode::OK).await
}

#[derive(Debug, Deserialize)]
pub(crate) struct ResetForm {
    token: String,
    password: String,
}

pub(crate) async fn reset(
    State(state): State<AppState>,
    Posted(form): Posted<ResetForm>,
) -> Result<Response, ApiError> {
    match password_reset::complete(&state.service, &form.token, &form.password).await {
        Ok(()) => {
            let notice = "Your new password is set and all sessions have ended. Sign in with it.".to_owned();
            Ok(page(&state, "/login", Form { notice: Some(notice), ..Form::default() }, StatusCode::OK).await)
        }
        Err(error) => {
            let (form, status) = refused(&[("token", &form.token)], &incomplete_link(loggable(error)?));
            Ok(page(&state, "/reset", form, status).await)
        }
    }
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

/// What the page of an invitation shows.
async fn invitation_values(state: &AppState, token: &str) -> service::Result<Vec<(&'static str, String)>> {
    let invited = invitation::find(&state.service, token).await?;
    Ok(vec![
        ("token", token.to_owned()),
        ("organization", invited.organization),
        ("email", invited.invitation.email.into()),
        ("role", invited.invitation.role.label().to_owned()),
    ])
}

async fn invitation_answer(
    state: &AppState,
    token: &str,
    typed: Option<(&str, service::Error)>,
) -> Result<Response, ApiError> {
    let shown = invitation_values(state, token).await;
    let (form, status) = match (shown, typed) {
        (Err(error), _) => refused(&[], &incomplete_link(loggable(error)?)),
        (Ok(values), None) => {
            let values = values.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
            (Form { values, ..Form::default() }, StatusCode::OK)
        }
        (Ok(values), Some((name, error))) => {
            let mut values: Vec<_> = values.iter().map(|(field, text)| (*field, text.as_str())).collect();
            values.push(("name", name));
            refused(&values, &loggable(error)?)
        }
    };
    Ok(page(state, "/invite/link", form, status).await)
}

pub(crate) async fn invite_page(
    State(state): State<AppState>,
    Path(token): Path<String>,
) -> Result<Response, ApiError> {
    invitation_answer(&state, &token, None).await
}

#[derive(Debug, Deserialize)]
pub(crate) struct JoinForm {
    name: String,
    password: String,
}

pub(crate) async fn join(
    State(state): State<AppState>,
    Path(token): Path<String>,
    headers: HeaderMap,
    Posted(form): Posted<JoinForm>,
) -> Result<Response, ApiError> {
    match invitation::accept(&state.service, &token, &form.name, &form.password, &user_agent(&headers)).await {
        Ok(begun) => {
            let cookie = cookie::set(&begun.token, state.http.secure_cookies);
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response())
        }
        Err(error) => invitation_answer(&state, &token, Some((&form.name, error))).await,
    }
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
