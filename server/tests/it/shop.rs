//! A shop over HTTP: its books are counted once, webhooks bring a change at once, and its short-lived tokens stay secret.

use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    process::Process,
    shopify::{APP_SECRET, Order, SHOP, Shopify, signature, signed_return},
    support::{Agency, Browser, TestApp, all_rows, count},
    sync::{KEYS, SECRET, map, run},
    tiktok::{self, TikTok, token_of},
};

pub async fn start(pool: PgPool, shopify: &Shopify) -> TestApp {
    let url = shopify.url.parse().unwrap();
    TestApp::start_with(pool, |config| {
        config.providers.insert("SHOPIFY_API_KEY".to_owned(), "sh-app".to_owned().into());
        config.providers.insert("SHOPIFY_API_SECRET".to_owned(), APP_SECRET.to_owned().into());
        config.provider_urls.insert("shopify".to_owned(), url);
        (config.secret, config.keys) = (Some(SECRET.to_owned().into()), Some(KEYS.to_owned().into()));
    })
    .await
}

/// Connects the shop.
pub async fn connect(browser: &Browser) -> String {
    let body = json!({"provider": "shopify", "fields": {"shop": SHOP}});
    let way: Value = browser.post("/api/v1/integrations", &body).await.json().await.unwrap();
    let url: reqwest::Url = way["authorize_url"].as_str().unwrap().parse().unwrap();
    let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let answer = browser.get(&format!("/api/oauth/shopify/callback?{}", signed_return("c1", &state))).await;
    let target = answer.headers()["location"].to_str().unwrap().to_owned();
    target.strip_prefix("/settings/integrations?connected=").unwrap_or_else(|| panic!("{target}")).to_owned()
}

async fn webhook(app: &TestApp, id: &str, body: &str, signature: &str) -> Response {
    let request = app.browser().client.post(format!("{}/api/webhooks/shopify", app.url));
    let request = request.header("x-shopify-shop-domain", SHOP).header("x-shopify-topic", "orders/updated");
    let request = request.header("x-shopify-webhook-id", id).header("x-shopify-hmac-sha256", signature);
    request.body(body.to_owned()).send().await.unwrap()
}

