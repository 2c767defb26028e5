//! What long reports take of memory when the providers' own clients read them: streams of GAQL at Google Ads and insights of
//! Meta. A quarter of a year with a million rows must not take more than a week does. What answers is a stand-in in this
//! process: it makes each page anew and keeps nothing, and what it reports is counted, not true.

use std::{collections::BTreeMap, fmt::Write};

use anyhow::{Context, ensure};
use axum::{
    Json, Router,
    extract::{Path, Query},
    http::header,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use model::metric::{Account, Days};
use providers::{Ads, Call, Client, Credential, Limit, Settings};
use secrecy::SecretString;
use serde_json::{Value, json};
use time::{Date, macros::date};

use crate::{figures::Figures, memory};

const LAST: Date = date!(2026 - 03 - 31);
/// Days of the long reading and of the short one.
const LONG: i64 = 90;
const SHORT: i64 = 7;
/// Campaigns, groups and ads: rows a day at each level.
const ENTITIES: [usize; 3] = [112, 1000, 10_000];
/// So much more than the short reading the long one may take, in MiB; its rows together are several hundred.
const MORE_MIB: f64 = 64.0;

fn trailing(days: i64) -> Days {
    Days { first: LAST - time::Duration::days(days - 1), last: LAST }
}

/// Reads the reports of all these days as the product does, newest first, and keeps nothing; how many rows those were.
pub async fn read(ads: &dyn Ads, call: &Call<'_>, account: &Account, all: Days) -> anyhow::Result<usize> {
    let mut rows = 0;
    for days in all.newest_first(ads.piece()) {
        let mut page: Option<String> = None;
        loop {
            let found = ads.report(call, account, days, page.as_deref()).await?;
            rows += found.items.rows.len();
            page = found.next;
            if page.is_none() {
                break;
            }
        }
    }
    Ok(rows)
}

/// More memory than [`MORE_MIB`] is an error.
pub async fn bench(figures: &mut Figures) -> anyhow::Result<()> {
    for (key, name, router) in [("google_ads", "gaql", google()), ("meta_ads", "insights", meta())] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let provider = providers::find(key).with_context(|| format!("no provider {key}"))?;
        let ads = provider.ads().with_context(|| format!("no reports of {key}"))?;
        let named = provider.descriptor().settings.iter().map(|setting| setting.variable);
        let settings = Settings(named.map(|name| (name.to_owned(), SecretString::from("bench"))).collect());
        let limit = Limit { per_second: 100_000, burst: 100_000 };
        let http = Client::new()?.bind(url.parse()?, limit, provider.fault());
        let credential = Credential { access_token: SecretString::from("bench"), ..Credential::default() };
        let call = Call { http: &http, credential: &credential, settings: &settings };
        let account = Account {
            external_id: "1".to_owned(),
            name: "Bench".to_owned(),
            currency: "EUR".to_owned(),
            time_zone: "Etc/UTC".to_owned(),
            manager_id: None,
        };
        let process = std::process::id();
        let mut peaks = Vec::new();
        // The first time is not counted: whatever is made once is made then.
        for days in [SHORT, SHORT, LONG] {
            memory::forget_peak(process);
            let rows = read(ads, &call, &account, trailing(days)).await?;
            let expected = usize::try_from(days)? * ENTITIES.iter().sum::<usize>();
            ensure!(rows == expected, "{key}: {rows} rows of {days} days instead of {expected}");
            peaks.push((rows, memory::peak_mib(process)?));
        }
        let ((_, short), (rows, long)) = (peaks[1], peaks[2]);
        figures.add(&format!("{name}_rows"), rows as f64, "rows");
        figures.add(&format!("{name}_week_mib"), short, "MiB");
        figures.add(&format!("{name}_quarter_mib"), long, "MiB");
        let more = long - short;
        ensure!(
            more <= MORE_MIB,
            "{key}: a quarter of a year takes {more:.0} MiB more than a week: more than {MORE_MIB}"
        );
    }
    Ok(())
}

