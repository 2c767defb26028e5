//! Numbers of states by their places: what they are, how they are made, and of which rows.

use serde_json::json;
use time::macros::date;

use super::*;

fn opened(kind: &str, body: &Value, path: &str) -> Option<Number> {
    let outcome = Outcome { number: 3, kind: kind.into(), client_id: None, channel_id: None, body: body.to_string() };
    number(&outcome, path, Some("EUR"), &BTreeMap::new())
}

#[test]
fn a_forecast_is_its_steps_added_up_of_the_days_that_it_knows() {
    let body = json!({"entity": {"id": "", "level": "agency"}, "metric": "orders", "currency": null, "from": "2026-11-03",
        "since": "2026-10-04", "forecast": {"model": "ETS", "steps": [{"point": 2.5, "lo80": 1.0, "hi80": 4.0},
        {"point": 3.5, "lo80": 2.0, "hi80": 5.0}]}});
    let sum = opened("forecast", &body, "/forecast/steps/*/point").unwrap();
    assert_eq!((&*sum.figure.value, &*sum.figure.unit, &*sum.figure.shown), ("6", "count", "6"));
    assert_eq!(sum.formula, "each day as ETS expects it, added up");
    let days = Days { first: date!(2026 - 10 - 04), last: date!(2026 - 11 - 02) };
    let inputs = Inputs { metrics: vec![Metric::parse("orders").unwrap()], days, channels: None };
    assert_eq!(sum.inputs, Some(inputs));
    assert_eq!(opened("forecast", &body, "/forecast/steps").unwrap().figure.value, "2");
    let mut judged = body.clone();
    judged["forecast"]["record"] = json!({"held50": 0.5, "held80": 0.8125, "held95": 0.95, "of": 168, "over": 84});
    let held = opened("forecast", &judged, "/forecast/record/held80").unwrap();
    assert_eq!((&*held.figure.value, &*held.figure.shown), ("0.8125", "81 %"));
    assert!(held.formula.contains("made before them"), "{}", held.formula);
    assert_eq!(opened("forecast", &judged, "/forecast/record/over").unwrap().figure.shown, "84 days");
    assert!(opened("forecast", &body, "/forecast/record/held80").is_none(), "there was no time to see");
    let mut claims = body.clone();
    claims["until"] = json!("2026-10-20");
    let known = opened("forecast", &claims, "/forecast/steps/*/point").unwrap().inputs.unwrap().days;
    assert_eq!(known.last, date!(2026 - 10 - 20), "days that had not settled are not what it was made from");
    let sure = opened("forecast", &body, &format!("/forecast/steps/0/lo80{SURE}")).unwrap();
    assert_eq!((&*sure.figure.value, &*sure.figure.shown), ("0.8", "80 %"));
}

#[test]
fn a_quotient_of_a_state_rests_on_both_sums_of_its_own_channels() {
    let (ads, shop) = ("01890000-0000-7000-8000-000000000001", "01890000-0000-7000-8000-000000000002");
    let days = json!({"first": "2026-11-01", "last": "2026-11-28"});
    let part = |measure: &str, source: &str| {
        json!({"measure": measure, "value": "2", "days": days, "sources": [source],
        "rows": 28, "gaps": []})
    };
    let mer = json!({"value": "1", "unit": "ratio", "formula": "ledger_revenue / spend",
        "parts": [part("ledger_revenue", shop), part("spend", ads)]});
    let body = json!({"entity": {"id": "", "level": "agency"}, "now": days, "before": days,
        "metrics": {"mer": {"now": mer}}});
    let opened = opened("figures", &body, "/metrics/mer/now/value").unwrap();
    let inputs = opened.inputs.unwrap();
    assert_eq!(inputs.metrics.iter().map(|metric| metric.key()).collect::<Vec<_>>(), ["ledger_revenue", "spend"]);
    assert_eq!(inputs.channels, Some(BTreeSet::from([ads, shop].map(|id| id.parse().unwrap()))));
}

