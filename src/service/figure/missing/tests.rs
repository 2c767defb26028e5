//! What is left out is told with its reason, its days and its accounts, and only what is alike is compared.

use serde_json::json;
use uuid::Uuid;

use super::*;

fn gap(source: &str, reason: &str, (first, last): (&str, &str), days: i64) -> Value {
    let mut gap = json!({"source": source, "reason": reason, "first": first, "last": last, "days": days});
    if reason == "rate" {
        gap["currency"] = json!("EUR");
    }
    gap
}

fn part(sources: &[&str], gaps: Vec<Value>) -> Value {
    let days = json!({"first": "2026-10-22", "last": "2026-11-18"});
    json!({"measure": "spend", "value": "1", "days": days, "sources": sources, "rows": 3, "gaps": gaps})
}

fn nothing(mut gap: Value) -> Value {
    gap["nothing"] = json!(true);
    gap
}

const ALL: (&str, &str) = ("2026-10-22", "2026-11-18");

#[test]
fn days_that_are_missing_are_listed_and_no_others() {
    let mut some = gap("a", "not_reported", ("2026-10-25", "2026-11-18"), 7);
    let run = |first: &str, last: &str| json!({"first": first, "last": last});
    some["runs"] = json!([run("2026-10-25", "2026-10-30"), run("2026-11-18", "2026-11-18")]);
    assert_eq!(listed(&some), "2026-10-25 to 2026-10-30, 2026-11-18 (7 days)");
    assert_eq!(listed(&gap("a", "not_read", ("2026-11-01", "2026-11-02"), 2)), "2026-11-01 to 2026-11-02 (2 days)");
    assert_eq!(listed(&gap("a", "not_read", ("2026-11-01", "2026-11-01"), 1)), "2026-11-01");
    let odd: Vec<Value> =
        (1..=9).map(|day| run(&format!("2026-11-{:02}", 2 * day), &format!("2026-11-{:02}", 2 * day))).collect();
    some["runs"] = json!(odd);
    let listed_days = "2026-11-02, 2026-11-04, 2026-11-06, 2026-11-08, 2026-11-10, 2026-11-12 and 3 more days (9 days)";
    assert_eq!(listed(&some), listed_days);
    // What an older state says of days that do not follow one another.
    let old = gap("a", "not_reported", ("2026-10-25", "2026-11-18"), 7);
    assert_eq!(listed(&old), "7 days between 2026-10-25 and 2026-11-18");
}

#[test]
fn each_reason_has_its_own_count_and_days_are_not_added_up_over_accounts() {
    let mut gaps: Vec<Value> = ["a", "b", "c", "d"].map(|source| gap(source, "rate", ALL, 28)).into();
    gaps.push(gap("e", "not_reported", ("2026-11-01", "2026-11-01"), 1));
    gaps.push(gap("f", "not_read", ("2026-11-17", "2026-11-18"), 2));
    gaps.push(gap("g", "not_read", ("2026-11-18", "2026-11-18"), 1));
    let told = "28 days of 4 accounts in EUR without a rate of exchange, which an Admin or Owner imports; 2 days of 2 accounts \
                were not read; 1 day of 1 account was not reported";
    assert_eq!(reasons(&gaps), told);
    assert_eq!(reasons(&[]), "days are missing");
}

#[test]
fn clients_that_are_not_in_it_are_counted_and_days_of_others_too() {
    let client = |number: u128| ClientId(Uuid::from_u128(number));
    let owners: Owners =
        [("a", 1), ("b", 1), ("c", 2), ("d", 3), ("e", 4)].map(|(id, n)| (id.to_owned(), client(n))).into();
    let rate = |source| nothing(gap(source, "rate", ALL, 28));
    let all = ["a", "b", "c", "d", "e"];
    // Both accounts of the first client and the only one of the second have no rate; the third lacks a day.
    let gaps = vec![rate("a"), rate("b"), rate("c"), gap("d", "not_reported", ("2026-11-01", "2026-11-01"), 1)];
    let figure = [part(&all, gaps)];
    assert_eq!(
        without(&figure, &owners),
        [
            "without 2 clients, whose EUR days have no rate of exchange (28 days of 3 accounts)",
            "without 1 day of 1 account, which was not reported"
        ]
    );
    assert!(of_rates(&json!({"parts": figure})));
    // A client of which something is in it is not left out.
    let some = without(&[part(&all, vec![rate("a")])], &owners);
    assert_eq!(some, ["without 28 days of 1 account in EUR, for which there is no rate of exchange"]);
    // Of one client alone there are no others to be told from.
    let own = without(&[part(&["c"], vec![rate("c")])], &owners);
    assert_eq!(own, ["without 28 days of 1 account in EUR, for which there is no rate of exchange"]);
    assert_eq!(without(&[part(&all, vec![])], &owners), Vec::<String>::new());
    // What was partly not read and has no rate for the rest is told by the rate, which can be mended.
    let both = [
        nothing(gap("c", "not_read", ("2026-10-22", "2026-10-31"), 10)),
        nothing(gap("c", "rate", ("2026-11-01", "2026-11-18"), 18)),
    ];
    let told = without(&[part(&all, both.into())], &owners);
    assert_eq!(told, ["without 1 client, whose EUR days have no rate of exchange (18 days of 1 account)"]);
}

#[test]
fn only_figures_of_the_same_accounts_and_days_are_compared() {
    let before = |mut part: Value, gaps: Vec<Value>| {
        part["days"] = json!({"first": "2026-09-24", "last": "2026-10-21"});
        part["gaps"] = json!(gaps);
        [part]
    };
    let both = part(&["a", "b"], vec![]);
    let compared = |now: Vec<Value>, then: Vec<Value>| {
        let now = [part(&["a", "b"], now)];
        alike(&now, &before(both.clone(), then))
    };
    assert!(compared(vec![], vec![]));
    // An account that is left out on both sides.
    let out = |days| nothing(gap("b", "rate", days, 28));
    assert!(compared(vec![out(ALL)], vec![out(("2026-09-24", "2026-10-21"))]));
    assert!(!compared(vec![out(ALL)], vec![]));
    assert!(!compared(vec![], vec![gap("b", "not_reported", ("2026-09-24", "2026-09-24"), 1)]));
    // The first day of each.
    let first = |day| gap("b", "not_reported", (day, day), 1);
    assert!(compared(vec![first("2026-10-22")], vec![first("2026-09-24")]));
    assert!(!compared(vec![first("2026-10-22")], vec![first("2026-09-25")]));
    // An account of which nothing was read on all days is not in it, whatever an older state calls it.
    assert!(alike(
        &[part(&["a"], vec![])],
        &before(both, vec![gap("b", "not_read", ("2026-09-24", "2026-10-21"), 28)])
    ));
    assert!(!alike(&[part(&["a"], vec![])], &[part(&["a", "b"], vec![])]));
}
