//! `/api/v1/auth/two-factor`: a code of an app beside the password.

use axum::{Json, extract::State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use service::{Service, two_factor};
use utoipa::ToSchema;

use super::{
    error::{ApiError, ErrorBody},
    input::Body,
};
use crate::cookie::ThisSession;

/// How two-factor sign-in stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct TwoFactorBody {
    /// Whether a code is asked for at sign-in.
    on: bool,
    /// How many recovery codes were not used yet.
    recovery_codes: i64,
}

/// How two-factor sign-in stands for oneself. Needs a session: a token cannot change how its member signs in.
#[utoipa::path(get, path = "/api/v1/auth/two-factor", tag = "accounts", security(("session" = [])), responses((status = 200, body = TwoFactorBody)))]
pub(super) async fn get(
    ThisSession(live): ThisSession,
    State(service): State<Service>,
) -> Result<Json<TwoFactorBody>, ApiError> {
    let state = two_factor::get(&service, &live.actor).await?;
    Ok(Json(TwoFactorBody { on: state.on, recovery_codes: state.recovery_codes }))
}

/// Who wants to set up an app.
#[derive(Debug, Deserialize, ToSchema)]
pub struct EnrolBody {
    /// The present password; empty for those who have none.
    password: String,
}

/// What an app needs.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnrolmentBody {
    /// Base32 in groups of four, for typing.
    secret: String,
    /// The same as an `otpauth://` address.
    url: String,
    /// The address as a QR code, in SVG.
    qr_svg: String,
}

/// Begins to set up an app; nothing is asked for at sign-in until it is confirmed.
#[utoipa::path(post, path = "/api/v1/auth/two-factor/enrol", tag = "accounts", security(("session" = [])), request_body = EnrolBody,
    responses((status = 201, body = EnrolmentBody), (status = 409, body = ErrorBody)))]
pub(super) async fn enrol(
    ThisSession(live): ThisSession,
    State(service): State<Service>,
    Body(body): Body<EnrolBody>,
) -> Result<(StatusCode, Json<EnrolmentBody>), ApiError> {
    let made = two_factor::enrol(&service, &live.actor, &body.password).await?;
    let body = EnrolmentBody { secret: made.secret, url: made.url, qr_svg: made.qr_svg };
    Ok((StatusCode::CREATED, Json(body)))
}

/// The app's first code.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ConfirmBody {
    /// The code that the app shows.
    code: String,
}

/// Recovery codes, each for one sign-in without the app.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecoveryCodesBody {
    /// Shown in this answer and never again.
    recovery_codes: Vec<String>,
}

/// Turns two-factor sign-in on by the app's first code.
#[utoipa::path(post, path = "/api/v1/auth/two-factor/confirm", tag = "accounts", security(("session" = [])), request_body = ConfirmBody,
    responses((status = 200, body = RecoveryCodesBody), (status = 409, body = ErrorBody)))]
pub(super) async fn confirm(
    ThisSession(live): ThisSession,
    State(service): State<Service>,
    Body(body): Body<ConfirmBody>,
) -> Result<Json<RecoveryCodesBody>, ApiError> {
    let recovery_codes = two_factor::confirm(&service, &live.actor, &body.code).await?;
    Ok(Json(RecoveryCodesBody { recovery_codes }))
}

/// Who shows both factors.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ProofBody {
    /// The present password; empty for those who have none.
    password: String,
    /// The code that the app shows, or a recovery code.
    code: String,
}

/// Makes new recovery codes; those before end.
#[utoipa::path(post, path = "/api/v1/auth/two-factor/recovery-codes", tag = "accounts", security(("session" = [])), request_body = ProofBody,
    responses((status = 200, body = RecoveryCodesBody), (status = 409, body = ErrorBody)))]
pub(super) async fn renew_recovery_codes(
    ThisSession(live): ThisSession,
    State(service): State<Service>,
    Body(body): Body<ProofBody>,
) -> Result<Json<RecoveryCodesBody>, ApiError> {
    let recovery_codes = two_factor::renew_recovery_codes(&service, &live.actor, &body.password, &body.code).await?;
    Ok(Json(RecoveryCodesBody { recovery_codes }))
}

/// Turns two-factor sign-in off.
#[utoipa::path(post, path = "/api/v1/auth/two-factor/disable", tag = "accounts", security(("session" = [])), request_body = ProofBody,
    responses((status = 204), (status = 409, body = ErrorBody)))]
pub(super) async fn disable(
    ThisSession(live): ThisSession,
    State(service): State<Service>,
    Body(body): Body<ProofBody>,
) -> Result<StatusCode, ApiError> {
    two_factor::disable(&service, &live.actor, &body.password, &body.code).await?;
    Ok(StatusCode::NO_CONTENT)
}
