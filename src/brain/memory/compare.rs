//! The same metric in two ranges of days: both figures, and whether the true rates differ.

use serde::Serialize;
use time::{Date, Duration};

use super::{
    Absent, Days, Figure, Measure, Metric, Setting, Source, Verdict,
    metric::Formula,
    noise::{BLOCK, Family, Seen},
    report::figure,
    status::{Ranking, Windows, rank, verdicts},
    total::Money,
};
use crate::NotEnough;

/// Weeks before both ranges from which the scatter of days is measured too.
const PAST_BLOCKS: i64 = 3;

/// A metric now and before.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The figure of the later range.
    pub now: Result<Figure, Absent>,
    /// The figure of the earlier range.
    pub before: Result<Figure, Absent>,
    /// What became of it.
    pub verdict: Result<Verdict, NotEnough>,
    /// The days that the verdict compares, the later ones first: of claims that still grow, both ranges moved back by as many
    /// days; `None` where they are the ranges themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared: Option<[Days; 2]>,
}

/// What became of `metric` from the days `before` to the days `now`, for each of these siblings: the channels of one
/// client, the creatives of one channel, each given by its sources. They are judged together, drawn toward what they have
/// in common; an entity that has no siblings is given alone.
///
/// Only days count that were read and reported of every source of the entity. Ranges of different length are compared by
/// day, and weekdays by their own usual share. `settling` is how many days a platform's claims still grow: claims of the
/// last days before a source's newest are left out, and where a range holds such days, both ranges are moved back for the
/// verdict, so that whole ranges are compared.
pub fn compare(
    siblings: &[&[&Source]],
    metric: Metric,
    now: Days,
    before: Days,
    settling: u16,
    setting: &Setting<'_>,
) -> Vec<Comparison> {
    let back = unsettled(siblings, metric, now, settling);
    let moved = |days: Days| {
        let at = |day: Date| day.checked_sub(back).unwrap_or(day);
        Days { first: at(days.first), last: at(days.last) }
    };
    let verdicts = judge(siblings, metric, moved(now), moved(before), settling, setting);
    let compared = (back > Duration::ZERO).then(|| [moved(now), moved(before)]);
    let pair = |(sources, verdict): (&&[&Source], Result<Verdict, NotEnough>)| {
        let [now, before] = [now, before].map(|days| figure(metric, sources, days, setting));
        let told = now.is_ok() && before.is_ok();
        // What has no value is not called better.
        let untold = NotEnough::Unusable { what: "a metric without a value in one of the ranges" };
        Comparison { now, before, verdict: if told { verdict } else { verdict.and(Err(untold)) }, compared }
    };
    siblings.iter().zip(verdicts).map(pair).collect()
}

/// How many days at the end of a range still grow, where the metric is one of claims.
fn unsettled(siblings: &[&[&Source]], metric: Metric, now: Days, settling: u16) -> Duration {
    let Ok((shape, _)) = shape(metric) else { return Duration::ZERO };
    if !claimed(shape.events) {
        return Duration::ZERO;
    }
    let telling = siblings.iter().flat_map(|sources| sources.iter()).filter(|source| source.reports(shape.events));
    let Some(newest) = telling.map(|source| source.read.last).min() else { return Duration::ZERO };
    let (most, none) = (Duration::days(settling.into()), Duration::ZERO);
    let settled = newest.checked_sub(most).unwrap_or(newest);
    (now.last - settled).clamp(none, most)
}

fn claimed(measure: Measure) -> bool {
    matches!(measure, Measure::ClaimedConversions | Measure::ClaimedRevenue)
}

/// The metric as events for an exposure.
struct Shape {
    events: Measure,
    /// None: days.
    exposure: Option<Measure>,
    family: Family,
    /// The metric is exposure for an event.
    turned: bool,
    /// Only sources that know both count.
    own: bool,
    /// Events are paid for by more than what is divided by (revenue before refunds).
    plus_events: bool,
}

fn shape(metric: Metric) -> Result<(Shape, bool), NotEnough> {
    let better =
        metric.more_is_better().ok_or(NotEnough::Unusable { what: "a metric that is neither good nor bad" })?;
    let shape =
        |events, exposure, family| Shape { events, exposure, family, turned: false, own: true, plus_events: false };
    let shape = match metric.made() {
        Formula::Sum(measure) => shape(measure, None, Family::Rate),
        // What is counted is random, what is paid is not: a cost is turned round.
        Formula::Ratio { over: Measure::Spend, under, own, .. } => {
            Shape { turned: true, own, ..shape(under, Some(Measure::Spend), Family::Rate) }
        }
        Formula::Ratio { over, under, own, .. } => {
            let share = matches!(metric, Metric::Ctr | Metric::Cvr);
            Shape { own, ..shape(over, Some(under), if share { Family::Share } else { Family::Rate }) }
        }
        Formula::Refunds => {
            let refunds = shape(Measure::Refunds, Some(Measure::LedgerRevenue), Family::Rate);
            Shape { plus_events: true, ..refunds }
        }
        Formula::Margin => return Err(NotEnough::Unusable { what: "a difference of two sums" }),
    };
    Ok((shape, better))
}

