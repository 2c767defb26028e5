//! What advertising truly brings: carry-over into later days, and ever less for ever more money.
//!
//! The model is that of Jin, Wang, Sun, Chan and Koehler (2017), "Bayesian methods for media mix modeling with carryover
//! and shape effects": spend is smoothed by a normalised geometric adstock over [`REACH`] days, then bent by a Hill curve.

use serde::Serialize;

/// Over how many days spend acts, that of the day itself included.
pub const REACH: usize = 14;

/// The response of a client's customers to one channel.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Response {
    /// What is left of an effect after a day, from 0 to 1.
    pub decay: f64,
    /// Adstocked spend a day, in currency units, that brings half of [`Self::ceiling`].
    pub half_saturation: f64,
    /// The exponent of the Hill curve.
    pub slope: f64,
    /// Orders a day that endless spend would bring on a day with demand 1.
    pub ceiling: f64,
}

impl Response {
    /// Adstock of a day from the spend of the days up to it, the day itself last, in currency units a day. What lies before
    /// the first is taken as equal to the first; 0 without any.
    pub fn adstock(&self, spend: &[f64]) -> f64 {
        let Some(before) = spend.first() else { return 0.0 };
        let (mut sum, mut weights, mut weight) = (0.0, 0.0, 1.0);
        for age in 0..REACH {
            sum += weight * spend.len().checked_sub(age + 1).map_or(before, |at| &spend[at]);
            weights += weight;
            weight *= self.decay;
        }
        sum / weights
    }

    /// Orders a day on a day with demand 1, for this adstock.
    pub fn orders(&self, adstock: f64) -> f64 {
        if adstock <= 0.0 {
            return 0.0;
        }
        self.ceiling / (1.0 + libm::pow(adstock / self.half_saturation, -self.slope))
    }

    /// How many more orders one more currency unit a day brings, spent every day: the derivative of [`Self::orders`].
    pub fn marginal(&self, adstock: f64) -> f64 {
        if adstock <= 0.0 {
            return 0.0;
        }
        let reached = self.orders(adstock) / self.ceiling;
        self.slope * self.orders(adstock) * (1.0 - reached) / adstock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESPONSE: Response = Response { decay: 0.5, half_saturation: 200.0, slope: 1.4, ceiling: 30.0 };

    #[test]
    fn steady_spend_is_its_own_adstock_and_a_pulse_decays() {
        assert!((RESPONSE.adstock(&[120.0; 40]) - 120.0).abs() < 1e-9);
        assert!((RESPONSE.adstock(&[120.0]) - 120.0).abs() < 1e-9);
        let mut spend = vec![0.0; 20];
        spend.push(100.0);
        let first = RESPONSE.adstock(&spend);
        spend.push(0.0);
        assert!((RESPONSE.adstock(&spend) / first - 0.5).abs() < 1e-12);
        spend.extend([0.0; REACH]);
        assert!(RESPONSE.adstock(&spend).abs() < 1e-12);
    }

    #[test]
    fn half_saturation_brings_half_and_the_margin_is_the_slope_of_the_curve() {
        assert!((RESPONSE.orders(200.0) - 15.0).abs() < 1e-9);
        assert!(RESPONSE.orders(0.0).abs() < 1e-12 && RESPONSE.orders(1e9) < 30.0 + 1e-9);
        for spend in [20.0, 200.0, 900.0] {
            let step = (RESPONSE.orders(spend + 0.01) - RESPONSE.orders(spend - 0.01)) / 0.02;
            assert!((RESPONSE.marginal(spend) - step).abs() < 1e-6);
        }
    }
}
