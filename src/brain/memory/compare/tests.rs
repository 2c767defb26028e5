//! Worlds in which nothing changed, or by a known part, or in which one is better: how often it is said.

use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;
use time::macros::date;

use super::*;
use crate::{
    draw,
    memory::{Currency, Day, Rates, Status},
    random::stream,
};

const FIRST: Date = date!(2026 - 01 - 01);
const WEEK: [f64; 7] = [1.1, 1.0, 0.95, 0.95, 1.0, 1.15, 0.85];

/// Days with spend, orders and revenue; from day `from` on, orders come `factor` times as often.
struct World {
    days: i64,
    orders: f64,
    from: i64,
    factor: f64,
}

impl World {
    fn source(&self, random: &mut ChaCha8Rng) -> Source {
        let euro = Currency::parse("EUR").unwrap();
        let day = |at: i64| {
            let spend = self.orders * draw::between(random, 9.0, 11.0);
            let factor = if at >= self.from { self.factor } else { 1.0 };
            let orders = draw::scattered(random, self.orders * factor * WEEK[at as usize % 7], 0.15);
            // The sum of so many values that are gamma of shape 2 with mean 60.
            let value = if orders > 0 { draw::gamma(random, 2.0 * orders as f64, 60.0 * orders as f64) } else { 0.0 };
            let clicks = draw::scattered(random, self.orders * 40.0, 0.1).max(orders);
            Day::new(FIRST + Duration::days(at), euro)
                .with(Measure::Spend, Some(Decimal::new((spend * 100.0) as i64, 2)))
                .with(Measure::Orders, Some(orders.into()))
                .with(Measure::Clicks, Some(clicks.into()))
                .with(Measure::ClaimedConversions, Some(orders.into()))
                .with(Measure::ClaimedRevenue, Some(Decimal::new((value * 100.0) as i64, 2)))
        };
        let read = Days { first: FIRST, last: FIRST + Duration::days(self.days - 1) };
        Source::new("a", read, (0..self.days).map(day).collect()).unwrap()
    }
}

fn range(first: i64, count: i64) -> Days {
    Days { first: FIRST + Duration::days(first), last: FIRST + Duration::days(first + count - 1) }
}

fn judge_one(source: &Source, metric: Metric, now: Days, before: Days) -> Result<Status, NotEnough> {
    let rates = Rates::default();
    let setting = Setting { display: None, rates: &rates, margin: None };
    judge(&[&[source]], metric, now, before, 0, &setting).remove(0).map(|verdict| verdict.status)
}

/// Of how many comparisons something is said, and how many there were.
fn said(name: &str, world: &World, metric: Metric, now: Days, before: Days, times: u64) -> (usize, usize) {
    let (mut said, mut compared) = (0, 0);
    for at in 0..times {
        let source = world.source(&mut stream(at, name));
        if let Ok(status) = judge_one(&source, metric, now, before) {
            compared += 1;
            said += usize::from(status != Status::TooClose);
        }
    }
    (said, compared)
}

const METRICS: [Metric; 5] = [Metric::Orders, Metric::RoasClaimed, Metric::Cpa, Metric::Cvr, Metric::ClaimedRevenue];

#[test]
fn where_nothing_changed_little_is_said() {
    // Short and long windows, whole weeks and not, with days before and without.
    let windows =
        [(126, 112, 14, 14), (119, 112, 7, 7), (56, 28, 28, 28), (70, 60, 10, 10), (7, 0, 7, 7), (130, 100, 10, 30)];
    let mut all = (0, 0);
    for orders in [3.0, 10.0, 30.0, 100.0] {
        let world = World { days: 140, orders, from: 999, factor: 1.0 };
        for metric in METRICS {
            let mut sum = (0, 0);
            for (now, before, length, other) in windows {
                let name = format!("null {orders} {metric:?} {now} {length}");
                let found = said(&name, &world, metric, range(now, length), range(before, other), 40);
                sum = (sum.0 + found.0, sum.1 + found.1);
            }
            // With a true share of 5 %, 240 comparisons say it more than 22 times in one of 1000 cases.
            assert!(sum.0 <= 22, "{orders} {metric:?}: {sum:?}");
            println!("{orders} {metric:?} {sum:?}");
            all = (all.0 + sum.0, all.1 + sum.1);
        }
    }
    println!("all {all:?}");
    assert!(all.1 > 4000 && all.0 as f64 <= 0.05 * all.1 as f64, "{all:?}");
}

