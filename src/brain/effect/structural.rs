//! What the next days would bring together if nothing were done: a structural time series.
//!
//! A level that wanders and grows, a week, a year, days that the calendar knows, and noise of which a part lasts for some days
//! (Harvey 1989, "Forecasting, structural time series models and the Kalman filter"). The part that lasts is what tells a bad
//! fortnight from a new level: people act after bad weeks, and methods that take them for a level call what comes back by itself
//! a gain. The variances are the likeliest under weak priors, what remains is exact (Kalman 1960). So what a season or a kind of
//! day brings is as sure as the values before make it: one that was never among them widens the interval by all that it may
//! bring. How far sums strayed from what was said of them at past moments widens it, too.

use crate::{NotEnough, minimise::minimise};

/// Level, growth a day, lasting noise, six contrasts of weekdays, waves of the year, then what each kind of known day brings,
/// and last the sum to come.
const LEVEL: usize = 0;
const GROWTH: usize = 1;
const LASTING: usize = 2;
const WEEK: usize = 3;
const YEAR: usize = 9;
const WAVES: usize = 2;
const KINDS: usize = YEAR + 2 * WAVES;
/// Values that are needed: eight weeks.
const NEEDS: usize = 56;
/// Days between the moments at which sums are judged.
const EVERY: usize = 7;
/// So many disjoint sums' worth of belief that the model's own widths are right.
const BELIEF: f64 = 6.0;
/// Deviations from which on a day is odd (Huber 1964).
const ODD: f64 = 2.5;
/// Evaluations of the likelihood.
const SEARCH: usize = 250;
/// Standard deviations of the level's steps, least and largest, and how many between them are weighed.
const LEVELS: (f64, f64) = (0.0005, 1.0);
const STEPS: usize = 12;
/// By which share of itself what a kind of day brings differs from one year to the next; one year tells nothing of that.
const AGAIN: f64 = 0.25;

/// A sum of values to come: what is expected, how far it strays, and the degrees of freedom of that.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sum {
    pub expected: f64,
    pub scale: f64,
    pub freedom: f64,
}

/// Standard deviations of the noise of a day, of what of it lasts, of the level's steps, and the share of the lasting part that
/// is left a day later; as shares of what the values scatter.
#[derive(Clone, Copy, Debug)]
struct Rates {
    day: f64,
    lasting: f64,
    level: f64,
    kept: f64,
}

/// Kinds of days that the calendar knows: of each, how much every day is of it.
#[derive(Clone, Copy, Debug)]
struct Kinds<'a> {
    days: &'a [&'a [f64]],
    /// The standard deviation of what one may bring, before any was seen: as much as the values are, in what they scatter. What
    /// they scatter says nothing of days that were not among them.
    may_bring: f64,
}

/// The sum of the next `ahead` values, which are daily. Each of `days` says of every day, those ahead included, how much it is
/// of a kind.
///
/// # Errors
/// [`NotEnough`] where there are too few values, too many gaps, nothing changes, or numbers are too large.
pub(super) fn sum(values: &[Option<f64>], ahead: usize, days: &[&[f64]]) -> Result<Sum, NotEnough> {
    let known: Vec<f64> = values.iter().flatten().copied().collect();
    let needs = NEEDS.max(2 * ahead);
    if known.len() < needs {
        return Err(NotEnough::TooShort { has: known.len(), needs });
    }
    if 2 * known.len() < values.len() {
        return Err(NotEnough::Gaps { has: known.len(), of: values.len() });
    }
    let count = known.len() as f64;
    let largest = known.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    if !largest.is_finite() || largest >= 1e150 {
        return Err(NotEnough::TooLarge);
    }
    let mean = known.iter().sum::<f64>() / count;
    let scatter = (known.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count).sqrt();
    if scatter <= 1e-12 * largest {
        return Err(NotEnough::Constant);
    }
    let scaled: Vec<Option<f64>> = values.iter().map(|value| value.map(|value| (value - mean) / scatter)).collect();
    let kinds = Kinds { days, may_bring: libm::hypot(mean, scatter) / scatter };
    let rates = likeliest(&scaled, kinds);
    let mut filter = Filter::new(rates, kinds);
    let (mut squares, mut sums) = (0.0, 0.0);
    let from = (scaled.len() / 2).max(NEEDS);
    for (day, value) in scaled.iter().enumerate() {
        let judged = day >= from && day + ahead <= scaled.len() && (day - from).is_multiple_of(EVERY);
        if let Some(actual) = scaled[day..].get(..ahead).filter(|_| judged) {
            // A missing day is one less in both.
            let (expected, variance) = filter.ahead(day, actual.iter().map(Option::is_some));
            let error = actual.iter().flatten().sum::<f64>() - expected;
            (squares, sums) = (squares + error * error / variance, sums + 1.0);
        }
        filter.step(day, *value);
    }
    // Sums that overlap tell less than so many (Lo and MacKinlay 1988).
    let apart = if sums > 0.0 { 1.5 * (scaled.len() - from) as f64 / ahead as f64 } else { 0.0 };
    let ratio = if sums > 0.0 { squares / sums } else { 1.0 };
    let wider = ((BELIEF + apart * ratio) / (BELIEF + apart)).max(1.0);
    let (expected, variance) = mixed(&scaled, ahead, rates, kinds);
    let sum = Sum {
        expected: expected * scatter + mean * ahead as f64,
        scale: (variance * wider).sqrt() * scatter,
        freedom: BELIEF + apart,
    };
    if !(sum.expected.is_finite() && sum.scale.is_finite() && sum.scale > 0.0) {
        return Err(NotEnough::TooLarge);
    }
    Ok(sum)
}

