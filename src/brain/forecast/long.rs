//! A second, longer season (a year of days, a week of hours): a smooth profile over its phases, added to what the methods
//! say of the rest.
//!
//! How smooth, and how much of it, is decided by leaving out one cycle after the other and telling it from the others
//! (cross-validation); a season that tells nothing of a cycle left out is none. At least two cycles are needed.

use super::{start::line, theta};

/// Half widths of the smoothing, in steps.
const WIDTHS: [usize; 6] = [0, 1, 3, 7, 15, 30];

/// By phase of the long season (the first value has phase 0), what it adds; `None` if it adds nothing that can be told.
pub(super) fn profile(values: &[f64], long: usize, period: usize) -> Option<Vec<f64>> {
    let cycles = values.len() / long;
    if cycles < 2 {
        return None;
    }
    // The latest whole cycles, without line and short season.
    let points: Vec<(f64, f64)> =
        values.iter().enumerate().filter(|(_, value)| !value.is_nan()).map(|(at, value)| (at as f64, *value)).collect();
    let (base, slope) = line(&points);
    let bare: Vec<f64> = values.iter().enumerate().map(|(at, value)| value - base - slope * at as f64).collect();
    let season = theta::season(&bare, period, false)?;
    let skipped = values.len() - cycles * long;
    let rest: Vec<f64> = bare.iter().enumerate().skip(skipped).map(|(at, value)| value - season[at % period]).collect();

    let mut best: Option<(f64, f64, Vec<f64>)> = None;
    let plain: f64 = rest.iter().filter(|value| !value.is_nan()).map(|value| value * value).sum();
    for width in WIDTHS.into_iter().filter(|width| 4 * width < long) {
        let sums: Vec<Vec<(f64, f64)>> = rest.chunks(long).map(|cycle| smooth(cycle, width)).collect();
        let all: Vec<(f64, f64)> = (0..long)
            .map(|at| sums.iter().fold((0.0, 0.0), |(sum, count), cycle| (sum + cycle[at].0, count + cycle[at].1)))
            .collect();
        let (mut across, mut along) = (0.0, 0.0);
        for (cycle, own) in rest.chunks(long).zip(&sums) {
            for ((value, all), own) in cycle.iter().zip(&all).zip(own) {
                let count = all.1 - own.1;
                if !value.is_nan() && count > 0.0 {
                    let told = (all.0 - own.0) / count;
                    across += told * value;
                    along += told * told;
                }
            }
        }
        if along <= 0.0 || across <= 0.0 {
            continue;
        }
        let share = (across / along).min(1.0);
        let error = plain - 2.0 * share * across + share * share * along;
        if best.as_ref().is_none_or(|(least, ..)| error < *least) {
            let mean = |(sum, count): &(f64, f64)| if *count > 0.0 { share * sum / count } else { 0.0 };
            best = Some((error, share, all.iter().map(mean).collect()));
        }
    }
    let (.., mut found) = best?;
    found.rotate_right(skipped % long);
    Some(found)
}

/// Sums and counts over so many phases on both sides, around the cycle.
fn smooth(cycle: &[f64], width: usize) -> Vec<(f64, f64)> {
    let long = cycle.len();
    let known = |at: usize| if cycle[at].is_nan() { (0.0, 0.0) } else { (cycle[at], 1.0) };
    (0..long)
        .map(|at| {
            (0..=2 * width)
                .map(|step| known((at + long + step - width) % long))
                .fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::RngCore;

    use super::*;

    #[test]
    fn a_year_is_found_at_its_phase_and_chance_is_not_taken_for_one() {
        let mut random = crate::random::stream(7, "year");
        let mut noise = || (random.next_u32() as f64 / u32::MAX as f64 - 0.5) * 6.0;
        let wave = |at: usize| 10.0 * libm::sin(at as f64 / 365.0 * std::f64::consts::TAU);
        let year: Vec<f64> = (0..1000).map(|at| 50.0 + wave(at) + noise()).collect();
        let found = profile(&year, 365, 7).unwrap();
        let off = (0..365).map(|at| (found[at] - wave(at)).abs()).sum::<f64>() / 365.0;
        assert!(off < 1.5, "{off}");
        let chance: Vec<f64> = (0..1000).map(|_| 50.0 + noise()).collect();
        let size = profile(&chance, 365, 7).map_or(0.0, |found| found.iter().map(|one| one.abs()).sum::<f64>() / 365.0);
        assert!(size < 0.3, "{size}");
        assert_eq!(profile(&year[..729], 365, 7), None);
    }
}
