//! A stand-in for one shop at Shopify over HTTP: tokens that last a minute and change with each renewal, orders in pages and
//! as a file, webhooks.
//! It is not what judges our requests: that is Shopify's own schema, beside the client.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Form, Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

pub const SHOP: &str = "acme.myshopify.com";
pub const APP_SECRET: &str = "sh-app-secret-77aa01";

#[derive(Clone)]
pub struct Order {
    pub number: u32,
    pub at: OffsetDateTime,
    pub changed: OffsetDateTime,
    /// Whole units of money, without taxes.
    pub goods: i64,
    /// What of it was paid back.
    pub refunded: Option<i64>,
}

/// A file of orders in the making.
pub struct Operation {
    query: String,
    pub status: &'static str,
    at: OffsetDateTime,
    file: String,
}

#[derive(Default)]
pub struct World {
    /// Where it listens.
    url: String,

    pub orders: Vec<Order>,
    /// How many tokens were given; only the newest works.
    pub given: u32,
    /// Every token that was ever given, access and refresh.
    pub tokens: Vec<String>,
    /// Tokens that somebody made by hand, with their scopes.
    pub made: BTreeMap<&'static str, Vec<&'static str>>,
    /// Whether nobody answers.
    pub down: bool,
    /// Whether taking a permission back fails.
    pub keeps: bool,
    /// What it says of a token that does not work, if not the usual.
    pub says: Option<String>,
    /// Whether renewing is refused.
    pub refuses: bool,
    /// So many of the next calls are told that their token does not work, although it does.
    pub forgets: usize,
    /// How many reads of orders were made.
    pub reads: usize,
    pub operations: Vec<Operation>,
    /// The first byte of each part of a file that was asked for.
    pub parts: Vec<usize>,
    /// Where the shop counts its days, if not in Berlin.
    pub zone: Option<&'static str>,
    /// In what it counts, if not in euros.
    pub currency: Option<&'static str>,
    /// How long the storage takes for a part.
    pub latency: Duration,
    pub renewed: usize,
    pub revoked: Vec<String>,
}

#[derive(Clone)]
pub struct Shopify {
    pub url: String,
    world: Arc<Mutex<World>>,
}

type Shared = State<Arc<Mutex<World>>>;

impl Shopify {
    pub async fn start() -> Self {
        let world = Arc::<Mutex<World>>::default();
        let router = Router::new()
            .route("/admin/oauth/access_token", post(token))
            .route("/admin/api/2026-07/graphql.json", post(graphql))
            .route("/admin/api_permissions/current.json", delete(revoke))
            .route("/files/{place}", get(part))
            .with_state(world.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        world.lock().unwrap().url.clone_from(&url);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, world }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }
}

fn mac(text: &[u8]) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(APP_SECRET.as_bytes()).unwrap();
    mac.chain_update(text).finalize().into_bytes().to_vec()
}

/// The way back from consent as Shopify signs it.
pub fn signed_return(code: &str, state: &str) -> String {
    let parts = BTreeMap::from([("code", code), ("shop", SHOP), ("state", state), ("timestamp", "1770000000")]);
    let text = reqwest::Url::parse_with_params("http://x", &parts).unwrap().query().unwrap().to_owned();
    format!("{text}&hmac={}", hex::encode(mac(text.as_bytes())))
}

/// The signature of a webhook's body.
pub fn signature(body: &str) -> String {
    STANDARD.encode(mac(body.as_bytes()))
}

async fn token(State(world): Shared, Form(form): Form<BTreeMap<String, String>>) -> Response {
    let mut world = world.lock().unwrap();
    let refused = |words: &str| {
        let body = json!({"error": "invalid_request", "error_description": words});
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    };
    assert_eq!(form["client_secret"], APP_SECRET);
    if let Some(refresh) = form.get("refresh_token") {
        if world.refuses || *refresh != format!("sh-refresh-{}-c0ffee", world.given) {
            return refused("This refresh token was used or revoked");
        }
        world.renewed += 1;
    }
    world.given += 1;
    let (access, refresh) = (format!("sh-access-{}-c0ffee", world.given), format!("sh-refresh-{}-c0ffee", world.given));
    world.tokens.extend([access.clone(), refresh.clone()]);
    // Shorter than the margin before which tokens are renewed: every reading renews.
    let body = json!({"access_token": access, "refresh_token": refresh, "expires_in": 60, "scope": "read_orders,read_customers"});
    Json(body).into_response()
}

