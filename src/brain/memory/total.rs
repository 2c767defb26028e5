//! Sums of a measure over sources and days, converted day by day, with what they lack; of two measures, over the days on which
//! both are known.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{Absent, Currency, Day, Days, Gap, Gone, Measure, Part, Rates, Source};

/// In what amounts are shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Money<'a> {
    /// The currency of answers; without one, that of the rows, which must be one only.
    pub display: Option<Currency>,
    pub rates: &'a Rates,
    /// Whether sums name the sources that they are made of; nobody asks that of the many steps of a course.
    pub named: bool,
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

/// A quotient is refused where more than a tenth of one of its sums is of days on which the other is not known: spend without what
/// it brought, clicks without conversions. Were those days by half better or worse than all others, it would be wrong by a
/// twentieth then; with more of them left out the error would look like news.
const UNMATCHED: Decimal = Decimal::TEN;

/// Measures added up over the rows in which all of them are known.
struct Counted<const N: usize> {
    sums: [Decimal; N],
    /// Of each measure the amount, whatever its sign, in rows that lack another one.
    alone: [Decimal; N],
    sources: Vec<String>,
    rows: usize,
    gaps: Vec<Gap>,
    /// Whether any of the days was read of any source.
    read: bool,
}

/// Adds these measures up over those of `sources` that report all of them.
fn count<const N: usize>(
    sources: &[&Source],
    days: Days,
    measures: [Measure; N],
    money: Money<'_>,
) -> Result<Counted<N>, Absent> {
    if days.count() == 0 {
        return Err(Absent::NoDays);
    }
    let reporting = reporting(sources, &measures);
    if reporting.is_empty() {
        let nobody = |measure: &Measure| !sources.iter().any(|source| source.reports(*measure));
        let measure = measures.into_iter().find(nobody).unwrap_or(measures[0]);
        return Err(Absent::NotConnected { measure });
    }
    let paid = measures.into_iter().any(Measure::money);
    let to = if paid { money.currency(&reporting, days)? } else { None };
    let none = [Decimal::ZERO; N];
    let mut found = Counted { sums: none, alone: none, sources: vec![], rows: 0, gaps: vec![], read: false };
    for source in &reporting {
        if money.named {
            found.sources.push(source.id.clone());
        }
        let read = source.read.both(days).count() > 0;
        found.read |= read;
        let (gaps, rows) = (found.gaps.len(), found.rows);
        unread(source, days, &mut found.gaps);
        // Amounts of one day's rate are few; those of the display currency are added without any rounding.
        let mut lacking: BTreeMap<&'static str, Gap> = BTreeMap::new();
        for row in source.rows(days) {
            let values = measures.map(|measure| money.value(row, measure, to));
            let gone = values.iter().find_map(|value| match value {
                Ok(Some(_)) => None,
                Ok(None) => Some(Gone::NotReported),
                Err(gone) => Some(gone.clone()),
            });
            for (at, value) in values.iter().enumerate() {
                let Ok(Some(value)) = value else { continue };
                let (sum, value) = match gone {
                    None => (&mut found.sums[at], *value),
                    Some(_) => (&mut found.alone[at], value.abs()),
                };
                *sum = sum.checked_add(value).ok_or(Absent::TooLarge)?;
            }
            let Some(gone) = gone else {
                found.rows += 1;
                continue;
            };
            let key = if gone == Gone::NotReported { "reported" } else { "rate" };
            match lacking.get_mut(key) {
                Some(gap) => gap.add(row.day),
                None => {
                    let day = Days { first: row.day, last: row.day };
                    lacking.insert(key, Gap::new(&source.id, gone, day));
                }
            }
        }
        // A source that was read and had nothing to report is not missing.
        let nothing = found.rows == rows && !(read && lacking.is_empty());
        found.gaps.extend(lacking.into_values());
        found.gaps.iter_mut().skip(gaps).for_each(|gap| gap.nothing = nothing);
    }
    Ok(found)
}

fn reporting<'a>(sources: &[&'a Source], measures: &[Measure]) -> Vec<&'a Source> {
    let all = |source: &&Source| measures.iter().all(|measure| source.reports(*measure));
    sources.iter().copied().filter(all).collect()
}

/// The sum of `measure` over those of `sources` that report it.
pub(super) fn total(sources: &[&Source], days: Days, measure: Measure, money: Money<'_>) -> Result<Part, Absent> {
    let Counted { sums: [value], sources, rows, gaps, read, .. } = count(sources, days, [measure], money)?;
    // Of rows that all lack the value, nothing is known; zero would be invented.
    if !read || (rows == 0 && !gaps.is_empty()) {
        return Err(Absent::Incomplete { measure, beside: None, gaps });
    }
    Ok(Part { measure, value, beside: None, days, sources, rows, gaps })
}

/// The sums of two measures over the days on which both are known, of those of `sources` that report both.
pub(super) fn matched(
    sources: &[&Source],
    days: Days,
    measures: [Measure; 2],
    money: Money<'_>,
) -> Result<[Part; 2], Absent> {
    let found = count(sources, days, measures, money)?;
    let [one, other] = measures;
    if !found.read || !found.gaps.is_empty() {
        let sources = reporting(sources, &measures);
        for (at, measure, lacks) in [(0, one, other), (1, other, one)] {
            let alone = found.alone[at];
            let all = found.sums[at].abs().checked_add(alone).ok_or(Absent::TooLarge)?;
            if alone.checked_mul(UNMATCHED).ok_or(Absent::TooLarge)? > all {
                let gaps = count(&sources, days, [lacks], money)?.gaps;
                return Err(Absent::Incomplete { measure: lacks, beside: Some(measure), gaps });
            }
        }
        for measure in measures {
            total(&sources, days, measure, money)?;
        }
        if found.rows == 0 && !found.gaps.is_empty() {
            return Err(Absent::Incomplete { measure: one, beside: None, gaps: found.gaps });
        }
    }
    let Counted { sums, sources, rows, gaps, .. } = found;
    let part = |at: usize, measure, beside| Part {
        measure,
        value: sums[at],
        beside: Some(beside),
        days,
        sources: sources.clone(),
        rows,
        gaps: gaps.clone(),
    };
    Ok([part(0, one, other), part(1, other, one)])
}

/// The days that were not read of a source.
fn unread(source: &Source, days: Days, gaps: &mut Vec<Gap>) {
    let read = source.read.both(days);
    let mut lacks = |first, last| {
        let lacking = Days { first, last };
        if lacking.count() > 0 {
            gaps.push(Gap::new(&source.id, Gone::NotRead, lacking));
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
