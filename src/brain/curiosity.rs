//! Curiosity: what to do tomorrow, with honest odds.
//!
//! A proposal says what to change, what is expected of it over one horizon against doing nothing, how likely it loses, what it
//! rests on, and what would make it wrong. Nothing here acts. To add a kind of action, add a variant to [`Kind`] and a file
//! that finds reasons for it.

pub mod allocation;
pub mod budget;
pub mod command;
pub mod creative;

use serde::{Deserialize, Serialize};
use time::Date;

use crate::finding::{Basis, Entity, iso_day};

/// Days for which is said what an action brings: four whole weeks.
pub const HORIZON: u16 = 28;
/// A proposal may lose with this probability at most.
pub const LOSS: f64 = 0.1;

/// What is proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Take from some channels of a client and give to others; the total stays.
    MoveBudget,
    /// Spend more on a channel, or on one of its creatives.
    Raise,
    /// Spend less on a channel.
    Lower,
    /// Stop a creative.
    PauseCreative,
    /// Replace a creative that people are tired of.
    RefreshCreative,
    /// Repair what counts conversions.
    FixTracking,
    /// Win back those who bought before.
    RetentionPush,
    /// Find out why something moved.
    Investigate,
}

impl Kind {
    /// Its key.
    pub const fn key(self) -> &'static str {
        match self {
            Self::MoveBudget => "move_budget",
            Self::Raise => "raise",
            Self::Lower => "lower",
            Self::PauseCreative => "pause_creative",
            Self::RefreshCreative => "refresh_creative",
            Self::FixTracking => "fix_tracking",
            Self::RetentionPush => "retention_push",
            Self::Investigate => "investigate",
        }
    }

    /// What it takes a person, in minutes: an estimate of the field's practice, the same for every agency.
    pub const fn effort(self) -> u16 {
        match self {
            Self::Raise | Self::Lower | Self::PauseCreative => 15,
            Self::MoveBudget | Self::Investigate => 30,
            Self::FixTracking => 90,
            Self::RefreshCreative => 180,
            Self::RetentionPush => 240,
        }
    }
}

/// A daily budget before and after, in the proposal's currency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The channel.
    pub channel: String,
    /// Spend a day now: the mean of the last four weeks.
    pub from: f64,
    /// Spend a day then.
    pub to: f64,
}

/// Expected net contribution over the horizon, against doing nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// The expectation: revenue times margin, less money.
    pub value: f64,
    /// The lower end of the 80 % interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The probability that it is below zero.
    pub loss: f64,
}

/// Why there is no prediction in money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unpredicted {
    /// What stays of the client's revenue is not known.
    NoMargin,
    /// There is no curve of what the channel brings.
    NoCurve,
    /// Nothing that is known tells what it is worth.
    NothingTells,
}

/// What would make it the wrong thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// An experiment that shows other returns than the curves.
    LiftTest,
    /// Spend beyond what was ever seen.
    Unseen,
    /// Channels that move together, which curves can hardly tell apart.
    MovedTogether,
    /// A season or promotion ahead that the past does not hold.
    Promotion,
    /// Figures that recover by themselves.
    Recovery,
    /// A change on the site or at the platform that somebody knows of.
    KnownChange,
    /// Few events: one good week would turn it round.
    FewEvents,
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// The same thing has the same key tomorrow, whatever its figures.
    pub key: String,
    /// What.
    pub kind: Kind,
    /// About what.
    pub target: Entity,
    /// The currency of all amounts, ISO 4217.
    pub currency: String,
    /// What stays of a unit of revenue after goods and delivery, from 0 to 1, if somebody had said it: what comes of the action
    /// is judged by the same margin as what is promised of it.
    pub margin: Option<f64>,
    /// Budgets before and after.
    pub changes: Vec<Change>,
    /// Days for which the prediction is made.
    pub horizon_days: u16,
    /// What is expected, where it can be said.
    pub prediction: Option<Prediction>,
    /// Why it cannot.
    pub unpredicted: Option<Unpredicted>,
    /// How probable it is that what it rests on is true.
    pub probability: f64,
    /// Minutes of a person.
    pub effort_minutes: u16,
    /// Expected value times probability less effort, in the agency's currency, drawn toward what such actions brought so far.
    pub score: Option<f64>,
    /// The first day of the newest finding that asks for it, where the same may be asked for again after it was done; none for
    /// what no finding asks for, and for what takes effect later.
    #[serde(with = "iso_day::option")]
    pub began: Option<Date>,
    /// Places of the outcomes it rests on, in the state.
    pub because: Vec<usize>,
    /// The figures it rests on.
    pub basis: Vec<Basis>,
    /// What would change our mind.
    pub doubts: Vec<Doubt>,
}

impl Proposal {
    /// About something, without figures yet.
    pub fn new(kind: Kind, target: Entity, currency: &str) -> Self {
        Self {
            key: format!("{}:{}", kind.key(), target.id),
            kind,
            target,
            currency: currency.to_owned(),
            margin: None,
            changes: Vec::new(),
            horizon_days: HORIZON,
            prediction: None,
            unpredicted: Some(Unpredicted::NothingTells),
            probability: 1.0,
            effort_minutes: kind.effort(),
            score: None,
            began: None,
            because: Vec::new(),
            basis: Vec::new(),
            doubts: Vec::new(),
        }
    }
}

/// How often actions of a kind won and lost so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hits {
    /// Those that won.
    pub won: u32,
    /// Those that lost.
    pub lost: u32,
}

impl Hits {
    /// By what the expected value of such actions is multiplied: one where nothing is known, less where they lost. Three won
    /// and one lost are believed of every kind beforehand, so that one failure does not bury it.
    pub fn factor(self) -> f64 {
        let (won, lost) = (f64::from(self.won) + 3.0, f64::from(self.lost) + 1.0);
        ((won / (won + lost)) / 0.75).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_misses_counts_less_and_nothing_counts_more_than_what_was_promised() {
        let factor = |won, lost| Hits { won, lost }.factor();
        assert_eq!(factor(0, 0), 1.0);
        assert_eq!(factor(10, 0), 1.0);
        assert!(factor(0, 1) < 1.0 && factor(0, 5) < factor(0, 1) && factor(5, 5) > factor(0, 5));
    }
}
