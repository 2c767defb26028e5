//! A figure of the brain in words.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

pub(crate) use model::currency::WHOLE;
use model::{
    currency,
    dashboard::Beside,
    figure::{FigureId, OfDays},
    metric::{Days, spelled},
    number::grouped,
    performance::{Shown, Trend},
};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value;

use crate::figure::{self, counted::Number, missing};

/// What is shown, by key and name: what platforms claim and what the books say are never added up.
pub(crate) const GROUPS: [(&str, &[(&str, &str)]); 3] = [
    (
        "Advertising, as the platforms claim it",
        &[
            ("spend", "Spend"),
            ("claimed_revenue", "Claimed revenue"),
            ("roas_claimed", "ROAS (claimed)"),
            ("claimed_conversions", "Claimed conversions"),
            ("cpa", "Cost of a conversion (CPA)"),
            ("impressions", "Impressions"),
            ("clicks", "Clicks"),
            ("ctr", "Click rate (CTR)"),
            ("cvr", "Conversion rate (CVR)"),
        ],
    ),
    (
        "The shop's books",
        &[
            ("ledger_revenue", "Ledger revenue"),
            ("orders", "Orders"),
            ("aov", "Order value (AOV)"),
            ("refunds", "Refunds"),
            ("new_customers", "New customers"),
            ("returning_orders", "Orders of returning customers"),
        ],
    ),
    (
        "Both together",
        &[
            ("mer", "Ledger revenue for each unit of spend (MER)"),
            ("cac", "Cost of a new customer (CAC)"),
            ("contribution_margin", "Contribution margin"),
        ],
    ),
];

/// Ratios that are shares of something, told in per cent.
const SHARES: [&str; 3] = ["ctr", "cvr", "refund_share"];

/// Metrics that are amounts of money.
const AMOUNTS: [&str; 9] =
    ["spend", "claimed_revenue", "ledger_revenue", "refunds", "cpc", "cpm", "cpa", "aov", "contribution_margin"];
/// Metrics that are ratios.
const RATIOS: [&str; 5] = ["ctr", "cvr", "roas_claimed", "mer", "refund_share"];

/// In what a metric is told where no figure says it: the currency, `ratio` or `count`.
pub(crate) fn unit<'a>(key: &str, currency: &'a str) -> &'a str {
    match key {
        _ if AMOUNTS.contains(&key) => currency,
        _ if RATIOS.contains(&key) => "ratio",
        _ => "count",
    }
}

/// What a metric is called.
pub(crate) fn name(key: &str) -> String {
    let known = GROUPS.iter().flat_map(|(_, keys)| keys.iter()).find(|(known, _)| *known == key);
    known.map_or_else(|| spelled(key), |(_, name)| (*name).to_owned())
}

/// The keys of all that is shown.
pub(super) fn keys() -> impl Iterator<Item = &'static str> {
    GROUPS.into_iter().flat_map(|(_, keys)| keys.iter()).map(|(key, _)| *key)
}

/// A figure beside what it was before, each to be opened.
pub(super) fn shown(
    of: &OfDays,
    before: Days,
    name: &str,
    (now, then): (Result<Number, String>, Result<Number, String>),
    comparison: &Value,
    names: &BTreeMap<String, &str>,
) -> Shown {
    let beside =
        |id: FigureId, shown: String, value: Decimal| Beside { id: id.to_string(), shown, value: value.to_string() };
    let then = then.ok();
    let both = now.as_ref().ok().zip(then.as_ref());
    let unlike = both.is_some_and(|(now, then)| !now.alike(then));
    // One rule for the change and the verdict: there is neither where one of them has no value, or where they are not alike.
    let both = both.filter(|_| !unlike);
    let share = both.and_then(|(now, then)| figure::change(now.value, then.value));
    let trend = match comparison["verdict"]["status"].as_str().filter(|_| both.is_some()) {
        Some("better") => Some(Trend::Better),
        Some("worse") => Some(Trend::Worse),
        Some("too_close") => Some(Trend::TooClose),
        _ => None,
    };
    let rates = match &now {
        Ok(number) => number.of_rates(),
        Err(_) => missing::of_rates(&comparison["now"]),
    };
    let mut notes = now.as_ref().map(|number| number.lacks(names)).unwrap_or_default();
    notes.extend(unlike.then(|| missing::UNLIKE.to_owned()));
    notes.extend(compared(&comparison["compared"]));
    let counted = |number: Number, days: Days| {
        beside(FigureId::Counted(OfDays { days, ..of.clone() }), number.shown, number.value)
    };
    Shown {
        key: of.metric.key().to_owned(),
        name: name.to_owned(),
        value: now.map(|now| counted(now, of.days)),
        before: then.map(|then| counted(then, before)),
        change: share.map(|share| beside(FigureId::Changed(of.clone()), figure::in_percent(share), share)),
        trend,
        rates,
        notes,
    }
}

