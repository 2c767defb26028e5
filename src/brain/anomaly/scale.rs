//! The scale on which days are compared, and how likely a count is.

use libm::sqrt;
use statrs::distribution::{DiscreteCDF, NegativeBinomial, Poisson};

/// How values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// Whole numbers from 0 on: √(y + 3⁄8), level × weekday.
    Count,
    /// Numbers from 0 on: √y, level × weekday.
    Amount,
    /// Any numbers: y, level + weekday.
    Signed,
}

impl Scale {
    /// The narrowest that holds this value and all that the other one holds.
    pub(super) fn with(self, value: f64) -> Self {
        match self {
            _ if value < 0.0 => Self::Signed,
            Self::Count if value.fract() != 0.0 => Self::Amount,
            known => known,
        }
    }

    /// The value as it is compared.
    pub(super) fn to(self, value: f64) -> f64 {
        // Squares of what is beyond would not be finite.
        let value = value.clamp(-1e150, 1e150);
        match self {
            Self::Count => sqrt(value + 0.375),
            Self::Amount => sqrt(value),
            Self::Signed => value,
        }
    }
}

/// Chances that a count of this mean and variance is at most, and at least, this.
pub(super) fn counted(mean: f64, variance: f64, value: f64) -> (f64, f64) {
    // Beyond 10⁹ a count is as good as continuous, and the tail of the past decides alone.
    if mean <= 0.0 || value > 1e9 || mean > 1e9 {
        return (if value <= mean { 1.0 } else { 0.0 }, 0.0);
    }
    let value = value.max(0.0) as u64;
    let below = |at: u64| -> Option<f64> {
        if variance > 1.01 * mean {
            let size = mean * mean / (variance - mean);
            Some(NegativeBinomial::new(size, size / (size + mean)).ok()?.cdf(at))
        } else {
            Some(Poisson::new(mean).ok()?.cdf(at))
        }
    };
    let low = below(value).unwrap_or(1.0);
    let high = if value == 0 { 1.0 } else { below(value - 1).map_or(1.0, |below| 1.0 - below) };
    (low.clamp(0.0, 1.0), high.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_has_the_tails_of_its_distribution() {
        // Poisson(3): P(0) = e⁻³, P(≥ 1) = 1 − e⁻³.
        let none = (-3.0_f64).exp();
        let (low, high) = counted(3.0, 3.0, 0.0);
        assert!((low - none).abs() < 1e-12 && high == 1.0);
        assert!((counted(3.0, 3.0, 1.0).1 - (1.0 - none)).abs() < 1e-12);
        // Negative binomial of mean 2 and variance 4: r = 2, p = 1/2, so P(0) = 1/4.
        assert!((counted(2.0, 4.0, 0.0).0 - 0.25).abs() < 1e-12);
    }

    #[test]
    fn the_scale_widens_as_values_need() {
        assert_eq!(Scale::Count.with(3.0), Scale::Count);
        assert_eq!(Scale::Count.with(3.5), Scale::Amount);
        assert_eq!(Scale::Amount.with(3.0), Scale::Amount);
        assert_eq!(Scale::Amount.with(-3.0), Scale::Signed);
        assert_eq!(Scale::Signed.with(0.5), Scale::Signed);
    }
}
