//! Proposals: what a brain state proposes to do, what is expected of it, and what would make it the wrong thing to do.

use serde::{Deserialize, Serialize};
use time::{Date, Duration};

use super::{ActionKind, iso_day};
use crate::{brain::Basis, id::ChannelId};

/// What a proposal is about, by the ids of the product (a creative's id is the platform's).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its id.
    pub id: String,
    /// `client`, `channel` or `creative`.
    pub level: String,
}

/// A daily budget before and after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The channel, an ad account.
    pub channel: ChannelId,
    /// Spend a day now: the mean of the last four weeks, in the proposal's currency.
    pub from: f64,
    /// Spend a day then.
    pub to: f64,
}

/// What is expected of an action over its horizon, against doing nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// Expected net contribution over the whole horizon: revenue times margin, less money; in the proposal's currency.
    pub value: f64,
    /// The lower end of the 80 % interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The probability that it loses, from 0 to 1.
    pub loss: f64,
}

/// Why a proposal has no prediction in money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unpredicted {
    /// Nobody said what stays of the client's revenue: say its margin.
    NoMargin,
    /// There is no curve of what the channel brings.
    NoCurve,
    /// Nothing that is stored tells what this is worth.
    NothingTells,
}

/// What would make this the wrong thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// An experiment that shows other returns than the curves.
    LiftTest,
    /// Spend beyond what was ever seen: the curve's form says it, not the data.
    Unseen,
    /// Spend of channels that moved together, so that the curves can hardly tell them apart.
    MovedTogether,
    /// A season or promotion ahead that the past does not hold.
    Promotion,
    /// Figures that recover by themselves within a week.
    Recovery,
    /// A change on the site or in the platform's settings that somebody knows of.
    KnownChange,
    /// Few events: one good week would turn it round.
    FewEvents,
}

/// What a brain state proposes: the JSON of its outcomes of kind `action`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// The same thing proposed by another state has the same key, whatever its figures: it is one action.
    pub key: String,
    /// What.
    pub kind: ActionKind,
    /// About what.
    pub target: Target,
    /// The currency of all amounts, ISO 4217; the client's.
    pub currency: String,
    /// What stayed of a unit of the client's revenue when this was proposed, from 0 to 1, if somebody had said it. What comes of
    /// the action is judged by this, whatever is said later.
    #[serde(default)]
    pub margin: Option<f64>,
    /// Budgets before and after; empty where no budget changes.
    pub changes: Vec<Change>,
    /// The horizon in days.
    pub horizon_days: u16,
    /// What is expected, where that can be said in money.
    pub prediction: Option<Prediction>,
    /// Why it cannot.
    pub unpredicted: Option<Unpredicted>,
    /// How probable it is that what it rests on is true, from 0 to 1.
    pub probability: f64,
    /// What it costs to do it, in minutes of a person.
    pub effort_minutes: u16,
    /// Its place in the ranking: expected net value times probability less effort, in the agency's currency; none without a
    /// prediction, those come after.
    pub score: Option<f64>,
    /// The first day of the newest finding that asks for it, where the same may be asked for again once it was done: what began
    /// after that day is another matter.
    #[serde(default, with = "iso_day::option")]
    pub began: Option<Date>,
    /// The places in the same state of the outcomes it rests on (findings, response curves).
    pub because: Vec<i32>,
    /// The figures it rests on.
    pub basis: Vec<Basis>,
    /// What would change our mind.
    pub doubts: Vec<Doubt>,
}

impl Proposal {
    /// Whether it says what is set otherwise in an account: budgets, or an advertisement that is stopped.
    pub fn sets(&self) -> bool {
        !self.changes.is_empty() || self.kind == ActionKind::PauseCreative
    }

    /// The last day that is measured of it where it is done on this day, which is the first.
    pub fn last_day(&self, done_on: Date) -> Date {
        done_on.saturating_add(Duration::days(i64::from(self.horizon_days.max(1)) - 1))
    }
}
