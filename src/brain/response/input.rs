//! What a response fit is made of, and the refusal of what cannot be fitted.

use serde::{Deserialize, Serialize};
use time::Date;

use crate::NotEnough;

/// The distance of two rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// One row a day.
    Daily,
    /// One row a week.
    Weekly,
}

impl Step {
    /// Days from row to row.
    pub fn days(self) -> u16 {
        match self {
            Self::Daily => 1,
            Self::Weekly => 7,
        }
    }

    /// How many periods an effect may last: eight weeks, the maximal lag of pymc-marketing's example.
    pub fn lags(self) -> usize {
        56 / usize::from(self.days())
    }

    /// Rows that make four weeks, which is what "current" means.
    pub(super) fn recent(self) -> usize {
        28 / usize::from(self.days())
    }

    /// Rows below which nothing is fitted: half a year of weeks, or 120 days.
    pub(super) fn least(self) -> usize {
        match self {
            Self::Daily => 120,
            Self::Weekly => 26,
        }
    }
}

/// A named column, one value per row.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name, unique in the table.
    pub name: String,
    /// Oldest first.
    pub values: Vec<f64>,
}

/// What an experiment found: the target gained per unit of a channel's spend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiftTest {
    /// Name of the channel.
    pub channel: String,
    /// Incremental return: target per unit of spend.
    pub roas: f64,
    /// Standard error of the return, above zero.
    pub error: f64,
}

/// A target, what was spent, and what else mattered, on days or weeks without a gap.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Distance of the rows.
    pub step: Step,
    /// Day of the first row.
    pub start: Date,
    /// Revenue or orders, `None` where it is missing.
    pub target: Vec<Option<f64>>,
    /// Spend per period; what is not known is no row of a fit, and nothing spent is a zero.
    pub channels: Vec<Column>,
    /// Prices, holidays, and what else moves the target by itself.
    pub controls: Vec<Column>,
    /// Experiments, which pull the fit.
    pub lift_tests: Vec<LiftTest>,
}

impl Table {
    /// Of which channel curves can be fitted; of the others, why not: a channel on which always the same is spent, without an
    /// experiment, says nothing by itself.
    pub fn telling(&self) -> Vec<(&Column, Result<(), NotEnough>)> {
        let tested = |column: &Column| self.lift_tests.iter().any(|test| test.channel == column.name);
        let told = |column: &Column| match constant(&column.values) {
            Some(0.0) => Err(NotEnough::NothingSpent),
            Some(_) if !tested(column) => Err(NotEnough::Constant),
            _ => Ok(()),
        };
        self.channels.iter().map(|column| (column, told(column))).collect()
    }
}

/// Why a table cannot be fitted at all.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Unusable {
    /// The target says too little.
    #[error("not enough data in the target: {reason}")]
    Target {
        /// Why.
        reason: NotEnough,
    },
    /// A column holds what no fit can use.
    #[error("not enough data in {name}: {reason}")]
    Column {
        /// The column.
        name: String,
        /// Why.
        reason: NotEnough,
    },
    /// No channel has anything that varies.
    #[error("no channel has spend that varies")]
    NoChannel,
    /// Two columns have one name.
    #[error("{name} is there twice")]
    Twice {
        /// The name.
        name: String,
    },
    /// A lift test of a channel that is not in the table.
    #[error("the lift test names {name}, which is no channel with spend")]
    UnknownChannel {
        /// The name.
        name: String,
    },
    /// A lift test without a finite return and a standard error above zero.
    #[error("the lift test of {name} needs a return and a standard error above zero")]
    LiftTest {
        /// The channel.
        name: String,
    },
    /// The numbers have no stable solution.
    #[error("the numbers have no stable solution")]
    Unstable,
    /// The kept posterior is of other channels or another step.
    #[error("the earlier fit does not belong to this table")]
    OtherFit,
}

/// Beyond this, squares of sums are no longer finite.
const LARGEST: f64 = 1e100;

pub(super) fn check(table: &Table) -> Result<(), Unusable> {
    let rows = table.target.len();
    let mut names: Vec<&str> =
        table.channels.iter().chain(&table.controls).map(|column| column.name.as_str()).collect();
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Unusable::Twice { name: pair[0].to_owned() });
    }
    for (at, value) in table.target.iter().enumerate() {
        sound(at, value.unwrap_or(0.0)).map_err(|reason| Unusable::Target { reason })?;
    }
    for (spend, column) in
        table.channels.iter().map(|column| (true, column)).chain(table.controls.iter().map(|column| (false, column)))
    {
        let refuse = |reason| Unusable::Column { name: column.name.clone(), reason };
        if column.values.len() != rows {
            return Err(refuse(NotEnough::TooShort { has: column.values.len(), needs: rows }));
        }
        for (at, value) in column.values.iter().enumerate() {
            sound(at, *value).map_err(refuse)?;
            if spend && *value < 0.0 {
                return Err(refuse(NotEnough::Negative { at }));
            }
        }
    }
    for test in &table.lift_tests {
        if !table.channels.iter().any(|channel| channel.name == test.channel && constant(&channel.values) != Some(0.0))
        {
            return Err(Unusable::UnknownChannel { name: test.channel.clone() });
        }
        if !test.roas.is_finite() || !test.error.is_finite() || test.error <= 0.0 || test.roas.abs() > LARGEST {
            return Err(Unusable::LiftTest { name: test.channel.clone() });
        }
    }
    Ok(())
}

fn sound(at: usize, value: f64) -> Result<(), NotEnough> {
    match value.is_finite() {
        false => Err(NotEnough::NotFinite { at }),
        true if value.abs() > LARGEST => Err(NotEnough::TooLarge),
        true => Ok(()),
    }
}

/// The value that all are, if they are.
pub(super) fn constant(values: &[f64]) -> Option<f64> {
    let first = *values.first()?;
    let width = 1e-9 * first.abs();
    values.iter().all(|value| (value - first).abs() <= width).then_some(first)
}
