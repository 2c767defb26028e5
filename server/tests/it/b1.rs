//! The agreed behaviours of signing up, in and out, by their numbers, where no other file has them.

use reqwest::{StatusCode, header};
use serde_json::json;
use sqlx::PgPool;

use crate::support::{PASSWORD, TestApp, count, sign_up_body};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b1_4_unknown_address_and_wrong_password_read_the_same(pool: PgPool) {
    let app = TestApp::start(pool).await;
    app.owner("olga@acme.test", "Acme").await;
    let mut pages = Vec::new();
    for email in ["olga@acme.test", "invalid@test.com"] {
        let answer = app.browser().submit("/login", &[("email", email), ("password", "wrongpassword")]).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        let page = answer.text().await.unwrap();
        let message = page.split_once("role=\"alert\"").unwrap().1.split_once("</div>").unwrap().0.to_owned();
        assert!(message.contains("The e-mail address or the password is wrong"), "{message}");
        pages.push(message);
    }
    assert_eq!(pages[0], pages[1]);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b1_5_after_signing_in_the_frame_shows_name_and_true_role(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    app.join(&olga, "mel@acme.test", "member").await;
    for (email, shown) in [("olga@acme.test", ["Olga Owner", "Owner"]), ("mel@acme.test", ["mel", "Member"])] {
        let browser = app.browser();
        let answer = browser.submit("/login", &[("email", email), ("password", PASSWORD)]).await;
        assert_eq!(answer.headers()[header::LOCATION], "/");
        assert_eq!(browser.get("/").await.headers()[header::LOCATION], "/dashboard");
        let page = browser.get("/clients").await.text().await.unwrap();
        let line = page.split_once("data-test=\"member\"").unwrap().1.split_once("</p>").unwrap().0.to_owned();
        assert!(shown.iter().all(|words| line.contains(words)), "{line}");
        assert_eq!(line.contains("Owner"), email.starts_with("olga"), "{line}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b1_11_mismatched_and_short_passwords(pool: PgPool) {
    let app = TestApp::start(pool).await;
    for (password, repeat, words) in
        [(PASSWORD, "correct horse battery", "do not match"), ("1234567", "1234567", "at least 8")]
    {
        let fields = [
            ("organization", "Acme"),
            ("name", "Olga"),
            ("email", "olga@acme.test"),
            ("password", password),
            ("repeat", repeat),
        ];
        let answer = app.browser().submit("/signup", &fields).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text().await.unwrap().contains(words), "{words}");
    }
    let fields = [
        ("organization", " "),
        ("name", "Olga Öl"),
        ("email", "no address"),
        ("password", "12s45"),
        ("repeat", "other"),
    ];
    let page = app.browser().submit("/signup", &fields).await.text().await.unwrap();
    let wrong = [
        "Agency name is required",
        "Enter an e-mail address",
        "Use at least 8 characters",
        "The passwords do not match",
    ];
    for words in wrong {
        assert!(page.contains(words), "all that is wrong is said at once: {words}: {page}");
    }
    assert!(page.contains("value=\"Olga Öl\"") && page.contains("value=\"no address\"") && !page.contains("12s45"));
    assert_eq!(count(&app.pool, "select count(*) from sign_up").await, 0);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b1_12_a_sign_up_becomes_an_agency_with_its_owner(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let session = olga.json("/api/v1/auth/session").await;
    assert_eq!((&session["organization"], &session["role"]), (&json!("Acme"), &json!("owner")));
    assert_eq!(olga.get("/clients").await.status(), StatusCode::OK);
    assert_eq!(count(&app.pool, "select count(*) from member where role = 'owner'").await, 1);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn t4_an_unverified_person_is_told_to_verify_and_can_ask_for_the_mail(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let browser = app.browser();
    browser.post("/api/v1/auth/signup", &sign_up_body("olga@acme.test", "Acme")).await;
    let answer = browser.submit("/login", &[("email", "olga@acme.test"), ("password", PASSWORD)]).await;
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let page = answer.text().await.unwrap();
    assert!(page.contains("Verify your e-mail address first") && page.contains("href=\"/resend\""), "{page}");
    app.finish().await;
}
