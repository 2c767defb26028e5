//! A cycle as a whole: the same input, the same bytes; what is planted is found, and what is not there says why.

use std::f64::consts::TAU;

use rand::Rng;
use rust_decimal::Decimal;
use time::{Date, Duration, macros::date};

use super::{Channel, Client, Input, choose, run};
use crate::{
    finding::Level,
    memory::{Currency, Day, Days, Measure, Order, Rates, Source},
    random::stream,
};

mod measured;
mod proposed;
mod spread;

const LAST: Date = date!(2026 - 11 - 20);

fn euro() -> Currency {
    Currency::parse("EUR").unwrap()
}

/// About so many, as chance has it: the square root of it more or less.
fn count(random: &mut impl Rng, mean: f64) -> i64 {
    let normal = (-2.0 * libm::log(1.0 - random.random::<f64>())).sqrt() * libm::cos(TAU * random.random::<f64>());
    (mean + normal * mean.sqrt()).max(0.0) as i64
}

/// An ad account of so many days; `clicks` by days ago.
fn ads(id: &str, days: i64, clicks: impl Fn(i64) -> f64) -> Channel {
    claiming(id, days, clicks, |_| 1.0)
}

/// The same with this share of its claims, by days ago.
fn claiming(id: &str, days: i64, clicks: impl Fn(i64) -> f64, known: impl Fn(i64) -> f64) -> Channel {
    let mut random = stream(7, id);
    let rows = (0..days).map(|ago| {
        let weekday = 1.0 + 0.2 * f64::from(u8::from(ago % 7 < 2));
        let clicked = count(&mut random, clicks(ago) * weekday);
        Day::new(LAST - Duration::days(ago), euro())
            .with(Measure::Spend, Some(Decimal::new(count(&mut random, 9_000.0), 2)))
            .with(Measure::Impressions, Some(Decimal::from(clicked * 50)))
            .with(Measure::Clicks, Some(clicked.into()))
            .with(Measure::ClaimedConversions, Some(count(&mut random, clicked as f64 * 0.1 * known(ago)).into()))
            .with(Measure::ClaimedRevenue, Some(count(&mut random, clicked as f64 * 5.0 * known(ago)).into()))
    });
    let read = Days { first: LAST - Duration::days(days - 1), last: LAST };
    let source = Source::new(id, read, rows.collect());
    Channel { id: id.into(), shop: false, days: source, creatives: vec![], orders: vec![], lift_tests: vec![] }
}

fn shop(id: &str, days: i64) -> Channel {
    let mut random = stream(8, id);
    let read = Days { first: LAST - Duration::days(days - 1), last: LAST };
    let (mut rows, mut orders) = (Vec::new(), Vec::new());
    for ago in 0..days {
        let day = LAST - Duration::days(ago);
        let ordered = count(&mut random, 30.0);
        rows.push(
            Day::new(day, euro())
                .with(Measure::Orders, Some(ordered.into()))
                .with(Measure::LedgerRevenue, Some((ordered * 40).into())),
        );
        orders.push(Order {
            id: format!("{id}{ago}"),
            customer: Some(format!("c{}", ago % 50)),
            day,
            value: 40.into(),
            refunds: vec![],
        });
    }
    let source = Source::new(id, read, rows);
    Channel { id: id.into(), shop: true, days: source, creatives: vec![], orders, lift_tests: vec![] }
}

fn agency(channels: Vec<Channel>) -> Input {
    let client = Client { id: Some("client".into()), currency: euro(), margin: None, channels };
    let rates = Rates::new(euro(), []).unwrap();
    Input {
        day: LAST,
        display: euro(),
        rates,
        clients: vec![client],
        choices: Default::default(),
        hits: Default::default(),
        under_way: vec![],
    }
}

