//! What the next days would bring together if nothing were done: a structural time series.
//!
//! A level that wanders and grows, a week, a year, and noise of which a part lasts for some days (Harvey 1989, "Forecasting,
//! structural time series models and the Kalman filter"). The part that lasts is what tells a bad fortnight from a new level:
//! people act after bad weeks, and methods that take them for a level call what comes back by itself a gain. The variances are
//! the likeliest under weak priors, what remains is exact (Kalman 1960). How far sums strayed from what was said of them at
//! past moments widens the interval.

use crate::{NotEnough, minimise::minimise};

/// Level, growth a day, lasting noise, six contrasts of weekdays, two waves of the year, and the sum to come.
const STATES: usize = 14;
const LEVEL: usize = 0;
const GROWTH: usize = 1;
const LASTING: usize = 2;
const WEEK: usize = 3;
const YEAR: usize = 9;
const SUM: usize = 13;
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

/// The sum of the next `ahead` values, which are daily.
///
/// # Errors
/// [`NotEnough`] where there are too few values, too many gaps, nothing changes, or numbers are too large.
pub(super) fn sum(values: &[Option<f64>], ahead: usize) -> Result<Sum, NotEnough> {
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
    let rates = likeliest(&scaled);
    let mut filter = Filter::new(rates);
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
    let (expected, variance) = filter.ahead(scaled.len(), std::iter::repeat_n(true, ahead));
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

/// The likeliest rates under weak priors: levels hardly move from one day to the next, whatever is measured.
fn likeliest(values: &[Option<f64>]) -> Rates {
    let rates = |point: &[f64]| Rates {
        day: libm::exp(point[0]),
        lasting: libm::exp(point[1]),
        level: libm::exp(point[2]),
        kept: point[3],
    };
    let cost = |point: &[f64]| {
        let mut filter = Filter::new(rates(point));
        values.iter().enumerate().for_each(|(day, value)| filter.step(day, *value));
        let prior = |value: f64, middle: f64, scale: f64| ((value - middle) / scale) * ((value - middle) / scale);
        filter.cost
            + prior(point[0], libm::log(0.5), 1.0)
            + prior(point[1], libm::log(0.3), 1.0)
            + prior(point[2], libm::log(0.01), 2.0)
            + prior(point[3], 0.4, 0.3)
    };
    let side = |low: f64, high: f64| (libm::log(low), libm::log(high));
    let start = [libm::log(0.5), libm::log(0.3), libm::log(0.02), 0.4];
    let sides = [side(0.01, 3.0), side(0.01, 3.0), side(0.0005, 1.0), (0.0, 0.95)];
    rates(&minimise(cost, &start, &sides, false, SEARCH).0)
}

/// What is known of the states after the values so far.
#[derive(Clone, Debug)]
struct Filter {
    rates: Rates,
    mean: [f64; STATES],
    covariance: [[f64; STATES]; STATES],
    /// −2 log likelihood.
    cost: f64,
}

impl Filter {
    /// Before the first value: scattered as values scatter; the year less, growth hardly.
    fn new(rates: Rates) -> Self {
        let mut covariance = [[0.0; STATES]; STATES];
        covariance[LEVEL][LEVEL] = 2.0;
        // Half the scatter a year.
        covariance[GROWTH][GROWTH] = (0.5_f64 / 365.0) * (0.5 / 365.0);
        covariance[LASTING][LASTING] = rates.lasting * rates.lasting / (1.0 - rates.kept * rates.kept).max(0.05);
        (WEEK..YEAR).for_each(|at| covariance[at][at] = 0.5);
        (YEAR..SUM).for_each(|at| covariance[at][at] = if at < YEAR + 2 { 0.25 } else { 0.02 });
        Self { rates, mean: [0.0; STATES], covariance, cost: 0.0 }
    }

    /// How much of each state a day's value holds.
    fn of(day: usize) -> [f64; STATES] {
        let mut of = [0.0; STATES];
        (of[LEVEL], of[LASTING]) = (1.0, 1.0);
        match day % 7 {
            6 => of[WEEK..YEAR].fill(-1.0),
            weekday => of[WEEK + weekday] = 1.0,
        }
        let turn = std::f64::consts::TAU * day as f64 / 365.25;
        for wave in 0..2 {
            let angle = turn * (wave + 1) as f64;
            (of[YEAR + 2 * wave], of[YEAR + 2 * wave + 1]) = (libm::cos(angle), libm::sin(angle));
        }
        of
    }

    /// Learns a day's value, if there is one, and goes on to the next day.
    fn step(&mut self, day: usize, value: Option<f64>) {
        if let Some(value) = value {
            let of = Self::of(day);
            let with = self.with(&of);
            let variance = dot(&of, &with) + self.rates.day * self.rates.day;
            let error = value - dot(&of, &self.mean);
            let far = error.abs() / variance.sqrt();
            self.cost += libm::log(variance) + if far > ODD { ODD * (2.0 * far - ODD) } else { far * far };
            // An odd day, a sale or a holiday, moves what is known no further than one at the bound.
            let variance = variance * (far / ODD).max(1.0);
            for row in 0..STATES {
                self.mean[row] += with[row] * error / variance;
                for column in 0..STATES {
                    self.covariance[row][column] -= with[row] * with[column] / variance;
                }
            }
        }
        self.pass();
    }

    /// The covariances of a sum of states with all of them.
    fn with(&self, of: &[f64; STATES]) -> [f64; STATES] {
        self.covariance.map(|row| dot(&row, of))
    }

    /// A day passes: the level grows and wanders, what lasts fades.
    fn pass(&mut self) {
        let Rates { lasting, level, kept, .. } = self.rates;
        self.mean[LEVEL] += self.mean[GROWTH];
        self.mean[LASTING] *= kept;
        for at in 0..STATES {
            self.covariance[LEVEL][at] += self.covariance[GROWTH][at];
            self.covariance[LASTING][at] *= kept;
        }
        for at in 0..STATES {
            self.covariance[at][LEVEL] += self.covariance[at][GROWTH];
            self.covariance[at][LASTING] *= kept;
        }
        self.covariance[LEVEL][LEVEL] += level * level;
        self.covariance[LASTING][LASTING] += lasting * lasting;
    }

    /// Expectation and variance of the sum of the values from `day` on, of those days that count.
    fn ahead(&self, day: usize, counts: impl Iterator<Item = bool>) -> (f64, f64) {
        let mut then = self.clone();
        for (day, counts) in (day..).zip(counts) {
            if counts {
                let of = Self::of(day);
                let with = then.with(&of);
                then.mean[SUM] += dot(&of, &then.mean);
                let so_far = then.covariance[SUM][SUM];
                for (at, with) in with.iter().enumerate().take(SUM) {
                    then.covariance[SUM][at] += with;
                    then.covariance[at][SUM] = then.covariance[SUM][at];
                }
                let own = dot(&of, &with) + then.rates.day * then.rates.day;
                then.covariance[SUM][SUM] = so_far + own + 2.0 * with[SUM];
            }
            then.pass();
        }
        (then.mean[SUM], then.covariance[SUM][SUM])
    }
}

fn dot(one: &[f64; STATES], other: &[f64; STATES]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}
