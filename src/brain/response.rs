//! Response curves: how much of a target each channel brought, and what its next unit of spend would bring.
//!
//! [`fit`] explains daily or weekly revenue (or orders) by level, trend, season, weekday, controls and, for each channel, a
//! curve with carry-over and saturation ([`Shape`]), all at once and with what is not known kept as such: every figure comes
//! from draws of the joint posterior and has a 90 % interval. The draws stay in [`Response::posterior`], so that a budget can
//! be planned on them and [`refresh`] can read a new day in milliseconds.
//!
//! Method after Jin, Wang, Sun, Chan & Koehler 2017, *Bayesian methods for media mix modeling with carryover and shape
//! effects*; Chan & Perry 2017, *Challenges and opportunities in media mix modeling* (what the warnings are about).

mod answer;
mod chance;
mod command;
mod curve;
mod design;
mod input;
mod noise;
mod sampler;
mod warning;

#[cfg(test)]
mod tests;

pub use answer::{Answer, Channel, Control, CurvePoint, Estimate, Fitted, Likely, Response};
pub use command::{Query, Refusal, parse_lift_test, read, run};
pub use curve::{Curve, Family, Posterior, Shape};
pub use input::{Column, LiftTest, Step, Table, Unusable};
pub use warning::{Concern, Warning};

use crate::random;

/// How many draws a fit keeps.
const DRAWS: usize = 400;
/// How many of them a refresh reads: enough for 90 % intervals, few enough for a page.
const REFRESHED: usize = 50;

/// Fits all curves. The same table and seed give the same bytes; the order of channels and controls does not matter.
///
/// # Errors
/// [`Unusable`] says what of the table cannot be fitted. A channel that says nothing by itself (no spend, or always the
/// same) is left out and has its reason in [`Answer::NotEnough`].
pub fn fit(table: &Table, seed: u64) -> Result<Response, Unusable> {
    let design = design::of(table, None)?;
    let frame = noise::Frame::of(&design);
    let walk = sampler::Walk { settle: 1000, keep: DRAWS, every: 5 };
    let kept = sampler::walk(&frame, &mut random::stream(seed, "response"), walk).ok_or(Unusable::Unstable)?;
    answer::of(table, &design, &kept)
}

/// Reads more rows, or corrected ones, with an earlier fit's shapes: heights, linear part and everything that follows are
/// drawn anew, adstock and saturation are not. Made for the days between two fits; give it the fit's posterior each day, for a
/// refresh keeps an excerpt of the draws.
///
/// # Errors
/// As [`fit`]; [`Unusable::OtherFit`] when the posterior is of other channels or another step.
pub fn refresh(table: &Table, posterior: &Posterior, seed: u64) -> Result<Response, Unusable> {
    let design = design::of(table, Some(posterior))?;
    let names = design.channels.iter().map(|channel| &channel.name);
    if posterior.step != table.step || !posterior.channels.iter().map(|(name, _)| name).eq(names) {
        return Err(Unusable::OtherFit);
    }
    let frame = noise::Frame::of(&design);
    let every = posterior.draws.len().div_ceil(REFRESHED).max(1);
    let draws: Vec<_> = posterior.draws.iter().step_by(every).cloned().collect();
    let kept = sampler::refresh(&frame, &mut random::stream(seed, "response"), &draws).ok_or(Unusable::Unstable)?;
    answer::of(table, &design, &kept)
}
