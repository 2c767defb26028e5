//! What programs push is thought about by itself: once for all that comes in a row, and not at all where it was known.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    brain::source,
    support::{TestApp, count},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_programs_push_is_thought_about_without_being_asked(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery", "currency": "EUR"})).await;
    // Nobody works on jobs while they push.
    app.leave_jobs();
    let radio = source(&app, &olga, &client, 60, |ago| 100 + ago % 7).await;
    let day = (app.service.clock.now().date() - time::Duration::days(70)).to_string();
    let more = json!({"source_id": radio, "rows": [{"day": day, "spend": 7}]});
    let cycles = "select count(*) from brain_cycle";
    for repeated in [false, true] {
        let answer: Value = olga.post("/api/v1/ingest/file", &more).await.json().await.unwrap();
        assert_eq!(answer["repeated"], json!(repeated), "{answer}");
        assert_eq!(count(&pool, cycles).await, 1, "what is pushed in a row is thought about once");
    }
    let _work = app.take_jobs();
    for _ in 0..600 {
        if olga.get("/api/v1/brain/state").await.status() == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let figures = olga.json("/api/v1/brain/figures?limit=100").await;
    assert!(!figures["items"].as_array().unwrap().is_empty(), "{figures}");
    assert_eq!(count(&pool, "select count(*) from brain_cycle where cause = 'sync' and state = 'done'").await, 1);
    let again: Value = olga.post("/api/v1/ingest/file", &more).await.json().await.unwrap();
    assert_eq!(again["repeated"], json!(true));
    assert_eq!(count(&pool, cycles).await, 1, "what was known is nothing to think about");
    app.finish().await;
}
