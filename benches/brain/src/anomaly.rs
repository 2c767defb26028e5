//! What the anomalies are worth: the Numenta benchmark, a world in which nothing happens, and events put into NN5.
//!
//! All of it goes through the functions of the product with the thresholds of the product. *Null world*: series of
//! orders on whose last 60 days, after a year, nothing changes; counted is every finding, also of a change that stays, each
//! series judged alone, which no false-discovery rate helps. *Injected*: one event is put into a series at a random day of each stretch of 60
//! days after its first year on which the machine worked ([`world::Event`] says what and how large), and all series are judged
//! as one agency. A hit is a finding on the event's own days, unless the same series without the event has one within two days of it. Everything else that
//! is found in those 60 days is a false alarm, also what truly happened in NN5; the days after an event, when its end can
//! be told, belong to it.

mod nab;
mod world;

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context;
use brain::{
    Series,
    change_point::{Kind, change_points},
    random,
};
use rand::Rng;
use time::{Date, Duration};

use crate::Figure;

/// Days that are judged.
const WINDOW: usize = 60;
/// Days before them.
const HISTORY: usize = 365;
/// An event is put into one of so many series at once: what many share is no finding of each (`findings::Common`).
const PARTS: usize = 20;
/// So many of these parts are put into each stretch of days, one after the other, and others into the next stretch.
const TURNS: usize = 4;
/// Series of the null world at each rate.
const NULLS: u64 = 1000;
/// Days between two looks for changes that stay: such a one is told for weeks.
const LOOKS: usize = 10;
/// Days within which two dates are those of one change.
const ALIKE: i64 = 14;

/// Measures the anomalies.
pub fn run(data: &Path) -> anyhow::Result<Vec<Figure>> {
    let mut figures = vec![numenta(data)?];
    pace();
    figures.extend(null());
    figures.extend(injected(data)?);
    Ok(figures)
}

fn numenta(data: &Path) -> anyhow::Result<Figure> {
    let files = nab::files(&data.join("nab"), "realKnownCause")?;
    let scores: Vec<Vec<f64>> = files.iter().map(nab::scores).collect::<anyhow::Result<_>>()?;
    let (value, threshold) = nab::best(&files, &scores);
    for (file, scores) in files.iter().zip(&scores) {
        let (earned, windows, alarms) = nab::at(file, scores, threshold);
        crate::note(&format!(
            "{:<64} {earned:>6.2} of {:>2} windows, {windows} found, {alarms} false",
            file.name,
            file.windows.len()
        ));
    }
    let what = "realKnownCause of the Numenta benchmark, standard profile, one threshold";
    Ok(Figure { key: "nab_known_cause", what, value })
}

/// Notes what a series of two years costs of which the last day is judged, and the last 60.
fn pace() {
    let all: Vec<Series> = (0..100).map(|seed| world::quiet(seed, 30.0, 730)).collect();
    for days in [1, WINDOW] {
        let start = std::time::Instant::now();
        std::hint::black_box(world::found(&all, 730 - days));
        let each = start.elapsed().as_secs_f64() * 1e3 / all.len() as f64;
        crate::note(&format!("{each:.3} ms per series of 730 days, {days} of them judged"));
    }
    let start = std::time::Instant::now();
    for one in &all {
        std::hint::black_box(change_points(one, world::first()).ok());
    }
    let each = start.elapsed().as_secs_f64() * 1e3 / all.len() as f64;
    crate::note(&format!("{each:.3} ms for its change points"));
}

fn null() -> Vec<Figure> {
    let (mut mean, mut worst, mut stay) = (0.0, 0.0_f64, 0.0);
    for rate in [3.0, 10.0, 30.0, 100.0] {
        let (mut alarms, mut changed) = (0, 0);
        for seed in 0..NULLS {
            let one = world::quiet(seed, rate, HISTORY + WINDOW);
            changed += changes(&one);
            alarms += world::found(&[one], HISTORY).len();
        }
        let per_series = (alarms + changed) as f64 / NULLS as f64;
        crate::note(&format!(
            "null world, {rate:>3} orders a day: {per_series:.4} findings per series and 60 quiet days, {changed} of {} changes that stay",
            alarms + changed
        ));
        mean += per_series / 4.0;
        stay += changed as f64 / NULLS as f64 / 4.0;
        worst = worst.max(per_series);
    }
    vec![
        Figure {
            key: "null_alarms",
            what: "findings per series and 60 quiet days, mean of rates 3, 10, 30, 100",
            value: mean,
        },
        Figure { key: "null_alarms_worst", what: "the same at the worst of these rates", value: worst },
        Figure {
            key: "null_changes",
            what: "those of them that are changes that stay, mean of these rates",
            value: stay,
        },
    ]
}

/// The changes that are told in the last 60 days, each once, as the product looks for them: in the year before, and none that is
/// older than 60 days.
fn changes(series: &Series) -> usize {
    let day = |at: usize| world::first() + Duration::days(at as i64);
    let mut told: Vec<Date> = Vec::new();
    for end in (HISTORY..=HISTORY + WINDOW).step_by(LOOKS).skip(1) {
        let Ok(known) = Series::new(series.values()[end - HISTORY..end].to_vec()) else { continue };
        let found = change_points(&known, day(end - HISTORY)).unwrap_or_default();
        for change in found.iter().filter(|one| one.kind == Kind::LevelShift && one.day >= day(end - WINDOW)) {
            if told.iter().all(|known| (*known - change.day).whole_days().abs() > ALIKE) {
                told.push(change.day);
            }
        }
    }
    told.len()
}

