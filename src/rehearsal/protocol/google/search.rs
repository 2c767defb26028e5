//! Reports: a query's rows from the world, added up and cut into answers. What becomes of rows then is in `tell`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use time::{Date, Duration, OffsetDateTime, macros::format_description};

use super::{
    Customer, Desk, Question, REQUEST, Refusal, accounts,
    fields::{Described, RESOURCES, Row, camel},
    gaql::{self, Query, Test},
    manager,
    tell::finish,
};
use crate::{
    clock::Zone,
    daytime::Known,
    plan::Channel,
    protocol::Holder,
    rows::{AdSums, Entity, Level},
};

/// How many rows one answer of a stream or page holds.
const AT_ONCE: usize = 10_000;

/// All rows, in chunks.
pub(super) fn stream(
    desk: &Desk,
    question: &Question,
    now: OffsetDateTime,
    customer: Customer<'_>,
    body: &Value,
) -> Result<Value, Refusal> {
    let (query, rows) = rows(desk, question, now, customer, body)?;
    let mask = mask(&query);
    let chunk = |rows: &[Value]| json!({ "results": rows, "fieldMask": mask, "requestId": REQUEST });
    Ok(rows.chunks(AT_ONCE).map(chunk).collect())
}

/// One page of rows.
pub(super) fn pages(
    desk: &Desk,
    question: &Question,
    now: OffsetDateTime,
    customer: Customer<'_>,
    body: &Value,
) -> Result<Value, Refusal> {
    if !body["pageSize"].is_null() {
        let words = "Setting the page size is not supported.".to_owned();
        return Err(Refusal::invalid("requestError", "PAGE_SIZE_NOT_SUPPORTED", words));
    }
    let (query, rows) = rows(desk, question, now, customer, body)?;
    let from = match body["pageToken"].as_str().filter(|token| !token.is_empty()) {
        None => 0,
        Some(token) => token.strip_prefix("rows-").and_then(|from| from.parse().ok()).ok_or_else(|| {
            Refusal::invalid("requestError", "INVALID_PAGE_TOKEN", "The page token is invalid.".to_owned())
        })?,
    };
    let page: Vec<_> = rows.iter().skip(from).take(AT_ONCE).collect();
    let mut told = json!({ "results": page, "fieldMask": mask(&query) });
    if from + page.len() < rows.len() {
        told["nextPageToken"] = json!(format!("rows-{}", from + page.len()));
    }
    Ok(told)
}

fn mask(query: &Query) -> String {
    query.fields.iter().map(|field| camel(field)).collect::<Vec<_>>().join(",")
}

fn rows(
    desk: &Desk,
    question: &Question,
    now: OffsetDateTime,
    customer: Customer<'_>,
    body: &Value,
) -> Result<(Query, Vec<Value>), Refusal> {
    let query = gaql::parse(body["query"].as_str().unwrap_or_default())?;
    check(&query)?;
    let metrics = query.fields.iter().any(|field| field.starts_with("metrics."));
    let told = match customer {
        Customer::Manager if metrics => {
            let words = "Metrics cannot be requested for a manager account. To retrieve metrics, issue separate requests \
                         against each client account under the manager account.";
            return Err(Refusal::invalid("queryError", "REQUESTED_METRICS_FOR_MANAGER", words.to_owned()));
        }
        Customer::Manager => {
            let own = Described {
                id: manager(desk),
                name: "Agency".into(),
                currency: "EUR",
                zone: Zone::Berlin.iana(),
                manager: true,
                level: 0,
            };
            let below: Vec<_> = accounts(desk, Holder::AGENCY).map(|channel| described(desk, channel, 1)).collect();
            let all = [own.clone()].into_iter().chain(below).collect::<Vec<_>>();
            let rows = match query.from.as_str() {
                "customer" => vec![Row { customer: Some(&own), ..Row::default() }],
                "customer_client" => {
                    let row = |client| Row { customer: Some(&own), client: Some(client), ..Row::default() };
                    all.iter().map(row).collect()
                }
                _ => vec![], // a manager advertises nothing itself
            };
            finish(&query, rows)
        }
        Customer::Account(channel) => {
            let own = described(desk, channel, 0);
            let known = desk.known(desk.world.client_of(channel), question, now);
            let entities = desk.world.entities(channel);
            let creatives = desk.world.creatives(channel);
            let row = Row { customer: Some(&own), ..Row::default() };
            let rows = match query.from.as_str() {
                "customer_client" => vec![Row { client: Some(&own), ..row }],
                from => {
                    let level = match from {
                        "ad_group_ad" => Level::Ad,
                        "ad_group" => Level::Group,
                        "customer" => Level::Account,
                        _ => Level::Campaign,
                    };
                    let about = |entity: Option<&str>| {
                        let find = |id: &str| entities.iter().find(|entity| entity.external_id == id);
                        let mut row = row.clone();
                        let mut here = entity.and_then(find);
                        while let Some(entity) = here {
                            match entity.level {
                                Level::Ad => {
                                    row.ad = Some(entity);
                                    row.creative = creatives.iter().find(|one| one.ad_id == entity.external_id);
                                }
                                Level::Group => row.group = Some(entity),
                                _ => row.campaign = Some(entity),
                            }
                            here = entity.parent_id.as_deref().and_then(find);
                        }
                        row
                    };
                    reported(desk, channel, &known, level, &query, &entities, about)?
                }
            };
            finish(&query, rows)
        }
    };
    Ok((query, told))
}