/// The scopes of the token that came; none when it does not work.
fn scopes(world: &World, headers: &HeaderMap) -> Option<Vec<&'static str>> {
    let token = headers.get("x-shopify-access-token")?.to_str().ok()?;
    let given = token == format!("sh-access-{}-c0ffee", world.given);
    if given { Some(vec!["read_orders", "read_customers"]) } else { world.made.get(token).cloned() }
}

async fn revoke(State(world): Shared, headers: HeaderMap) -> StatusCode {
    let mut world = world.lock().unwrap();
    let token = headers["x-shopify-access-token"].to_str().unwrap().to_owned();
    world.revoked.push(token);
    if world.keeps { StatusCode::BAD_GATEWAY } else { StatusCode::OK }
}

fn money(amount: i64) -> Value {
    json!({"shopMoney": {"amount": format!("{amount}.00")}})
}

async fn graphql(State(world): Shared, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    let mut world = world.lock().unwrap();
    if world.down {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    let forgets = world.forgets > 0;
    world.forgets = world.forgets.saturating_sub(1);
    let Some(scopes) = scopes(&world, &headers).filter(|_| !forgets) else {
        let usual = "[API] Invalid API key or access token (unrecognized login or wrong password)";
        let body = json!({"errors": world.says.as_deref().unwrap_or(usual)});
        return (StatusCode::UNAUTHORIZED, Json(body)).into_response();
    };
    let query = body["query"].as_str().unwrap();
    let end = json!({"hasNextPage": false, "endCursor": null});
    let data = if query.starts_with("query Shop") {
        let (zone, currency) = (world.zone.unwrap_or("Europe/Berlin"), world.currency.unwrap_or("EUR"));
        json!({"shop": {"name": "Acme Shop", "currencyCode": currency, "ianaTimezone": zone, "myshopifyDomain": SHOP}})
    } else if query.starts_with("query Scopes") {
        let scopes: Vec<_> = scopes.iter().map(|scope| json!({"handle": scope})).collect();
        json!({"currentAppInstallation": {"accessScopes": scopes}})
    } else if query.starts_with("query Orders") {
        world.reads += 1;
        let filter = body["variables"]["filter"].as_str().unwrap();
        let mut orders = world.changed(filter);
        orders.sort_by_key(|order| order.changed);
        let first = usize::try_from(body["variables"]["first"].as_u64().unwrap()).unwrap();
        let skip = body["variables"]["after"].as_str().map_or(0, |cursor| cursor.parse::<usize>().unwrap());
        let nodes: Vec<_> = orders.iter().skip(skip).take(first).map(|order| node(order)).collect();
        let more = skip + nodes.len() < orders.len();
        let info = json!({"hasNextPage": more, "endCursor": (skip + nodes.len()).to_string()});
        json!({"orders": {"pageInfo": info, "nodes": nodes}})
    } else if let Some(data) = bulk(&mut world, query, &body["variables"]) {
        data
    } else {
        let id = body["variables"]["id"].as_str().unwrap();
        let number: u32 = id.rsplit('/').next().unwrap().parse().unwrap();
        let order = world.orders.iter().find(|order| order.number == number).unwrap();
        let amount = money(order.refunded.unwrap());
        let at = order.changed.format(&Rfc3339).unwrap();
        json!({"refund": {"id": id, "createdAt": at, "processedAt": at, "order": {"taxesIncluded": false},
            "refundLineItems": {"pageInfo": end, "nodes": [{"subtotalSet": amount, "totalTaxSet": money(0)}]},
            "refundShippingLines": {"pageInfo": end, "nodes": []}, "orderAdjustments": {"pageInfo": end, "nodes": []}}})
    };
    Json(json!({"data": data})).into_response()
}

impl World {
    fn changed(&self, filter: &str) -> Vec<&Order> {
        let since = filter.trim_start_matches("updated_at:>='").trim_end_matches('\'');
        let since = OffsetDateTime::parse(since, &Rfc3339).unwrap();
        self.orders.iter().filter(|order| order.changed >= since).collect()
    }

    /// Ends the operations that run; their files hold the orders as they are now, the newest first.
    pub fn complete_operations(&mut self) {
        for place in 0..self.operations.len() {
            let filter = self.operations[place].query.split('"').nth(1).unwrap().to_owned();
            let mut orders = self.changed(&filter);
            orders.sort_by_key(|order| std::cmp::Reverse(order.changed));
            let lines = orders.into_iter().map(|order| {
                let mut node = node(order);
                node.as_object_mut().unwrap().remove("shippingLines");
                format!("{node}\n")
            });
            let file = lines.collect();
            (self.operations[place].file, self.operations[place].status) = (file, "COMPLETED");
        }
    }

    fn operation(&self, place: usize) -> Value {
        let Operation { query, status, at, file } = &self.operations[place];
        let completed = *status == "COMPLETED";
        json!({"id": format!("gid://shopify/BulkOperation/{place}"), "status": status, "errorCode": null,
            "createdAt": at.format(&Rfc3339).unwrap(), "query": query,
            "rootObjectCount": file.lines().count().to_string(), "fileSize": completed.then(|| file.len().to_string()),
            "url": completed.then(|| format!("{}/files/{place}?Signature=sh-signature-5eed", self.url))})
    }
}

/// What concerns files of orders.
fn bulk(world: &mut World, query: &str, variables: &Value) -> Option<Value> {
    if query.starts_with("query Operations") {
        let nodes: Vec<_> = (0..world.operations.len()).rev().map(|place| world.operation(place)).collect();
        Some(json!({"bulkOperations": {"nodes": nodes}}))
    } else if query.starts_with("query Operation(") {
        let place: usize = variables["id"].as_str().unwrap().rsplit('/').next().unwrap().parse().unwrap();
        Some(json!({"bulkOperation": world.operation(place)}))
    } else if query.starts_with("query Count") {
        Some(json!({"ordersCount": {"count": world.changed(variables["filter"].as_str().unwrap()).len()}}))
    } else if query.starts_with("mutation Start") {
        let query = variables["query"].as_str().unwrap().to_owned();
        let at = world.orders.iter().map(|order| order.changed).max().unwrap();
        world.operations.push(Operation { query, status: "CREATED", at, file: String::new() });
        let id = format!("gid://shopify/BulkOperation/{}", world.operations.len() - 1);
        Some(json!({"bulkOperationRunQuery": {"bulkOperation": {"id": id}, "userErrors": []}}))
    } else {
        None
    }
}

/// A part of a file, without any token.
async fn part(State(world): Shared, Path(place): Path<usize>, headers: HeaderMap) -> Response {
    assert!(!headers.contains_key("x-shopify-access-token"), "the storage is no shop");
    let range = headers["range"].to_str().unwrap().trim_start_matches("bytes=").split_once('-').unwrap();
    let (first, last): (usize, usize) = (range.0.parse().unwrap(), range.1.parse().unwrap());
    let (file, latency) = {
        let mut world = world.lock().unwrap();
        world.parts.push(first);
        (world.operations[place].file.clone(), world.latency)
    };
    tokio::time::sleep(latency).await;
    let last = last.min(file.len() - 1);
    let range = format!("bytes {first}-{last}/{}", file.len());
    (StatusCode::PARTIAL_CONTENT, [("content-range", range)], file[first..=last].to_owned()).into_response()
}

fn node(order: &Order) -> Value {
    let time = |at: OffsetDateTime| at.format(&Rfc3339).unwrap();
    let refunds: Vec<_> =
        order.refunded.iter().map(|_| json!({"id": format!("gid://shopify/Refund/{}", order.number)})).collect();
    json!({"id": format!("gid://shopify/Order/{}", order.number), "name": format!("#{}", order.number), "test": false,
        "processedAt": time(order.at), "updatedAt": time(order.changed), "cancelledAt": null, "taxesIncluded": false,
        "dutiesIncluded": false, "subtotalPriceSet": money(order.goods), "totalTaxSet": money(19),
        "originalTotalDutiesSet": null,
        "shippingLines": {"pageInfo": {"hasNextPage": false, "endCursor": null}, "nodes": []},
        "customer": {"id": "gid://shopify/Customer/1"}, "refunds": refunds})
}
