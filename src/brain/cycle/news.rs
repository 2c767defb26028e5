//! Oracle's news in a cycle: anomalies, and changes that stay.

use std::collections::BTreeSet;

use serde_json::json;
use time::{Date, Duration};

use super::{
    About, Input, Outcome, calendar,
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
/// Days that pass are weighed against a week's money: what is seen today is looked at within that.
const WEEK: f64 = 7.0;
/// Platforms add to so many last days. A day on which much moved is told of as long; then it is past.
const STILL: i64 = 3;
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
    // Days that follow one another are told of once.
    for run in news.common.chunk_by(|one, next| one.day.next_day() == Some(next.day)) {
        found.extend(of_common(run, input.day).map(|finding| (About::agency(), finding)));
    }
    let from = found.len();
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
    less_where_spend_fell(&mut found[from..]);
    judged
}

/// Clicks that were not paid for are no money lost, but what they would have brought: where spend fell as well, less is at stake
/// than where it went on.
fn less_where_spend_fell(found: &mut [Found]) {
    let fell = |finding: &Finding| finding.size.as_ref().is_some_and(|size| size.value < 0.0);
    let of = |finding: &Finding, measure: Measure| finding.metric.as_deref() == Some(measure.key()) && fell(finding);
    let spends: Vec<(Entity, Date, Date)> = found
        .iter()
        .filter(|(_, finding)| of(finding, Measure::Spend))
        .map(|(_, finding)| (finding.entity.clone(), finding.first, finding.last))
        .collect();
    for (_, finding) in found.iter_mut().filter(|(_, finding)| of(finding, Measure::Clicks)) {
        let near = |first: Date, last: Date| {
            let apart = finding.first.max(first) - finding.last.min(last);
            apart.whole_days() <= STILL
        };
        let spent_less = spends.iter().any(|(entity, first, last)| *entity == finding.entity && near(*first, *last));
        if spent_less && finding.kind != Kind::DeliveryCollapse {
            finding.severity = finding.severity.lower();
        }
    }
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
    // What stays goes on to cost; of days that pass, no more than they were is at stake.
    let passes = matches!(one.kind, anomaly::Kind::Spike | anomaly::Kind::Drop | anomaly::Kind::DropOut);
    let lasts = ((one.found - one.day).whole_days() + 1) as f64;
    let weight = if passes { (lasts / WEEK).min(1.0) } else { 1.0 };
    let bad = severity(line.measure, one.relative.map(|relative| relative * weight), stake);
    let calendar = calendar::named(one.day, one.found, Some(one.size > 0.0));
    Finding {
        kind,
        entity: line.entity.clone(),
        channels: Vec::new(),
        metric: Some(line.measure.key().to_owned()),
        first: one.day,
        last: one.found,
        calendar: calendar.map(str::to_owned),
        size: Some(Size {
            value: one.size,
            low: one.actual - one.expected.1,
            high: one.actual - one.expected.0,
            confidence: 0.95,
            unit: unit(line),
        }),
        // Of findings at least as strange on that day, this share may be false.
        probability: (1.0 - one.q).clamp(0.0, 1.0),
        severity: if calendar.is_some() { bad.lower() } else { bad },
        basis: vec![Basis::new("actual", one.actual, days), Basis::new("expected", expected, days)],
    }
}

/// Days on which so much moved together that it is no news of any one of them, by the day on which the most did; none once they
/// are past.
fn of_common(run: &[anomaly::Common], today: Date) -> Option<Finding> {
    let (first, last) = (run.first()?.day, run.last()?.day);
    if (today - last).whole_days() >= STILL {
        return None;
    }
    // The first of several alike.
    let one = run.iter().rev().max_by_key(|one| one.series.len())?;
    let (moved, of) = (one.series.len() as f64, one.of as f64);
    let share = if of > 0.0 { moved / of } else { 0.0 };
    let days = Some((one.day, one.day));
    Some(Finding {
        kind: Kind::MovedTogether,
        entity: Entity { id: String::new(), level: Level::Agency },
        channels: Vec::new(),
        metric: None,
        first,
        last,
        calendar: calendar::named(first, last, None).map(str::to_owned),
        size: Some(Size { value: share, low: share, high: share, confidence: 1.0, unit: Unit::Share }),
        probability: 1.0,
        // It says why no one of them is told of, and asks for nothing.
        severity: Severity::Info,
        basis: vec![Basis::new("series_that_moved", moved, days), Basis::new("series_looked_at", of, days)],
    })
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
        calendar: None,
        size: Some(Size {
            value: change.size,
            low: change.interval.0,
            high: change.interval.1,
            confidence: 0.9,
            unit: unit(line),
        }),
        probability: change.probability,
        severity: severity(line.measure, relative, stake),
        basis: change.made.as_ref().map(means).unwrap_or_default(),
    }
}

