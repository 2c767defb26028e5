//! Pages for anybody: who runs the installation, and what somebody is told who signs up while no mail goes out.

use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{PASSWORD, TestApp, secret, sign_up_body};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_legal_pages_say_who_runs_the_installation_as_it_is_set(pool: PgPool) {
    let pages = ["/privacy", "/terms", "/security"];
    let unset = TestApp::start(pool.clone()).await;
    for path in pages {
        let page = unset.browser().get(path).await.text().await.unwrap();
        for variable in ["AUDIENCEOS_OPERATOR_NAME", "AUDIENCEOS_OPERATOR_CONTACT"] {
            assert!(page.contains(variable), "{path} names the setting {variable}: {page}");
        }
    }
    unset.stop().await;
    let app = TestApp::start_with(pool, |config| {
        config.operator_name = "Hosting & Daughters, Kiel".into();
        config.operator_contact = "privacy@hosting.test".into();
    })
    .await;
    for path in pages {
        let answer = app.browser().get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let page = answer.text().await.unwrap();
        assert!(page.contains("Hosting &amp; Daughters, Kiel") && page.contains("privacy@hosting.test"), "{page}");
        assert!(!page.contains("AUDIENCEOS_OPERATOR"), "{page}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn signing_up_works_while_no_mail_goes_out_and_a_new_link_is_offered(pool: PgPool) {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let app = TestApp::start_with(pool, |config| config.smtp_url = secret(&format!("smtp://127.0.0.1:{closed}"))).await;
    let answer = app.browser().post("/api/v1/auth/signup", &sign_up_body("olga@acme.test", "Acme")).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["verificationEmailSent"], json!(false), "{body}");
    assert!(body["userId"].is_string() && body["organizationId"].is_string(), "{body}");

    let form = [("organization", "Beta"), ("name", "Bert"), ("email", "bert@beta.test"), ("password", PASSWORD)];
    let browser = app.browser();
    let led = browser.submit("/signup", &form).await;
    assert_eq!(led.status(), StatusCode::SEE_OTHER);
    let page = browser.get(led.headers()[header::LOCATION].to_str().unwrap()).await.text().await.unwrap();
    assert!(page.contains("has not gone out yet") && page.contains("href=\"/resend\""), "{page}");
    assert!(!page.contains("We sent a link"), "{page}");
    app.stop().await;
}
