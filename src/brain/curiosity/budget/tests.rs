//! Money is moved where that is sure, left where it is not, and never beyond what may change.

use rand::Rng;
use time::macros::date;

use super::*;
use crate::{
    random::stream,
    response::{Column, Step, Table, fit},
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
    assert!(told.low <= told.value && told.value <= told.high && told.loss <= LOSS && one.unpredicted.is_none());
    // No channel is in two proposals.
    assert!(
        found[1..]
            .iter()
            .all(|other| other.changes.iter().all(|change| change.channel != "a" && change.channel != "b"))
    );
}

#[test]
fn without_a_margin_revenue_is_told_and_no_money() {
    let found = proposals(&table(50.0, true), None, |_| ());
    let one = &found[0];
    assert_eq!((one.prediction, one.unpredicted), (None, Some(Unpredicted::NoMargin)));
    assert!(one.basis.iter().any(|basis| basis.name == "expected_revenue" && basis.value > 0.0));
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
