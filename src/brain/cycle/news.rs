//! Oracle's news in a cycle: anomalies, and changes that stay.

use std::collections::BTreeSet;

use serde_json::json;
use time::{Date, Duration};

use super::{
    About, Input, Outcome,
    line::{Line, settled, sum},
};
use crate::{
    Series,
    anomaly::{self, Named, findings},
    change_point::{self, ChangePoint, change_points},
    finding::{Basis, Entity, Finding, Kind, Level, Severity, Size, Unit},
    memory::{Measure, Source},
};

/// Days back from the last one on which news counts: four weeks.
const NEWS: i64 = 28;
/// Days back in which a change that stays is told: it takes weeks to be sure.
const CHANGES: i64 = 60;
/// Days looked back at.
const BACK: usize = 365;

/// A finding and what it is about.
pub(super) type Found = (About, Finding);

/// The names of the lines that were judged.
pub(super) type Judged = BTreeSet<String>;

/// Adds what is news, tells of which lines nothing can be said, and returns the names of the others.
pub(super) fn add(input: &Input, lines: &[Line], found: &mut Vec<Found>, outcomes: &mut Vec<Outcome>) -> Judged {
    let lines: Vec<&Line> = lines.iter().filter(|line| line.entity.level == Level::Channel).collect();
    let cut: Vec<(String, Date, Series)> = lines
        .iter()
        .map(|line| {
            let (first, values) = settled(line, BACK);
            (line.name(), first, values)
        })
        .collect();
    // What people do, what advertising does, and what platforms claim, moves together.
    let group = |line: &Line| match line.measure {
        Measure::Orders | Measure::LedgerRevenue => "books",
        Measure::ClaimedConversions | Measure::ClaimedRevenue => "claims",
        _ => "delivery",
    };
    let named: Vec<Named<'_>> = lines
        .iter()
        .zip(&cut)
        .map(|(line, (name, first, values))| Named { name, group: group(line), first: *first, values })
        .collect();
    let since = input.day.saturating_sub(Duration::days(NEWS - 1));
    let news = findings(&named, since);
    let mut judged: Judged = lines.iter().map(|line| line.name()).collect();
    for (name, reason) in &news.silent {
        judged.remove(name);
        if let Some(line) = lines.iter().find(|line| line.name() == *name) {
            let body = json!({ "entity": line.entity, "metric": line.measure.key(), "absent": reason });
            outcomes.push(Outcome::new("gap", line.about.clone(), &body));
        }
    }
    for one in &news.common {
        found.push((About::agency(), of_common(one)));
    }
    for one in &news.found {
        if let Some(line) = lines.iter().find(|line| line.name() == one.series) {
            found.push((line.about.clone(), of_anomaly(line, one, stake(input, line))));
        }
    }
    let since = input.day.saturating_sub(Duration::days(CHANGES - 1));
    let all: Vec<(&Line, Vec<ChangePoint>)> = lines
        .iter()
        .zip(&cut)
        .filter_map(|(line, (_, first, values))| Some((*line, change_points(values, *first).ok()?)))
        .collect();
    let looked_at = all.len();
    for (line, changes) in &all {
        // A year of days cannot tell a bend from the season's.
        let steps = changes.iter().filter(|change| change.kind == change_point::Kind::LevelShift);
        for change in steps.filter(|change| change.day >= since) {
            let probability = among(change.probability, looked_at);
            if probability >= change_point::SURE {
                let told = ChangePoint { probability, ..change.clone() };
                found.push((line.about.clone(), of_change(line, &told, stake(input, line))));
            }
        }
    }
    judged
}

/// The probability of a change that is told of a line by itself at even odds, where so many lines are looked at and a change of
/// one of them is to be expected: odds against it grow with the lines (Scott & Berger 2010, "Bayes and empirical-Bayes
/// multiplicity adjustment").
fn among(probability: f64, lines: usize) -> f64 {
    let against = (1.0 - probability) * lines.saturating_sub(1).max(1) as f64;
    probability / (probability + against)
}

/// Which part of its client's money runs through the channel: of spend for advertising, of revenue for a shop, of the last
/// four weeks that all of them know; none where an amount or a rate is missing.
fn stake(input: &Input, line: &Line) -> Option<f64> {
    let client = input.clients.iter().find(|client| client.id == line.about.client);
    let shop = matches!(line.measure, Measure::Orders | Measure::LedgerRevenue);
    let measure = if shop { Measure::LedgerRevenue } else { Measure::Spend };
    let of = |sources: &[&Source], last: Date| -> Option<f64> {
        let to = client.map(|client| client.currency);
        let (first, values) = sum(sources, measure, to, &input.rates)?;
        let end = usize::try_from((last - first).whole_days() + 1).ok()?;
        values.get(end.saturating_sub(28)..end)?.iter().copied().sum()
    };
    let all: Vec<&Source> = client?.of(shop, input.day).into_iter().filter(|source| source.reports(measure)).collect();
    let own: Vec<&Source> = all.iter().copied().filter(|source| source.id == line.entity.id).collect();
    let last = all.iter().map(|source| source.read.last).min()?;
    let (own, all) = (of(&own, last)?, of(&all, last)?);
    (all > 0.0).then(|| (own / all).clamp(0.0, 1.0))
}

/// Money at stake: a fall of what is wanted, or a rise of what is paid.
fn severity(measure: Measure, relative: Option<f64>, stake: Option<f64>) -> Severity {
    let lost = match measure {
        Measure::Spend => relative,
        _ => relative.map(|relative| -relative),
    };
    match lost {
        // Where it is not known how much runs through it, it may be much.
        Some(lost) if lost > 0.0 => stake.map_or(Severity::Medium, |stake| Severity::of_stake(stake * lost.min(1.0))),
        Some(_) => Severity::Info,
        None => Severity::Low,
    }
}

fn unit(line: &Line) -> Unit {
    line.currency.map_or(Unit::Count, |currency| Unit::Money(currency.code().to_owned()))
}

fn of_anomaly(line: &Line, one: &anomaly::Finding, stake: Option<f64>) -> Finding {
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
        channels: Vec::new(),
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

/// A day on which so much moved together that it is no news of any one of them.
fn of_common(one: &anomaly::Common) -> Finding {
    let (moved, of) = (one.series.len() as f64, one.of as f64);
    let share = if of > 0.0 { moved / of } else { 0.0 };
    let days = Some((one.day, one.day));
    Finding {
        kind: Kind::MovedTogether,
        entity: Entity { id: String::new(), level: Level::Agency },
        channels: Vec::new(),
        metric: None,
        first: one.day,
        last: one.day,
        size: Some(Size { value: share, low: share, high: share, confidence: 1.0, unit: Unit::Share }),
        probability: 1.0,
        severity: Severity::Low,
        basis: vec![Basis::new("series_that_moved", moved, days), Basis::new("series_looked_at", of, days)],
    }
}

fn of_change(line: &Line, change: &change_point::ChangePoint, stake: Option<f64>) -> Finding {
    let relative = match change.kind {
        change_point::Kind::LevelShift => change.relative.map(|relative| relative.0),
        change_point::Kind::TrendBreak => None,
    };
    Finding {
        kind: Kind::ChangePoint,
        entity: line.entity.clone(),
        channels: Vec::new(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_lines_are_looked_at_the_surer_a_change_has_to_be() {
        assert!((among(0.9, 1) - 0.9).abs() < 1e-12 && (among(0.9, 2) - 0.9).abs() < 1e-12);
        assert!(among(0.97, 61) < 0.5 && among(0.9999, 61) > 0.99);
        assert_eq!(among(1.0, 1000), 1.0);
    }
}
