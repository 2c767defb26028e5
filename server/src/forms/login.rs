//! Signing in and out: password, Google, and the code of the second step.

use app::form::{Form, leading_to};
use axum::{
    Form as Posted,
    extract::{Query, State},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Deserialize;
use service::{account, attempt, session::Entry, two_factor};

use super::{loggable, page, refused, safe_redirect, slowed};
use crate::{
    api::error::ApiError,
    cookie::{self, Kind},
    limit,
    state::AppState,
    visit::Visit,
};

/// What `/login` can be told.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct LoginQuery {
    #[serde(default)]
    redirect: String,
    #[serde(default)]
    error: String,
}

/// Words for what went wrong elsewhere. What the other service said is never shown.
fn explain(error: &str) -> Option<&'static str> {
    Some(match error {
        "" => return None,
        "access_denied" => "you did not allow Google to sign you in. Sign in here, or try it again",
        "no_code" => "Google sent you back without signing you in. Try it again, or sign in here",
        "auth_callback_error" => "signing in with Google did not work, or took too long. Try it again, or sign in here",
        "unexpected_error" => "Google could not be reached. Sign in here, or try it again in a moment",
        "unknown_address" => {
            "nobody signs in with this Google address here. Create an account, or ask your agency to invite it"
        }
        "session_ended" => "your session has ended, so nothing was connected. Sign in, and connect the account again",
        "step_ended" => "this sign-in has ended: it waits ten minutes for the code. Sign in again",
        _ => "signing in did not work. Try again",
    })
}

pub(crate) async fn login_page(
    State(state): State<AppState>,
    visit: Visit,
    Query(query): Query<LoginQuery>,
) -> Response {
    let redirect = safe_redirect(&query.redirect);
    if visit.signed_in {
        return Redirect::to(redirect).into_response();
    }
    let form = Form {
        values: [("redirect".to_owned(), redirect.to_owned())].into(),
        error: explain(&query.error).map(|message| (String::new(), message.to_owned())),
        ..Form::default()
    };
    page(&state, &visit, "/login", form, StatusCode::OK).await
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
    visit: Visit,
    Posted(form): Posted<LoginForm>,
) -> Result<Response, ApiError> {
    let redirect = safe_redirect(&form.redirect);
    if let Err(error) = limit::attempt(&state, attempt::Kind::Login, &form.email, &visit).await {
        let values = [("email", form.email.as_str()), ("redirect", redirect)];
        return Ok(slowed(&state, &visit, "/login", &values, error).await);
    }
    match account::login(&state.service, &form.email, &form.password, &visit.visitor).await {
        Ok(entry) => Ok(go_on(&state, entry, redirect, None)),
        Err(error) => {
            let values = [("email", form.email.as_str()), ("redirect", redirect)];
            let (form, status) = refused(&values, &loggable(error)?);
            Ok(page(&state, &visit, "/login", form, status).await)
        }
    }
}

/// After the first step: to the page asked for, or to the second step.
fn go_on(state: &AppState, entry: Entry, redirect: &str, cleared: Option<Kind>) -> Response {
    let secure = state.http.secure_cookies;
    let (cookie, target) = match entry {
        Entry::Session(begun) => (cookie::set(Kind::Session, &begun.token, secure), redirect.to_owned()),
        Entry::Code(token) => {
            (cookie::set(Kind::Step, &token, secure), leading_to("/login/code", "redirect", redirect))
        }
    };
    // Whoever signs in now is not who looked into a rehearsal agency before.
    let cleared = cleared.into_iter().chain([Kind::Home]).map(|kind| (header::SET_COOKIE, cookie::clear(kind, secure)));
    (AppendHeaders([(header::SET_COOKIE, cookie)].into_iter().chain(cleared)), Redirect::to(&target)).into_response()
}

pub(crate) async fn code_page(
    State(state): State<AppState>,
    visit: Visit,
    Query(query): Query<LoginQuery>,
) -> Result<Response, ApiError> {
    let redirect = safe_redirect(&query.redirect);
    if visit.signed_in {
        return Ok(Redirect::to(redirect).into_response());
    }
    let waits = match &visit.step {
        Some(token) => two_factor::waits(&state.service, token).await?,
        None => false,
    };
    if !waits {
        return Ok(Redirect::to(&leading_to("/login", "redirect", redirect)).into_response());
    }
    let form = Form { values: [("redirect".to_owned(), redirect.to_owned())].into(), ..Form::default() };
    Ok(page(&state, &visit, "/login/code", form, StatusCode::OK).await)
}

