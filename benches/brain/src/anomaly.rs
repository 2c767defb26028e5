//! What the anomalies are worth: the Numenta benchmark, a world in which nothing happens, and events put into NN5.
//!
//! All of it goes through the functions of the product with the thresholds of the product. *Null world*: series of
//! orders on whose last 60 days, after a year, nothing changes; counted is every finding, each series judged alone,
//! which no false-discovery rate helps. *Injected*: one event is put into a series at a random day of each stretch of 60
//! days after its first year ([`world::Event`] says what and how large), and all series are judged as one agency. A hit is
//! a finding on the event's own days, unless the same series without the event has one there too. Everything else that
//! is found in those 60 days is a false alarm, also what truly happened in NN5; the days after an event, when its end can
//! be told, belong to it.

mod nab;
mod world;

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context;
use brain::{Series, random};
use rand::Rng;

use crate::Figure;

/// Days that are judged.
const WINDOW: usize = 60;
/// Days before them.
const HISTORY: usize = 365;
/// Series of the null world at each rate.
const NULLS: u64 = 1000;

/// Measures the anomalies.
pub fn run(data: &Path) -> anyhow::Result<Vec<Figure>> {
    let mut figures = vec![numenta(data)?];
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
        crate::note(&format!("{:<64} {earned:>6.2} of {:>2} windows, {windows} found, {alarms} false", file.name, file.windows.len()));
    }
    let what = "realKnownCause of the Numenta benchmark, standard profile, one threshold";
    Ok(Figure { key: "nab_known_cause", what, value })
}

fn null() -> Vec<Figure> {
    let (mut mean, mut worst) = (0.0, 0.0_f64);
    for rate in [3.0, 10.0, 30.0, 100.0] {
        let series = (0..NULLS).map(|seed| world::quiet(seed, rate, HISTORY + WINDOW));
        let alarms: usize = series.map(|one| world::found(&[one], HISTORY).len()).sum();
        let per_series = alarms as f64 / NULLS as f64;
        crate::note(&format!("null world, {rate:>3} orders a day: {per_series:.4} findings per series and 60 quiet days"));
        mean += per_series / 4.0;
        worst = worst.max(per_series);
    }
    vec![
        Figure { key: "null_alarms", what: "findings per series and 60 quiet days, mean of rates 3, 10, 30, 100", value: mean },
        Figure { key: "null_alarms_worst", what: "the same at the worst of these rates", value: worst },
    ]
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
    let (mut hits, mut events, mut wrong) = (0, 0, 0);
    let stretches: Vec<usize> = (HISTORY..).step_by(WINDOW).take_while(|since| since + WINDOW <= 791).collect();
    let cut = |since: usize| -> Result<Vec<Series>, _> {
        all.iter().map(|one| Series::new(one.values()[..since + WINDOW].to_vec())).collect()
    };
    let twins: Vec<_> = stretches.iter().map(|since| Ok(world::found(&cut(*since)?, *since))).collect::<anyhow::Result<_>>()?;
    let quiet = twins.iter().map(Vec::len).sum::<usize>() as f64 / (stretches.len() * all.len()) as f64;
    crate::note(&format!("NN5 as it is: {quiet:.3} findings per series and 60 days"));
    for (name, sizes) in world::EVENTS {
        for event in sizes {
            let mut random = random::stream(1, name);
            let (mut found, mut false_alarms, mut delays, mut kinds) = (0, 0, Vec::new(), BTreeMap::new());
            for (since, twins) in stretches.iter().zip(&twins) {
                let plain = cut(*since)?;
                let starts: Vec<usize> = plain.iter().map(|_| since + random.random_range(0..WINDOW - event.days())).collect();
                let put: Vec<Series> = plain.iter().zip(&starts).map(|(one, start)| event.put(one, *start)).collect();
                let answer = world::found(&put, *since);
                for (at, start) in starts.iter().enumerate() {
                    let own = *start..start + event.days();
                    let known = twins.iter().any(|one| one.0 == at && own.contains(&one.1));
                    let mine = || answer.iter().filter(|one| one.0 == at);
                    if let Some(hit) = mine().find(|one| own.contains(&one.1)).filter(|_| !known) {
                        found += 1;
                        delays.push(hit.1 - start);
                        *kinds.entry(hit.2.kind.word()).or_insert(0) += 1;
                    }
                    let end = own.end + event.end();
                    false_alarms += mine().filter(|one| !(*start..end).contains(&one.1)).count() + usize::from(known);
                }
            }
            delays.sort_unstable();
            let count = stretches.len() * all.len();
            let delay = delays.get(delays.len() / 2).map_or("-".to_owned(), usize::to_string);
            crate::note(&format!(
                "{name:<12} {event:?}: recall {:.3}, false per series {:.3}, median delay {delay} days, told as {kinds:?}",
                found as f64 / count as f64,
                false_alarms as f64 / count as f64,
            ));
            (hits, events, wrong) = (hits + found, events + count, wrong + false_alarms);
        }
    }
    let precision = hits as f64 / (hits + wrong).max(1) as f64;
    let recall = hits as f64 / events as f64;
    Ok(vec![
        Figure { key: "injected_precision", what: "hits among all findings in 60 days with one event, NN5", value: precision },
        Figure { key: "injected_recall", what: "events found, four kinds in three sizes, NN5", value: recall },
    ])
}
