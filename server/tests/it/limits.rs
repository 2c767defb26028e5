//! How often somebody may ask.

use reqwest::StatusCode;
use serde_json::json;
use sqlx::PgPool;

use crate::support::TestApp;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_configured_limit_is_the_one_that_holds_also_in_parallel(pool: PgPool) {
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
    assert_eq!(browser.submit("/login", &[("email", "a@b.test"), ("password", "x")]).await.status(), 429);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn metrics_open_with_their_token_only(pool: PgPool) {
    let app = TestApp::start_with(pool, |config| config.metrics_token = crate::support::secret("figures")).await;
    let browser = app.browser();
    browser.get("/login").await;
    assert_eq!(browser.get("/metrics").await.status(), StatusCode::UNAUTHORIZED);
    let with = |token: &str| browser.client.get(format!("{}/metrics", app.url)).bearer_auth(token).send();
    assert_eq!(with("wrong").await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let text = with("figures").await.unwrap().text().await.unwrap();
    assert!(text.contains("http_requests_total{method=\"GET\",route=\"/login\",status=\"200\"} 1"), "{text}");
    assert!(text.contains("queue_failed 0"));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_account_is_protected_from_many_addresses(pool: PgPool) {
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
async fn buckets_belong_to_a_route_and_a_member(pool: PgPool) {
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