#[derive(Debug, Deserialize)]
pub(crate) struct CodeForm {
    code: String,
    #[serde(default)]
    redirect: String,
}

pub(crate) async fn code(
    State(state): State<AppState>,
    visit: Visit,
    Posted(form): Posted<CodeForm>,
) -> Result<Response, ApiError> {
    let redirect = safe_redirect(&form.redirect);
    let token = visit.step.as_deref().unwrap_or_default();
    match two_factor::second_step(&state.service, token, &form.code, &visit.visitor).await {
        Ok(begun) => Ok(go_on(&state, Entry::Session(begun), redirect, Some(Kind::Step))),
        Err(service::Error::Gone(_)) => Ok(failed(&state, "step_ended", Kind::Step)),
        Err(error) => {
            let (form, status) = refused(&[("redirect", redirect)], &loggable(error)?);
            Ok(page(&state, &visit, "/login/code", form, status).await)
        }
    }
}

pub(crate) async fn logout(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, ApiError> {
    let secure = state.http.secure_cookies;
    // Also the session that waits at home while somebody looks into a simulated agency.
    for kind in [Kind::Session, Kind::Home] {
        if let Some(token) = cookie::read(&headers, kind, secure) {
            service::session::end(&state.service, &token).await?;
        }
    }
    let cookies = [Kind::Session, Kind::Home].map(|kind| (header::SET_COOKIE, cookie::clear(kind, secure)));
    Ok((AppendHeaders(cookies), Redirect::to("/login")).into_response())
}

/// Back to the sign-in page with a word on what went wrong; the cookie of what was under way goes.
fn failed(state: &AppState, error: &str, cleared: Kind) -> Response {
    let cookie: HeaderValue = cookie::clear(cleared, state.http.secure_cookies);
    ([(header::SET_COOKIE, cookie)], Redirect::to(&format!("/login?error={error}"))).into_response()
}

/// Where to go after Google.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct NextQuery {
    #[serde(default)]
    next: String,
}

/// Begins a way to Google.
pub(crate) async fn google(
    State(state): State<AppState>,
    visit: Visit,
    Query(query): Query<NextQuery>,
) -> Result<Response, ApiError> {
    let next = safe_redirect(&query.next);
    if visit.signed_in {
        return Ok(Redirect::to(next).into_response());
    }
    let Some(google) = &state.google else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    let way = service::google::begin(&state.service, next).await?;
    match google.authorize_url(&way).await {
        Ok(url) => {
            let cookie = cookie::set(Kind::Google, &way.browser, state.http.secure_cookies);
            Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&url)).into_response())
        }
        Err(failure) => {
            tracing::warn!(cause = failure.words(), "Google could not be asked");
            Ok(failed(&state, failure.code(), Kind::Google))
        }
    }
}

/// What Google sends a browser back with.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct CallbackQuery {
    #[serde(default)]
    code: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    error: String,
}

/// Comes back from Google.
pub(crate) async fn google_callback(
    State(state): State<AppState>,
    visit: Visit,
    Query(query): Query<CallbackQuery>,
) -> Result<Response, ApiError> {
    let Some(google) = &state.google else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    let refuse = |error: &str| Ok(failed(&state, error, Kind::Google));
    match query.error.as_str() {
        "" => {}
        "access_denied" => return refuse("access_denied"),
        _ => return refuse("auth_callback_error"),
    }
    if query.code.is_empty() {
        return refuse("no_code");
    }
    let browser = visit.google.clone().unwrap_or_default();
    let Some(way) = service::google::take(&state.service, query.state, browser).await? else {
        return refuse("auth_callback_error");
    };
    let email = match google.verified_email(&query.code, &way).await {
        Ok(email) => email,
        Err(failure) => {
            tracing::warn!(cause = failure.words(), "a sign-in with Google did not work");
            return refuse(failure.code());
        }
    };
    match service::google::sign_in(&state.service, &email, &visit.visitor).await {
        Ok(entry) => Ok(go_on(&state, entry, safe_redirect(&way.redirect), Some(Kind::Google))),
        Err(service::Error::UnknownAddress) => refuse("unknown_address"),
        Err(error) => Err(error.into()),
    }
}
