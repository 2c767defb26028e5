//! For what happens on few days: the chance of a day and the size of what happens are smoothed apart (Teunter, Syntetos and
//! Babai 2011), so that a series that dies out is forecast to die out.

use serde::{Deserialize, Serialize};

use super::{
    minimise::{Side, minimise},
    recursion::{Loss, Recursion, cost},
};

/// Smoothing of the chance, and of the size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Sparse {
    pub chance: f64,
    pub size: f64,
}

/// The states at one moment.
#[derive(Clone, Debug)]
pub(super) struct State {
    sparse: Sparse,
    chance: f64,
    size: f64,
}

impl Recursion for State {
    type Lead = ();

    fn lead(&self, _: usize) {}

    fn at(&self, (): &()) -> f64 {
        self.chance * self.size
    }

    fn step(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        let happened = value != 0.0;
        self.chance += self.sparse.chance * (f64::from(u8::from(happened)) - self.chance);
        if happened {
            self.size += self.sparse.size * (value - self.size);
        }
    }
}

impl Sparse {
    /// The states before the first of these values: chance and size of them all.
    pub fn start(&self, values: &[f64]) -> Option<State> {
        let known = values.iter().filter(|value| !value.is_nan());
        let (count, days, sum) = known.fold((0.0, 0.0, 0.0), |(count, days, sum), value| {
            (count + 1.0, days + f64::from(u8::from(*value != 0.0)), sum + value)
        });
        (days > 0.0).then(|| State { sparse: *self, chance: days / count, size: sum / days })
    }

    /// The best fit for forecasts so many steps ahead, looked for from another if one is given.
    pub fn fit(values: &[f64], steps: &[usize], loss: Loss, from: Option<&Self>) -> Option<Self> {
        const SIDES: [Side; 2] = [(0.0, 0.5), (0.0, 0.5)];
        let begin = from.copied().unwrap_or(Self { chance: 0.05, size: 0.05 });
        let state = begin.start(values)?;
        let judge = |point: &[f64]| {
            let sparse = Self { chance: point[0], size: point[1] };
            cost(State { sparse, ..state.clone() }, values, steps, loss)
        };
        let (point, found) = minimise(judge, &[begin.chance, begin.size], &SIDES, from.is_some(), 80);
        found.is_finite().then(|| Self { chance: point[0], size: point[1] })
    }
}
