//! Draws from the distributions that generated worlds need: for tests and benchmarks, which plant what is to be found.
//!
//! They take any stream of [`random`](crate::random). Logarithms come from `libm`, so that a world is the same on every
//! machine. To add a distribution, test its mean and variance below.

use rand_chacha::{ChaCha8Rng, rand_core::RngCore};

/// Uniform in the open interval from 0 to 1.
pub fn unit(random: &mut ChaCha8Rng) -> f64 {
    ((random.next_u64() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
}

/// Uniform from `low` to `high`.
pub fn between(random: &mut ChaCha8Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * unit(random)
}

/// Standard normal (Marsaglia's polar method).
pub fn normal(random: &mut ChaCha8Rng) -> f64 {
    loop {
        let (u, v) = (2.0 * unit(random) - 1.0, 2.0 * unit(random) - 1.0);
        let square = u * u + v * v;
        if square > 0.0 && square < 1.0 {
            return u * (-2.0 * libm::log(square) / square).sqrt();
        }
    }
}

/// Gamma with this shape and mean, for shapes of at least 1 (Marsaglia and Tsang 2000).
pub fn gamma(random: &mut ChaCha8Rng, shape: f64, mean: f64) -> f64 {
    let d = shape.max(1.0) - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(random);
        let v = 1.0 + c * x;
        let v = v * v * v;
        if v > 0.0 && libm::log(unit(random)) < 0.5 * x * x + d - d * v + d * libm::log(v) {
            return d * v * mean / shape.max(1.0);
        }
    }
}

/// Poisson with this mean: by multiplication below 10, by Hörmann's PTRS (1993) above. 0 for a mean of 0 or less.
pub fn poisson(random: &mut ChaCha8Rng, mean: f64) -> u64 {
    if mean < 10.0 {
        let (limit, mut product, mut count) = (libm::exp(-mean), unit(random), 0);
        while product > limit {
            product *= unit(random);
            count += 1;
        }
        return count;
    }
    let b = 0.931 + 2.53 * mean.sqrt();
    let a = -0.059 + 0.02483 * b;
    let inverse = libm::log(1.1239 + 1.1328 / (b - 3.4));
    let (quick, log_mean) = (0.9277 - 3.6224 / (b - 2.0), libm::log(mean));
    loop {
        let (u, v) = (unit(random) - 0.5, unit(random));
        let us = 0.5 - u.abs();
        let k = ((2.0 * a / us + b) * u + mean + 0.43).floor();
        if us >= 0.07 && v <= quick {
            return k as u64;
        }
        if k < 0.0 || (us < 0.013 && v > us) {
            continue;
        }
        if libm::log(v) + inverse - libm::log(a / (us * us) + b) <= k * log_mean - mean - libm::lgamma(k + 1.0) {
            return k as u64;
        }
    }
}

/// Poisson whose mean scatters from day to day with this coefficient of variation (at most 1; 0 is a plain Poisson).
pub fn scattered(random: &mut ChaCha8Rng, mean: f64, variation: f64) -> u64 {
    let mean = if variation > 0.0 { gamma(random, 1.0 / (variation * variation), mean) } else { mean };
    poisson(random, mean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream;

    fn moments(draws: impl Iterator<Item = f64>) -> (f64, f64) {
        let values: Vec<f64> = draws.collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (mean, values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / values.len() as f64)
    }

    #[test]
    fn means_and_variances_are_as_said() {
        let mut random = stream(7, "draw");
        let mut check = |name: &str, draw: &mut dyn FnMut(&mut ChaCha8Rng) -> f64, mean: f64, variance: f64| {
            let (m, v) = moments((0..40_000).map(|_| draw(&mut random)));
            // Four standard errors of a mean, and 6 % of a variance.
            assert!((m - mean).abs() < 4.0 * (variance / 40_000.0).sqrt(), "{name}: mean {m}");
            assert!((v / variance - 1.0).abs() < 0.06, "{name}: variance {v}");
        };
        check("unit", &mut unit, 0.5, 1.0 / 12.0);
        check("normal", &mut normal, 0.0, 1.0);
        check("gamma", &mut |random| gamma(random, 4.0, 10.0), 10.0, 25.0);
        check("few", &mut |random| poisson(random, 3.0) as f64, 3.0, 3.0);
        check("many", &mut |random| poisson(random, 60.0) as f64, 60.0, 60.0);
        check("scattered", &mut |random| scattered(random, 30.0, 0.15) as f64, 30.0, 30.0 + 900.0 * 0.0225);
    }
}
