//! The way to a provider's page of consent and back: who may come back and when, what is refused and why, what is renewed
//! instead of connected twice, and the end of a connection.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    shop,
    shopify::{SHOP, Shopify, signed_return},
    support::{Agency, TestApp, count, execute},
    sync::{begin, come_back, connect, map, open, run, sizes, sync},
    tiktok::token_of,
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b8_2_b8_3_a_state_counts_once_for_who_began_it_and_ten_minutes(pool: PgPool) {
    let (_tiktok, app, agency) = open(&pool).await;
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
    assert_eq!(come_back(&agency.ada, "error=access_denied").await, refused("access_denied"), "of no way of ours");
    let state = begin(&agency.ada, None).await;
    assert_eq!(come_back(&agency.ada, &format!("state={state}")).await, refused("state"), "no code");
    for code in ["bad", "empty"] {
        let state = begin(&agency.ada, None).await;
        let back = come_back(&agency.ada, &format!("auth_code={code}&state={state}")).await;
        assert_eq!(back, refused("exchange"), "{code}");
    }
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
async fn who_was_on_the_providers_page_when_it_was_switched_off_connects_nothing(pool: PgPool) {
    let (_tiktok, app, agency) = open(&pool).await;
    let state = begin(&agency.ada, None).await;
    let off = "insert into provider_switch (provider, reason, switched_off_at) values ('tiktok_ads', 'TikTok asked us to.', now())";
    execute(&pool, off.to_owned()).await;
    let back = format!("auth_code=acme&state={state}");
    assert_eq!(come_back(&agency.ada, &back).await, "/settings/integrations?error=switched_off");
    assert_eq!(count(&pool, "select count(*) from connection").await, 0);
    // The way was not used up: while it lasts it can be taken once the provider is on again.
    execute(&pool, "delete from provider_switch".to_owned()).await;
    assert!(come_back(&agency.ada, &back).await.contains("connected="));
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b8_7_a_refused_token_waits_for_reconnect_with_the_reason(pool: PgPool) {
    let (tiktok, app, agency) = open(&pool).await;
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
    let (tiktok, app, agency) = open(&pool).await;
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
    let (tiktok, app, agency) = open(&pool).await;
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
    let path = format!("/api/v1/integrations/{connection}");
    execute(&pool, "update connection set next_sync_at = now()".to_owned()).await;
    service::job::start(&app.service, &model::job::Job::QueueDue).await.unwrap();
    let failed = run(&agency.ada, &connection, 2).await;
    assert_eq!(failed["hint"], "Reconnect the account", "{failed}");
    assert_eq!(agency.ada.json(&path).await["state"], "reconnect");
    // Who asks is told at once, whether or not a run has found it out.
    execute(&pool, "update connection set reconnect_reason = null".to_owned()).await;
    for _ in 0..2 {
        let answer = agency.ada.post(&format!("{path}/sync"), &json!({})).await;
        assert_eq!(answer.status(), StatusCode::CONFLICT);
        let refused: Value = answer.json().await.unwrap();
        assert_eq!(refused["error"]["code"], "reconnect", "{refused}");
        assert!(refused["error"]["message"].as_str().unwrap().contains("must be connected again"), "{refused}");
        assert_eq!(agency.ada.json(&path).await["state"], "reconnect");
    }
    assert_eq!(tiktok.world().calls.len(), asked, "nothing was asked with a broken token");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn consent_for_what_is_read_already_renews_its_connection_and_makes_no_second_one(pool: PgPool) {
    let (tiktok, app, agency) = open(&pool).await;
    let first = connect(&agency.ada, "acme").await;
    map(&agency.ada, &first, &agency.c[0]).await;
    run(&agency.ada, &first, 1).await;
    let path = format!("/api/v1/integrations/{first}");
    // Its credential no longer opens.
    let flip =
        "update credential set sealed = set_byte(sealed, length(sealed) - 1, get_byte(sealed, length(sealed) - 1) # 1)";
    execute(&pool, flip.to_owned()).await;
    execute(&pool, "update connection set reconnect_reason = 'revoked'".to_owned()).await;

    let state = begin(&agency.olga, None).await;
    let target = come_back(&agency.olga, &format!("auth_code=acme&state={state}")).await;
    assert_eq!(target, format!("/settings/integrations?connected={first}&renewed=yes"));
    assert_eq!(count(&pool, "select count(*) from connection").await, 1);
    run(&agency.ada, &first, 2).await;
    assert_eq!(agency.ada.json(&path).await["state"], "connected");
    let test: Value = agency.ada.post(&format!("{path}/test"), &json!({})).await.json().await.unwrap();
    assert_eq!(test["healthy"], true, "its credential is the new one: {test}");
    let page = agency.olga.get(&target).await.text().await.unwrap();
    assert!(page.contains("Renewed.") && page.contains("through “TikTok Ads: Account acme-1” already"), "{page}");
    assert!(!page.contains("It reaches no account"), "{page}");

    // Who reads more than the consent reaches keeps what it has.
    tiktok.world().accounts = 2;
    let wide = connect(&agency.ada, "wide").await;
    tiktok.world().accounts = 1;
    let state = begin(&agency.ada, None).await;
    let target = come_back(&agency.ada, &format!("auth_code=wide&state={state}")).await;
    assert_eq!(target, "/settings/integrations?error=connected_already");
    assert_eq!(count(&pool, "select count(*) from connection").await, 2, "{wide}");
    let page = agency.ada.get(&target).await.text().await.unwrap();
    assert!(page.contains("what you agreed to is read already"), "{page}");

    // Twice at once: one of them is there first.
    let (one, two) = (begin(&agency.ada, None).await, begin(&agency.olga, None).await);
    let (one, two) = (format!("auth_code=late&state={one}"), format!("auth_code=late&state={two}"));
    let (one, two) = tokio::join!(come_back(&agency.ada, &one), come_back(&agency.olga, &two));
    let renewed = |target: &String| target.ends_with("&renewed=yes");
    assert_eq!([&one, &two].into_iter().filter(|target| renewed(target)).count(), 1, "{one} {two}");
    assert_eq!(one.trim_end_matches("&renewed=yes"), two.trim_end_matches("&renewed=yes"));
    assert_eq!(count(&pool, "select count(*) from connection").await, 3);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn consent_of_another_shop_than_the_one_that_was_typed_connects_nothing(pool: PgPool) {
    let shopify = Shopify::start().await;
    let app = shop::start(pool.clone(), &shopify).await;
    let agency = Agency::found(&app).await;
    let begin = async |body: Value| {
        let way: Value = agency.ada.post("/api/v1/integrations", &body).await.json().await.unwrap();
        let url: reqwest::Url = way["authorize_url"].as_str().unwrap_or_else(|| panic!("{way}")).parse().unwrap();
        url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned()
    };
    let come_back = async |state: String| {
        let answer = agency.ada.get(&format!("/api/oauth/shopify/callback?{}", signed_return("c1", &state))).await;
        answer.headers()["location"].to_str().unwrap().to_owned()
    };
    for typed in ["other.myshopify.com", "https://Third.myshopify.com/"] {
        let state = begin(json!({"provider": "shopify", "fields": {"shop": typed}})).await;
        assert_eq!(come_back(state).await, "/settings/integrations?error=other_shop", "{typed}");
    }
    assert_eq!(shopify.world().given, 0, "its code was not redeemed");
    assert_eq!(count(&pool, "select count(*) from connection").await, 0);
    let page = agency.ada.get("/settings/integrations?error=other_shop").await.text().await.unwrap();
    assert!(page.contains("you agreed for another shop than the one whose address you typed"), "{page}");
    let state = begin(json!({"provider": "shopify", "fields": {"shop": format!("https://{SHOP}/")}})).await;
    assert!(come_back(state).await.contains("?connected="));
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b9_1_a_provider_is_read_through_all_its_connections_that_can_be_read(pool: PgPool) {
    let (_tiktok, app, agency) = open(&pool).await;
    let read = async || {
        let answer = agency.ada.post("/api/v1/integrations/sync/tiktok", &json!({})).await;
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let one = connect(&agency.ada, "acme").await;
    let (status, refused) = read().await;
    assert_eq!((status, &refused["error"]["code"]), (409, &json!("unmapped")), "{refused}");
    map(&agency.ada, &one, &agency.c[0]).await;
    run(&agency.ada, &one, 1).await;
    let other = connect(&agency.ada, "other").await;
    map(&agency.ada, &other, &agency.c[1]).await;
    run(&agency.ada, &other, 1).await;
    assert_eq!(read().await, (202, json!({"queued": 2})));
    for connection in [&one, &other] {
        let read = run(&agency.ada, connection, 2).await;
        assert_eq!((&read["state"], &read["cause"]), (&json!("succeeded"), &json!("manual")), "{read}");
    }
    // One of them must be connected again: the other is read without it.
    execute(&pool, format!("update connection set reconnect_reason = 'revoked' where id = '{one}'")).await;
    assert_eq!(read().await, (202, json!({"queued": 1})));
    run(&agency.ada, &other, 3).await;
    let paused = json!({"paused": true});
    let off = agency.ada.send("PATCH", &format!("/api/v1/integrations/{other}"), &paused).await;
    assert_eq!(off.status(), StatusCode::OK);
    let (status, refused) = read().await;
    assert_eq!(status, 409, "none of them can be read, and nobody is told otherwise: {refused}");
    assert!(["reconnect", "switched_off"].map(|code| json!(code)).contains(&refused["error"]["code"]), "{refused}");
    app.finish().await;
}
