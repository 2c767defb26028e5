//! The axis of values: where it begins and ends, and the round numbers that stand at it.

/// So many steps at most, or one more.
const STEPS: f64 = 4.0;
/// What a step is a power of ten of.
const ROUND: [f64; 5] = [1.0, 2.0, 2.5, 5.0, 10.0];

/// From where to where an axis goes, in round steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    step: f64,
}

impl Scale {
    /// Of all these values; from nothing, where lengths are compared.
    pub(super) fn of(values: impl Iterator<Item = f64>, from_zero: bool) -> Self {
        let (mut low, mut high) = values
            .filter(|value| value.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if from_zero {
            (low, high) = (low.min(0.0), high.max(0.0));
        }
        if high <= low {
            // All values are the same: room on both sides, or one step above nothing.
            let room = if low == 0.0 { 1.0 } else { low.abs() / 2.0 };
            (low, high) = (if low == 0.0 { 0.0 } else { low - room }, high + room);
        }
        let step = round_step((high - low) / STEPS);
        Self { low: (low / step).floor() * step, high: (high / step).ceil() * step, step }
    }

    /// The round numbers, with the step between them.
    pub(super) fn ticks(self) -> (Vec<f64>, f64) {
        let (first, last) = ((self.low / self.step).round() as i32, (self.high / self.step).round() as i32);
        ((first..=last).map(|at| f64::from(at) * self.step).collect(), self.step)
    }

    /// Where a value lies: 0 at the beginning, 1 at the end.
    pub(super) fn share(self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }
}

/// The next round number that is not less.
fn round_step(raw: f64) -> f64 {
    let power = 10_f64.powi(raw.log10().floor() as i32);
    let share = raw / power;
    ROUND.into_iter().find(|round| share <= round * (1.0 + 1e-9)).unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(values: &[f64], from_zero: bool) -> Vec<f64> {
        Scale::of(values.iter().copied(), from_zero).ticks().0
    }

    #[test]
    fn ticks_are_round_and_hold_every_value() {
        assert_eq!(ticks(&[0.0, 930.0], true), [0.0, 250.0, 500.0, 750.0, 1000.0]);
        assert_eq!(ticks(&[3.0, 7.2], false), [2.0, 4.0, 6.0, 8.0]);
        assert_eq!(ticks(&[-120.0, 340.0], true), [-200.0, 0.0, 200.0, 400.0]);
        for high in [1e-7, 0.004, 0.9, 1.0, 17.0, 1_234_567.0, 9.99e12] {
            let (ticks, step) = Scale::of([high * 0.31, high].into_iter(), false).ticks();
            assert!(ticks[0] <= high * 0.31 && *ticks.last().unwrap() >= high * (1.0 - 1e-9), "{high}: {ticks:?}");
            assert!((3..=7).contains(&ticks.len()), "{high}: {ticks:?}");
            let digits = step / 10_f64.powi(step.log10().floor() as i32);
            assert!(ROUND.iter().any(|round| (digits - round).abs() < 1e-6), "{high}: a step of {step}");
        }
    }

    #[test]
    fn amounts_begin_at_nothing() {
        assert_eq!(ticks(&[900.0, 1000.0], true)[0], 0.0);
        assert!(ticks(&[900.0, 1000.0], false)[0] >= 850.0);
        assert_eq!(*ticks(&[-3.0, -9.0], true).last().unwrap(), 0.0);
    }

    #[test]
    fn an_axis_of_nothing_is_one_all_the_same() {
        for values in [&[][..], &[f64::NAN], &[0.0], &[7.0, 7.0], &[-2.0]] {
            for from_zero in [true, false] {
                let scale = Scale::of(values.iter().copied(), from_zero);
                assert!(scale.ticks().0.len() > 1, "{values:?}");
                for value in values.iter().filter(|value| value.is_finite()) {
                    assert!((0.0..=1.0).contains(&scale.share(*value)), "{values:?}");
                }
            }
        }
    }
}