/// Expectation and variance of the sum of the next `ahead` values over all that the level's steps may be, each as probable as
/// it is: the likeliest alone is often next to none, and is too sure of where the level will be.
fn mixed(values: &[Option<f64>], ahead: usize, rates: Rates, kinds: Kinds<'_>) -> (f64, f64) {
    let (least, largest) = LEVELS;
    let told: Vec<(f64, f64, f64)> = (0..STEPS)
        .map(|at| {
            let level = least * libm::pow(largest / least, at as f64 / (STEPS - 1) as f64);
            let rates = Rates { level, ..rates };
            let filter = Filter::after(values, rates, kinds);
            let (expected, variance) = filter.ahead(values.len(), std::iter::repeat_n(true, ahead));
            (filter.cost + rates.cost(), expected, variance)
        })
        .collect();
    let best = told.iter().map(|one| one.0).fold(f64::INFINITY, f64::min);
    let (mut weights, mut first, mut second) = (0.0, 0.0, 0.0);
    for (cost, expected, variance) in told {
        let weight = libm::exp((best - cost) / 2.0);
        weights += weight;
        first += weight * expected;
        second += weight * (variance + expected * expected);
    }
    let expected = first / weights;
    (expected, second / weights - expected * expected)
}

/// The likeliest rates under weak priors: levels hardly move from one day to the next, whatever is measured.
fn likeliest(values: &[Option<f64>], kinds: Kinds<'_>) -> Rates {
    let rates = |point: &[f64]| Rates {
        day: libm::exp(point[0]),
        lasting: libm::exp(point[1]),
        level: libm::exp(point[2]),
        kept: point[3],
    };
    let cost = |point: &[f64]| {
        let rates = rates(point);
        Filter::after(values, rates, kinds).cost + rates.cost()
    };
    let side = |low: f64, high: f64| (libm::log(low), libm::log(high));
    let start = [libm::log(0.5), libm::log(0.3), libm::log(0.02), 0.4];
    let sides = [side(0.01, 3.0), side(0.01, 3.0), side(LEVELS.0, LEVELS.1), (0.0, 0.95)];
    rates(&minimise(cost, &start, &sides, false, SEARCH).0)
}

impl Rates {
    /// −2 log of how probable they are before anything is seen.
    fn cost(&self) -> f64 {
        let prior = |value: f64, middle: f64, scale: f64| ((value - middle) / scale) * ((value - middle) / scale);
        prior(libm::log(self.day), libm::log(0.5), 1.0)
            + prior(libm::log(self.lasting), libm::log(0.3), 1.0)
            + prior(libm::log(self.level), libm::log(0.01), 2.0)
            + prior(self.kept, 0.4, 0.3)
    }
}

/// What is known of the states after the values so far.
#[derive(Clone, Debug)]
struct Filter<'a> {
    rates: Rates,
    kinds: Kinds<'a>,
    mean: Vec<f64>,
    /// Row after row.
    covariance: Vec<f64>,
    /// −2 log likelihood.
    cost: f64,
}

impl<'a> Filter<'a> {
    /// Before the first value: scattered as values scatter, half of it with the seasons; growth of as much a year.
    fn new(rates: Rates, kinds: Kinds<'a>) -> Self {
        let size = KINDS + kinds.days.len() + 1;
        let mut filter = Self { rates, kinds, mean: vec![0.0; size], covariance: vec![0.0; size * size], cost: 0.0 };
        let mut put = |at: usize, variance: f64| filter.covariance[at * size + at] = variance;
        put(LEVEL, 2.0);
        put(GROWTH, (1.0_f64 / 365.0) * (1.0 / 365.0));
        put(LASTING, rates.lasting * rates.lasting / (1.0 - rates.kept * rates.kept).max(0.05));
        (WEEK..YEAR).for_each(|at| put(at, 0.5));
        (YEAR..KINDS).for_each(|at| put(at, if at < YEAR + 2 { 0.5 } else { 0.02 }));
        (KINDS..size - 1).for_each(|at| put(at, kinds.may_bring * kinds.may_bring));
        filter
    }

