//! Facts: what a source (an ad account, a campaign, an advertisement, a shop) reported of its days.

use std::sync::OnceLock;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use time::Date;

use super::Currency;
use crate::{NotEnough, finding::iso_day};

/// What is counted of a day. Claimed is what an ad platform says, ledger what a shop's books say; they are never added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// What the advertising cost.
    Spend,
    /// How often it was shown.
    Impressions,
    /// How often it was clicked.
    Clicks,
    /// Conversions that the platform claims, in fractions.
    ClaimedConversions,
    /// Revenue that the platform claims.
    ClaimedRevenue,
    /// Orders in the books.
    Orders,
    /// Revenue in the books: after discounts and refunds, without taxes and shipping.
    LedgerRevenue,
    /// What was paid back on the day.
    Refunds,
    /// Orders of people who had never ordered before.
    NewOrders,
    /// Orders of people who had.
    ReturningOrders,
}

impl Measure {
    /// All, in the order of [`Day`]'s places.
    pub const ALL: [Self; 10] = [
        Self::Spend,
        Self::Impressions,
        Self::Clicks,
        Self::ClaimedConversions,
        Self::ClaimedRevenue,
        Self::Orders,
        Self::LedgerRevenue,
        Self::Refunds,
        Self::NewOrders,
        Self::ReturningOrders,
    ];

    /// Whether it is an amount of money.
    pub const fn money(self) -> bool {
        matches!(self, Self::Spend | Self::ClaimedRevenue | Self::LedgerRevenue | Self::Refunds)
    }

    /// Its spelling in answers.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Spend => "spend",
            Self::Impressions => "impressions",
            Self::Clicks => "clicks",
            Self::ClaimedConversions => "claimed_conversions",
            Self::ClaimedRevenue => "claimed_revenue",
            Self::Orders => "orders",
            Self::LedgerRevenue => "ledger_revenue",
            Self::Refunds => "refunds",
            Self::NewOrders => "new_orders",
            Self::ReturningOrders => "returning_orders",
        }
    }
}

/// What was reported of one day. `None` is "not reported", which is not zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// The day in the source's own zone.
    pub day: Date,
    /// The currency of its amounts.
    pub currency: Currency,
    values: [Option<Decimal>; Measure::ALL.len()],
}

impl Day {
    /// A day of which nothing is reported yet.
    pub const fn new(day: Date, currency: Currency) -> Self {
        Self { day, currency, values: [None; Measure::ALL.len()] }
    }

    /// The same day with this measure.
    #[must_use]
    pub const fn with(mut self, measure: Measure, value: Option<Decimal>) -> Self {
        self.values[measure as usize] = value;
        self
    }

    /// What was reported.
    pub const fn get(&self, measure: Measure) -> Option<Decimal> {
        self.values[measure as usize]
    }
}

/// Days from `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// The first day.
    #[serde(with = "iso_day")]
    pub first: Date,
    /// The last day.
    #[serde(with = "iso_day")]
    pub last: Date,
}

impl Days {
    /// How many days; none if the last is before the first.
    pub fn count(self) -> i64 {
        ((self.last - self.first).whole_days() + 1).max(0)
    }

    /// Whether `day` is one of them.
    pub fn contains(self, day: Date) -> bool {
        self.first <= day && day <= self.last
    }

    /// The days that both have; the last is before the first if there is none.
    #[must_use]
    pub fn both(self, other: Self) -> Self {
        Self { first: self.first.max(other.first), last: self.last.min(other.last) }
    }
}

/// A source and its days.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its id, which the brain only hands back.
    pub id: String,
    /// The days that were read to their end. On one of them that has no row nothing happened: platforms and shops leave out
    /// days without anything. Of days outside nothing is known.
    pub read: Days,
    days: Vec<Day>,
    /// The same values for statistics, which need no cents; not a number where there is none. Sums do without them.
    rough: OnceLock<Vec<[f64; Measure::ALL.len()]>>,
    reports: [bool; Measure::ALL.len()],
}