#[test]
fn a_change_by_three_tenths_is_said() {
    for factor in [0.7, 1.3] {
        for (orders, length) in [(30.0, 28), (100.0, 28)] {
            let world = World { days: 140, orders, from: 140 - length, factor };
            for metric in METRICS {
                let (now, before) = (range(140 - length, length), range(140 - 2 * length, length));
                let name = format!("change {factor} {orders} {metric:?}");
                let (said, compared) = said(&name, &world, metric, now, before, 100);
                println!("{factor} {orders} {metric:?} {said}");
                assert!(compared == 100 && said >= 90, "{factor} {orders} {metric:?}: {said}");
            }
        }
    }
}

#[test]
fn what_is_said_has_the_right_side_and_holds_the_truth() {
    let world = World { days: 112, orders: 60.0, from: 84, factor: 0.7 };
    let rates = Rates::default();
    let setting = Setting { display: None, rates: &rates, margin: None };
    let mut inside = 0;
    for at in 0..100 {
        let source = world.source(&mut stream(at, "side"));
        let of = |metric| judge(&[&[&source]], metric, range(84, 28), range(56, 28), 0, &setting).remove(0).unwrap();
        let (orders, cost) = (of(Metric::Orders), of(Metric::Cpa));
        assert!((orders.status, cost.status) == (Status::Worse, Status::Worse), "{orders:?} {cost:?}");
        assert!(orders.change.value < 0.0 && cost.change.value > 0.0 && orders.better < 0.025);
        inside += usize::from(orders.change.low <= -0.3 && -0.3 <= orders.change.high);
    }
    assert!((88..=100).contains(&inside), "{inside} of 100");
}

#[test]
fn four_channels_alike_have_no_winner_and_a_better_one_is_found() {
    let rates = Rates::default();
    let setting = Setting { display: None, rates: &rates, margin: None };
    let (mut named, mut found) = (0, 0);
    for at in 0..400 {
        let orders = [3.0, 10.0, 30.0, 100.0][at as usize % 4];
        let mut random = stream(at, "four");
        let alike = World { days: 28, orders, from: 999, factor: 1.0 };
        let mut channels: Vec<Source> = (0..4).map(|_| alike.source(&mut random)).collect();
        let rank = |channels: &[Source]| {
            let refs: Vec<[&Source; 1]> = channels.iter().map(|channel| [channel]).collect();
            let siblings: Vec<&[&Source]> = refs.iter().map(|channel| &channel[..]).collect();
            winner(&siblings, Metric::RoasClaimed, range(0, 28), 0, &setting).unwrap()
        };
        let ranking = rank(&channels);
        named += usize::from(ranking.best.is_some() || ranking.worst.is_some());
        if orders > 20.0 {
            channels[2] = World { from: 0, factor: 1.5, ..alike }.source(&mut random);
            found += usize::from(rank(&channels).best == Some(2));
        }
    }
    assert!(named <= 20, "{named} of 400");
    assert!(found >= 180, "{found} of 200");
}

#[test]
fn siblings_where_nothing_changed_are_quiet_too() {
    let rates = Rates::default();
    let setting = Setting { display: None, rates: &rates, margin: None };
    let mut said = 0;
    for at in 0..100 {
        let mut random = stream(at, "quiet siblings");
        let world = World { days: 112, orders: 20.0, from: 999, factor: 1.0 };
        let channels: Vec<Source> = (0..4).map(|_| world.source(&mut random)).collect();
        let refs: Vec<[&Source; 1]> = channels.iter().map(|channel| [channel]).collect();
        let siblings: Vec<&[&Source]> = refs.iter().map(|channel| &channel[..]).collect();
        let found = compare(&siblings, Metric::RoasClaimed, range(98, 14), range(84, 14), 0, &setting);
        assert!(found.iter().all(|comparison| comparison.now.is_ok() && comparison.before.is_ok()));
        said += found.iter().filter(|one| one.verdict.as_ref().is_ok_and(|v| v.status != Status::TooClose)).count();
    }
    assert!(said <= 20, "{said} of 400");
}

