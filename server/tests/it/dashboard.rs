//! The dashboard over HTTP and on its page: what a new agency sees, who sees what of whom, and that a card that fails leaves the
//! others. Its figures are held against the rows in `figures.rs`.

pub mod figures;
mod formula;
mod missing;
mod pages;
mod size;

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use sqlx::PgPool;
use time::Date;

use crate::support::{Browser, TestApp, execute};

const PERSONAS: [&str; 3] = ["cmo", "vp_growth", "director"];

/// A source of a client that counts in a currency and a zone.
pub async fn source(olga: &Browser, client: &str, holds: &str, currency: &str, zone: &str) -> String {
    let name = format!("{holds} {currency} {zone} {}", &client[24..]);
    let new = json!({"name": name, "holds": holds, "currency": currency, "time_zone": zone,
        "client_id": client});
    olga.create("/api/v1/imports/sources", &new).await
}

pub async fn push(olga: &Browser, source: &str, rows: Vec<Value>) {
    let answer = olga.post("/api/v1/ingest/file", &json!({"source_id": source, "rows": rows})).await;
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
}

pub fn today(app: &TestApp) -> Date {
    app.service.clock.now().date()
}

/// Days of advertising and of a shop's books until `last`, no two alike.
pub fn days(last: Date, many: i64, holds: &str) -> Vec<Value> {
    let row = |ago: i64| {
        let day = (last - time::Duration::days(ago)).to_string();
        if holds == "shop" {
            return json!({"day": day, "orders": 9 + ago % 7 + ago % 3, "ledger_revenue": format!("{}.{:02}", 500 + ago % 7 * 31, ago % 100)});
        }
        // It all but stops in the end.
        let (spend, clicks) = if ago < 3 { (1, 1) } else { (100 + ago % 7, 200 + ago % 7 * 20 + ago % 3) };
        json!({"day": day, "spend": format!("{spend}.{:02}", ago % 100), "impressions": 10_000 + ago % 7 * 900, "clicks": clicks,
            "conversions": 10 + ago % 5, "claimed_revenue": 900 + ago % 11 * 9})
    };
    (0..many).map(row).collect()
}

/// A client with advertising and a shop of so many days that end yesterday.
pub async fn furnish(app: &TestApp, olga: &Browser, name: &str, many: i64) -> String {
    let client =
        olga.create("/api/v1/clients", &json!({"name": name, "currency": "EUR", "margin_percent": "40"})).await;
    let yesterday = today(app).previous_day().unwrap();
    for holds in ["ads", "shop"] {
        let source = source(olga, &client, holds, "EUR", "UTC").await;
        push(olga, &source, days(yesterday, many, holds)).await;
    }
    client
}

/// An agency that counts in euros.
pub async fn agency(app: &TestApp) -> Browser {
    let olga = app.owner("olga@acme.test", "Acme").await;
    assert_eq!(olga.send("PATCH", "/api/v1/organization", &json!({"currency": "EUR"})).await.status(), 200);
    olga
}

