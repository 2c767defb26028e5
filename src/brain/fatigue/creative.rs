//! A creative and its days, and how widely click rates scatter.

use statrs::function::gamma::digamma;
use time::Date;

use crate::{NotEnough, memory::trigamma};

/// A creative may run so many days: eleven years.
const LONGEST: i64 = 4_000;

/// What an advertisement did on a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CreativeDay {
    /// The day.
    pub day: Date,
    /// How often it was shown.
    pub impressions: u64,
    /// How often it was clicked.
    pub clicks: u64,
    /// Conversions that the platform claims.
    pub conversions: Option<f64>,
    /// What it cost, in the channel's currency.
    pub spend: Option<f64>,
    /// How many different people it has reached since its first day, if the platform tells.
    pub reach: Option<u64>,
}

/// An advertisement with its days, which are one after the other from its first: a day without a row is a day on which it
/// was not shown.
#[derive(Clone, Debug)]
pub struct Creative {
    /// Its id, which is only handed back.
    pub id: String,
    /// The channel it runs in.
    pub channel: String,
    pub(super) first: Date,
    /// Sums up to a day, one more than there are days: impressions, clicks, conversions, spend.
    sums: Vec<[f64; 4]>,
    reach: Vec<Option<f64>>,
    /// Whether conversions and spend are told on every day.
    told: [bool; 2],
}

/// A logarithm with its variance: a normal posterior.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Level {
    pub log: f64,
    pub variance: f64,
    /// Events divided by their dispersion.
    pub effective: f64,
}

impl Creative {
    /// A creative of these days, in any order.
    ///
    /// # Errors
    /// [`NotEnough`] without a day, with a day twice, an amount that is no number or below zero, or more than eleven years.
    pub fn new(
        id: impl Into<String>,
        channel: impl Into<String>,
        mut days: Vec<CreativeDay>,
    ) -> Result<Self, NotEnough> {
        days.sort_by_key(|day| day.day);
        let (Some(first), Some(last)) = (days.first().copied(), days.last().copied()) else {
            return Err(NotEnough::TooShort { has: 0, needs: 1 });
        };
        if let Some(twice) = days.windows(2).find(|pair| pair[0].day == pair[1].day) {
            return Err(NotEnough::Duplicate { of: twice[0].day.to_string() });
        }
        let count = (last.day - first.day).whole_days() + 1;
        if count > LONGEST {
            return Err(NotEnough::Unusable { what: "a span of more than eleven years" });
        }
        let count = usize::try_from(count).unwrap_or_default();
        let (mut values, mut reach) = (vec![[0.0; 4]; count], vec![None; count]);
        let mut told = [true; 2];
        for (at, day) in days.iter().enumerate() {
            for (told, amount) in told.iter_mut().zip([day.conversions, day.spend]) {
                match amount {
                    Some(amount) if !(amount.is_finite() && amount.abs() < 1e15) => {
                        return Err(NotEnough::NotFinite { at });
                    }
                    Some(amount) if amount < 0.0 => return Err(NotEnough::Negative { at }),
                    Some(_) => {}
                    None => *told = false,
                }
            }
            let place = usize::try_from((day.day - first.day).whole_days()).unwrap_or_default();
            let (conversions, spend) = (day.conversions.unwrap_or_default(), day.spend.unwrap_or_default());
            values[place] = [day.impressions as f64, day.clicks as f64, conversions, spend];
            reach[place] = day.reach.map(|reach| reach as f64);
        }
        let mut sums = vec![[0.0; 4]; count + 1];
        for (at, value) in values.into_iter().enumerate() {
            sums[at + 1] = std::array::from_fn(|column| sums[at][column] + value[column]);
        }
        // Reach only grows; a day on which it is not told has that of the day before.
        for at in 1..count {
            reach[at] = reach[at].or(reach[at - 1]);
        }
        Ok(Self { id: id.into(), channel: channel.into(), first: first.day, sums, reach, told })
    }

    /// How many days it has.
    pub(super) const fn len(&self) -> usize {
        self.reach.len()
    }

    /// The place of a day, or of its last if that is earlier; none if it began later.
    pub(super) fn place(&self, day: Date) -> Option<usize> {
        Some(usize::try_from((day - self.first).whole_days()).ok()?.min(self.len() - 1))
    }

    /// Sums of the days from `from` to `to`, both included: impressions, clicks, conversions, spend.
    pub(super) fn sum(&self, from: usize, to: usize) -> [f64; 4] {
        let (from, to) = (from.min(self.len()), (to + 1).min(self.len()));
        std::array::from_fn(|column| self.sums[to.max(from)][column] - self.sums[from][column])
    }

    /// People reached until a day.
    pub(super) fn reached(&self, at: usize) -> Option<f64> {
        self.reach[at.min(self.len() - 1)].filter(|reach| *reach > 0.0)
    }

    /// Whether the platform tells conversions, and spend.
    pub(super) const fn told(&self) -> [bool; 2] {
        self.told
    }

    /// The click rate of some days.
    pub(super) fn clicks(&self, from: usize, to: usize, scatter: f64) -> Option<Level> {
        let [impressions, clicks, ..] = self.sum(from, to);
        level(clicks, impressions, (to + 1 - from) as f64, scatter)
    }

    /// The conversion rate of some days.
    pub(super) fn conversions(&self, from: usize, to: usize, scatter: f64) -> Option<Level> {
        let [_, clicks, conversions, _] = self.sum(from, to);
        level(conversions, clicks, (to + 1 - from) as f64, scatter)
    }
}

/// The posterior of a rate: Gamma–Poisson with events divided by their dispersion, which grows with the events of a day.
fn level(events: f64, exposure: f64, days: f64, scatter: f64) -> Option<Level> {
    if exposure <= 0.0 {
        return None;
    }
    let dispersion = 1.0 + scatter * events / days;
    let effective = events / dispersion;
    let shape = effective + 0.5;
    let log = digamma(shape) - libm::log(exposure / dispersion);
    Some(Level { log, variance: trigamma(shape), effective })
}

/// How widely a day's clicks scatter beyond chance: their variance is `mean + scatter × mean²`. Measured on all creatives
/// together, week by week, so that a trend is not taken for scatter (method of moments).
pub(super) fn scatter(creatives: &[&Creative], until: Date) -> f64 {
    let (mut excess, mut weight) = (0.0, 0.0);
    for creative in creatives {
        let Some(last) = creative.place(until) else { continue };
        for from in (0..(last + 1) / 7 * 7).step_by(7) {
            let [impressions, clicks, ..] = creative.sum(from, from + 6);
            if clicks < 7.0 || impressions <= 0.0 {
                continue;
            }
            for at in from..from + 7 {
                let [shown, clicked, ..] = creative.sum(at, at);
                let expected = clicks * shown / impressions;
                if expected > 0.0 {
                    // The week's own rate takes a seventh of the squares.
                    excess += (clicked - expected) * (clicked - expected) / expected * 7.0 / 6.0 - 1.0;
                    weight += expected;
                }
            }
        }
    }
    if weight > 0.0 { (excess / weight).max(0.0) } else { 0.0 }
}
