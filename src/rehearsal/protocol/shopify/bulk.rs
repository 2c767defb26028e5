//! Bulk operations: all orders as a file that lies beside the shop and is read in parts.
//!
//! A file is as of the moment at which it was asked for. It is not kept: where each order's lines begin is, so that a part is
//! written when it is asked for. An operation is ready at the first question about it. As with Shopify, a node of a nested
//! connection has a line of its own that names its parent, the address is signed, and it ends after seven days.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{super::hold, Answer, Desk, Question, filtered, graphql, render, shops};
use crate::{plan::Channel, protocol::graphql::Field, random::Key, shop::Order};

/// Where files lie. Shopify keeps them at a storage of Google's.
pub(in crate::protocol) const FILES: &str = "/bulk-operation-outputs/";
/// How many operations of a shop are remembered.
const REMEMBERED: usize = 5;
const LASTS: Duration = Duration::days(7);

/// An operation that was asked for.
#[derive(Debug)]
pub(in crate::protocol) struct Operation {
    number: u64,
    shop: usize,
    query: String,
    created_at: OffsetDateTime,
    since: OffsetDateTime,
    until: OffsetDateTime,
    /// Where the lines of each order begin, and last where the file ends; empty until it is asked for.
    starts: Vec<u64>,
    /// The numbers of these orders.
    numbers: Vec<u64>,
    /// Fields of an order that are asked for.
    fields: Vec<Field>,
}

/// Begins an operation, or says why not.
pub(super) fn start(
    desk: &Desk,
    shop: &Channel,
    arguments: &BTreeMap<String, Value>,
    until: OffsetDateTime,
    now: OffsetDateTime,
) -> Value {
    let query = arguments.get("query").and_then(Value::as_str).unwrap_or_default();
    let made = read(query).map(|(since, fields)| {
        let mut all = hold(&desk.state.operations);
        let number = all.last().map_or(1, |last| last.number + 1);
        let mine: Vec<_> = all.iter().filter(|other| other.shop == shop.index).map(|other| other.number).collect();
        if mine.len() >= REMEMBERED {
            all.retain(|other| other.number != mine[0]);
        }
        let (query, created_at, shop) = (query.to_owned(), now, shop.index);
        let (starts, numbers) = (vec![], vec![]);
        all.push(Operation { number, shop, query, created_at, since, until, starts, numbers, fields });
        number
    });
    let (told, errors) = match made {
        Ok(number) => {
            let begun = json!({ "id": render::gid("BulkOperation", shop, number), "status": "CREATED", "errorCode": null,
                "type": "QUERY", "createdAt": render::moment(now), "completedAt": null, "query": query,
                "rootObjectCount": "0", "objectCount": "0", "fileSize": null, "url": null, "partialDataUrl": null,
                "__typename": "BulkOperation" });
            (begun, json!([]))
        }
        Err(words) => {
            let error = json!({ "field": ["query"], "message": words, "code": "INVALID",
                "__typename": "BulkOperationUserError" });
            (Value::Null, json!([error]))
        }
    };
    json!({ "bulkOperation": told, "userErrors": errors, "__typename": "BulkOperationRunQueryPayload" })
}

/// From when on a bulk query looks, and what it asks of each order.
fn read(query: &str) -> Result<(OffsetDateTime, Vec<Field>), String> {
    let asked = graphql::parse(query, &Value::Null).map_err(|words| format!("Invalid bulk query: {words}"))?;
    let [list] = asked.fields.as_slice() else {
        return Err("Bulk queries must have one top level connection.".into());
    };
    if asked.mutation || list.name != "orders" {
        return Err("Only bulk queries of orders are rehearsed.".into());
    }
    let fields: Vec<_> = render::nodes(list).into_iter().cloned().collect();
    if fields.is_empty() {
        return Err("Bulk queries must contain at least one connection.".into());
    }
    Ok((filtered(list.arguments.get("query").and_then(Value::as_str))?, fields))
}

/// The shop's operations, the newest first.
pub(super) fn operations(desk: &Desk, shop: &Channel, question: &Question) -> Value {
    let all = hold(&desk.state.operations);
    let mine = all.iter().rev().filter(|operation| operation.shop == shop.index);
    let mine: Vec<_> = mine.map(|operation| operation.number).collect();
    drop(all);
    let nodes = mine.into_iter().map(|number| describe(desk, shop, question, number)).collect();
    render::connection("BulkOperationConnection", nodes, false, None)
}

pub(super) fn operation(
    desk: &Desk,
    shop: &Channel,
    question: &Question,
    arguments: &BTreeMap<String, Value>,
) -> Value {
    let id = arguments.get("id").and_then(Value::as_str);
    let number = id.and_then(|id| render::number("BulkOperation", shop, id));
    number.map_or(Value::Null, |number| describe(desk, shop, question, number))
}

