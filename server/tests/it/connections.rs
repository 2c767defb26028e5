//! The pages of connections as the server draws them: each state in its words, for those who may see it, and the form
//! that leads to a provider.

use http::header;
use reqwest::StatusCode;
use serde_json::json;
use sqlx::PgPool;

use crate::{
    seed,
    support::{Agency, Browser, TestApp, all_rows},
};

const PAGE: &str = "/settings/integrations";

async fn text(browser: &Browser, path: &str) -> String {
    browser.get(path).await.text().await.unwrap()
}

#[expect(clippy::disallowed_methods, reason = "brings about what only time and providers bring about")]
async fn set(pool: &PgPool, sql: &'static str) {
    sqlx::query(sql).execute(pool).await.unwrap();
}

/// With Google Ads and Shopify set up on the server, TikTok half, Meta not.
async fn app_with_settings(pool: PgPool) -> TestApp {
    TestApp::start_with(pool, |config| {
        let names = ["GOOGLE_ADS_DEVELOPER_TOKEN", "GOOGLE_ADS_CLIENT_ID", "GOOGLE_ADS_CLIENT_SECRET"];
        for name in names.into_iter().chain(["SHOPIFY_API_KEY", "SHOPIFY_API_SECRET", "TIKTOK_APP_ID"]) {
            config.providers.insert(name.to_owned(), "set".into());
        }
    })
    .await
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_page_says_what_can_be_connected_and_what_the_operator_has_not_set(pool: PgPool) {
    let app = app_with_settings(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let page = text(&olga, PAGE).await;
    assert!(page.contains("Nothing is connected yet"), "{page}");
    assert!(page.contains("action=\"/integrations/google_ads/connect\""));
    assert!(page.contains("action=\"/integrations/shopify/connect\"") && page.contains("The shop's address"));
    for (name, gives, scope) in [
        (
            "Google Ads",
            "The list of accounts, costs, impressions, clicks and conversions",
            "https://www.googleapis.com/auth/adwords",
        ),
        ("Meta Ads", "The list of ad accounts, costs, impressions, clicks and purchases", ">ads_read<"),
        ("TikTok Ads", "The list of ad accounts, their currency and time zone", ">44<"),
        ("Shopify", "Orders and refunds of the last 60 days", ">read_orders<"),
    ] {
        for words in [format!("What {name} is asked for").as_str(), gives, scope] {
            assert!(page.contains(words), "{words} is not in {page}");
        }
    }
    for (unset, key) in [
        ("META_APP_ID, META_APP_SECRET are not set. Ask your operator", "meta_ads"),
        ("TIKTOK_APP_SECRET is not set. Ask your operator", "tiktok_ads"),
    ] {
        assert!(page.contains(unset), "{unset}");
        assert!(!page.contains(&format!("/integrations/{key}/connect")), "{key}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_state_has_its_words_and_its_way_out(pool: PgPool) {
    let app = app_with_settings(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let client = olga.create("/api/v1/clients", &json!({"name": "C1"})).await;
    seed::integrations(&app.pool).await;
    let own = format!("{PAGE}/{}", seed::id_in(&app.pool, "connection", "Acme").await);
    let has = async |words: &[&str], not: &[&str]| {
        for path in [PAGE, &own] {
            let page = text(&olga, path).await;
            for words in words {
                assert!(page.contains(words), "{path}: {words}: {page}");
            }
            for words in not {
                assert!(!page.contains(words), "{path}: {words}");
            }
        }
    };
    has(&["Syncing", "aria-label=\"Progress of Ads\""], &["Stale", ">Sync now<", "Queued"]).await;
    set(&app.pool, "update sync_run set state = 'succeeded', finished_at = now()").await;
    has(&["No client chosen", "Never synced"], &["Stale", ">Sync now<", "Queued"]).await;
    assert!(text(&olga, PAGE).await.contains("1 account belongs to no client"));

    let channel = format!("/api/v1/integrations/accounts/{}/client", seed::id_in(&app.pool, "channel", "Acme").await);
    set(&app.pool, "update connection set queued_at = now(), paused_at = now()").await;
    assert_eq!(olga.send("PUT", &channel, &json!({"client_id": client})).await.status(), StatusCode::OK);
    has(&[">Switched off<", "Nothing is read until it is switched on", ">Switch on<"], &[">Sync now<", "Queued"]).await;

    set(&app.pool, "update connection set paused_at = null, next_sync_at = now() + interval '1 hour', created_at = now() - interval '25 hours'").await;
    has(&[">Connected<", "Stale", "was never synced", ">Sync now<", "next "], &["Queued"]).await;
    set(&app.pool, "update connection set last_sync_at = now() - interval '23 hours'").await;
    has(&[">Connected<", "23 h ago"], &["Stale"]).await;
    set(&app.pool, "update connection set last_sync_at = now() - interval '25 hours'").await;
    has(&["Stale", "older than a day"], &[]).await;
    set(&app.pool, "update connection set next_sync_at = now()").await;
    has(&["Queued"], &["Syncing"]).await;

    set(&app.pool, "update connection set next_sync_at = now() + interval '1 hour', failures = 1").await;
    set(&app.pool, "update sync_run set state = 'failed', error_kind = 'unavailable', error = 'the provider could not be reached: no route', hint = 'Nothing: it is tried again by itself'").await;
    has(&["Provider unreachable", "no route", "It is tried again by itself", "What was read before is kept"], &[])
        .await;
    set(&app.pool, "update connection set broken_until = now() + interval '50 minutes', failures = 5").await;
    has(&["Rests after failures", "It failed 5 times in a row", ">Sync now<"], &[]).await;

    set(
        &app.pool,
        "update connection set broken_until = null, reconnect_reason = 'Token has been revoked.', next_sync_at = null",
    )
    .await;
    has(
        &[
            "Reconnect needed",
            "Token has been revoked. Nothing is read until it is reconnected",
            "name=\"connection_id\"",
        ],
        &[">Sync now<"],
    )
    .await;
    set(&app.pool, "update connection set reconnect_reason = null, tested_at = now(), tested_ms = 12, tested_fault = 'the provider refuses: closed'").await;
    has(&["the provider refuses: closed"], &["Reconnect needed"]).await;
    set(&app.pool, "update connection set scopes = '{other}'").await;
    has(&["Not granted, so missing: the list of accounts"], &[]).await;

    set(&app.pool, "insert into provider_switch (provider, reason, switched_off_at) values ('google_ads', 'Google asked us to', now())").await;
    has(&["Switched off by the operator", "Google asked us to"], &[">Sync now<", "Connect another"]).await;
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_manager_sees_connections_without_buttons_and_a_member_is_told_why_not(pool: PgPool) {
    let app = app_with_settings(pool).await;
    let agency = Agency::found(&app).await;
    seed::integrations(&app.pool).await;
    let own = format!("{PAGE}/{}", seed::id_in(&app.pool, "connection", "Acme").await);
    for path in [PAGE, &own] {
        let page = text(&agency.ada, path).await;
        assert!(page.contains(">Test<") && page.contains("Disconnect…"), "{page}");
        let page = text(&agency.max, path).await;
        assert!(page.contains("Only an Admin or Owner connects and disconnects providers"), "{page}");
        for words in [">Test<", "Disconnect…", "/connect\"", "map_account", "No client chosen"] {
            assert!(!page.contains(words), "{path}: {words}");
        }
        let refused = agency.mel.get(path).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{path}");
        let refused = refused.text().await.unwrap();
        assert!(refused.contains("Managers, Admins and Owners see what is connected"));
        assert!(refused.contains(">Explain<") && refused.contains("/api/docs#integrations.read"), "{refused}");
        assert!(text(&agency.bert, path).await.contains(if path == PAGE {
            ">Test<"
        } else {
            "There is no such connection"
        }));
    }
    assert_eq!(agency.bert.get(&own).await.status(), StatusCode::NOT_FOUND);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_address_that_anybody_can_write_claims_nothing(pool: PgPool) {
    let app = app_with_settings(pool).await;
    let agency = Agency::found(&app).await;
    seed::integrations(&app.pool).await;
    let own = seed::id_in(&app.pool, "connection", "Acme").await;
    let theirs = seed::id_in(&app.pool, "connection", "Beta").await;
    let greeted = "<strong>Connected.</strong>";
    assert!(text(&agency.ada, &format!("{PAGE}?connected={own}")).await.contains(greeted));
    for id in [theirs.as_str(), "018f0000-0000-7000-8000-000000000000"] {
        let answer = agency.ada.get(&format!("{PAGE}?connected={id}")).await;
        assert_eq!(answer.status(), StatusCode::OK, "{id}");
        let page = answer.text().await.unwrap();
        assert!(page.contains("Google Ads") && !page.contains(greeted), "{id}: {page}");
        assert!(page.contains("The address names a connection that is not here"), "{id}: {page}");
    }
    let page = text(&agency.ada, &format!("{PAGE}?error=scopes&missing=read_orders+call-us+read_orders")).await;
    assert!(page.contains("nothing can be read (read_orders, read_orders)") && !page.contains("call-us"), "{page}");
    set(&app.pool, "update connection set reconnect_reason = 'Token has been revoked.'").await;
    assert!(!text(&agency.ada, &format!("{PAGE}?connected={own}")).await.contains(greeted), "it does not work");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn server_functions_of_connections_treat_another_agencys_like_a_missing_one(pool: PgPool) {
    let app = app_with_settings(pool).await;
    let agency = Agency::found(&app).await;
    seed::integrations(&app.pool).await;
    let missing = "018f0000-0000-7000-8000-000000000000".to_owned();
    let theirs = [seed::id_in(&app.pool, "connection", "Beta").await, seed::id_in(&app.pool, "channel", "Beta").await];
    let before = all_rows(&app.pool, Some("Beta")).await;
    let functions = [
        ("get_connection", 0, ""),
        ("list_accounts", 0, ""),
        ("list_runs", 0, ""),
        ("sync_connection", 0, ""),
        ("test_connection", 0, ""),
        ("switch_connection", 0, "&paused=true"),
        ("rename_connection", 0, "&label=x"),
        ("disconnect_connection", 0, ""),
        ("map_account", 1, "&client_id=&before="),
    ];
    for (function, of, more) in functions {
        let call = async |browser: &Browser, id: &str| {
            let body = format!("id={id}{more}");
            let request = browser.client.post(format!("{}/app/{function}", app.url));
            let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
            let answer = request.send().await.unwrap();
            (answer.status(), answer.text().await.unwrap())
        };
        let (foreign, absent) = (call(&agency.olga, &theirs[of]).await, call(&agency.olga, &missing).await);
        assert_eq!(foreign.0, StatusCode::NOT_FOUND, "{function}: {}", foreign.1);
        assert_eq!(foreign, absent, "{function}");
        assert_eq!(call(&agency.mel, &theirs[of]).await.0, StatusCode::FORBIDDEN, "{function}");
    }
    assert_eq!(all_rows(&app.pool, Some("Beta")).await, before);
    let watched = agency.olga.client.post(format!("{}/app/watch_syncs", app.url)).send().await.unwrap();
    let watched = watched.text().await.unwrap();
    let own = seed::id_in(&app.pool, "connection", "Acme").await;
    assert!(watched.contains(&own) && !watched.contains(&theirs[0]), "{watched}");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_form_leads_to_the_provider_and_keeps_what_was_typed(pool: PgPool) {
    let app = app_with_settings(pool).await;
    let agency = Agency::found(&app).await;
    let led = agency.olga.submit("/integrations/google_ads/connect", &[]).await;
    assert_eq!(led.status(), StatusCode::OK);
    let refresh = led.headers()["refresh"].to_str().unwrap().to_owned();
    assert!(refresh.starts_with("0;url=https://accounts.google.com/o/oauth2/v2/auth?client_id=set&"), "{refresh}");
    let page = led.text().await.unwrap();
    assert!(
        page.contains("Go on to Google Ads") && page.contains("https://accounts.google.com/o/oauth2/v2/auth?"),
        "{page}"
    );

    let shop = agency.olga.submit("/integrations/shopify/connect", &[("shop", "https://acme.example/?a=b&c")]).await;
    let back = shop.headers()[header::LOCATION].to_str().unwrap().to_owned();
    assert_eq!((shop.status(), back.starts_with(PAGE)), (StatusCode::SEE_OTHER, true), "{back}");
    let page = text(&agency.olga, &back).await;
    assert!(page.contains("value=\"https://acme.example/?a=b&amp;c\"") && page.contains("Enter the shop"), "{page}");
    let good = agency.olga.submit("/integrations/shopify/connect", &[("shop", " https://acme.myshopify.com/ ")]).await;
    assert!(good.headers()["refresh"].to_str().unwrap().starts_with("0;url=https://acme.myshopify.com/"));

    let unset = agency.olga.submit("/integrations/meta_ads/connect", &[]).await;
    assert_eq!(unset.status(), StatusCode::CONFLICT);
    assert!(unset.text().await.unwrap().contains("META_APP_ID, META_APP_SECRET are not set: ask your operator"));
    let refused = agency.max.submit("/integrations/google_ads/connect", &[]).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert!(refused.text().await.unwrap().contains("Only an Admin or Owner connects and disconnects providers"));
    assert_eq!(agency.olga.get("/leaving").await.status(), StatusCode::NOT_FOUND);
    app.finish().await;
}
