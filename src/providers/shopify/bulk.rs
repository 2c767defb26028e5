//! The first reading of a shop: its orders as one file, which Shopify makes by itself (a "bulk operation").
//!
//! In pages 25 orders cost about 750 points, so a big shop would take hours; a bulk operation costs its start and the
//! questions whether it is ready. What matters here (shopify.dev, "Perform bulk operations with the GraphQL Admin API"):
//! - An operation comes back with the query that it was given: that is how ours is found again after a pause or a kill.
//!   Nothing about it needs to be remembered while it runs, and no second one is started.
//! - At most five run at a time for each app and shop; a refusal stands in `userErrors`, within status 200.
//! - The query has at most five connections on two levels, none within a list, and selects by `edges` and `node` only: so
//!   the file names an order's refunds, and they are read one by one.
//! - The file has a JSON object a line. Nodes of a nested connection have lines of their own, which name their parent in
//!   `__parentId` and stand right below it only with `groupObjects`. Without any order there is no file.
//! - The file's address is signed, so it is a secret, and it ends after seven days: it is asked for again with each piece.

mod operation;

use std::time::Duration;

use http::{StatusCode, header};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use url::Url;

use super::{checked, filter, query, refund_of, request, wire};
use crate::{Answer, Bulk, Call, Error, Http, Order, Result, address, standard};

/// Where Shopify keeps the files; the only host beside a shop's own that is ever asked, and never with a token.
const STORAGE: &str = "https://storage.googleapis.com";
/// So many bytes are read at once: some hundreds of orders.
const PIECE: u64 = 512 << 10;
/// A piece ends after so many refunds, each of which is a call: what a limit interrupts is asked for again, so that a long piece
/// might never be read to its end.
const REFUNDS: usize = 25;
/// An order with its lines is never longer.
const LONGEST_ORDER: u64 = 16 << 20;
/// Fewer orders are there sooner in pages than as a file.
const FEW: u64 = 100;
/// An operation that ended is of use for so long; then another is started.
const FRESH: time::Duration = time::Duration::days(1);
/// How soon, and how late at most, a running operation is asked again.
const PAUSES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));

/// See [`crate::Shop::bulk`].
pub(super) async fn read(call: &Call<'_>, since: OffsetDateTime, place: Option<&str>) -> Result<Bulk> {
    if let Some(place) = place {
        let place = Place::read(place)?;
        let found: operation::OperationAnswer = query(call, operation::OPERATION, &json!({ "id": place.id })).await?;
        let operation = found.bulk_operation.filter(|operation| operation.status == "COMPLETED");
        return piece(call, &operation.ok_or(Error::CursorExpired)?, place).await;
    }
    match begin(call, since).await {
        Err(Error::Rejected(words)) => Ok(Bulk::Pages(format!("Shopify refuses a bulk operation: {words}"))),
        Err(Error::CursorExpired) => Ok(Bulk::Pages("Shopify's file of them can no longer be read".into())),
        result => result,
    }
}

/// Looks for an operation of ours that runs or ended of late, and starts one if there is none.
///
/// The caller's `since` moves with the clock, so its distance from the operation's tells how old that is.
async fn begin(call: &Call<'_>, since: OffsetDateTime) -> Result<Bulk> {
    let operation::OperationsAnswer { bulk_operations } = query(call, operation::OPERATIONS, &json!({})).await?;
    let ours = bulk_operations.nodes.into_iter().filter_map(|operation| {
        let age = since - since_of(&operation.query)?;
        let runs = ["CREATED", "RUNNING"].contains(&operation.status.as_str());
        (!age.is_negative() && (runs || age <= FRESH)).then_some((age, runs, operation))
    });
    let Some((age, runs, operation)) = ours.max_by_key(|(_, _, operation)| operation.created_at) else {
        return start(call, since).await;
    };
    if runs {
        let after = (age.unsigned_abs() / 4).clamp(PAUSES.0, PAUSES.1);
        return Ok(Bulk::Waits { after, ready: operation.orders()? });
    }
    if operation.status == "COMPLETED" {
        let place = Place { offset: 0, seen: 0, id: operation.id.clone() };
        return piece(call, &operation, place).await;
    }
    let code = operation.error_code.map(|code| format!(", {code}")).unwrap_or_default();
    Ok(Bulk::Pages(format!("Shopify's bulk operation ended as {}{code}", operation.status)))
}