/// Revenue and refunds in the books, in whole units.
async fn books(pool: &PgPool) -> (i64, i64, i64) {
    let sum = async |column: &'static str| count(pool, column).await;
    (
        sum("select coalesce(sum(orders), 0)::bigint from metric_daily").await,
        sum("select coalesce(sum(ledger_revenue), 0)::bigint from metric_daily").await,
        sum("select coalesce(sum(refunds), 0)::bigint from metric_daily").await,
    )
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_shops_books_are_counted_once_and_a_webhook_brings_a_change_at_once(pool: PgPool) {
    let shopify = Shopify::start().await;
    let app = start(pool.clone(), &shopify).await;
    let agency = Agency::found(&app).await;
    let now = app.service.clock.now();
    let order = |number: u32| {
        let at = now - time::Duration::hours(i64::from(number) * 5 + 1);
        Order { number, at, changed: at, goods: i64::from(number), refunded: None }
    };
    shopify.world().orders = (1..=60).map(order).collect();
    let connection = connect(&agency.ada).await;
    map(&agency.ada, &connection, &agency.c[0]).await;
    let first = run(&agency.ada, &connection, 1).await;
    assert_eq!(first["state"], "succeeded", "{first}");
    let goods: i64 = (1..=60).sum();
    assert_eq!(books(&pool).await, (60, goods, 0));
    let soon = "select count(*) from connection where next_sync_at = last_sync_at + interval '15 minutes'";
    assert_eq!(count(&pool, soon).await, 1, "a shop is read every quarter of an hour");
    let rows = count(&pool, "select count(*) from metric_observation").await;

    let body = r#"{"id":7}"#;
    for wrong in ["", "x", &signature("{}"), &signature(body).to_lowercase()] {
        assert_eq!(webhook(&app, "w0", body, wrong).await.status(), StatusCode::UNAUTHORIZED, "{wrong}");
    }
    assert_eq!(count(&pool, "select count(*) from webhook_event").await, 0);

    {
        let mut world = shopify.world();
        let changed = &mut world.orders[6];
        (changed.refunded, changed.changed) = (Some(3), app.service.clock.now());
    }
    for _ in 0..3 {
        assert_eq!(webhook(&app, "w1", body, &signature(body)).await.status(), StatusCode::OK);
    }
    assert_eq!(count(&pool, "select count(*) from webhook_event").await, 1, "stored once by its id");
    let second = run(&agency.ada, &connection, 2).await;
    assert_eq!((&second["cause"], &second["state"]), (&json!("webhook"), &json!("succeeded")), "{second}");
    assert_eq!(books(&pool).await, (60, goods - 3, 3), "revenue is net of what was paid back");
    assert!(count(&pool, "select count(*) from metric_observation").await > rows, "the day before stands as it was");
    assert_eq!(count(&pool, "select count(*) from webhook_event where handled_at is null").await, 0);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let runs = agency.ada.json(&format!("/api/v1/integrations/{connection}/runs")).await;
    assert_eq!(runs["items"].as_array().unwrap().len(), 2, "the same event again is no other reading");
    assert_eq!(count(&pool, "select count(*) from shop_order").await, 60);
    assert!(shopify.world().renewed >= 2, "its token lasts a minute");

    shopify.world().refuses = true;
    let path = format!("/api/v1/integrations/{connection}");
    assert_eq!(agency.ada.post(&format!("{path}/sync"), &json!({})).await.status(), StatusCode::ACCEPTED);
    let third = run(&agency.ada, &connection, 3).await;
    assert_eq!(third["error_kind"], "unauthorized", "{third}");
    let waiting = agency.ada.json(&path).await;
    assert_eq!(waiting["state"], "reconnect");
    assert!(waiting["reason"].as_str().unwrap().contains("used or revoked"), "{waiting}");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b9_5_a_token_that_is_refused_is_renewed_once_and_then_waits_for_reconnect(pool: PgPool) {
    let shopify = Shopify::start().await;
    let app = start(pool.clone(), &shopify).await;
    let agency = Agency::found(&app).await;
    let at = app.service.clock.now() - time::Duration::hours(1);
    shopify.world().orders = vec![Order { number: 1, at, changed: at, goods: 9, refunded: None }];
    let connection = connect(&agency.ada).await;
    // Its time has come as well, which renews it before anything is asked; the refusal renews it once more.
    let before = shopify.world().renewed;
    shopify.world().forgets = 1;
    map(&agency.ada, &connection, &agency.c[0]).await;
    let first = run(&agency.ada, &connection, 1).await;
    assert_eq!(first["state"], "succeeded", "one refusal is mended by renewing: {first}");
    assert_eq!(books(&pool).await, (1, 9, 0));
    assert_eq!(shopify.world().forgets, 0);
    let renewed = shopify.world().renewed - before;
    assert!(renewed >= 2, "{renewed}");

    shopify.world().forgets = 2;
    let path = format!("/api/v1/integrations/{connection}");
    assert_eq!(agency.ada.post(&format!("{path}/sync"), &json!({})).await.status(), StatusCode::ACCEPTED);
    let second = run(&agency.ada, &connection, 2).await;
    assert_eq!((&second["state"], &second["error_kind"]), (&json!("failed"), &json!("unauthorized")), "{second}");
    assert_eq!(shopify.world().forgets, 0, "it was asked again with the new token, and not a third time");
    let waiting = agency.ada.json(&path).await;
    assert_eq!(waiting["state"], "reconnect", "{waiting}");
    assert!(waiting["reason"].as_str().unwrap().contains("Invalid API key or access token"), "{waiting}");
    assert_eq!(books(&pool).await, (1, 9, 0), "what was read stays");
    app.finish().await;
}

/// A process that reads, believed dead after a second.
async fn reader(pool: &PgPool, shopify: &Shopify) -> Process {
    let settings = [
        ("RUST_LOG", "warn"),
        ("AUDIENCEOS_SECRET", SECRET),
        ("AUDIENCEOS_KEYS", KEYS),
        ("AUDIENCEOS_WORKER_SILENCE", "1000"),
        ("SHOPIFY_API_KEY", "sh-app"),
        ("SHOPIFY_API_SECRET", APP_SECRET),
        ("AUDIENCEOS_SHOPIFY_BASE_URL", &shopify.url),
    ];
    Process::start(pool, &settings).await
}

async fn until(what: &str, happened: impl Fn() -> bool) {
    for _ in 0..2400 {
        if happened() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("it did not happen in time: {what}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_first_reading_takes_many_orders_from_one_file_and_goes_on_in_it_after_a_kill(pool: PgPool) {
    const MANY: u32 = 3200;
    let shopify = Shopify::start().await;
    let app = start(pool.clone(), &shopify).await;
    let agency = Agency::found(&app).await;
    app.leave_jobs();
    let now = app.service.clock.now();
    let order = |number: u32| {
        let at = now - time::Duration::minutes(i64::from(number) * 30 + 60);
        Order { number, at, changed: at, goods: 1, refunded: None }
    };
    shopify.world().orders = (1..=MANY).map(order).collect();
    let process = reader(&pool, &shopify).await;
    let ada = agency.ada.at(&process.url);
    let connection = connect(&ada).await;
    map(&ada, &connection, &agency.c[0]).await;
    until("the file is asked for", || !shopify.world().operations.is_empty()).await;
    drop(process);
    {
        let mut world = shopify.world();
        world.complete_operations();
        // What the file does not know: an order came, and one was paid back.
        world.orders.push(Order { number: 0, at: now, changed: now, goods: 1, refunded: None });
        (world.orders[1999].refunded, world.orders[1999].changed) = (Some(1), now);
        world.latency = Duration::from_secs(2);
    }
    let process = reader(&pool, &shopify).await;
    until("a second part is asked for", || shopify.world().parts.len() == 2).await;
    drop(process);
    let moved = "select count(*) from sync_cursor where stream = 'orders' and cursor_at is not null";
    assert_eq!(count(&pool, moved).await, 0, "half a file says nothing of what changed since when");
    assert_eq!(count(&pool, "select count(*) from staged_page").await, 1, "the place in the file is kept");
    let kept = count(&pool, "select count(*) from shop_order").await;
    assert!(kept > 0 && kept < i64::from(MANY), "{kept} orders of the first part");
    assert_eq!(books(&pool).await, (0, 0, 0), "no day shows half of its orders");

    shopify.world().latency = Duration::ZERO;
    let process = reader(&pool, &shopify).await;
    until("the last part is asked for", || shopify.world().parts.len() == 4).await;
    until("what changed meanwhile is asked for", || shopify.world().reads > 0).await;
    let ended = run(&agency.ada.at(&process.url), &connection, 1).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    assert_eq!(books(&pool).await, (i64::from(MANY) + 1, i64::from(MANY), 1));
    assert_eq!(count(&pool, "select count(*) from shop_order").await, i64::from(MANY) + 1);
    assert_eq!(count(&pool, "select count(*) from staged_page").await, 0);
    {
        let world = shopify.world();
        assert_eq!(world.operations.len(), 1, "the kills asked for no other file");
        assert!(world.parts[0] == 0 && world.parts[1] == world.parts[2], "it went on at the part: {:?}", world.parts);
        assert!(world.reads < 5, "only what changed meanwhile was read in pages");
    }
    drop(process);
    app.stop().await;
}

/// A row's texts, its JSON and its bytes, so that nothing hides behind an encoding.
async fn everything_stored(pool: &PgPool) -> String {
    let rows: Vec<_> = all_rows(pool, None).await.into_iter().map(|(_, rows)| rows).collect();
    #[expect(clippy::disallowed_methods, reason = "a test's own question")]
    let jobs: String =
        sqlx::query_scalar("select coalesce(json_agg(j)::text, '') from graphile_worker._private_jobs j")
            .fetch_one(pool)
            .await
            .unwrap();
    format!("{}{jobs}", rows.join("\n"))
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b8_5_no_secret_is_readable_in_the_database_the_logs_or_an_answer(pool: PgPool) {
    let (shopify, tiktok) = (Shopify::start().await, TikTok::start().await);
    // Sealed alike; jobs are run by the process whose log is read.
    let app = start(pool.clone(), &shopify).await;
    let agency = Agency::found(&app).await;
    app.leave_jobs();
    // What has no stand-in is asked there too: it knows nothing of them, but their secrets are on the way.
    let known = [
        ("RUST_LOG", "trace"),
        ("AUDIENCEOS_SECRET", SECRET),
        ("AUDIENCEOS_KEYS", KEYS),
        ("AUDIENCEOS_WORKER_SILENCE", "1000"),
        ("SHOPIFY_API_KEY", "sh-app"),
        ("SHOPIFY_API_SECRET", APP_SECRET),
        ("AUDIENCEOS_SHOPIFY_BASE_URL", &shopify.url),
        ("TIKTOK_APP_ID", "tt-app"),
        ("TIKTOK_APP_SECRET", tiktok::APP_SECRET),
        ("AUDIENCEOS_TIKTOK_ADS_BASE_URL", &tiktok.url),
        ("AUDIENCEOS_GOOGLE_ADS_BASE_URL", &tiktok.url),
        ("AUDIENCEOS_META_ADS_BASE_URL", &tiktok.url),
        ("CRON_SECRET", "cron-secret-91be"),
    ];
    let variables = providers::all().iter().flat_map(|provider| provider.descriptor().settings);
    let others: Vec<_> = variables
        .map(|setting| setting.variable)
        .filter(|variable| known.iter().all(|(name, _)| name != variable))
        .map(|variable| (variable, format!("hidden-{}-3d8e", variable.to_lowercase())))
        .collect();
    let settings: Vec<_> =
        known.into_iter().chain(others.iter().map(|(name, value)| (*name, value.as_str()))).collect();
    let process = Process::start(&pool, &settings).await;
    let (ada, bert) = (agency.ada.at(&process.url), agency.bert.at(&process.url));
    let mut answers = Vec::new();
    let shop = connect(&ada).await;
    let ads = crate::sync::connect(&ada, "acme").await;
    for provider in ["google_ads", "meta_ads"] {
        answers.push(ada.submit(&format!("/integrations/{provider}/connect"), &[]).await.text().await.unwrap());
        let way = ada.post("/api/v1/integrations", &json!({"provider": provider})).await.text().await.unwrap();
        let begun: Value = serde_json::from_str(&way).unwrap();
        let url: reqwest::Url = begun["authorize_url"].as_str().unwrap().parse().unwrap();
        let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        let back = ada.get(&format!("/api/oauth/{provider}/callback?code=c1&state={state}")).await;
        let target = back.headers()["location"].to_str().unwrap().to_owned();
        assert!(target.starts_with("/settings/integrations?error="), "{provider}: {target}");
        answers.extend([way, target]);
    }
    // Typed by hand: one that works, one that is refused, both ways in.
    let (made, wrong, theirs) = ("shpat_made-7c1f-c0ffee", "shpat_wrong-7c1f-c0ffee", "meta-app-secret-7c1f");
    shopify.world().made = [(made, vec!["read_orders", "read_customers"])].into();
    for (provider, token) in [("shopify", made), ("shopify", wrong), ("meta_ads", wrong)] {
        let secret = if provider == "meta_ads" { vec![("app_secret", theirs)] } else { vec![("shop", SHOP)] };
        let typed: Vec<_> = secret.into_iter().chain([("access_token", token)]).collect();
        let fields: Value = typed.iter().map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
        let body = json!({"provider": provider, "way": "token", "fields": fields});
        // Ada's shop is read by consent already.
        let browser = if token == made { &bert } else { &ada };
        answers.push(browser.post("/api/v1/integrations", &body).await.text().await.unwrap());
        let posted = browser.submit(&format!("/integrations/{provider}/token"), &typed).await;
        answers.push(format!("{:?} {}", posted.headers().clone(), posted.text().await.unwrap()));
    }
    // Sent twice it is one connection: what is read already is not read twice.
    assert_eq!(count(&pool, "select count(*) from connection where given = 'token'").await, 1);
    map(&ada, &shop, &agency.c[0]).await;
    map(&ada, &ads, &agency.c[1]).await;
    run(&ada, &shop, 1).await;
    run(&ada, &ads, 1).await;
    // Every kind of failure, each of which says why: a dead token, a refused renewal, an answer that echoes nothing of ours.
    tiktok.world().dead.push(token_of("acme"));
    shopify.world().refuses = true;
    for id in [&shop, &ads] {
        ada.post(&format!("/api/v1/integrations/{id}/sync"), &json!({})).await;
        run(&ada, id, 2).await;
        for path in ["", "/runs", "/accounts"] {
            answers.push(ada.get(&format!("/api/v1/integrations/{id}{path}")).await.text().await.unwrap());
        }
    }
    answers.push(ada.get("/api/v1/integrations").await.text().await.unwrap());
    let pages = ["/settings", "/settings/integrations", "/settings/jobs"].map(str::to_owned);
    for page in pages.into_iter().chain([&shop, &ads].map(|id| format!("/settings/integrations/{id}"))) {
        let answer = ada.get(&page).await;
        assert_eq!(answer.status(), StatusCode::OK, "{page}");
        answers.push(answer.text().await.unwrap());
    }
    // More of everything until there is enough to search.
    tiktok.world().dead.clear();
    let mut round = 0;
    while process.log().len() < 10_000_000 {
        round += 1;
        assert!(round < 60, "{} bytes of log only", process.log().len());
        let more = crate::sync::connect(&ada, &format!("more{round}")).await;
        map(&ada, &more, &agency.c[2]).await;
        run(&ada, &more, 1).await;
    }
    let log = process.log();
    for spoken in [&shopify.url, &tiktok.url] {
        let host = spoken.trim_start_matches("http://").trim_end_matches('/');
        assert!(
            log.contains(&format!("connected to {host}")),
            "the log follows the calls, so it could tell more of them"
        );
    }
    let stored = everything_stored(&pool).await;
    let answers = answers.join("\n");
    let mut secrets = shopify.world().tokens.clone();
    assert!(secrets.len() >= 4, "tokens were given and renewed: {secrets:?}");
    secrets.extend([token_of("acme"), token_of("more1")]);
    secrets.extend([made, wrong, theirs].map(str::to_owned));
    secrets.extend([APP_SECRET, tiktok::APP_SECRET, "cron-secret-91be", SECRET, &KEYS[3..]].map(str::to_owned));
    // An id is for everybody to see: it stands in the addresses of consent.
    let hidden = others.into_iter().filter(|(variable, _)| !(variable.ends_with("_ID") || variable.ends_with("_KEY")));
    let hidden: Vec<_> = hidden.map(|(_, value)| value).collect();
    assert!(hidden.len() >= 3, "Google's token and secret, and Meta's secret: {hidden:?}");
    secrets.extend(hidden);
    for secret in secrets {
        let hexed = hex::encode(&secret);
        for (place, text) in [("log", &log), ("database", &stored), ("answers", &answers)] {
            let found = text.find(&secret).or_else(|| text.find(&hexed));
            let around = found.map(|at| text[at.saturating_sub(200)..(at + 60).min(text.len())].to_owned());
            assert_eq!(around, None, "{secret} is in the {place}");
        }
    }
    drop(process);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_webhook_that_nobody_set_up_is_refused_and_providers_have_several_spellings(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let body = r#"{"id":7}"#;
    let refused = webhook(&app, "w1", body, &signature(body)).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "no secret is set that could have signed it");
    assert_eq!(refused.json::<Value>().await.unwrap()["error"]["code"], "not_signed");
    for key in ["google_ads", "nobody"] {
        let request = app.browser().client.post(format!("{}/api/webhooks/{key}", app.url)).body(body);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::UNAUTHORIZED, "{key} sends none");
    }
    assert_eq!(count(&pool, "select count(*) from webhook_event").await, 0);

    let olga = app.owner("olga@acme.test", "Acme").await;
    let keys = ["google-ads", "google_ads", "meta", "meta-ads", "meta_ads", "tiktok", "tiktok_ads", "shopify"];
    for (key, status) in
        keys.map(|key| (key, StatusCode::CONFLICT)).into_iter().chain([("nobody", StatusCode::UNPROCESSABLE_ENTITY)])
    {
        let answer = olga.post(&format!("/api/v1/integrations/sync/{key}"), &json!({})).await;
        assert_eq!(answer.status(), status, "{key}");
        let refused: Value = answer.json().await.unwrap();
        let words = refused["error"]["message"].as_str().unwrap().to_owned();
        assert!(words.contains(if key == "nobody" { "google_ads" } else { "is not connected" }), "{key}: {refused}");
    }
    app.finish().await;
}
