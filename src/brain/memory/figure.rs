//! A figure: a value with the parts it was made from, or the reason why there is none.

use rust_decimal::Decimal;
use serde::Serialize;
use time::Date;

use super::{Currency, Days, Measure};
use crate::finding::iso_day;

/// In what a figure is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Pieces.
    Count,
    /// An amount in this currency.
    Money(Currency),
    /// One amount or count for another of the same unit.
    Ratio,
}

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// The value, exact as far as it is a sum; a quotient has 28 digits.
    pub value: Decimal,
    /// What it is measured in.
    pub unit: Unit,
    /// How it is made from its parts (`clicks / impressions`).
    pub formula: &'static str,
    /// The sums it is made from, in the order of the formula.
    pub parts: Vec<Part>,
}

impl Figure {
    /// Whether all rows of all days went into it.
    pub fn whole(&self) -> bool {
        self.parts.iter().all(|part| part.gaps.is_empty())
    }
}

/// A sum over rows, so that they can be opened: all rows of these sources in these days.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// What was added up.
    pub measure: Measure,
    /// The sum, in the figure's currency if it is money.
    pub value: Decimal,
    /// The other measure of a quotient: only days are added on which that is known too, so that both are of the same days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beside: Option<Measure>,
    /// Which days were asked for.
    pub days: Days,
    /// The sources whose rows it is made from.
    pub sources: Vec<String>,
    /// How many rows hold the measure.
    pub rows: usize,
    /// What is not in it although it belongs there.
    pub gaps: Vec<Gap>,
}

/// Something that a sum lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The source that lacks it.
    pub source: String,
    /// What is lacking.
    #[serde(flatten)]
    pub gone: Gone,
    /// The first day that lacks it.
    #[serde(with = "iso_day")]
    pub first: Date,
    /// The last day that lacks it.
    #[serde(with = "iso_day")]
    pub last: Date,
    /// How many days of these lack it.
    pub days: i64,
    /// Which days, where they do not follow one another.
    #[serde(skip_serializing_if = "one")]
    pub runs: Vec<Days>,
    /// Whether nothing of the source went into the sum.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub nothing: bool,
}

/// Whether the first and the last day say it all.
fn one(runs: &[Days]) -> bool {
    runs.len() < 2
}

impl Gap {
    /// These days of a source.
    pub(super) fn new(source: &str, gone: Gone, days: Days) -> Self {
        let Days { first, last } = days;
        Self { source: source.to_owned(), gone, first, last, days: days.count(), runs: vec![days], nothing: false }
    }

    /// One more day, which is after all others.
    pub(super) fn add(&mut self, day: Date) {
        match self.runs.last_mut() {
            Some(run) if run.last.next_day() == Some(day) => run.last = day,
            _ => self.runs.push(Days { first: day, last: day }),
        }
        self.last = day;
        self.days += 1;
    }
}

/// Why a source's part of a sum is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Gone {
    /// The days were not read from the source.
    NotRead,
    /// The rows are there and do not say it.
    NotReported,
    /// No rate of this currency is known for the day.
    Rate {
        /// The amount's currency.
        currency: Currency,
    },
}

/// Why there is no figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Absent {
    /// No source reports this measure.
    #[error("no connected source reports {}", .measure.key())]
    NotConnected {
        /// What nobody reports.
        measure: Measure,
    },
    /// A sum has gaps, with which this figure would be wrong.
    #[error("{} is not complete", .measure.key())]
    Incomplete {
        /// The sum with gaps.
        measure: Measure,
        /// The other measure of a quotient, too much of which is of days on which this one is not known.
        #[serde(skip_serializing_if = "Option::is_none")]
        beside: Option<Measure>,
        /// Its gaps.
        gaps: Vec<Gap>,
    },
    /// What it is divided by is zero.
    #[error("{} is zero", .measure.key())]
    NoDenominator {
        /// The divisor.
        measure: Measure,
    },
    /// The amounts are of several currencies and none is given to show them in.
    #[error("the amounts are in {} and {}", .from.code(), .to.code())]
    Currencies {
        /// One currency.
        from: Currency,
        /// Another.
        to: Currency,
    },
    /// No margin is set.
    #[error("no margin is set")]
    NoMargin,
    /// The sum does not fit an exact decimal.
    #[error("the amounts are too large")]
    TooLarge,
    /// There is no day in the range.
    #[error("the range has no days")]
    NoDays,
}
