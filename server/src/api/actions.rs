//! `/api/v1/brain/actions`: what the brain proposes, what people decided about it, and what came of it.

use axum::{Json, extract::State};
use model::{
    action::{Action, ActionEvent, ActionKind, ActionState, Change, HitRate, Measured},
    brain::Basis,
    id::ActionId,
    input::Invalid,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::{Service, action};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    error::{ApiError, ErrorBody},
    input::{Body, Id, Params},
    list::{self, ListQuery, Slice},
    rfc3339,
};
use crate::cookie::SignedIn;

/// A daily budget before and after.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeBody {
    channel_id: Uuid,
    /// Null where the channel is not in sight.
    channel_name: Option<String>,
    /// Spend a day now: the mean of the last four weeks.
    from: f64,
    /// Spend a day then.
    to: f64,
}

/// What is expected of an action over its horizon, against doing nothing.
#[derive(Debug, Serialize, ToSchema)]
pub struct PredictionBody {
    /// Expected net contribution over the whole horizon.
    value: f64,
    /// The lower end of the 80 % interval.
    low: f64,
    high: f64,
    /// The probability that it loses, from 0 to 1.
    loss: f64,
}

/// A figure that an action rests on.
#[derive(Debug, Serialize, ToSchema)]
pub struct BasisBody {
    name: String,
    value: f64,
    /// The first day of the rows it was counted from, as 2026-11-03.
    first: Option<String>,
    last: Option<String>,
}

impl From<Basis> for BasisBody {
    fn from(basis: Basis) -> Self {
        Self { name: basis.name, value: basis.value, first: basis.first, last: basis.last }
    }
}

/// What happened against what would have happened.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeasuredBody {
    /// net_contribution, ledger_revenue, claimed_conversions…
    metric: String,
    /// The first day measured, that of the action.
    first: String,
    /// The last day measured.
    last: String,
    /// What happened.
    actual: f64,
    /// What a forecast made of the days before says would have happened.
    expected: f64,
    /// Actual less expected.
    effect: f64,
    /// The lower end of its 80 % interval.
    low: f64,
    high: f64,
    /// won, lost or cannot_tell.
    verdict: &'static str,
    /// Who made the forecast.
    model: String,
    /// The keys of other actions done in these days at the same client: the effect is of all of them together.
    together_with: Vec<String>,
}

impl From<Measured> for MeasuredBody {
    fn from(measured: Measured) -> Self {
        Self {
            metric: measured.metric,
            first: measured.first.to_string(),
            last: measured.last.to_string(),
            actual: measured.actual,
            expected: measured.expected,
            effect: measured.effect,
            low: measured.low,
            high: measured.high,
            verdict: measured.verdict.key(),
            model: measured.model,
            together_with: measured.together_with,
        }
    }
}

/// Something that was decided or done.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventBody {
    /// Where the action stood from then on.
    state: &'static str,
    at: String,
    /// Null for the brain.
    member_id: Option<Uuid>,
    member_name: Option<String>,
    reason: Option<String>,
}

impl From<ActionEvent> for EventBody {
    fn from(event: ActionEvent) -> Self {
        Self {
            state: event.state.key(),
            at: rfc3339(event.at),
            member_id: event.member_id.map(|id| id.0),
            member_name: event.member_name,
            reason: event.reason,
        }
    }
}

/// An action.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionBody {
    id: Uuid,
    /// proposed, withdrawn, approved, dismissed, done, measured or undone.
    state: &'static str,
    /// The day on which it came to stand so, in the client's zone.
    since: String,
    /// move_budget, raise, lower, pause_creative, refresh_creative, fix_tracking, retention_push or investigate.
    kind: &'static str,
    /// The same thing proposed by another state has the same key.
    key: String,
    client_id: Uuid,
    client_name: String,
    channel_id: Option<Uuid>,
    channel_name: Option<String>,
    /// client, channel or creative.
    target_level: String,
    /// Its id; a creative's is the platform's.
    target_id: String,
    /// The creative's name, where the platform named it.
    target_name: Option<String>,
    /// Of all amounts, ISO 4217.
    currency: String,
    /// Budgets before and after; empty where no budget changes.
    changes: Vec<ChangeBody>,
    horizon_days: u16,
    /// Null where it cannot be said in money.
    prediction: Option<PredictionBody>,
    /// Why not: no_margin, no_curve or nothing_tells.
    #[schema(value_type = Option<String>)]
    unpredicted: Value,
    /// How probable it is that what it rests on is true, from 0 to 1.
    probability: f64,
    effort_minutes: u16,
    /// Expected net value times probability less effort, in the agency's currency.
    score: Option<f64>,
    /// The state that proposed it; `because` are places in it.
    state_id: Uuid,
    because: Vec<i32>,
    basis: Vec<BasisBody>,
    /// What would change our mind.
    #[schema(value_type = Vec<String>)]
    doubts: Value,
    proposed_at: String,
    /// When somebody said that it was done.
    done_at: Option<String>,
    /// The day on which it was done, in the client's zone.
    done_on: Option<String>,
    measured: Option<MeasuredBody>,
    /// Why it cannot be measured.
    unmeasured: Option<String>,
}

