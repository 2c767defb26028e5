//! Alerts as events: what several workers, rows that cannot be read, other clients and days that pass make of them.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration as Wait,
};

use model::{
    actor::Actor,
    alert::{FindingKind, Found, Severity},
    id::{ChannelId, ClientId},
};
use serde_json::{Value, json};
use sqlx::PgPool;
use store::{TenantTx, brain};
use time::{Date, Duration};

use crate::{
    alert_desk::said,
    support::{Agency, Browser, PASSWORD, TestApp, count, execute},
};

/// The product itself at work for an agency.
async fn machine(olga: &Browser) -> Actor {
    let agency = olga.json("/api/v1/organization").await;
    Actor::machine(agency["id"].as_str().unwrap().parse().unwrap())
}

fn today(app: &TestApp) -> Date {
    app.service.clock.now().date()
}

/// A fall of the clicks of a client's channel, some days ago.
fn fall(app: &TestApp, client: &str) -> Found {
    let first = today(app) - Duration::days(4);
    Found {
        number: 0,
        kind: FindingKind::Drop,
        level: "channel".into(),
        entity: "radio".into(),
        metric: Some("clicks".into()),
        first,
        last: first + Duration::DAY,
        size: None,
        probability: 0.97,
        severity: Severity::High,
        client_id: Some(client.parse::<ClientId>().unwrap()),
        channels: Vec::new(),
        body: json!({"metric": "clicks", "probability": 0.97}).to_string(),
    }
}

/// The end of a cycle that found this, which is not committed yet.
async fn found(app: &TestApp, actor: &Actor, mut found: Vec<Found>) -> TenantTx {
    static STATES: AtomicU64 = AtomicU64::new(1);
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&STATES.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    let (day, now) = (today(app) - Duration::DAY, app.service.clock.now());
    let mut tx = app.service.db.tenant(actor).await.unwrap();
    let outcomes = said(&mut found);
    let new = brain::New { day, input_hash: &hash, output_hash: &hash, code_version: "test", outcomes: &outcomes };
    let state = brain::insert_state(&mut tx, new, now).await.unwrap();
    service::alert::sync(&mut tx, state, day, found, now).await.unwrap();
    tx
}

/// Waits until nothing is left to do.
async fn rest(app: &TestApp) {
    for _ in 0..1200 {
        if app.jobs_left().await == 0 {
            return;
        }
        tokio::time::sleep(Wait::from_millis(50)).await;
    }
    panic!("{} jobs are left", app.jobs_left().await);
}

/// A source of ads of a client.
async fn source(olga: &Browser, client: &str) -> String {
    named(olga, client, "Radio").await
}

/// The same, of this name.
async fn named(olga: &Browser, client: &str, name: &str) -> String {
    let new = json!({"name": name, "holds": "ads", "currency": "EUR", "time_zone": "UTC", "client_id": client});
    olga.create("/api/v1/imports/sources", &new).await
}

/// Figures of a day, with conversions or with none of them.
fn row(day: Date, counted: bool) -> Value {
    let (of, full) = (i64::from(day.to_julian_day()), i64::from(counted));
    json!({"day": day.to_string(), "spend": 100 + of % 7, "impressions": 10_000 + of % 7 * 90,
        "clicks": 400 + of % 7 * 10 + of % 3, "conversions": full * (40 + of % 5), "claimed_revenue": full * (900 + of % 11 * 9)})
}

async fn push(olga: &Browser, source: &str, rows: Vec<Value>) {
    let answer = olga.post("/api/v1/ingest/file", &json!({"source_id": source, "rows": rows})).await;
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
}

/// A cycle of the brain, and all that it causes.
async fn think(app: &TestApp, olga: &Browser) {
    assert_eq!(olga.post("/api/v1/brain/compute", &json!({})).await.status(), 202);
    rest(app).await;
}

async fn alerts(who: &Browser, query: &str) -> Vec<Value> {
    who.json(&format!("/api/v1/alerts?limit=100&{query}")).await["items"].as_array().unwrap().clone()
}

