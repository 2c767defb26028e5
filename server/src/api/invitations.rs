//! `/api/v1/invitations`, and `/api/v1/invite/{token}` for those who are invited.

use std::time::Duration;

use axum::{Json, extract::State};
use http::{HeaderMap, StatusCode, header};
use model::{
    id::InvitationId,
    invitation::{EmailStatus, Invitation},
};
use serde::{Deserialize, Serialize};
use service::{Service, invitation};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    error::{ApiError, ErrorBody},
    input::{Body, Id, Part},
    list::{ListQuery, Slice},
    members::parse_role,
    rfc3339,
};
use crate::{
    cookie::{self, Kind, SignedIn},
    state::AppState,
    visit::Visit,
};

/// A person asked to join.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationBody {
    id: Uuid,
    email: String,
    /// owner, admin, manager or member.
    role: &'static str,
    /// pending, accepted, expired or cancelled.
    state: &'static str,
    /// queued, sent or failed.
    email_status: &'static str,
    created_at: String,
    expires_at: String,
}

impl From<Invitation> for InvitationBody {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id.0,
            email: invitation.email.into(),
            role: invitation.role.key(),
            state: invitation.state.key(),
            email_status: invitation.email_status.key(),
            created_at: rfc3339(invitation.created_at),
            expires_at: rfc3339(invitation.expires_at),
        }
    }
}

/// One page of invitations.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationPage {
    /// Newest first.
    items: Vec<InvitationBody>,
    next_cursor: Option<String>,
    /// How many wait for an answer, on all pages.
    pending: i64,
}

/// The agency's invitations, newest first.
#[utoipa::path(get, path = "/api/v1/invitations", tag = "members", params(ListQuery),
    responses((status = 200, body = InvitationPage), (status = 422, body = ErrorBody)))]
pub(super) async fn list(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    slice: Slice,
) -> Result<Json<InvitationPage>, ApiError> {
    let page = invitation::list(&service, &actor, slice.limit, slice.cursor.as_deref()).await?;
    let items = page.items.into_iter().map(Into::into).collect();
    let pending = invitation::count_pending(&service, &actor).await?;
    Ok(Json(InvitationPage { items, next_cursor: page.next_cursor, pending }))
}

/// Who is asked to join, as what.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewInvitationBody {
    email: String,
    /// owner (only by an Owner), admin, manager or member.
    role: String,
}

/// Asks somebody to join. The answer says whether the mail has gone out; a failed one is tried again.
#[utoipa::path(post, path = "/api/v1/invitations", tag = "members", request_body = NewInvitationBody,
    responses((status = 201, body = InvitationBody), (status = 409, body = ErrorBody)))]
pub(super) async fn create(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Body(body): Body<NewInvitationBody>,
) -> Result<(StatusCode, Json<InvitationBody>), ApiError> {
    let role = parse_role("role", &body.role)?;
    let mut created = invitation::create(&service, &actor, &body.email, role).await?;
    // The first attempt is usually over at once; its stored result is worth a moment's wait.
    for _ in 0..50 {
        if created.email_status != EmailStatus::Queued {
            break;
        }
        tokio::time::sleep(Duration::from_millis(40)).await;
        created = invitation::get(&service, &actor, created.id).await?;
    }
    Ok((StatusCode::CREATED, Json(created.into())))
}

/// Takes an invitation back; its link ends at once.
#[utoipa::path(delete, path = "/api/v1/invitations/{id}", tag = "members", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn cancel(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<InvitationId>,
) -> Result<StatusCode, ApiError> {
    invitation::cancel(&service, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends the mail again; the link works for another seven days.
#[utoipa::path(post, path = "/api/v1/invitations/{id}/resend", tag = "members", params(("id" = Uuid, Path)),
    responses((status = 200, body = InvitationBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn resend(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<InvitationId>,
) -> Result<Json<InvitationBody>, ApiError> {
    Ok(Json(invitation::resend(&service, &actor, id).await?.into()))
}

/// What an invited person is shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitedBody {
    email: String,
    /// owner, admin, manager or member.
    role: &'static str,
    /// The agency's name.
    organization: String,
}

/// What a link stands for. Needs no session.
#[utoipa::path(get, path = "/api/v1/invite/{token}", tag = "members", security(()), params(("token" = String, Path)),
    responses((status = 200, body = InvitedBody), (status = 404, body = ErrorBody), (status = 410, body = ErrorBody)))]
pub(super) async fn show(State(service): State<Service>, Part(token): Part) -> Result<Json<InvitedBody>, ApiError> {
    let invited = invitation::find(&service, &token).await?;
    Ok(Json(InvitedBody {
        email: invited.invitation.email.into(),
        role: invited.invitation.role.key(),
        organization: invited.organization,
    }))
}

/// Who joins.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AcceptBody {
    /// The person's name.
    name: String,
    /// 8–128 characters, not easily guessed.
    password: String,
}

/// Joins the agency and signs in. Needs no session.
#[utoipa::path(post, path = "/api/v1/invite/{token}", tag = "members", security(()), params(("token" = String, Path)),
    request_body = AcceptBody, responses((status = 201, body = InvitedBody), (status = 404, body = ErrorBody),
    (status = 409, body = ErrorBody), (status = 410, body = ErrorBody)))]
pub(super) async fn accept(
    State(state): State<AppState>,
    Part(token): Part,
    visit: Visit,
    Body(body): Body<AcceptBody>,
) -> Result<(StatusCode, HeaderMap, Json<InvitedBody>), ApiError> {
    let invited = invitation::find(&state.service, &token).await?;
    let begun = invitation::accept(&state.service, &token, &body.name, &body.password, &visit.visitor).await?;
    let cookie = cookie::set(Kind::Session, &begun.token, state.http.secure_cookies);
    let body = InvitedBody {
        email: invited.invitation.email.into(),
        role: invited.invitation.role.key(),
        organization: invited.organization,
    };
    Ok((StatusCode::CREATED, HeaderMap::from_iter([(header::SET_COOKIE, cookie)]), Json(body)))
}
