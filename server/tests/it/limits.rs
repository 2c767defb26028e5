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
    // The address as a whole: each time another account.
    let mut last = None;
    for n in 0..6 {
        let email = format!("a{n}@c.test");
        let fields = [("email", email.as_str()), ("password", "secret words"), ("redirect", "//evil.test")];
        let answer = browser.submit("/login", &fields).await;
        last = Some((answer.status().as_u16(), answer.text().await.unwrap(), email));
    }
    let (status, page, email) = last.unwrap();
    assert_eq!(status, 429);
    assert!(page.contains(&format!("value=\"{email}\"")) && !page.contains("secret words"), "{page}");
    assert!(!page.contains("evil.test"), "{page}");
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
    let begun = std::time::Instant::now();
    let attempts: Vec<_> = (0..60)
        .map(|n| (n, app.url.clone()))
        .map(|(n, url)| tokio::spawn(async move { try_account(&url, "/api/v1/auth/login", "olga@acme.test", n).await }))
        .collect();
    let mut statuses = Vec::new();
    for attempt in attempts {
        statuses.push(attempt.await.unwrap());
    }
    // Five times as many as from one address, however they are spread; the bucket fills again while it is emptied.
    let filled_again = begun.elapsed().as_secs() * 25 / 60 + 1;
    let passed = statuses.iter().filter(|status| **status == 401).count() as u64;
    assert!((25..=25 + filled_again).contains(&passed) && passed < 60, "{passed} passed: {statuses:?}");
    assert!(statuses.iter().all(|status| *status == 401 || *status == 429), "{statuses:?}");
    app.finish().await;
}

/// The status of one attempt on an account from the address 203.0.113.`host`.
async fn try_account(url: &str, path: &str, email: &str, host: u8) -> u16 {
    let request = reqwest::Client::new().post(format!("{url}{path}"));
    let request = request.header("x-forwarded-for", format!("203.0.113.{host}"));
    let body = json!({"email": email, "password": "wrong horse"});
    request.json(&body).send().await.unwrap().status().as_u16()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn one_address_that_tries_an_account_does_not_lock_its_owner_out(pool: PgPool) {
    let app = TestApp::start_with(pool, |config| config.limit_sign_in = 5).await;
    app.owner("olga@acme.test", "Acme").await;
    let mut refused = 0;
    for _ in 0..60 {
        refused += u32::from(try_account(&app.url, "/api/v1/auth/login", "olga@acme.test", 66).await == 429);
    }
    assert!(refused >= 50, "{refused} of 60 are refused");
    let request = app.browser().client.post(format!("{}/api/v1/auth/login", app.url));
    let right = json!({"email": "olga@acme.test", "password": crate::support::PASSWORD});
    let owner = request.header("x-forwarded-for", "198.51.100.7").json(&right).send().await.unwrap();
    assert_eq!(owner.status(), StatusCode::OK, "the owner gets in from elsewhere");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn two_servers_count_attempts_on_an_account_together(pool: PgPool) {
    let secret = "5e".repeat(32);
    let app = TestApp::start_with(pool.clone(), |config| {
        (config.limit_sign_in, config.secret) = (4, Some(secret.clone().into()));
    })
    .await;
    let settings = [("AUDIENCEOS_LIMIT_SIGN_IN", "4"), ("AUDIENCEOS_SECRET", secret.as_str())];
    let second = crate::process::Process::start(&pool, &settings).await;
    for (n, path, passes) in
        [(1, "/api/v1/auth/login", 401), (2, "/api/v1/auth/forgot", 202), (3, "/api/v1/auth/resend-verification", 202)]
    {
        let attempts: Vec<_> = (0..8)
            .map(|at| if at % 2 == 0 { app.url.clone() } else { second.url.clone() })
            .map(|url| tokio::spawn(async move { try_account(&url, path, "olga@acme.test", n).await }))
            .collect();
        let mut passed = 0;
        for attempt in attempts {
            let status = attempt.await.unwrap();
            assert!(status == passes || status == 429, "{path}: {status}");
            passed += u32::from(status == passes);
        }
        // One more comes free within fifteen seconds; each server alone would let four of its own through.
        assert!((4..=5).contains(&passed), "{path}: {passed}");
    }
    let stored = "select count(*) from sign_in_attempt where bucket like '%olga%' or length(bucket) <> 64";
    assert_eq!(count(&app.pool, stored).await, 0, "nobody reads from the counts who was tried");
    drop(second);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_bucket_fills_again_and_its_row_goes(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let attempt =
        async || service::attempt::count(&app.service, service::attempt::Kind::Login, "a@b.test", "192.0.2.1", 2).await;
    let waits = async || match attempt().await {
        Err(service::Error::TooMany { retry_after, .. }) => retry_after.whole_seconds(),
        other => panic!("{other:?}"),
    };
    attempt().await.unwrap();
    attempt().await.unwrap();
    let wait = waits().await;
    assert!((29..=31).contains(&wait), "half a minute fills one of two: {wait}");
    app.service.clock.advance(time::Duration::seconds(31));
    attempt().await.unwrap();
    waits().await;
    assert_eq!(count(&app.pool, "select count(*) from sign_in_attempt").await, 2);
    service::purge::run(&app.service).await.unwrap();
    assert!(count(&app.pool, "select count(*) from sign_in_attempt").await > 0, "it still limits");
    app.service.clock.advance(time::Duration::minutes(2));
    service::purge::run(&app.service).await.unwrap();
    assert_eq!(count(&app.pool, "select count(*) from sign_in_attempt").await, 0);
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
