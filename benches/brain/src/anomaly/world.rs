//! Worlds in which it is known what happened: nothing at all, or one thing put into a public series.

use brain::{
    Series,
    anomaly::{Finding, Named, findings},
    random,
};
use rand::Rng;
use time::{Date, Duration};

/// A draw from the gamma distribution of this shape and mean 1 (Marsaglia & Tsang 2000).
fn gamma(random: &mut impl Rng, shape: f64) -> f64 {
    let d = shape - 1.0 / 3.0;
    loop {
        let x = normal(random);
        let v = (1.0 + x / (9.0 * d).sqrt()).powi(3);
        let u: f64 = random.random();
        if v > 0.0 && u.ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v / shape;
        }
    }
}

/// A draw from the standard normal distribution (Box & Muller 1958).
pub fn normal(random: &mut impl Rng) -> f64 {
    let (u, v): (f64, f64) = (random.random::<f64>().max(1e-300), random.random());
    (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

/// A draw from the Poisson distribution: arrivals until the time is over.
fn poisson(random: &mut impl Rng, mean: f64) -> f64 {
    let (mut left, mut count) = (mean, 0.0);
    loop {
        left += random.random::<f64>().max(1e-300).ln();
        if left < 0.0 {
            return count;
        }
        count += 1.0;
    }
}

/// Orders of days on which nothing changes: a Poisson of a rate that varies by 15 % from day to day, and by weekday.
pub fn quiet(seed: u64, rate: f64, days: usize) -> Series {
    const WEEKDAYS: [f64; 7] = [1.15, 1.05, 1.0, 0.95, 0.9, 0.8, 1.15];
    let mut random = random::stream(seed, "quiet orders");
    let shape = 1.0 / (0.15 * 0.15);
    let values = (0..days).map(|day| {
        let mean = rate * WEEKDAYS[day % 7] * gamma(&mut random, shape);
        Some(poisson(&mut random, mean))
    });
    Series::new(values.collect()).expect("counts are finite")
}

/// The day every series of a world begins with: a Monday.
pub fn first() -> Date {
    Date::from_ordinal_date(2024, 1).expect("a day")
}

/// What the product finds in these series from this day on, by their place in the list and the number of the day found.
pub fn found(series: &[Series], since: usize) -> Vec<(usize, usize, Finding)> {
    let names: Vec<String> = (0..series.len()).map(|at| at.to_string()).collect();
    let named: Vec<Named<'_>> =
        names.iter().zip(series).map(|(name, values)| Named { name, group: "", first: first(), values }).collect();
    let answer = findings(&named, first() + Duration::days(since as i64));
    let day = |finding: &Finding| (finding.found - first()).whole_days() as usize;
    answer.found.into_iter().map(|one| (one.series.parse().unwrap_or_default(), day(&one), one)).collect()
}

/// What is put into a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// One day is so many times as high.
    Spike(f64),
    /// From a day on everything is so many times as high.
    Shift(f64),
    /// For three days only this share is left.
    DropOut(f64),
    /// From a day on every day adds this share of what would be there without it (or takes it away), down to 0.
    Trend(f64),
}

/// Kinds in three sizes, of which the lasting ones go up as well as down. NN5 itself has days of two to three times the usual in
/// most of its series, so that smaller spikes are none.
pub const EVENTS: [(&str, &[Event]); 4] = [
    ("spike", &[Event::Spike(3.0), Event::Spike(4.0), Event::Spike(6.0)]),
    (
        "level shift",
        &[
            Event::Shift(1.0 / 2.0),
            Event::Shift(2.0),
            Event::Shift(1.0 / 3.0),
            Event::Shift(3.0),
            Event::Shift(1.0 / 4.0),
            Event::Shift(4.0),
        ],
    ),
    ("drop-out", &[Event::DropOut(0.2), Event::DropOut(0.1), Event::DropOut(0.0)]),
    (
        "trend break",
        &[
            Event::Trend(-0.03),
            Event::Trend(0.03),
            Event::Trend(-0.045),
            Event::Trend(0.045),
            Event::Trend(-0.06),
            Event::Trend(0.06),
        ],
    ),
];

impl Event {
    /// Days from the first on which finding it is a hit.
    pub fn days(self) -> usize {
        match self {
            Self::Spike(_) => 2,
            Self::DropOut(_) => 4,
            Self::Shift(_) => 14,
            Self::Trend(_) => 28,
        }
    }

    /// Days after those on which its end, or that it goes on, can be told.
    pub fn end(self) -> usize {
        match self {
            Self::Spike(_) => 0,
            Self::DropOut(_) => 7,
            Self::Shift(_) | Self::Trend(_) => 14,
        }
    }

    /// The series with the event from this day on.
    pub fn put(self, series: &Series, start: usize) -> Series {
        let values = series.values().iter().enumerate().map(|(day, value)| {
            let value = (*value)?;
            let since = day.checked_sub(start);
            let factor = match (self, since) {
                (_, None) => 1.0,
                (Self::Spike(factor), Some(0)) => factor,
                (Self::DropOut(left), Some(0..3)) => left,
                (Self::Shift(factor), Some(_)) => factor,
                (Self::Trend(share), Some(days)) => (1.0 + share * (days + 1) as f64).max(0.0),
                _ => 1.0,
            };
            Some(value * factor)
        });
        Series::new(values.collect()).expect("finite values stay finite")
    }
}

/// Whether a series itself had as good as nothing on this day: less than a tenth of the middle of that weekday in the eight
/// weeks before, or no value. In NN5 the machine was out of order then; nobody noted it, but it is no noise.
pub fn out_of_order(series: &Series, day: usize) -> bool {
    let Some(value) = series.values()[day] else { return true };
    let mut before: Vec<f64> = (1..=8).filter_map(|week| *series.values().get(day.checked_sub(7 * week)?)?).collect();
    before.sort_by(f64::total_cmp);
    before.get(before.len() / 2).is_some_and(|middle| value < 0.1 * middle)
}