    /// After these values.
    fn after(values: &[Option<f64>], rates: Rates, kinds: Kinds<'a>) -> Self {
        let mut filter = Self::new(rates, kinds);
        values.iter().enumerate().for_each(|(day, value)| filter.step(day, *value));
        filter
    }

    /// Where the sum to come is kept.
    fn sum(&self) -> usize {
        self.mean.len() - 1
    }

    /// How much of each state a day's value holds.
    fn of(&self, day: usize) -> Vec<f64> {
        let mut of = vec![0.0; self.mean.len()];
        (of[LEVEL], of[LASTING]) = (1.0, 1.0);
        match day % 7 {
            6 => of[WEEK..YEAR].fill(-1.0),
            weekday => of[WEEK + weekday] = 1.0,
        }
        let turn = std::f64::consts::TAU * day as f64 / 365.25;
        for wave in 0..WAVES {
            let angle = turn * (wave + 1) as f64;
            (of[YEAR + 2 * wave], of[YEAR + 2 * wave + 1]) = (libm::cos(angle), libm::sin(angle));
        }
        for (at, kind) in self.kinds.days.iter().enumerate() {
            of[KINDS + at] = kind[day];
        }
        of
    }

    /// Learns a day's value, if there is one, and goes on to the next day.
    fn step(&mut self, day: usize, value: Option<f64>) {
        self.begin(day);
        if let Some(value) = value {
            let of = self.of(day);
            let with = self.with(&of);
            let variance = dot(&of, &with) + self.rates.day * self.rates.day;
            let error = value - dot(&of, &self.mean);
            let far = error.abs() / variance.sqrt();
            self.cost += libm::log(variance) + if far > ODD { ODD * (2.0 * far - ODD) } else { far * far };
            // An odd day, a sale or a holiday, moves what is known no further than one at the bound.
            let variance = variance * (far / ODD).max(1.0);
            let size = self.mean.len();
            for (row, line) in self.covariance.chunks_exact_mut(size).enumerate() {
                self.mean[row] += with[row] * error / variance;
                let share = with[row] / variance;
                line.iter_mut().zip(&with).for_each(|(cell, with)| *cell -= share * with);
            }
        }
        self.pass();
    }

    /// The covariances of a sum of states with all of them.
    fn with(&self, of: &[f64]) -> Vec<f64> {
        self.covariance.chunks_exact(of.len()).map(|row| dot(row, of)).collect()
    }

    /// A kind of day comes, perhaps again: it may bring more or less than the last time.
    fn begin(&mut self, day: usize) {
        let size = self.mean.len();
        for (at, kind) in self.kinds.days.iter().enumerate() {
            if kind[day] != 0.0 && day > 0 && kind[day - 1] == 0.0 {
                let (at, brings) = (KINDS + at, AGAIN * self.mean[KINDS + at]);
                self.covariance[at * size + at] += brings * brings;
            }
        }
    }

    /// A day passes: the level grows and wanders, what lasts fades.
    fn pass(&mut self) {
        let Rates { lasting, level, kept, .. } = self.rates;
        let size = self.mean.len();
        self.mean[LEVEL] += self.mean[GROWTH];
        self.mean[LASTING] *= kept;
        for at in 0..size {
            self.covariance[LEVEL * size + at] += self.covariance[GROWTH * size + at];
            self.covariance[LASTING * size + at] *= kept;
        }
        for row in self.covariance.chunks_exact_mut(size) {
            row[LEVEL] += row[GROWTH];
            row[LASTING] *= kept;
        }
        self.covariance[LEVEL * size + LEVEL] += level * level;
        self.covariance[LASTING * size + LASTING] += lasting * lasting;
    }

    /// Expectation and variance of the sum of the values from `day` on, of those days that count.
    fn ahead(&self, day: usize, counts: impl Iterator<Item = bool>) -> (f64, f64) {
        let mut then = self.clone();
        let (size, sum) = (then.mean.len(), then.sum());
        for (day, counts) in (day..).zip(counts) {
            then.begin(day);
            if counts {
                let of = then.of(day);
                let with = then.with(&of);
                then.mean[sum] += dot(&of, &then.mean);
                let so_far = then.covariance[sum * size + sum];
                for (at, with) in with.iter().enumerate().take(sum) {
                    then.covariance[sum * size + at] += with;
                    then.covariance[at * size + sum] = then.covariance[sum * size + at];
                }
                let own = dot(&of, &with) + then.rates.day * then.rates.day;
                then.covariance[sum * size + sum] = so_far + own + 2.0 * with[sum];
            }
            then.pass();
        }
        (then.mean[sum], then.covariance[sum * size + sum])
    }
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}
