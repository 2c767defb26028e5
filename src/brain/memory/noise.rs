//! How much days scatter, measured from the days themselves, and what that leaves of a window's rate.
//!
//! Events (orders, clicks, or money) come at a rate for what they are exposed to (days, clicks, spend). Real days vary more
//! than a Poisson allows, so the variance is the mean times a dispersion, which Pearson's statistic measures (quasi-Poisson:
//! McCullagh and Nelder 1989, ch. 6 and 9). Money is the same with a dispersion in its own unit: a sum of random amounts has
//! variance `mean × E[v²]/E[v]` (compound Poisson), so that revenue divided by its dispersion is a number of *effective
//! events*. That is why revenue and ROAS need no list of orders, which platforms do not give: the days carry the scatter of
//! counts and of values alike. Levels are taken out by blocks of at most four weeks and weekdays by shrunken factors, so that
//! a season is not taken for noise. Neighbouring days that move together carry less than they seem: the dispersion grows by
//! `(1 + r) / (1 - r)` (Bartlett 1946), r being the lower end of the measured correlation, for most series have none.

use statrs::function::gamma::digamma;

use crate::NotEnough;

/// Days of a block whose level is taken as one; four whole weeks.
pub(super) const BLOCK: usize = 28;
/// Fewest degrees of freedom with which a dispersion is believed: its Student distribution then has a variance.
const FREEDOM: f64 = 5.0;

/// A day: how much happened, for how much it could have happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seen {
    /// The Julian day, by which weekdays and neighbours are known.
    pub day: i32,
    pub events: f64,
    /// Above zero.
    pub exposure: f64,
}

/// Whether events are a rate without a bound or a share of their exposure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Gamma–Poisson.
    Rate,
    /// Beta–Binomial: there are at most as many events as exposures.
    Share,
}

/// The scatter of days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Noise {
    /// Variance of a day's events for each expected event; 1 is a plain Poisson.
    pub dispersion: f64,
    /// Degrees of freedom it was measured with.
    pub freedom: f64,
    /// Correlation of neighbouring days, as far as it is certain.
    pub correlation: f64,
    /// Factors of the weekdays on the rate; all 1 where they do not differ.
    weekdays: [f64; 7],
}

/// A window's rate: its logarithm (of odds, for shares) as a normal posterior.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Level {
    pub log: f64,
    pub variance: f64,
    /// Events divided by their dispersion: as many independent ones tell as much.
    pub effective: f64,
}

fn weekday(day: i32) -> usize {
    usize::try_from(day.rem_euclid(7)).unwrap_or_default()
}

/// Trigamma: the variance of a Gamma's logarithm. By recurrence to 8 and the asymptotic series (Abramowitz and Stegun
/// 6.4.12), which is exact to 1e-10 there. `x` is above zero.
pub(crate) fn trigamma(mut x: f64) -> f64 {
    let mut sum = 0.0;
    while x < 8.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    sum + (1.0 + 0.5 / x + y * (1.0 / 6.0 - y * (1.0 / 30.0 - y * (1.0 / 42.0 - y / 30.0)))) / x
}

impl Noise {
    /// Measures the scatter of these windows, each of which is cut into blocks of its own. `floor` is the least
    /// dispersion there can be: 1 for counts, the mean value of an event for money.
    ///
    /// # Errors
    /// [`NotEnough::TooShort`] if there are too few days.
    pub fn measure(windows: &[&[Seen]], family: Family, floor: f64) -> Result<Self, NotEnough> {
        let blocks: Vec<&[Seen]> = windows
            .iter()
            .flat_map(|window| window.rchunks(BLOCK))
            .filter(|block| block.len() > 1 && block.iter().map(|seen| seen.events).sum::<f64>() > 0.0)
            .collect();
        let days: usize = blocks.iter().map(|block| block.len()).sum();
        let short = NotEnough::TooShort { has: days, needs: blocks.len() + FREEDOM as usize };
        let mut noise = Self { dispersion: 1.0, freedom: 0.0, correlation: 0.0, weekdays: [1.0; 7] };
        let plain = days as f64 - blocks.len() as f64;
        if plain < FREEDOM {
            return Err(short);
        }
        noise.dispersion = noise.pearson(&blocks, family) / plain;
        noise.freedom = plain;
        // Seven factors from fewer than three weeks would be noise themselves; a share's exposure already has the weekday.
        if family == Family::Rate && days >= 21 {
            let used = noise.learn_weekdays(&blocks, plain);
            noise.freedom = plain - used;
            noise.dispersion = noise.pearson(&blocks, family) / noise.freedom;
        }
        noise.correlation = noise.neighbours(&blocks, family);
        noise.dispersion = noise.dispersion.max(floor).max(f64::MIN_POSITIVE);
        if noise.dispersion.is_finite() { Ok(noise) } else { Err(NotEnough::TooLarge) }
    }

