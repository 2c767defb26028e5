//! The end of a permission at a provider: one that is silent holds nobody up, and one that other connections came of stays
//! until the last of them goes. Either is said, with what is left to do.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    meta::{Meta, Token},
    support::{Agency, Browser, TestApp, count},
    sync::{KEYS, SECRET, connect, start_with},
    tiktok::{TikTok, token_of},
};

const SEALED: &str = "select count(*) from credential";

/// Ends a connection, and waits until so many sealed fields are left.
async fn disconnect(pool: &PgPool, browser: &Browser, id: &str, left: i64) {
    let path = format!("/api/v1/integrations/{id}");
    assert_eq!(browser.send("DELETE", &path, &json!({})).await.status(), StatusCode::NO_CONTENT);
    for _ in 0..400 {
        if count(pool, SEALED).await == left {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{} sealed fields are left, not {left}", count(pool, SEALED).await);
}

/// What the audit log says last about permissions that stayed at their provider, once it says it so many times: the entry, and
/// what it says exactly.
async fn said(browser: &Browser, times: usize) -> (Value, Value) {
    for _ in 0..200 {
        let log = browser.json("/api/v1/audit?action=integrations.edit").await;
        let detail = |event: &Value| serde_json::from_str::<Value>(event["detail"].as_str().unwrap()).unwrap();
        let events = log["items"].as_array().unwrap().iter().map(|event| (event.clone(), detail(event)));
        let left: Vec<_> = events.filter(|(_, detail)| detail["permission"] == "left at the provider").collect();
        if left.len() == times {
            return left[0].clone();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{}", browser.json("/api/v1/audit?action=integrations.edit").await);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b8_8_a_provider_that_is_silent_is_given_up_and_the_log_says_what_to_do(pool: PgPool) {
    let tiktok = TikTok::start().await;
    let mut patience = Duration::MAX;
    let app = start_with(pool.clone(), &tiktok, |config| {
        patience = std::mem::replace(&mut config.revoking, Duration::from_millis(1500));
    })
    .await;
    assert!(patience <= Duration::from_secs(5), "where nobody sets another");
    let agency = Agency::found(&app).await;
    tiktok.world().silent = vec![token_of("acme")];
    tiktok.world().keeps = true;
    for (times, code) in [(1, "acme"), (2, "more")] {
        let connection = connect(&agency.ada, code).await;
        disconnect(&pool, &agency.ada, &connection, 0).await;
        assert!(tiktok.world().revoked.contains(&token_of(code)), "it was asked");
        let (event, detail) = said(&agency.ada, times).await;
        assert!(event["resource"].as_str().unwrap().contains("TikTok Ads"), "{event}");
        assert_eq!(event["member"], "ada", "who disconnected: {event}");
        let why = detail["why"].as_str().unwrap();
        assert!(why.starts_with("TikTok Ads did not take it back: "), "{why}");
        assert_eq!(why.ends_with("it did not answer in time"), code == "acme", "{why}");
        assert!(detail["what_to_do"].as_str().unwrap().contains("remove this app yourself at TikTok Ads"), "{detail}");
    }
    app.finish().await;
}

/// An agency on a server that Meta knows, and what `ann` and `bob` may allow it.
async fn with_meta(pool: &PgPool) -> (Meta, TestApp, Agency) {
    let meta = Meta::start().await;
    for (token, account) in [("EAAB-ann-1", "1"), ("EAAB-ann-2", "2"), ("EAAB-bob-3", "3")] {
        meta.world().tokens.insert(token, Token { permission: "ads_read", account });
    }
    let url = meta.url.parse().unwrap();
    let app = TestApp::start_with(pool.clone(), |config| {
        for name in ["META_APP_ID", "META_APP_SECRET"] {
            config.providers.insert(name.to_owned(), format!("set-{name}").into());
        }
        config.provider_urls.insert("meta_ads".to_owned(), url);
        (config.secret, config.keys) = (Some(SECRET.to_owned().into()), Some(KEYS.to_owned().into()));
    })
    .await;
    let agency = Agency::found(&app).await;
    (meta, app, agency)
}

/// Consents to Meta, which brings this token.
async fn consent(browser: &Browser, token: &str) -> String {
    let way: Value = browser.post("/api/v1/integrations", &json!({"provider": "meta_ads"})).await.json().await.unwrap();
    let url: reqwest::Url = way["authorize_url"].as_str().unwrap().parse().unwrap();
    let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let back = browser.get(&format!("/api/oauth/meta_ads/callback?code={token}&state={state}")).await;
    let target = back.headers()["location"].to_str().unwrap().to_owned();
    target.strip_prefix("/settings/integrations?connected=").unwrap_or_else(|| panic!("{target}")).to_owned()
}

async fn healthy(browser: &Browser, id: &str) -> Value {
    let test = browser.post(&format!("/api/v1/integrations/{id}/test"), &json!({})).await;
    test.json::<Value>().await.unwrap()["healthy"].clone()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_permission_that_other_connections_came_of_stays_until_the_last_goes(pool: PgPool) {
    let (meta, app, agency) = with_meta(&pool).await;
    let first = consent(&agency.ada, "EAAB-ann-1").await;
    // The same person, at another agency.
    let second = consent(&agency.bert, "EAAB-ann-2").await;
    let third = consent(&agency.ada, "EAAB-bob-3").await;
    let each = count(&pool, SEALED).await / 3;

    disconnect(&pool, &agency.ada, &first, 2 * each).await;
    let (_, detail) = said(&agency.ada, 1).await;
    assert!(detail["why"].as_str().unwrap().contains("another connection came of the same permission"), "{detail}");
    assert_eq!(meta.world().revoked, 0);
    assert_eq!(healthy(&agency.bert, &second).await, true);

    disconnect(&pool, &agency.ada, &third, each).await;
    assert_eq!(meta.world().revoked, 1, "nobody else's connection came of bob's");
    assert_eq!(healthy(&agency.bert, &second).await, true);

    disconnect(&pool, &agency.bert, &second, 0).await;
    assert_eq!(meta.world().revoked, 2, "the last of ann's");
    assert!(meta.world().tokens.is_empty());
    said(&agency.ada, 1).await;
    app.finish().await;
}