async fn start(call: &Call<'_>, since: OffsetDateTime) -> Result<Bulk> {
    let filter = filter(since)?;
    let variables = json!({ "filter": filter, "limit": FEW });
    let operation::CountAnswer { orders_count } = query(call, operation::COUNT, &variables).await?;
    if orders_count.is_some_and(|orders| orders.count < FEW) {
        return Ok(Bulk::Pages("they are few".into()));
    }
    let variables = json!({ "query": wire::BULK.replace(wire::FILTER, &filter) });
    let answer: wire::Reply<operation::StartAnswer> = request(call, operation::START, &variables).once().send().await?;
    match answer.data.bulk_operation_run_query {
        Some(started) if started.bulk_operation.is_some() => Ok(Bulk::Waits { after: PAUSES.0, ready: 0 }),
        refused => {
            let errors = refused.into_iter().flat_map(|refused| refused.user_errors);
            let words: Vec<_> = errors.map(|error| error.message).collect();
            Err(Error::Rejected(words.join("; ")))
        }
    }
}

/// From when on an operation reads, if its query is ours.
fn since_of(query: &str) -> Option<OffsetDateTime> {
    let tight = |text: &str| text.split_whitespace().collect::<String>();
    let (query, ours) = (tight(query), tight(wire::BULK));
    let (head, tail) = ours.split_once(wire::FILTER)?;
    let filter = query.strip_prefix(head)?.strip_suffix(tail)?;
    let moment = filter.strip_prefix("updated_at:>='")?.strip_suffix('\'')?;
    OffsetDateTime::parse(moment, &Rfc3339).ok()
}

/// Where a piece begins. As a text: the byte in the file, how many orders stand before it, and the operation's id.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    offset: u64,
    seen: u64,
    id: String,
}

impl Place {
    fn read(text: &str) -> Result<Self> {
        let mut parts = text.splitn(3, ' ');
        let mut part = || parts.next().ok_or(Error::CursorExpired);
        let offset = part()?.parse().map_err(|_| Error::CursorExpired)?;
        let seen = part()?.parse().map_err(|_| Error::CursorExpired)?;
        Ok(Self { offset, seen, id: part()?.to_owned() })
    }
}

/// Reads a piece of the file, and the refunds of its orders. A file that is not what Shopify documents is left to the
/// pages, which judge each order by themselves.
async fn piece(call: &Call<'_>, operation: &operation::Operation, place: Place) -> Result<Bulk> {
    let (nodes, end) = match cut_out(call, operation, &place).await {
        Err(Error::Malformed(why) | Error::TooLarge(why)) => {
            return Ok(Bulk::Pages(format!("Shopify's file of them could not be read: {why}")));
        }
        result => result?,
    };
    let mut orders: Vec<Order> = Vec::with_capacity(nodes.len());
    for order in nodes {
        let mut refunds = Vec::with_capacity(order.refunds.len());
        for refund in &order.refunds {
            refunds.push(refund_of(call, &refund.id).await?);
        }
        orders.push(order.ours(refunds)?);
    }
    let (read, of) = (place.seen + u64::try_from(orders.len()).unwrap_or_default(), operation.orders()?);
    if end.is_none() && read < of {
        return Ok(Bulk::Pages(format!("Shopify's file holds {read} of {of} orders")));
    }
    let next = end.map(|offset| format!("{offset} {read} {}", place.id));
    Ok(Bulk::Piece { orders, read, of, as_of: operation.created_at, next })
}

/// The orders of a piece, and where the next begins if there is one.
async fn cut_out(
    call: &Call<'_>,
    operation: &operation::Operation,
    place: &Place,
) -> Result<(Vec<wire::OrderNode>, Option<u64>)> {
    let Some(url) = &operation.url else { return Ok((Vec::new(), None)) };
    let size = operation.file_size()?;
    let mut length = PIECE;
    while length <= LONGEST_ORDER {
        let (body, total) = download(call, url, place.offset, length).await?;
        if size.is_some_and(|size| size != total) {
            return Err(Error::Malformed(format!("it has {total} bytes and not those that were announced")));
        }
        let end = place.offset + u64::try_from(body.len()).unwrap_or_default();
        let (mut found, mut used) = orders_in(&body, end >= total)?;
        if let Some(last) = last_of(&found) {
            used = found[last].1;
            found.truncate(last + 1);
        }
        let orders: Vec<_> = found.into_iter().map(|(order, _)| order).collect();
        let next = place.offset + u64::try_from(used).unwrap_or_default();
        if next >= total {
            return Ok((orders, None));
        }
        if used > 0 {
            return Ok((orders, Some(next)));
        }
        length *= 2;
    }
    Err(Error::Malformed(format!("an order is longer than {} MiB", LONGEST_ORDER >> 20)))
}

