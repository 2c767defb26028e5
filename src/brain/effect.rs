//! What an action brought: what happened against what would have happened without it.
//!
//! Before against after counts the return to the usual as a gain (Galton 1886; Barnett, van der Pols & Dobson 2005,
//! "Regression to the mean: what it is and how to deal with it"), for people act when figures are bad, and so it does with the
//! season: what people do before Christmas is followed by Christmas. So the days after the
//! action are held against a forecast that knows only the days before it (as Brodersen et al. 2015, "Inferring causal impact
//! using Bayesian structural time-series models", do), and its width by how such forecasts did in the past.

mod structural;

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::{NotEnough, Series, response::Column};

/// The share of the outcomes that the interval holds.
pub const CONFIDENCE: f64 = 0.8;
/// So probable it must be that there is an effect of this sign at all, before it is called won or lost. Strict, for whoever
/// takes many actions and counts the won ones would otherwise count chance.
pub const SURE: f64 = 0.99;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// More than without it, beyond what chance does.
    Won,
    /// Less.
    Lost,
    /// Chance can do as much.
    CannotTell,
}

/// What happened, and what would have, in the unit of the series, summed over the days after the action.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Effect {
    /// What happened.
    pub actual: f64,
    /// What was to be expected without the action.
    pub expected: f64,
    /// The difference.
    pub effect: f64,
    /// The lower end of the interval of the effect ([`CONFIDENCE`]).
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The probability that the effect is above zero.
    pub better: f64,
    /// What that means, where more is better.
    pub verdict: Verdict,
}

/// Holds the days after an action against what the days before it let expect. `before` ends the day before the action, `after`
/// begins with its day; both are daily.
///
/// # Errors
/// [`NotEnough`] where the days before are too few for such a forecast, or a day after is missing.
pub fn measure(before: &Series, after: &[Option<f64>]) -> Result<Effect, NotEnough> {
    measure_among(&[], before, after)
}

/// The same among days of which some are of a kind that the calendar knows: each column says of every day before and after how
/// much it is of one. What such a day brings is learned from those before; of a kind that was never among them nothing is
/// known, and the interval is wide.
///
/// # Errors
/// As [`measure`], and [`NotEnough::Unusable`] where a column does not hold every day.
pub fn measure_among(kinds: &[Column], before: &Series, after: &[Option<f64>]) -> Result<Effect, NotEnough> {
    let has = after.iter().flatten().count();
    if has < after.len() || after.is_empty() {
        return Err(NotEnough::Gaps { has, of: after.len() });
    }
    let actual: f64 = after.iter().flatten().sum();
    if !actual.is_finite() {
        return Err(NotEnough::TooLarge);
    }
    let days = before.values().len() + after.len();
    if kinds.iter().any(|kind| kind.values.len() != days || kind.values.iter().any(|value| !value.is_finite())) {
        return Err(NotEnough::Unusable { what: "the calendar" });
    }
    let kinds: Vec<&[f64]> = kinds.iter().map(|kind| &kind.values[..]).collect();
    let expected = structural::sum(before.values(), after.len(), &kinds)?;
    let student =
        StudentsT::new(0.0, 1.0, expected.freedom).map_err(|_| NotEnough::Unusable { what: "the number of days" })?;
    let effect = actual - expected.expected;
    let width = expected.scale * student.inverse_cdf(0.5 + 0.5 * CONFIDENCE);
    let better = student.cdf(effect / expected.scale);
    let verdict = if better >= SURE {
        Verdict::Won
    } else if better <= 1.0 - SURE {
        Verdict::Lost
    } else {
        Verdict::CannotTell
    };
    let (low, high) = (effect - width, effect + width);
    Ok(Effect { actual, expected: expected.expected, effect, low, high, better, verdict })
}

#[cfg(test)]
mod tests;
