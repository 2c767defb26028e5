//! What one channel's spend does: it lasts (adstock), and each further unit does less (saturation).
//!
//! Adstock is geometric, normalised and cut at a maximal lag (Jin et al. 2017; `geometric_adstock(normalize=True)` of
//! pymc-marketing): of one unit of spend the share `αⁱ(1−α)/(1−αᴸ)` works `i` periods later, so that steady spend gives an
//! exposure equal to itself. Saturation has no one true form, so several are averaged by how well they explain the data
//! (Bayesian model averaging, Hoeting et al. 1999); all are written by the spend at which half of the limit is reached, which
//! means the same in each.

use serde::{Deserialize, Serialize};

use super::{
    input::Step,
    sampler::{Effect, State},
};

/// The form of a saturation curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// `(1 − e^{−λx}) / (1 + e^{−λx})`, pymc-marketing's logistic saturation.
    Logistic,
    /// `1 − e^{−λx}`.
    Exponential,
    /// `x / (κ + x)`, Michaelis–Menten.
    MichaelisMenten,
    /// `xⁿ / (κⁿ + xⁿ)`, with a threshold (n > 1) or a steep start (n < 1).
    Hill,
}

impl Family {
    pub(super) const ALL: [Self; 4] = [Self::Logistic, Self::Exponential, Self::MichaelisMenten, Self::Hill];
}

/// Carry-over and saturation of one channel, without its height.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// Share of the effect that carries over to the next period, 0 to 1.
    pub adstock: f64,
    /// Form of the saturation.
    pub family: Family,
    /// Steady spend per period at which half of the limit is reached, in the spend's unit.
    pub half: f64,
    /// Exponent, which only [`Family::Hill`] uses.
    pub slope: f64,
}

impl Shape {
    /// The share of the limit that an exposure reaches, 0 to 1; never falls as the exposure grows.
    pub fn saturation(&self, exposure: f64) -> f64 {
        let part = exposure.max(0.0) / self.half;
        match self.family {
            // tanh(λx/2) with λ = ln 3 / κ.
            Family::Logistic => {
                let gone = libm::exp(-3f64.ln() * part);
                (1.0 - gone) / (1.0 + gone)
            }
            Family::Exponential => 1.0 - libm::exp2(-part),
            Family::MichaelisMenten => part / (1.0 + part),
            Family::Hill if part > 0.0 => 1.0 / (1.0 + libm::exp(-self.slope * libm::log(part))),
            Family::Hill => 0.0,
        }
    }

    /// How fast [`Shape::saturation`] grows per unit of exposure.
    pub fn steepness(&self, exposure: f64) -> f64 {
        // A Hill curve with n < 1 starts upright; a millionth of its half point stands for zero.
        let part = exposure.max(0.0) / self.half;
        let reached = self.saturation(exposure);
        let per_part = match self.family {
            Family::Logistic => 0.5 * 3f64.ln() * (1.0 - reached * reached),
            Family::Exponential => std::f64::consts::LN_2 * (1.0 - reached),
            Family::MichaelisMenten => (1.0 - reached) * (1.0 - reached),
            Family::Hill => {
                let part = part.max(1e-6);
                let reached = 1.0 / (1.0 + libm::exp(-self.slope * libm::log(part)));
                self.slope * reached * (1.0 - reached) / part
            }
        };
        per_part / self.half
    }

    /// Exposure in each period: spend of this and of the periods before, at most `lags` of them. What was spent before the
    /// first row is unknown and taken to be steady at the mean of the first `lags` rows.
    pub fn exposure(&self, spend: &[f64], lags: usize) -> Vec<f64> {
        let mut exposure = vec![0.0; spend.len()];
        self.expose(spend, lags, &mut exposure);
        exposure
    }

    pub(super) fn expose(&self, spend: &[f64], lags: usize, exposure: &mut [f64]) {
        let lags = lags.max(1);
        let first = &spend[..lags.min(spend.len())];
        let before = first.iter().sum::<f64>() / first.len().max(1) as f64;
        let gone = self.adstock.powi(i32::try_from(lags).unwrap_or(i32::MAX));
        let norm = (1.0 - self.adstock) / (1.0 - gone);
        let mut sum = before / norm;
        for at in 0..spend.len() {
            let leaving = if at < lags { before } else { spend[at - lags] };
            sum = self.adstock * sum + spend[at] - gone * leaving;
            // Rounding of the running sum may not become a negative exposure.
            exposure[at] = (norm * sum).max(0.0);
        }
    }
}

