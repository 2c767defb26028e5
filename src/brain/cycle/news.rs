//! Oracle's news in a cycle: anomalies, changes that stay, and what a fall of conversions means.

use time::{Date, Duration};

use super::{
    About, Client, Input,
    line::{KNOWN_AT_ONCE, Line, settled, sum},
};
use crate::{
    NotEnough, Series,
    anomaly::{self, Named, findings, outage},
    change_point::{self, change_points},
    finding::{Basis, Entity, Finding, Kind, Level, Severity, Size, Unit},
    memory::{Measure, Source},
};

/// Days back from the last one on which news counts: four weeks.
const NEWS: i64 = 28;
/// Days back in which a change that stays is told: it takes weeks to be sure.
const CHANGES: i64 = 60;
/// Days looked back at.
const BACK: usize = 365;
/// The last days of conversions that are judged together: a day alone is often noise, and more would come late.
const OUTAGE: usize = 3;

/// A finding and what it is about.
pub(super) type Found = (About, Finding);

pub(super) fn add(input: &Input, lines: &[Line], found: &mut Vec<Found>) {
    let lines: Vec<&Line> = lines.iter().filter(|line| line.entity.level == Level::Channel).collect();
    let cut: Vec<(String, Date, Series)> = lines
        .iter()
        .map(|line| {
            let (first, values) = settled(line, BACK);
            (line.name(), first, values)
        })
        .collect();
    let named: Vec<Named<'_>> = cut.iter().map(|(name, first, values)| Named { name, first: *first, values }).collect();
    let since = input.day.saturating_sub(Duration::days(NEWS - 1));
    for one in findings(&named, since).found {
        if let Some(line) = lines.iter().find(|line| line.name() == one.series) {
            found.push((line.about.clone(), of_anomaly(line, &one, stake(input, line))));
        }
    }
    let since = input.day.saturating_sub(Duration::days(CHANGES - 1));
    for (line, (_, first, values)) in lines.iter().zip(&cut) {
        let Ok(changes) = change_points(values, *first) else { continue };
        // A year of days cannot tell a bend from the season's.
        let steps = changes.iter().filter(|change| change.kind == change_point::Kind::LevelShift);
        for change in steps.filter(|change| change.day >= since) {
            found.push((line.about.clone(), of_change(line, change, stake(input, line))));
        }
    }
    for client in &input.clients {
        outages(client, input, found);
    }
}

/// Which part of its client's money runs through the channel: of spend for advertising, of revenue for a shop, of the last
/// four weeks.
fn stake(input: &Input, line: &Line) -> f64 {
    let client = input.clients.iter().find(|client| client.id == line.about.client);
    let shop = matches!(line.measure, Measure::Orders | Measure::LedgerRevenue);
    let measure = if shop { Measure::LedgerRevenue } else { Measure::Spend };
    let of = |sources: &[&Source]| {
        let to = client.map(|client| client.currency);
        let (_, values) = sum(sources, measure, to, &input.rates)?;
        Some(values.iter().rev().take(28).flatten().sum::<f64>())
    };
    let all: Vec<&Source> = client.map(|client| client.of(shop)).unwrap_or_default();
    let own: Vec<&Source> = all.iter().copied().filter(|source| source.id == line.entity.id).collect();
    match (of(&own), of(&all)) {
        (Some(own), Some(all)) if all > 0.0 => (own / all).clamp(0.0, 1.0),
        _ => 0.0,
    }
}

/// Money at stake: a fall of what is wanted, or a rise of what is paid.
fn severity(measure: Measure, relative: Option<f64>, stake: f64) -> Severity {
    let lost = match measure {
        Measure::Spend => relative,
        _ => relative.map(|relative| -relative),
    };
    match lost {
        Some(lost) if lost > 0.0 => Severity::of_stake(stake * lost.min(1.0)),
        Some(_) => Severity::Info,
        None => Severity::Low,
    }
}

fn unit(line: &Line) -> Unit {
    line.currency.map_or(Unit::Count, |currency| Unit::Money(currency.code().to_owned()))
}