fn chosen(mut input: Input) -> Input {
    input.choices = choose(&input, true);
    input
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let make = || chosen(agency(vec![ads("a", 200, |_| 300.0), ads("b", 200, |_| 200.0), shop("s", 200)]));
    let (one, other) = (make(), make());
    assert_eq!(one.choices, other.choices);
    assert_eq!(run(&one), run(&other));
    // Nothing is due when nothing changed, everything when it is asked for.
    assert!(choose(&one, false).is_empty());
}

#[test]
fn a_channel_that_stops_is_found_and_makes_the_light_red() {
    let quiet = chosen(agency(vec![ads("a", 200, |_| 300.0), ads("b", 200, |_| 300.0), shop("s", 200)]));
    let dead = chosen(agency(vec![
        ads("a", 200, |ago| if ago < 4 { 2.0 } else { 300.0 }),
        ads("b", 200, |_| 300.0),
        shop("s", 200),
    ]));
    let of = |input: &Input, kind: &str| -> Vec<String> {
        run(input).into_iter().filter(|outcome| outcome.kind == kind).map(|outcome| outcome.body).collect()
    };
    let found = of(&dead, "finding");
    assert!(found.iter().any(|body| body.contains("delivery_collapse") && body.contains("\"id\":\"a\"")), "{found:#?}");
    assert!(of(&dead, "risk")[0].contains("red"), "{:?}", of(&dead, "risk"));
    assert!(of(&quiet, "risk")[0].contains("green"), "{:?} {:?}", of(&quiet, "risk"), of(&quiet, "finding"));
}

