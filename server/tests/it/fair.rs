//! Many connections due at once, two workers: each is read once, and nobody waits behind another agency's many. While all
//! readings hang, what people wait for is done.

use std::time::Duration;

use model::{
    actor::Actor,
    connection::{ChannelKind, Connection, Given, Reach},
    id::{ClientId, ConnectionId, OrganizationId},
    job::Job,
    metric::Account,
};
use service::credential::{self, Tokens};
use sqlx::PgPool;
use store::sync_cursor::{self, SyncCursor};

use crate::{
    desk::Desk,
    support::{TestApp, count},
    sync::{back, connect, map, run, start, sync, today},
    tiktok::{TikTok, token_of},
};

/// A connection whose past was read already and whose time has come.
async fn due(app: &TestApp, organization: OrganizationId, client: ClientId, code: &str) -> ConnectionId {
    let service = &app.service;
    let now = service.clock.now();
    let id = store::id::new(now);
    let made = Connection { next_sync_at: Some(now), ..Connection::new(id, "tiktok_ads", code, Given::Consent, now) };
    let account = Account {
        external_id: format!("{code}-1"),
        name: code.to_owned(),
        currency: "EUR".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        manager_id: None,
    };
    let tokens = Tokens { access_token: Some(token_of(code).into()), ..Tokens::default() };
    let mut tx = service.db.tenant(&Actor::machine(organization)).await.unwrap();
    store::connection::insert(&mut tx, &made).await.unwrap();
    credential::set(service, &mut tx, id, &tokens).await.unwrap();
    store::channel::upsert(&mut tx, id, ChannelKind::Ads, &account, now).await.unwrap();
    let channel = store::channel::list(&mut tx, id).await.unwrap()[0].id;
    store::channel::set_client(&mut tx, channel, Some(client)).await.unwrap();
    let reach = Reach { first_day: Some(back(app, 89)), last_day: Some(today(app)) };
    sync_cursor::set(&mut tx, channel, "days", &SyncCursor { reach, ..SyncCursor::default() }, now).await.unwrap();
    let restated = SyncCursor { at: Some(now), ..SyncCursor::default() };
    sync_cursor::set(&mut tx, channel, "restated", &restated, now).await.unwrap();
    tx.commit().await.unwrap();
    id
}

#[expect(clippy::disallowed_methods, reason = "a test's own question")]
async fn agency(pool: &PgPool, name: &str) -> (OrganizationId, ClientId) {
    let sql =
        "select o.organization_id, c.id from organization o join client c using (organization_id) where o.name = $1";
    let (organization, client): (uuid::Uuid, uuid::Uuid) =
        sqlx::query_as(sql).bind(name).fetch_one(pool).await.unwrap();
    (organization.into(), client.into())
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn two_hundred_due_at_once_are_read_once_each_and_one_does_not_wait_for_many(pool: PgPool) {
    let tiktok = TikTok::start().await;
    let app = start(pool.clone(), &tiktok).await;
    let sizes = [("Acme", 150), ("Beta", 49), ("Gamma", 1)];
    let mut single = None;
    for (name, size) in sizes {
        let owner = app.owner(&format!("{}@agency.test", name.to_lowercase()), name).await;
        owner.create("/api/v1/clients", &serde_json::json!({"name": "C"})).await;
        let (organization, client) = agency(&pool, name).await;
        for number in 0..size {
            single = Some(due(&app, organization, client, &format!("{name}{number}")).await);
        }
    }
    let second = start(pool.clone(), &tiktok).await;
    tiktok.world().latency = Duration::from_millis(10);
    service::job::start(&app.service, &Job::QueueDue).await.unwrap();
    for _ in 0..1200 {
        if count(&pool, "select count(*) from sync_run where state = 'succeeded'").await >= 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(count(&pool, "select count(*) from sync_run").await, 200);
    assert_eq!(count(&pool, "select count(distinct connection_id) from sync_run where state = 'succeeded'").await, 200);
    assert_eq!(tiktok.reports(), 600, "each was asked for its three reports once");
    assert_eq!(sync_rows(&pool).await, 200 * 2 * 10);
    let sql = format!(
        "select count(*) from sync_run r, sync_run own where own.connection_id = '{}' and r.finished_at < own.started_at",
        single.unwrap()
    );
    #[expect(clippy::disallowed_methods, reason = "a test's own question")]
    let before: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&pool).await.unwrap();
    assert!(
        before <= 6,
        "two agencies with one place each on two workers: {before} others ended before the single began"
    );
    second.stop().await;
    app.finish().await;
}

async fn sync_rows(pool: &PgPool) -> i64 {
    count(pool, "select count(*) from metric_observation").await
}

/// How many readings wait for a place.
async fn waiting(pool: &PgPool) -> i64 {
    let sql = "select count(*) from graphile_worker._private_jobs
        where payload ->> 'job' = 'sync_connection' and locked_at is null";
    count(pool, sql).await
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_people_wait_for_is_done_while_every_reading_hangs(pool: PgPool) {
    const BEGUN: &str = "select count(*) from sync_run where state = 'running'";
    let tiktok = TikTok::start().await;
    let desk = Desk::at(start(pool.clone(), &tiktok).await, "ads").await;
    let app = &desk.app;
    let client = serde_json::json!({"name": "C"});
    tiktok.world().silent = vec![token_of("acme"), token_of("beta")];
    // Two readings at once is all there is, and one of an agency.
    let bert = app.owner("bert@beta.test", "Beta").await;
    let gina = app.owner("gina@gamma.test", "Gamma").await;
    for (owner, code) in [(&desk.olga, "acme"), (&bert, "beta")] {
        let connection = connect(owner, code).await;
        map(owner, &connection, &owner.create("/api/v1/clients", &client).await).await;
    }
    while tiktok.reports() < 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(count(&pool, BEGUN).await, 2);
    let third = connect(&gina, "gamma").await;
    map(&gina, &third, &gina.create("/api/v1/clients", &client).await).await;
    while waiting(&pool).await == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    let imported = desk.import("week.csv", "Day,Cost\n2026-02-01,10.50\n").await;
    assert_eq!(desk.undo(&imported).await["state"], "undone");
    let tested = gina.post(&format!("/api/v1/integrations/{third}/test"), &serde_json::json!({})).await;
    assert_eq!(tested.status(), reqwest::StatusCode::OK, "{}", tested.text().await.unwrap());
    app.owner("dora@delta.test", "Delta").await;
    assert_eq!(waiting(&pool).await, 1, "its time has come, and it waits for its turn");
    assert_eq!(sync(&gina, &third).await, reqwest::StatusCode::ACCEPTED);
    let read = run(&gina, &third, 1).await;
    assert_eq!(
        (&read["state"], &read["cause"]),
        (&serde_json::json!("succeeded"), &serde_json::json!("manual")),
        "{read}"
    );
    // More of what people ask of a silent provider than it has places: what asks no provider is done.
    tiktok.world().silent.push(token_of("gamma"));
    assert_eq!(sync(&gina, &third).await, reqwest::StatusCode::ACCEPTED);
    while count(&pool, BEGUN).await < 3 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    desk.import("again.csv", "Day,Cost\n2026-02-02,20\n").await;
    assert_eq!(count(&pool, BEGUN).await, 3, "all of them still hang");
    desk.app.stop().await;
}