fn judge(
    siblings: &[&[&Source]],
    metric: Metric,
    now: Days,
    before: Days,
    settling: u16,
    setting: &Setting<'_>,
) -> Vec<Result<Verdict, NotEnough>> {
    let (shape, better) = match shape(metric) {
        Ok(found) => found,
        Err(reason) => return vec![Err(reason); siblings.len()],
    };
    if now.both(before).count() > 0 {
        return vec![
            Err(NotEnough::Unusable { what: "a range that overlaps the one it is compared with" });
            siblings.len()
        ];
    }
    let first = now.first.min(before.first);
    let past = Days {
        first: first.checked_sub(Duration::days(PAST_BLOCKS * BLOCK as i64)).unwrap_or(first),
        last: first.previous_day().unwrap_or(first),
    };
    let past = if past.last < first { past } else { Days { first: Date::MAX, last: Date::MIN } };
    let windows: Vec<Result<Windows, NotEnough>> = siblings
        .iter()
        .map(|sources| {
            let (now, floor) = seen(sources, now, &shape, settling, setting)?;
            let (before, other) = seen(sources, before, &shape, settling, setting)?;
            let past = seen(sources, past, &shape, settling, setting)?.0;
            Ok(Windows { past, before, now, floor: floor.max(other) })
        })
        .collect();
    let good: Vec<Windows> = windows.iter().flatten().cloned().collect();
    let mut found = verdicts(&good, shape.family, better, shape.turned).into_iter();
    windows.into_iter().map(|windows| windows.and_then(|_| found.next().unwrap_or(Err(NotEnough::Constant)))).collect()
}

/// Who of these siblings is the best by `metric` in these days, and who the worst, if that is certain enough.
///
/// # Errors
/// [`NotEnough`] if fewer than two can be compared.
pub fn winner(
    siblings: &[&[&Source]],
    metric: Metric,
    days: Days,
    settling: u16,
    setting: &Setting<'_>,
) -> Result<Ranking, NotEnough> {
    let (shape, better) = shape(metric)?;
    // An entity that cannot be read keeps its place, without days.
    let of = |sources: &&[&Source]| seen(sources, days, &shape, settling, setting).unwrap_or_default();
    let siblings: Vec<_> = siblings.iter().map(of).collect();
    rank(&siblings, shape.family, better, shape.turned)
}

/// The days of an entity as events and exposures, with the least dispersion that its events can have.
fn seen(
    sources: &[&Source],
    days: Days,
    shape: &Shape,
    settling: u16,
    setting: &Setting<'_>,
) -> Result<(Vec<Seen>, f64), NotEnough> {
    let measures: Vec<Measure> = [Some(shape.events), shape.exposure].into_iter().flatten().collect();
    let tells = |source: &Source| {
        let mut reported = measures.iter().map(|measure| source.reports(*measure));
        if shape.own { reported.all(|one| one) } else { reported.any(|one| one) }
    };
    let sources: Vec<&Source> = sources.iter().copied().filter(|source| tells(source)).collect();
    if let Some(lacks) = measures.iter().find(|measure| sources.iter().all(|source| !source.reports(**measure))) {
        return Err(NotEnough::TooFew { of: lacks.key(), has: 0, needs: 1 });
    }
    let held = if claimed(shape.events) { i64::from(settling) } else { 0 };
    let mut range = days;
    for source in &sources {
        let last = source.read.last.checked_sub(Duration::days(held)).unwrap_or(source.read.first);
        range = range.both(Days { first: source.read.first, last });
    }
    let count = usize::try_from(range.count()).unwrap_or_default();
    let mut found: Vec<Option<[f64; 3]>> = vec![Some([0.0; 3]); count];
    let money = Money { display: setting.display, rates: setting.rates, named: true };
    let paid = measures.iter().any(|measure| measure.money());
    let to = if paid { money.currency(&sources, range) } else { Ok(None) };
    let to = to.map_err(|absent| match absent {
        Absent::Currencies { from, to } => NotEnough::Currency { from: from.code().into(), to: to.code().into() },
        _ => NotEnough::TooLarge,
    })?;
    let extra = if shape.events.money() { Some(Measure::Orders) } else { None };
    for source in &sources {
        for (row, values) in source.rough(range) {
            let Ok(at) = usize::try_from((row.day - range.first).whole_days()) else { continue };
            let factor = if paid { money.factor(row, to).unwrap_or(f64::NAN) } else { 1.0 };
            for (place, measure) in measures.iter().chain(&extra).enumerate() {
                let value = values[*measure as usize] * if measure.money() { factor } else { 1.0 };
                // Orders only tell how much an event is worth; a day without them is none the worse.
                let place = if place == measures.len() { 2 } else { place };
                if let Some(sums) = &mut found[at] {
                    if value.is_finite() {
                        sums[place] += value;
                    } else if place < 2 && source.reports(*measure) {
                        found[at] = None;
                    }
                }
            }
        }
    }
    let mut orders = [0.0, 0.0];
    let mut seen = Vec::with_capacity(count);
    for (day, sums) in (range.first.to_julian_day()..).zip(found) {
        let Some([events, exposure, pieces]) = sums else { continue };
        let exposure = match shape.exposure {
            None => 1.0,
            Some(_) if shape.plus_events => exposure + events,
            Some(_) => exposure,
        };
        if exposure > 0.0 {
            orders[0] += events;
            orders[1] += pieces;
            seen.push(Seen { day, events, exposure });
        }
    }
    let worth = if orders[1] > 0.0 { (orders[0] / orders[1]).max(0.0) } else { 0.0 };
    Ok((seen, if shape.events.money() { worth } else { 1.0 }))
}

#[cfg(test)]
mod tests;
