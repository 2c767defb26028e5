//! Shopify: consent, tokens of an hour whose refresh token changes, and the Admin GraphQL API 2026-07 for orders and refunds.
//!
//! One desk stands for all shops: the token tells which. Consent is signed with the app's secret; a refusal inside GraphQL is
//! HTTP 200 with `errors`; with `taxesIncluded` prices of goods and shipping contain their taxes, refunded shipping never
//! does. The bucket of points is told of but never empty.

mod bulk;
mod render;

use std::collections::BTreeMap;

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

pub(super) use self::bulk::{FILES, Operation};
use super::{
    Answer, Desk, Holder, Question, encoded, fields,
    graphql::{self, Field},
    html,
};
use crate::{account::Platform, plan::Channel};

const CODE: &str = "sh-code";
const ACCESS: &str = "sh-access";
const REFRESH: &str = "sh-refresh";
const SCOPE: &str = "read_orders,read_customers";
/// How long an access token works, in seconds.
const LASTS: i64 = 3600;
/// How many entries a page has at most.
const LARGEST: u64 = 250;

/// Answers a question at a moment; no answer for a path that is not Shopify's.
pub fn answer(desk: &Desk, question: &Question, now: OffsetDateTime) -> Option<Answer> {
    if let Some(file) = question.path.strip_prefix(bulk::FILES) {
        return Some(bulk::file(desk, question, file, now));
    }
    let path = question.path.strip_prefix("/admin/")?;
    Some(match (question.method.as_str(), path) {
        ("GET", "oauth/authorize") => consent(desk, question, now),
        ("POST", "oauth/access_token") => token(desk, question, now),
        ("DELETE", "api_permissions/current.json") => match allowed(desk, question, now) {
            Some((_, token)) => {
                desk.use_up(token);
                Answer::json(200, &json!({}))
            }
            None => unauthorized(),
        },
        ("POST", "api/2026-07/graphql.json") => match allowed(desk, question, now) {
            Some((shop, _)) => ask(desk, shop, question, now),
            None => unauthorized(),
        },
        _ => Answer::json(404, &json!({ "errors": "Not Found" })),
    })
}

fn unauthorized() -> Answer {
    let words = "[API] Invalid API key or access token (unrecognized login or wrong password)";
    Answer::json(401, &json!({ "errors": words }))
}

fn shops(desk: &Desk) -> impl Iterator<Item = &Channel> {
    desk.world.channels().iter().filter(|channel| channel.platform == Platform::Shopify)
}

/// The page on which a person chooses the shop; without scripts.
fn consent(desk: &Desk, question: &Question, now: OffsetDateTime) -> Answer {
    let asked = |name: &str| question.query.get(name).map_or("", String::as_str);
    let Some(back) = desk.back(asked("redirect_uri")).filter(|_| asked("client_id") == desk.app.id) else {
        let words = "<p>The app or the address it leads back to is wrong.</p>";
        return Answer::page(400, "Oauth error invalid_request", words);
    };
    let choice = |channel: &Channel| {
        let holder = Holder::new(Some(channel.client), asked("state"));
        let code = desk.grant(CODE, holder, now.unix_timestamp());
        let stamp = now.unix_timestamp().to_string();
        let parts =
            [("code", code.as_str()), ("shop", &channel.external_id), ("state", asked("state")), ("timestamp", &stamp)];
        let link = format!("{back}?{}", signed(&desk.app.secret, &parts.into()));
        format!("<li><a href=\"{}\">{}</a></li>", html(&link), html(&channel.name))
    };
    let choices: String = shops(desk).map(choice).collect();
    let inside = format!("<p>Simulated Shopify. Choose the shop that the app may read.</p><ul>{choices}</ul>");
    Answer::page(200, "Install app", &inside)
}

/// The parts as a query with their signature: sorted, encoded as a form, HMAC-SHA256 in hex.
fn signed(secret: &str, parts: &BTreeMap<&str, &str>) -> String {
    // Forms encode two characters otherwise than addresses.
    let form = |text: &str| encoded(text).replace("%20", "+").replace('~', "%7E").replace("%2A", "*");
    let pairs: Vec<_> = parts.iter().map(|(name, value)| format!("{}={}", form(name), form(value))).collect();
    let text = pairs.join("&");
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return text };
    format!("{text}&hmac={}", hex::encode(mac.chain_update(text.as_bytes()).finalize().into_bytes()))
}