/// A channel's curve in one draw of the posterior, in the units of spend and target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    /// Carry-over and saturation.
    pub shape: Shape,
    /// Target per period that no spend exceeds.
    pub limit: f64,
}

impl Curve {
    /// Target per period of this steady spend per period.
    pub fn at(&self, spend: f64) -> f64 {
        self.limit * self.shape.saturation(spend)
    }

    /// Target of one more unit of spend, at this steady spend per period.
    pub fn marginal(&self, spend: f64) -> f64 {
        self.limit * self.shape.steepness(spend)
    }
}

/// Draws of all curves together, with what a later day needs to go on from them. Channels are in the order of their names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Posterior {
    pub(super) step: Step,
    /// Mean size of the target.
    pub(super) unit: f64,
    /// Names, and mean spend of the periods with spend.
    pub(super) channels: Vec<(String, f64)>,
    pub(super) draws: Vec<State>,
}

impl Posterior {
    /// Names of the channels that have curves, sorted.
    pub fn channels(&self) -> impl Iterator<Item = &str> {
        self.channels.iter().map(|(name, _)| name.as_str())
    }

    /// Each draw with the curve of each channel, in the order of [`Posterior::channels`]. What hangs together between
    /// channels does so within a draw: plan on whole draws, not on the channels' intervals.
    pub fn draws(&self) -> impl Iterator<Item = Vec<Curve>> {
        self.draws.iter().map(|draw| {
            let curves = draw.effects.iter().zip(&self.channels);
            curves.map(|(effect, (_, unit))| effect.curve(self.unit, *unit)).collect()
        })
    }
}

impl Effect {
    /// The curve of a channel, given what is one in spend and target.
    fn curve(&self, target: f64, spend: f64) -> Curve {
        let limit = target * self.height / self.shape.saturation(1.0);
        Curve { shape: Shape { half: self.shape.half * spend, ..self.shape }, limit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes() -> impl Iterator<Item = Shape> {
        Family::ALL
            .into_iter()
            .flat_map(|family| [0.6, 1.0, 2.5].map(|slope| Shape { adstock: 0.4, family, half: 3.0, slope }))
    }

    #[test]
    fn more_spend_never_lowers_a_curve_and_half_is_reached_at_the_half_point() {
        for shape in shapes() {
            assert!((shape.saturation(3.0) - 0.5).abs() < 1e-12, "{shape:?}");
            assert_eq!(shape.saturation(0.0), 0.0);
            let points: Vec<f64> = (0..2000).map(|at| shape.saturation(f64::from(at) * 0.05)).collect();
            assert!(points.windows(2).all(|pair| pair[0] <= pair[1]) && points.iter().all(|point| *point <= 1.0));
        }
    }

    #[test]
    fn steepness_is_the_derivative() {
        for shape in shapes() {
            for at in [0.2, 1.0, 3.0, 9.0] {
                let step = (shape.saturation(at + 1e-5) - shape.saturation(at - 1e-5)) / 2e-5;
                assert!((shape.steepness(at) - step).abs() < 1e-7, "{shape:?} at {at}");
            }
            assert!(shape.steepness(0.0).is_finite());
        }
    }

    #[test]
    fn logistic_agrees_with_the_published_parameter() {
        // λ = 4 in (1 − e^{−λx}) / (1 + e^{−λx}).
        let shape = Shape { adstock: 0.0, family: Family::Logistic, half: 3f64.ln() / 4.0, slope: 1.0 };
        let published = (1.0 - (-4.0f64 * 0.7).exp()) / (1.0 + (-4.0f64 * 0.7).exp());
        assert!((shape.saturation(0.7) - published).abs() < 1e-12);
    }

    #[test]
    fn exposure_keeps_what_was_spent_and_ends_at_the_maximal_lag() {
        let shape = Shape { adstock: 0.5, family: Family::Logistic, half: 1.0, slope: 1.0 };
        let mut spend = vec![0.0; 12];
        spend[6] = 7.0;
        let exposure = shape.exposure(&spend, 3);
        let expected = [4.0, 2.0, 1.0, 0.0];
        assert!(exposure[6..10].iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-12));
        let steady = shape.exposure(&[2.0; 9], 4);
        assert!(steady.iter().all(|exposure| (exposure - 2.0).abs() < 1e-12));
    }
}
