//! Draws from the distributions that the sampler needs, and the logarithm of the normal distribution function.

use std::f64::consts::{LN_2, PI, SQRT_2};

use rand::Rng;

/// A standard normal draw (Box & Muller 1958).
pub(super) fn normal(random: &mut impl Rng) -> f64 {
    let distance = (-2.0 * libm::log(1.0 - random.random::<f64>())).sqrt();
    distance * libm::cos(2.0 * PI * random.random::<f64>())
}

/// A normal draw of this mean and standard deviation, given that it is above zero (Robert 1995).
pub(super) fn positive_normal(random: &mut impl Rng, mean: f64, deviation: f64) -> f64 {
    let bound = -mean / deviation;
    if bound < 0.5 {
        loop {
            let draw = normal(random);
            if draw > bound {
                return mean + deviation * draw;
            }
        }
    }
    let rate = f64::midpoint(bound, (bound * bound + 4.0).sqrt());
    loop {
        let beyond = -libm::log(1.0 - random.random::<f64>()) / rate;
        let off = bound + beyond - rate;
        if random.random::<f64>() <= libm::exp(-off * off / 2.0) {
            // From the bound, not as a difference of two large numbers.
            return deviation * beyond;
        }
    }
}

/// A gamma draw of this shape (at least 1) and scale 1 (Marsaglia & Tsang 2000).
pub(super) fn gamma(random: &mut impl Rng, shape: f64) -> f64 {
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(random);
        let v = (1.0 + c * x).powi(3);
        let u = 1.0 - random.random::<f64>();
        if v > 0.0 && libm::log(u) < 0.5 * x * x + d - d * v + d * libm::log(v) {
            return d * v;
        }
    }
}

/// The logarithm of the standard normal distribution function.
pub(super) fn log_normal_below(z: f64) -> f64 {
    if z > -30.0 {
        return libm::log(libm::erfc(-z / SQRT_2)) - LN_2;
    }
    // Abramowitz & Stegun 26.2.12.
    let square = z * z;
    -square / 2.0 - libm::log(-z) - 0.5 * libm::log(2.0 * PI) + libm::log1p(-1.0 / square + 3.0 / (square * square))
}

/// One slice-sampling step from `at` (Neal 2003, stepping out and shrinkage) on the logarithm of a density, inside bounds.
pub(super) fn slice(
    random: &mut impl Rng,
    at: f64,
    width: f64,
    bounds: (f64, f64),
    mut density: impl FnMut(f64) -> f64,
) -> f64 {
    let here = density(at);
    if !here.is_finite() {
        return at;
    }
    let level = here + libm::log(1.0 - random.random::<f64>());
    let mut low = (at - width * random.random::<f64>()).max(bounds.0);
    let mut high = (low + width).min(bounds.1);
    for _ in 0..8 {
        if low <= bounds.0 || density(low) <= level {
            break;
        }
        low = (low - width).max(bounds.0);
    }
    for _ in 0..8 {
        if high >= bounds.1 || density(high) <= level {
            break;
        }
        high = (high + width).min(bounds.1);
    }
    for _ in 0..60 {
        let next = low + (high - low) * random.random::<f64>();
        if density(next) > level {
            return next;
        }
        if next < at { low = next } else { high = next }
    }
    at
}

#[cfg(test)]
mod tests {
    use statrs::distribution::{ContinuousCDF, Normal};

    use super::*;
    use crate::random;

    fn mean(draws: &[f64]) -> f64 {
        draws.iter().sum::<f64>() / draws.len() as f64
    }

    #[test]
    fn draws_have_the_moments_they_should() {
        let mut random = random::stream(3, "chance");
        let normals: Vec<f64> = (0..20_000).map(|_| normal(&mut random)).collect();
        assert!(mean(&normals).abs() < 0.03);
        assert!((mean(&normals.iter().map(|x| x * x).collect::<Vec<_>>()) - 1.0).abs() < 0.05);
        let gammas: Vec<f64> = (0..20_000).map(|_| gamma(&mut random, 2.5)).collect();
        assert!((mean(&gammas) - 2.5).abs() < 0.05);
        // Means of truncated normals: m + s φ(a) / (1 − Φ(a)).
        for (m, expected) in [(0.0, 0.797_885), (-2.0, 0.373_216), (3.0, 3.004_438)] {
            let draws: Vec<f64> = (0..20_000).map(|_| positive_normal(&mut random, m, 1.0)).collect();
            assert!(draws.iter().all(|draw| *draw > 0.0));
            assert!((mean(&draws) - expected).abs() < 0.03, "{m}: {}", mean(&draws));
        }
        let mut at = 0.0;
        let slices: Vec<f64> = (0..20_000)
            .map(|_| {
                at = slice(&mut random, at, 1.0, (f64::NEG_INFINITY, f64::INFINITY), |x| -0.5 * (x - 2.0) * (x - 2.0));
                at
            })
            .collect();
        assert!((mean(&slices) - 2.0).abs() < 0.05);
    }

    #[test]
    fn the_lower_tail_agrees_with_the_exact_one_and_goes_on_smoothly() {
        let standard = Normal::standard();
        for z in [-5.0, -1.0, 0.0, 2.0] {
            assert!((log_normal_below(z) - standard.cdf(z).ln()).abs() < 1e-8);
        }
        assert!((log_normal_below(-30.0 - 1e-9) - log_normal_below(-30.0 + 1e-9)).abs() < 1e-5);
    }
}
