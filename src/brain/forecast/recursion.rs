//! What every method is while it runs: states that take one value after the other and can look ahead at any moment.

/// States at one moment.
pub(super) trait Recursion {
    /// What a forecast some steps ahead needs beside the states, worked out once for many moments.
    type Lead;

    /// What a forecast this many steps ahead needs; the first step is 1.
    fn lead(&self, steps: usize) -> Self::Lead;

    /// The forecast so far ahead of this moment.
    fn at(&self, lead: &Self::Lead) -> f64;

    /// Takes the next value; one that is not a number is missing, and the states go on without it.
    fn step(&mut self, value: f64);
}

/// How an error counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Loss {
    /// By its size, which outliers do not rule.
    Absolute,
    /// By its square, for what is zero on most days: the best forecast by size would be zero there.
    Squared,
}

impl Loss {
    /// What this error costs.
    pub fn of(self, error: f64) -> f64 {
        match self {
            Self::Absolute => error.abs(),
            Self::Squared => error * error,
        }
    }
}

/// How far ahead a fit looks: one step, and the quarters of the horizon.
///
/// Parameters that serve several steps at once are shrunk toward those of slow change, which forecasts far ahead need
/// (Svetunkov, Kourentzes and Killick 2023, "Multi-step estimators and shrinkage effect in time series models").
pub(super) fn steps(horizon: usize) -> Vec<usize> {
    let mut steps = vec![1];
    steps.extend((1..=4).map(|quarter| (horizon * quarter).div_ceil(4)));
    steps.dedup();
    steps
}

/// The cost of these states over all values: the logarithm of the mean loss at each of the steps, summed, times the values
/// of one step (the geometric trace of the paper above). Not a number or infinite if a forecast is.
pub(super) fn cost<R: Recursion>(mut state: R, values: &[f64], steps: &[usize], loss: Loss) -> f64 {
    let leads: Vec<(usize, R::Lead)> = steps.iter().map(|steps| (*steps, state.lead(*steps))).collect();
    let mut sums = vec![(0.0, 0.0); leads.len()];
    for at in 0..values.len() {
        for ((ahead, lead), sum) in leads.iter().zip(&mut sums) {
            let Some(value) = values.get(at + ahead - 1) else { break };
            if !value.is_nan() {
                sum.0 += loss.of(value - state.at(lead));
                sum.1 += 1.0;
            }
        }
        state.step(values[at]);
    }
    let told: Vec<f64> = sums
        .iter()
        .filter(|(_, count)| *count > 0.0)
        .map(|(sum, count): &(f64, f64)| libm::log((sum / count).max(1e-30)))
        .collect();
    let weight = if loss == Loss::Absolute { 2.0 } else { 1.0 };
    weight * sums[0].1 * told.iter().sum::<f64>() / told.len() as f64
}

/// The place in the season so many places further.
pub(super) fn further(phase: usize, offset: usize, period: usize) -> usize {
    let place = phase + offset;
    if place >= period { place - period } else { place }
}
