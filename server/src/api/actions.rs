//! `/api/v1/brain/actions`: what the brain proposes, what people decided about it, and what came of it.

pub(super) mod body;

use axum::{Json, extract::State};
use body::{ActionDetail, ActionPage, ActionQuery, Approval, Deed, Dismissal, HitRateBody, HitRates, Undoing};
use model::{
    action::{ActionKind, ActionState, HitRate},
    id::ActionId,
    input::Invalid,
};
use service::{Service, action};

use super::{
    error::{ApiError, ErrorBody},
    input::{Body, Id, Params},
    list::{self, ListQuery, Slice},
};
use crate::{cookie::SignedIn, state::AppState};

fn state(text: &str) -> Result<ActionState, Invalid> {
    ActionState::parse(text).ok_or_else(|| Invalid::new("state", "there is no such state"))
}

/// Actions of the clients in sight, by their rank.
#[utoipa::path(get, path = "/api/v1/brain/actions", tag = "brain", params(ListQuery, ActionQuery),
    responses((status = 200, body = ActionPage), (status = 422, body = ErrorBody)))]
pub(super) async fn list(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Slice { limit, cursor }: Slice,
    Params(query): Params<ActionQuery>,
) -> Result<Json<ActionPage>, ApiError> {
    let kind = |text: &str| ActionKind::parse(text).ok_or_else(|| Invalid::new("kind", "there is no such kind"));
    let filter = action::Filter {
        states: query.state.as_deref().map(state).transpose()?.into_iter().collect(),
        client_id: list::id("client_id", query.client_id.as_deref())?,
        kind: query.kind.as_deref().map(kind).transpose()?,
    };
    let page = action::list(&service, &actor, &filter, limit, cursor.as_deref()).await?;
    Ok(Json(ActionPage { items: page.items.into_iter().map(Into::into).collect(), next_cursor: page.next_cursor }))
}

/// How often actions of each kind did what they were done for, of the clients in sight.
#[utoipa::path(get, path = "/api/v1/brain/actions/hit-rates", tag = "brain", responses((status = 200, body = HitRates)))]
pub(super) async fn hit_rates(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
) -> Result<Json<HitRates>, ApiError> {
    let rates = action::hit_rates(&service, &actor).await?.into_iter();
    let items =
        rates.map(|HitRate { kind, won, lost, cannot_tell }| HitRateBody { kind: kind.key(), won, lost, cannot_tell });
    Ok(Json(HitRates { items: items.collect(), next_cursor: None }))
}

/// One action and what happened to it.
#[utoipa::path(get, path = "/api/v1/brain/actions/{id}", tag = "brain", params(("id" = Uuid, Path)),
    responses((status = 200, body = ActionDetail), (status = 404, body = ErrorBody)))]
pub(super) async fn get(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ActionId>,
) -> Result<Json<ActionDetail>, ApiError> {
    Ok(Json(action::get(&service, &actor, id).await?.into()))
}

/// Wants a proposed action done, as it was read: from now on its prediction is registered and does not change. Where it was
/// decided meanwhile, the answer is 409 `decided`; where the brain has newer figures, 409 `renewed`, and `error.details.action`
/// is the action with them.
#[utoipa::path(post, path = "/api/v1/brain/actions/{id}/approve", tag = "brain", params(("id" = Uuid, Path)),
    request_body = Approval,
    responses((status = 200, body = ActionDetail), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub(super) async fn approve(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ActionId>,
    Body(body): Body<Approval>,
) -> Result<Json<ActionDetail>, ApiError> {
    Ok(Json(action::approve(&service, &actor, id, &body.version).await?.into()))
}

/// Does not want a proposed or approved action done. It is not proposed again for four weeks. What was decided since it was read
/// answers 409 `decided`, and other figures 409 `renewed` with the action in `error.details.action`.
#[utoipa::path(post, path = "/api/v1/brain/actions/{id}/dismiss", tag = "brain", params(("id" = Uuid, Path)),
    request_body = Dismissal,
    responses((status = 200, body = ActionDetail), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub(super) async fn dismiss(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ActionId>,
    Body(body): Body<Dismissal>,
) -> Result<Json<ActionDetail>, ApiError> {
    let seen = action::Seen { state: body.state.as_deref().map(state).transpose()?, version: body.version };
    Ok(Json(action::dismiss(&service, &actor, id, &body.reason, seen).await?.into()))
}

/// Says that an approved action was done. What comes of it is measured after its horizon.
#[utoipa::path(post, path = "/api/v1/brain/actions/{id}/done", tag = "brain", params(("id" = Uuid, Path)),
    request_body = Deed,
    responses((status = 200, body = ActionDetail), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub(super) async fn done(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ActionId>,
    Body(body): Body<Deed>,
) -> Result<Json<ActionDetail>, ApiError> {
    let on = list::day("on", body.on.as_deref())?;
    Ok(Json(action::done(&service, &actor, id, on).await?.into()))
}

/// Says that what was done was taken back before it was measured. What was measured stays as it is. What was done from here in
/// simulated accounts is set back there.
#[utoipa::path(post, path = "/api/v1/brain/actions/{id}/undo", tag = "brain", params(("id" = Uuid, Path)),
    request_body = Undoing,
    responses((status = 200, body = ActionDetail), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub(super) async fn undo(
    SignedIn(actor): SignedIn,
    State(state): State<AppState>,
    Id(id): Id<ActionId>,
    Body(body): Body<Undoing>,
) -> Result<Json<ActionDetail>, ApiError> {
    let reason = body.reason.as_deref().unwrap_or_default();
    let undone = match state.worlds {
        Some(worlds) => worlds.takes_back(&actor, id, reason).await?,
        None => action::undo(&state.service, &actor, id, reason).await?,
    };
    Ok(Json(undone.into()))
}
