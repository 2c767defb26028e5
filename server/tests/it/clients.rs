//! Clients over the API, the page and its form.

use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::TestApp;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_client_reads_back_exactly_as_typed(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let browser = app.owner("olga@acme.test", "Acme").await;
    let answer = browser.post("/api/v1/clients", &json!({"name": "  O'Brien & Sons / West "})).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let client: Value = answer.json().await.unwrap();
    assert_eq!(client["name"], "O'Brien & Sons / West");
    let id = client["id"].as_str().unwrap();
    assert_eq!(browser.json(&format!("/api/v1/clients/{id}")).await, client);
    let page = browser.get("/clients").await.text().await.unwrap();
    assert!(page.contains("O'Brien &amp; Sons / West"), "the page is readable before WASM loads");
    assert!(page.contains("Acme"));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_form_works_without_wasm(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let browser = app.owner("olga@acme.test", "Acme").await;
    let page = format!("{}/clients", app.url);
    let submit = |name: &'static str| {
        let request = browser.client.post(format!("{}/app/create_client", app.url));
        request.header("accept", "text/html").header("referer", page.clone()).form(&[("name", name)]).send()
    };
    let answer = submit("First").await.unwrap();
    assert!(answer.status().is_redirection());
    assert_eq!(answer.headers()[header::LOCATION].to_str().unwrap().trim_end_matches('?'), page);

    let long = "x".repeat(201);
    let request = browser.client.post(format!("{}/app/create_client", app.url)).header("accept", "text/html");
    let answer = request.header("referer", page.clone()).form(&[("name", long.as_str())]).send().await.unwrap();
    assert!(answer.status().is_redirection(), "the browser follows the way back");
    let back = answer.headers()[header::LOCATION].to_str().unwrap().to_owned();
    let html = browser.get(back.strip_prefix(&app.url).unwrap()).await.text().await.unwrap();
    assert!(html.contains("Name can have at most 200 characters"), "{html}");
    assert!(html.contains(&format!("value=\"{long}\"")), "what was typed is kept");
    assert_eq!(browser.json("/api/v1/clients").await["items"].as_array().unwrap().len(), 1);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn lists_page_through_equal_moments_without_gaps(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let browser = app.owner("olga@acme.test", "Acme").await;
    for number in 0..7 {
        browser.post("/api/v1/clients", &json!({"name": format!("Client {number}")})).await;
    }
    #[expect(clippy::disallowed_methods, reason = "a state that the product cannot reach")]
    sqlx::query("update client set created_at = '2026-01-01'").execute(&app.pool).await.unwrap();
    let (mut seen, mut path) = (Vec::new(), "/api/v1/clients?limit=3".to_owned());
    loop {
        let page = browser.json(&path).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/api/v1/clients?limit=3&cursor={cursor}");
    }
    assert_eq!(seen.len(), 7);
    seen.sort_by_key(ToString::to_string);
    seen.dedup();
    assert_eq!(seen.len(), 7);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn bad_input_is_named(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let browser = app.owner("olga@acme.test", "Acme").await;
    for (path, status, field) in [
        ("/api/v1/clients?limit=0", 422, Some("limit")),
        ("/api/v1/clients?limit=abc", 422, Some("limit")),
        ("/api/v1/clients?cursor=abc", 422, Some("cursor")),
        ("/api/v1/clients/abc", 400, None),
        ("/api/v1/clients/018f0000-0000-7000-8000-000000000000", 404, None),
        ("/api/v1/nothing", 404, None),
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status(), status, "{path}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["error"]["field"].as_str(), field, "{path}");
        assert!(body["error"]["request_id"].is_string());
    }
    for (body, status) in [(json!({}), 422), (json!({"name": 7}), 422), (json!({"name": " "}), 422)] {
        assert_eq!(browser.post("/api/v1/clients", &body).await.status(), status, "{body}");
    }
    let malformed =
        browser.client.post(format!("{}/api/v1/clients", app.url)).header("content-type", "application/json");
    assert_eq!(malformed.body("{\"name\":").send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    let text = browser.client.post(format!("{}/api/v1/clients", app.url)).body("{}").send().await.unwrap();
    assert_eq!(text.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_answer_carries_the_security_headers(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let browser = app.owner("olga@acme.test", "Acme").await;
    for path in ["/login", "/clients", "/nothing", "/api/v1/clients", "/api/v1/nothing", "/pkg/nothing.js", "/healthz"]
    {
        let answer = browser.get(path).await;
        let headers = answer.headers();
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"), "{path}: {policy}");
        assert!(headers.contains_key("x-request-id"));
    }
    assert_eq!(browser.get("/nothing").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(browser.get("/readyz").await.status(), StatusCode::OK);
    app.finish().await;
}
