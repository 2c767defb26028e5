//! Sums of a measure over sources and days, converted day by day, with what they lack.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{Absent, Currency, Day, Days, Gap, Gone, Measure, Part, Rates, Source};

/// In what amounts are shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Money<'a> {
    /// The currency of answers; without one, that of the rows, which must be one only.
    pub display: Option<Currency>,
    pub rates: &'a Rates,
}

impl Money<'_> {
    /// The currency in which the amounts of these sources and days are shown.
    pub fn currency(&self, sources: &[&Source], days: Days) -> Result<Option<Currency>, Absent> {
        if self.display.is_some() {
            return Ok(self.display);
        }
        let mut seen: Option<Currency> = None;
        for row in sources.iter().flat_map(|source| source.rows(days)) {
            match seen {
                Some(from) if from != row.currency => return Err(Absent::Currencies { from, to: row.currency }),
                _ => seen = Some(row.currency),
            }
        }
        // Days without a row have the currency that the sources' other days have.
        Ok(seen.or_else(|| sources.iter().find_map(|source| source.currency())))
    }

    /// A row's measure in the currency `to`: `Err` if the rate is missing, `Ok(None)` if it is not reported.
    pub fn value(&self, row: &Day, measure: Measure, to: Option<Currency>) -> Result<Option<Decimal>, Gone> {
        let Some(value) = row.get(measure) else { return Ok(None) };
        let Some(to) = to.filter(|to| measure.money() && *to != row.currency) else { return Ok(Some(value)) };
        let gone = Gone::Rate { currency: row.currency };
        let (times, by) = self.rates.on(row.day, row.currency, to).ok_or_else(|| gone.clone())?;
        value.checked_mul(times).and_then(|value| value.checked_div(by)).map(Some).ok_or(gone)
    }
}

impl Money<'_> {
    /// By how much an amount of the row is multiplied to be in the currency `to`: one, if it is in it; none without a rate.
    pub fn factor(&self, row: &Day, to: Option<Currency>) -> Option<f64> {
        let Some(to) = to.filter(|to| *to != row.currency) else { return Some(1.0) };
        let (times, by) = self.rates.on(row.day, row.currency, to)?;
        f64::try_from(times.checked_div(by)?).ok()
    }
}

/// The sum of `measure` over those of `sources` that report it.
pub(super) fn total(sources: &[&Source], days: Days, measure: Measure, money: Money<'_>) -> Result<Part, Absent> {
    if days.count() == 0 {
        return Err(Absent::NoDays);
    }
    let reporting: Vec<&Source> = sources.iter().copied().filter(|source| source.reports(measure)).collect();
    if reporting.is_empty() {
        return Err(Absent::NotConnected { measure });
    }
    let to = if measure.money() { money.currency(&reporting, days)? } else { None };
    let mut part = Part { measure, value: Decimal::ZERO, days, sources: vec![], rows: 0, gaps: vec![] };
    for source in &reporting {
        part.sources.push(source.id.clone());
        unread(source, days, &mut part.gaps);
        // Amounts of one day's rate are few; those of the display currency are added without any rounding.
        let mut lacking: BTreeMap<&'static str, Gap> = BTreeMap::new();
        for row in source.rows(days) {
            let gone = match money.value(row, measure, to) {
                Ok(Some(value)) => {
                    part.value = part.value.checked_add(value).ok_or(Absent::TooLarge)?;
                    part.rows += 1;
                    continue;
                }
                Ok(None) => Gone::NotReported,
                Err(gone) => gone,
            };
            let key = if gone == Gone::NotReported { "reported" } else { "rate" };
            let gap = lacking.entry(key).or_insert_with(|| Gap {
                source: source.id.clone(),
                gone,
                first: row.day,
                last: row.day,
                days: 0,
            });
            gap.last = row.day;
            gap.days += 1;
        }
        part.gaps.extend(lacking.into_values());
    }
    // Of rows that all lack the value, nothing is known; zero would be invented.
    let read = reporting.iter().any(|source| source.read.both(days).count() > 0);
    if !read || (part.rows == 0 && !part.gaps.is_empty()) {
        return Err(Absent::Incomplete { measure, gaps: part.gaps });
    }
    Ok(part)
}

/// The days that were not read of a source.
fn unread(source: &Source, days: Days, gaps: &mut Vec<Gap>) {
    let read = source.read.both(days);
    let mut lacks = |first, last| {
        let lacking = Days { first, last };
        if lacking.count() > 0 {
            let (source, days) = (source.id.clone(), lacking.count());
            gaps.push(Gap { source, gone: Gone::NotRead, first, last, days });
        }
    };
    if read.count() == 0 {
        return lacks(days.first, days.last);
    }
    if let Some(before) = read.first.previous_day() {
        lacks(days.first, before);
    }
    if let Some(after) = read.last.next_day() {
        lacks(after, days.last);
    }
}