fn of_anomaly(line: &Line, one: &anomaly::Finding, stake: f64) -> Finding {
    let kind = match one.kind {
        anomaly::Kind::Spike => Kind::Spike,
        anomaly::Kind::Drop | anomaly::Kind::DropOut | anomaly::Kind::FlatLine => Kind::Drop,
        anomaly::Kind::LevelShift | anomaly::Kind::TrendBreak => Kind::LevelShift,
        // Delivered are clicks, for money; of what follows from them it is a fall.
        anomaly::Kind::DeliveryCollapse if matches!(line.measure, Measure::Clicks | Measure::Spend) => {
            Kind::DeliveryCollapse
        }
        anomaly::Kind::DeliveryCollapse => Kind::Drop,
    };
    let expected = one.actual - one.size;
    let days = Some((one.day, one.found));
    Finding {
        kind,
        entity: line.entity.clone(),
        metric: Some(line.measure.key().to_owned()),
        first: one.day,
        last: one.found,
        size: Some(Size {
            value: one.size,
            low: one.actual - one.expected.1,
            high: one.actual - one.expected.0,
            confidence: 0.95,
            unit: unit(line),
        }),
        // Of findings at least as strange on that day, this share may be false.
        probability: (1.0 - one.q).clamp(0.0, 1.0),
        severity: severity(line.measure, one.relative, stake),
        basis: vec![Basis::new("actual", one.actual, days), Basis::new("expected", expected, days)],
    }
}

fn of_change(line: &Line, change: &change_point::ChangePoint, stake: f64) -> Finding {
    let relative = match change.kind {
        change_point::Kind::LevelShift => change.relative.map(|relative| relative.0),
        change_point::Kind::TrendBreak => None,
    };
    Finding {
        kind: Kind::ChangePoint,
        entity: line.entity.clone(),
        metric: Some(line.measure.key().to_owned()),
        first: change.between.0,
        last: change.between.1,
        size: Some(Size {
            value: change.size,
            low: change.interval.0,
            high: change.interval.1,
            confidence: 0.9,
            unit: unit(line),
        }),
        probability: change.probability,
        severity: severity(line.measure, relative, stake),
        basis: vec![Basis::new("day", 1.0, Some((change.day, change.day)))],
    }
}

/// Whether a fall of a client's conversions is the counting or the people.
fn outages(client: &Client, input: &Input, found: &mut Vec<Found>) {
    let sources: Vec<&Source> = client.of(false);
    let telling: Vec<&Source> = sources
        .into_iter()
        .filter(|source| source.reports(Measure::Clicks) && source.reports(Measure::ClaimedConversions))
        .collect();
    let Some(range) = telling.first().map(|first| telling.iter().fold(first.read, |days, one| days.both(one.read)))
    else {
        return;
    };
    let read = |source: &Source, measure| -> Option<Series> {
        let (first, values) = sum(&[source], measure, None, &input.rates)?;
        let skip = usize::try_from((range.first - first).whole_days()).ok()?;
        let count = usize::try_from(range.count()).ok()?;
        Series::new(values.get(skip..skip + count)?.to_vec()).ok()
    };
    let series: Vec<(&Source, Series, Option<Series>, Series)> = telling
        .iter()
        .filter_map(|source| {
            let clicks = read(source, Measure::Clicks)?;
            Some((*source, clicks, read(source, Measure::Spend), read(source, Measure::ClaimedConversions)?))
        })
        .collect();
    let channels: Vec<outage::Channel<'_>> = series
        .iter()
        .map(|(source, clicks, spend, conversions)| outage::Channel {
            name: &source.id,
            clicks,
            spend: spend.as_ref(),
            conversions,
        })
        .collect();
    let verdicts: Result<Vec<outage::Verdict>, NotEnough> = outage::causes_when(&channels, OUTAGE, KNOWN_AT_ONCE);
    let first = range.last.saturating_sub(Duration::days(OUTAGE as i64 - 1));
    for verdict in verdicts.unwrap_or_default() {
        let kind = match verdict.cause {
            outage::Cause::TrackingOutage | outage::Cause::ChannelTracking => Kind::TrackingOutage,
            outage::Cause::DeliveryCollapse => Kind::DeliveryCollapse,
            outage::Cause::RealFall => Kind::Drop,
        };
        let (entity, about) = match verdict.channels.as_slice() {
            [one] => (Entity { id: one.clone(), level: Level::Channel }, About::channel(client.id.as_deref(), one)),
            _ => (
                Entity { id: client.id.clone().unwrap_or_default(), level: Level::Client },
                About::client(client.id.as_deref()),
            ),
        };
        let days = Some((first, range.last));
        found.push((
            about,
            Finding {
                kind,
                entity,
                metric: Some(Measure::ClaimedConversions.key().to_owned()),
                first,
                last: range.last,
                size: None,
                probability: (1.0 - verdict.p).clamp(0.0, 1.0),
                // Blind or broken: money goes out and nobody sees what it brings.
                severity: Severity::High,
                basis: vec![
                    Basis::new("conversions", verdict.conversions, days),
                    Basis::new("expected_of_these_clicks", verdict.expected, days),
                ],
            },
        ));
    }
}
