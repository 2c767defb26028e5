//! `/api/v1/auth`: signing up, in and out.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    response::{AppendHeaders, IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use model::{actor::Origin, id::SessionId};
use serde::{Deserialize, Serialize};
use service::{
    account::{self, SignUpForm},
    attempt, password_reset,
    session::{self, Entry},
    two_factor,
};
use utoipa::ToSchema;

use super::{
    error::{ApiError, ErrorBody},
    input::{Body, Id},
    rfc3339,
};
use crate::{
    cookie::{self, Kind, SignedIn, ThisSession},
    limit,
    state::AppState,
    visit::Visit,
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
#[utoipa::path(post, path = "/api/v1/auth/signup", tag = "accounts", security(()), request_body = SignUpBody,
    responses((status = 201, body = SignedUpBody)))]
pub(super) async fn sign_up(
    State(state): State<AppState>,
    visit: Visit,
    Body(body): Body<SignUpBody>,
) -> Result<(StatusCode, Json<SignedUpBody>), ApiError> {
    limit::attempt(&state, attempt::Kind::SignUp, &body.email, &visit).await?;
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

/// The password was right; a code is needed too.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeNeededBody {
    /// Always true: send the code to `/api/v1/auth/login/code` within ten minutes, with the cookie of this answer.
    code_needed: bool,
}

/// Begins a session and sets its cookie; for members with two-factor sign-in it answers 202 and the code comes next.
/// Needs no session.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "accounts", security(()), request_body = LoginBody,
    responses((status = 200, body = SessionBody), (status = 202, body = CodeNeededBody),
        (status = 401, body = ErrorBody)))]
pub(super) async fn login(
    State(state): State<AppState>,
    visit: Visit,
    Body(body): Body<LoginBody>,
) -> Result<Response, ApiError> {
    limit::attempt(&state, attempt::Kind::Login, &body.email, &visit).await?;
    match account::login(&state.service, &body.email, &body.password, &visit.visitor).await? {
        Entry::Session(begun) => {
            let (headers, session) = signed_in(&state, &begun.token).await?;
            Ok((headers, session).into_response())
        }
        Entry::Code(token) => {
            let cookie = cookie::set(Kind::Step, &token, state.http.secure_cookies);
            let body = CodeNeededBody { code_needed: true };
            Ok((StatusCode::ACCEPTED, [(header::SET_COOKIE, cookie)], Json(body)).into_response())
        }
    }
}

/// The second step of signing in.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CodeBody {
    /// The code that the app shows, or a recovery code.
    code: String,
}

/// The second step of signing in: begins a session with a code. Needs the cookie of the first step, and no session.
#[utoipa::path(post, path = "/api/v1/auth/login/code", tag = "accounts", security(()), request_body = CodeBody,
    responses((status = 200, body = SessionBody), (status = 401, body = ErrorBody), (status = 410, body = ErrorBody)))]
pub(super) async fn login_code(
    State(state): State<AppState>,
    visit: Visit,
    Body(body): Body<CodeBody>,
) -> Result<Response, ApiError> {
    let token = visit.step.as_deref().unwrap_or_default();
    let begun = two_factor::second_step(&state.service, token, &body.code, &visit.visitor).await?;
    let (headers, session) = signed_in(&state, &begun.token).await?;
    let cleared = cookie::clear(Kind::Step, state.http.secure_cookies);
    Ok((headers, AppendHeaders([(header::SET_COOKIE, cleared)]), session).into_response())
}

async fn signed_in(state: &AppState, token: &str) -> Result<(HeaderMap, Json<SessionBody>), ApiError> {
    let live = session::find(&state.service, token, Origin::default()).await?;
    let body = session_body(state, live.ok_or(service::Error::WrongCredentials)?.actor).await?;
    let cookie = cookie::set(Kind::Session, token, state.http.secure_cookies);
    Ok((HeaderMap::from_iter([(header::SET_COOKIE, cookie)]), Json(body)))
}

/// Ends the session and takes its cookie.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "accounts", responses((status = 204)))]
pub(super) async fn logout(
    SignedIn(_): SignedIn,
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<(StatusCode, HeaderMap), ApiError> {
    let secure = state.http.secure_cookies;
    let mut cleared = HeaderMap::new();
    for kind in [Kind::Session, Kind::Home] {
        if let Some(token) = cookie::read(&headers, kind, secure) {
            service::session::end(&state.service, &token).await?;
            cleared.append(header::SET_COOKIE, cookie::clear(kind, secure));
        }
    }
    Ok((StatusCode::NO_CONTENT, cleared))
}

/// Whom the session acts for.
#[utoipa::path(get, path = "/api/v1/auth/session", tag = "accounts", responses((status = 200, body = SessionBody)))]
pub(super) async fn get_session(
    SignedIn(actor): SignedIn,
    State(state): State<AppState>,
) -> Result<Json<SessionBody>, ApiError> {
    session_body(&state, actor).await.map(Json)
}

/// An address.
#[derive(Debug, Deserialize, ToSchema)]
pub struct EmailBody {
    email: String,
}

/// Mails a new verification link to an address that waits for one; the link before ends. The answer is the same for
/// every address. Needs no session.
#[utoipa::path(post, path = "/api/v1/auth/resend-verification", tag = "accounts", security(()), request_body = EmailBody,
    responses((status = 202)))]