fn token(desk: &Desk, question: &Question, now: OffsetDateTime) -> Answer {
    let form = fields(&String::from_utf8_lossy(&question.body));
    let part = |name: &str| form.get(name).map_or("", String::as_str);
    let refused = |error: &str, words: &str| Answer::json(400, &json!({ "error": error, "error_description": words }));
    if part("client_id") != desk.app.id || part("client_secret") != desk.app.secret {
        return refused("application_cannot_be_found", "The client id or the secret is wrong.");
    }
    let (holder, from) = if part("grant_type") == "refresh_token" {
        let shown = part("refresh_token");
        match desk.granted(REFRESH, shown).filter(|_| desk.use_up(shown)) {
            // Another than before, even within the same second.
            Some((holder, from)) => (holder, now.unix_timestamp().max(from + 1)),
            None => return refused("invalid_request", "This refresh token was used, revoked or never given."),
        }
    } else {
        match desk.redeem(CODE, part("code"), now) {
            Some(holder) => (holder, now.unix_timestamp()),
            None => return refused("invalid_request", "The authorization code was not found or was already used."),
        }
    };
    let (access, refresh) = (desk.grant(ACCESS, holder, from), desk.grant(REFRESH, holder, from));
    Answer::json(
        200,
        &json!({ "access_token": access, "scope": SCOPE, "expires_in": LASTS, "refresh_token": refresh,
        "refresh_token_expires_in": 90 * 86_400 }),
    )
}

/// The shop whose token was shown, with the token.
fn allowed<'a>(desk: &'a Desk, question: &'a Question, now: OffsetDateTime) -> Option<(&'a Channel, &'a str)> {
    let token = question.headers.get("x-shopify-access-token")?;
    let (holder, from) = desk.granted(ACCESS, token)?;
    let shop = shops(desk).find(|shop| shop.client == holder.place)?;
    (now.unix_timestamp() < from + LASTS).then_some((shop, token))
}

fn errors(message: &str, code: Option<&str>) -> Answer {
    let extensions = code.map_or_else(|| json!({}), |code| json!({ "code": code }));
    Answer::json(200, &json!({ "errors": [{ "message": message, "extensions": extensions }] }))
}

/// What is said to somebody whose place in a list or file is no longer known.
pub(super) fn expired(question: &Question) -> Answer {
    if question.path.starts_with(FILES) {
        return bulk::refused(400, "ExpiredToken");
    }
    errors("Invalid cursor for current pagination sort.", None)
}

fn ask(desk: &Desk, shop: &Channel, question: &Question, now: OffsetDateTime) -> Answer {
    let Ok(body) = serde_json::from_slice::<Value>(&question.body) else {
        return Answer::json(400, &json!({ "errors": { "query": "Required parameter missing or invalid" } }));
    };
    let parsed = graphql::parse(body["query"].as_str().unwrap_or_default(), &body["variables"]);
    let asked = match parsed {
        Ok(asked) => asked,
        Err(words) => return errors(&words, None),
    };
    let until = desk.known(desk.world.client_of(shop), question, now).until;
    let mut data = serde_json::Map::new();
    let mut cost = 0;
    for field in &asked.fields {
        let value = match (asked.mutation, field.name.as_str()) {
            (false, "shop") => Ok(render::shop(desk, shop)),
            (false, "orders") => orders(desk, shop, field, until),
            (false, "ordersCount") => count(desk, shop, field, until),
            (false, "refund") => Ok(refund(desk, shop, &field.arguments, until)),
            (false, "bulkOperations") => Ok(bulk::operations(desk, shop, question)),
            (false, "bulkOperation") => Ok(bulk::operation(desk, shop, question, &field.arguments)),
            (true, "bulkOperationRunQuery") => Ok(bulk::start(desk, shop, &field.arguments, until, now)),
            (mutation, other) => {
                let root = if mutation { "Mutation" } else { "QueryRoot" };
                Err(format!("Field '{other}' doesn't exist on type '{root}'"))
            }
        };
        cost += field.arguments.get("first").and_then(Value::as_u64).unwrap_or(1) + 1;
        match value.and_then(|value| graphql::project(value, &field.inside)) {
            Ok(value) => data.insert(field.alias.clone(), value),
            Err(words) => return errors(&words, Some("undefinedField")),
        };
    }
    let throttle =
        json!({ "maximumAvailable": 2000.0, "currentlyAvailable": 2000 - cost.min(1000), "restoreRate": 100.0 });
    let cost = json!({ "requestedQueryCost": cost, "actualQueryCost": cost, "throttleStatus": throttle });
    Answer::json(200, &json!({ "data": data, "extensions": { "cost": cost } }))
}

