//! Money is moved where that is sure, left where it is not, and never beyond what may change.

use rand::Rng;
use time::macros::date;

use super::*;
use crate::{
    random::stream,
    response::{Column, Family, Shape, Step, Table, fit},
};

/// A year of days in which two channels bring what their curves say; `a` far more for its money than `b`.
fn table(noise: f64, far: bool) -> Table {
    let mut random = stream(3, "budgets");
    let mut uniform = |low: f64, high: f64| low + (high - low) * random.random::<f64>();
    let (mut target, mut a, mut b) = (vec![], vec![], vec![]);
    for day in 0..365 {
        let (of_a, of_b) = (100.0 * uniform(0.4, 1.6), 100.0 * uniform(0.4, 1.6));
        let bring = |height: f64, spend: f64| height * spend / (150.0 + spend);
        let brought =
            if far { bring(2500.0, of_a) + bring(200.0, of_b) } else { bring(1000.0, of_a) + bring(1000.0, of_b) };
        let week = if day % 7 < 2 { 80.0 } else { 0.0 };
        target.push(Some(2000.0 + week + brought + noise * uniform(-1.0, 1.0)));
        a.push(of_a);
        b.push(of_b);
    }
    // Nobody changed a budget lately.
    for days in [&mut a, &mut b] {
        let length = days.len();
        let mean = days.iter().sum::<f64>() / length as f64;
        days[length - 28..]
            .iter_mut()
            .enumerate()
            .for_each(|(at, day)| *day = mean * if at % 2 == 0 { 0.95 } else { 1.05 });
    }
    let column = |name: &str, values| Column { name: name.to_owned(), values };
    Table {
        step: Step::Daily,
        start: date!(2025 - 06 - 01),
        target,
        channels: vec![column("a", a), column("b", b)],
        controls: vec![],
        lift_tests: vec![],
    }
}

fn proposals(table: &Table, margin: Option<f64>, change: impl Fn(&mut Vec<(String, Vec<f64>)>)) -> Vec<Proposal> {
    holding(&[], table, margin, change)
}

/// The same with channels that stay as they are.
fn holding(
    held: &[&str],
    table: &Table,
    margin: Option<f64>,
    change: impl Fn(&mut Vec<(String, Vec<f64>)>),
) -> Vec<Proposal> {
    let response = fit(table, 1).unwrap();
    let mut spend: Vec<_> = table.channels.iter().map(|one| (one.name.clone(), one.values.clone())).collect();
    change(&mut spend);
    budgets(&Setting { client: "c", currency: "EUR", margin, response: &response, spend: &spend, held, place: 7 })
}

#[test]
fn money_moves_to_the_channel_that_brings_more_by_a_fifth_at_most() {
    let found = proposals(&table(50.0, true), Some(0.6), |_| ());
    let one = &found[0];
    assert_eq!((one.kind, &*one.key, &one.because[..]), (Kind::MoveBudget, "move_budget:c", &[7][..]));
    let change = |name: &str| one.changes.iter().find(|change| change.channel == name).unwrap();
    assert!(change("a").to > change("a").from && change("b").to < change("b").from, "{one:?}");
    for change in &one.changes {
        assert!((change.to / change.from - 1.0).abs() <= AT_ONCE + 1e-9, "{change:?}");
    }
    let total: f64 = one.changes.iter().map(|change| change.to - change.from).sum();
    assert!(total.abs() < 1e-6, "the total stays");
    let told = one.prediction.unwrap();
    let of = |name: &str| one.basis.iter().find(|basis| basis.name == name).unwrap().value;
    let moved: f64 = one.changes.iter().map(|change| (change.to - change.from).abs()).sum();
    assert!((of("cost_while_platforms_learn") - MOVING * moved).abs() < 1e-9 && moved > 0.0);
    let net = of("share_of_revenue_that_stays") * of("expected_revenue") - of("cost_while_platforms_learn");
    assert!((told.value - net).abs() < 1e-6 * net.abs(), "what it rests on makes {net}, not {}", told.value);
    assert!(told.low <= told.value && told.value <= told.high && told.loss <= LOSS && one.unpredicted.is_none());
    // No channel is in two proposals.
    assert!(
        found[1..]
            .iter()
            .all(|other| other.changes.iter().all(|change| change.channel != "a" && change.channel != "b"))
    );
}

