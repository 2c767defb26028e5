//! The linear part of a fit: everything that moves the target besides spend, and the table in units of its own size.
//!
//! Level, a trend that may bend every quarter (Taylor & Letham 2018), the year in Fourier terms from one whole year on, the
//! weekday of daily rows, and the given controls. Bends, year and weekday are each shrunk by a spread that the data choose.

use std::f64::consts::PI;

use super::{
    curve::Posterior,
    input::{self, Column, LiftTest, Step, Table, Unusable},
};
use crate::{NotEnough, linear::Matrix};

/// Which spread shrinks a coefficient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Group {
    /// A spread given here, as a multiple of the target's mean.
    Fixed,
    /// Spread chosen by the data: bends, year, weekday.
    Free(usize),
}

/// Groups with a free spread.
pub(super) const GROUPS: usize = 3;
const BENDS: usize = 0;
const YEAR: usize = 1;
const WEEKDAY: usize = 2;

pub(super) struct Coefficient {
    pub group: Group,
    /// Standard deviation before the group's spread is applied.
    pub weight: f64,
    /// The control it belongs to, by its place among the used ones.
    pub control: Option<usize>,
}

/// One channel in units of its mean spend.
pub(super) struct Channel {
    pub name: String,
    pub spend: Vec<f64>,
    /// Mean of the periods with spend, in the spend's unit.
    pub unit: f64,
    /// Scale of the prior on the effect of one unit of steady spend, in means of the target.
    pub prior: f64,
    /// Lift tests, as return in means of the target per unit of spend, and their standard errors.
    pub tests: Vec<(f64, f64)>,
}

/// A table made ready: sorted by name, scaled, with its linear part.
pub(super) struct Design {
    pub step: Step,
    pub rows: usize,
    /// In means of the target; zero where it is missing.
    pub target: Vec<f64>,
    pub present: Vec<bool>,
    /// Mean size of the target, in its unit.
    pub unit: f64,
    pub channels: Vec<Channel>,
    /// Channels and controls that are left out, each with its reason.
    pub left_out: Vec<(String, NotEnough)>,
    pub base: Matrix,
    pub coefficients: Vec<Coefficient>,
    pub controls: Vec<String>,
    pub year: bool,
}

/// Makes a table ready, in units of its own size or of an earlier fit's.
pub(super) fn of(table: &Table, kept: Option<&Posterior>) -> Result<Design, Unusable> {
    input::check(table)?;
    let rows = table.target.len();
    let target = |reason| Unusable::Target { reason };
    let seen: Vec<f64> = table.target.iter().flatten().copied().collect();
    let needs = table.step.least();
    if seen.len() < needs {
        return Err(target(NotEnough::TooShort { has: seen.len(), needs }));
    }
    if input::constant(&seen).is_some() {
        return Err(target(NotEnough::Constant));
    }
    if seen.iter().sum::<f64>() <= 0.0 {
        return Err(target(NotEnough::NoTotal));
    }
    let unit =
        kept.map_or(seen.iter().map(|value| value.abs()).sum::<f64>() / seen.len() as f64, |earlier| earlier.unit);
    let mut left_out = Vec::new();
    let channels = channels(table, unit, kept, &mut left_out)?;
    let mut design = Design {
        step: table.step,
        rows,
        target: table.target.iter().map(|value| value.unwrap_or(0.0) / unit).collect(),
        present: table.target.iter().map(Option::is_some).collect(),
        unit,
        channels,
        left_out,
        base: Matrix::zeros(0, 0),
        coefficients: Vec::new(),
        controls: Vec::new(),
        year: false,
    };
    let columns = columns(&mut design, table);
    // Shrinkage carries what rows do not, but not with fewer rows than things to learn.
    let needs = columns.len() + 4 * design.channels.len();
    if seen.len() < needs {
        return Err(target(NotEnough::TooShort { has: seen.len(), needs }));
    }
    design.base = Matrix::of_columns(&columns).ok_or(Unusable::Unstable)?;
    Ok(design)
}

