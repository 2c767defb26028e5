//! Errors as pages for people and as JSON for programs.

use reqwest::{Method, StatusCode, header};
use sqlx::PgPool;

use crate::support::{Browser, TestApp};

async fn ask(browser: &Browser, method: Method, path: &str, accept: &str) -> (StatusCode, String, String) {
    let request = browser.client.request(method, format!("{}{path}", browser.url)).header(header::ACCEPT, accept);
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let kind = answer.headers().get(header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap().to_owned());
    let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    let csp = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    let body = answer.text().await.unwrap();
    if kind.as_deref().is_some_and(|kind| kind.starts_with("text/html")) {
        assert!(body.contains(&id), "the page names its request: {body}");
        assert!(csp.contains("nonce-"), "{csp}");
    }
    (status, kind.unwrap_or_default(), body)
}

const PAGE: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn people_get_pages_and_programs_json(pool: PgPool) {
    let app = TestApp::start_with(pool, |config| config.limit_sign_in = 8).await;
    let stranger = app.browser();
    let (status, kind, body) = ask(&stranger, Method::GET, "/no-such-page", PAGE).await;
    assert_eq!((status, &*kind), (StatusCode::NOT_FOUND, "text/html; charset=utf-8"));
    assert!(body.contains("There is nothing here") && body.contains("href=\"/login\"") && !body.contains("Areas"));
    assert!(!body.contains("/pkg/audienceos.js"), "the page is not live");

    let (status, kind, body) = ask(&stranger, Method::DELETE, "/login", "application/json").await;
    assert_eq!((status, &*kind, &*body), (StatusCode::METHOD_NOT_ALLOWED, "", ""));
    let (status, kind, body) = ask(&stranger, Method::POST, "/privacy", PAGE).await;
    assert_eq!((status, &*kind), (StatusCode::METHOD_NOT_ALLOWED, "text/html; charset=utf-8"));
    assert!(body.contains("This cannot be done here"));

    let cross = stranger.client.post(format!("{}/login", app.url)).header("origin", "https://evil.test");
    let cross =
        cross.header(header::ACCEPT, PAGE).form(&[("email", "a@b.test"), ("password", "x")]).send().await.unwrap();
    assert_eq!(cross.status(), StatusCode::FORBIDDEN);
    let body = cross.text().await.unwrap();
    assert!(body.contains("This is not allowed") && body.contains("This request came from another site"), "{body}");

    for _ in 0..8 {
        stranger.submit("/login", &[("email", "a@b.test"), ("password", "x")]).await;
    }
    let login = |accept: &'static str| {
        let form = [("email", "a@b.test"), ("password", "x")];
        stranger.client.post(format!("{}/login", app.url)).header(header::ACCEPT, accept).form(&form).send()
    };
    let refused = login(PAGE).await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key("retry-after"));
    assert!(refused.text().await.unwrap().contains("Too many requests"));
    let refused = login("application/json").await.unwrap();
    assert_eq!(refused.headers()[header::CONTENT_TYPE], "application/json");

    let (status, kind, _) = ask(&stranger, Method::GET, "/api/v1/clients", PAGE).await;
    assert_eq!((status, &*kind), (StatusCode::UNAUTHORIZED, "application/json"));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_signed_in_keep_their_areas(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let (status, _, body) = ask(&olga, Method::GET, "/no-such-page", PAGE).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(body.contains("aria-label=\"Areas\"") && body.contains("href=\"/members\"") && body.contains("Acme"));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_fails_inside_is_a_page_without_internals(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    sqlx::raw_sql("alter table sign_up rename to gone").execute(&pool).await.unwrap();
    let path = format!("/signup/sent?id={}", uuid());
    let (status, kind, body) = ask(&app.browser(), Method::GET, &path, PAGE).await;
    assert_eq!((status, &*kind), (StatusCode::INTERNAL_SERVER_ERROR, "text/html; charset=utf-8"));
    assert!(body.contains("Something failed on our side") && !body.contains("sign_up") && !body.contains("relation"));
    sqlx::raw_sql("alter table gone rename to sign_up").execute(&pool).await.unwrap();
    app.finish().await;
}

fn uuid() -> &'static str {
    "01890000-0000-7000-8000-000000000000"
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_style_guide_is_for_development(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    assert_eq!(app.browser().get("/styleguide").await.status(), StatusCode::OK);
    app.finish().await;
    let app = TestApp::start_with(pool, |config| config.production = true).await;
    assert_eq!(app.browser().get("/styleguide").await.status(), StatusCode::NOT_FOUND);
    app.finish().await;
}
