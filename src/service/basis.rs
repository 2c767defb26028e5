//! The figures that something of the brain rests on, in words. What was and what was expected are in the unit of what is between
//! them; of all else only amounts have a currency.

use std::str::FromStr;

use model::{brain::Basis, figure::Line, metric::spelled, number::grouped};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::performance::words::amount;

/// A number as it is written in JSON, exact or not.
pub(crate) fn decimal(value: &Value) -> Option<(String, Decimal)> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let read = Decimal::from_str(&text).or_else(|_| Decimal::from_scientific(&text)).ok()?;
    Some((text, read))
}

/// The figure at this place of a body's `basis`, with its currency where it is money, and as it is shown; none of what is no
/// figure.
pub(crate) fn figure(body: &Value, at: usize) -> Option<(Basis, Option<&str>, String)> {
    let (currency, size) = (body["currency"].as_str(), body["size"]["unit"]["money"].as_str());
    let one = body["basis"].get(at)?;
    let (_, value) = decimal(&one["value"])?;
    let basis: Basis = serde_json::from_value(one.clone()).ok()?;
    let unit = match basis.name.as_str() {
        "actual" | "expected" | "mean_before" | "mean_after" | "trend_between" => size,
        _ => currency.or(size).filter(|_| basis.money()),
    };
    let shown = unit.map_or_else(|| grouped(value, 0, 4), |unit| amount(value, unit));
    Some((basis, unit, shown))
}

/// A line for each figure of a body's `basis`, which opens by the id of its place; what is no figure has none.
pub(crate) fn told(body: &Value, id: impl Fn(&str) -> Option<String>) -> Vec<Line> {
    let line = |at: usize| {
        let (basis, _, shown) = figure(body, at)?;
        let days = match (&basis.first, &basis.last) {
            (Some(first), Some(last)) if first == last => format!(", {first}"),
            (Some(first), Some(last)) => format!(", {first} to {last}"),
            _ => String::new(),
        };
        let name = Line::from(format!("{}: ", spelled(&basis.name)));
        Some(name.figure(id(&format!("/basis/{at}/value")), &shown).say(&days))
    };
    (0..body["basis"].as_array().map_or(0, Vec::len)).filter_map(line).collect()
}

/// The same as plain texts.
pub(crate) fn lines(body: &Value) -> Vec<String> {
    told(body, |_| None).iter().map(Line::text).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_something_rests_on_is_told_with_its_days_and_nothing_is_invented() {
        let figures = json!([
            {"name": "actual", "value": 812.5, "first": "2026-03-01", "last": "2026-03-02"},
            {"name": "clicks", "value": 31250, "first": "2026-03-02", "last": "2026-03-02"},
            {"name": "dispersion", "value": 1.23456, "first": null, "last": null},
            {"name": "expected", "value": null, "first": null, "last": null},
        ]);
        let of = |unit: Value| lines(&json!({"size": {"unit": unit}, "basis": figures}));
        assert_eq!(
            of(json!({"money": "EUR"})),
            ["actual: 812.50 EUR, 2026-03-01 to 2026-03-02", "clicks: 31,250, 2026-03-02", "dispersion: 1.2346"]
        );
        assert_eq!(of(json!("count"))[0], "actual: 812.5, 2026-03-01 to 2026-03-02");
        assert_eq!((lines(&Value::Null), lines(&json!({}))), (Vec::new(), Vec::new()));
    }
}