/// How many mails about alerts the owner got.
fn mails(app: &TestApp) -> usize {
    app.mails("olga@acme.test").iter().filter(|mail| mail.contains("<alerts-")).count()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn two_workers_at_once_keep_the_same_event_once(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let actor = machine(&olga).await;
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery"})).await;
    let first = found(&app, &actor, vec![fall(&app, &client)]).await;
    let ends = async {
        tokio::time::sleep(Wait::from_millis(300)).await;
        first.commit().await.unwrap();
    };
    let second = async { found(&app, &actor, vec![fall(&app, &client)]).await.commit().await.unwrap() };
    tokio::join!(ends, second);
    rest(&app).await;
    assert_eq!((alerts(&olga, "").await.len(), mails(&app)), (1, 1));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_worker_that_lost_its_cycle_tells_nobody_of_anything(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery", "currency": "EUR"})).await;
    let radio = source(&olga, &client).await;
    // Whichever cycle begins, another worker ends it meanwhile.
    let function = "create function outrun() returns trigger language plpgsql security definer as $$ begin
        update brain_cycle set state = 'done' where organization_id = new.organization_id and id = new.id;
        return null; end $$";
    let trigger = "create trigger outrun after update on brain_cycle for each row when (new.state = 'running')
        execute function outrun()";
    execute(&pool, function.to_owned()).await;
    execute(&pool, trigger.to_owned()).await;
    let days = (1..=90).rev().map(|ago| (ago, today(&app) - Duration::days(ago)));
    push(&olga, &radio, days.map(|(ago, day)| row(day, ago > 3)).collect()).await;
    think(&app, &olga).await;
    assert!(count(&pool, "select count(*) from brain_result where kind = 'finding'").await > 0);
    assert_eq!((count(&pool, "select count(*) from alert").await, mails(&app)), (0, 0));
    execute(&pool, "drop trigger outrun on brain_cycle".to_owned()).await;
    think(&app, &olga).await;
    assert!(!alerts(&olga, "").await.is_empty() && mails(&app) == 1, "who has it tells of it");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_finding_that_cannot_be_read_is_absent_and_the_alert_is_there(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let actor = machine(&olga).await;
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery"})).await;
    found(&app, &actor, vec![fall(&app, &client)]).await.commit().await.unwrap();
    rest(&app).await;
    assert_eq!(alerts(&olga, "").await[0]["finding"]["metric"], "clicks");
    execute(&pool, "update alert set body = 'no finding'".to_owned()).await;
    let listed = alerts(&olga, "").await;
    assert_eq!((listed.len(), &listed[0]["finding"], &listed[0]["sure"]), (1, &json!(null), &json!(null)));
    let one = olga.json(&format!("/api/v1/alerts/{}", listed[0]["id"].as_str().unwrap())).await;
    assert_eq!(one["finding"], json!(null));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_channel_that_goes_to_another_client_leaves_its_alerts_behind(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let actor = machine(&olga).await;
    let mut clients = Vec::new();
    for name in ["Bakery", "Dairy"] {
        clients.push(olga.create("/api/v1/clients", &json!({"name": name})).await);
    }
    let states = async || {
        let mut states = Vec::new();
        for client in &clients {
            let of = alerts(&olga, &format!("client_id={client}")).await;
            states.push(of.iter().map(|alert| alert["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>());
        }
        states
    };
    found(&app, &actor, vec![fall(&app, &clients[0])]).await.commit().await.unwrap();
    let path = format!("/api/v1/alerts/{}/acknowledge", alerts(&olga, "").await[0]["id"].as_str().unwrap());
    assert_eq!(olga.post(&path, &json!({})).await.status(), 200);
    found(&app, &actor, vec![fall(&app, &clients[1])]).await.commit().await.unwrap();
    assert_eq!(states().await, [vec!["acknowledged"], vec!["open"]]);
    rest(&app).await;
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_list_of_a_client_out_of_sight_is_missing_like_one_that_is_not_there(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let Agency { olga, max, nia, bert, c, d1, .. } = Agency::found(&app).await;
    let nobody = "01890000-0000-7000-8000-000000000001".to_owned();
    for (who, client, status) in [
        (&olga, &c[1], 200),
        (&max, &c[0], 200),
        (&max, &c[1], 404),
        (&nia, &c[0], 404),
        (&bert, &c[0], 404),
        (&olga, &d1, 404),
        (&olga, &nobody, 404),
    ] {
        let answer = who.get(&format!("/api/v1/alerts?client_id={client}")).await;
        assert_eq!(answer.status(), status, "{client}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_outage_of_all_channels_of_a_client_names_them(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery", "currency": "EUR"})).await;
    for name in ["Search", "Radio"] {
        let source = named(&olga, &client, name).await;
        let days = (1..=90).rev().map(|ago| (ago, today(&app) - Duration::days(ago)));
        push(&olga, &source, days.map(|(ago, day)| row(day, ago > 3)).collect()).await;
    }
    think(&app, &olga).await;
    let all = alerts(&olga, "").await;
    let outage = all.iter().find(|alert| alert["channels"] == json!(["Radio", "Search"])).expect("counting broke");
    assert_eq!((&outage["kind"], &outage["place"]), (&json!("tracking_outage"), &json!("Bakery · Radio, Search")));
    assert_eq!((&outage["channel_id"], &outage["state"]), (&json!(null), &json!("open")));
    assert_eq!(count(&pool, "select count(*) from alert_channel where missing_since is null").await, 2);
    assert_eq!(all.iter().filter(|alert| alert["kind"] == "tracking_outage").count(), 1, "{all:?}");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_fall_is_mailed_once_over_ten_cycles_of_ten_days(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    app.to_july();
    let olga = app.owner("olga@acme.test", "Acme").await;
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery", "currency": "EUR"})).await;
    let radio = source(&olga, &client).await;
    let begin = today(&app);
    let fell = [1, 2].map(|days| begin + Duration::days(days));
    // What is paid stays, and conversions are not known: it is the clicks alone.
    let figures = |day: Date| {
        let of = i64::from(day.to_julian_day());
        let clicks = (400 + of % 7 * 10 + of * 7919 % 37) / if fell.contains(&day) { 5 } else { 1 };
        json!({"day": day.to_string(), "spend": 100 + of % 7 * 5 + of * 104_729 % 11, "clicks": clicks})
    };
    push(&olga, &radio, (1..=120).map(|ago| figures(begin - Duration::days(ago))).collect()).await;
    think(&app, &olga).await;
    assert_eq!(mails(&app), 0, "{:?}", alerts(&olga, "").await);
    let mut told = Vec::new();
    for _ in 0..10 {
        app.service.clock.advance(Duration::DAY);
        let again = json!({"email": "olga@acme.test", "password": PASSWORD});
        assert_eq!(olga.post("/api/v1/auth/login", &again).await.status(), 200);
        push(&olga, &radio, vec![figures(today(&app) - Duration::DAY)]).await;
        think(&app, &olga).await;
        told.push(mails(&app));
    }
    let all = alerts(&olga, "").await;
    assert_eq!((told[0], told[9]), (0, 1), "{told:?} {all:?}");
    let falls: Vec<&Value> = all.iter().filter(|alert| alert["kind"] == "drop").collect();
    assert_eq!((falls.len(), &falls[0]["severity"]), (1, &json!("medium")), "{all:?}");
    assert_eq!((&falls[0]["state"], &falls[0]["first_day"]), (&json!("open"), &json!(fell[0].to_string())));
    assert_ne!(falls[0]["first_state_id"], falls[0]["state_id"], "later cycles found it again");
    assert!(count(&pool, "select count(*) from brain_state").await >= 11, "each day has a state of its own");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn accounts_that_are_named_like_their_client_are_told_apart(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let actor = machine(&olga).await;
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery"})).await;
    let mut falls = Vec::new();
    for key in ["google_ads", "tiktok_ads"] {
        let channel: ChannelId = named(&olga, &client, key).await.parse().unwrap();
        let account = format!(
            "update channel set name = 'Bakery', kind = 'ads', holds = null, platform = null, provider = '{key}'
             where id = '{channel}'"
        );
        execute(&pool, account).await;
        falls.push(Found { entity: channel.to_string(), channels: vec![channel], ..fall(&app, &client) });
    }
    found(&app, &actor, falls).await.commit().await.unwrap();
    rest(&app).await;
    let all = alerts(&olga, "").await;
    let mut places: Vec<&str> = all.iter().filter_map(|alert| alert["place"].as_str()).collect();
    places.sort_unstable();
    assert_eq!(places, ["Bakery · Google Ads", "Bakery · TikTok Ads"]);
    let mails = app.mails("olga@acme.test").concat();
    assert!(mails.contains("Google Ads"), "{mails}");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_moves_by_one_cause_is_told_once_and_names_the_others(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let actor = machine(&olga).await;
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery"})).await;
    let of = |kind, metric: &str, severity| Found {
        kind,
        metric: Some(metric.to_owned()),
        severity,
        size: Some(-9.0),
        body: json!({"metric": metric, "probability": 0.97}).to_string(),
        ..fall(&app, &client)
    };
    let all = || {
        vec![
            of(FindingKind::ChangePoint, "clicks", Severity::High),
            of(FindingKind::LevelShift, "clicks", Severity::Medium),
            of(FindingKind::LevelShift, "spend", Severity::Info),
        ]
    };
    for _ in 0..2 {
        found(&app, &actor, all()).await.commit().await.unwrap();
        rest(&app).await;
        let alerts = alerts(&olga, "").await;
        assert_eq!(alerts.len(), 1, "{alerts:#?}");
        assert_eq!(alerts[0]["severity"], "high");
        let detail = alerts[0]["detail"].as_str().unwrap();
        assert!(detail.ends_with("; spend moved the same way in these days"), "{detail}");
    }
    assert_eq!((count(&pool, "select count(*) from alert_finding").await, mails(&app)), (6, 1));
    app.finish().await;
}
