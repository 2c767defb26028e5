//! The shop of the stand-in: its orders, the operations that were begun, and the storage of their files.

use serde_json::{Value, json};
use time::{Duration, format_description::well_known::Rfc3339};
use url::Url;

use super::{BEGUN, SIGNED, SINCE};

#[derive(Clone, Copy, Default, PartialEq)]
pub enum Storage {
    #[default]
    Whole,
    /// The next answer breaks off half-way.
    Cut,
    Expired,
    /// Every answer is the whole file.
    NoParts,
    /// The last line is missing.
    Short,
}

pub struct Operation {
    pub query: String,
    pub status: &'static str,
    pub code: Option<&'static str>,
}

#[derive(Default)]
pub struct World {
    pub orders: u32,
    pub operations: Vec<Operation>,
    pub starts: usize,
    /// What a start is refused with.
    pub refusal: Option<&'static str>,
    pub storage: Storage,
    /// Where the files seem to lie, when not here.
    pub elsewhere: Option<&'static str>,
    /// The heads of what was asked of the storage.
    pub downloads: Vec<String>,
    pub refunds: usize,
}

pub fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut headers = head.lines().filter_map(|line| line.split_once(": "));
    headers.find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn money(amount: impl std::fmt::Display) -> Value {
    json!({ "shopMoney": { "amount": format!("{amount}.10") } })
}

fn list(nodes: Vec<Value>) -> Value {
    json!({ "nodes": nodes, "pageInfo": { "hasNextPage": false, "endCursor": null } })
}

/// An order but for its shipping lines: every hundredth was paid back.
fn order(number: u32) -> Value {
    let refunds = if number.is_multiple_of(100) { vec![json!({ "id": refund_id(number) })] } else { Vec::new() };
    let changed = (SINCE + Duration::minutes(number.into())).format(&Rfc3339).unwrap();
    json!({
        "id": format!("gid://shopify/Order/{number}"), "name": format!("#{number}"), "test": number.is_multiple_of(7),
        "processedAt": changed, "updatedAt": changed, "cancelledAt": null, "taxesIncluded": number.is_multiple_of(2),
        "dutiesIncluded": false, "subtotalPriceSet": money(number + 100), "totalTaxSet": money(9),
        "originalTotalDutiesSet": null, "customer": { "id": "gid://shopify/Customer/Zoë" }, "refunds": refunds
    })
}

fn refund_id(number: u32) -> String {
    format!("gid://shopify/Refund/{number}")
}

/// None, one or two, with more taxes the more there are.
fn shipping_lines(number: u32) -> Vec<Value> {
    let line = |place| json!({ "discountedPriceSet": money(place + 4), "taxLines": [{ "priceSet": money(place) }] });
    (0..number % 3).map(line).collect()
}