impl From<Action> for ActionBody {
    fn from(action: Action) -> Self {
        let name = |id| action.channels.iter().find(|named| named.id == id).map(|named| named.name.clone());
        let proposal = action.proposal;
        let change = |change: Change| ChangeBody {
            channel_id: change.channel.0,
            channel_name: name(change.channel),
            from: change.from,
            to: change.to,
        };
        Self {
            id: action.id.0,
            state: action.state.key(),
            since: action.since.to_string(),
            kind: proposal.kind.key(),
            key: proposal.key,
            client_id: action.client_id.0,
            client_name: action.client_name,
            channel_id: action.channel_id.map(|id| id.0),
            channel_name: action.channel_id.and_then(name),
            target_level: proposal.target.level,
            target_id: proposal.target.id,
            target_name: action.creative_name,
            currency: proposal.currency,
            changes: proposal.changes.into_iter().map(change).collect(),
            horizon_days: proposal.horizon_days,
            prediction: proposal.prediction.map(|told| PredictionBody {
                value: told.value,
                low: told.low,
                high: told.high,
                loss: told.loss,
            }),
            unpredicted: serde_json::to_value(proposal.unpredicted).unwrap_or_default(),
            probability: proposal.probability,
            effort_minutes: proposal.effort_minutes,
            score: proposal.score,
            state_id: action.state_id.0,
            because: proposal.because,
            basis: proposal.basis.into_iter().map(Into::into).collect(),
            doubts: serde_json::to_value(proposal.doubts).unwrap_or_default(),
            proposed_at: rfc3339(action.proposed_at),
            done_at: action.done_at.map(rfc3339),
            done_on: action.done_on.map(|day| day.to_string()),
            measured: action.measured.map(Into::into),
            unmeasured: action.unmeasured,
        }
    }
}

/// An action and what happened to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionDetail {
    #[serde(flatten)]
    action: ActionBody,
    /// The newest last.
    events: Vec<EventBody>,
}

impl From<Action> for ActionDetail {
    fn from(mut action: Action) -> Self {
        let events = std::mem::take(&mut action.events).into_iter().map(Into::into).collect();
        Self { action: action.into(), events }
    }
}

/// One page of actions.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionPage {
    /// By rank: what is worth most first, then what cannot be said in money.
    items: Vec<ActionBody>,
    next_cursor: Option<String>,
}

/// What the list is narrowed to.
#[derive(Debug, Deserialize, IntoParams)]
pub struct ActionQuery {
    /// proposed, withdrawn, approved, dismissed, done, measured or undone; all when absent.
    state: Option<String>,
    /// Only of this client.
    client_id: Option<String>,
    /// move_budget, raise, lower, pause_creative, refresh_creative, fix_tracking, retention_push or investigate.
    kind: Option<String>,
}

/// How often actions of a kind did what they were done for.
#[derive(Debug, Serialize, ToSchema)]
pub struct HitRateBody {
    kind: &'static str,
    won: u32,
    lost: u32,
    /// Of how many it cannot be told, those included that could not be measured.
    cannot_tell: u32,
}

/// The hit rates.
#[derive(Debug, Serialize, ToSchema)]
pub struct HitRates {
    /// Kinds of which something was measured.
    items: Vec<HitRateBody>,
    /// Always null: all are there.
    next_cursor: Option<String>,
}

/// Why an action is not wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Dismissal {
    /// Stands in the ledger; at most 1000 characters.
    reason: String,
    /// proposed or approved: where it stood when you looked. What somebody decided since is then not dismissed unseen, but 409.
    state: Option<String>,
}

/// When it was done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Deed {
    /// The day in the client's zone, as 2026-11-03: not in the future, and not before it was approved. Today when absent.
    on: Option<String>,
}

/// Why it was taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Undoing {
    /// Stands in the ledger; at most 1000 characters.
    reason: Option<String>,
}

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

/// Wants a proposed action done: from now on its prediction is registered and does not change.
#[utoipa::path(post, path = "/api/v1/brain/actions/{id}/approve", tag = "brain", params(("id" = Uuid, Path)),
    responses((status = 200, body = ActionDetail), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn approve(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ActionId>,
) -> Result<Json<ActionDetail>, ApiError> {
    Ok(Json(action::approve(&service, &actor, id).await?.into()))
}

/// Does not want a proposed or approved action done. It is not proposed again for four weeks.
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
    let seen = body.state.as_deref().map(state).transpose()?;
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

/// Says that what was done was taken back before it was measured. What was measured stays as it is.
#[utoipa::path(post, path = "/api/v1/brain/actions/{id}/undo", tag = "brain", params(("id" = Uuid, Path)),
    request_body = Undoing,
    responses((status = 200, body = ActionDetail), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub(super) async fn undo(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ActionId>,
    Body(body): Body<Undoing>,
) -> Result<Json<ActionDetail>, ApiError> {
    Ok(Json(action::undo(&service, &actor, id, body.reason.as_deref().unwrap_or_default()).await?.into()))
}
