//! What is sent and answered about actions.

use model::{
    action::{Action, ActionEvent, Change, Measured},
    brain::Basis,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::action;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::rfc3339;

/// A daily budget before and after.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActionChangeBody {
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
pub struct ActionBasisBody {
    name: String,
    value: f64,
    /// ISO 4217 where the value is money.
    currency: Option<String>,
    /// The first day of the rows it was counted from, as 2026-11-03.
    first: Option<String>,
    last: Option<String>,
}

impl ActionBasisBody {
    fn of(basis: Basis, currency: &str) -> Self {
        let currency = basis.money().then(|| currency.to_owned());
        Self { name: basis.name, value: basis.value, currency, first: basis.first, last: basis.last }
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
    /// Another one as soon as anything of what is proposed is: a decision names the one that was read.
    version: String,
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
    changes: Vec<ActionChangeBody>,
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
    basis: Vec<ActionBasisBody>,
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
        let version = action::version(&action.proposal);
        let name = |id| action.channels.iter().find(|named| named.id == id).map(|named| named.name.clone());
        let proposal = action.proposal;
        let currency = proposal.currency;
        let change = |change: Change| ActionChangeBody {
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
            version,
            key: proposal.key,
            client_id: action.client_id.0,
            client_name: action.client_name,
            channel_id: action.channel_id.map(|id| id.0),
            channel_name: action.channel_id.and_then(name),
            target_level: proposal.target.level,
            target_id: proposal.target.id,
            target_name: action.creative_name,
            currency: currency.clone(),
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
            basis: proposal.basis.into_iter().map(|basis| ActionBasisBody::of(basis, &currency)).collect(),
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
    pub(super) items: Vec<ActionBody>,
    pub(super) next_cursor: Option<String>,
}

/// What the list is narrowed to.
#[derive(Debug, Deserialize, IntoParams)]
pub struct ActionQuery {
    /// proposed, withdrawn, approved, dismissed, done, measured or undone; all when absent.
    pub(super) state: Option<String>,
    /// Only of this client.
    pub(super) client_id: Option<String>,
    /// move_budget, raise, lower, pause_creative, refresh_creative, fix_tracking, retention_push or investigate.
    pub(super) kind: Option<String>,
}

/// How often actions of a kind did what they were done for.
#[derive(Debug, Serialize, ToSchema)]
pub struct HitRateBody {
    pub(super) kind: &'static str,
    pub(super) won: u32,
    pub(super) lost: u32,
    /// Of how many it cannot be told, those included that could not be measured.
    pub(super) cannot_tell: u32,
}

/// The hit rates.
#[derive(Debug, Serialize, ToSchema)]
pub struct HitRates {
    /// Kinds of which something was measured.
    pub(super) items: Vec<HitRateBody>,
    /// Always null: all are there.
    pub(super) next_cursor: Option<String>,
}

/// What is approved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The version of the action as you read it. Where the brain proposes it with other figures by now, nothing is approved, and
    /// the answer is 409 with the action as it is.
    pub(super) version: String,
}

/// Why an action is not wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Dismissal {
    /// Stands in the ledger; at most 1000 characters.
    pub(super) reason: String,
    /// proposed or approved: where it stood when you looked. What somebody decided since is then not dismissed unseen, but 409.
    pub(super) state: Option<String>,
    /// The version of the action as you read it. What the brain proposes with other figures since is not dismissed unseen, but
    /// 409 with the action as it is.
    pub(super) version: Option<String>,
}

/// When it was done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Deed {
    /// The day in the client's zone, as 2026-11-03: not in the future, and not before it was approved. Today when absent.
    pub(super) on: Option<String>,
}

/// Why it was taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Undoing {
    /// Stands in the ledger; at most 1000 characters.
    pub(super) reason: Option<String>,
}
