//! What each method would have said at past moments, and how wrong it was: the one judge of methods and intervals.
//!
//! Parameters are fitted to the values before the cut and then left alone, while states go on learning: so one pass over
//! the values gives the forecasts of many origins (Tashman 2000: rolling origins, here without refitting).

use super::{method::Method, recursion::Loss};

/// Origins of one backtest at most.
const ORIGINS: usize = 64;

/// Where the backtest begins, and from where it forecasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// How many values methods are fitted to.
    pub cut: usize,
    /// How many values are known at each origin, rising.
    pub origins: Vec<usize>,
    pub horizon: usize,
}

/// Values that a fit needs: two seasons, or five values, and one more.
pub(super) fn least(period: usize) -> usize {
    (2 * period).max(5) + 1
}

impl Plan {
    /// The second half of the values, but no more than the last 52 seasons or eight horizons, and no less than one origin
    /// whose whole horizon is known. `None` if that leaves too little to fit.
    ///
    /// With a long season, the cut leaves two of them to learn from; `None` if then less than four horizons are left.
    pub fn new(values: &[f64], period: usize, long: Option<usize>, horizon: usize) -> Option<Self> {
        let length = values.len();
        let latest = length.checked_sub(horizon)?;
        let mut known = 0;
        let least = 1 + values.iter().position(|value| {
            known += usize::from(!value.is_nan());
            known == least(period)
        })?;
        if latest < least {
            return None;
        }
        let span = (52 * period).max(8 * horizon).max(100);
        let mut cut = (length / 2).min(latest.saturating_sub(3)).max(least).max(length.saturating_sub(span));
        if let Some(long) = long {
            cut = cut.max(2 * long);
            if cut + 4 * horizon > length {
                return None;
            }
        }
        let mut stride = (length - cut).div_ceil(ORIGINS);
        while period > 1 && common(stride, period) > 1 {
            stride += 1;
        }
        Some(Self { cut, origins: (cut..length).step_by(stride).collect(), horizon })
    }
}

fn common(one: usize, other: usize) -> usize {
    if other == 0 { one } else { common(other, one % other) }
}

/// Forecasts, one row an origin.
pub(super) type Rows = Vec<Vec<f64>>;

/// What the method says at the plan's origins, learning from `values`. `None` where it cannot start, or ends in no number.
pub(super) fn rows(method: &Method, values: &[f64], period: usize, plan: &Plan) -> Option<Rows> {
    method.run(values, plan.cut, period, &plan.origins, plan.horizon)
}

/// Actual less forecast by origin and step, where the actual is there; otherwise not a number.
pub(super) fn errors(rows: &[Vec<f64>], actual: &[f64], plan: &Plan) -> Rows {
    let of = |origin: &usize, row: &Vec<f64>| {
        row.iter()
            .enumerate()
            .map(|(step, forecast)| actual.get(origin + step).map_or(f64::NAN, |value| value - forecast))
            .collect()
    };
    plan.origins.iter().zip(rows).map(|(origin, row)| of(origin, row)).collect()
}

/// The mean loss of all errors that are there; infinite if none is.
pub(super) fn score(errors: &[Vec<f64>], loss: Loss) -> f64 {
    let known = errors.iter().flatten().filter(|error| !error.is_nan());
    let (sum, count) = known.fold((0.0, 0.0), |(sum, count), error| (sum + loss.of(*error), count + 1.0));
    if count > 0.0 { sum / count } else { f64::INFINITY }
}

/// The mean of several methods' forecasts by weight.
pub(super) fn mean(members: &[(f64, Rows)]) -> Option<Rows> {
    let (_, first) = members.first()?;
    let whole: f64 = members.iter().map(|(weight, _)| weight).sum();
    let mut out: Rows = first.iter().map(|row| vec![0.0; row.len()]).collect();
    for (weight, rows) in members {
        for (into, row) in out.iter_mut().zip(rows) {
            for (into, value) in into.iter_mut().zip(row) {
                *into += weight / whole * value;
            }
        }
    }
    Some(out)
}
