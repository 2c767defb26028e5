//! Forgotten and changed passwords, sessions, new verification links.

use reqwest::StatusCode;
use serde_json::json;
use sqlx::PgPool;
use time::Duration;

use crate::support::{PASSWORD, TestApp, sign_up_body};

const NEW: &str = "another battery horse";

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b1_13_a_forgotten_password_answers_alike_and_its_link_works_once_within_two_hours(pool: PgPool) {
    let app = TestApp::start(pool).await;
    app.owner("olga@acme.test", "Acme").await;
    let browser = app.browser();
    let mut answers = Vec::new();
    for email in ["olga@acme.test", "nobody@acme.test"] {
        let answer = app.browser().post("/api/v1/auth/forgot", &json!({"email": email})).await;
        answers.push((answer.status(), answer.text().await.unwrap()));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].0, StatusCode::ACCEPTED);
    let link = app.reset_link("olga@acme.test").await;
    let reset = |password: &str| json!({"token": link, "password": password});
    assert_eq!(browser.post("/api/v1/auth/reset", &reset("short")).await.status(), 422);
    assert_eq!(browser.post("/api/v1/auth/reset", &reset(NEW)).await.status(), 204);
    assert_eq!(browser.post("/api/v1/auth/reset", &reset(NEW)).await.status(), 410, "the link works once");
    let login = |password: &str| json!({"email": "olga@acme.test", "password": password});
    assert_eq!(browser.post("/api/v1/auth/login", &login(PASSWORD)).await.status(), 401);
    assert_eq!(browser.post("/api/v1/auth/login", &login(NEW)).await.status(), 200);
    assert!(app.mails("nobody@acme.test").is_empty());
    browser.post("/api/v1/auth/forgot", &json!({"email": "olga@acme.test"})).await;
    let mut late = link.clone();
    for _ in 0..100 {
        let mails = app.mails("olga@acme.test");
        let mut links = mails.iter().filter_map(|mail| mail.split_once("/reset?token=")).map(|(_, rest)| &rest[..64]);
        late = links.rfind(|other| *other != link).unwrap_or(&link).to_owned();
        if late != link {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_ne!(late, link, "a second mail came");
    app.service.clock.advance(Duration::hours(2));
    let ended = json!({"token": late, "password": NEW});
    assert_eq!(browser.post("/api/v1/auth/reset", &ended).await.status(), 410, "the link has ended");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_reset_by_mail_ends_every_session_and_access_token_and_says_so(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (olga, bert) = (app.owner("olga@acme.test", "Acme").await, app.owner("bert@beta.test", "Beta").await);
    let mut tokens = Vec::new();
    for browser in [&olga, &bert] {
        let made = browser.post("/api/v1/tokens", &json!({"name": "t", "scope": "write", "days": 30})).await;
        tokens.push(made.json::<serde_json::Value>().await.unwrap()["token"].as_str().unwrap().to_owned());
    }
    let by_token = async |token: &str| {
        let request = app.browser().client.get(format!("{}/api/v1/clients", app.url));
        request.bearer_auth(token).send().await.unwrap().status()
    };
    assert_eq!((by_token(&tokens[0]).await, by_token(&tokens[1]).await), (StatusCode::OK, StatusCode::OK));
    app.browser().post("/api/v1/auth/forgot", &json!({"email": "olga@acme.test"})).await;
    let link = app.reset_link("olga@acme.test").await;
    let mails = app.mails("olga@acme.test");
    assert!(mails.iter().any(|mail| mail.contains(&link) && mail.contains("access tokens")), "{mails:?}");
    let page = app.browser().submit("/reset", &[("token", &link), ("password", NEW)]).await.text().await.unwrap();
    assert!(page.contains("all sessions and access tokens have ended"), "{page}");
    assert_eq!(olga.get("/api/v1/auth/session").await.status(), 401, "every session ended");
    assert_eq!(by_token(&tokens[0]).await, StatusCode::UNAUTHORIZED);
    assert_eq!(by_token(&tokens[1]).await, StatusCode::OK, "another's stays");
    assert_eq!(bert.get("/api/v1/auth/session").await.status(), 200);
    olga.post("/api/v1/auth/login", &json!({"email": "olga@acme.test", "password": NEW})).await;
    assert_eq!(olga.json("/api/v1/tokens").await["items"], json!([]));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn reset_links_end_after_two_hours_and_with_a_newer_one(pool: PgPool) {
    let app = TestApp::start(pool).await;
    app.owner("olga@acme.test", "Acme").await;
    let browser = app.browser();
    browser.post("/api/v1/auth/forgot", &json!({"email": "olga@acme.test"})).await;
    let first = app.reset_link("olga@acme.test").await;
    browser.post("/api/v1/auth/forgot", &json!({"email": "olga@acme.test"})).await;
    let reset = |token: &str| json!({"token": token, "password": NEW});
    assert_eq!(browser.post("/api/v1/auth/reset", &reset(&first)).await.status(), 410);
    app.service.clock.advance(Duration::hours(2));
    for mail in app.mails("olga@acme.test") {
        if let Some((_, rest)) = mail.split_once("/reset?token=") {
            assert_eq!(browser.post("/api/v1/auth/reset", &reset(&rest[..64])).await.status(), 410);
        }
    }
    assert_eq!(browser.post("/api/v1/auth/reset", &reset("unknown")).await.status(), 404);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn changing_the_password_keeps_this_session_and_ends_the_others(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let here = app.owner("olga@acme.test", "Acme").await;
    let there = app.browser();
    there.post("/api/v1/auth/login", &json!({"email": "olga@acme.test", "password": PASSWORD})).await;
    assert_eq!(here.json("/api/v1/auth/sessions").await["items"].as_array().unwrap().len(), 2);
    let change = |present: &str, new: &str| json!({"present": present, "password": new});
    assert_eq!(here.post("/api/v1/auth/password", &change("wrong horse", NEW)).await.status(), 422);
    assert_eq!(here.post("/api/v1/auth/password", &change(PASSWORD, "password1")).await.status(), 422);
    assert_eq!(here.post("/api/v1/auth/password", &change(PASSWORD, NEW)).await.status(), 204);
    assert_eq!(here.get("/api/v1/auth/session").await.status(), 200);
    assert_eq!(there.get("/api/v1/auth/session").await.status(), 401);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_access_token_acts_for_its_member_within_its_scope_until_it_ends(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let make = async |scope: &str| {
        let answer = olga.post("/api/v1/tokens", &json!({"name": "script", "scope": scope, "days": 30})).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
        answer.json::<serde_json::Value>().await.unwrap()
    };
    let (reader, writer) = (make("read").await, make("write").await);
    let program = reqwest::Client::new();
    let ask = |method: reqwest::Method, path: &str, made: &serde_json::Value| {
        let request =
            program.request(method, format!("{}{path}", app.url)).bearer_auth(made["token"].as_str().unwrap());
        request.json(&json!({"name": "By program"})).send()
    };
    let get = reqwest::Method::GET;
    let post = reqwest::Method::POST;
    assert_eq!(ask(get.clone(), "/api/v1/clients", &reader).await.unwrap().status(), 200);
    let refused = ask(post.clone(), "/api/v1/clients", &reader).await.unwrap();
    assert_eq!(refused.status(), 403);
    assert_eq!(refused.json::<serde_json::Value>().await.unwrap()["error"]["rule"], "tokens.scope");
    let written = &olga.json("/api/v1/audit?rule=tokens.scope").await["items"][0];
    assert_eq!((&written["action"], &written["allowed"]), (&json!("tokens.scope"), &json!(false)), "{written}");
    assert_eq!(ask(post.clone(), "/api/v1/clients", &writer).await.unwrap().status(), 201);
    // No token is a session, whatever it may write.
    for method in [get.clone(), post.clone()] {
        let refused = ask(method, "/api/v1/tokens", &writer).await.unwrap();
        assert_eq!(refused.status(), 403);
        let refused = refused.json::<serde_json::Value>().await.unwrap();
        assert_eq!(refused["error"]["rule"], "tokens.scope", "{refused}");
        assert!(refused["error"]["message"].as_str().unwrap().contains("needs a session"), "{refused}");
    }
    assert!(
        ask(get.clone(), "/clients", &writer).await.unwrap().url().path().starts_with("/login"),
        "pages want a session"
    );
    let listed = olga.json("/api/v1/tokens").await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    assert!(!listed.to_string().contains("aos_"), "shown once");
    let path = format!("/api/v1/tokens/{}", reader["id"].as_str().unwrap());
    assert_eq!(olga.send("DELETE", &path, &json!({})).await.status(), 204);
    assert_eq!(ask(get.clone(), "/api/v1/clients", &reader).await.unwrap().status(), 401);
    app.service.clock.advance(Duration::days(31));
    assert_eq!(ask(get, "/api/v1/clients", &writer).await.unwrap().status(), 401);
    assert_eq!(olga.post("/api/v1/tokens", &json!({"name": "x", "scope": "all", "days": 1})).await.status(), 401);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn sessions_are_listed_and_ended(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let here = app.owner("olga@acme.test", "Acme").await;
    let there = app.browser();
    there.post("/api/v1/auth/login", &json!({"email": "olga@acme.test", "password": PASSWORD})).await;
    let list = here.json("/api/v1/auth/sessions").await;
    let other = list["items"].as_array().unwrap().iter().find(|item| item["current"] == false).unwrap();
    let path = format!("/api/v1/auth/sessions/{}", other["id"].as_str().unwrap());
    assert_eq!(here.send("DELETE", &path, &json!({})).await.status(), 204);
    assert_eq!(there.get("/api/v1/auth/session").await.status(), 401);
    assert_eq!(here.send("DELETE", &path, &json!({})).await.status(), 404);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_new_verification_link_voids_the_one_before(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let browser = app.browser();
    browser.post("/api/v1/auth/signup", &sign_up_body("olga@acme.test", "Acme")).await;
    let first = app.link_in_mail("olga@acme.test", "/verify-email").await;
    for email in ["olga@acme.test", "nobody@acme.test"] {
        let answer = browser.post("/api/v1/auth/resend-verification", &json!({"email": email})).await;
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
    }
    for _ in 0..100 {
        if app.mails("olga@acme.test").len() == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let links: Vec<String> = app.links_in_mails("olga@acme.test", "/verify-email");
    let second = links.iter().find(|link| **link != first).unwrap();
    assert_eq!(browser.get(&first).await.status(), StatusCode::GONE);
    assert_eq!(browser.get(second).await.status(), StatusCode::OK);
    app.finish().await;
}
