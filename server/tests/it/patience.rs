//! A provider that is away again and again while a long run reads: what counts is whether the run gets further.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    support::{Agency, Browser, TestApp, count, execute},
    sync::{back, connect, map, run, start, stored_cents, sync, today},
    tiktok::{Fault, TikTok},
};

/// The newest run.
async fn newest(browser: &Browser, connection: &str) -> Value {
    browser.json(&format!("/api/v1/integrations/{connection}/runs?limit=1")).await["items"][0].clone()
}

/// The newest run, once it waits for a provider that is away, or has ended.
async fn away(browser: &Browser, connection: &str) -> Value {
    let mut seen = json!(null);
    for _ in 0..400 {
        seen = newest(browser, connection).await;
        let waits = seen["step"].as_str().is_some_and(|step| step.contains("could not be reached"));
        if waits || seen["state"] == "failed" {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it neither waits nor fails: {seen}");
}

/// Lets the pause end.
pub async fn go_on(app: &TestApp) {
    execute(&app.pool, "update sync_run set held_until = now() where state = 'running'".into()).await;
    let soon = "update graphile_worker._private_jobs set run_at = now() where run_at > now()";
    execute(&app.pool, soon.into()).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn only_tries_in_a_row_that_get_no_further_end_a_run(pool: PgPool) {
    let tiktok = TikTok::start().await;
    let app = start(pool.clone(), &tiktok).await;
    let agency = Agency::found(&app).await;
    let tokyo = json!({"time_zone": "Asia/Tokyo"});
    assert_eq!(agency.olga.send("PATCH", "/api/v1/organization", &tokyo).await.status(), StatusCode::OK);
    let connection = connect(&agency.ada, "acme").await;
    tiktok.world().latency = Duration::from_millis(150);
    tiktok.world().down = Some(Fault::Code(50000));
    map(&agency.ada, &connection, &agency.c[0]).await;
    let seen = away(&agency.ada, &connection).await;
    assert_eq!(seen["state"], "running", "{seen}");
    let step = seen["step"].as_str().unwrap();
    assert!(step.ends_with(" Asia/Tokyo"), "in the agency's zone: {step}");
    let pages = seen["pages"].as_i64().unwrap();
    let told = || app.mails("ada@acme.test").iter().filter(|mail| mail.contains("could not be read")).count();
    has_tried(&pool, 4).await;
    tiktok.world().down = None;
    go_on(&app).await;
    // The list of accounts is a page, and one of a report is further.
    while newest(&agency.ada, &connection).await["pages"].as_i64().unwrap() < pages + 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tiktok.world().down = Some(Fault::Code(50000));
    let seen = away(&agency.ada, &connection).await;
    assert_eq!(seen["state"], "running", "away for the fifth time, with pages in between: {seen}");
    assert_eq!(tried(&pool).await, 1);
    (tiktok.world().down, tiktok.world().latency) = (None, Duration::ZERO);
    go_on(&app).await;
    assert_eq!(run(&agency.ada, &connection, 1).await["state"], "succeeded");
    assert_eq!(stored_cents(&pool, "ad").await, tiktok.truth("acme-1", back(&app, 89), today(&app)));

    tiktok.world().down = Some(Fault::Code(50000));
    assert_eq!(sync(&agency.ada, &connection).await, StatusCode::ACCEPTED);
    assert_eq!(tried(&pool).await, 1);
    has_tried(&pool, 3).await;
    go_on(&app).await;
    assert_eq!(tried(&pool).await, 4, "the accounts can be listed each time, which is not further");
    assert_eq!(told(), 0, "nobody is told before the last try");
    go_on(&app).await;
    let ended = run(&agency.ada, &connection, 2).await;
    assert_eq!((&ended["state"], &ended["error_kind"]), (&json!("failed"), &json!("unavailable")), "{ended}");
    for _ in 0..200 {
        if told() > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(told(), 1);
    app.finish().await;
}

/// As if it had been tried so often in a row.
pub async fn has_tried(pool: &PgPool, times: i32) {
    execute(pool, format!("update sync_run set attempts = {times} where state = 'running'")).await;
}

/// How often the run was tried in a row by now, once it waits.
pub async fn tried(pool: &PgPool) -> i64 {
    const TRIED: &str = "select coalesce(max(attempts), 0)::bigint from sync_run
        where state = 'running' and held_until > now() + interval '10 s'";
    for _ in 0..400 {
        let tried = count(pool, TRIED).await;
        if tried > 0 {
            return tried;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never waits");
}
