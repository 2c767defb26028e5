//! What is told of rows: those that meet every condition, in order, with what was asked for as Google writes it.

use std::cmp::Ordering;

use serde_json::{Map, Value, json};

use super::{
    fields::{Row, camel},
    gaql::{Filter, Query, Test},
};

/// Filters, orders, cuts and writes rows.
pub(super) fn finish(query: &Query, rows: Vec<Row<'_>>) -> Vec<Value> {
    let filters: Vec<_> = query.filters.iter().filter(|filter| filter.field != "segments.date").collect();
    let mut rows: Vec<_> = rows.into_iter().filter(|row| filters.iter().all(|filter| holds(row, filter))).collect();
    rows.sort_by(|one, other| {
        let by = |(field, down): &(String, bool)| {
            let told = |row: &Row<'_>| row.value(field).map_or_else(String::new, |value| plain(&value));
            let order = compare(&told(one), &told(other));
            if *down { order.reverse() } else { order }
        };
        query.order.iter().map(by).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    });
    rows.truncate(query.limit.unwrap_or(usize::MAX));
    rows.iter().map(|row| write(query, row)).collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// As numbers if both are, else as texts.
fn compare(one: &str, other: &str) -> Ordering {
    match (one.parse::<f64>(), other.parse::<f64>()) {
        (Ok(one), Ok(other)) => one.total_cmp(&other),
        _ => one.cmp(other),
    }
}

fn holds(row: &Row<'_>, filter: &Filter) -> bool {
    let value = row.value(&filter.field).unwrap_or_default();
    if let Test::Null(absent) = filter.test {
        return value.is_null() == absent;
    }
    let told = plain(&value);
    // Truth is written in capitals.
    let same =
        |wanted: &str| compare(&told, wanted).is_eq() || (value.is_boolean() && told.eq_ignore_ascii_case(wanted));
    match &filter.test {
        Test::Is("=", wanted) => same(wanted),
        Test::Is("!=", wanted) => !same(wanted),
        Test::Is("<", wanted) => compare(&told, wanted).is_lt(),
        Test::Is("<=", wanted) => compare(&told, wanted).is_le(),
        Test::Is(">", wanted) => compare(&told, wanted).is_gt(),
        Test::Is(_, wanted) => compare(&told, wanted).is_ge(),
        Test::In(list, not) => list.iter().any(|wanted| same(wanted)) != *not,
        Test::Between(from, to) => compare(&told, from).is_ge() && compare(&told, to).is_le(),
        Test::Like(pattern, not) => like(&told.to_lowercase(), &pattern.to_lowercase()) != *not,
        Test::During(_) | Test::Null(_) => false,
    }
}

/// Whether a text is like a pattern in which `%` stands for anything.
fn like(text: &str, pattern: &str) -> bool {
    let Some((begin, rest)) = pattern.split_once('%') else { return text == pattern };
    let Some(mut text) = text.strip_prefix(begin) else { return false };
    let mut parts: Vec<_> = rest.split('%').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        let Some((_, after)) = text.split_once(part) else { return false };
        text = after;
    }
    text.ends_with(end)
}

/// A row with what was asked for; what is empty is left out, and every resource says its name.
fn write(query: &Query, row: &Row<'_>) -> Value {
    let mut told = Map::new();
    for field in &query.fields {
        let resource = field.split('.').next().unwrap_or_default();
        if let Some(name) = row.name(resource) {
            put(&mut told, &format!("{resource}.resource_name"), json!(name));
        }
        if field.starts_with("ad_group_ad.ad.") {
            put(&mut told, "ad_group_ad.ad.resource_name", json!(row.name("ad_group_ad.ad")));
        }
        put(&mut told, field, row.value(field).unwrap_or_default());
    }
    Value::Object(told)
}

fn put(told: &mut Map<String, Value>, field: &str, value: Value) {
    if value.is_null() || value == json!("") {
        return;
    }
    match field.split_once('.') {
        None => {
            told.insert(camel(field), value);
        }
        Some((first, rest)) => {
            let inside = told.entry(camel(first)).or_insert_with(|| json!({}));
            if let Some(inside) = inside.as_object_mut() {
                put(inside, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_met() {
        for (text, pattern, meets) in [
            ("brand search", "%search", true),
            ("brand search", "brand%", true),
            ("brand search", "%and%ea%", true),
            ("brand search", "search", false),
            ("brand", "%x%", false),
        ] {
            assert_eq!(like(text, pattern), meets, "{text} {pattern}");
        }
    }
}
