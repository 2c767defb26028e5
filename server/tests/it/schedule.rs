//! When connections are read by themselves, and what keeps them from it: the schedule, the switches, one that fails.

use std::time::Duration;

use model::connection::Cause;
use reqwest::StatusCode;
use serde_json::json;
use sqlx::{ConnectOptions, PgPool};

use crate::{
    support::{TestApp, all_rows, count, execute},
    sync::{back, connect, map, open, run, start, stored_cents, sync, today},
    tiktok::{Fault, TikTok, token_of},
};

/// What `audienceos providers …` prints about the test's database.
fn providers(pool: &PgPool, words: &[&str]) -> String {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_audienceos"));
    command.arg("providers").args(words).current_dir(std::env::temp_dir());
    let output = command.env("DATABASE_URL", pool.connect_options().to_url_lossy().to_string()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_kill_switches_stop_a_run_and_keep_others_from_beginning(pool: PgPool) {
    let (tiktok, app, agency) = open(&pool).await;
    let connection = connect(&agency.ada, "acme").await;
    let path = format!("/api/v1/integrations/{connection}");
    tiktok.world().latency = Duration::from_millis(100);
    map(&agency.ada, &connection, &agency.c[0]).await;
    while tiktok.reports() == 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(agency.ada.send("PATCH", &path, &json!({"paused": true})).await.status(), StatusCode::OK);
    let stopped = run(&agency.ada, &connection, 1).await;
    assert_eq!((&stopped["state"], &stopped["error_kind"]), (&json!("failed"), &json!("switched_off")), "{stopped}");
    assert_eq!(sync(&agency.ada, &connection).await, StatusCode::CONFLICT);
    let asked = tiktok.reports();
    assert_eq!(agency.ada.send("PATCH", &path, &json!({"paused": false})).await.status(), StatusCode::OK);
    tiktok.world().latency = Duration::ZERO;

    assert!(providers(&pool, &["off", "tiktok_ads", "--reason", "they changed"]).contains("tiktok_ads is off"));
    assert!(providers(&pool, &["list"]).contains("tiktok_ads\toff\tthey changed"));
    let refused = agency.ada.post(&format!("{path}/sync"), &json!({})).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    let words = refused.text().await.unwrap();
    assert!(words.contains("they changed"), "{words}");
    execute(&pool, format!("update connection set next_sync_at = now() where id = '{connection}'")).await;
    service::job::start(&app.service, &model::job::Job::QueueDue).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(tiktok.reports(), asked, "nobody asks a provider that is switched off");
    assert!(providers(&pool, &["on", "tiktok_ads"]).contains("tiktok_ads is on"));
    assert_eq!(sync(&agency.ada, &connection).await, StatusCode::ACCEPTED);
    assert_eq!(run(&agency.ada, &connection, 2).await["state"], "succeeded");
    assert_eq!(stored_cents(&pool, "ad").await, tiktok.truth("acme-1", back(&app, 89), today(&app)));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b9_6_a_schedule_from_outside_needs_the_secret(pool: PgPool) {
    let tiktok = TikTok::start().await;
    let unset = start(pool.clone(), &tiktok).await;
    let ask = async |app: &TestApp, secret: &str, job: &str| {
        let url = format!("{}/api/cron/{job}", app.url);
        app.browser().client.post(url).bearer_auth(secret).send().await.unwrap().status()
    };
    for secret in ["", "guess"] {
        assert_eq!(ask(&unset, secret, "sync").await, StatusCode::UNAUTHORIZED, "no secret is set");
    }
    unset.stop().await;
    let app =
        TestApp::start_with(pool.clone(), |config| config.cron_secret = Some("cron-secret".to_owned().into())).await;
    let before = all_rows(&app.pool, None).await;
    for secret in ["", "guess", "cron-secre", "cron-secret2"] {
        assert_eq!(ask(&app, secret, "sync").await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(all_rows(&app.pool, None).await, before);
    assert_eq!(ask(&app, "cron-secret", "sync").await, StatusCode::ACCEPTED);
    assert_eq!(ask(&app, "cron-secret", "purge").await, StatusCode::ACCEPTED);
    assert_eq!(ask(&app, "cron-secret", "anything").await, StatusCode::NOT_FOUND);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b9_6_what_is_due_is_read_once_and_one_failure_stops_nobody(pool: PgPool) {
    let (tiktok, app, agency) = open(&pool).await;
    let ours = connect(&agency.olga, "acme").await;
    let theirs = connect(&agency.bert, "beta").await;
    map(&agency.olga, &ours, &agency.c[0]).await;
    map(&agency.bert, &theirs, &agency.d1).await;
    run(&agency.olga, &ours, 1).await;
    run(&agency.bert, &theirs, 1).await;
    tiktok.world().dead.push(token_of("acme"));
    let due = |id: &str| format!("update connection set next_sync_at = now() where id = '{id}'");
    for id in [&ours, &theirs] {
        execute(&pool, due(id)).await;
    }
    let queue = async || service::job::start(&app.service, &model::job::Job::QueueDue).await.unwrap();
    tokio::join!(queue(), queue(), queue());
    assert_eq!(run(&agency.bert, &theirs, 2).await["cause"], Cause::Schedule.key());
    assert_eq!(run(&agency.olga, &ours, 2).await["state"], "failed");
    queue().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let runs = agency.bert.json(&format!("/api/v1/integrations/{theirs}/runs")).await;
    assert_eq!(runs["items"].as_array().unwrap().len(), 2, "{runs}");
    let found = agency.bert.json(&format!("/api/v1/integrations/{theirs}")).await;
    assert!(found["next_sync_at"].as_str().unwrap() > found["last_sync_at"].as_str().unwrap());
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_nobody_could_read_for_a_day_is_told_once(pool: PgPool) {
    let (tiktok, app, agency) = open(&pool).await;
    let connection = connect(&agency.ada, "acme").await;
    let unmapped = connect(&agency.ada, "other").await;
    map(&agency.ada, &connection, &agency.c[0]).await;
    run(&agency.ada, &connection, 1).await;
    tiktok.world().dead.push(token_of("acme"));
    sync(&agency.ada, &connection).await;
    run(&agency.ada, &connection, 2).await;
    let hours_ago = async |id: &str, hours: u8| {
        let column = format!("now() - interval '{hours} hours'");
        execute(
            &pool,
            format!("update connection set last_sync_at = {column}, created_at = {column} where id = '{id}'"),
        )
        .await;
    };
    let told = || app.mails("ada@acme.test").iter().filter(|mail| mail.contains("was not read for a day")).count();
    let look = async || {
        service::job::start(&app.service, &model::job::Job::QueueDue).await.unwrap();
        tokio::time::sleep(Duration::from_millis(700)).await;
    };
    hours_ago(&connection, 23).await;
    hours_ago(&unmapped, 30).await;
    look().await;
    assert_eq!(told(), 0, "23 hours are no day, and nothing is expected of what belongs to nobody");
    hours_ago(&connection, 25).await;
    look().await;
    look().await;
    assert_eq!(told(), 1, "once");
    assert!(app.mails("ada@acme.test").iter().any(|mail| mail.contains("Connect the account again")));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn five_failures_in_a_row_rest_a_connection_until_it_works_again(pool: PgPool) {
    let (tiktok, app, agency) = open(&pool).await;
    let connection = connect(&agency.ada, "acme").await;
    let path = format!("/api/v1/integrations/{connection}");
    let state = async || agency.ada.json(&path).await["state"].clone();
    let runs = async || agency.ada.json(&format!("{path}/runs")).await["items"].as_array().unwrap().len();
    let queue = async || service::job::start(&app.service, &model::job::Job::QueueDue).await.unwrap();
    let mails = || app.mails("ada@acme.test").iter().filter(|mail| mail.contains("could not be read")).count();
    tiktok.world().down = Some(Fault::Code(40002));
    map(&agency.ada, &connection, &agency.c[0]).await;
    for ended in 1..=5 {
        let failed = run(&agency.ada, &connection, ended).await;
        assert_eq!((&failed["state"], &failed["error_kind"]), (&json!("failed"), &json!("rejected")), "{failed}");
        assert_eq!(state().await, if ended < 5 { "connected" } else { "resting" }, "after {ended}");
        if ended < 5 {
            assert_eq!(sync(&agency.ada, &connection).await, StatusCode::ACCEPTED);
        }
    }
    let due = "update connection set next_sync_at = now()";
    execute(&pool, due.to_owned()).await;
    queue().await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(runs().await, 5, "it rests although its time has come");

    execute(&pool, format!("{due}, broken_until = now()")).await;
    queue().await;
    let failed = run(&agency.ada, &connection, 6).await;
    assert_eq!((&failed["state"], &failed["cause"]), (&json!("failed"), &json!("schedule")), "{failed}");
    assert_eq!(state().await, "resting", "tried once after its rest");
    // A person does not wait for its rest to end.
    tiktok.world().down = None;
    assert_eq!(sync(&agency.ada, &connection).await, StatusCode::ACCEPTED);
    assert_eq!(run(&agency.ada, &connection, 7).await["state"], "succeeded");
    assert_eq!(state().await, "connected");
    assert_eq!(count(&pool, "select count(*) from connection where failures = 0 and broken_until is null").await, 1);
    assert_eq!(stored_cents(&pool, "ad").await, tiktok.truth("acme-1", back(&app, 89), today(&app)));
    for _ in 0..100 {
        if mails() >= 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(mails(), 2, "when it began to fail, and when it was left to rest");
    app.finish().await;
}

/// A zone in which it is this hour now.
fn zone_at(app: &TestApp, hour: i16) -> String {
    let east = (hour - i16::from(app.service.clock.now().hour()) + 11).rem_euclid(24) - 11;
    // West of Greenwich is above zero in these names.
    format!("Etc/GMT{:+}", -east)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn ads_are_read_every_hour_and_at_two_in_the_agencys_night(pool: PgPool) {
    let (_tiktok, app, agency) = open(&pool).await;
    // Two o'clock must be nearer than the next hourly reading, and the hour must not end between the two readings.
    match app.service.clock.now().minute() {
        0..10 => app.service.clock.advance(time::Duration::minutes(10)),
        50.. => app.service.clock.advance(time::Duration::minutes(20)),
        _ => {}
    }
    let connection = connect(&agency.ada, "acme").await;
    let live_in = async |zone: &str| {
        execute(&pool, format!("update organization set time_zone = '{zone}' where name = 'Acme'")).await;
    };
    live_in(&zone_at(&app, 12)).await;
    map(&agency.ada, &connection, &agency.c[0]).await;
    assert_eq!(run(&agency.ada, &connection, 1).await["state"], "succeeded");
    let hourly = "select count(*) from connection where next_sync_at - last_sync_at between interval '55 minutes' and interval '65 minutes'";
    assert_eq!(count(&pool, hourly).await, 1);

    let night = zone_at(&app, 1);
    live_in(&night).await;
    assert_eq!(sync(&agency.ada, &connection).await, StatusCode::ACCEPTED);
    assert_eq!(run(&agency.ada, &connection, 2).await["state"], "succeeded");
    let at_two = service::moment::next_hour(&night, 2, app.service.clock.now());
    let then = at_two.format(&time::format_description::well_known::Rfc3339).unwrap();
    let found = agency.ada.json(&format!("/api/v1/integrations/{connection}")).await;
    assert_eq!(found["next_sync_at"], then, "{night}: {found}");
    // Where our clock was put forward, what it asked for waits for the database's.
    app.stop().await;
}
