//! How often somebody may ask.

use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{TestApp, count};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b1_17_the_configured_limit_holds_for_an_address_also_in_parallel(pool: PgPool) {
    let app = TestApp::start_with(pool, |config| config.limit_sign_in = 5).await;
    let browser = app.browser();
    let login = json!({"email": "a@b.test", "password": "wrong horse"});
    let attempts: Vec<_> =
        (0..50).map(|_| tokio::spawn(browser.send_owned("POST", "/api/v1/auth/login", login.clone()))).collect();
    let mut passed = 0;
    for attempt in attempts {
        passed += u32::from(attempt.await.unwrap() == 401);
    }
    assert_eq!(passed, 5);
    let refused = browser.post("/api/v1/auth/login", &login).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u32 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
    assert_eq!(refused.headers()["ratelimit-remaining"], "0");
    assert_eq!(refused.headers()["ratelimit-limit"], "5");
    let form = browser.submit("/login", &[("email", "a@b.test"), ("password", "x")]).await;
    assert_eq!(form.status(), 429);
    assert!(form.headers().contains_key("retry-after"));
    let page = form.text().await.unwrap();
    assert!(page.contains("value=\"a@b.test\"") && page.contains("oo many"), "what was typed is kept: {page}");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn metrics_open_with_their_token_only(pool: PgPool) {
    let app = TestApp::start_with(pool, |config| config.metrics_token = crate::support::secret("figures")).await;
    let browser = app.browser();
    browser.get("/login").await;
    browser.send("BREW", "/login", &json!({})).await;
    assert_eq!(browser.get("/metrics").await.status(), StatusCode::UNAUTHORIZED);
    let with = |token: &str| browser.client.get(format!("{}/metrics", app.url)).bearer_auth(token).send();
    assert_eq!(with("wrong").await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let text = with("figures").await.unwrap().text().await.unwrap();
    assert!(text.contains("http_requests_total{method=\"GET\",route=\"/login\",status=\"200\"} 1"), "{text}");
    assert!(text.contains("method=\"other\"") && !text.contains("BREW"), "nobody adds labels of their own: {text}");
    assert!(text.contains("queue_failed 0"));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b1_19_an_account_is_protected_from_many_addresses(pool: PgPool) {
    let app = TestApp::start_with(pool, |config| config.limit_sign_in = 5).await;
    let mut statuses = Vec::new();
    for n in 0..8 {
        let request = app.browser().client.post(format!("{}/api/v1/auth/login", app.url));
        let request = request.header("x-forwarded-for", format!("203.0.113.{n}"));
        let body = json!({"email": "olga@acme.test", "password": "wrong horse"});
        statuses.push(request.json(&body).send().await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429, 429]);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b1_18_buckets_belong_to_a_route_and_a_member(pool: PgPool) {
    let app = TestApp::start_with(pool, |config| config.limit_api = 20).await;
    let browser = app.owner("olga@acme.test", "Acme").await;
    for n in 0..20 {
        let answer = browser.get("/api/v1/clients").await;
        assert_eq!(answer.status(), StatusCode::OK, "{n}");
        assert_eq!(answer.headers()["ratelimit-limit"], "20");
    }
    assert_eq!(browser.get("/api/v1/clients").await.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(browser.get("/api/v1/members").await.status(), StatusCode::OK, "another route");
    let other = app.owner("bert@beta.test", "Beta").await;
    assert_eq!(other.get("/api/v1/clients").await.status(), StatusCode::OK, "another member");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b1_17_the_configured_limit_holds_for_a_member_also_in_parallel(pool: PgPool) {
    let app = TestApp::start_with(pool, |config| config.limit_api = 30).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let bert = app.owner("bert@beta.test", "Beta").await;
    let attempts: Vec<_> = (0..50)
        .map(|n| tokio::spawn(olga.send_owned("POST", "/api/v1/clients", json!({"name": format!("C{n}")}))))
        .collect();
    let mut made = 0;
    for attempt in attempts {
        let status = attempt.await.unwrap();
        assert!(status == 201 || status == 429, "{status}");
        made += i64::from(status == 201);
    }
    // A bucket fills again while it is emptied: at 30 a minute one more every two seconds.
    assert!((30..=33).contains(&made), "{made}");
    assert_eq!(count(&app.pool, "select count(*) from client").await, made, "what was refused was not done");
    let refused = olga.post("/api/v1/clients", &json!({"name": "late"})).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u32 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait));
    assert_eq!(refused.json::<Value>().await.unwrap()["error"]["code"], "too_many");
    assert_eq!(
        bert.post("/api/v1/clients", &json!({"name": "D1"})).await.status(),
        201,
        "another member of the same address"
    );
    app.finish().await;
}

/// The status of signing in with these headers, to an account that is asked for once only.
async fn sign_in_from(app: &TestApp, headers: &[(&str, &str)]) -> u16 {
    static ACCOUNT: AtomicU32 = AtomicU32::new(0);
    let email = format!("a{}@b.test", ACCOUNT.fetch_add(1, Ordering::Relaxed));
    let mut request = app.browser().client.post(format!("{}/api/v1/auth/login", app.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.json(&json!({"email": email, "password": "wrong horse"})).send().await.unwrap().status().as_u16()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b1_19_the_address_is_the_rightmost_valid_one_that_a_near_proxy_names(pool: PgPool) {
    let app = TestApp::start_with(pool, |config| config.limit_sign_in = 2).await;
    for headers in [
        &[("x-forwarded-for", "1.1.1.1, 9.9.9.9")][..],
        &[("x-forwarded-for", "2.2.2.2, 9.9.9.9, nonsense, 999.1.1.1")],
    ] {
        assert_eq!(sign_in_from(&app, headers).await, 401, "{headers:?}");
    }
    for headers in [
        &[("x-forwarded-for", "3.3.3.3, 9.9.9.9")][..],
        &[("x-forwarded-for", "3.3.3.3"), ("x-real-ip", "9.9.9.9")],
        &[("x-forwarded-for", "3.3.3.3"), ("x-real-ip", "3.3.3.3"), ("cf-connecting-ip", "9.9.9.9")],
        &[("x-real-ip", "no address"), ("x-forwarded-for", "9.9.9.9")],
    ] {
        assert_eq!(sign_in_from(&app, headers).await, 429, "{headers:?} is 9.9.9.9, which has asked twice");
    }
    for headers in [
        &[("x-forwarded-for", "9.9.9.9, 4.4.4.4")][..],
        &[("x-forwarded-for", "9.9.9.9"), ("x-real-ip", "5.5.5.5")],
        &[("x-forwarded-for", "9.9.9.9"), ("x-real-ip", "9.9.9.9"), ("cf-connecting-ip", "6.6.6.6")],
    ] {
        assert_eq!(sign_in_from(&app, headers).await, 401, "{headers:?} is somebody else");
    }
    app.finish().await;
}