/// A page of orders by the moment of their last change.
fn orders(desk: &Desk, shop: &Channel, field: &Field, until: OffsetDateTime) -> Result<Value, String> {
    let arguments = &field.arguments;
    let text = |name: &str| arguments.get(name).and_then(Value::as_str);
    if text("sortKey") != Some("UPDATED_AT") {
        return Err("orders are rehearsed with sortKey UPDATED_AT only".into());
    }
    let first = arguments.get("first").and_then(Value::as_u64).filter(|first| (1..=LARGEST).contains(first));
    let first = first.ok_or_else(|| format!("first must be from 1 to {LARGEST}"))? as usize;
    let since = filtered(text("query"))?;
    let from = match text("after") {
        None => (since, 0),
        Some(cursor) => place(cursor).ok_or("Invalid cursor for current pagination sort.")?.max((since, 0)),
    };
    let mut page = desk.world.orders_after(shop, from, until, first + 1);
    let more = page.len() > first;
    page.truncate(first);
    let cursor = page.last().map(|last| format!("{:x}-{:x}", last.updated_at.unix_timestamp(), last.number));
    let asked = render::nodes(field);
    let nodes: Vec<_> = page.iter().map(|order| render::order(desk, shop, order, &asked)).collect();
    Ok(render::connection("OrderConnection", nodes, more, cursor))
}

/// How many orders changed since then, no more than `limit`.
fn count(desk: &Desk, shop: &Channel, field: &Field, until: OffsetDateTime) -> Result<Value, String> {
    let since = filtered(field.arguments.get("query").and_then(Value::as_str))?;
    let limit = field.arguments.get("limit").and_then(Value::as_u64).unwrap_or(10_000) as usize;
    let all = desk.world.orders_after(shop, (since, 0), until, limit.saturating_add(1)).len();
    let precision = if all > limit { "AT_LEAST" } else { "EXACT" };
    Ok(json!({ "count": all.min(limit), "precision": precision, "__typename": "Count" }))
}

/// From when on a filter of orders looks; from the first if there is none.
fn filtered(query: Option<&str>) -> Result<OffsetDateTime, String> {
    match query.filter(|query| !query.is_empty()) {
        None => Ok(OffsetDateTime::UNIX_EPOCH),
        Some(query) => since(query).ok_or_else(|| format!("the filter {query} is not rehearsed")),
    }
}

/// `updated_at:>='2026-01-01T00:00:00Z'`, also with `>`.
fn since(query: &str) -> Option<OffsetDateTime> {
    let rest = query.trim().strip_prefix("updated_at:>")?;
    let (rest, later) = rest.strip_prefix('=').map_or((rest, 1), |rest| (rest, 0));
    let at = OffsetDateTime::parse(rest.trim_matches(['\'', '"']), &Rfc3339).ok()?;
    Some(at + Duration::seconds(later))
}

/// The place after the one that a cursor names.
fn place(cursor: &str) -> Option<(OffsetDateTime, u64)> {
    let (at, number) = cursor.split_once('-')?;
    let at = OffsetDateTime::from_unix_timestamp(i64::from_str_radix(at, 16).ok()?).ok()?;
    Some((at, u64::from_str_radix(number, 16).ok()?.checked_add(1)?))
}

fn refund(desk: &Desk, shop: &Channel, arguments: &BTreeMap<String, Value>, until: OffsetDateTime) -> Value {
    let id = arguments.get("id").and_then(Value::as_str);
    let number = id.and_then(|id| render::number("Refund", shop, id));
    let found = number.and_then(|number| {
        let order = desk.world.order_at(shop, number / 10, until)?;
        let refund = order.refunds.iter().find(|refund| refund.number == number)?;
        Some(render::refund(desk, shop, &order, refund))
    });
    found.unwrap_or_default()
}

#[cfg(test)]
mod tests;
