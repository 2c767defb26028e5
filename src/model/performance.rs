//! Figures of a client in words, as its page shows them: made where the rows are, so that what is shown and what is said of it
//! are one thing.

use serde::{Deserialize, Serialize};

use crate::dashboard::Beside;

/// Whether a figure moved by more than chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// It is better.
    Better,
    /// It is worse.
    Worse,
    /// Chance alone would explain the difference.
    TooClose,
}

/// A figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Its spelling in the API.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// Its value; `Err` says why there is none.
    pub value: Result<Beside, String>,
    /// The value of the days before, if there is one.
    pub before: Option<Beside>,
    /// The change as a share with its sign, where both values are there and the earlier one is above zero.
    pub change: Option<Beside>,
    /// What became of it, if that can be told.
    pub trend: Option<Trend>,
    /// Whether rates of exchange are missing in it, or are why there is none.
    pub rates: bool,
    /// What is missing in it, why it is not compared, and which days the verdict is about, where those are not its own.
    pub notes: Vec<String>,
}

/// Figures that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// What they tell of.
    pub title: String,
    /// The figures, those that any source reports.
    pub figures: Vec<Shown>,
}

/// An ad account, shop or file that figures come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// What its owner called it.
    pub name: String,
    /// The first and the last whole day that was read, as 2026-11-03.
    pub read: (String, String),
}

/// How a client did in some days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Performance {
    /// The first and the last day, as 2026-11-03.
    pub days: (String, String),
    /// The days that they are compared with: as many, right before.
    pub before: (String, String),
    /// How many days.
    pub count: i64,
    /// The figures; empty where nothing was read of these days.
    pub groups: Vec<Group>,
    /// Where they come from, in the order of their names; empty where nothing was ever read.
    pub sources: Vec<Source>,
}
