//! An undo that is overtaken: between a person's request and the job others may push.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    process::Process,
    support::{Browser, TestApp, count},
    sync::{KEYS, SECRET},
};

async fn push(browser: &Browser, source: &str, rows: Value) -> String {
    let answer = browser.post("/api/v1/ingest/file", &json!({"source_id": source, "rows": rows})).await;
    let status = answer.status();
    let body: Value = answer.json().await.unwrap();
    assert_eq!(status, StatusCode::OK, "{body}");
    body["import_id"].as_str().unwrap().to_owned()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn rows_that_were_said_again_before_the_undo_began_stay(pool: PgPool) {
    let app = TestApp::start_with(pool.clone(), |config| {
        (config.secret, config.keys) = (Some(SECRET.to_owned().into()), Some(KEYS.to_owned().into()));
    })
    .await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let source = json!({"name": "Radio", "holds": "ads", "currency": "EUR", "time_zone": "Europe/Berlin"});
    let source = olga.create("/api/v1/imports/sources", &source).await;
    // Nobody works on jobs until the process below does.
    app.leave_jobs();
    let first = push(&olga, &source, json!([{"day": "2026-02-01", "spend": 1}])).await;
    let undo = olga.post(&format!("/api/v1/imports/{first}/undo"), &json!({})).await;
    assert_eq!(undo.status(), StatusCode::ACCEPTED);
    push(&olga, &source, json!([{"day": "2026-02-01", "spend": 1}, {"day": "2026-02-02", "spend": 2}])).await;

    let settings = [("AUDIENCEOS_SECRET", SECRET), ("AUDIENCEOS_KEYS", KEYS), ("AUDIENCEOS_WORKER_SILENCE", "1000")];
    let process = Process::start(&pool, &settings).await;
    let mut seen = json!(null);
    for _ in 0..400 {
        seen = olga.json(&format!("/api/v1/imports/{first}")).await;
        if seen["state"] != "undoing" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(seen["state"], "done", "{seen}");
    let fault = seen["fault"].as_str().unwrap();
    assert!(fault.contains("says the same of some days. Undo that one first; nothing was changed"), "{fault}");
    assert_eq!(seen["undone_by"], json!(null));
    assert_eq!(count(&pool, "select count(*) from metric_daily").await, 2, "what was pushed last is whole");
    assert_eq!(count(&pool, "select count(*) from metric_observation where withdrawn").await, 0);
    assert_eq!(count(&pool, "select count(*) from sync_run where state = 'running'").await, 0);
    drop(process);
    app.stop().await;
}