fn describe(desk: &Desk, shop: &Channel, question: &Question, number: u64) -> Value {
    let mut all = hold(&desk.state.operations);
    let Some(operation) = all.iter_mut().find(|one| one.number == number && one.shop == shop.index) else {
        return Value::Null;
    };
    operation.measure(desk, shop);
    let orders = operation.numbers.len();
    let size = operation.starts.last().copied().unwrap_or_default();
    // Whoever asks finds the file where the shop is.
    let host = question.headers.get("host").map_or("localhost", String::as_str);
    let signature = signature(desk, operation);
    let expires = (operation.created_at + LASTS).unix_timestamp();
    let address = format!("http://{host}{FILES}{number}.jsonl?Expires={expires}&Signature={signature}");
    let at = render::moment(operation.created_at);
    json!({ "id": render::gid("BulkOperation", shop, number), "status": "COMPLETED", "errorCode": null, "type": "QUERY",
        "createdAt": at, "completedAt": at, "query": operation.query, "rootObjectCount": orders.to_string(),
        "objectCount": orders.to_string(), "fileSize": (orders > 0).then(|| size.to_string()),
        "url": (orders > 0).then_some(address), "partialDataUrl": null, "__typename": "BulkOperation" })
}

fn signature(desk: &Desk, operation: &Operation) -> String {
    let key = Key::new(desk.world.seed()).name("bulk").name(&desk.app.secret).number(operation.number);
    let mut stream = key.number(operation.created_at.unix_timestamp().unsigned_abs()).stream();
    format!("{:016x}{:016x}", stream.bits(), stream.bits())
}

impl Operation {
    /// Finds where the lines of each order begin.
    fn measure(&mut self, desk: &Desk, shop: &Channel) {
        if self.starts.is_empty() {
            let mut end = 0;
            self.starts.push(0);
            for order in desk.world.orders(shop, self.since, self.until) {
                end += self.lines(desk, shop, &order).len() as u64;
                self.starts.push(end);
                self.numbers.push(order.number);
            }
        }
    }

    /// An order's line and those of what is in it.
    fn lines(&self, desk: &Desk, shop: &Channel, order: &Order) -> String {
        let asked: Vec<_> = self.fields.iter().collect();
        let mut whole = render::order(desk, shop, order, &asked);
        let (mut own, mut nested) = (vec![], vec![]);
        for field in &self.fields {
            let list = field.inside.iter().any(|inside| inside.name == "edges");
            if list { nested.push(field) } else { own.push(field.clone()) }
        }
        let mut below = String::new();
        for field in nested {
            let inside: Vec<_> = render::nodes(field).into_iter().cloned().collect();
            let nodes = whole[&field.name]["nodes"].take();
            for node in nodes.as_array().into_iter().flatten() {
                let mut line = graphql::project(node.clone(), &inside).unwrap_or_default();
                line["__parentId"] = whole["id"].clone();
                below.push_str(&format!("{line}\n"));
            }
        }
        let line = graphql::project(whole, &own).unwrap_or_default();
        format!("{line}\n{below}")
    }

    /// The bytes of the file from one to before another.
    fn part(&self, desk: &Desk, shop: &Channel, from: u64, to: u64) -> String {
        let first = self.starts.partition_point(|start| *start <= from) - 1;
        let last = self.starts.partition_point(|start| *start < to);
        let orders = self.numbers[first..last.min(self.numbers.len())].iter();
        let orders = orders.filter_map(|number| desk.world.order_at(shop, *number, self.until));
        let text: String = orders.map(|order| self.lines(desk, shop, &order)).collect();
        let within = |at: u64| ((at - self.starts[first]) as usize).min(text.len());
        // All of a file is ASCII, so that no letter is cut.
        text.get(within(from)..within(to)).unwrap_or_default().to_owned()
    }
}

/// How the storage refuses.
pub(super) fn refused(status: u16, code: &str) -> Answer {
    let body = format!("<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code></Error>");
    Answer { status, headers: vec![("content-type", "application/xml; charset=UTF-8".into())], body }
}

/// A part of a file, or all of it (RFC 9110, section 14).
pub(super) fn file(desk: &Desk, question: &Question, name: &str, now: OffsetDateTime) -> Answer {
    let all = hold(&desk.state.operations);
    let number = name.strip_suffix(".jsonl").and_then(|number| number.parse::<u64>().ok());
    let Some(operation) = all.iter().find(|operation| Some(operation.number) == number) else {
        return refused(404, "NoSuchKey");
    };
    if question.query.get("Signature") != Some(&signature(desk, operation)) {
        return refused(403, "SignatureDoesNotMatch");
    }
    if now > operation.created_at + LASTS {
        return refused(400, "ExpiredToken");
    }
    let Some(shop) = shops(desk).find(|shop| shop.index == operation.shop) else { return refused(404, "NoSuchKey") };
    let size = operation.starts.last().copied().unwrap_or_default();
    let kind = ("content-type", "application/jsonl".to_owned());
    let asked = question.headers.get("range").and_then(|range| range.strip_prefix("bytes="));
    let Some((first, last)) = asked.and_then(|range| range.split_once('-')) else {
        let body = operation.part(desk, shop, 0, size);
        return Answer { status: 200, headers: vec![kind, ("accept-ranges", "bytes".into())], body };
    };
    let first: u64 = first.parse().unwrap_or(0);
    if first >= size {
        let headers = vec![kind, ("content-range", format!("bytes */{size}"))];
        return Answer { status: 416, headers, body: String::new() };
    }
    let last = last.parse::<u64>().unwrap_or(u64::MAX).min(size - 1).max(first);
    let headers = vec![kind, ("content-range", format!("bytes {first}-{last}/{size}"))];
    Answer { status: 206, headers, body: operation.part(desk, shop, first, last + 1) }
}
