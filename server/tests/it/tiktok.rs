//! A stand-in for TikTok's API over HTTP, so that the engine can be proved against a truth that is known and faults that
//! no real provider makes on request. It is not what judges our requests: that is Prism with the provider's own
//! specification, beside the client.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use time::{Date, macros::format_description};

/// What it answers to the next report instead of the truth.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// None yet: this report is the truth.
    Later,
    /// HTTP 200 with a code that says failure.
    Code(i64),
    /// This status and no JSON.
    Status(u16),
    /// A report that breaks off.
    Half,
    /// A row of a day that nobody asked for.
    Foreign,
    /// Too many requests: come again in a second.
    Wait,
}

#[derive(Default)]
pub struct World {
    /// Answers to the next reports, the first first.
    pub faults: VecDeque<Fault>,
    /// Answers to all reports while it is set.
    pub down: Option<Fault>,
    /// Tokens that are no longer accepted.
    pub dead: Vec<String>,
    /// Cents added to what every ad of an account spent on a day.
    pub restated: HashMap<(String, Date), i64>,
    /// Path and token of every call.
    pub calls: Vec<(String, String)>,
    /// The tokens that were given back.
    pub revoked: Vec<String>,
    /// How long a report takes.
    pub latency: Duration,
    /// Tokens whose reports never come, and that are never taken back.
    pub silent: Vec<String>,
    /// Whether revoking fails.
    pub keeps: bool,
    /// How many accounts a consent reaches; one when not set.
    pub accounts: usize,
    /// Reports of more days than that are longer than a mebibyte.
    pub long_beyond: Option<usize>,
    /// How many such reports were given.
    pub long: usize,
    /// The account that counts in dollars, not in euros.
    pub in_dollars: Option<String>,
}

#[derive(Clone)]
pub struct TikTok {
    pub url: String,
    world: Arc<Mutex<World>>,
}

/// The rows of a page, so that a piece has several.
const PAGE: usize = 40;
/// (ad, group, campaign)
type Ad = (u32, u32, u32);
const ADS: [Ad; 5] = [(11, 101, 1001), (12, 101, 1001), (13, 102, 1001), (14, 103, 1002), (15, 103, 1002)];

pub const APP_SECRET: &str = "tt-app-secret-5f2c9e";

/// The token that consent with `code` gives.
pub fn token_of(code: &str) -> String {
    format!("tt-token-{code}-b7d1")
}

/// What an ad spent on a day, in cents.
pub fn spent(ad: u32, day: Date) -> i64 {
    (i64::from(day.to_julian_day()) * 37 + i64::from(ad) * 101) % 900 + 100
}

impl TikTok {
    pub async fn start() -> Self {
        let world = Arc::new(Mutex::new(World { accounts: 1, ..World::default() }));
        let router = Router::new()
            .route("/open_api/v1.3/oauth2/access_token/", post(token))
            .route("/open_api/v1.3/oauth2/revoke_token/", post(revoke))
            .route("/open_api/v1.3/oauth2/advertiser/get/", get(advertisers))
            .route("/open_api/v1.3/advertiser/info/", get(info))
            .route("/open_api/v1.3/report/integrated/get/", get(report))
            .with_state(world.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, world }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// How many reports were asked for so far.
    pub fn reports(&self) -> usize {
        self.world().calls.iter().filter(|(path, _)| path == "report").count()
    }

    /// What an account spent between two days, in cents.
    pub fn truth(&self, account: &str, first: Date, last: Date) -> i64 {
        let world = self.world();
        let days = (first.to_julian_day()..=last.to_julian_day()).map(|day| Date::from_julian_day(day).unwrap());
        days.map(|day| ADS.iter().map(|(ad, ..)| world.spent(account, *ad, day)).sum::<i64>()).sum()
    }
}

impl World {
    fn spent(&self, account: &str, ad: u32, day: Date) -> i64 {
        spent(ad, day) + self.restated.get(&(account.to_owned(), day)).copied().unwrap_or_default()
    }

