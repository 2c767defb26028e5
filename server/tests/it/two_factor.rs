//! Two-factor sign-in: set up, asked for, replayed, recovered, throttled, turned off.

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use time::Duration;
use totp_rs::{Builder, Secret};

use crate::support::{Browser, PASSWORD, TestApp, count};

/// The code that an app with this key shows now.
pub fn code(app: &TestApp, key: &str) -> String {
    let secret = Secret::try_from_base32(key.replace(' ', "")).unwrap();
    let now = app.service.clock.now().unix_timestamp();
    Builder::new().with_secret(secret).build().unwrap().generate(now.unsigned_abs()).to_string()
}

/// Turns it on; returns the app's key and the recovery codes.
pub async fn turn_on(app: &TestApp, browser: &Browser) -> (String, Vec<String>) {
    let answer = browser.post("/api/v1/auth/two-factor/enrol", &json!({"password": PASSWORD})).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let enrolment: Value = answer.json().await.unwrap();
    let key = enrolment["secret"].as_str().unwrap().to_owned();
    assert!(enrolment["url"].as_str().unwrap().contains(&key.replace(' ', "")));
    assert!(enrolment["qr_svg"].as_str().unwrap().starts_with("<svg"));
    let answer = browser.post("/api/v1/auth/two-factor/confirm", &json!({"code": code(app, &key)})).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let codes: Value = answer.json().await.unwrap();
    let codes = codes["recovery_codes"].as_array().unwrap();
    (key, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

pub fn login_body() -> Value {
    json!({"email": "olga@acme.test", "password": PASSWORD})
}

pub async fn second(browser: &Browser, code: &str) -> StatusCode {
    browser.post("/api/v1/auth/login/code", &json!({"code": code})).await.status()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn signing_in_takes_a_code_that_works_once(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let wrong = olga.post("/api/v1/auth/two-factor/enrol", &json!({"password": "wrong horse"})).await;
    assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let (key, codes) = turn_on(&app, &olga).await;
    assert_eq!(codes.len(), 10);
    assert_eq!(olga.json("/api/v1/auth/two-factor").await, json!({"on": true, "recovery_codes": 10}));
    let again = olga.post("/api/v1/auth/two-factor/enrol", &json!({"password": PASSWORD})).await;
    assert_eq!(again.status(), StatusCode::CONFLICT);

    let browser = app.browser();
    let used = code(&app, &key);
    let first = browser.post("/api/v1/auth/login", &login_body()).await;
    assert_eq!(first.status(), StatusCode::ACCEPTED);
    assert_eq!(first.json::<Value>().await.unwrap(), json!({"code_needed": true}));
    assert_eq!(browser.get("/api/v1/auth/session").await.status(), StatusCode::UNAUTHORIZED, "not signed in yet");
    assert_eq!(second(&browser, &used).await, StatusCode::UNAUTHORIZED, "the code that turned it on was used");
    app.service.clock.advance(Duration::seconds(30));
    let next = code(&app, &key);
    assert_eq!(second(&browser, &next).await, StatusCode::OK);
    assert_eq!(browser.get("/api/v1/auth/session").await.status(), StatusCode::OK);
    assert_eq!(second(&browser, &next).await, StatusCode::GONE, "the first step was used up");

    let other = app.browser();
    other.post("/api/v1/auth/login", &login_body()).await;
    assert_eq!(second(&other, &next).await, StatusCode::UNAUTHORIZED, "a code works once");
    assert_eq!(second(&app.browser(), &next).await, StatusCode::GONE, "without a first step there is no second");
    app.service.clock.advance(Duration::minutes(10));
    assert_eq!(second(&other, &code(&app, &key)).await, StatusCode::GONE, "the first step waits ten minutes");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn recovery_codes_work_once_and_new_ones_end_the_old(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let (key, codes) = turn_on(&app, &olga).await;
    let browser = app.browser();
    browser.post("/api/v1/auth/login", &login_body()).await;
    assert_eq!(second(&browser, &codes[0].to_lowercase().replace('-', " ")).await, StatusCode::OK, "as people type it");
    assert_eq!(olga.json("/api/v1/auth/two-factor").await["recovery_codes"], 9);
    browser.post("/api/v1/auth/login", &login_body()).await;
    assert_eq!(second(&browser, &codes[0]).await, StatusCode::UNAUTHORIZED);

    app.service.clock.advance(Duration::seconds(30));
    let proof = json!({"password": PASSWORD, "code": code(&app, &key)});
    let renewed = olga.post("/api/v1/auth/two-factor/recovery-codes", &proof).await;
    assert_eq!(renewed.status(), StatusCode::OK);
    assert_eq!(second(&browser, &codes[1]).await, StatusCode::UNAUTHORIZED, "old ones have ended");
    let renewed: Value = renewed.json().await.unwrap();
    assert_eq!(second(&browser, renewed["recovery_codes"][9].as_str().unwrap()).await, StatusCode::OK);

    let plain: Vec<_> = codes.iter().map(|code| format!("'{}'", code.replace('-', ""))).collect();
    assert_eq!(plain.len(), 10);
    let leaked = "select count(*) from recovery_code where encode(code_hash, 'escape') ~ '^[A-Z0-9]{10}$' or length(code_hash) <> 32";
    assert_eq!(count(&app.pool, leaked).await, 0, "only hashes are stored");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_stored_secret_is_sealed_for_its_member(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let bert = app.owner("bert@beta.test", "Beta").await;
    let (key, _) = turn_on(&app, &olga).await;
    let (bert_key, _) = turn_on(&app, &bert).await;
    let secret = Secret::try_from_base32(key.replace(' ', "")).unwrap();
    #[expect(clippy::disallowed_methods, reason = "looks at what is stored")]
    let stored: Vec<Vec<u8>> = sqlx::query_scalar("select secret from two_factor").fetch_all(&app.pool).await.unwrap();
    for sealed in &stored {
        assert_eq!(sealed.len(), 2 + "installation".len() + 24 + 20 + 16);
        assert!(!sealed.windows(8).any(|part| part == &secret.as_bytes()[..8]), "the secret is not readable");
    }
    // Olga's sealed secret in Bert's row opens nothing: nobody signs in with somebody else's app.
    #[expect(clippy::disallowed_methods, reason = "moves a secret as an intruder would")]
    sqlx::query("update two_factor set secret = (select t.secret from two_factor t join member m on m.id = t.member_id where m.email = 'olga@acme.test')")
        .execute(&app.pool).await.unwrap();
    app.service.clock.advance(Duration::seconds(30));
    let browser = app.browser();
    browser.post("/api/v1/auth/login", &json!({"email": "bert@beta.test", "password": PASSWORD})).await;
    for key in [&key, &bert_key] {
        assert_eq!(second(&browser, &code(&app, key)).await, StatusCode::INTERNAL_SERVER_ERROR);
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn wrong_codes_are_counted_also_in_parallel_and_written_down(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let (key, codes) = turn_on(&app, &olga).await;
    app.service.clock.advance(Duration::seconds(30));
    let browser = app.browser();
    browser.post("/api/v1/auth/login", &login_body()).await;
    let tries: Vec<_> = (0..30)
        .map(|_| tokio::spawn(browser.send_owned("POST", "/api/v1/auth/login/code", json!({"code": "000000"}))))
        .collect();
    let mut statuses = Vec::new();
    for task in tries {
        statuses.push(task.await.unwrap());
    }
    let wrong = statuses.iter().filter(|status| **status == 401).count();
    assert_eq!((wrong, statuses.iter().filter(|status| **status == 429).count()), (10, 20));
    assert_eq!(second(&browser, &code(&app, &key)).await, StatusCode::TOO_MANY_REQUESTS, "the right one too");
    let refused = browser.post("/api/v1/auth/login/code", &json!({"code": codes[0]})).await;
    assert!(refused.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 600);
    let sql = "select count(*) from audit_event where action = 'sign_in.code' and not allowed";
    assert_eq!(count(&app.pool, sql).await, 10);
    app.service.clock.advance(Duration::minutes(16));
    browser.post("/api/v1/auth/login", &login_body()).await;
    assert_eq!(second(&browser, &code(&app, &key)).await, StatusCode::OK);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn turning_it_off_takes_password_and_code(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let (key, codes) = turn_on(&app, &olga).await;
    app.service.clock.advance(Duration::seconds(30));
    let disable = async |password: &str, code: &str| {
        let body = json!({"password": password, "code": code});
        olga.post("/api/v1/auth/two-factor/disable", &body).await.status().as_u16()
    };
    assert_eq!(disable("wrong horse", &code(&app, &key)).await, 422);
    assert_eq!(disable(PASSWORD, "000000").await, 422);
    assert_eq!(disable(PASSWORD, &codes[3]).await, 204);
    assert_eq!(disable(PASSWORD, &codes[4]).await, 409, "it is off");
    let login = app.browser().post("/api/v1/auth/login", &login_body()).await;
    assert_eq!(login.status(), StatusCode::OK, "the password is enough again");
    assert_eq!(count(&app.pool, "select count(*) from recovery_code").await, 0);
    let log = olga.json("/api/v1/audit").await.to_string();
    for entry in [r#"\"two_factor\":\"on\""#, r#"\"two_factor\":\"off\""#] {
        assert!(log.contains(entry), "{entry} in {log}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_second_step_is_a_plain_form_that_leads_to_the_page_asked_for(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let (key, _) = turn_on(&app, &olga).await;
    app.service.clock.advance(Duration::seconds(30));
    let browser = app.browser();
    let fields = [("email", "olga@acme.test"), ("password", PASSWORD), ("redirect", "/settings")];
    let first = browser.submit("/login", &fields).await;
    assert_eq!(first.headers()["location"], "/login/code?redirect=/settings");
    let page = browser.get("/login/code?redirect=/settings").await.text().await.unwrap();
    assert!(page.contains("one-time-code") && !page.contains(".wasm"), "{page}");
    let wrong = browser.submit("/login/code", &[("code", "123"), ("redirect", "/settings")]).await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    assert!(wrong.text().await.unwrap().contains("value=\"/settings\""), "where to go is kept");
    let right = browser.submit("/login/code", &[("code", &code(&app, &key)), ("redirect", "/settings")]).await;
    assert_eq!(right.status(), StatusCode::SEE_OTHER);
    assert_eq!(right.headers()["location"], "/settings");
    assert_eq!(browser.get("/settings").await.status(), StatusCode::OK);
    let ended = app.browser().submit("/login/code", &[("code", "123456")]).await;
    assert_eq!(ended.headers()["location"], "/login?error=step_ended");
    app.finish().await;
}