#[test]
fn what_would_change_slightly_stays_and_what_is_predicted_is_what_is_told() {
    // `a` is far better than `b`; `c` is better than `d` by so little that half a hundredth would move.
    let channels = [("a", 4000.0), ("b", 40.0), ("c", 412.0), ("d", 388.0)];
    let budget =
        |(name, _): (&str, f64)| Budget { name: name.into(), spend: 100.0, floor: None, cap: None, held: false };
    let budgets = channels.map(budget);
    let shape = Shape { adstock: 0.0, family: Family::MichaelisMenten, half: 100.0, slope: 1.0 };
    let draw =
        |of: i32| channels.map(|(_, limit)| Curve { shape, limit: limit * (1.0 + 0.001 * f64::from(of)) }).to_vec();
    let draws: Vec<Vec<Curve>> = (0..20).map(draw).collect();
    let wanted = Wanted { total: 400.0, periods: 28.0, margin: 1.0, step: Some(AT_ONCE), moving: MOVING };
    let best = allocate(&budgets, &draws, wanted).unwrap();
    let slight = best.channels.iter().filter(|(_, from, to)| from != to && (to - from).abs() <= SLIGHT * from).count();
    assert!(slight > 0, "nothing to leave out: {best:?}");

    let plan = moved(Some(1.0), &budgets, &draws).unwrap();
    let changes = changes(&plan);
    assert_eq!(changes.iter().map(|one| &*one.channel).collect::<Vec<_>>(), ["a", "b"], "{plan:?}");
    assert!(changes.iter().map(|one| one.to - one.from).sum::<f64>().abs() < 1e-6, "the total stays: {changes:?}");
    let net = |curves: &Vec<Curve>| -> f64 {
        let of = |at: usize| curves[at].at(changes[at].to) - curves[at].at(changes[at].from);
        let moved: f64 = changes.iter().map(|one| (one.to - one.from).abs()).sum();
        28.0 * (of(0) + of(1)) - MOVING * moved
    };
    let worth = draws.iter().map(net).sum::<f64>() / draws.len() as f64;
    assert!((plan.expected - worth).abs() < 1e-6, "{worth} is not {}", plan.expected);
}

#[test]
fn without_a_margin_revenue_is_told_and_no_money() {
    let found = proposals(&table(50.0, true), None, |_| ());
    let one = &found[0];
    assert_eq!((one.prediction, one.unpredicted), (None, Some(Unpredicted::NoMargin)));
    let of = |name: &str| one.basis.iter().find(|basis| basis.name == name).map(|basis| basis.value);
    assert!(of("expected_revenue").is_some_and(|revenue| revenue > 0.0));
}

#[test]
fn alike_channels_and_channels_that_are_being_learned_are_left_alone() {
    assert!(proposals(&table(400.0, false), None, |_| ()).is_empty());
    let learning = proposals(&table(50.0, true), Some(0.6), |spend| {
        for (_, days) in spend {
            let length = days.len();
            days[length - 14..].iter_mut().for_each(|day| *day *= 1.5);
        }
    });
    assert!(learning.is_empty(), "{learning:?}");
    // A step of a fifth is learned from its first days on until a fortnight is over.
    for since in [2, 5, 9, 14] {
        let stepped = proposals(&table(50.0, true), Some(0.6), |spend| {
            for (_, days) in spend {
                let length = days.len();
                days[length - since..].iter_mut().for_each(|day| *day *= 1.2);
            }
        });
        assert!(stepped.is_empty(), "{since} days ago: {stepped:?}");
    }
    let unknown = proposals(&table(50.0, true), Some(0.6), Vec::clear);
    assert!(unknown.is_empty());
}

#[test]
fn a_channel_that_an_action_under_way_changes_is_left_alone() {
    let free = proposals(&table(50.0, true), Some(0.6), |_| ());
    assert!(free.iter().any(|one| one.changes.iter().any(|change| change.channel == "b")), "{free:?}");
    let one = holding(&["b"], &table(50.0, true), Some(0.6), |_| ());
    assert!(one.iter().all(|one| one.changes.iter().all(|change| change.channel != "b")), "{one:?}");
    assert!(holding(&["a", "b"], &table(50.0, true), Some(0.6), |_| ()).is_empty());
}

#[test]
fn alone_a_channel_that_pays_is_raised_and_one_that_does_not_is_lowered() {
    for (held, channel, kind, times) in [("b", "a", Kind::Raise, 1.2), ("a", "b", Kind::Lower, 0.8)] {
        let found = holding(&[held], &table(50.0, true), Some(0.6), |_| ());
        assert_eq!(found.iter().map(|one| (one.kind, &*one.target.id)).collect::<Vec<_>>(), [(kind, channel)]);
        let (change, told) = (&found[0].changes[0], found[0].prediction.unwrap());
        assert!((change.to / change.from - times).abs() < 1e-9, "{change:?}");
        assert!(told.low > 0.0 && told.value > 0.0 && told.loss <= LOSS, "{told:?}");
    }
}
