//! Connections over HTTP: consent, reading exactly once, faults, and the end of a connection. The provider is a stand-in
//! whose truth is known.

use std::time::Duration;

use model::{
    actor::Actor,
    connection::Cause,
    metric::{Days, Level},
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::{ConnectOptions, PgPool};
use time::Date;

use crate::{
    support::{Agency, Browser, TestApp, all_rows, count},
    tiktok::{APP_SECRET, Fault, TikTok, token_of},
};

/// What every process of a test seals with.
pub const SECRET: &str = "0707070707070707070707070707070707070707070707070707070707070707";
pub const KEYS: &str = "k1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";

/// The application with TikTok Ads set up, reached at the stand-in.
pub async fn start(pool: PgPool, tiktok: &TikTok) -> TestApp {
    let url = tiktok.url.parse().unwrap();
    TestApp::start_with(pool, |config| {
        config.providers.insert("TIKTOK_APP_ID".to_owned(), "tt-app".to_owned().into());
        config.providers.insert("TIKTOK_APP_SECRET".to_owned(), APP_SECRET.to_owned().into());
        config.provider_urls.insert("tiktok_ads".to_owned(), url);
        (config.secret, config.keys) = (Some(SECRET.to_owned().into()), Some(KEYS.to_owned().into()));
    })
    .await
}

/// The state in a way to the provider's page of consent.
async fn begin(browser: &Browser, again: Option<&str>) -> String {
    let body = json!({"provider": "tiktok_ads", "connection_id": again});
    let answer = browser.post("/api/v1/integrations", &body).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let way: Value = answer.json().await.unwrap();
    let url: reqwest::Url = way["authorize_url"].as_str().unwrap().parse().unwrap();
    url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned()
}

/// Where the way back leads.
async fn come_back(browser: &Browser, query: &str) -> String {
    let answer = browser.get(&format!("/api/oauth/tiktok_ads/callback?{query}")).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{query}");
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// Connects the accounts that `code` stands for.
pub async fn connect(browser: &Browser, code: &str) -> String {
    let state = begin(browser, None).await;
    let target = come_back(browser, &format!("auth_code={code}&state={state}")).await;
    target.strip_prefix("/settings/integrations?connected=").expect("connected").to_owned()
}

/// The account with this number on the connection.
pub async fn account(browser: &Browser, connection: &str, number: usize) -> Value {
    let accounts = browser.json(&format!("/api/v1/integrations/{connection}/accounts")).await;
    accounts["items"][number].clone()
}

/// Maps the first account to a client, which begins the first reading.
pub async fn map(browser: &Browser, connection: &str, client: &str) {
    let account = account(browser, connection, 0).await;
    let path = format!("/api/v1/integrations/accounts/{}/client", account["id"].as_str().unwrap());
    assert_eq!(browser.send("PUT", &path, &json!({"client_id": client})).await.status(), StatusCode::OK);
}

/// The newest run, once `ended` have ended and none is running.
pub async fn run(browser: &Browser, connection: &str, ended: usize) -> Value {
    for _ in 0..600 {
        let runs = browser.json(&format!("/api/v1/integrations/{connection}/runs")).await;
        let items = runs["items"].as_array().unwrap();
        if items.len() >= ended && items.iter().all(|run| run["state"] != "running") {
            return items[0].clone();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the run did not end: {}", browser.json(&format!("/api/v1/integrations/{connection}/runs")).await);
}

pub async fn sync(browser: &Browser, connection: &str) -> StatusCode {
    browser.post(&format!("/api/v1/integrations/{connection}/sync"), &json!({})).await.status()
}

/// Today where the stand-in's accounts are.
pub fn today(app: &TestApp) -> Date {
    service::moment::day("Europe/Berlin", app.service.clock.now()).unwrap()
}

pub fn back(app: &TestApp, days: i64) -> Date {
    today(app) - time::Duration::days(days)
}

/// What is stored as spent, in cents, at one level.
#[expect(clippy::disallowed_methods, reason = "a test's own question")]
pub async fn stored_cents(pool: &PgPool, level: &str) -> i64 {
    let sql = "select coalesce(sum(spend * 100), 0)::bigint from metric_daily where level = $1";
    sqlx::query_scalar(sql).bind(level).fetch_one(pool).await.unwrap()
}

/// (daily rows, observations): equal as long as nothing was restated and nothing doubled.
pub async fn sizes(pool: &PgPool) -> (i64, i64) {
    (
        count(pool, "select count(*) from metric_daily").await,
        count(pool, "select count(*) from metric_observation").await,
    )
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b9_3_what_was_read_is_stored_once_and_another_value_becomes_another_observation(pool: PgPool) {
    let tiktok = TikTok::start().await;
    let app = start(pool.clone(), &tiktok).await;
    let agency = Agency::found(&app).await;
    let connection = connect(&agency.ada, "acme").await;
    assert_eq!(sizes(&pool).await, (0, 0), "nothing is read before a person said whose account it is");
    assert_eq!(sync(&agency.ada, &connection).await, StatusCode::CONFLICT);
    map(&agency.ada, &connection, &agency.c[0]).await;
    let first = run(&agency.ada, &connection, 1).await;
    assert_eq!((&first["state"], &first["cause"]), (&json!("succeeded"), &json!("first")), "{first}");
    assert_eq!((&first["days_done"], &first["days_total"]), (&json!(90), &json!(90)));
    let truth = tiktok.truth("acme-1", back(&app, 89), today(&app));
    for level in ["campaign", "group", "ad"] {
        assert_eq!(stored_cents(&pool, level).await, truth, "{level}");
    }
    let rows = 90 * (2 + 3 + 5);
    assert_eq!(sizes(&pool).await, (rows, rows));
    assert_eq!(first["rows_new"], json!(rows));
    assert_eq!(count(&pool, "select count(*) from staged_page").await, 0);
    let missing = "select count(*) from metric_daily where claimed_revenue is null and orders is null";
    assert_eq!(count(&pool, missing).await, rows, "what was not reported is not 0");

    assert_eq!(sync(&agency.ada, &connection).await, StatusCode::ACCEPTED);
    let again = run(&agency.ada, &connection, 2).await;
    assert_eq!((&again["rows_new"], &again["rows_changed"]), (&json!(0), &json!(0)), "{again}");
    assert_eq!(again["rows_unchanged"], json!(28 * 10), "the trailing weeks were read again");
    assert_eq!(sizes(&pool).await, (rows, rows));

    let before = app.service.clock.now();
    let day = back(&app, 9);
    tiktok.world().restated.insert(("acme-1".to_owned(), day), 1234);
    assert_eq!(sync(&agency.ada, &connection).await, StatusCode::ACCEPTED);
    let restated = run(&agency.ada, &connection, 3).await;
    assert_eq!((&restated["rows_new"], &restated["rows_changed"]), (&json!(0), &json!(10)), "{restated}");
    assert_eq!(sizes(&pool).await, (rows, rows + 10));
    assert_eq!(stored_cents(&pool, "ad").await, truth + 5 * 1234);

    let channel = account(&agency.ada, &connection, 0).await["id"].as_str().unwrap().parse().unwrap();
    let actor = Actor::machine(organization(&pool).await);
    let mut tx = app.service.db.tenant(&actor).await.unwrap();
    let days = Days { first: day, last: day };
    let then = store::metric::list(&mut tx, channel, days, Level::Ad, Some(before)).await.unwrap();
    let now = store::metric::list(&mut tx, channel, days, Level::Ad, None).await.unwrap();
    let sum = |rows: &[model::metric::DayRow]| {
        rows.iter().filter_map(|row| row.measures.spend).sum::<rust_decimal::Decimal>()
    };
    assert_eq!(sum(&now) - sum(&then), rust_decimal::Decimal::new(5 * 1234, 2), "as of before, the old value stands");
    drop(tx);
    app.finish().await;
}

#[expect(clippy::disallowed_methods, reason = "a test's own question")]
pub async fn organization(pool: &PgPool) -> model::id::OrganizationId {
    let sql = "select organization_id from organization where name = 'Acme'";
    let id: uuid::Uuid = sqlx::query_scalar(sql).fetch_one(pool).await.unwrap();
    id.into()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b8_2_a_state_counts_once_for_who_began_it_and_ten_minutes(pool: PgPool) {
    let tiktok = TikTok::start().await;
    let app = start(pool.clone(), &tiktok).await;
    let agency = Agency::found(&app).await;
    let refused = |code: &str| format!("/settings/integrations?error={code}");
    let state = begin(&agency.ada, None).await;
    let mut flipped = state.clone().into_bytes();
    flipped[3] = if flipped[3] == b'a' { b'b' } else { b'a' };
    for wrong in ["", "x", "%7B%7D", &format!("{state}."), &state[1..], std::str::from_utf8(&flipped).unwrap()] {
        assert_eq!(come_back(&agency.ada, &format!("auth_code=acme&state={wrong}")).await, refused("state"), "{wrong}");
    }
    assert_eq!(come_back(&agency.ada, "auth_code=acme").await, refused("state"));
    assert_eq!(come_back(&agency.olga, &format!("auth_code=acme&state={state}")).await, refused("state"), "another's");
    let ada_elsewhere = app.browser();
    let login = json!({"email": "ada@acme.test", "password": crate::support::PASSWORD});
    assert_eq!(ada_elsewhere.post("/api/v1/auth/login", &login).await.status(), StatusCode::OK);
    let there = come_back(&ada_elsewhere, &format!("auth_code=acme&state={state}")).await;
    assert_eq!(there, refused("state"), "another session's");
    let answer = agency.ada.get(&format!("/api/oauth/google_ads/callback?code=acme&state={state}")).await;
    assert_eq!(answer.headers()["location"], refused("state").as_str(), "another provider's");

    let state = begin(&agency.ada, None).await;
    assert!(come_back(&agency.ada, &format!("auth_code=acme&state={state}")).await.contains("connected="));
    assert_eq!(come_back(&agency.ada, &format!("auth_code=acme&state={state}")).await, refused("state"), "used");

    let denied = begin(&agency.ada, None).await;
    assert_eq!(come_back(&agency.ada, &format!("error=access_denied&state={denied}")).await, refused("access_denied"));
    assert_eq!(come_back(&agency.ada, &format!("auth_code=acme&state={denied}")).await, refused("state"), "used up");
    let state = begin(&agency.ada, None).await;
    assert_eq!(come_back(&agency.ada, &format!("auth_code=bad&state={state}")).await, refused("exchange"));
    let state = begin(&agency.ada, None).await;
    let narrow = come_back(&agency.ada, &format!("auth_code=narrow&state={state}")).await;
    assert_eq!(narrow, format!("{}&missing=100", refused("scopes")), "the page says what is not there without it");
    let late = begin(&agency.ada, None).await;
    app.service.clock.advance(time::Duration::minutes(11));
    assert_eq!(come_back(&agency.ada, &format!("auth_code=acme&state={late}")).await, refused("expired"));
    assert_eq!(count(&pool, "select count(*) from connection").await, 1, "nothing else was stored");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b8_6_each_connection_is_read_with_its_own_token(pool: PgPool) {
    let tiktok = TikTok::start().await;
    let app = start(pool.clone(), &tiktok).await;
    let agency = Agency::found(&app).await;
    let ours = connect(&agency.olga, "acme").await;
    let theirs = connect(&agency.bert, "beta").await;
    map(&agency.olga, &ours, &agency.c[0]).await;
    map(&agency.bert, &theirs, &agency.d1).await;
    assert_eq!(run(&agency.olga, &ours, 1).await["state"], "succeeded");
    assert_eq!(run(&agency.bert, &theirs, 1).await["state"], "succeeded");
    assert_eq!(agency.olga.get(&format!("/api/v1/integrations/{theirs}")).await.status(), StatusCode::NOT_FOUND);
    let account = account(&agency.bert, &theirs, 0).await;
    let path = format!("/api/v1/integrations/accounts/{}/client", account["id"].as_str().unwrap());
    let stolen = agency.olga.send("PUT", &path, &json!({"client_id": agency.c[0]})).await;
    assert_eq!(stolen.status(), StatusCode::NOT_FOUND);
    let mixed = json!({"client_id": agency.c[0]});
    assert_eq!(agency.bert.send("PUT", &path, &mixed).await.status(), StatusCode::NOT_FOUND, "another agency's client");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_answer_that_cannot_be_right_fails_the_run_and_leaves_the_totals(pool: PgPool) {
    let tiktok = TikTok::start().await;
    let app = start(pool.clone(), &tiktok).await;
    let agency = Agency::found(&app).await;
    let connection = connect(&agency.ada, "acme").await;
    map(&agency.ada, &connection, &agency.c[0]).await;
    run(&agency.ada, &connection, 1).await;
    tiktok.world().restated.insert(("acme-1".to_owned(), today(&app)), 77);
    let kept = sizes(&pool).await;
    let cents = stored_cents(&pool, "ad").await;
    let mut ended = 1;
    for (fault, kind) in [(Fault::Half, "malformed"), (Fault::Foreign, "malformed"), (Fault::Code(40002), "rejected")] {
        tiktok.world().down = Some(fault);
        assert_eq!(sync(&agency.ada, &connection).await, StatusCode::ACCEPTED);
        ended += 1;
        let failed = run(&agency.ada, &connection, ended).await;
        assert_eq!((&failed["state"], &failed["error_kind"]), (&json!("failed"), &json!(kind)), "{fault:?}: {failed}");
        assert!(!failed["error"].as_str().unwrap().is_empty() && !failed["hint"].as_str().unwrap().is_empty());
        assert_eq!(sizes(&pool).await, kept, "{fault:?}");
    }
    // The second page is broken, the first was fine: nothing of the piece counts.
    tiktok.world().down = None;
    tiktok.world().faults.extend([Fault::Half]);
    assert_eq!(stored_cents(&pool, "ad").await, cents);
    let mails = app.mails("ada@acme.test").len() + app.mails("olga@acme.test").len();
    assert!(mails >= 2, "who runs the agency is told once");
    tiktok.world().faults.clear();
    assert_eq!(sync(&agency.ada, &connection).await, StatusCode::ACCEPTED);
    assert_eq!(run(&agency.ada, &connection, ended + 1).await["rows_changed"], json!(10));
    assert_eq!(stored_cents(&pool, "ad").await, cents + 5 * 77);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b9_5_a_busy_provider_is_waited_for_under_the_same_run(pool: PgPool) {
    let tiktok = TikTok::start().await;
    let app = start(pool.clone(), &tiktok).await;
    let agency = Agency::found(&app).await;
    let connection = connect(&agency.ada, "acme").await;
    tiktok.world().faults.extend([Fault::Wait, Fault::Status(500), Fault::Wait]);
    map(&agency.ada, &connection, &agency.c[0]).await;
    let first = run(&agency.ada, &connection, 1).await;
    assert_eq!((&first["state"], &first["rows_new"]), (&json!("succeeded"), &json!(900)), "{first}");
    let runs = agency.ada.json(&format!("/api/v1/integrations/{connection}/runs")).await;
    assert_eq!(runs["items"].as_array().unwrap().len(), 1, "one run, however often it waited");
    assert_eq!(stored_cents(&pool, "ad").await, tiktok.truth("acme-1", back(&app, 89), today(&app)));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b8_7_a_refused_token_waits_for_reconnect_with_the_reason(pool: PgPool) {
    let tiktok = TikTok::start().await;
    let app = start(pool.clone(), &tiktok).await;
    let agency = Agency::found(&app).await;
    let connection = connect(&agency.ada, "acme").await;
    map(&agency.ada, &connection, &agency.c[0]).await;
    run(&agency.ada, &connection, 1).await;
    let path = format!("/api/v1/integrations/{connection}");
    let healthy: Value = agency.ada.post(&format!("{path}/test"), &json!({})).await.json().await.unwrap();
    assert_eq!((&healthy["healthy"], &healthy["hint"]), (&json!(true), &Value::Null), "{healthy}");

    tiktok.world().dead.push(token_of("acme"));
    assert_eq!(sync(&agency.ada, &connection).await, StatusCode::ACCEPTED);
    let failed = run(&agency.ada, &connection, 2).await;
    assert_eq!((&failed["state"], &failed["error_kind"]), (&json!("failed"), &json!("unauthorized")), "{failed}");
    let waiting = agency.ada.json(&path).await;
    assert_eq!(waiting["state"], "reconnect");
    assert!(waiting["reason"].as_str().unwrap().contains("revoked"), "{waiting}");
    assert_eq!(sync(&agency.ada, &connection).await, StatusCode::CONFLICT);
    let ill: Value = agency.ada.post(&format!("{path}/test"), &json!({})).await.json().await.unwrap();
    assert_eq!(ill["healthy"], json!(false), "the stored credential was used: {ill}");

    let state = begin(&agency.ada, Some(&connection)).await;
    let other = come_back(&agency.ada, &format!("auth_code=other&state={state}")).await;
    assert_eq!(other, "/settings/integrations?error=other_account");
    tiktok.world().dead.clear();
    let state = begin(&agency.ada, Some(&connection)).await;
    let back = come_back(&agency.ada, &format!("auth_code=acme&state={state}")).await;
    assert_eq!(back, format!("/settings/integrations?connected={connection}"));
    assert_eq!(run(&agency.ada, &connection, 3).await["state"], "succeeded");
    assert_eq!(agency.ada.json(&path).await["state"], "connected");
    assert_eq!(sizes(&pool).await, (900, 900));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b8_8_disconnecting_revokes_and_always_removes(pool: PgPool) {
    let tiktok = TikTok::start().await;
    let app = start(pool.clone(), &tiktok).await;
    let agency = Agency::found(&app).await;
    for (code, keeps) in [("acme", false), ("more", true)] {
        tiktok.world().keeps = keeps;
        let connection = connect(&agency.ada, code).await;
        map(&agency.ada, &connection, &agency.c[0]).await;
        run(&agency.ada, &connection, 1).await;
        let path = format!("/api/v1/integrations/{connection}");
        assert_eq!(agency.ada.send("DELETE", &path, &json!({})).await.status(), StatusCode::NO_CONTENT);
        assert_eq!(agency.ada.get(&path).await.status(), StatusCode::NOT_FOUND);
        for _ in 0..200 {
            if count(&pool, "select count(*) from credential").await == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(count(&pool, "select count(*) from credential").await, 0, "revoking failed: {keeps}");
        assert!(tiktok.world().revoked.contains(&token_of(code)));
    }
    assert_eq!(sizes(&pool).await, (1800, 1800), "what was read stays");
    app.finish().await;
}

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
    let tiktok = TikTok::start().await;
    let app = start(pool.clone(), &tiktok).await;
    let agency = Agency::found(&app).await;
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
    let tiktok = TikTok::start().await;
    let app = start(pool.clone(), &tiktok).await;
    let agency = Agency::found(&app).await;
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

#[expect(clippy::disallowed_methods, reason = "changes as the superuser what takes hours otherwise")]
pub async fn execute(pool: &PgPool, sql: String) {
    sqlx::query(sqlx::AssertSqlSafe(sql)).execute(pool).await.unwrap();
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_nobody_could_read_for_a_day_is_told_once(pool: PgPool) {
    let tiktok = TikTok::start().await;
    let app = start(pool.clone(), &tiktok).await;
    let agency = Agency::found(&app).await;
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
async fn b8_1_the_way_to_consent_names_client_redirect_scopes_and_state(pool: PgPool) {
    let app = TestApp::start_with(pool, |config| {
        for name in ["GOOGLE_ADS_CLIENT_ID", "GOOGLE_ADS_CLIENT_SECRET", "GOOGLE_ADS_DEVELOPER_TOKEN"] {
            config.providers.insert(name.to_owned(), format!("set-{name}").into());
        }
    })
    .await;
    let agency = Agency::found(&app).await;
    let way = agency.ada.post("/api/v1/integrations", &json!({"provider": "google_ads"})).await;
    let way: Value = way.json().await.unwrap();
    let url: reqwest::Url = way["authorize_url"].as_str().unwrap().parse().unwrap();
    let part = |name: &str| url.query_pairs().find(|(found, _)| found == name).unwrap().1.into_owned();
    assert_eq!(url.host_str(), Some("accounts.google.com"));
    assert_eq!(part("client_id"), "set-GOOGLE_ADS_CLIENT_ID");
    assert_eq!(part("redirect_uri"), format!("{}/api/oauth/google_ads/callback", app.url));
    assert_eq!((part("access_type").as_str(), part("response_type").as_str()), ("offline", "code"));
    assert_eq!(part("scope"), "https://www.googleapis.com/auth/adwords", "no more than is needed");
    assert_eq!(part("code_challenge_method"), "S256");
    assert!(part("state").len() >= 32 && part("code_challenge").len() == 43);
    assert!(!url.as_str().contains("SECRET") && !url.as_str().contains("DEVELOPER"), "{url}");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b8_9_b9_1_what_cannot_be_connected_or_read_says_why(pool: PgPool) {
    let tiktok = TikTok::start().await;
    let app = start(pool.clone(), &tiktok).await;
    let agency = Agency::found(&app).await;
    let refused = async |body: Value| {
        let answer = agency.ada.post("/api/v1/integrations", &body).await;
        (answer.status(), answer.text().await.unwrap())
    };
    let (status, words) = refused(json!({"provider": "myspace_ads"})).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    for key in ["google_ads", "meta_ads", "tiktok_ads", "shopify", "\"field\":\"provider\""] {
        assert!(words.contains(key), "{words}");
    }
    let (status, words) = refused(json!({"provider": "google_ads"})).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(
        words.contains("GOOGLE_ADS_DEVELOPER_TOKEN, ") && words.contains(" are not set: ask your operator"),
        "{words}"
    );
    let nobody = "018f0000-0000-7000-8000-000000000000";
    assert_eq!(sync(&agency.ada, nobody).await, StatusCode::NOT_FOUND);
    assert_eq!(sync(&agency.ada, "x").await, StatusCode::BAD_REQUEST);

    let connection = connect(&agency.ada, "acme").await;
    map(&agency.ada, &connection, &agency.c[0]).await;
    run(&agency.ada, &connection, 1).await;
    // One bit of what is sealed: it no longer opens, and nobody is told another thing.
    let flip =
        "update credential set sealed = set_byte(sealed, length(sealed) - 1, get_byte(sealed, length(sealed) - 1) # 1)";
    execute(&pool, flip.to_owned()).await;
    let asked = tiktok.world().calls.len();
    sync(&agency.ada, &connection).await;
    let failed = run(&agency.ada, &connection, 2).await;
    assert_eq!(failed["hint"], "Reconnect the account", "{failed}");
    assert_eq!(agency.ada.json(&format!("/api/v1/integrations/{connection}")).await["state"], "reconnect");
    assert_eq!(tiktok.world().calls.len(), asked, "nothing was asked with a broken token");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_account_is_read_through_one_connection_and_goes_on_through_the_next(pool: PgPool) {
    let tiktok = TikTok::start().await;
    let app = start(pool.clone(), &tiktok).await;
    let agency = Agency::found(&app).await;
    let first = connect(&agency.ada, "acme").await;
    map(&agency.ada, &first, &agency.c[0]).await;
    run(&agency.ada, &first, 1).await;
    let second = connect(&agency.olga, "acme").await;
    assert_eq!(account(&agency.olga, &second, 0).await, Value::Null, "another connection reads it");
    assert_eq!(sync(&agency.olga, &second).await, StatusCode::CONFLICT);
    assert_eq!(sync(&agency.olga, &first).await, StatusCode::ACCEPTED);
    run(&agency.olga, &first, 2).await;
    assert_eq!(sizes(&pool).await, (900, 900));

    let gone = agency.ada.send("DELETE", &format!("/api/v1/integrations/{first}"), &json!({})).await;
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    let again = run(&agency.olga, &second, 1).await;
    assert_eq!(
        (&again["state"], &again["rows_new"]),
        (&json!("succeeded"), &json!(0)),
        "who is left reads on: {again}"
    );
    let adopted = account(&agency.olga, &second, 0).await;
    assert_eq!(adopted["client_id"], json!(agency.c[0]), "it still belongs to its client: {adopted}");
    assert_eq!(sizes(&pool).await, (900, 900), "the past is there once");

    let gone = agency.ada.send("DELETE", &format!("/api/v1/integrations/{second}"), &json!({})).await;
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    let third = connect(&agency.ada, "acme").await;
    assert_eq!(run(&agency.ada, &third, 1).await["rows_new"], json!(0), "so does who comes later");
    assert_eq!(sizes(&pool).await, (900, 900));
    assert_eq!(stored_cents(&pool, "ad").await, tiktok.truth("acme-1", back(&app, 89), today(&app)));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_account_out_of_reach_is_said_and_keeps_no_other_from_being_read(pool: PgPool) {
    let tiktok = TikTok::start().await;
    tiktok.world().accounts = 2;
    let app = start(pool.clone(), &tiktok).await;
    let agency = Agency::found(&app).await;
    let connection = connect(&agency.ada, "acme").await;
    for number in 0..2 {
        let account = account(&agency.ada, &connection, number).await;
        let path = format!("/api/v1/integrations/accounts/{}/client", account["id"].as_str().unwrap());
        let body = json!({"client_id": agency.c[number]});
        assert_eq!(agency.ada.send("PUT", &path, &body).await.status(), StatusCode::OK);
        let unsaid = agency.ada.send("PUT", &path, &json!({"clientId": agency.c[0]})).await;
        assert!(unsaid.status().is_client_error(), "a misspelt field unmaps nothing");
    }
    run(&agency.ada, &connection, 1).await;
    while sizes(&pool).await.0 < 1800 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    run(&agency.ada, &connection, 1).await;
    tiktok.world().accounts = 1;
    tiktok.world().restated.insert(("acme-1".to_owned(), today(&app)), 50);
    let before = stored_cents(&pool, "ad").await;
    let ended =
        agency.ada.json(&format!("/api/v1/integrations/{connection}/runs")).await["items"].as_array().unwrap().len();
    assert_eq!(sync(&agency.ada, &connection).await, StatusCode::ACCEPTED);
    let failed = run(&agency.ada, &connection, ended + 1).await;
    assert_eq!((&failed["state"], &failed["error_kind"]), (&json!("failed"), &json!("rejected")), "{failed}");
    assert!(failed["error"].as_str().unwrap().contains("Account acme-2: the connection no longer reaches"), "{failed}");
    assert_eq!(stored_cents(&pool, "ad").await, before + 5 * 50, "the other one was read");

    // A run that waits when its connection ends does not run for ever.
    tiktok.world().down = Some(Fault::Code(40100));
    tiktok.world().accounts = 2;
    assert_eq!(sync(&agency.ada, &connection).await, StatusCode::ACCEPTED);
    while count(&pool, "select count(*) from sync_run where state = 'running' and step like '%asks to wait%'").await
        == 0
    {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let gone = agency.ada.send("DELETE", &format!("/api/v1/integrations/{connection}"), &json!({})).await;
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    assert_eq!(count(&pool, "select count(*) from sync_run where state = 'running'").await, 0);
    app.stop().await;
}