pub(super) async fn resend_verification(
    State(state): State<AppState>,
    visit: Visit,
    Body(body): Body<EmailBody>,
) -> Result<StatusCode, ApiError> {
    limit::attempt(&state, attempt::Kind::Verify, &body.email, &visit).await?;
    account::resend_verification(&state.service, &body.email).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Mails a link to choose a new password, if the address signs in. The answer is the same for every address. Needs no
/// session.
#[utoipa::path(post, path = "/api/v1/auth/forgot", tag = "accounts", security(()), request_body = EmailBody,
    responses((status = 202)))]
pub(super) async fn forgot(
    State(state): State<AppState>,
    visit: Visit,
    Body(body): Body<EmailBody>,
) -> Result<StatusCode, ApiError> {
    limit::attempt(&state, attempt::Kind::Reset, &body.email, &visit).await?;
    password_reset::request(&state.service, &body.email).await?;
    Ok(StatusCode::ACCEPTED)
}

/// A new password by a mailed link.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ResetBody {
    /// From the link.
    token: String,
    /// 8–128 characters, not easily guessed.
    password: String,
}

/// Sets a new password by the token in a mailed link, once; every session and access token of the member ends. Needs
/// no session.
#[utoipa::path(post, path = "/api/v1/auth/reset", tag = "accounts", security(()), request_body = ResetBody,
    responses((status = 204), (status = 404, body = ErrorBody), (status = 410, body = ErrorBody)))]
pub(super) async fn reset(
    State(state): State<AppState>,
    visit: Visit,
    Body(body): Body<ResetBody>,
) -> Result<StatusCode, ApiError> {
    password_reset::complete(&state.service, &body.token, &body.password, &visit.visitor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A new password while signed in.
#[derive(Debug, Deserialize, ToSchema)]
pub struct PasswordBody {
    /// The present password.
    present: String,
    /// 8–128 characters, not easily guessed.
    password: String,
}

/// Changes one's own password; every other session ends.
#[utoipa::path(post, path = "/api/v1/auth/password", tag = "accounts", security(("session" = [])), request_body = PasswordBody,
    responses((status = 204)))]
pub(super) async fn change_password(
    ThisSession(live): ThisSession,
    State(state): State<AppState>,
    Body(body): Body<PasswordBody>,
) -> Result<StatusCode, ApiError> {
    password_reset::change(&state.service, &live.actor, &body.present, &body.password, Some(live.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A signed-in browser.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedSessionBody {
    id: uuid::Uuid,
    /// What the browser calls itself.
    user_agent: String,
    created_at: String,
    /// To five minutes or so.
    seen_at: String,
    /// Whether it is the one that asks.
    current: bool,
}

/// One's own sessions.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionPage {
    /// The last used first.
    items: Vec<ListedSessionBody>,
    /// Always null: the list is whole.
    next_cursor: Option<String>,
}

/// One's own live sessions.
#[utoipa::path(get, path = "/api/v1/auth/sessions", tag = "accounts", security(("session" = [])), responses((status = 200, body = SessionPage)))]
pub(super) async fn sessions(
    ThisSession(live): ThisSession,
    State(state): State<AppState>,
) -> Result<Json<SessionPage>, ApiError> {
    let body = |listed: session::Listed| ListedSessionBody {
        id: listed.id.0,
        user_agent: listed.user_agent,
        created_at: rfc3339(listed.created_at),
        seen_at: rfc3339(listed.seen_at),
        current: listed.id == live.id,
    };
    let items = session::list(&state.service, &live.actor).await?.into_iter().map(body).collect();
    Ok(Json(SessionPage { items, next_cursor: None }))
}

/// Ends one of one's own sessions.
#[utoipa::path(delete, path = "/api/v1/auth/sessions/{id}", tag = "accounts", params(("id" = uuid::Uuid, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(super) async fn revoke_session(
    SignedIn(actor): SignedIn,
    State(state): State<AppState>,
    Id(id): Id<SessionId>,
) -> Result<StatusCode, ApiError> {
    session::revoke(&state.service, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
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
