//! Memory from end to end: garbage, the same bytes, and the time it takes.

use rand_chacha::rand_core::RngCore;
use rust_decimal::Decimal;
use time::{Date, Duration, macros::date};

use super::*;
use crate::{draw, random::stream};

const FIRST: Date = date!(2024 - 01 - 01);

fn euro() -> Currency {
    Currency::parse("EUR").unwrap()
}

fn days(first: i64, count: i64) -> Days {
    let first = FIRST + Duration::days(first);
    Days { first, last: first + Duration::days(count - 1) }
}

/// Channels with everything that an ad account reports, and a shop as the last.
fn agency(name: &str, channels: usize, count: i64) -> Vec<Source> {
    let mut random = stream(6, name);
    let source = |channel: usize| {
        let day = |at: i64| {
            let mut draw = |mean: f64| Some(Decimal::from(draw::scattered(&mut random, mean, 0.15)));
            let day = Day::new(FIRST + Duration::days(at), euro());
            if channel + 1 == channels {
                return day
                    .with(Measure::Orders, draw(80.0))
                    .with(Measure::LedgerRevenue, draw(4_000.0))
                    .with(Measure::Refunds, draw(100.0))
                    .with(Measure::NewOrders, draw(50.0))
                    .with(Measure::ReturningOrders, draw(30.0));
            }
            day.with(Measure::Spend, draw(200.0))
                .with(Measure::Impressions, draw(20_000.0))
                .with(Measure::Clicks, draw(300.0))
                .with(Measure::ClaimedConversions, draw(9.0))
                .with(Measure::ClaimedRevenue, draw(500.0))
        };
        Source::new(format!("{channel}"), days(0, count), (0..count).map(day).collect()).unwrap()
    };
    (0..channels).map(source).collect()
}

/// Everything that is said of an agency.
fn all(sources: &[Source], now: Days, before: Days, rates: &Rates, display: Option<Currency>) -> String {
    let setting = Setting { display, rates, margin: Some(Decimal::new(4, 1)) };
    let refs: Vec<&Source> = sources.iter().collect();
    let singles: Vec<[&Source; 1]> = sources.iter().map(|source| [source]).collect();
    let siblings: Vec<&[&Source]> = singles.iter().map(|single| &single[..]).collect();
    let mut said = vec![serde_json::to_string(&report(&refs, now, &setting)).unwrap()];
    for metric in Metric::ALL {
        said.push(serde_json::to_string(&compare(&siblings, metric, now, before, 0, &setting)).unwrap());
        said.push(serde_json::to_string(&compare(&[&refs], metric, now, before, 0, &setting)).unwrap());
        said.push(serde_json::to_string(&winner(&siblings, metric, now, 0, &setting).ok()).unwrap());
    }
    if let Some((shop, channels)) = refs.split_last() {
        said.push(
            serde_json::to_string(&reconcile(channels, &[shop], now, Measure::ClaimedRevenue, &setting).ok()).unwrap(),
        );
    }
    said.join("\n")
}

#[test]
fn the_same_facts_give_the_same_bytes() {
    let run = || all(&agency("bytes", 5, 120), days(92, 28), days(64, 28), &Rates::default(), None);
    let said = run();
    assert_eq!(said, run());
    assert!(said.contains("\"status\":\"too_close\""));
}

#[test]
fn garbage_is_refused_or_answered_soundly() {
    let mut random = stream(8, "garbage");
    let currencies = [euro(), Currency::parse("USD").unwrap()];
    let amounts = [
        Decimal::ZERO,
        Decimal::ONE,
        Decimal::NEGATIVE_ONE,
        Decimal::MAX,
        Decimal::MIN,
        Decimal::new(1, 28),
        Decimal::new(123_456, 2),
    ];
    for round in 0..300 {
        let mut pick = |count: usize| random.next_u64() as usize % count;
        let mut sources = vec![];
        for id in 0..4 {
            let tame = pick(2) == 0;
            let facts = (0..pick(80)).map(|at| {
                let at = if tame { at as i64 } else { pick(5_000) as i64 - 500 };
                let currency = currencies[if pick(30) == 0 { 1 } else { 0 }];
                let day = Day::new(FIRST + Duration::days(at), currency);
                Measure::ALL.into_iter().fold(day, |day, measure| match pick(4) {
                    0 => day,
                    _ if tame => day.with(measure, Some(Decimal::from(pick(100)))),
                    _ => day.with(measure, Some(amounts[pick(7)])),
                })
            });
            let facts: Vec<Day> = facts.collect();
            let read = days(pick(50) as i64 - 25, pick(4_000) as i64);
            sources.extend(Source::new(id.to_string(), read, facts));
        }
        let rate = (FIRST, currencies[1], amounts[pick(2) + 1]);
        let rates = Rates::new(euro(), [rate]).unwrap_or_default();
        let (now, before) = (days(pick(90) as i64, pick(60) as i64), days(pick(60) as i64 - 40, pick(40) as i64));
        let said = all(&sources, now, before, &rates, if pick(2) == 0 { Some(euro()) } else { None });
        // serde_json writes numbers that are none as null; no number here may be one.
        for number in ["value", "low", "high", "better", "dispersion", "effective"] {
            assert!(!said.contains(&format!("\"{number}\":null")), "round {round}: {number}");
        }
        let worth = [Decimal::MAX, Decimal::MIN, Decimal::ONE, Decimal::ZERO];
        let orders: Vec<Order> = (0..pick(60))
            .map(|id| Order {
                id: if pick(50) == 0 { String::new() } else { id.to_string() },
                customer: (pick(5) > 0).then(|| pick(9).to_string()),
                day: FIRST + Duration::days(pick(800) as i64),
                value: if pick(20) == 0 { worth[pick(4)] } else { Decimal::from(pick(90)) },
                refunds: vec![(FIRST + Duration::days(pick(800) as i64), worth[pick(2) + 2])],
            })
            .collect();
        newcomers(&orders, Some(FIRST));
        if let Ok(cohorts) = cohorts(&orders, (FIRST, FIRST + Duration::days(700)), pick(2) == 0) {
            for age in AGES {
                if let Ok(drift) = drift(&cohorts, age) {
                    assert!((0.0..=1.0).contains(&drift.better), "round {round}");
                }
            }
        }
    }
}

/// Milliseconds that this thread has run: a clock on the wall also shows what others do.
fn processor() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e6
}

#[test]
#[ignore = "prints what it takes; run it alone on a quiet machine"]
fn what_it_takes() {
    let (channels, creatives) = (agency("time", 20, 730), agency("creatives", 501, 90));
    let rates = Rates::default();
    let setting = Setting { display: None, rates: &rates, margin: None };
    let clock = processor();
    let said = all(&channels, days(702, 28), days(674, 28), &rates, None).len();
    let first = processor() - clock;
    let singles: Vec<[&Source; 1]> = creatives[..500].iter().map(|source| [source]).collect();
    let siblings: Vec<&[&Source]> = singles.iter().map(|single| &single[..]).collect();
    let mut compared = 0;
    for metric in [Metric::Ctr, Metric::RoasClaimed] {
        compared += compare(&siblings, metric, days(62, 28), days(34, 28), 0, &setting).len();
    }
    let reports = siblings.iter().map(|one| report(one, days(62, 28), &setting).figures.len()).sum::<usize>();
    println!(
        "20 channels {first:.1} ms ({said} bytes), 500 creatives {:.1} ms ({compared}, {reports})",
        processor() - clock - first
    );
}
