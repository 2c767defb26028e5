//! A provider for figures: TikTok's protocol over HTTP, with as many rows a day as asked for. A stand-in: what it reports
//! is counted, not true.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Query, State},
    routing::{get, post},
};
use serde_json::{Value, json};

/// The rows of a page, as many as TikTok gives.
const PAGE: usize = 1000;

pub struct Provider {
    pub url: String,
    world: Arc<World>,
}

struct World {
    /// Campaigns, groups and ads: rows a day at each level.
    entities: [usize; 3],
    latency: Mutex<Duration>,
    reports: AtomicUsize,
}

impl Provider {
    /// Serves on a port of its own.
    pub async fn start(entities: [usize; 3]) -> anyhow::Result<Self> {
        let world = Arc::new(World { entities, latency: Mutex::default(), reports: AtomicUsize::new(0) });
        let router = Router::new()
            .route("/open_api/v1.3/oauth2/access_token/", post(token))
            .route("/open_api/v1.3/oauth2/advertiser/get/", get(advertisers))
            .route("/open_api/v1.3/advertiser/info/", get(info))
            .route("/open_api/v1.3/report/integrated/get/", get(report))
            .with_state(world.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { url, world })
    }

    /// How long a report takes from now on.
    pub fn set_latency(&self, latency: Duration) {
        if let Ok(mut set) = self.world.latency.lock() {
            *set = latency;
        }
    }

    /// How many reports were asked for so far.
    pub fn reports(&self) -> usize {
        self.world.reports.load(Ordering::Relaxed)
    }
}

fn answer(data: &Value) -> Json<Value> {
    Json(json!({"code": 0, "message": "OK", "request_id": "r", "data": data}))
}

async fn token(Json(body): Json<Value>) -> Json<Value> {
    answer(&json!({"access_token": format!("t-{}", body["auth_code"].as_str().unwrap_or_default()), "scope": [1, 4]}))
}

async fn advertisers(headers: axum::http::HeaderMap) -> Json<Value> {
    let token = headers.get("access-token").and_then(|value| value.to_str().ok()).unwrap_or_default();
    answer(&json!({"list": [{"advertiser_id": format!("{token}-1")}]}))
}

async fn info(Query(query): Query<BTreeMap<String, String>>) -> Json<Value> {
    let ids: Vec<String> = serde_json::from_str(&query["advertiser_ids"]).unwrap_or_default();
    let describe = |id: &String| json!({"advertiser_id": id, "name": id, "currency": "EUR", "timezone": "Etc/UTC", "display_timezone": "Etc/UTC"});
    answer(&json!({"list": ids.iter().map(describe).collect::<Vec<_>>()}))
}

async fn report(State(world): State<Arc<World>>, Query(query): Query<BTreeMap<String, String>>) -> Json<Value> {
    world.reports.fetch_add(1, Ordering::Relaxed);
    let latency = world.latency.lock().map(|latency| *latency).unwrap_or_default();
    tokio::time::sleep(latency).await;
    let (entities, name) = match query["data_level"].as_str() {
        "AUCTION_CAMPAIGN" => (world.entities[0], "campaign_id"),
        "AUCTION_ADGROUP" => (world.entities[1], "adgroup_id"),
        _ => (world.entities[2], "ad_id"),
    };
    let format = time::macros::format_description!("[year]-[month]-[day]");
    let day = |name: &str| time::Date::parse(&query[name], format).map(time::Date::to_julian_day).unwrap_or_default();
    let (first, last) = (day("start_date"), day("end_date"));
    let days = usize::try_from(last - first + 1).unwrap_or_default();
    let (total, page) = (days * entities, query["page"].parse::<usize>().unwrap_or(1));
    let row = |number: usize| {
        let id = 1_700_000_000_000_000_000 + number / days;
        let day = time::Date::from_julian_day(first + i32::try_from(number % days).unwrap_or_default());
        let day = day.map(|day| day.to_string()).unwrap_or_default();
        json!({
            "dimensions": {name: id.to_string(), "stat_time_day": format!("{day} 00:00:00")},
            "metrics": {"campaign_id": "1", "campaign_name": "Campaign", "adgroup_id": "2", "adgroup_name": "Group",
                "ad_name": "Ad", "ad_text": "-", "spend": format!("{}.{:02}", number % 97, number % 100),
                "impressions": number.to_string(), "clicks": (number / 10).to_string(), "conversion": "1",
                "total_complete_payment_rate": "-", "total_purchase_value": "12.50", "total_onsite_shopping_value": "-"},
        })
    };
    let list: Vec<_> = ((page - 1) * PAGE..total.min(page * PAGE)).map(row).collect();
    let info = json!({"page": page, "page_size": PAGE, "total_number": total, "total_page": total.div_ceil(PAGE)});
    answer(&json!({"list": list, "page_info": info}))
}