/// Series of NN5 with what is missing.
fn nn5(data: &Path) -> anyhow::Result<Vec<Series>> {
    let path = data.join("nn5/nn5_daily_long.csv");
    let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
    let mut series: BTreeMap<&str, Vec<Option<f64>>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let mut fields = line.split(',');
        let (Some(name), Some(_), Some(value)) = (fields.next(), fields.next(), fields.next()) else {
            anyhow::bail!("{line}");
        };
        series.entry(name).or_default().push(if value.is_empty() { None } else { Some(value.parse()?) });
    }
    Ok(series.into_values().map(Series::new).collect::<Result<_, _>>()?)
}

fn injected(data: &Path) -> anyhow::Result<Vec<Figure>> {
    let all = nn5(data)?;
    let (mut hits, mut events, mut wrong, mut unknown) = (0, 0, 0, 0);
    let stretches: Vec<usize> = (HISTORY..).step_by(WINDOW).take_while(|since| since + WINDOW <= 791).collect();
    let cut = |since: usize| -> Result<Vec<Series>, _> {
        all.iter().map(|one| Series::new(one.values()[..since + WINDOW].to_vec())).collect()
    };
    let twins: Vec<_> =
        stretches.iter().map(|since| Ok(world::found(&cut(*since)?, *since))).collect::<anyhow::Result<_>>()?;
    let quiet = twins.iter().map(Vec::len).sum::<usize>() as f64 / (stretches.len() * all.len()) as f64;
    crate::note(&format!("NN5 as it is: {quiet:.3} findings per series and 60 days"));
    for (name, sizes) in world::EVENTS {
        for event in sizes {
            let mut random = random::stream(1, name);
            let (mut found, mut false_alarms, mut delays, mut kinds) = (0, 0, Vec::new(), BTreeMap::new());
            let (mut neutral, mut tried) = (0, 0);
            for (part, (since, twins)) in stretches
                .iter()
                .zip(&twins)
                .enumerate()
                .flat_map(|(at, one)| (0..TURNS).map(move |turn| (at + turn * PARTS / TURNS, one)))
            {
                let plain = cut(*since)?;
                let starts: Vec<usize> = plain
                    .iter()
                    .map(|one| {
                        // What is put on a day without a value, or on one on which nothing worked, is no event.
                        let days =
                            (*since..since + WINDOW - event.days()).filter(|day| !world::out_of_order(one, *day));
                        let days: Vec<usize> = days.collect();
                        days[random.random_range(0..days.len())]
                    })
                    .collect();
                let mine = |at: usize| at % PARTS == part % PARTS;
                let put: Vec<Series> = plain
                    .iter()
                    .enumerate()
                    .map(|(at, one)| if mine(at) { event.put(one, starts[at]) } else { one.clone() })
                    .collect();
                let answer = world::found(&put, *since);
                for at in (0..put.len()).filter(|at| mine(*at)) {
                    tried += 1;
                    let own = starts[at]..starts[at] + event.days();
                    // What is found without the event at about that day is not found because of it.
                    let known = |day: usize| twins.iter().any(|one| one.0 == at && one.1.abs_diff(day) <= 2);
                    let findings = || answer.iter().filter(|one| one.0 == at);
                    if let Some(hit) = findings().find(|one| own.contains(&one.1) && !known(one.1)) {
                        found += 1;
                        delays.push(hit.1 - own.start);
                        *kinds.entry(hit.2.kind.word()).or_insert(0) += 1;
                    }
                    let whole = own.start..own.end + event.end();
                    for one in findings().filter(|one| !whole.contains(&one.1)) {
                        let out_of_order = (one.1 - 3..=one.1).any(|day| world::out_of_order(&plain[at], day));
                        if out_of_order { neutral += 1 } else { false_alarms += 1 }
                    }
                }
            }
            delays.sort_unstable();
            let count = tried;
            let delay = delays.get(delays.len() / 2).map_or("-".to_owned(), usize::to_string);
            crate::note(&format!(
                "{name:<12} {event:?}: recall {:.3}, false per series {:.3} (and {:.3} where NN5 itself is out of order), median delay {delay} days, told as {kinds:?}",
                found as f64 / count as f64,
                false_alarms as f64 / count as f64,
                neutral as f64 / count as f64,
            ));
            (hits, events, wrong, unknown) = (hits + found, events + count, wrong + false_alarms, unknown + neutral);
        }
    }
    let precision = hits as f64 / (hits + wrong) as f64;
    crate::note(&format!(
        "precision with NN5's own failures counted as false: {:.3}",
        hits as f64 / (hits + wrong + unknown) as f64
    ));
    let recall = hits as f64 / events as f64;
    Ok(vec![
        Figure {
            key: "injected_precision",
            what: "hits among all findings in 60 days with one event, NN5",
            value: precision,
        },
        Figure { key: "injected_recall", what: "events found, four kinds in three sizes, NN5", value: recall },
    ])
}