/// Which days the verdict is about, where they are not those of the figures.
fn compared(days: &Value) -> Option<String> {
    let day = |range: usize, end: &str| days.get(range)?.get(end)?.as_str();
    let (first, last, before, until) = (day(0, "first")?, day(0, "last")?, day(1, "first")?, day(1, "last")?);
    Some(format!(
        "better, worse or too close compares {first} to {last} with {before} to {until}: claims of later days still grow"
    ))
}

/// A number as the brain writes it: exact, as a text.
pub(crate) fn decimal(value: &Value) -> Option<Decimal> {
    value.as_str().and_then(|text| Decimal::from_str(text).ok())
}

/// A value with its unit.
pub(crate) fn written(key: &str, value: &Value, unit: &Value) -> Option<String> {
    let value = decimal(value)?;
    if let Some(currency) = unit["money"].as_str() {
        return Some(amount(value, currency));
    }
    if unit == "ratio" && SHARES.contains(&key) {
        return Some(format!("{} %", grouped(value.checked_mul(Decimal::ONE_HUNDRED)?, 2, 2)));
    }
    Some(if unit == "ratio" { grouped(value, 2, 2) } else { grouped(value, 0, 2) })
}

/// Money with its currency's own decimals.
pub(crate) fn amount(value: Decimal, currency: &str) -> String {
    let places = currency::places(currency);
    format!("{} {currency}", grouped(value, places, places))
}

/// A probability in whole per cent: of what is reckoned from days that were, nothing is told as certain or impossible.
pub(crate) fn probability(share: Decimal) -> String {
    let (least, most) = (Decimal::new(1, 2), Decimal::new(99, 2));
    if share < least {
        "under 1 %".to_owned()
    } else if share > most {
        "over 99 %".to_owned()
    } else {
        format!("{} %", grouped(share * Decimal::ONE_HUNDRED, 0, 0))
    }
}

/// A share in per cent, with its sign.
pub(crate) fn signed(share: Decimal) -> String {
    let rounded =
        share.round_dp_with_strategy(u32::from(share.abs() < Decimal::TEN), RoundingStrategy::MidpointAwayFromZero);
    let sign = if rounded > Decimal::ZERO { "+" } else { "" };
    format!("{sign}{} %", grouped(rounded.normalize(), 0, 1))
}

/// What a measure is called in a sentence.
fn measure(key: &Value) -> String {
    spelled(key.as_str().unwrap_or("a part"))
}

/// Whether what is counted is spoken of as several.
fn plural(of: &str) -> bool {
    of.ends_with('s')
}

fn is(of: &str) -> &'static str {
    if plural(of) { "are" } else { "is" }
}

fn it(of: &str) -> &'static str {
    if plural(of) { "them" } else { "it" }
}

/// Why there is no figure.
pub(crate) fn absent(reason: &Value) -> String {
    let of = measure(&reason["measure"]);
    match reason["reason"].as_str() {
        Some("not_connected") => format!("no connected source reports {of}"),
        Some("incomplete") => {
            let why = missing::reasons(reason["gaps"].as_array().map(Vec::as_slice).unwrap_or_default());
            match reason["beside"].as_str() {
                Some(_) => {
                    format!("{of} {} not known for more than a tenth of {}: {why}", is(&of), measure(&reason["beside"]))
                }
                None => format!("{of} {} not complete: {why}", is(&of)),
            }
        }
        Some("no_denominator") => format!("{of} {} zero, and nothing can be divided by {}", is(&of), it(&of)),
        Some("currencies") => "the amounts are in several currencies".to_owned(),
        Some("no_margin") => "the client's margin is not set".to_owned(),
        Some("too_large") => "the sum is too large to be right".to_owned(),
        _ => "there is not enough data".to_owned(),
    }
}