impl Source {
    /// A source with its days in any order; those outside of `read` do not count.
    ///
    /// # Errors
    /// [`NotEnough::Duplicate`] if a day is there twice, [`NotEnough::Negative`] if a count or a cost is below zero (revenue
    /// may be: refunds of other days' orders).
    pub fn new(id: impl Into<String>, read: Days, mut days: Vec<Day>) -> Result<Self, NotEnough> {
        days.retain(|day| read.contains(day.day));
        days.sort_by_key(|day| day.day);
        if let Some(twice) = days.windows(2).find(|pair| pair[0].day == pair[1].day) {
            return Err(NotEnough::Duplicate { of: twice[0].day.to_string() });
        }
        let mut reports = [false; Measure::ALL.len()];
        for (at, day) in days.iter().enumerate() {
            for measure in Measure::ALL {
                let Some(value) = day.get(measure) else { continue };
                let revenue = matches!(measure, Measure::LedgerRevenue | Measure::ClaimedRevenue);
                if value < Decimal::ZERO && !revenue {
                    return Err(NotEnough::Negative { at });
                }
                reports[measure as usize] = true;
            }
        }
        Ok(Self { id: id.into(), read, days, rough: OnceLock::new(), reports })
    }

    /// The same source, of which is known that it reported these measures on days whose rows are not here.
    #[must_use]
    pub fn reporting(mut self, measures: impl IntoIterator<Item = Measure>) -> Self {
        for measure in measures {
            self.reports[measure as usize] = true;
        }
        self
    }

    /// Whether it ever reported this measure.
    pub const fn reports(&self, measure: Measure) -> bool {
        self.reports[measure as usize]
    }

    /// The currency of its newest row.
    pub fn currency(&self) -> Option<Currency> {
        self.days.last().map(|day| day.currency)
    }

    /// Its rows in `days`, the oldest first.
    pub fn rows(&self, days: Days) -> &[Day] {
        self.days.get(self.places(days)).unwrap_or_default()
    }

    /// The same as floating point, each with its row.
    pub(super) fn rough(&self, days: Days) -> impl Iterator<Item = (&Day, &[f64; Measure::ALL.len()])> {
        let rough =
            |day: &Day| day.values.map(|value| value.and_then(|value| f64::try_from(value).ok()).unwrap_or(f64::NAN));
        let all = self.rough.get_or_init(|| self.days.iter().map(rough).collect());
        self.rows(days).iter().zip(all.get(self.places(days)).unwrap_or_default())
    }

    fn places(&self, days: Days) -> std::ops::Range<usize> {
        let first = self.days.partition_point(|day| day.day < days.first);
        first..self.days.partition_point(|day| day.day <= days.last)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn places_are_those_of_the_list() {
        assert!((0..).zip(Measure::ALL).all(|(at, measure)| measure as usize == at));
    }

    #[test]
    fn days_are_sorted_once_each_and_only_revenue_may_be_below_zero() {
        let euro = Currency::parse("EUR").unwrap();
        let (one, two) = (date!(2026 - 01 - 01), date!(2026 - 01 - 02));
        let read = Days { first: one, last: two };
        let new = |days: Vec<Day>| Source::new("a", read, days);
        let source =
            new(vec![Day::new(two, euro), Day::new(one, euro), Day::new(date!(2026 - 01 - 03), euro)]).unwrap();
        assert_eq!(source.rows(read).iter().map(|day| day.day).collect::<Vec<_>>(), [one, two]);
        assert_eq!(source.rows(Days { first: two, last: one }), []);
        let twice = new(vec![Day::new(one, euro), Day::new(one, euro)]);
        assert_eq!(twice.unwrap_err(), NotEnough::Duplicate { of: "2026-01-01".into() });
        let less = |measure| new(vec![Day::new(one, euro).with(measure, Some(Decimal::NEGATIVE_ONE))]);
        assert_eq!(less(Measure::Orders).unwrap_err(), NotEnough::Negative { at: 0 });
        assert!(less(Measure::LedgerRevenue).is_ok());
    }
}