impl World {
    pub fn answer(&mut self, body: &Value, here: &Url) -> Value {
        let (query, variables) = (body["query"].as_str().unwrap(), &body["variables"]);
        if query.starts_with("query Operations") {
            let nodes: Vec<_> = (0..self.operations.len()).rev().map(|place| self.operation(place, here)).collect();
            json!({ "bulkOperations": { "nodes": nodes } })
        } else if query.starts_with("query Operation(") {
            let place: usize = variables["id"].as_str().unwrap().rsplit('/').next().unwrap().parse().unwrap();
            json!({ "bulkOperation": self.operation(place, here) })
        } else if query.starts_with("query Count") {
            let count = u64::from(self.orders).min(variables["limit"].as_u64().unwrap());
            json!({ "ordersCount": { "count": count } })
        } else if query.starts_with("mutation Start") {
            assert!(query.contains("groupObjects: true"), "lines stand by their orders only when that is asked for");
            self.starts += 1;
            if let Some(message) = self.refusal {
                return json!({ "bulkOperationRunQuery": { "bulkOperation": null, "userErrors": [{ "message": message }] } });
            }
            let query = variables["query"].as_str().unwrap().to_owned();
            self.operations.push(Operation { query, status: "CREATED", code: None });
            let id = format!("gid://shopify/BulkOperation/{}", self.operations.len() - 1);
            json!({ "bulkOperationRunQuery": { "bulkOperation": { "id": id }, "userErrors": [] } })
        } else if query.starts_with("query Orders") {
            let skip: u32 = variables["after"].as_str().map_or(0, |cursor| cursor.parse().unwrap());
            let end = self.orders.min(skip + 25);
            let mut nodes: Vec<_> = (skip + 1..=end).map(order).collect();
            for (node, number) in nodes.iter_mut().zip(skip + 1..) {
                node["shippingLines"] = list(shipping_lines(number));
            }
            let info = json!({ "hasNextPage": end < self.orders, "endCursor": end.to_string() });
            json!({ "orders": { "pageInfo": info, "nodes": nodes } })
        } else {
            self.refunds += 1;
            let id = variables["id"].as_str().unwrap();
            json!({ "refund": { "id": id, "createdAt": BEGUN, "processedAt": BEGUN, "order": { "taxesIncluded": true },
                "refundLineItems": list(vec![json!({ "subtotalSet": money(50), "totalTaxSet": money(5) })]),
                "refundShippingLines": list(Vec::new()), "orderAdjustments": list(Vec::new()) } })
        }
    }

    fn operation(&self, place: usize, here: &Url) -> Value {
        let operation = &self.operations[place];
        let (file, completed) = (self.file(), operation.status == "COMPLETED");
        let host = self.elsewhere.unwrap_or(here.as_str());
        // Without orders there is no file.
        let url = (completed && self.orders > 0).then(|| format!("{host}files/bulk%2D{place}?{SIGNED}"));
        let found = if completed { self.orders } else { self.orders / 2 };
        json!({
            "id": format!("gid://shopify/BulkOperation/{place}"), "status": operation.status, "errorCode": operation.code,
            "createdAt": BEGUN, "query": operation.query, "rootObjectCount": found.to_string(),
            "fileSize": url.is_some().then(|| file.len().to_string()), "url": url
        })
    }

    fn file(&self) -> Vec<u8> {
        let mut lines = Vec::new();
        for number in 1..=self.orders {
            let order = order(number);
            lines.push(order.to_string());
            for mut line in shipping_lines(number) {
                line["__parentId"] = order["id"].clone();
                lines.push(line.to_string());
            }
        }
        if self.storage == Storage::Short {
            lines.truncate(lines.len() - 1);
        }
        lines.into_iter().flat_map(|line| format!("{line}\n").into_bytes()).collect()
    }

    /// The answer of the storage: status, headers, body, and whether it breaks off.
    pub fn part(&mut self, head: String) -> (&'static str, String, Vec<u8>, bool) {
        let asked = format!("GET /files/bulk%2D{}?{SIGNED} HTTP/1.1", self.operations.len() - 1);
        assert_eq!(head.lines().next(), Some(asked.as_str()), "the address is used as it was signed");
        let range = header(&head, "range").unwrap().strip_prefix("bytes=").unwrap().split_once('-').unwrap();
        let (first, last): (usize, usize) = (range.0.parse().unwrap(), range.1.parse().unwrap());
        self.downloads.push(head);
        let file = self.file();
        match self.storage {
            Storage::Expired => {
                let words = format!("<Error><Code>ExpiredToken</Code><Details>{SIGNED}</Details></Error>");
                return ("400 Bad Request", String::new(), words.into_bytes(), false);
            }
            Storage::NoParts => return ("200 OK", String::new(), file, false),
            _ => {}
        }
        let cut = self.storage == Storage::Cut;
        if cut {
            self.storage = Storage::Whole;
        }
        let last = last.min(file.len() - 1);
        let headers = format!("content-range: bytes {first}-{last}/{}\r\n", file.len());
        ("206 Partial Content", headers, file[first..=last].to_vec(), cut)
    }
}
