//! Shrinkage toward the family: what siblings (channels of a client) tell about each other.
//!
//! Each has a measured value with a variance; the true values scatter normally around a common centre. How widely they
//! scatter is not known, so it is integrated over a grid with a half-normal prior (Gelman et al., Bayesian Data Analysis,
//! 3rd ed., 5.4; the prior: Gelman 2006, "Prior distributions for variance parameters"). Where siblings are alike, each is
//! drawn to the centre and none stands out by chance; where they truly differ, they are left where they are.

/// The spread of true values in logarithms that is thought usual beforehand: with twice this, a doubling or a halving.
const USUAL: f64 = std::f64::consts::LN_2 / 2.0;
/// Points of the grid, up to three times the usual spread.
const POINTS: usize = 16;

/// Where the true values lie in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Centre {
    /// At zero: there are no siblings, and most things do not change.
    Zero,
    /// Near zero, as the siblings say.
    NearZero,
    /// Anywhere.
    Free,
}

/// A posterior: normals with weights, one for each point of the grid.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Posterior(Vec<(f64, f64, f64)>);

/// The standard normal's distribution function.
pub(crate) fn phi(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

impl Posterior {
    /// The probability that the true value is above `limit`.
    pub fn above(&self, limit: f64) -> f64 {
        self.0
            .iter()
            .map(|(weight, mean, deviation)| weight * phi((mean - limit) / deviation))
            .sum::<f64>()
            .clamp(0.0, 1.0)
    }

    /// The value below which the true one lies with this probability.
    pub fn quantile(&self, probability: f64) -> f64 {
        let edge = |sign: f64| {
            let reach = self.0.iter().map(|(_, mean, deviation)| sign * mean + 8.0 * deviation);
            sign * reach.fold(f64::NEG_INFINITY, f64::max)
        };
        let (mut low, mut high) = (edge(-1.0), edge(1.0));
        let mut at = self.moments().0.clamp(low, high);
        // Newton's steps, halving the bracket where one would leave it.
        for _ in 0..60 {
            let over = self.above(at) - (1.0 - probability);
            if over > 0.0 {
                low = at
            } else {
                high = at
            }
            let next = at + over / self.density(at);
            let next = if low < next && next < high { next } else { f64::midpoint(low, high) };
            if (next - at).abs() <= 1e-10 * (high - low).max(1.0) {
                return next;
            }
            at = next;
        }
        at
    }

    fn density(&self, at: f64) -> f64 {
        let part = |(weight, mean, deviation): &(f64, f64, f64)| {
            let z = (at - mean) / deviation;
            weight / deviation * libm::exp(-0.5 * z * z)
        };
        self.0.iter().map(part).sum::<f64>() / (2.0 * std::f64::consts::PI).sqrt()
    }

    /// Mean and standard deviation.
    pub fn moments(&self) -> (f64, f64) {
        let mean: f64 = self.0.iter().map(|(weight, mean, _)| weight * mean).sum();
        let square =
            |(weight, at, deviation): &(f64, f64, f64)| weight * (deviation * deviation + (at - mean) * (at - mean));
        (mean, self.0.iter().map(square).sum::<f64>().sqrt())
    }
}

/// The true values behind `values`, which are means and variances (above zero) of normals.
pub(super) fn pool(values: &[(f64, f64)], centre: Centre) -> Vec<Posterior> {
    let grid = (0..POINTS).map(|at| USUAL * 3.0 * (at as f64 + 0.5) / POINTS as f64);
    let fits: Vec<Fit> = grid.map(|spread| Fit::at(values, spread, centre)).collect();
    let best = fits.iter().map(|fit| fit.evidence).fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = fits.iter().map(|fit| libm::exp(fit.evidence - best)).collect();
    let all: f64 = weights.iter().sum();
    let of = |(value, variance): &(f64, f64)| {
        let normals = fits.iter().zip(&weights).map(|(fit, weight)| {
            let drawn = variance / (variance + fit.spread * fit.spread);
            let deviation = (variance * (1.0 - drawn) + drawn * drawn * fit.variance).sqrt();
            (weight / all, value - drawn * (value - fit.centre), deviation)
        });
        Posterior(normals.collect())
    };
    values.iter().map(of).collect()
}

struct Fit {
    spread: f64,
    centre: f64,
    variance: f64,
    evidence: f64,
}

impl Fit {
    fn at(values: &[(f64, f64)], spread: f64, centre: Centre) -> Self {
        let wide = |variance: f64| variance + spread * spread;
        let prior = if centre == Centre::NearZero { 1.0 / (USUAL * USUAL) } else { 0.0 };
        let precision = prior + values.iter().map(|(_, variance)| 1.0 / wide(*variance)).sum::<f64>();
        let (mean, variance) = if centre == Centre::Zero {
            (0.0, 0.0)
        } else {
            (values.iter().map(|(value, variance)| value / wide(*variance)).sum::<f64>() / precision, 1.0 / precision)
        };
        let mut evidence = -0.5 * (spread / USUAL) * (spread / USUAL) - 0.5 * mean * mean * prior;
        if variance > 0.0 {
            evidence += 0.5 * libm::log(variance);
        }
        for (value, variance) in values {
            let wide = wide(*variance);
            evidence -= 0.5 * (libm::log(wide) + (value - mean) * (value - mean) / wide);
        }
        Self { spread, centre: mean, variance, evidence }
    }
}

/// For each the probability that it is the highest of all. Of hundreds, only those that have a chance are compared.
pub(super) fn highest(all: &[Posterior]) -> Vec<f64> {
    /// Points at which each is taken: the middles of as many equally likely parts.
    const PARTS: usize = 48;
    let moments: Vec<(f64, f64)> = all.iter().map(Posterior::moments).collect();
    let standard = Posterior(vec![(1.0, 0.0, 1.0)]);
    let points: Vec<f64> = (0..PARTS).map(|part| standard.quantile((part as f64 + 0.5) / PARTS as f64)).collect();
    let floor = moments.iter().map(|(mean, deviation)| mean - 4.0 * deviation).fold(f64::NEG_INFINITY, f64::max);
    let mut chances: Vec<f64> = (0..all.len())
        .map(|at| {
            let (mean, deviation) = moments[at];
            if mean + 4.0 * deviation < floor {
                return 0.0;
            }
            let part = |point: &f64| {
                let value = mean + deviation * point;
                let mut chance = 1.0;
                for (other, (mean, deviation)) in moments.iter().enumerate() {
                    if other != at && chance > 1e-9 {
                        chance *= phi((value - mean) / deviation);
                    }
                }
                chance
            };
            points.iter().map(part).sum::<f64>() / PARTS as f64
        })
        .collect();
    let sum: f64 = chances.iter().sum();
    if sum > 0.0 {
        chances.iter_mut().for_each(|chance| *chance /= sum);
    }
    chances
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_siblings_are_drawn_together_and_different_ones_are_not() {
        let alike = pool(&[(0.1, 0.04), (-0.1, 0.04), (0.05, 0.04), (-0.05, 0.04)], Centre::Free);
        assert!(alike[0].moments().0 < 0.06 && alike[0].above(0.0) < 0.8);
        let apart = pool(&[(0.5, 0.001), (0.0, 0.001), (0.0, 0.001), (0.0, 0.001)], Centre::Free);
        assert!((apart[0].moments().0 - 0.5).abs() < 0.03 && apart[0].above(0.3) > 0.99);
    }

    #[test]
    fn alone_it_is_drawn_to_no_change_by_as_much_as_it_is_uncertain() {
        let sure = &pool(&[(-0.3, 0.001)], Centre::Zero)[0];
        let unsure = &pool(&[(-0.3, 0.2)], Centre::Zero)[0];
        assert!(sure.above(0.0) < 0.001 && (sure.quantile(0.5) + 0.3).abs() < 0.02);
        assert!(unsure.above(0.0) > 0.2 && unsure.quantile(0.5) > -0.15);
        assert!(unsure.quantile(0.025) < unsure.quantile(0.5) && unsure.quantile(0.5) < unsure.quantile(0.975));
    }

    #[test]
    fn chances_to_be_the_highest_sum_to_one_and_do_not_depend_on_the_order() {
        let values = [(0.1, 0.01), (0.3, 0.02), (0.0, 0.005)];
        let chances = highest(&pool(&values, Centre::Free));
        assert!((chances.iter().sum::<f64>() - 1.0).abs() < 1e-12 && chances[1] > chances[0]);
        let turned = highest(&pool(&[values[2], values[0], values[1]], Centre::Free));
        assert!((turned[2] - chances[1]).abs() < 1e-9);
    }
}
