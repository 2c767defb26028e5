//! The yardstick: the last value of the same phase comes again.

use super::recursion::{Recursion, further};

/// The states at one moment.
#[derive(Clone, Debug)]
pub(super) struct State {
    last: Vec<f64>,
    phase: usize,
}

impl State {
    /// Before the first of these values; a phase that has none yet is taken at the mean of all values.
    pub fn start(values: &[f64], period: usize) -> Option<Self> {
        let known = values.iter().filter(|value| !value.is_nan());
        let (sum, count) = known.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
        (count > 0.0).then(|| Self { last: vec![sum / count; period], phase: 0 })
    }
}

impl Recursion for State {
    type Lead = usize;

    fn lead(&self, steps: usize) -> usize {
        (steps - 1) % self.last.len()
    }

    fn at(&self, offset: &usize) -> f64 {
        self.last[further(self.phase, *offset, self.last.len())]
    }

    fn step(&mut self, value: f64) {
        if !value.is_nan() {
            self.last[self.phase] = value;
        }
        self.phase = further(self.phase, 1, self.last.len());
    }
}