    fn rate(&self, block: &[Seen]) -> f64 {
        let events: f64 = block.iter().map(|seen| seen.events).sum();
        events / block.iter().map(|seen| self.exposure(seen)).sum::<f64>()
    }

    fn exposure(&self, seen: &Seen) -> f64 {
        seen.exposure * self.weekdays[weekday(seen.day)]
    }

    /// A day's deviation in standard deviations of a plain Poisson (or binomial).
    fn residual(&self, seen: &Seen, rate: f64, family: Family) -> f64 {
        let expected = rate * self.exposure(seen);
        let scale = if family == Family::Share { (1.0 - rate).max(1e-9) } else { 1.0 };
        (seen.events - expected) / (expected * scale).sqrt()
    }

    fn pearson(&self, blocks: &[&[Seen]], family: Family) -> f64 {
        let of = |block: &&[Seen]| {
            let rate = self.rate(block);
            block.iter().map(|seen| self.residual(seen, rate, family)).map(|value| value * value).sum::<f64>()
        };
        blocks.iter().map(of).sum()
    }

    /// Learns the weekdays' factors, shrunk toward 1 by as much as they may be chance (empirical Bayes), and says how many
    /// degrees of freedom that took.
    fn learn_weekdays(&mut self, blocks: &[&[Seen]], plain: f64) -> f64 {
        let (mut events, mut expected) = ([0.0; 7], [0.0; 7]);
        for block in blocks {
            let rate = self.rate(block);
            for seen in *block {
                events[weekday(seen.day)] += seen.events;
                expected[weekday(seen.day)] += rate * seen.exposure;
            }
        }
        if expected.iter().any(|expected| *expected <= 0.0) {
            return 0.0;
        }
        let raw: Vec<f64> =
            events.iter().zip(expected).map(|(events, expected)| (events / expected).max(0.0)).collect();
        let between: f64 = raw.iter().zip(expected).map(|(raw, expected)| expected * (raw - 1.0) * (raw - 1.0)).sum();
        // What remains when the weekdays are taken out tells how much of their spread is chance.
        let within = ((self.dispersion * plain - between) / (plain - 6.0).max(1.0)).max(0.0);
        let chance: f64 = expected.iter().map(|expected| within / expected).sum::<f64>() / 7.0;
        let spread: f64 = raw.iter().map(|raw| (raw - 1.0) * (raw - 1.0)).sum::<f64>() / 6.0;
        let real = (spread - chance).max(0.0);
        let mut used = 0.0;
        for (at, raw) in raw.into_iter().enumerate() {
            let noise = within / expected[at];
            let kept = if real + noise > 0.0 { real / (real + noise) } else { 0.0 };
            // A weekday on which nothing ever happened keeps a trace, so that its exposure is not zero.
            self.weekdays[at] = (1.0 + kept * (raw - 1.0)).max(0.01);
            used += kept * 6.0 / 7.0;
        }
        used
    }

    /// The correlation of neighbouring days' deviations less one standard error, between 0 and 0.8.
    fn neighbours(&self, blocks: &[&[Seen]], family: Family) -> f64 {
        let (mut products, mut squares, mut pairs, mut days) = (0.0, 0.0, 0.0_f64, 0.0_f64);
        for block in blocks {
            let rate = self.rate(block);
            let residuals: Vec<f64> = block.iter().map(|seen| self.residual(seen, rate, family)).collect();
            squares += residuals.iter().map(|value| value * value).sum::<f64>();
            days += block.len() as f64;
            for (days, values) in block.windows(2).zip(residuals.windows(2)) {
                if days[0].day + 1 == days[1].day {
                    products += values[0] * values[1];
                    pairs += 1.0;
                }
            }
        }
        if pairs < 14.0 || squares <= 0.0 {
            return 0.0;
        }
        // A mean taken out of n days pulls the correlation down by 1/n.
        let bias = blocks.len() as f64 / days;
        let found = (products / pairs) / (squares / days) + bias;
        (found - 1.0 / pairs.sqrt()).clamp(0.0, 0.8)
    }