/// The channels that vary, in the order of their names.
fn channels(
    table: &Table,
    unit: f64,
    kept: Option<&Posterior>,
    left_out: &mut Vec<(String, NotEnough)>,
) -> Result<Vec<Channel>, Unusable> {
    let mut used: Vec<&Column> = Vec::new();
    for (column, telling) in table.telling() {
        match telling {
            Ok(()) => used.push(column),
            Err(reason) => left_out.push((column.name.clone(), reason)),
        }
    }
    if used.is_empty() {
        return Err(Unusable::NoChannel);
    }
    used.sort_unstable_by(|left, right| left.name.cmp(&right.name));
    let sums: Vec<f64> = used.iter().map(|column| column.values.iter().sum()).collect();
    let all: f64 = sums.iter().sum();
    let even = 1.0 / used.len() as f64;
    used.iter()
        .zip(&sums)
        .map(|(column, sum)| {
            let active = column.values.iter().filter(|value| **value > 0.0).count() as f64;
            let size = match kept {
                None => sum / active,
                Some(earlier) => {
                    let found = earlier.channels.iter().find(|(name, _)| *name == column.name);
                    found.ok_or(Unusable::OtherFit)?.1
                }
            };
            if !(size.is_finite() && size > 1e-100) {
                let reason = NotEnough::NothingSpent;
                return Err(Unusable::Column { name: column.name.clone(), reason });
            }
            // All channels together bring some 40 % of the target (Meridian's prior on the contribution of media), divided
            // half by spend and half evenly: few channels earn alike, and a small one may earn much.
            let share = 0.5 * f64::midpoint(sum / all, even);
            let tests: Vec<&LiftTest> = table.lift_tests.iter().filter(|test| test.channel == column.name).collect();
            Ok(Channel {
                name: column.name.clone(),
                spend: column.values.iter().map(|value| value / size).collect(),
                unit: size,
                prior: share * column.values.len() as f64 / active,
                tests: tests.iter().map(|test| (test.roas * size / unit, test.error * size / unit)).collect(),
            })
        })
        .collect()
}

/// The columns of the linear part, whose meanings are written into the design.
fn columns(design: &mut Design, table: &Table) -> Vec<Vec<f64>> {
    let rows = design.rows;
    let day = |row: usize| row as f64 * f64::from(table.step.days());
    let mut columns: Vec<Vec<f64>> = Vec::new();
    let mut put = |column: Vec<f64>, group, weight, control| {
        columns.push(column);
        design.coefficients.push(Coefficient { group, weight, control });
    };
    put(vec![1.0; rows], Group::Fixed, 10.0, None);
    let middle = day(rows) / 2.0;
    // Slopes are per year.
    put((0..rows).map(|row| (day(row) - middle) / 365.25).collect(), Group::Fixed, 1.0, None);
    let pieces = (day(rows) / 91.0).floor().max(1.0);
    for bend in 1..pieces as usize {
        let from = day(rows) * bend as f64 / pieces;
        put((0..rows).map(|row| (day(row) - from).max(0.0) / 365.25).collect(), Group::Free(BENDS), 1.0, None);
    }
    design.year = day(rows) >= 364.0;
    if design.year {
        // Sharper terms for finer rows, each a priori smaller than the one before.
        let terms = if table.step == Step::Daily { 6 } else { 4 };
        let first = f64::from(table.start.ordinal());
        for term in 1..=terms {
            let turn = |row: usize| 2.0 * PI * f64::from(term) * (first + day(row)) / 365.25;
            let weight = 1.0 / f64::from(term);
            put((0..rows).map(|row| libm::sin(turn(row))).collect(), Group::Free(YEAR), weight, None);
            put((0..rows).map(|row| libm::cos(turn(row))).collect(), Group::Free(YEAR), weight, None);
        }
    }
    if table.step == Step::Daily {
        for weekday in 0..7 {
            let one = |row: usize| f64::from(u8::from(row % 7 == weekday)) - 1.0 / 7.0;
            put((0..rows).map(one).collect(), Group::Free(WEEKDAY), 1.0, None);
        }
    }
    let mut controls: Vec<&Column> = table.controls.iter().collect();
    controls.sort_unstable_by(|left, right| left.name.cmp(&right.name));
    for control in controls {
        if input::constant(&control.values).is_some() {
            design.left_out.push((control.name.clone(), NotEnough::Constant));
            continue;
        }
        let (low, high, mean) = range(&control.values);
        // What a control brings is counted from zero where it has one (an event, a count), else from its mean (a price).
        let from = if low <= 0.0 && high >= 0.0 { 0.0 } else { mean };
        let values: Vec<f64> = control.values.iter().map(|value| (value - from) / (high - low)).collect();
        put(values, Group::Fixed, 2.0, Some(design.controls.len()));
        design.controls.push(control.name.clone());
    }
    columns
}

/// Least, largest and mean value.
pub(super) fn range(values: &[f64]) -> (f64, f64, f64) {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (low, high, values.iter().sum::<f64>() / values.len().max(1) as f64)
}