/// What the size of a change is made of: the means of the days before and since, and what goes on from before.
fn means(made: &change_point::Made) -> Vec<Basis> {
    let mut basis = vec![
        Basis::new("mean_before", made.before, Some(made.days_before)),
        Basis::new("mean_after", made.after, Some(made.days_after)),
    ];
    // What is left of a difference of two means is no slope.
    if made.sloping.abs() > f64::EPSILON * made.before.abs().max(made.after.abs()) * 16.0 {
        basis.push(Basis::new("trend_between", made.sloping, None));
    }
    basis
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    fn spent_line() -> Line {
        let values = Series::new(vec![Some(10.0); 28]).unwrap();
        Line {
            about: About::channel(Some("c"), "radio"),
            entity: Entity { id: "radio".into(), level: Level::Channel },
            measure: Measure::Clicks,
            first: date!(2026 - 10 - 01),
            values,
            currency: None,
            cut_by: Vec::new(),
        }
    }

    /// What is said of a fall by half of these days, in a channel with all of its client's money.
    fn fall(kind: anomaly::Kind, day: Date, found: Date) -> Finding {
        let one = anomaly::Finding {
            series: String::new(),
            day,
            found,
            kind,
            actual: 50.0,
            size: -50.0,
            relative: Some(-0.5),
            expected: (90.0, 110.0),
            p: 1e-6,
            q: 1e-4,
        };
        of_anomaly(&spent_line(), &one, Some(1.0))
    }

    #[test]
    fn what_stays_is_worse_than_what_passes_and_a_known_day_makes_it_less() {
        let (first, week) = (date!(2026 - 10 - 05), date!(2026 - 10 - 11));
        assert_eq!(fall(anomaly::Kind::LevelShift, first, week).severity, Severity::High);
        assert_eq!(fall(anomaly::Kind::Drop, first, week).severity, Severity::High, "a whole week of it");
        assert_eq!(fall(anomaly::Kind::Drop, first, first).severity, Severity::Medium, "a day of seven");
        let christmas = fall(anomaly::Kind::LevelShift, date!(2026 - 12 - 24), date!(2026 - 12 - 26));
        assert_eq!((christmas.severity, christmas.calendar.as_deref()), (Severity::Medium, Some("Christmas")));
    }

    #[test]
    fn clicks_that_fell_with_what_was_paid_for_them_are_less_than_those_that_fell_alone() {
        let clicks = fall(anomaly::Kind::LevelShift, date!(2026 - 10 - 05), date!(2026 - 10 - 11));
        let spend = Finding { metric: Some("spend".into()), severity: Severity::Info, ..clicks.clone() };
        let elsewhere = Finding { entity: Entity { id: "tv".into(), level: Level::Channel }, ..spend.clone() };
        let told = |others: &[Finding]| {
            let all = std::iter::once(&clicks).chain(others);
            let mut all: Vec<Found> = all.map(|one| (About::agency(), one.clone())).collect();
            less_where_spend_fell(&mut all);
            all[0].1.severity
        };
        assert_eq!((told(&[]), told(&[elsewhere]), told(&[spend])), (Severity::High, Severity::High, Severity::Medium));
    }

    #[test]
    fn days_on_which_much_moved_are_told_once_while_they_last() {
        let day = |day: u8, series: usize| anomaly::Common {
            day: Date::from_calendar_date(2026, time::Month::October, day).unwrap(),
            series: vec!["any".to_owned(); series],
            of: 130,
        };
        let run = [day(5, 4), day(6, 12), day(7, 12)];
        let told = of_common(&run, date!(2026 - 10 - 09)).unwrap();
        assert_eq!((told.first, told.last, told.severity), (run[0].day, run[2].day, Severity::Info));
        assert_eq!((told.basis[0].value, told.basis[0].first, told.basis[1].value), (12.0, Some(run[1].day), 130.0));
        assert_eq!(of_common(&run, date!(2026 - 10 - 10)), None, "it is past");
    }

    #[test]
    fn the_more_lines_are_looked_at_the_surer_a_change_has_to_be() {
        assert!((among(0.9, 1) - 0.9).abs() < 1e-12 && (among(0.9, 2) - 0.9).abs() < 1e-12);
        assert!(among(0.97, 61) < 0.5 && among(0.9999, 61) > 0.99);
        assert_eq!(among(1.0, 1000), 1.0);
    }
}
