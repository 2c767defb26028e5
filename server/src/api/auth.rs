//! `/api/v1/auth`: signing up, in and out.

use std::time::Duration;

use axum::{Json, extract::State};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use service::account::{self, SignUpForm};
use utoipa::ToSchema;

use super::{
    error::{ApiError, ErrorBody},
    input::Body,
};
use crate::{
    cookie::{self, SignedIn},
    state::AppState,
};

/// How long an answer waits for the first attempt to send a mail.
pub(crate) const MAIL_PATIENCE: Duration = Duration::from_secs(5);

/// Who wants to sign up.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SignUpBody {
    /// The address, to be verified.
    email: String,
    /// 8–128 characters, not easily guessed.
    password: String,
    /// The person's name.
    name: String,
    /// The agency's name.
    organization: String,
}

/// A stored sign-up.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignedUpBody {
    /// The Owner to be.
    user_id: uuid::Uuid,
    /// The agency to be.
    organization_id: uuid::Uuid,
    /// Whether the mail with the link has gone out.
    verification_email_sent: bool,
}

/// Stores a sign-up and mails a link to verify the address. A known address gets the same answer, and a mail that says
/// so. Needs no session.
#[utoipa::path(post, path = "/api/v1/auth/signup", tag = "accounts", request_body = SignUpBody, responses(
    (status = 201, body = SignedUpBody), (status = 400, body = ErrorBody), (status = 413, body = ErrorBody),
    (status = 415, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(super) async fn sign_up(
    State(state): State<AppState>,
    Body(body): Body<SignUpBody>,
) -> Result<(StatusCode, Json<SignedUpBody>), ApiError> {
    let form =
        SignUpForm { email: body.email, password: body.password, name: body.name, organization: body.organization };
    let signed_up = account::sign_up(&state.service, &form).await?;
    let verification_email_sent = account::mail_sent(&state.service, signed_up.id, MAIL_PATIENCE).await?;
    let body = SignedUpBody {
        user_id: signed_up.member_id.0,
        organization_id: signed_up.organization_id.0,
        verification_email_sent,
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Who wants to sign in.
#[derive(Debug, Deserialize, ToSchema)]
pub struct LoginBody {
    /// The address.
    email: String,
    /// The password.
    password: String,
}

/// Whom the session acts for.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionBody {
    /// The member.
    user_id: uuid::Uuid,
    /// The agency.
    organization_id: uuid::Uuid,
    /// Its name.
    organization: String,
    /// The member's name.
    name: String,
    /// The member's address.
    email: String,
    /// owner, admin, manager or member.
    role: &'static str,
}

/// Begins a session and sets its cookie. Needs no session.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "accounts", request_body = LoginBody, responses(
    (status = 200, body = SessionBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
    (status = 403, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody),
    (status = 422, body = ErrorBody)))]
pub(super) async fn login(
    State(state): State<AppState>,
    headers: HeaderMap,
    Body(body): Body<LoginBody>,
) -> Result<(HeaderMap, Json<SessionBody>), ApiError> {
    let begun = account::login(&state.service, &body.email, &body.password, &user_agent(&headers)).await?;
    let actor = service::session::find(&state.service, &begun.token).await?.ok_or(service::Error::WrongCredentials)?;
    let session = session_body(&state, actor).await?;
    let cookie = cookie::set(&begun.token, state.http.secure_cookies);
    Ok((HeaderMap::from_iter([(header::SET_COOKIE, cookie)]), Json(session)))
}

/// Ends the session and takes its cookie.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "accounts", responses((status = 204), (status = 401, body = ErrorBody)))]
pub(super) async fn logout(
    SignedIn(_): SignedIn,
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<(StatusCode, HeaderMap), ApiError> {
    if let Some(token) = cookie::token(&headers, state.http.secure_cookies) {
        service::session::end(&state.service, &token).await?;
    }
    let cookie = cookie::clear(state.http.secure_cookies);
    Ok((StatusCode::NO_CONTENT, HeaderMap::from_iter([(header::SET_COOKIE, cookie)])))
}

/// Whom the session acts for.
#[utoipa::path(get, path = "/api/v1/auth/session", tag = "accounts", responses(
    (status = 200, body = SessionBody), (status = 401, body = ErrorBody)))]
pub(super) async fn get_session(
    SignedIn(actor): SignedIn,
    State(state): State<AppState>,
) -> Result<Json<SessionBody>, ApiError> {
    session_body(&state, actor).await.map(Json)
}

async fn session_body(state: &AppState, actor: model::actor::Actor) -> Result<SessionBody, ApiError> {
    let (organization, member) = service::organization::get(&state.service, &actor).await?;
    Ok(SessionBody {
        user_id: member.id.0,
        organization_id: organization.id.0,
        organization: organization.name,
        name: member.name,
        email: member.email.into(),
        role: member.role.key(),
    })
}

/// What the browser calls itself.
pub(crate) fn user_agent(headers: &HeaderMap) -> String {
    headers
        .get(header::USER_AGENT)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .unwrap_or_default()
}