/// The order after which a piece has enough refunds, if others follow it.
fn last_of(orders: &[(wire::OrderNode, usize)]) -> Option<usize> {
    let mut refunds = 0;
    let enough = |(order, _): &(wire::OrderNode, usize)| {
        refunds += order.refunds.len();
        refunds >= REFUNDS
    };
    orders.iter().position(enough).filter(|last| last + 1 < orders.len())
}

/// The orders whose lines are all in `body`, each with the byte at which its lines end, and how many bytes all are. Only the
/// end of the file tells that no more lines follow an order: until then the last one is left to the next piece.
fn orders_in(body: &[u8], ends: bool) -> Result<(Vec<(wire::OrderNode, usize)>, usize)> {
    let malformed = |error: serde_json::Error| Error::Malformed(error.to_string());
    let (mut orders, mut begins, mut end) = (Vec::<(Value, Vec<Value>)>::new(), Vec::new(), 0);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        if !line.ends_with(b"\n") && !ends {
            break;
        }
        let begin = end;
        end += line.len();
        if line.trim_ascii().is_empty() {
            continue;
        }
        let node: Value = serde_json::from_slice(line).map_err(malformed)?;
        match (node.get("__parentId").and_then(Value::as_str), orders.last_mut()) {
            (None, _) => {
                begins.push(begin);
                orders.push((node, Vec::new()));
            }
            (Some(parent), Some((order, lines))) if order["id"] == parent => lines.push(node),
            (Some(parent), _) => return Err(Error::Malformed(format!("a line stands apart from its order {parent}"))),
        }
    }
    if !ends {
        orders.pop();
        end = begins.pop().unwrap_or_default();
    }
    let each_end = begins.into_iter().skip(1).chain([end]);
    // What a page of orders would hold.
    let whole = |((mut order, lines), end): ((Value, Vec<Value>), usize)| {
        let fields = order.as_object_mut().ok_or_else(|| Error::Malformed("a line is no order".into()))?;
        let lines = json!({ "nodes": lines, "pageInfo": { "hasNextPage": false, "endCursor": null } });
        fields.insert("shippingLines".into(), lines);
        Ok((serde_json::from_value(order).map_err(malformed)?, end))
    };
    Ok((orders.into_iter().zip(each_end).map(whole).collect::<Result<_>>()?, end))
}

/// At most `length` bytes of the file from `offset` on, and how many it has.
async fn download(call: &Call<'_>, url: &str, offset: u64, length: u64) -> Result<(Vec<u8>, u64)> {
    let url: Url = url.parse().map_err(|_| Error::Malformed("its address is none".into()))?;
    let http = storage(call, &url)?;
    let range = format!("bytes={offset}-{}", offset + length - 1);
    let largest = usize::try_from(length).unwrap_or(usize::MAX);
    let request = http.get(url.path()).signed(url.query()).header("range", &range).at_most(largest);
    let answer = request.answer().await?;
    let came = u64::try_from(answer.body.len()).unwrap_or_default();
    let total = match answer.status {
        StatusCode::PARTIAL_CONTENT => total_of(&answer, offset, came),
        _ => (offset == 0).then_some(came),
    };
    let total = total.ok_or_else(|| Error::Malformed("another part came than was asked for".into()))?;
    Ok((answer.body, total))
}

/// How many bytes the whole has, if the part is the one from `offset` on (RFC 9110 §14.4).
fn total_of(answer: &Answer, offset: u64, came: u64) -> Option<u64> {
    let text = answer.headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    let (part, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = part.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    let total = total.parse().ok()?;
    (came > 0 && first == offset && last.checked_sub(first)? + 1 == came && last < total).then_some(total)
}

/// The client of the host where files lie: Shopify's storage, or what stands for the shop in tests.
fn storage(call: &Call<'_>, url: &Url) -> Result<Http> {
    let mut shop = call.http.base().clone();
    shop.set_path("");
    let replaced = checked(call.http.host()).is_err();
    let base = [Some(address(STORAGE)?), replaced.then_some(shop)]
        .into_iter()
        .flatten()
        .find(|base| base.origin() == url.origin() && url.username().is_empty() && url.password().is_none());
    let base = base.ok_or_else(|| Error::Malformed("it lies on a host that is not Shopify's storage".into()))?;
    Ok(call.http.beside(base, gone))
}

/// What the storage refuses can no longer be read: an address that ended, or another file.
fn gone(answer: &Answer) -> Option<Error> {
    match standard(answer)? {
        Error::Unauthorized(_) | Error::Rejected(_) => Some(Error::CursorExpired),
        error => Some(error),
    }
}

#[cfg(test)]
mod tests;