    /// The rate of a window: the posterior of a Gamma (or Beta) whose events are divided by their dispersion, with Jeffreys'
    /// half event, as a normal of its logarithm. That the dispersion itself is uncertain widens it as Student's t does.
    ///
    /// # Errors
    /// [`NotEnough::TooFew`] if nothing was exposed.
    pub fn level(&self, window: &[Seen], family: Family) -> Result<Level, NotEnough> {
        let together = self.dispersion * (1.0 + self.correlation) / (1.0 - self.correlation);
        let events: f64 = window.iter().map(|seen| seen.events).sum::<f64>() / together;
        let exposure: f64 = window.iter().map(|seen| self.exposure(seen)).sum::<f64>() / together;
        if exposure <= 0.0 || window.is_empty() {
            return Err(NotEnough::TooFew { of: "days", has: 0, needs: 1 });
        }
        if events < 0.0 {
            return Err(NotEnough::Negative { at: 0 });
        }
        let shape = events + 0.5;
        let widen = self.freedom / (self.freedom - 2.0).max(1.0);
        let (log, variance) = match family {
            Family::Rate => (digamma(shape) - libm::log(exposure), trigamma(shape)),
            Family::Share => {
                let rest = (exposure - events).max(0.0) + 0.5;
                (digamma(shape) - digamma(rest), trigamma(shape) + trigamma(rest))
            }
        };
        let level = Level { log, variance: variance * widen, effective: events };
        if log.is_finite() && variance.is_finite() { Ok(level) } else { Err(NotEnough::TooLarge) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{draw, random::stream};

    fn days(name: &str, count: i32, mean: f64, variation: f64, week: [f64; 7]) -> Vec<Seen> {
        let mut random = stream(11, name);
        let day = |day| {
            let mean = mean * week[weekday(day)];
            Seen { day, events: draw::scattered(&mut random, mean, variation) as f64, exposure: 1.0 }
        };
        (0..count).map(day).collect()
    }

    const WEEK: [f64; 7] = [0.8, 0.9, 1.0, 1.0, 1.1, 1.3, 0.9];

    #[test]
    fn trigamma_is_that_of_the_tables() {
        // Abramowitz and Stegun, table 6.1: ψ'(1) = π²/6, ψ'(1/2) = π²/2.
        let pi = std::f64::consts::PI;
        assert!((trigamma(1.0) - pi * pi / 6.0).abs() < 1e-9 && (trigamma(0.5) - pi * pi / 2.0).abs() < 1e-9);
    }

    #[test]
    fn dispersion_and_weekdays_are_measured() {
        for (mean, variation) in [(10.0, 0.0), (100.0, 0.15), (30.0, 0.3)] {
            let seen = days("measured", 700, mean, variation, WEEK);
            let noise = Noise::measure(&[&seen], Family::Rate, 1.0).unwrap();
            let truth = 1.0 + mean * variation * variation;
            assert!((noise.dispersion / truth - 1.0).abs() < 0.2, "{mean} {variation}: {}", noise.dispersion);
            assert!(noise.correlation < 0.05);
            let off = |(at, factor): (usize, &f64)| (noise.weekdays[at] - factor).abs();
            assert!(WEEK.iter().enumerate().map(off).all(|off| off < 0.08), "{:?}", noise.weekdays);
        }
    }

    #[test]
    fn days_that_move_together_count_less() {
        let mut random = stream(3, "together");
        let mut level = 0.0;
        let day = |day| {
            level = 0.7 * level + 0.2 * draw::normal(&mut random);
            let events = draw::poisson(&mut random, 100.0 * libm::exp(level)) as f64;
            Seen { day, events, exposure: 1.0 }
        };
        let seen: Vec<Seen> = (0..140).map(day).collect();
        let noise = Noise::measure(&[&seen], Family::Rate, 1.0).unwrap();
        assert!(noise.correlation > 0.3, "{}", noise.correlation);
    }

    #[test]
    fn money_has_as_many_effective_events_as_its_values_allow() {
        let mut random = stream(5, "money");
        // Values of mean 50 and a coefficient of variation of 1: E[v²]/E[v] = 100.
        let day = |day| {
            let events: f64 = (0..draw::poisson(&mut random, 20.0)).map(|_| draw::gamma(&mut random, 1.0, 50.0)).sum();
            Seen { day, events, exposure: 1.0 }
        };
        let seen: Vec<Seen> = (0..700).map(day).collect();
        let noise = Noise::measure(&[&seen], Family::Rate, 50.0).unwrap();
        assert!((noise.dispersion / 100.0 - 1.0).abs() < 0.2, "{}", noise.dispersion);
    }

    #[test]
    fn too_few_days_and_no_events_are_said() {
        let seen = days("few", 5, 10.0, 0.0, WEEK);
        assert!(matches!(Noise::measure(&[&seen], Family::Rate, 1.0), Err(NotEnough::TooShort { has: 5, .. })));
        let none: Vec<Seen> = (0..50).map(|day| Seen { day, events: 0.0, exposure: 1.0 }).collect();
        assert!(matches!(Noise::measure(&[&none], Family::Rate, 1.0), Err(NotEnough::TooShort { has: 0, .. })));
    }
}