#[test]
fn claims_that_are_late_are_no_news_and_claims_that_stop_are_an_outage() {
    let late = |ago: i64| 1.0 - 0.45 * libm::exp(-(ago as f64) / 5.0);
    let found = |known: &dyn Fn(i64) -> f64| -> Vec<String> {
        let two = |id| claiming(id, 300, |_| 300.0, known);
        let outcomes = run(&agency(vec![two("a"), two("b"), shop("s", 300)]));
        outcomes.into_iter().filter(|outcome| outcome.kind == "finding").map(|outcome| outcome.body).collect()
    };
    assert_eq!(found(&late), Vec::<String>::new());
    let stopped = found(&|ago| if ago < 3 { 0.0 } else { late(ago) });
    let both = |body: &String| body.contains("tracking_outage") && body.contains(r#""channels":["a","b"]"#);
    assert!(stopped.iter().any(both), "which channels it covers is said: {stopped:#?}");
}

#[test]
fn claims_are_foretold_from_the_days_that_have_settled() {
    let told = |known: &dyn Fn(i64) -> f64, metric: &str| -> serde_json::Value {
        let outcomes = run(&chosen(agency(vec![claiming("a", 200, |_| 300.0, known)])));
        let forecasts = outcomes.iter().filter(|outcome| outcome.kind == "forecast");
        let bodies = forecasts.map(|outcome| serde_json::from_str::<serde_json::Value>(&outcome.body).unwrap());
        bodies.into_iter().find(|body| body["metric"] == metric).unwrap()
    };
    let (whole, late) = (|_: i64| 1.0, |ago: i64| if ago < 14 { 0.4 } else { 1.0 });
    for metric in ["claimed_conversions", "claimed_revenue"] {
        let (one, other) = (told(&whole, metric), told(&late, metric));
        assert_eq!(one, other, "what still grows is not looked at");
        assert_eq!(one["until"], (LAST - Duration::days(14)).to_string());
        assert_eq!(one["from"], (LAST + Duration::DAY).to_string(), "the days that are over are not ahead");
        assert_eq!(one["forecast"]["steps"].as_array().unwrap().len(), 28);
        let fell = told(&|ago| if ago < 40 { 0.4 } else { 1.0 }, metric);
        assert_ne!(one["forecast"], fell["forecast"], "what is settled counts");
    }
    assert_eq!(told(&late, "spend")["until"], LAST.to_string());
}

#[test]
fn claims_that_all_still_grow_are_too_few_and_not_taken_for_settled() {
    for (days, has) in [(10, 0_i64), (14, 0), (15, 1)] {
        let outcomes = run(&chosen(agency(vec![claiming("a", days, |_| 300.0, |_| 0.5)])));
        let bodies = outcomes.iter().filter(|outcome| outcome.kind == "forecast");
        let bodies: Vec<serde_json::Value> =
            bodies.map(|outcome| serde_json::from_str(&outcome.body).unwrap()).collect();
        for metric in ["claimed_conversions", "claimed_revenue"] {
            let absent = &bodies.iter().find(|body| body["metric"] == metric).unwrap()["forecast"]["absent"];
            assert_eq!(absent["reason"], "too_short", "{days}: {absent}");
            assert_eq!(absent["has"], has, "{days}: {absent}");
        }
        let gaps: Vec<&str> =
            outcomes.iter().filter(|outcome| outcome.kind == "gap").map(|outcome| outcome.body.as_str()).collect();
        let known = format!("\"has\":{has},");
        let of_claims = |body: &str| body.contains("\"claimed_revenue\"") && body.contains(&known);
        assert!(gaps.iter().any(|body| of_claims(body)), "{days}: {gaps:?}");
    }
}

#[test]
fn what_a_year_brings_is_known_from_three_years_of_days() {
    let wave = |ago: i64| 300.0 + 150.0 * libm::sin(ago as f64 / 365.0 * TAU);
    let outcomes = run(&chosen(agency(vec![ads("a", 1_200, wave)])));
    let forecasts = outcomes.iter().filter(|outcome| outcome.kind == "forecast");
    let bodies = forecasts.map(|outcome| serde_json::from_str::<serde_json::Value>(&outcome.body).unwrap());
    let clicks = bodies.into_iter().find(|body| body["metric"] == "clicks").unwrap();
    assert_eq!(clicks["since"], (LAST - Duration::days(1_095)).to_string());
    assert!(clicks["forecast"]["model"].as_str().unwrap().ends_with("season of 365"), "{clicks}");
}

#[test]
fn conversions_that_are_not_reported_any_more_are_an_outage_and_no_figure() {
    let mut silent = ads("a", 300, |_| 300.0);
    let source = silent.days.unwrap();
    let rows = source.rows(source.read).iter().map(|row| {
        let known = row.day <= LAST - Duration::days(3);
        [Measure::Spend, Measure::Impressions, Measure::Clicks, Measure::ClaimedConversions]
            .into_iter()
            .filter(|measure| known || *measure != Measure::ClaimedConversions)
            .fold(Day::new(row.day, euro()), |day, measure| day.with(measure, row.get(measure)))
    });
    silent.days = Source::new("a", source.read, rows.collect());
    let outcomes = run(&agency(vec![silent, ads("b", 300, |_| 300.0), shop("s", 300)]));
    let of = |kind: &str| -> Vec<&String> {
        outcomes.iter().filter(|outcome| outcome.kind == kind).map(|outcome| &outcome.body).collect()
    };
    let outage = |body: &&String| body.contains("tracking_outage") && body.contains("\"id\":\"a\"");
    assert!(of("finding").iter().any(outage), "{:#?}", of("finding"));
    let figures = of("figures").into_iter().find(|body| body.contains("\"id\":\"a\"")).unwrap();
    assert!(figures.contains("not_reported"), "{figures}");
}

#[test]
fn a_channel_that_stopped_counts_in_the_days_it_has_and_channels_of_nobody_have_no_sum() {
    let mut gone = ads("gone", 300, |_| 300.0);
    let source = gone.days.unwrap();
    let read = Days { first: source.read.first, last: LAST - Duration::days(100) };
    gone.days = Source::new("gone", read, source.rows(read).to_vec());
    let mut input = agency(vec![ads("a", 300, |_| 300.0), gone]);
    let back = |ago: i64| LAST - Duration::days(ago);
    let asked = |input: &Input, level| {
        let (now, before) = (Days { first: back(140), last: back(121) }, Days { first: back(160), last: back(141) });
        super::figures_of(input, now, before, level)
    };
    let of = |found: &[super::Outcome], about: &str| found.iter().any(|outcome| outcome.body.contains(about));
    assert!(of(&asked(&input, Level::Channel), "\"id\":\"gone\""));
    let spend = |channels: &Input| asked(channels, Level::Client)[0].body.clone();
    let both = spend(&input);
    let one = spend(&agency(vec![ads("a", 300, |_| 300.0)]));
    assert_ne!(both, one, "its spend is in the client's");
    assert!(!of(&run(&input), "\"id\":\"gone\",\"level\":\"channel\"},\"metrics\""));
    input.clients[0].id = None;
    assert!(asked(&input, Level::Client).is_empty());
}

#[test]
fn little_history_says_so_and_nothing_breaks() {
    for days in [1, 2, 8, 30] {
        let input = chosen(agency(vec![ads("a", days, |_| 300.0), shop("s", days)]));
        let outcomes = run(&input);
        assert!(outcomes.iter().all(|outcome| !outcome.body.contains("null,null") && !outcome.body.contains("NaN")));
        let forecast = outcomes.iter().find(|outcome| outcome.kind == "forecast").unwrap();
        if days < 8 {
            assert!(forecast.body.contains("absent"), "{days}: {}", forecast.body);
        }
    }
    assert!(run(&agency(vec![])).iter().any(|outcome| outcome.kind == "risk" && outcome.body.contains("too_few")));
}

#[test]
fn the_agency_contributes_what_its_clients_do_each_by_its_own_margin() {
    let mut input = agency(vec![ads("a", 60, |_| 300.0), shop("s", 60)]);
    let mut other = agency(vec![ads("b", 60, |_| 300.0), shop("t", 60)]).clients.remove(0);
    other.id = Some("other".into());
    input.clients.push(other);
    let week = |back: i64| Days { first: LAST - Duration::days(back + 6), last: LAST - Duration::days(back) };
    let of = |input: &Input, level| -> Vec<serde_json::Value> {
        let told = super::figures_of(input, week(0), week(7), level);
        told.iter().map(|outcome| serde_json::from_str(&outcome.body).unwrap()).collect()
    };
    let margin = |told: &serde_json::Value| -> Option<Decimal> {
        told["metrics"]["contribution_margin"]["now"]["value"].as_str().map(|value| value.parse().unwrap())
    };
    input.clients[0].margin = Some(Decimal::new(6, 1));
    assert_eq!(margin(&of(&input, Level::Agency)[0]), None, "one margin is not known");
    input.clients[1].margin = Some(Decimal::new(3, 1));
    let clients: Decimal = of(&input, Level::Client).iter().map(|told| margin(told).unwrap()).sum();
    assert_eq!(margin(&of(&input, Level::Agency)[0]), Some(clients));
}

#[test]
fn an_account_that_came_late_is_named_where_it_cuts_the_days_of_the_others() {
    let told = |days| -> serde_json::Value {
        let outcomes = run(&agency(vec![ads("old", 300, |_| 300.0), ads("new", days, |_| 300.0)]));
        let of =
            |outcome: &&super::Outcome| outcome.kind == "forecast" && outcome.body.contains("\"level\":\"client\"");
        serde_json::from_str(&outcomes.iter().find(of).unwrap().body).unwrap()
    };
    let (cut, whole) = (told(40), told(300));
    assert_eq!(cut["cut_by"], serde_json::json!(["new"]));
    assert_eq!(cut["since"], (LAST - Duration::days(39)).to_string());
    assert!(whole.get("cut_by").is_none());
    assert_eq!(whole["since"], (LAST - Duration::days(299)).to_string());
}