/// What a figure is made of, and what is missing in it.
pub(crate) fn made(figure: &Value, names: &BTreeMap<String, &str>) -> Vec<String> {
    let parts = figure["parts"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut lines = Vec::new();
    if parts.len() > 1 {
        lines.extend(figure["formula"].as_str().map(|formula| format!("= {}", formula.replace('_', " "))));
    }
    for part in parts {
        let sources: Vec<String> =
            part["sources"].as_array().into_iter().flatten().map(|id| called(id, names)).collect();
        let value = decimal(&part["value"]).map(|value| grouped(value, 0, 2)).unwrap_or_default();
        let rows = part["rows"].as_i64().unwrap_or_default();
        let rows = format!("{rows} {}", if rows == 1 { "row" } else { "rows" });
        lines.push(format!("{}: {value}, of {rows} of {}", measure(&part["measure"]), sources.join(", ")));
        lines.extend(gaps(part, names));
    }
    // Of both parts of a quotient the same days are missing.
    unique(&mut lines);
    lines.extend(matched(parts));
    lines
}

/// Leaves out what was said before.
pub(crate) fn unique(lines: &mut Vec<String>) {
    let mut said = BTreeSet::new();
    lines.retain(|line| said.insert(line.clone()));
}

/// That a quotient is of the days on which both of its parts are known, where that leaves any out.
pub(crate) fn matched(parts: &[Value]) -> Option<String> {
    let part = parts.iter().find(|part| part["beside"].is_string())?;
    let lacks = part["gaps"].as_array().is_some_and(|gaps| !gaps.is_empty());
    let (one, other) = (measure(&part["measure"]), measure(&part["beside"]));
    lacks.then(|| format!("made of the days on which both {one} and {other} are known"))
}

fn called(id: &Value, names: &BTreeMap<String, &str>) -> String {
    let id = id.as_str().unwrap_or_default();
    names.get(id).map_or_else(|| "another source".to_owned(), |name| (*name).to_owned())
}

/// What is missing in a sum.
pub(crate) fn gaps(part: &Value, names: &BTreeMap<String, &str>) -> Vec<String> {
    let gap = |gap: &Value| {
        let why = match gap["reason"].as_str() {
            Some("not_read") => "was not read",
            Some("not_reported") => "was not reported",
            Some("rate") => "has no rate of exchange",
            _ => "is missing",
        };
        format!("not in it: {} {why} on {}", called(&gap["source"], names), missing::listed(gap))
    };
    part["gaps"].as_array().into_iter().flatten().map(gap).collect()
}

#[cfg(test)]
mod tests {
    use model::{
        figure::{Metric, Scope},
        id::ClientId,
    };
    use serde_json::json;
    use time::macros::date;

    use super::*;

    #[test]
    fn values_stand_with_their_unit_and_their_decimals() {
        let written = |key, value: &str, unit: Value| written(key, &json!(value), &unit).unwrap();
        assert_eq!(written("spend", "1234567.5", json!({"money": "EUR"})), "1,234,567.50 EUR");
        assert_eq!(written("spend", "1234.5", json!({"money": "JPY"})), "1,235 JPY");
        assert_eq!(written("contribution_margin", "-12.345", json!({"money": "EUR"})), "−12.35 EUR");
        assert_eq!(written("claimed_conversions", "10.5", json!("count")), "10.5");
        assert_eq!(written("clicks", "1000", json!("count")), "1,000");
        assert_eq!(written("ctr", "0.02", json!("ratio")), "2.00 %");
        assert_eq!(written("roas_claimed", "3.3", json!("ratio")), "3.30");
        assert_eq!(written("roas_claimed", "-0.001", json!("ratio")), "0.00");
    }

    #[test]
    fn no_probability_is_told_as_certain() {
        let told = |share: f64| probability(Decimal::from_f64_retain(share).unwrap());
        assert_eq!([0.0, 0.004, 0.0099].map(told), ["under 1 %"; 3]);
        assert_eq!([0.01, 0.29, 0.956, 0.99].map(told), ["1 %", "29 %", "96 %", "99 %"]);
        assert_eq!([0.9901, 0.996, 1.0].map(told), ["over 99 %"; 3]);
    }

    #[test]
    fn a_change_has_its_sign_and_what_is_lacking_says_why() {
        let figure = |value: &str| {
            json!({"value": value, "unit": "count", "formula": "clicks", "parts": [
            {"measure": "clicks", "value": value, "sources": ["a"], "rows": 1,
             "gaps": [{"source": "a", "reason": "not_read", "first": "2026-11-01", "last": "2026-11-02", "days": 2}]}]})
        };
        let names = BTreeMap::from([("a".to_owned(), "Radio")]);
        let metric = Metric::parse("clicks").unwrap();
        let (first, last) = (date!(2026 - 11 - 03), date!(2026 - 11 - 04));
        let scope = Scope::Client(ClientId(uuid::Uuid::nil()));
        let of = OfDays { metric, scope, days: Days { first, last }, currency: "EUR".to_owned() };
        let before = of.before().unwrap();
        let one = |now: Value, before_value: Value| {
            let comparison = json!({"verdict": {"status": "worse"}});
            let [now, then] = [&now, &before_value].map(|value| super::super::read(metric, value, "EUR"));
            shown(&of, before, "Clicks", (now, then), &comparison, &names)
        };
        let text = |beside: &Option<Beside>| beside.as_ref().map(|beside| beside.shown.clone()).unwrap_or_default();
        let told = one(figure("90"), figure("100"));
        let value = told.value.as_ref().unwrap();
        assert_eq!((&*value.shown, &*text(&told.before), &*text(&told.change)), ("90", "100", "−10 %"));
        assert_eq!(value.id, FigureId::Counted(of.clone()).to_string());
        assert_eq!(
            told.before.as_ref().unwrap().id,
            FigureId::Counted(OfDays { days: before, ..of.clone() }).to_string()
        );
        assert_eq!(told.trend, Some(Trend::Worse));
        assert_eq!(told.notes, ["not in it: Radio was not read on 2026-11-01 to 2026-11-02 (2 days)"]);
        assert_eq!(text(&one(figure("102.5"), figure("100")).change), "+2.5 %");
        assert_eq!(one(figure("1"), figure("0")).change, None, "nothing can be divided by zero");
        let lacking = one(json!({"absent": {"reason": "not_connected", "measure": "ledger_revenue"}}), figure("1"));
        assert_eq!(lacking.value, Err("no connected source reports ledger revenue".to_owned()));
        assert_eq!((lacking.change.clone(), &*text(&lacking.before)), (None, "1"));
        let incomplete = |reason: &str| {
            absent(
                &json!({"reason": "incomplete", "measure": "spend", "gaps": [{"source": "a", "reason": reason, "days": 2}]}),
            )
        };
        let conversions = json!({"reason": "incomplete", "measure": "claimed_conversions",
            "gaps": [{"source": "a", "reason": "not_reported", "days": 1}]});
        let told = "claimed conversions are not complete: 1 day of 1 account was not reported";
        assert_eq!(absent(&conversions), told);
        assert_eq!(incomplete("not_read"), "spend is not complete: 2 days of 1 account were not read");
        assert!(
            incomplete("rate").starts_with("spend is not complete: 2 days of 1 account without a rate of exchange")
        );
        let few = json!({"reason": "incomplete", "measure": "claimed_revenue", "beside": "spend", "gaps": []});
        assert_eq!(absent(&few), "claimed revenue is not known for more than a tenth of spend: days are missing");
        // No verdict without a value.
        let none = json!({"absent": {"reason": "no_denominator", "measure": "clicks"}});
        assert_eq!(one(none.clone(), figure("1")).trend, None);
        assert_eq!(one(figure("1"), none).trend, None);
        // What is missing on one side only bends a change.
        let mut whole = figure("100");
        whole["parts"][0]["gaps"] = json!([]);
        let unlike = one(figure("90"), whole);
        assert_eq!((unlike.change, unlike.trend, text(&unlike.before).as_str()), (None, None, "100"));
        assert_eq!(unlike.notes.last().map(String::as_str), Some(missing::UNLIKE));
    }
}