    fn call(&mut self, what: &str, headers: &HeaderMap) -> Result<String, Box<Response>> {
        let token = headers.get("access-token").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        self.calls.push((what.to_owned(), token.clone()));
        if self.dead.contains(&token) || !token.starts_with("tt-token-") {
            return Err(Box::new(answer(40105, "Access token is incorrect or has been revoked.", &Value::Null)));
        }
        Ok(token)
    }
}

fn answer(code: i64, message: &str, data: &Value) -> Response {
    Json(json!({"code": code, "message": message, "request_id": "r", "data": data})).into_response()
}

type Shared = State<Arc<Mutex<World>>>;

async fn token(State(_): Shared, Json(body): Json<Value>) -> Response {
    let code = body["auth_code"].as_str().unwrap();
    if code == "bad" || body["secret"] != APP_SECRET {
        return answer(40002, "The auth_code is invalid.", &Value::Null);
    }
    let scope = if code == "narrow" { vec![44] } else { vec![1, 4] };
    let token = if code == "empty" { String::new() } else { token_of(code) };
    answer(0, "OK", &json!({"access_token": token, "scope": scope, "advertiser_ids": []}))
}

async fn revoke(State(world): Shared, Json(body): Json<Value>) -> Response {
    let token = body["access_token"].as_str().unwrap().to_owned();
    let (keeps, silent) = {
        let mut world = world.lock().unwrap();
        world.revoked.push(token.clone());
        (world.keeps, world.silent.contains(&token))
    };
    if silent {
        std::future::pending::<()>().await;
    }
    if keeps { StatusCode::BAD_GATEWAY.into_response() } else { answer(0, "OK", &json!({})) }
}

async fn advertisers(State(world): Shared, headers: HeaderMap) -> Response {
    let mut world = world.lock().unwrap();
    let token = match world.call("advertisers", &headers) {
        Ok(token) => token,
        Err(refused) => return *refused,
    };
    let code = token.trim_start_matches("tt-token-").trim_end_matches("-b7d1");
    let list: Vec<_> = (1..=world.accounts).map(|n| json!({"advertiser_id": format!("{code}-{n}")})).collect();
    answer(0, "OK", &json!({"list": list}))
}

async fn info(State(world): Shared, headers: HeaderMap, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let mut world = world.lock().unwrap();
    if let Err(refused) = world.call("info", &headers) {
        return *refused;
    }
    let currency = |id: &String| if world.in_dollars.as_ref() == Some(id) { "USD" } else { "EUR" };
    let ids: Vec<String> = serde_json::from_str(&query["advertiser_ids"]).unwrap();
    let describe = |id: &String| {
        json!({"advertiser_id": id, "name": format!("Account {id}"), "currency": currency(id), "timezone": "Etc/GMT",
               "display_timezone": "Europe/Berlin"})
    };
    answer(0, "OK", &json!({"list": ids.iter().map(describe).collect::<Vec<_>>()}))
}

async fn report(State(world): Shared, headers: HeaderMap, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let (fault, latency, silent) = {
        let mut world = world.lock().unwrap();
        let token = match world.call("report", &headers) {
            Ok(token) => token,
            Err(refused) => return *refused,
        };
        let account = &query["advertiser_id"];
        if !token.starts_with(&format!("tt-token-{}-", account.rsplit_once('-').unwrap().0)) {
            return answer(40001, "No permission to operate advertiser", &Value::Null);
        }
        (world.faults.pop_front().or(world.down), world.latency, world.silent.contains(&token))
    };
    if silent {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(latency).await;
    let rows = rows(&world.lock().unwrap(), &query);
    let page: usize = query["page"].parse().unwrap();
    let shown: Vec<_> = rows.iter().skip((page - 1) * PAGE).take(PAGE).cloned().collect();
    let info =
        json!({"page": page, "page_size": PAGE, "total_number": rows.len(), "total_page": rows.len().div_ceil(PAGE)});
    let mut data = json!({"list": shown, "page_info": info});
    {
        let mut world = world.lock().unwrap();
        if world.long_beyond.is_some_and(|most| days(&query).count() > most) {
            world.long += 1;
            data["padding"] = json!("x".repeat(1 << 20));
        }
    }
    match fault {
        None | Some(Fault::Later) => answer(0, "OK", &data),
        Some(Fault::Code(code)) => answer(code, "it does not work", &Value::Null),
        Some(Fault::Status(status)) => (StatusCode::from_u16(status).unwrap(), "<html>down</html>").into_response(),
        Some(Fault::Wait) => (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")], "slow down").into_response(),
        Some(Fault::Half) => {
            let whole = json!({"code": 0, "message": "OK", "data": data}).to_string();
            ([(header::CONTENT_TYPE, "application/json")], whole[..whole.len() / 2].to_owned()).into_response()
        }
        Some(Fault::Foreign) => {
            let mut list = shown;
            list[0]["dimensions"]["stat_time_day"] = json!("2001-01-01 00:00:00");
            answer(0, "OK", &json!({"list": list, "page_info": info}))
        }
    }
}

/// The days that a report is asked for.
fn days(query: &BTreeMap<String, String>) -> impl Iterator<Item = Date> + use<> {
    let format = format_description!("[year]-[month]-[day]");
    let day = |name: &str| Date::parse(&query[name], format).unwrap().to_julian_day();
    (day("start_date")..=day("end_date")).map(|day| Date::from_julian_day(day).unwrap())
}

fn rows(world: &World, query: &BTreeMap<String, String>) -> Vec<Value> {
    let (name, pick): (_, fn(&Ad) -> u32) = match query["data_level"].as_str() {
        "AUCTION_CAMPAIGN" => ("campaign_id", |ad| ad.2),
        "AUCTION_ADGROUP" => ("adgroup_id", |ad| ad.1),
        "AUCTION_AD" => ("ad_id", |ad| ad.0),
        other => panic!("level {other}"),
    };
    let mut ids: Vec<_> = ADS.iter().map(pick).collect();
    ids.dedup();
    let mut rows = Vec::new();
    for day in days(query) {
        for id in &ids {
            let mine = || ADS.iter().filter(|ad| pick(ad) == *id);
            let cents: i64 = mine().map(|ad| world.spent(&query["advertiser_id"], ad.0, day)).sum();
            let ad = mine().next().unwrap();
            rows.push(json!({
                "dimensions": {name: id.to_string(), "stat_time_day": format!("{day} 00:00:00")},
                "metrics": {
                    "campaign_id": ad.2.to_string(), "campaign_name": format!("Campaign {}", ad.2),
                    "adgroup_id": ad.1.to_string(), "adgroup_name": format!("Group {}", ad.1),
                    "ad_name": format!("Ad {}", ad.0), "ad_text": "-",
                    "spend": format!("{}.{:02}", cents / 100, cents % 100), "impressions": (cents * 10).to_string(),
                    "clicks": (cents / 10).to_string(), "conversion": "1", "total_complete_payment_rate": "-",
                    "total_purchase_value": "-", "total_onsite_shopping_value": "-",
                },
            }));
        }
    }
    rows
}