fn described(desk: &Desk, channel: &Channel, level: u8) -> Described {
    let (client, manager) = (desk.world.client_of(channel), false);
    let (currency, zone) = (client.currency, client.zone.iana());
    Described { id: channel.external_id.clone(), name: channel.name.clone(), currency, zone, manager, level }
}

/// Refuses what cannot be asked for.
fn check(query: &Query) -> Result<(), Refusal> {
    let wrong = |error, words| Err(Refusal::invalid("queryError", error, words));
    let Some((_, beside)) = RESOURCES.iter().find(|(name, _)| *name == query.from) else {
        let words = format!("Error in query: the resource '{}' in the FROM clause is not known.", query.from);
        return wrong("BAD_RESOURCE_TYPE_IN_FROM_CLAUSE", words);
    };
    let filtered = query.filters.iter().map(|filter| &filter.field);
    for field in query.fields.iter().chain(filtered).chain(query.order.iter().map(|(field, _)| field)) {
        if Row::default().value(field).is_none() {
            return wrong("UNRECOGNIZED_FIELD", format!("Unrecognized field in the query: '{field}'."));
        }
        let resource = field.split('.').next().unwrap_or_default();
        let plain = resource == query.from || beside.contains(&resource);
        let counted = ["segments", "metrics"].contains(&resource) && !query.from.starts_with("customer_");
        if !plain && !counted {
            let words = format!(
                "Cannot select fields from the following resources: {resource}, since the resource is incompatible with the resource in FROM clause."
            );
            return wrong("PROHIBITED_RESOURCE_TYPE_IN_SELECT_CLAUSE", words);
        }
    }
    if let Some((field, _)) = query.order.iter().find(|(field, _)| !query.fields.contains(field)) {
        let words = format!("The following field must be present in SELECT clause: '{field}'.");
        return wrong("EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE", words);
    }
    let by_time = query.fields.iter().any(|field| field.starts_with("segments."));
    if by_time && !query.filters.iter().any(|filter| filter.field == "segments.date") {
        let words = "The query must filter on a finite range of segments.date.".to_owned();
        return wrong("EXPECTED_FILTERS_ON_DATE_RANGE", words);
    }
    Ok(())
}

/// The days that the conditions on `segments.date` leave.
fn days(query: &Query, known: &Known, first: Date) -> Result<(Date, Date), Refusal> {
    let (mut from, mut to) = (first, known.day);
    for filter in query.filters.iter().filter(|filter| filter.field == "segments.date") {
        let read = |text: &str| {
            Date::parse(text, format_description!("[year]-[month]-[day]")).map_err(|_| {
                let words = format!("Invalid date literal '{text}'. Expected YYYY-MM-DD.");
                Refusal::invalid("queryError", "INVALID_DATE_FORMAT", words)
            })
        };
        let (begin, end) = match &filter.test {
            Test::Between(begin, end) => (read(begin)?, read(end)?),
            Test::Is("=", day) => (read(day)?, read(day)?),
            Test::Is(">=", day) => (read(day)?, Date::MAX),
            Test::Is("<=", day) => (Date::MIN, read(day)?),
            Test::Is(">", day) => (read(day)?.saturating_add(Duration::DAY), Date::MAX),
            Test::Is("<", day) => (Date::MIN, read(day)?.saturating_sub(Duration::DAY)),
            Test::During(name) => during(name, known.day)?,
            _ => {
                let words = "The operator cannot be used with segments.date.".to_owned();
                return Err(Refusal::invalid("queryError", "OPERATOR_FIELD_MISMATCH", words));
            }
        };
        (from, to) = (from.max(begin), to.min(end));
    }
    Ok((from, to))
}

