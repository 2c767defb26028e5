//! Signing up, verifying, signing in and out.

use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use sqlx::PgPool;
use time::Duration;

use crate::support::{PASSWORD, TestApp, all_rows, count, sign_up_body};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_person_signs_up_verifies_and_signs_in(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let browser = app.browser();
    let answer = browser.post("/api/v1/auth/signup", &sign_up_body(" Olga@Acme.test ", "Acme & Söhne")).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let signed_up: Value = answer.json().await.unwrap();
    assert_eq!(signed_up["verificationEmailSent"], true);

    let login = json!({"email": "olga@acme.test", "password": PASSWORD});
    let early = browser.post("/api/v1/auth/login", &login).await;
    assert_eq!(early.status(), StatusCode::FORBIDDEN);
    assert_eq!(early.json::<Value>().await.unwrap()["error"]["code"], "email_unverified");

    let link = app.link_in_mail("olga@acme.test", "/verify-email").await;
    assert!(browser.get(&link).await.text().await.unwrap().contains("Your address is verified"));
    assert_eq!(browser.get(&link).await.status(), StatusCode::GONE, "the link works once");

    let wrong =
        browser.post("/api/v1/auth/login", &json!({"email": "olga@acme.test", "password": "wrong horse"})).await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    let answer = browser.post("/api/v1/auth/login", &login).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(cookie.contains("HttpOnly; SameSite=Lax") && !cookie.contains("Secure"), "{cookie}");

    let session = browser.json("/api/v1/auth/session").await;
    assert_eq!(session["user_id"], signed_up["userId"]);
    assert_eq!(session["organization_id"], signed_up["organizationId"]);
    assert_eq!((&session["organization"], &session["role"]), (&json!("Acme & Söhne"), &json!("owner")));

    assert_eq!(browser.post("/api/v1/auth/logout", &json!({})).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(browser.get("/api/v1/auth/session").await.status(), StatusCode::UNAUTHORIZED);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_known_address_gets_the_same_answer_and_a_mail_that_says_so(pool: PgPool) {
    let app = TestApp::start(pool).await;
    app.owner("olga@acme.test", "Acme").await;
    let hashed = app.service.passwords.hashed();
    let unknown = app.browser().post("/api/v1/auth/signup", &sign_up_body("new@acme.test", "Other")).await;
    let once = app.service.passwords.hashed() - hashed;
    let known = app.browser().post("/api/v1/auth/signup", &sign_up_body("olga@acme.test", "Other")).await;
    assert_eq!(app.service.passwords.hashed() - hashed, 2 * once, "the same work for both");
    assert_eq!((unknown.status(), known.status()), (StatusCode::CREATED, StatusCode::CREATED));
    let keys = |body: Value| body.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let known: Value = known.json().await.unwrap();
    assert_eq!(keys(unknown.json().await.unwrap()), keys(known.clone()));
    // Its ids are those of a sign-up that is stored, and that no link ever verifies.
    let stored = format!(
        "select count(*) from sign_up where member_id = '{}' and organization_id = '{}'",
        known["userId"].as_str().unwrap(),
        known["organizationId"].as_str().unwrap()
    );
    assert_eq!(count(&app.pool, stored.leak()).await, 1);

    let mails = app.mails("olga@acme.test");
    assert_eq!(mails.len(), 2);
    assert!(mails.iter().any(|mail| mail.contains("You have an account already") && !mail.contains("token=")));
    let again = app.browser().post("/api/v1/auth/resend-verification", &json!({"email": "olga@acme.test"})).await;
    assert_eq!(again.status(), StatusCode::ACCEPTED, "as for any address");
    for _ in 0..100 {
        if app.jobs_left().await == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(app.links_in_mails("olga@acme.test", "/verify-email").len(), 1, "the first one's, which was used");
    assert_eq!(count(&app.pool, "select count(*) from organization").await, 1);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_wrong_password_costs_the_same_for_known_and_unknown_addresses(pool: PgPool) {
    let app = TestApp::start(pool).await;
    app.owner("olga@acme.test", "Acme").await;
    let mut answers = Vec::new();
    for email in ["olga@acme.test", "nobody@acme.test"] {
        let before = app.service.passwords.hashed();
        let answer =
            app.browser().post("/api/v1/auth/login", &json!({"email": email, "password": "wrong horse"})).await;
        let mut body: Value = answer.json().await.unwrap();
        body["error"]["request_id"] = json!("");
        answers.push((body, app.service.passwords.hashed() - before));
    }
    assert_eq!(answers[0], answers[1]);
    app.finish().await;
}

/// Everything that is stored now, and what jobs carry, as text; bytes are hexadecimal in it.
async fn stored(app: &TestApp) -> String {
    #[expect(clippy::disallowed_methods, reason = "looks at what the queue holds")]
    let jobs: String =
        sqlx::query_scalar("select coalesce(json_agg(payload)::text, '') from graphile_worker._private_jobs")
            .fetch_one(&app.pool)
            .await
            .unwrap();
    all_rows(&app.pool, None).await.into_iter().fold(jobs, |all, (_, rows)| all + &rows)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn no_secret_of_a_link_a_session_or_a_token_can_be_read_from_the_database(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let browser = app.browser();
    browser.post("/api/v1/auth/signup", &sign_up_body("olga@acme.test", "Acme")).await;
    let mut all = stored(&app).await;
    assert!(all.contains("olga@acme.test"), "what is stored is looked at");
    let verify = app.link_in_mail("olga@acme.test", "/verify-email").await;
    all += &stored(&app).await;
    browser.get(&verify).await;
    let login = browser.post("/api/v1/auth/login", &json!({"email": "olga@acme.test", "password": PASSWORD})).await;
    let cookie = login.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    let session = cookie.split(['=', ';']).nth(1).unwrap();
    browser.post("/api/v1/auth/forgot", &json!({"email": "olga@acme.test"})).await;
    let reset = app.reset_link("olga@acme.test").await;
    browser.create("/api/v1/invitations", &json!({"email": "mel@acme.test", "role": "member"})).await;
    let invitation = app.link_in_mail("mel@acme.test", "/invite/").await;
    let made = browser.post("/api/v1/tokens", &json!({"name": "t", "scope": "read", "days": 1})).await;
    let token = made.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
    all += &stored(&app).await;
    for (what, secret) in [
        ("the password", PASSWORD),
        ("the link that verifies", verify.rsplit('=').next().unwrap()),
        ("the session", session),
        ("the link that resets", &reset),
        ("the invitation", invitation.rsplit('/').next().unwrap()),
        ("the access token", token.trim_start_matches("aos_")),
    ] {
        assert!(secret.len() >= 20 && !all.contains(secret), "{what} is stored as it is");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn links_end_after_two_days_and_sessions_after_two_weeks(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let browser = app.owner("olga@acme.test", "Acme").await;
    app.browser().post("/api/v1/auth/signup", &sign_up_body("late@acme.test", "Late")).await;
    let link = app.link_in_mail("late@acme.test", "/verify-email").await;
    app.service.clock.advance(Duration::hours(49));
    let late = browser.get(&link).await;
    assert_eq!(late.status(), StatusCode::GONE);
    assert!(late.text().await.unwrap().contains("has ended after 48 hours"));
    assert_eq!(browser.get("/api/v1/auth/session").await.status(), StatusCode::OK);
    app.service.clock.advance(Duration::days(15));
    assert_eq!(browser.get("/api/v1/auth/session").await.status(), StatusCode::UNAUTHORIZED);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn refused_forms_come_back_with_what_was_typed(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let browser = app.browser();
    let fields = [("organization", "Acme <b>"), ("name", "Olga"), ("email", "olga@acme.test"), ("password", "short")];
    let answer = browser.submit("/signup", &fields).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = answer.text().await.unwrap();
    assert!(page.contains("Use at least 8 characters") && page.contains("value=\"Acme &lt;b&gt;\""), "{page}");
    assert!(!page.contains("short\""), "a password never comes back");
    assert!(!page.contains(".wasm"), "pages without a session load no WASM");

    let answer = browser.submit("/login", &[("email", "olga@acme.test"), ("password", "wrong horse")]).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let page = answer.text().await.unwrap();
    assert!(page.contains("The e-mail address or the password is wrong") && page.contains("value=\"olga@acme.test\""));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn without_a_session_pages_lead_to_login_and_the_api_says_401(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let browser = app.browser();
    for (path, target) in [("/", "/login?redirect=/"), ("/clients?cursor=a", "/login?redirect=/clients%3Fcursor%3Da")] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
        assert_eq!(answer.headers()[header::LOCATION], target);
    }
    for path in ["/api/v1/clients", "/api/v1/auth/session"] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["code"], "signed_out");
    }
    let malformed = browser.client.post(format!("{}/api/v1/clients", app.url)).body("{").send().await.unwrap();
    assert_eq!(malformed.status(), StatusCode::UNAUTHORIZED, "refused before the body is read");
    app.finish().await;
}