#[test]
fn too_little_is_said_to_be_too_little() {
    let source = World { days: 140, orders: 0.3, from: 999, factor: 1.0 }.source(&mut stream(1, "little"));
    let few = judge_one(&source, Metric::Orders, range(126, 14), range(112, 14));
    assert!(matches!(few, Err(NotEnough::TooFew { .. })), "{few:?}");
    let short = judge_one(&source, Metric::Orders, range(137, 3), range(134, 3));
    assert!(matches!(short, Err(NotEnough::TooShort { has: 3, .. })), "{short:?}");
    let overlap = judge_one(&source, Metric::Orders, range(126, 14), range(120, 14));
    assert!(matches!(overlap, Err(NotEnough::Unusable { .. })));
    assert!(matches!(
        judge_one(&source, Metric::Spend, range(126, 14), range(112, 14)),
        Err(NotEnough::Unusable { .. })
    ));
    assert!(matches!(judge_one(&source, Metric::Ctr, range(126, 14), range(112, 14)), Err(NotEnough::TooFew { .. })));
}

#[test]
fn claims_that_still_grow_are_left_out() {
    let source = World { days: 140, orders: 30.0, from: 999, factor: 1.0 }.source(&mut stream(1, "settling"));
    let rates = Rates::default();
    let setting = Setting { display: None, rates: &rates, margin: None };
    let of = |settling| judge(&[&[&source]], Metric::Cvr, range(126, 14), range(112, 14), settling, &setting).remove(0);
    assert!(of(0).unwrap().effective[1] > of(3).unwrap().effective[1]);
    assert!(matches!(of(8), Err(NotEnough::TooShort { has: 6, .. })));
}

#[test]
fn claims_of_the_newest_week_are_judged_by_the_last_whole_week_that_is_settled() {
    let source = World { days: 140, orders: 100.0, from: 130, factor: 0.3 }.source(&mut stream(1, "settled"));
    let rates = Rates::default();
    let setting = Setting { display: None, rates: &rates, margin: None };
    let told = |metric| compare(&[&[&source]], metric, range(133, 7), range(126, 7), 3, &setting).remove(0);
    let claimed = told(Metric::RoasClaimed);
    assert_eq!(claimed.compared, Some([range(130, 7), range(123, 7)]));
    assert_eq!(claimed.verdict.unwrap().status, Status::Worse);
    assert!(claimed.now.is_ok());
    // What the books say is settled at once.
    assert_eq!(told(Metric::Orders).compared, None);
}

#[test]
fn what_has_no_value_is_not_called_better() {
    let source = World { days: 140, orders: 100.0, from: 112, factor: 1.5 }.source(&mut stream(1, "untold"));
    let rates = Rates::default();
    let setting = Setting { display: None, rates: &rates, margin: None };
    let (now, before) = (range(112, 28), range(84, 28));
    let told = |source: &Source| compare(&[&[source]], Metric::RoasClaimed, now, before, 0, &setting).remove(0);
    assert_eq!(told(&source).verdict.unwrap().status, Status::Better);
    // The claims of more than a tenth of the spend are not known.
    let silent = range(112, 6);
    let days = source.rows(range(0, 140)).iter().cloned();
    let days = days.map(|day| if silent.contains(day.day) { day.with(Measure::ClaimedRevenue, None) } else { day });
    let untold = told(&Source::new("a", source.read, days.collect()).unwrap());
    assert!(untold.now.is_err() && untold.before.is_ok(), "{:?}", untold.now);
    assert!(matches!(untold.verdict, Err(NotEnough::Unusable { .. })), "{:?}", untold.verdict);
}