pub async fn think(olga: &Browser) {
    let asked: Value = olga.post("/api/v1/brain/compute", &json!({})).await.json().await.unwrap();
    let path = format!("/api/v1/brain/cycles/{}", asked["id"].as_str().unwrap());
    for _ in 0..600 {
        let cycle = olga.json(&path).await;
        assert_ne!(cycle["state"], "failed", "{cycle}");
        if cycle["state"] == "done" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the cycle did not end");
}

/// The figures of a page by their ids, as they stand on it.
pub fn shown(page: &str) -> BTreeMap<String, String> {
    let one = |rest: &str| {
        let (id, rest) = rest.split_once('"').unwrap();
        let text = rest.split_once('>').unwrap().1.split('<').next().unwrap();
        (id.to_owned(), text.to_owned())
    };
    page.split("data-figure=\"").skip(1).map(one).collect()
}

/// The ids of all numbers of an answer of the dashboard.
fn ids(answer: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = vec![answer];
    while let Some(value) = rest.pop() {
        match value {
            Value::Object(map) => {
                if map.contains_key("shown") {
                    found.push(map["id"].as_str().unwrap().to_owned());
                }
                rest.extend(map.values());
            }
            Value::Array(items) => rest.extend(items),
            _ => {}
        }
    }
    found
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_new_agency_sees_no_figure_and_the_way_to_one(pool: PgPool) {
    let app = TestApp::start(pool).await;
    // Another agency that has something.
    let bert = app.owner("bert@beta.test", "Beta").await;
    furnish(&app, &bert, "Brewery", 40).await;

    let olga = app.owner("olga@acme.test", "Acme").await;
    assert_eq!(olga.get("/").await.headers()["location"], "/dashboard");
    let nothing = olga.json("/api/v1/dashboard").await;
    assert_eq!((ids(&nothing), &nothing["figures"]), (Vec::new(), &json!([])), "{nothing}");
    for part in ["changed", "risk"] {
        assert_eq!(nothing[part], Value::Null, "{nothing}");
    }
    for persona in PERSONAS {
        let page = olga.get(&format!("/dashboard?persona={persona}")).await.text().await.unwrap();
        assert!(!page.contains("data-figure") && !page.contains("Brewery"), "{page}");
        for words in ["Nothing is connected yet", "Connect an account", "Nothing has been analysed yet"] {
            assert!(page.contains(words), "{words} is not in {page}");
        }
        assert!(!page.contains("rehearsal agency"), "this server has none: {page}");
    }
    // A client without anything has nothing either.
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery"})).await;
    let page = olga.get(&format!("/clients/{client}/dashboard")).await.text().await.unwrap();
    assert!(page.contains("Nothing of this client was read yet") && !page.contains("data-figure"), "{page}");
    for (query, field) in [("persona=ceo", "persona"), ("client_id=x", "client_id"), ("as_of=yesterday", "as_of")] {
        let answer = olga.get(&format!("/api/v1/dashboard?{query}")).await;
        assert_eq!(answer.status(), 422, "{query}");
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["field"], field, "{query}");
    }
    // A page says once what of its address cannot be read, and shows the rest.
    for wrong in ["persona=ceo", "as_of=yesterday", "persona=ceo&as_of=yesterday"] {
        let answer = olga.get(&format!("/dashboard?{wrong}")).await;
        assert_eq!(answer.status(), 422, "{wrong}");
        let page = answer.text().await.unwrap();
        assert_eq!(page.matches("data-test=\"wrong-address\"").count(), 1, "{wrong}: {page}");
        for (words, told) in [("The moment in the address", "as_of"), ("The address names nobody", "persona")] {
            assert_eq!(page.contains(words), wrong.contains(told), "{words}, {wrong}: {page}");
        }
        for part in ["headline-empty", "figures-empty", "card memory", "next-empty", "sources-empty"] {
            assert!(page.contains(&format!("data-test=\"{part}\"")), "{part} is not in {page}");
        }
        assert!(!page.contains("failed-part") && !page.contains("data-test=\"past\""), "{wrong}: {page}");
    }
    let answer = olga.get("/dashboard?persona=director&as_of=2026-11-03T12:00").await;
    assert_eq!(answer.status(), 200);
    let page = answer.text().await.unwrap();
    for there in ["data-test=\"past\"", "2026-11-03 12:00 UTC", "value=\"2026-11-03T12:00\"", "value=\"director\""] {
        assert!(page.contains(there), "{there} is not in {page}");
    }
    assert!(!page.contains("wrong-address") && !page.contains("failed-part"), "{page}");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn everybody_sees_what_is_of_their_clients(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = agency(&app).await;
    let (bakery, brewery) = (furnish(&app, &olga, "Bakery", 60).await, furnish(&app, &olga, "Brewery", 60).await);
    think(&olga).await;
    let max = app.join(&olga, "max@acme.test", "manager").await;
    let mel = app.join(&olga, "mel@acme.test", "member").await;
    for browser in [&max, &mel] {
        let nothing = browser.json("/api/v1/dashboard").await;
        assert_eq!(nothing["figures"], json!([]), "who has no client sees no figure");
        assert_eq!(nothing["sources"], json!([]));
    }
    for browser in [&max, &mel] {
        let member = browser.member_id().await;
        olga.create("/api/v1/assignments", &json!({"member_id": member, "client_id": bakery})).await;
    }
    let figure = |answer: &Value, key: &str| {
        let figures = answer["figures"].as_array().unwrap().clone();
        figures.into_iter().find(|figure| figure["key"] == key).unwrap()["now"].clone()
    };
    let all = olga.json("/api/v1/dashboard").await;
    let own = olga.json(&format!("/api/v1/dashboard?client_id={bakery}")).await;
    for browser in [&max, &mel] {
        let seen = browser.json("/api/v1/dashboard").await;
        for key in ["spend", "ledger_revenue", "orders", "claimed_revenue"] {
            assert_eq!(figure(&seen, key)["value"], figure(&own, key)["value"], "{key}");
            assert_ne!(figure(&seen, key)["value"], figure(&all, key)["value"], "{key}");
            // The agency's figure is that of all who are in sight of whoever opens it.
            let id = figure(&all, key)["id"].as_str().unwrap().to_owned();
            let opened = browser.json(&format!("/api/v1/figures/{id}")).await;
            assert_eq!(opened["value"], figure(&own, key)["value"], "{key}");
            assert!(!opened.to_string().contains("Brewery"), "{opened}");
        }
        let page = browser.get("/dashboard").await.text().await.unwrap();
        assert!(page.contains("Bakery") && !page.contains("Brewery"), "{page}");
        for path in [format!("/api/v1/dashboard?client_id={brewery}"), format!("/clients/{brewery}/dashboard")] {
            assert_eq!(browser.get(&path).await.status(), 404, "{path}");
        }
        let theirs = olga.json(&format!("/api/v1/dashboard?client_id={brewery}")).await;
        for id in ids(&theirs) {
            assert_eq!(browser.get(&format!("/api/v1/figures/{id}")).await.status(), 404, "{id}");
        }
    }
    // Who may not see runs is told that there were some, and nothing of them.
    let spend = figure(&own, "spend")["id"].as_str().unwrap().to_owned();
    let runs = async |browser: &Browser| browser.json(&format!("/api/v1/figures/{spend}")).await["sync_runs"].clone();
    assert_eq!(runs(&max).await[0]["cause"], "import");
    assert_eq!((&runs(&mel).await[0]["cause"], &runs(&mel).await[0]["id"]), (&Value::Null, &runs(&max).await[0]["id"]));

    let nia = app.owner("nia@other.test", "Other").await;
    for id in ids(&all).into_iter().chain(ids(&own)) {
        let answer = nia.get(&format!("/api/v1/figures/{id}")).await;
        assert_eq!(answer.status(), 404, "{id}");
        assert_eq!(nia.get(&format!("/figures/{id}")).await.status(), 404, "{id}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_card_that_fails_leaves_the_others(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = agency(&app).await;
    furnish(&app, &olga, "Bakery", 60).await;
    think(&olga).await;
    let page = async || olga.get("/dashboard").await.text().await.unwrap();
    let whole = page().await;
    let parts = [
        "data-test=\"figure spend\"",
        "data-test=\"changed\"",
        "data-test=\"card memory\"",
        "data-test=\"card oracle\"",
        "data-test=\"card curiosity\"",
        "data-test=\"next\"",
        "data-test=\"source\"",
    ];
    for part in parts {
        assert!(whole.contains(part), "{part} is not in {whole}");
    }
    assert!(!whole.contains("could not be loaded"), "{whole}");
    // What is out of order, how it is mended, and which parts fail with it: no others do.
    let cases: [(&str, &str, &[&str]); 4] = [
        (
            "alter table brain_result rename to gone",
            "alter table gone rename to brain_result",
            &["What changed", "Memory", "Oracle", "Curiosity", "What to do next"],
        ),
        ("alter table exchange_rate rename to gone", "alter table gone rename to exchange_rate", &["The main figures"]),
        (
            "alter table action rename column proposed_at to gone",
            "alter table action rename column gone to proposed_at",
            &["What to do next"],
        ),
        ("alter table metric_moment rename to gone", "alter table gone rename to metric_moment", &["The sources"]),
    ];
    for (broken, mended, failed) in cases {
        execute(&pool, broken.to_owned()).await;
        let told = page().await;
        execute(&pool, mended.to_owned()).await;
        for what in failed {
            assert!(told.contains(&format!("Try again: {what}")), "{what} is told as failed: {told}");
        }
        assert!(told.contains("aria-label=\"Areas\""), "{told}");
        let there = parts.iter().filter(|part| told.contains(**part)).count();
        assert_eq!(there, parts.len() - failed.len(), "{failed:?}: {told}");
        for table in ["brain_result", "exchange_rate", "proposed_at", "metric_moment"] {
            assert!(!told.contains(table), "no internals are told: {told}");
        }
    }
    assert!(!page().await.contains("could not be loaded"));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn sources_say_how_fresh_they_are_and_where_that_is_mended(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = agency(&app).await;
    olga.create("/api/v1/clients", &json!({"name": "Brewery"})).await;
    crate::seed::integrations(&pool).await;
    let client = furnish(&app, &olga, "Bakery", 40).await;
    let fresh = olga.json(&format!("/api/v1/dashboard?client_id={client}")).await["sources"].clone();
    let told: Vec<_> = fresh.as_array().unwrap().iter().map(|source| (&source["client"], &source["trouble"])).collect();
    assert_eq!(told, [(&json!("Bakery"), &Value::Null); 2], "{fresh}");
    let yesterday = today(&app).previous_day().unwrap();
    assert_eq!(fresh[0]["last_day"], yesterday.to_string());
    assert!(fresh[0]["read_at"].as_str().unwrap().ends_with('Z'), "{fresh}");
    // Files that ended long ago, and a connection that waits for a new consent.
    let old = source(&olga, &client, "ads", "EUR", "Europe/Berlin").await;
    push(&olga, &old, days(yesterday - time::Duration::days(60), 3, "ads")).await;
    execute(&pool, format!("update channel set client_id = '{client}' where kind = 'ads'")).await;
    execute(&pool, "update connection set reconnect_reason = 'revoked' where provider = 'google_ads'".to_owned()).await;
    let page = olga.get("/dashboard").await.text().await.unwrap();
    for words in
        ["No file told of the last four weeks.", "Import a file", "It is no longer accepted there.", "Reconnect"]
    {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    app.stop().await;
}
