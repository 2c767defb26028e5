//! Complex exponential smoothing (Svetunkov, Kourentzes and Ord 2022): level and "information potential" as one complex
//! number, which covers level and trend without choosing between them.

use serde::{Deserialize, Serialize};

use super::{
    minimise::{Side, minimise},
    recursion::{Loss, Recursion, cost, further},
    start::start,
};

/// Cycles that are run forth and back to find the starting states.
const BACK: usize = 10;

/// A forecast may at most be so many times what level and potential are now: one that trebles within its horizon is an
/// artefact of few values.
const GROWTH: f64 = 3.0;

/// How the season acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Form {
    /// No season.
    Plain,
    /// Every phase has a complex level of its own.
    Simple,
    /// One complex level, and a real deviation for each phase.
    Partial,
}

/// The complex smoothing parameter of the level, and that of the season.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Ces {
    pub form: Form,
    pub real: f64,
    pub imaginary: f64,
    pub season: f64,
}

/// The states at one moment.
#[derive(Clone, Debug)]
pub(super) struct State {
    ces: Ces,
    /// One complex level, or one for each phase.
    levels: Vec<(f64, f64)>,
    /// Deviations by phase of the partial form.
    season: Vec<f64>,
    phase: usize,
}

impl State {
    fn own(&self) -> usize {
        if self.levels.len() == 1 { 0 } else { self.phase }
    }

    fn turn(&mut self, error: f64) {
        let Ces { real, imaginary, season, .. } = self.ces;
        let own = self.own();
        let (level, potential) = self.levels[own];
        self.levels[own] = (
            level - (1.0 - imaginary) * potential + (real - imaginary) * error,
            level + (1.0 - real) * potential + (real + imaginary) * error,
        );
        self.season[self.phase] += season * error;
    }

    fn error(&self, value: f64) -> f64 {
        if value.is_nan() { 0.0 } else { value - self.levels[self.own()].0 - self.season[self.phase] }
    }
}

impl Recursion for State {
    /// Shares of level and potential in the level then, and the phase's offset.
    type Lead = (f64, f64, usize);

    fn lead(&self, steps: usize) -> Self::Lead {
        let turns = (steps - 1) / self.levels.len();
        let Ces { real, imaginary, .. } = self.ces;
        let row = (0..turns).fold((1.0, 0.0), |(level, potential), _| {
            (level + potential, (1.0 - real) * potential - (1.0 - imaginary) * level)
        });
        (row.0, row.1, (steps - 1) % self.season.len())
    }

    fn at(&self, (level, potential, offset): &Self::Lead) -> f64 {
        let phase = further(self.phase, *offset, self.season.len());
        let own = self.levels[if self.levels.len() == 1 { 0 } else { phase }];
        level * own.0 + potential * own.1 + self.season[phase]
    }

    fn step(&mut self, value: f64) {
        self.turn(self.error(value));
        self.phase = further(self.phase, 1, self.season.len());
    }
}

impl Ces {
    /// The states before the first of these values: as the first cycles tell them, then run forth and back over them.
    pub fn start(&self, values: &[f64], period: usize) -> Option<State> {
        let mut state = self.rough(values, period)?;
        self.back(&mut state, values);
        Some(state)
    }

    /// Whether old errors fade: the roots of the error recursion lie in the unit circle (the paper's stability condition).
    fn forgets(&self) -> bool {
        let (real, imaginary) = (self.real, self.imaginary);
        let trace = 2.0 - 2.0 * real + imaginary;
        let product = (1.0 - real + imaginary) * (1.0 - real) + (1.0 - imaginary) * (1.0 - real - imaginary);
        product.abs() < 1.0 && trace.abs() < 1.0 + product
    }

    fn rough(&self, values: &[f64], period: usize) -> Option<State> {
        let found = start(values, if self.form == Form::Plain { 1 } else { period }, false)?;
        // The authors' start: a potential a little below the level.
        let both = |value: f64| (value, value / 1.1);
        let flat = vec![0.0; found.season.len()];
        let (levels, season) = match self.form {
            Form::Plain => (vec![both(found.level)], flat),
            Form::Simple => (found.season.iter().map(|value| both(found.level + value)).collect(), flat),
            Form::Partial => (vec![both(found.level)], found.season),
        };
        Some(State { ces: *self, levels, season, phase: 0 })
    }

    fn back(&self, state: &mut State, values: &[f64]) {
        let period = state.season.len();
        let head = &values[..values.len().min(BACK * period) / period * period];
        for value in head {
            state.step(*value);
        }
        for value in head.iter().rev() {
            state.phase = further(state.phase, period - 1, period);
            state.turn(state.error(*value));
        }
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
        // The region in which the authors' implementation looks.
        const ALL: [Side; 3] = [(0.01, 1.8), (0.01, 1.9), (0.01, 1.5)];
        let searched = if form == Form::Partial { 3 } else { 2 };
        let with = |point: &[f64]| Self {
            form,
            real: point[0],
            imaginary: point[1],
            season: point.get(2).copied().unwrap_or(0.0),
        };
        let begin = from.map_or([1.3, 1.0, 0.1], |ces| [ces.real, ces.imaginary, ces.season]);
        let rough = with(&begin[..searched]).rough(values, period)?;
        let furthest = steps.iter().copied().max().unwrap_or(1);
        let judge = |point: &[f64]| {
            let ces = with(point);
            let mut state = State { ces, ..rough.clone() };
            let (level, potential, _) = state.lead(furthest);
            if !ces.forgets() || level.abs() + potential.abs() > GROWTH {
                return f64::INFINITY;
            }
            ces.back(&mut state, values);
            cost(state, values, steps, loss)
        };
        let (point, found) = minimise(judge, &begin[..searched], &ALL[..searched], from.is_some(), 40 * searched);
        found.is_finite().then(|| with(&point))
    }
}