fn answer(body: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn google() -> Router {
    Router::new().route("/{version}/customers/{id}/googleAds:searchStream", post(stream))
}

/// All rows of a query in one chunk.
async fn stream(Json(body): Json<Value>) -> Response {
    let query = body["query"].as_str().unwrap_or_default();
    let resource = query.split(" FROM ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
    let count = match resource {
        "campaign" => ENTITIES[0],
        "ad_group" => ENTITIES[1],
        _ => ENTITIES[2],
    };
    let quoted: Vec<_> = query.split('\'').collect();
    let day = |place: usize| quoted.get(place).and_then(|text| day(text)).unwrap_or(LAST);
    let mut text = r#"[{"fieldMask":"metrics.costMicros,metrics.impressions","results":["#.to_owned();
    for (number, (day, entity)) in rows(Days { first: day(1), last: day(3) }, count).enumerate() {
        let comma = if number == 0 { "" } else { "," };
        let _ = write!(
            text,
            r#"{comma}{{"campaign":{{"id":"{entity}","name":"Campaign {entity}","status":"ENABLED"}},"adGroup":{{"id":"{entity}","name":"Group {entity}","status":"ENABLED"}},"adGroupAd":{{"ad":{{"id":"{entity}","name":"Ad {entity}"}},"status":"ENABLED"}},"segments":{{"date":"{day}"}},"metrics":{{"costMicros":"{entity}0000","impressions":"{entity}"}}}}"#
        );
    }
    text.push_str("]}]");
    answer(text)
}

fn day(text: &str) -> Option<Date> {
    Date::parse(text, time::macros::format_description!("[year]-[month]-[day]")).ok()
}

/// Each entity on each day.
fn rows(days: Days, count: usize) -> impl Iterator<Item = (Date, usize)> {
    let days = days.first.to_julian_day()..=days.last.to_julian_day();
    days.filter_map(|day| Date::from_julian_day(day).ok())
        .flat_map(move |day| (1..=count).map(move |entity| (day, entity)))
}

type Asked = Query<BTreeMap<String, String>>;

fn meta() -> Router {
    Router::new().route("/{version}/{node}", get(made)).route("/{version}/{node}/{edge}", get(edge).post(make))
}

/// A report's number tells its level and days: `1 2460000 2460029` without the blanks.
async fn make(Query(asked): Asked) -> Json<Value> {
    let (level, days) = wanted(&asked);
    let (first, last) = (days.first.to_julian_day(), days.last.to_julian_day());
    Json(json!({ "report_run_id": format!("{level}{first:07}{last:07}") }))
}

async fn made() -> Json<Value> {
    Json(json!({ "async_status": "Job Completed", "async_percent_completion": 100 }))
}

/// The level's place, and the days.
fn wanted(asked: &BTreeMap<String, String>) -> (usize, Days) {
    let text = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    let range: Value = serde_json::from_str(text("time_range")).unwrap_or_default();
    let day = |name: &str| range[name].as_str().and_then(day).unwrap_or(LAST);
    let level = ["campaign", "adset", "ad"].iter().position(|level| *level == text("level")).unwrap_or_default();
    (level, Days { first: day("since"), last: day("until") })
}

/// The same from a report's number.
fn remembered(run: &str) -> Option<(usize, Days)> {
    let day = |from: usize| Date::from_julian_day(run.get(from..from + 7)?.parse().ok()?).ok();
    let level = run.get(..1)?.parse::<usize>().ok().filter(|level| *level < ENTITIES.len())?;
    Some((level, Days { first: day(1)?, last: day(8)? }))
}

/// A page of a report, or of a list of objects.
async fn edge(Path((_, node, edge)): Path<(String, String, String)>, Query(asked): Asked) -> Response {
    let number = |name: &str| asked.get(name).and_then(|text| text.parse::<usize>().ok());
    let (skip, limit) = (number("after").unwrap_or_default(), number("limit").unwrap_or(25));
    let mut data = String::new();
    let total = if edge == "insights" {
        let (level, days) = remembered(&node).unwrap_or_else(|| wanted(&asked));
        for (day, entity) in rows(days, ENTITIES[level]).skip(skip).take(limit) {
            let comma = if data.is_empty() { "" } else { "," };
            let _ = write!(
                data,
                r#"{comma}{{"date_start":"{day}","date_stop":"{day}","account_currency":"EUR","attribution_setting":"7d_click_1d_view","campaign_id":"{entity}","campaign_name":"Campaign {entity}","adset_id":"{entity}","adset_name":"Set {entity}","ad_id":"{entity}","ad_name":"Ad {entity}","spend":"{entity}.50","impressions":"{entity}","clicks":"1","actions":[{{"action_type":"omni_purchase","value":"1"}}],"action_values":[{{"action_type":"omni_purchase","value":"12.50"}}]}}"#
            );
        }
        usize::try_from(days.count()).unwrap_or_default() * ENTITIES[level]
    } else {
        let level = ["campaigns", "adsets", "ads"].iter().position(|name| *name == edge).unwrap_or_default();
        for entity in (1..=ENTITIES[level]).skip(skip).take(limit) {
            let comma = if data.is_empty() { "" } else { "," };
            let _ = write!(data, r#"{comma}{{"id":"{entity}","name":"Object {entity}","effective_status":"ACTIVE"}}"#);
        }
        ENTITIES[level]
    };
    let after = skip + limit;
    let next = if after < total { r#","next":"https://graph.facebook.com/next""# } else { "" };
    answer(format!(r#"{{"data":[{data}],"paging":{{"cursors":{{"after":"{after}"}}{next}}}}}"#))
}
