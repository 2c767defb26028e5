//! Samplers against the moments that their distributions have. Sample means and variances are held against their own
//! standard errors: 4.5 of them, so that one of these comparisons fails by chance once in 100 000.

use super::*;

const DRAWS: usize = 40_000;

/// Holds mean and variance of draws against what they should be; `kurtosis` is the excess of the distribution.
fn check(what: &str, mean: f64, variance: f64, kurtosis: f64, mut draw: impl FnMut(&mut Stream) -> f64) {
    let mut stream = Key::new(7).name(what).stream();
    let draws: Vec<_> = (0..DRAWS).map(|_| draw(&mut stream)).collect();
    let n = DRAWS as f64;
    let average = draws.iter().sum::<f64>() / n;
    let spread = draws.iter().map(|x| (x - average) * (x - average)).sum::<f64>() / (n - 1.0);
    let off = (average - mean) / (variance / n).sqrt();
    assert!(off.abs() < 4.5, "{what}: mean {average} instead of {mean}, {off} standard errors");
    let off = (spread - variance) / (variance * ((kurtosis + 2.0) / n).sqrt());
    assert!(off.abs() < 4.5, "{what}: variance {spread} instead of {variance}, {off} standard errors");
}

/// The known answers published with Random123 (kat_vectors).
#[test]
fn philox_gives_the_published_answers() {
    assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
    assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
    assert_eq!(
        philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
    );
}

#[test]
fn continuous_samplers_have_their_moments() {
    check("uniform", 0.5, 1.0 / 12.0, -1.2, Stream::unit);
    check("normal", 0.0, 1.0, 0.0, Stream::normal);
    for shape in [1.0, 4.0, 60.0] {
        check("gamma", shape, shape, 6.0 / shape, |stream| stream.gamma(shape));
    }
    let square = 0.3_f64 * 0.3;
    let w = libm::exp(square);
    let kurtosis = w * w * w * w + 2.0 * w * w * w + 3.0 * w * w - 6.0;
    check("log-normal", 50.0, 2500.0 * (w - 1.0), kurtosis, |stream| stream.log_normal(50.0, 0.3));
}

#[test]
fn counting_samplers_have_their_moments() {
    for mean in [0.2, 3.0, 9.9, 10.1, 40.0, 900.0, 2.0e5] {
        check("poisson", mean, mean, 1.0 / mean, |stream| stream.poisson(mean) as f64);
    }
    for (n, p) in [(5, 0.3), (400, 0.01), (400, 0.05), (400, 0.6), (90_000, 0.012), (1000, 0.999)] {
        let (size, rest) = (n as f64, 1.0 - p);
        let variance = size * p * rest;
        let kurtosis = (1.0 - 6.0 * p * rest) / variance;
        check("binomial", size * p, variance, kurtosis, |stream| stream.binomial(n, p) as f64);
    }
    for (mean, size) in [(8.0, 2.0), (5000.0, 60.0)] {
        let variance = mean + mean * mean / size;
        let kurtosis = 6.0 / size + 1.0 / variance;
        check("negative binomial", mean, variance, kurtosis, |stream| stream.negative_binomial(mean, size) as f64);
    }
    check("geometric", 3.0, 12.0, 6.0 + 1.0 / 12.0, |stream| f64::from(stream.geometric(0.25)));
}

/// Moments would not see a wrong shape: each probability of a small distribution, by chi-square with 12 degrees of
/// freedom at level 0.001 (32.9).
#[test]
fn poisson_has_its_probabilities() {
    let (mean, mut seen) = (12.0_f64, [0.0; 13]);
    let mut stream = Key::new(7).name("shape").stream();
    for _ in 0..DRAWS {
        seen[(stream.poisson(mean) as usize).clamp(6, 18) - 6] += 1.0;
    }
    let at = |k: f64| libm::exp(k * libm::log(mean) - mean - libm::lgamma(k + 1.0)) * DRAWS as f64;
    let sum = |from: u32, to: u32| (from..=to).map(|k| at(f64::from(k))).sum::<f64>();
    let expected: Vec<_> = (6..=18)
        .map(|k| match k {
            6 => sum(0, 6),
            18 => sum(18, 80),
            k => at(f64::from(k)),
        })
        .collect();
    let distance: f64 = seen.iter().zip(&expected).map(|(seen, expected)| (seen - expected).powi(2) / expected).sum();
    assert!(distance < 32.9, "{distance}");
}

/// Neighbouring keys share nothing: correlation of 20 000 pairs within 4.5 standard errors of 0.
#[test]
fn streams_of_neighbouring_keys_are_unrelated() {
    let key = Key::new(1).name("ads");
    let pair = |day: u64| (key.number(day).stream().normal(), key.number(day + 1).stream().normal());
    let n = 20_000;
    let sum: f64 = (0..n).map(pair).map(|(one, other)| one * other).sum();
    assert!((sum / (n as f64).sqrt()).abs() < 4.5);
    assert_ne!(key.number(1).number(2).stream().bits(), key.number(2).number(1).stream().bits());
    assert_ne!(Key::new(1).name("a").stream().bits(), Key::new(2).name("a").stream().bits());
}

#[test]
fn whole_numbers_reach_both_ends() {
    let mut stream = Key::new(3).stream();
    let drawn: Vec<_> = (0..200).map(|_| stream.whole(2, 4)).collect();
    assert!([2, 3, 4].iter().all(|n| drawn.contains(n)) && drawn.iter().all(|n| (2..=4).contains(n)));
    assert_eq!(stream.below(0), 0);
}
