//! The dynamic optimised Theta method (Fiorucci, Pellegrini, Louzada, Petropoulos and Koehler 2016) on values without
//! their season: smoothing of the level, plus a drift that is a searched share of the line through all that was seen.

use serde::{Deserialize, Serialize};

use super::{
    minimise::{Side, minimise},
    recursion::{Loss, Recursion, cost, further},
    start::start,
};

/// Smoothing, and 1 − 1/θ: the share of the line's slope that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Theta {
    pub alpha: f64,
    pub drift: f64,
    /// The season is a factor.
    pub factors: bool,
}

/// The states at one moment.
#[derive(Clone, Debug)]
pub(super) struct State {
    theta: Theta,
    level: f64,
    season: Vec<f64>,
    phase: usize,
    /// (1 − alpha) to the power of the steps taken.
    left: f64,
    steps: f64,
    /// Over the values seen: count, steps, values, squared steps, steps times values.
    sums: [f64; 5],
    /// The line's value at step 0 and its slope, through what was seen.
    line: (f64, f64),
}

impl State {
    fn base(&self) -> f64 {
        let Theta { alpha, drift, .. } = self.theta;
        self.level + drift * (self.left * self.line.0 + (1.0 - self.left * (1.0 - alpha)) / alpha * self.line.1)
    }

    fn draw(&mut self, value: f64) {
        let x = self.steps;
        for (sum, more) in self.sums.iter_mut().zip([1.0, x, value, x * x, x * value]) {
            *sum += more;
        }
        let [count, x, y, xx, xy] = self.sums;
        let along = count * xx - x * x;
        if count >= 3.0 && along > 0.0 {
            let slope = (count * xy - x * y) / along;
            self.line = ((y - slope * x) / count, slope);
        }
    }
}

impl Recursion for State {
    /// Steps after the first, and the season's offset.
    type Lead = (f64, usize);

    fn lead(&self, steps: usize) -> Self::Lead {
        ((steps - 1) as f64, (steps - 1) % self.season.len())
    }

    fn at(&self, (after, offset): &Self::Lead) -> f64 {
        // The sum of the geometric series in the paper's recursion over its own forecasts.
        let base = self.base() + self.theta.drift * self.line.1 * after;
        let season = self.season[further(self.phase, *offset, self.season.len())];
        if self.theta.factors { base * season } else { base + season }
    }

    fn step(&mut self, value: f64) {
        let Theta { alpha, factors, .. } = self.theta;
        let base = self.base();
        let season = self.season[self.phase];
        let bare = match (value.is_nan(), factors) {
            (true, _) => base,
            (false, true) => value / season,
            (false, false) => value - season,
        };
        self.level += alpha * (bare - self.level);
        self.steps += 1.0;
        self.left *= 1.0 - alpha;
        self.phase = further(self.phase, 1, self.season.len());
        if !value.is_nan() {
            self.draw(bare);
        }
    }
}

impl Theta {
    /// The states before the first of these values.
    pub fn start(&self, values: &[f64], period: usize) -> Option<State> {
        let found = start(values, period, self.factors)?;
        Some(State {
            theta: *self,
            level: found.level * (1.0 - self.drift),
            season: season(values, period, self.factors)?,
            phase: 0,
            left: 1.0,
            steps: 0.0,
            sums: [0.0; 5],
            line: (0.0, 0.0),
        })
    }

    /// The best fit for forecasts so many steps ahead, looked for from another if one is given.
    pub fn fit(values: &[f64], period: usize, steps: &[usize], loss: Loss, from: Option<&Self>) -> Option<Self> {
        const SIDES: [Side; 2] = [(0.01, 0.99), (0.0, 0.95)];
        let factors = from.map_or_else(
            || period > 1 && values.iter().all(|value| value.is_nan() || *value > 0.0),
            |theta| theta.factors,
        );
        let begin = from.copied().unwrap_or(Self { alpha: 0.3, drift: 0.5, factors });
        let still = Self { drift: 0.0, ..begin }.start(values, period)?;
        let judge = |point: &[f64]| {
            let theta = Self { alpha: point[0], drift: point[1], factors };
            let state = State { theta, level: still.level * (1.0 - theta.drift), ..still.clone() };
            cost(state, values, steps, loss)
        };
        let (point, found) = minimise(judge, &[begin.alpha, begin.drift], &SIDES, from.is_some(), 80);
        found.is_finite().then(|| Self { alpha: point[0], drift: point[1], factors })
    }
}

/// The season of all values: mean deviation from, or ratio to, the centred moving mean of a period.
pub(super) fn season(values: &[f64], period: usize, factors: bool) -> Option<Vec<f64>> {
    let neutral = if factors { 1.0 } else { 0.0 };
    if period == 1 {
        return Some(vec![neutral]);
    }
    let (ahead, behind) = (period / 2, (period - 1) / 2);
    let mut sums = vec![(0.0, 0.0); period];
    let mut window = (0.0, 0.0);
    let add = |window: &mut (f64, f64), value: f64, by: f64| {
        if !value.is_nan() {
            window.0 += by * value;
            window.1 += by;
        }
    };
    for (at, value) in values.iter().enumerate() {
        if at == 0 {
            values.iter().take(ahead + 1).for_each(|value| add(&mut window, *value, 1.0));
        } else {
            if at + ahead < values.len() {
                add(&mut window, values[at + ahead], 1.0);
            }
            if at > behind {
                add(&mut window, values[at - behind - 1], -1.0);
            }
        }
        if at < behind || at + ahead >= values.len() || value.is_nan() || 2.0 * window.1 < period as f64 {
            continue;
        }
        let mean = window.0 / window.1;
        let sum = &mut sums[at % period];
        if !factors {
            *sum = (sum.0 + value - mean, sum.1 + 1.0);
        } else if mean > 0.0 {
            *sum = (sum.0 + value / mean, sum.1 + 1.0);
        }
    }
    let mut season: Vec<f64> =
        sums.iter().map(|(sum, count)| if *count > 0.0 { sum / count } else { neutral }).collect();
    let mean = season.iter().sum::<f64>() / period as f64;
    if factors && mean <= 0.0 {
        return None;
    }
    for value in &mut season {
        *value = if factors { (*value / mean).max(0.01) } else { *value - mean };
    }
    Some(season)
}
