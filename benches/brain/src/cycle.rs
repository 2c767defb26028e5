//! What a cycle costs: an agency of 20 channels × 730 days and 500 creatives, on one core.

use std::path::Path;

use brain::{
    cycle::{Channel, Client, Input, choose, run},
    memory::{Currency, Day, Days, Measure, Order, Rates, Source},
    random::stream,
};
use rand::Rng;
use rust_decimal::Decimal;
use time::{Date, Duration};

use crate::{Figure, processor};

/// Channels, of which every fifth is a shop.
const CHANNELS: usize = 20;
const DAYS: i64 = 730;
const CREATIVES: usize = 500;
/// Days that a creative runs.
const RUNS: i64 = 120;

/// Cycles that are timed: the clock of the processor ticks a hundred times a second.
const TIMED: u32 = 10;

/// The part `cycle`. One thread does all of it, so processor time is what it takes on an idle core.
pub fn run_part(_: &Path) -> anyhow::Result<Vec<Figure>> {
    let mut input = agency()?;
    let begun = processor()?;
    input.choices = choose(&input, true);
    let outcomes = run(&input);
    let cold = (processor()? - begun).as_secs_f64();
    anyhow::ensure!(
        outcomes.iter().filter(|outcome| outcome.kind == "forecast").count() >= CHANNELS,
        "too little was said"
    );
    let begun = processor()?;
    for _ in 0..TIMED {
        anyhow::ensure!(run(&input) == outcomes, "the same input gave something else");
    }
    let warm = ((processor()? - begun) / TIMED).as_secs_f64();
    Ok(vec![
        Figure {
            key: "cycle_seconds",
            what: "a cycle, methods chosen before: 20 channels x 730 days, 500 creatives, one core",
            value: warm,
        },
        Figure { key: "cold_cycle_seconds", what: "the same with methods chosen and curves fitted", value: cold },
        Figure {
            key: "agencies_1000_minutes",
            what: "a thousand such cycles one after the other on one core, reckoned from one",
            value: warm * 1000.0 / 60.0,
        },
    ])
}

fn agency() -> anyhow::Result<Input> {
    let euro = Currency::parse("EUR").ok_or_else(|| anyhow::anyhow!("no euro"))?;
    let last = Date::from_calendar_date(2026, time::Month::November, 20)?;
    let mut clients = Vec::new();
    for client in 0..CHANNELS / 5 {
        let mut channels = Vec::new();
        for channel in 0..5 {
            let id = format!("{client}-{channel}");
            channels.push(if channel == 4 { shop(&id, last, euro) } else { ads(&id, last, euro) });
        }
        clients.push(Client { id: Some(client.to_string()), currency: euro, margin: None, channels });
    }
    let choices = Default::default();
    Ok(Input {
        day: last,
        display: euro,
        rates: Rates::new(euro, [])?,
        clients,
        choices,
        hits: Default::default(),
        under_way: Vec::new(),
    })
}

/// A count as chance has it, by its mean: a normal of the same spread, with 15 % more from day to day.
fn count(random: &mut impl Rng, mean: f64) -> i64 {
    let mut normal = || {
        let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
        radius * (std::f64::consts::TAU * random.random::<f64>()).cos()
    };
    let (own, day) = (normal(), normal());
    (mean * (1.0 + 0.15 * day) + own * mean.sqrt()).max(0.0) as i64
}

fn season(ago: i64) -> f64 {
    let (week, year) = (ago.rem_euclid(7) as f64 / 7.0, ago as f64 / 365.25);
    1.0 + 0.2 * (std::f64::consts::TAU * week).sin() + 0.2 * (std::f64::consts::TAU * year).sin()
}

fn row(day: Date, euro: Currency, random: &mut impl Rng, clicks: f64) -> Day {
    let clicked = count(random, clicks);
    Day::new(day, euro)
        .with(Measure::Spend, Some(Decimal::new(clicked * 80 + 500, 2)))
        .with(Measure::Impressions, Some((clicked * 60 + 100).into()))
        .with(Measure::Clicks, Some(clicked.into()))
        .with(Measure::ClaimedConversions, Some(count(random, clicked as f64 * 0.04).into()))
        .with(Measure::ClaimedRevenue, Some(Decimal::new(count(random, clicked as f64 * 260.0), 2)))
}

fn ads(id: &str, last: Date, euro: Currency) -> Channel {
    let mut random = stream(1, id);
    let read = Days { first: last - Duration::days(DAYS - 1), last };
    let rows = (0..DAYS).map(|ago| row(last - Duration::days(ago), euro, &mut random, 400.0 * season(ago))).collect();
    let share = CREATIVES / (CHANNELS / 5 * 4);
    let creatives = (0..=share).map(|number| {
        let name = format!("{id}-{number}");
        let first = (number as i64 * 37) % (DAYS - RUNS);
        let days = Days { first: last - Duration::days(first + RUNS - 1), last: last - Duration::days(first) };
        let rows = (0..RUNS).map(|ago| row(days.last - Duration::days(ago), euro, &mut random, 60.0)).collect();
        (name.clone(), Source::new(name, days, rows))
    });
    let creatives = creatives.collect();
    let days = Source::new(id, read, rows);
    Channel { id: id.to_owned(), shop: false, days, creatives, orders: Vec::new(), lift_tests: Vec::new() }
}

fn shop(id: &str, last: Date, euro: Currency) -> Channel {
    let mut random = stream(2, id);
    let read = Days { first: last - Duration::days(DAYS - 1), last };
    let (mut rows, mut orders) = (Vec::new(), Vec::new());
    for ago in 0..DAYS {
        let day = last - Duration::days(ago);
        let ordered = count(&mut random, 40.0 * season(ago));
        let value = Decimal::new(4_990, 2);
        rows.push(
            Day::new(day, euro)
                .with(Measure::Orders, Some(ordered.into()))
                .with(Measure::LedgerRevenue, Some(value * Decimal::from(ordered))),
        );
        orders.extend((0..ordered).map(|number| Order {
            id: format!("{ago}-{number}"),
            customer: Some(random.random_range(0..4_000_u32).to_string()),
            day,
            value,
            refunds: Vec::new(),
        }));
    }
    let days = Source::new(id, read, rows);
    Channel { id: id.to_owned(), shop: true, days, creatives: Vec::new(), orders, lift_tests: Vec::new() }
}
