//! Exponential smoothing (Hyndman, Koehler, Ord and Snyder 2008): trend none or damped, season none, added or multiplied.
//!
//! Undamped trends are left out: damped ones beat them at every horizon that matters here (Gardner 2006). The starting
//! states come from the first cycles and are not searched for, so that a fit has at most four parameters; in series of
//! more than a few cycles they hardly act on the end (Hyndman et al. 2008, section 2.6).

use serde::{Deserialize, Serialize};

use super::{
    minimise::{Side, minimise},
    recursion::{Loss, Recursion, cost, further},
    start::start,
};

/// How the season acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Season {
    None,
    Added,
    Multiplied,
}

/// One member of the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Form {
    pub damped: bool,
    pub season: Season,
}

/// Smoothing of the level, of the trend (a share of it), damping, and smoothing of the season (a share of what the level
/// leaves).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Ets {
    #[serde(flatten)]
    pub form: Form,
    pub alpha: f64,
    pub beta: f64,
    pub phi: f64,
    pub gamma: f64,
}

/// The states at one moment.
#[derive(Clone, Debug)]
pub(super) struct State {
    ets: Ets,
    level: f64,
    slope: f64,
    season: Vec<f64>,
    phase: usize,
}

impl Recursion for State {
    /// Sum of the damping over the steps, and the season's offset.
    type Lead = (f64, usize);

    fn lead(&self, steps: usize) -> Self::Lead {
        let (mut sum, mut power) = (0.0, 1.0);
        for _ in 0..steps {
            power *= self.ets.phi;
            sum += power;
        }
        (sum, (steps - 1) % self.season.len())
    }

    fn at(&self, (damping, offset): &Self::Lead) -> f64 {
        let base = self.level + damping * self.slope;
        let season = self.season[further(self.phase, *offset, self.season.len())];
        if self.ets.form.season == Season::Multiplied { base * season } else { base + season }
    }

    fn step(&mut self, value: f64) {
        let Ets { form, alpha, beta, phi, gamma } = self.ets;
        let base = self.level + phi * self.slope;
        let season = self.season[self.phase];
        let forecast = if form.season == Season::Multiplied { base * season } else { base + season };
        let error = if value.is_nan() { 0.0 } else { value - forecast };
        let gain = alpha * error;
        let rest = gamma * (error - gain);
        // A factor of nothing cannot be told: the level keeps what it has.
        if form.season == Season::Multiplied {
            let by = if season > 1e-3 { gain / season } else { 0.0 };
            self.level = base + by;
            self.slope = phi * self.slope + beta * by;
            if base > 1e-12 {
                self.season[self.phase] = (season + rest / base).max(1e-3);
            }
        } else {
            self.level = base + gain;
            self.slope = phi * self.slope + beta * gain;
            if form.season == Season::Added {
                self.season[self.phase] = season + rest;
            }
        }
        self.phase = further(self.phase, 1, self.season.len());
    }
}

impl Ets {
    /// The states before the first of these values, as their first cycles tell them.
    pub fn start(&self, values: &[f64], period: usize) -> Option<State> {
        let period = if self.form.season == Season::None { 1 } else { period };
        let found = start(values, period, self.form.season == Season::Multiplied)?;
        let slope = if self.form.damped { found.slope } else { 0.0 };
        let level = found.level - slope * (period as f64 + 1.0) / 2.0;
        Some(State { ets: *self, level, slope, season: found.season, phase: 0 })
    }

    /// The best fit of this form for forecasts so many steps ahead, looked for from another if one is given.
    pub fn fit(
        form: Form,
        values: &[f64],
        period: usize,
        steps: &[usize],
        loss: Loss,
        from: Option<&Self>,
    ) -> Option<Self> {
        const ALL: [Side; 4] = [(0.001, 0.999), (0.0, 0.999), (0.8, 0.98), (0.0, 0.999)];
        let mut searched = vec![0];
        if form.damped {
            searched.extend([1, 2]);
        }
        if form.season != Season::None {
            searched.push(3);
        }
        let with = |point: &[f64]| {
            let mut all = [0.0, 0.0, 1.0, 0.0];
            for (at, value) in searched.iter().zip(point) {
                all[*at] = *value;
            }
            Self { form, alpha: all[0], beta: all[1], phi: all[2], gamma: all[3] }
        };
        let pick = |all: [f64; 4]| searched.iter().map(|at| all[*at]).collect::<Vec<f64>>();
        let sides: Vec<Side> = searched.iter().map(|at| ALL[*at]).collect();
        let state = with(&pick([0.5, 0.1, 0.95, 0.1])).start(values, period)?;
        let judge = |point: &[f64]| cost(State { ets: with(point), ..state.clone() }, values, steps, loss);
        let begin = match from {
            Some(ets) => pick([ets.alpha, ets.beta, ets.phi, ets.gamma]),
            None => {
                [0.05, 0.2, 0.5]
                    .map(|alpha| pick([alpha, 0.1, 0.95, 0.1]))
                    .into_iter()
                    .map(|point| (judge(&point), point))
                    .min_by(|one, other| one.0.total_cmp(&other.0))?
                    .1
            }
        };
        let (point, found) = minimise(judge, &begin, &sides, from.is_some(), 40 * searched.len());
        found.is_finite().then(|| with(&point))
    }
}
