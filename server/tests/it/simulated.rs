//! Simulated agencies: the database keeps them apart, one click furnishes one, and what is read is what is true there.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    process::free_address,
    support::{Browser, TestApp, count},
};

async fn start(pool: PgPool) -> TestApp {
    let address = free_address().parse().unwrap();
    TestApp::start_with(pool, |config| (config.rehearsal, config.jobs) = (Some(address), 8)).await
}

/// Goes into a new simulated agency.
async fn enter(browser: &Browser) {
    let answer = browser.submit("/simulation", &[]).await;
    let (status, target) = (answer.status(), answer.headers().get("location").cloned());
    assert_eq!(status, 303, "{}", answer.text().await.unwrap());
    assert_eq!(target.unwrap(), "/clients");
}

/// Waits until every connection was read as often, and gives the runs that failed.
async fn read(browser: &Browser, runs: usize) -> Vec<Value> {
    let connections = browser.json("/api/v1/integrations").await;
    let mut failed = Vec::new();
    for connection in connections["items"].as_array().unwrap() {
        let path = format!("/api/v1/integrations/{}/runs", connection["id"].as_str().unwrap());
        let mut last = json!(null);
        for _ in 0..1200 {
            last = browser.json(&path).await;
            let ended = |run: &&Value| run["state"] != "running";
            if last["items"].as_array().unwrap().iter().filter(ended).count() >= runs {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let items = last["items"].as_array().unwrap();
        if items.len() < runs {
            for c in connections["items"].as_array().unwrap() {
                let r = browser.json(&format!("/api/v1/integrations/{}/runs", c["id"].as_str().unwrap())).await;
                eprintln!(
                    "{} {} {}: {} {} {} {}",
                    c["label"],
                    r["items"][0]["started_at"],
                    r["items"][0]["finished_at"],
                    r["items"][0]["step"],
                    r["items"][0]["pages"],
                    r["items"][0]["rows_new"],
                    r["items"][0]["state"]
                );
            }
        }
        assert!(items.len() >= runs, "{connection}: {last}");
        failed.extend(items.iter().filter(|run| run["state"] != "succeeded").cloned());
    }
    failed
}

async fn refused(pool: &PgPool, sql: &'static str) -> String {
    #[expect(clippy::disallowed_methods, reason = "what no code of ours does, tried as the superuser")]
    let done = sqlx::query(sql).execute(pool).await;
    done.expect_err(sql).to_string()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn one_click_leads_to_a_furnished_agency_whose_accounts_are_read(pool: PgPool) {
    let app = start(pool.clone()).await;
    let guest = app.browser();
    enter(&guest).await;
    let clients = guest.json("/api/v1/clients").await;
    assert_eq!(clients["items"].as_array().unwrap().len(), 8);
    let page = guest.get("/clients").await.text().await.unwrap();
    assert!(page.contains("Simulated agency.") && page.contains("Let a week pass"), "{page}");
    assert_eq!(count(&pool, "select count(*) from channel where client_id is not null").await, 26);
    assert_eq!(count(&pool, "select count(*) from connection where mode = 'simulated'").await, 11);
    assert_eq!(read(&guest, 1).await, Vec::<Value>::new(), "no run failed");
    assert!(count(&pool, "select count(distinct day) from metric_daily").await >= 400);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_database_keeps_what_is_simulated_apart(pool: PgPool) {
    let app = start(pool.clone()).await;
    app.owner("olga@acme.test", "Acme").await;
    let guest = app.browser();
    enter(&guest).await;
    let changed = refused(&pool, "update organization set mode = 'live' where mode = 'simulated'").await;
    assert!(changed.contains("what is simulated stays simulated"), "{changed}");
    let changed = refused(&pool, "update organization set mode = 'simulated' where mode = 'live'").await;
    assert!(changed.contains("what is live stays live"), "{changed}");
    let changed = refused(&pool, "update connection set mode = 'live'").await;
    assert!(changed.contains("what is simulated stays simulated"), "{changed}");
    for (mode, other) in [("live", "simulated"), ("simulated", "live")] {
        let sql = format!(
            "insert into connection (organization_id, id, provider, label, created_by, created_at, mode)
             select organization_id, gen_random_uuid(), 'tiktok_ads', 'x', gen_random_uuid(), now(), '{mode}'
             from organization where mode = '{other}' limit 1"
        );
        let inserted = refused(&pool, sql.leak()).await;
        assert!(inserted.contains("connection_mode"), "{inserted}");
    }
    let ahead = refused(&pool, "update organization set ahead_seconds = 60 where mode = 'live'").await;
    assert!(ahead.contains("check constraint"), "{ahead}");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_looks_into_it_comes_back_and_nothing_of_it_stays(pool: PgPool) {
    let app = start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let page = |path: &'static str| olga.get(path);
    enter(&olga).await;
    assert!(page("/clients").await.text().await.unwrap().contains("Simulated agency."));
    let session = olga.json("/api/v1/auth/session").await;
    assert_eq!((&session["name"], &session["organization"]), (&json!("Olga Owner"), &json!("Simulated agency")));
    assert_eq!(olga.submit("/simulation/leave", &[]).await.headers()["location"], "/");
    assert_eq!(olga.json("/api/v1/auth/session").await["organization"], "Acme");
    assert!(!page("/clients").await.text().await.unwrap().contains("Simulated agency."));

    // Time is nothing that a live agency can move, nor can it be thrown away.
    for path in ["/simulation/forward", "/simulation/end"] {
        assert_eq!(olga.submit(path, &[]).await.status(), 404, "{path}");
    }
    assert_eq!(count(&pool, "select count(*) from organization where name = 'Acme'").await, 1);

    enter(&olga).await;
    assert_eq!(olga.submit("/simulation/forward", &[]).await.status(), 303);
    assert!(page("/clients").await.text().await.unwrap().contains("7 days ahead"));
    let before = count(&pool, "select count(*) from organization").await;
    assert_eq!(olga.submit("/simulation/again", &[]).await.headers()["location"], "/clients");
    assert_eq!(count(&pool, "select count(*) from organization").await, before, "the one before is gone");
    assert!(!page("/clients").await.text().await.unwrap().contains("days ahead"));
    assert_eq!(olga.submit("/simulation/end", &[]).await.headers()["location"], "/");
    assert_eq!(olga.json("/api/v1/auth/session").await["organization"], "Acme");
    assert_eq!(count(&pool, "select count(*) from organization where mode = 'simulated'").await, 1, "the first");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn without_the_operators_word_there_is_none(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let guest = app.browser();
    let page = guest.get("/signup").await.text().await.unwrap();
    assert!(!page.contains("rehearsal agency"));
    assert_eq!(guest.submit("/simulation", &[]).await.status(), 404);
    app.finish().await;
}
