//! What one odd day would do to a level is bounded: a value is moved to within two deviations of its one-step forecast.
//!
//! This is the cleaning of robust exponential smoothing (Gelper, Fried and Croux 2010), run once before all methods. Only
//! what methods learn from is cleaned, never what they are judged by. Values that stay away on one side are no odd day but
//! a new level: they pass unchanged after a whole season of them, or three where there is no season.

use super::{
    ets::{Ets, Form, Season},
    recursion::Recursion,
};

/// Deviations that a value may be off; the paper's k.
const BOUND: f64 = 2.0;

/// The values with odd ones moved; each depends on none later, but for the first cycles, which tell how values scatter.
pub(super) fn clean(values: &[f64], period: usize) -> Vec<f64> {
    let season = if period > 1 { Season::Added } else { Season::None };
    // Slow and fixed: it shall not learn from what it is to find.
    let ets = Ets { form: Form { damped: false, season }, alpha: 0.1, beta: 0.0, phi: 1.0, gamma: 0.1 };
    let Some(start) = ets.start(values, period) else { return values.to_vec() };
    let head = &values[..values.len().min(20 * period.max(2))];
    let Some(mut scale) = scatter(start.clone(), head) else { return values.to_vec() };
    let mut state = start;
    let lead = state.lead(1);
    let mut run = 0_isize;
    values
        .iter()
        .map(|value| {
            let forecast = state.at(&lead);
            let mut kept = *value;
            if !value.is_nan() {
                let error = value - forecast;
                let bound = BOUND * scale;
                let side = if error > bound {
                    1
                } else if error < -bound {
                    -1
                } else {
                    0
                };
                run = if side != 0 && side == run.signum() { run + side } else { side };
                if side != 0 && run.unsigned_abs() <= period.max(3) {
                    kept = forecast + error.clamp(-bound, bound);
                }
                // The mean absolute deviation of a normal scatter is 0.7979 of its standard deviation.
                scale += 0.02 * ((error.abs().min(bound)) / 0.797_884_560_8 - scale);
            }
            state.step(kept);
            kept
        })
        .collect()
}

/// The standard deviation of the one-step errors over these values, as their median size tells it; `None` if most are nil.
fn scatter(mut state: impl Recursion, values: &[f64]) -> Option<f64> {
    let mut errors = vec![];
    let lead = state.lead(1);
    for value in values {
        if !value.is_nan() {
            errors.push((value - state.at(&lead)).abs());
        }
        state.step(*value);
    }
    errors.sort_by(f64::total_cmp);
    let middle = *errors.get(errors.len() / 2)?;
    // The median absolute deviation of a normal scatter is 1/1.4826 of its standard deviation.
    (middle > 0.0).then_some(1.4826 * middle)
}
