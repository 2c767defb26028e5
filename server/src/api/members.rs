//! `/api/v1/members` and `/api/v1/assignments`.

use axum::{Json, extract::State};
use http::StatusCode;
use model::{
    assignment::Sight,
    id::{AssignmentId, MemberId},
    input::Invalid,
    member::{Change, Member},
    role::Role,
};
use serde::{Deserialize, Serialize};
use service::{Service, member};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    error::{ApiError, ErrorBody},
    input::{Body, Id, Params},
    list::{self, ListQuery, Slice},
    rfc3339,
};
use crate::cookie::SignedIn;

/// A member of the agency.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberBody {
    id: Uuid,
    name: String,
    nickname: String,
    email: String,
    /// owner, admin, manager or member.
    role: &'static str,
    /// Whether it can sign in.
    is_active: bool,
    created_at: String,
}

impl From<Member> for MemberBody {
    fn from(member: Member) -> Self {
        Self {
            id: member.id.0,
            name: member.name,
            nickname: member.nickname,
            email: member.email.into(),
            role: member.role.key(),
            is_active: member.active,
            created_at: rfc3339(member.created_at),
        }
    }
}

/// One page of members.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberPage {
    /// Newest first.
    items: Vec<MemberBody>,
    next_cursor: Option<String>,
}

/// What narrows the list.
#[derive(Debug, Deserialize, IntoParams)]
pub struct MemberQuery {
    /// Part of the name, nickname or address.
    search: Option<String>,
    /// `true` or `false`.
    is_active: Option<String>,
}

/// The members of the agency, newest first.
#[utoipa::path(get, path = "/api/v1/members", tag = "members", params(ListQuery, MemberQuery),
    responses((status = 200, body = MemberPage), (status = 422, body = ErrorBody)))]
pub(super) async fn list(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    slice: Slice,
    Params(query): Params<MemberQuery>,
) -> Result<Json<MemberPage>, ApiError> {
    let filter = member::Filter {
        search: list::search(query.search),
        active: list::yes_or_no("is_active", query.is_active.as_deref())?,
    };
    let page = member::list(&service, &actor, &filter, slice.limit, slice.cursor.as_deref()).await?;
    Ok(Json(MemberPage { items: page.items.into_iter().map(Into::into).collect(), next_cursor: page.next_cursor }))
}

/// One member.
#[utoipa::path(get, path = "/api/v1/members/{id}", tag = "members", params(("id" = Uuid, Path)),
    responses((status = 200, body = MemberBody), (status = 404, body = ErrorBody)))]
pub(super) async fn get(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<MemberId>,
) -> Result<Json<MemberBody>, ApiError> {
    Ok(Json(member::get(&service, &actor, id).await?.0.into()))
}

/// A change of a member; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
pub struct MemberChangeBody {
    /// 1–100 characters.
    name: Option<String>,
    /// At most 50 characters.
    nickname: Option<String>,
    /// owner, admin, manager or member; nobody grants above their own.
    role: Option<String>,
    /// false ends the member's sessions at once.
    is_active: Option<bool>,
}

/// Changes a member.
#[utoipa::path(patch, path = "/api/v1/members/{id}", tag = "members", params(("id" = Uuid, Path)),
    request_body = MemberChangeBody,
    responses((status = 200, body = MemberBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn update(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<MemberId>,
    Body(body): Body<MemberChangeBody>,
) -> Result<Json<MemberBody>, ApiError> {
    let role = body.role.as_deref().map(|text| parse_role("role", text)).transpose()?;
    let change = Change { name: body.name, nickname: body.nickname, role, active: body.is_active };
    Ok(Json(member::update(&service, &actor, id, change).await?.into()))
}

/// Who takes over.
#[derive(Debug, Deserialize, IntoParams)]
pub struct RemoveQuery {
    /// The member who will answer for the removed member's clients.
    reassign_to: Option<String>,
}

/// Removes a member. Clients it answers for need somebody to take over, who sees them from then on; without, the answer
/// is 409 `reassignment_required` with the list of them.
#[utoipa::path(delete, path = "/api/v1/members/{id}", tag = "members", params(("id" = Uuid, Path), RemoveQuery),
    responses((status = 204), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn remove(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<MemberId>,
    Params(query): Params<RemoveQuery>,
) -> Result<StatusCode, ApiError> {
    let to = list::id("reassign_to", query.reassign_to.as_deref())?;
    member::remove(&service, &actor, id, to).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes oneself.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SelfChangeBody {
    /// 1–100 characters.
    name: Option<String>,
    /// At most 50 characters.
    nickname: Option<String>,
}

/// Changes one's own name and nickname.
#[utoipa::path(patch, path = "/api/v1/profile", tag = "accounts", request_body = SelfChangeBody,
    responses((status = 200, body = MemberBody)))]
pub(super) async fn update_self(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Body(body): Body<SelfChangeBody>,
) -> Result<Json<MemberBody>, ApiError> {
    let change = Change { name: body.name, nickname: body.nickname, ..Change::default() };
    Ok(Json(member::update_self(&service, &actor, change).await?.into()))
}

/// A member's sight of a client.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssignmentBody {
    id: Uuid,
    member_id: Uuid,
    client_id: Uuid,
}

/// Who shall see what.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewAssignmentBody {
    member_id: Uuid,
    client_id: Uuid,
}

/// Gives a Manager or Member sight of a client.
#[utoipa::path(post, path = "/api/v1/assignments", tag = "members", request_body = NewAssignmentBody,
    responses((status = 201, body = AssignmentBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn assign(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Body(body): Body<NewAssignmentBody>,
) -> Result<(StatusCode, Json<AssignmentBody>), ApiError> {
    let made = member::assign(&service, &actor, body.member_id.into(), body.client_id.into()).await?;
    let body = AssignmentBody { id: made.id.0, member_id: made.member_id.0, client_id: made.client_id.0 };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Takes a member's sight of a client, from its next request on.
#[utoipa::path(delete, path = "/api/v1/assignments/{id}", tag = "members", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(super) async fn unassign(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<AssignmentId>,
) -> Result<StatusCode, ApiError> {
    member::unassign(&service, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The assignments of a member.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssignmentPage {
    items: Vec<AssignmentBody>,
    /// Always null: the list is whole.
    next_cursor: Option<String>,
}

/// The clients assigned to a member.
#[utoipa::path(get, path = "/api/v1/members/{id}/assignments", tag = "members", params(("id" = Uuid, Path)),
    responses((status = 200, body = AssignmentPage), (status = 404, body = ErrorBody)))]
pub(super) async fn assignments(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<MemberId>,
) -> Result<Json<AssignmentPage>, ApiError> {
    let (_, assignments) = member::get(&service, &actor, id).await?;
    let body = |made: Sight| AssignmentBody { id: made.id.0, member_id: id.0, client_id: made.client_id.0 };
    Ok(Json(AssignmentPage { items: assignments.into_iter().map(body).collect(), next_cursor: None }))
}

/// Parses a role that somebody is to have.
pub(super) fn parse_role(field: &str, text: &str) -> Result<Role, Invalid> {
    text.parse().map_err(|error: model::role::UnknownRole| Invalid::new(field, error.to_string()))
}
