//! Daily series of what matters: of each channel, client and the agency, as numbers.

use rust_decimal::{Decimal, prelude::ToPrimitive};
use time::Date;

use super::{About, Input};
use crate::{
    Series,
    finding::{Entity, Level},
    memory::{Currency, Measure, Rates, Source},
};

/// What is looked at of advertising.
const OF_ADS: [Measure; 4] = [Measure::Spend, Measure::Clicks, Measure::ClaimedConversions, Measure::ClaimedRevenue];
/// What is looked at of a shop.
const OF_SHOPS: [Measure; 2] = [Measure::Orders, Measure::LedgerRevenue];
/// What is looked at of a client and of the agency.
const OF_ALL: [Measure; 3] = [Measure::Spend, Measure::Orders, Measure::LedgerRevenue];

/// The claims of so many last days still grow: platforms count a click's conversions for up to thirty days, and set them down
/// on the day of the click. Half come within a day, seven eighths within two weeks (Chapelle 2014, "Modeling delayed
/// feedback in display advertising").
pub(super) const SETTLING: usize = 14;
/// The share of a day's claims that is known at its end, at the least: the half of the above.
pub(super) const KNOWN_AT_ONCE: f64 = 0.5;

/// A daily series with its name.
pub(super) struct Line {
    pub about: About,
    pub entity: Entity,
    pub measure: Measure,
    /// The day of the first value.
    pub first: Date,
    pub values: Series,
    /// The currency of amounts.
    pub currency: Option<Currency>,
    /// The sources for whose sake days are left out that others know.
    pub cut_by: Vec<String>,
}

impl Line {
    /// The day of the last value.
    pub fn last(&self) -> Date {
        let days = i64::try_from(self.values.values().len()).unwrap_or(i64::MAX);
        self.first.saturating_add(time::Duration::days(days - 1))
    }

    /// A name that no other line has, and that stays the same from day to day.
    pub fn name(&self) -> String {
        let level = match self.entity.level {
            Level::Agency => "agency",
            Level::Client => "client",
            _ => "channel",
        };
        format!("{level}:{}:{}", self.entity.id, self.measure.key())
    }
}

/// Every line of the agency: each channel's in its own currency, then each client's in the client's, then the agency's.
pub(super) fn lines(input: &Input) -> Vec<Line> {
    let mut lines = Vec::new();
    for client in &input.clients {
        for channel in &client.channels {
            let Some(source) = channel.current(input.day) else { continue };
            let about = About::channel(client.id.as_deref(), &channel.id);
            let entity = Entity { id: channel.id.clone(), level: Level::Channel };
            let measures: &[Measure] = if channel.shop { &OF_SHOPS } else { &OF_ADS };
            lines.extend(of(&[source], measures, &about, &entity, source.currency(), &input.rates));
        }
        if client.id.is_some() {
            let about = About::client(client.id.as_deref());
            let entity = Entity { id: client.id.clone().unwrap_or_default(), level: Level::Client };
            lines.extend(of(&client.sources(input.day), &OF_ALL, &about, &entity, Some(client.currency), &input.rates));
        }
    }
    let all: Vec<&Source> = input.clients.iter().flat_map(|client| client.sources(input.day)).collect();
    let entity = Entity { id: String::new(), level: Level::Agency };
    lines.extend(of(&all, &OF_ALL, &About::agency(), &entity, Some(input.display), &input.rates));
    lines
}

fn of<'a>(
    sources: &'a [&'a Source],
    measures: &'a [Measure],
    about: &'a About,
    entity: &'a Entity,
    currency: Option<Currency>,
    rates: &'a Rates,
) -> impl Iterator<Item = Line> + use<'a> {
    measures.iter().filter_map(move |measure| {
        let telling: Vec<&Source> = sources.iter().copied().filter(|source| source.reports(*measure)).collect();
        let to = currency.filter(|_| measure.money());
        let (first, values) = sum(&telling, *measure, to, rates)?;
        let values = Series::new(values).ok()?;
        let (about, entity, cut_by) = (about.clone(), entity.clone(), cut_by(&telling));
        Some(Line { about, entity, measure: *measure, first, values, currency: to, cut_by })
    })
}

/// Days that the newest source may lack without a word.
const LATE: i64 = 7;

/// The sources that begin later than another, or end earlier: of a sum only days count that all of them know.
pub(super) fn cut_by(sources: &[&Source]) -> Vec<String> {
    let first = sources.iter().map(|source| source.read.first).min();
    let last = sources.iter().map(|source| source.read.last).max();
    let cuts = |source: &&&Source| {
        let late = first.is_some_and(|first| (source.read.first - first).whole_days() > LATE);
        late || last.is_some_and(|last| (last - source.read.last).whole_days() > LATE)
    };
    sources.iter().filter(cuts).map(|source| source.id.clone()).collect()
}

/// The days that all of these sources know, and the sum of what they report on each; `None` where one of them lacks it or a
/// rate is missing. A day of which a source has no row is a day on which nothing happened there.
pub(super) fn sum(
    sources: &[&Source],
    measure: Measure,
    to: Option<Currency>,
    rates: &Rates,
) -> Option<(Date, Vec<Option<f64>>)> {
    let first = sources.first()?;
    let days = sources.iter().fold(first.read, |days, source| days.both(source.read));
    let count = usize::try_from(days.count()).ok().filter(|count| *count > 0)?;
    let mut sums: Vec<Option<Decimal>> = vec![Some(Decimal::ZERO); count];
    for source in sources {
        for row in source.rows(days) {
            let at = usize::try_from((row.day - days.first).whole_days()).ok()?;
            let value = row.get(measure).and_then(|value| match to {
                None => Some(value),
                Some(to) => {
                    let (times, by) = rates.on(row.day, row.currency, to)?;
                    value.checked_mul(times)?.checked_div(by)
                }
            });
            sums[at] = sums[at].zip(value).and_then(|(sum, value)| sum.checked_add(value));
        }
    }
    Some((days.first, sums.into_iter().map(|sum| sum.and_then(|sum| sum.to_f64())).collect()))
}

/// How many of the newest days of this measure still grow.
pub(super) fn unsettled(measure: Measure) -> usize {
    if matches!(measure, Measure::ClaimedConversions | Measure::ClaimedRevenue) { SETTLING } else { 0 }
}

/// The newest days of a line that will not change any more, at most so many: none where all of them still grow, of which every
/// method says itself that they are too few.
pub(super) fn settled(line: &Line, most: usize) -> (Date, Series) {
    let (first, values) = newest(line, most);
    let count = values.values().len().saturating_sub(unsettled(line.measure));
    // A part of a series that was accepted is accepted.
    (first, Series::new(values.values()[..count].to_vec()).unwrap_or_default())
}

/// The newest days of a line, at most so many.
fn newest(line: &Line, most: usize) -> (Date, Series) {
    let values = line.values.values();
    let skip = values.len().saturating_sub(most);
    let first = line.first.saturating_add(time::Duration::days(i64::try_from(skip).unwrap_or_default()));
    // A part of a series that was accepted is accepted.
    (first, Series::new(values[skip..].to_vec()).unwrap_or_default())
}
