//! What the brain was asked and what it said: cycles, states and their results.
//!
//! A cycle is one run over what was stored by its cut-off moment; a state is what came out. The same input gives the same
//! state, so several cycles may share one.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use crate::id::{BrainCycleId, BrainStateId, ChannelId, ClientId};

/// Why a cycle was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// Something was read from a provider or a file.
    Sync,
    /// It was 03:00 in the agency's zone.
    Daily,
    /// Somebody asked for it.
    Manual,
}

impl Trigger {
    /// The spelling in the database and in answers.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Daily => "daily",
            Self::Manual => "manual",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Sync, Self::Daily, Self::Manual].into_iter().find(|trigger| trigger.key() == text)
    }
}

/// Where a cycle stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CycleState {
    /// Asked for and not begun.
    Waiting,
    /// Being run.
    Running,
    /// Done; its state can be read.
    Done,
    /// Failed; the queue may try it again.
    Failed,
}

impl CycleState {
    /// The spelling in the database and in answers.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Waiting, Self::Running, Self::Done, Self::Failed].into_iter().find(|state| state.key() == text)
    }
}

/// One run of the brain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cycle {
    /// Its id.
    pub id: BrainCycleId,
    /// Why it was begun.
    pub cause: Trigger,
    /// Where it stands.
    pub state: CycleState,
    /// When it was asked for.
    #[serde(with = "time::serde::rfc3339")]
    pub asked_at: OffsetDateTime,
    /// What was stored by then was read.
    #[serde(with = "time::serde::rfc3339::option")]
    pub cut_off: Option<OffsetDateTime>,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
    /// Why it failed.
    pub error: Option<String>,
    /// What came out.
    pub state_id: Option<BrainStateId>,
}

/// What the brain said of what was stored at a moment. It never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Its id.
    pub id: BrainStateId,
    /// The last day that had ended in the agency's zone.
    pub day: Date,
    /// SHA-256 of everything that went in.
    pub input_hash: Vec<u8>,
    /// SHA-256 of everything that came out.
    pub output_hash: Vec<u8>,
    /// The version of the code that made it.
    pub code_version: String,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// One thing that a state says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Its place in the state, from 0.
    pub number: i32,
    /// What it is: a forecast, a finding…
    pub kind: String,
    /// The client it is about; none for the agency as a whole and for channels without a client.
    pub client_id: Option<ClientId>,
    /// The channel it is about, if it is about one.
    pub channel_id: Option<ChannelId>,
    /// What is said, as JSON.
    pub body: String,
}

/// One of the figures that something was made from, so that a page can open the rows behind it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Basis {
    /// What it is (`orders`, `spend_per_day`).
    pub name: String,
    /// Its value.
    pub value: f64,
    /// The first day of the rows it was counted from, if it was counted from days; as 2026-11-03.
    pub first: Option<String>,
    /// The last day of the rows.
    pub last: Option<String>,
}

impl Basis {
    /// Whether its value is an amount of money, by its name; of shares and changes of money it is not.
    pub fn money(&self) -> bool {
        let of = |word: &str| self.name.contains(word);
        let amount = ["spend", "revenue", "cost"].into_iter().any(of) || self.name == "moved_per_day";
        amount && !self.name.starts_with("share_") && !of("change")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_known_by_its_name() {
        let money = |name: &str| Basis { name: name.into(), value: 1.0, first: None, last: None }.money();
        for name in [
            "spend",
            "spend_per_day_of_these_channels",
            "moved_per_day",
            "expected_revenue_low",
            "cost_per_conversion_of_others",
        ] {
            assert!(money(name), "{name}");
        }
        for name in ["share_of_spend", "change_at_same_spend", "marginal_roas", "break_even_margin", "clicks", "weeks"]
        {
            assert!(!money(name), "{name}");
        }
    }
}
