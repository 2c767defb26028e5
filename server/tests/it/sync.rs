//! Connections over HTTP: consent, reading exactly once, faults, and the end of a connection. The provider is a stand-in
//! whose truth is known.

use std::time::Duration;

use model::{
    actor::Actor,
    metric::{Days, Level},
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use server::config::Config;
use sqlx::PgPool;
use time::Date;

use crate::{
    support::{Agency, Browser, TestApp, count},
    tiktok::{APP_SECRET, Fault, TikTok},
};

/// What every process of a test seals with.
pub const SECRET: &str = "0707070707070707070707070707070707070707070707070707070707070707";
pub const KEYS: &str = "k1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";

/// The application with TikTok Ads set up, reached at the stand-in.
pub async fn start(pool: PgPool, tiktok: &TikTok) -> TestApp {
    start_with(pool, tiktok, |_| ()).await
}

/// The same with changed settings.
pub async fn start_with(pool: PgPool, tiktok: &TikTok, change: impl FnOnce(&mut Config)) -> TestApp {
    let url = tiktok.url.parse().unwrap();
    TestApp::start_with(pool, |config| {
        config.providers.insert("TIKTOK_APP_ID".to_owned(), "tt-app".to_owned().into());
        config.providers.insert("TIKTOK_APP_SECRET".to_owned(), APP_SECRET.to_owned().into());
        config.provider_urls.insert("tiktok_ads".to_owned(), url);
        (config.secret, config.keys) = (Some(SECRET.to_owned().into()), Some(KEYS.to_owned().into()));
        change(config);
    })
    .await
}

/// A stand-in, the application beside it, and an agency in it.
pub async fn open(pool: &PgPool) -> (TikTok, TestApp, Agency) {
    let tiktok = TikTok::start().await;
    let app = start(pool.clone(), &tiktok).await;
    let agency = Agency::found(&app).await;
    (tiktok, app, agency)
}

/// The state in a way to the provider's page of consent.
pub async fn begin(browser: &Browser, again: Option<&str>) -> String {
    let body = json!({"provider": "tiktok_ads", "connection_id": again});
    let answer = browser.post("/api/v1/integrations", &body).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let way: Value = answer.json().await.unwrap();
    let url: reqwest::Url = way["authorize_url"].as_str().unwrap().parse().unwrap();
    url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned()
}

/// Where the way back leads.
pub async fn come_back(browser: &Browser, query: &str) -> String {
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
    for _ in 0..2400 {
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
    let (tiktok, app, agency) = open(&pool).await;
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
    assert_eq!(again["rows_unchanged"], json!(30 * 10), "the trailing weeks were read again");
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
async fn b8_6_each_connection_is_read_with_its_own_token(pool: PgPool) {
    let (_tiktok, app, agency) = open(&pool).await;
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
    let (tiktok, app, agency) = open(&pool).await;
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
    // The second page is broken, the first was fine and had news: nothing of the piece counts.
    tiktok.world().down = None;
    tiktok.world().restated.insert(("acme-1".to_owned(), back(&app, 25)), 33);
    let asked = tiktok.reports();
    tiktok.world().faults.extend([Fault::Later, Fault::Half]);
    assert_eq!(sync(&agency.ada, &connection).await, StatusCode::ACCEPTED);
    ended += 1;
    let failed = run(&agency.ada, &connection, ended).await;
    assert_eq!((&failed["state"], &failed["error_kind"]), (&json!("failed"), &json!("malformed")), "{failed}");
    assert_eq!(tiktok.reports() - asked, 2, "a page that was whole, and the broken one");
    assert_eq!((sizes(&pool).await, stored_cents(&pool, "ad").await), (kept, cents));
    assert_eq!(count(&pool, "select count(*) from staged_page").await, 0, "the whole page is not taken up later");
    let mails = app.mails("ada@acme.test").len() + app.mails("olga@acme.test").len();
    assert!(mails >= 2, "who runs the agency is told once");
    tiktok.world().faults.clear();
    assert_eq!(sync(&agency.ada, &connection).await, StatusCode::ACCEPTED);
    let mended = run(&agency.ada, &connection, ended + 1).await;
    assert_eq!((&mended["state"], &mended["rows_changed"]), (&json!("succeeded"), &json!(2 * 10)), "{mended}");
    assert_eq!(stored_cents(&pool, "ad").await, cents + 5 * 77 + 5 * 33);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b9_5_a_busy_provider_is_waited_for_under_the_same_run(pool: PgPool) {
    let (tiktok, app, agency) = open(&pool).await;
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
async fn an_account_is_read_through_one_connection_and_goes_on_through_the_next(pool: PgPool) {
    let (tiktok, app, agency) = open(&pool).await;
    let first = connect(&agency.ada, "acme").await;
    map(&agency.ada, &first, &agency.c[0]).await;
    run(&agency.ada, &first, 1).await;
    // This consent reaches one account more.
    tiktok.world().accounts = 2;
    let second = connect(&agency.olga, "acme").await;
    assert_eq!(account(&agency.olga, &second, 0).await["external_id"], "acme-2");
    assert_eq!(account(&agency.olga, &second, 1).await, Value::Null, "another connection reads the other");
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
    // Each mapping asked for a run of its own: the last of them may not have begun.
    let busy = "select (select count(*) from sync_run where state = 'running')
        + (select count(*) from connection where next_sync_at <= now() + interval '1 minute')
        + (select count(*) from graphile_worker._private_jobs where payload ->> 'job' in ('sync_connection', 'queue_due'))";
    while count(&pool, busy).await > 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
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

    // An account that counts in another currency now: the amounts that are stored stay what they are.
    tiktok.world().accounts = 2;
    tiktok.world().in_dollars = Some("acme-2".to_owned());
    let before = sizes(&pool).await;
    assert_eq!(sync(&agency.ada, &connection).await, StatusCode::ACCEPTED);
    let failed = run(&agency.ada, &connection, ended + 2).await;
    assert_eq!((&failed["state"], &failed["error_kind"]), (&json!("failed"), &json!("rejected")), "{failed}");
    let words = failed["error"].as_str().unwrap();
    assert!(words.contains("Account acme-2: it counts in USD now, and what was read of it is in EUR"), "{failed}");
    assert_eq!(sizes(&pool).await, before);
    assert_eq!(count(&pool, "select count(*) from channel where currency = 'EUR'").await, 2);

    // A run that waits when its connection ends does not run for ever.
    tiktok.world().in_dollars = None;
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