/// The days of a name, seen from today.
fn during(name: &str, today: Date) -> Result<(Date, Date), Refusal> {
    let back = |days: i64| today.saturating_sub(Duration::days(days));
    let month = |day: Date| day.replace_day(1).unwrap_or(day);
    let week = i64::from(today.weekday().number_days_from_monday());
    Ok(match name.to_ascii_uppercase().as_str() {
        "TODAY" => (today, today),
        "YESTERDAY" => (back(1), back(1)),
        "LAST_7_DAYS" => (back(7), back(1)),
        "LAST_14_DAYS" => (back(14), back(1)),
        "LAST_30_DAYS" => (back(30), back(1)),
        "THIS_WEEK_MON_TODAY" => (back(week), today),
        "LAST_WEEK_MON_SUN" => (back(week + 7), back(week + 1)),
        "THIS_MONTH" => (month(today), today),
        "LAST_MONTH" => {
            let last = month(today).saturating_sub(Duration::DAY);
            (month(last), last)
        }
        _ => {
            let words = format!("Error in query: invalid value {name} with DURING operator.");
            return Err(Refusal::invalid("queryError", "INVALID_VALUE_WITH_DURING_OPERATOR", words));
        }
    })
}

/// The rows of a level: each thing once, or with what was counted of it by the segments of time that are asked for.
fn reported<'a>(
    desk: &Desk,
    channel: &Channel,
    known: &Known,
    level: Level,
    query: &Query,
    entities: &'a [Entity],
    about: impl Fn(Option<&str>) -> Row<'a>,
) -> Result<Vec<Row<'a>>, Refusal> {
    let asks = |resource: &str| query.fields.iter().any(|field| field.starts_with(resource));
    let (from, to) = days(query, known, desk.world.first())?;
    if !asks("metrics.") && !asks("segments.") {
        return Ok(match level {
            Level::Account => vec![about(None)],
            level => {
                let of = entities.iter().filter(|entity| entity.level == level);
                of.map(|entity| about(Some(&entity.external_id))).collect()
            }
        });
    }
    // Rows of one segment of time are told together; its first day stands for it.
    let rank =
        |field: &&String| ["segments.year", "segments.month", "segments.week"].iter().position(|name| name == *field);
    let segments: BTreeSet<_> = query.fields.iter().filter(|field| field.starts_with("segments.")).collect();
    let coarse = (segments.len() == 1).then(|| segments.iter().find_map(rank)).flatten();
    let begin = |day: Date| match coarse {
        Some(0) => Date::from_ordinal_date(day.year(), 1).unwrap_or(day),
        Some(1) => day.replace_day(1).unwrap_or(day),
        Some(_) => day - Duration::days(day.weekday().number_days_from_monday().into()),
        None => day,
    };
    let mut sums: BTreeMap<(Option<Date>, String), AdSums> = BTreeMap::new();
    if level != Level::Account && segments.is_empty() {
        // What was not shown is told of too, with zeros, where days are not told apart.
        for entity in entities.iter().filter(|entity| entity.level == level) {
            sums.entry((None, entity.external_id.clone())).or_default();
        }
    }
    for row in desk.world.rows_known(channel, from..=to, level, known) {
        let day = (!segments.is_empty()).then(|| begin(row.day));
        *sums.entry((day, row.external_id)).or_default() += row.sums;
    }
    let row = |((day, id), sums): ((Option<Date>, String), AdSums)| Row { day, sums: Some(sums), ..about(Some(&id)) };
    Ok(sums.into_iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn names_of_days_are_seen_from_today() {
        let today = date!(2026 - 03 - 04); // a Wednesday
        let days = |name| during(name, today).unwrap();
        assert_eq!(days("LAST_7_DAYS"), (date!(2026 - 02 - 25), date!(2026 - 03 - 03)));
        assert_eq!(days("last_month"), (date!(2026 - 02 - 01), date!(2026 - 02 - 28)));
        assert_eq!(days("LAST_WEEK_MON_SUN"), (date!(2026 - 02 - 23), date!(2026 - 03 - 01)));
        assert!(during("SOON", today).is_err());
    }
}
