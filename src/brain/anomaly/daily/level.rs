//! Level and weekdays as one speed follows them, with the spread of the errors that it made.

use libm::sqrt;

use super::{BOUND, CONSISTENT, MEMORY, WEEK};
use crate::anomaly::scale::Scale;

/// Weeks that a weekday's factor is learned of.
const WEEKS: f64 = 16.0;

/// Level and weekdays at one speed.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) speed: f64,
    pub(super) level: f64,
    /// Factors or, of signed series, differences.
    pub(super) weekdays: [f64; WEEK],
    /// Days seen of each weekday, and of all.
    pub(super) seen: [f64; WEEK],
    pub(super) days: f64,
    /// Days that the level was learned of.
    pub(super) of: f64,
    /// Variance of the errors, bounded.
    pub(super) variance: f64,
}

impl Model {
    /// Nothing read yet.
    pub(super) fn new(speed: f64, scale: Scale) -> Self {
        let neutral = if scale == Scale::Signed { 0.0 } else { 1.0 };
        Self { speed, level: 0.0, weekdays: [neutral; WEEK], seen: [0.0; WEEK], days: 0.0, of: 0.0, variance: 0.0 }
    }

    /// What is expected of a day, after the root.
    pub(super) fn expected(&self, scale: Scale, weekday: usize) -> f64 {
        if scale == Scale::Signed { self.level + self.weekdays[weekday] } else { self.level * self.weekdays[weekday] }
    }

    /// Reads a day, after the root.
    pub(super) fn learn(&mut self, scale: Scale, weekday: usize, value: f64) {
        self.days += 1.0;
        self.of += 1.0;
        if self.days == 1.0 {
            self.level = value;
            self.seen[weekday] += 1.0;
            return;
        }
        let error = value - self.expected(scale, weekday);
        let bound =
            if self.days > 2.0 * WEEK as f64 && self.variance > 0.0 { BOUND * sqrt(self.variance) } else { f64::MAX };
        let bounded = error.clamp(-bound, bound);
        // Errors of the first week say nothing of the spread, those of the second little: level and weekdays are being
        // found. Each is forgotten when it is over.
        let from = if self.days > 2.0 * WEEK as f64 {
            2.0 * WEEK as f64
        } else if self.days > WEEK as f64 {
            WEEK as f64
        } else {
            1.0
        };
        let rate = 1.0 / (self.days - from).clamp(1.0, MEMORY);
        let square = (bounded * bounded).min(1e300) * if error == bounded { 1.0 } else { CONSISTENT };
        self.variance += rate * (square - self.variance);
        self.seen[weekday] += 1.0;
        let (level, share) = ((1.0 / self.of).max(self.speed), 1.0 / (self.seen[weekday] + 1.0).min(WEEKS));
        if scale == Scale::Signed {
            self.level += level * bounded;
            self.weekdays[weekday] += share * (bounded - level * bounded);
        } else {
            let factor = self.weekdays[weekday].max(0.1);
            self.level = (self.level + level * bounded / factor).max(0.0);
            if self.level > 0.0 {
                let implied = (self.expected(scale, weekday) + bounded * (1.0 - level)) / self.level;
                self.weekdays[weekday] += share * (implied.clamp(0.0, 10.0) - self.weekdays[weekday]);
            }
        }
    }
}