#[test]
fn a_prediction_names_what_is_taken_off_it() {
    let action = json!({"kind": "move_budget", "currency": "USD", "target": {"id": "c", "level": "client"},
        "prediction": {"value": 1217.25, "low": 900.0, "high": 1500.0, "loss": 0.01}, "horizon_days": 28,
        "basis": [{"name": "expected_revenue", "value": 3153.2, "first": null, "last": null},
            {"name": "cost_while_platforms_learn", "value": 44.03, "first": null, "last": null},
            {"name": "share_of_revenue_that_stays", "value": 0.4, "first": null, "last": null}]});
    let net = opened("action", &action, "/prediction/value").unwrap();
    assert_eq!(
        net.formula,
        "3,153.20 USD of revenue × 0.4 that stays of it, less what more is spent, less 44.03 USD for the days in which \
         platforms learn"
    );
}

#[test]
fn a_change_opens_to_the_days_and_the_means_that_make_it() {
    let radio = "01890000-0000-7000-8000-000000000001";
    let finding = json!({"kind": "change_point", "entity": {"id": radio, "level": "channel"}, "metric": "spend",
        "first": "2026-10-10", "last": "2026-10-12", "probability": 0.99,
        "size": {"value": -178.0, "low": -200.0, "high": -150.0, "confidence": 0.9, "unit": {"money": "EUR"}},
        "basis": [{"name": "mean_before", "value": 449.0, "first": "2026-08-01", "last": "2026-10-10"},
            {"name": "mean_after", "value": 271.0, "first": "2026-10-11", "last": "2026-11-20"}]});
    let size = opened("finding", &finding, "/size/value").unwrap();
    assert!(size.formula.starts_with("271.00 EUR − 449.00 EUR: the mean of the days since"), "{}", size.formula);
    let spend = || vec![Metric::SPEND];
    let of = |first, last, metrics| Some(Inputs { metrics, days: Days { first, last }, channels: None });
    assert_eq!(size.inputs, of(date!(2026 - 08 - 01), date!(2026 - 11 - 20), spend()));
    let before = opened("finding", &finding, "/basis/0/value").unwrap();
    assert_eq!((&*before.figure.shown, &*before.figure.unit), ("449.00 EUR", "EUR"));
    assert!(before.formula.starts_with("the mean of the days, "), "{}", before.formula);
    assert_eq!(before.inputs, of(date!(2026 - 08 - 01), date!(2026 - 10 - 10), spend()));
}

#[test]
fn what_means_nothing_by_itself_is_no_number() {
    let finding = json!({"entity": {"id": "x", "level": "creative"}, "metric": "ctr", "first": "2026-11-01",
        "last": "2026-11-02", "probability": 0.97, "size": {"value": -0.3, "low": -0.4, "high": -0.2, "confidence": 0.9,
        "unit": "change"}, "basis": [{"name": "clicks", "value": 8.0, "first": "2026-11-01", "last": "2026-11-02"}]});
    let size = opened("finding", &finding, "/size/value").unwrap();
    assert_eq!((&*size.figure.shown, &*size.figure.made[0]), ("−30 %", "clicks: 8, 2026-11-01 to 2026-11-02"));
    assert_eq!(size.inputs, None, "an advertisement has no days of its own here");
    let clicks = opened("finding", &finding, "/basis/0/value").unwrap();
    assert_eq!((&*clicks.figure.key, &*clicks.figure.shown, &*clicks.figure.value), ("clicks", "8", "8.0"));
    for path in [
        "",
        "/",
        "/size",
        "/basis/0",
        "/basis/1/value",
        "/basis/0/first",
        "/first",
        "/size/low#sure",
        "/prediction/value",
        "/size/unit",
    ] {
        assert!(opened("finding", &finding, path).is_none(), "{path}");
    }
    assert!(opened("action", &json!({"currency": "EUR"}), "/prediction/value").is_none(), "nothing stands there");
}
