//! Other sites' pages at the API: closed, and open to those that the operator names.

use reqwest::{Method, Response, StatusCode};
use serde_json::json;
use sqlx::PgPool;

use crate::support::{Browser, TestApp};

const ALLOWED: &str = "https://tools.acme.test";
const OTHER: &str = "https://evil.test";

/// What a browser asks before a page of `origin` may post with a token.
async fn preflight(app: &TestApp, origin: &str) -> Response {
    let request = app.browser().client.request(Method::OPTIONS, format!("{}/api/v1/clients", app.url));
    let request = request.header("origin", origin).header("access-control-request-method", "POST");
    request.header("access-control-request-headers", "authorization,content-type").send().await.unwrap()
}

async fn read(app: &TestApp, path: &str, origin: &str, token: &str) -> Response {
    let request = app.browser().client.get(format!("{}{path}", app.url));
    request.header("origin", origin).bearer_auth(token).send().await.unwrap()
}

fn shown_to(answer: &Response) -> Option<&str> {
    answer.headers().get("access-control-allow-origin").map(|value| value.to_str().unwrap())
}

async fn token(olga: &Browser) -> String {
    let made = olga.post("/api/v1/tokens", &json!({"name": "t", "scope": "write", "days": 1})).await;
    made.json::<serde_json::Value>().await.unwrap()["token"].as_str().unwrap().to_owned()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn without_a_setting_no_other_site_is_let_in(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let token = token(&app.owner("olga@acme.test", "Acme").await).await;
    for origin in [ALLOWED, OTHER, "null"] {
        let asked = preflight(&app, origin).await;
        assert_eq!((asked.status(), shown_to(&asked)), (StatusCode::METHOD_NOT_ALLOWED, None), "{origin}");
        assert_eq!(shown_to(&read(&app, "/api/v1/clients", origin, &token).await), None, "{origin}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn named_sites_use_the_api_with_a_token_and_nothing_else(pool: PgPool) {
    let app = TestApp::start_with(pool, |config| config.cors_origins = format!("{ALLOWED}, https://b.test")).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let token = token(&olga).await;

    let asked = preflight(&app, ALLOWED).await;
    assert_eq!((asked.status(), shown_to(&asked)), (StatusCode::OK, Some(ALLOWED)));
    assert!(!asked.headers().contains_key("access-control-allow-credentials"), "cookies do not travel");
    assert!(asked.headers()["access-control-allow-headers"].to_str().unwrap().contains("authorization"));
    let list = read(&app, "/api/v1/clients", ALLOWED, &token).await;
    assert_eq!((list.status(), shown_to(&list)), (StatusCode::OK, Some(ALLOWED)));
    assert!(list.headers().get_all("vary").iter().any(|value| value.to_str().unwrap().contains("origin")));
    let refused = read(&app, "/api/v1/clients", ALLOWED, "aos_wrong").await;
    assert_eq!((refused.status(), shown_to(&refused)), (StatusCode::UNAUTHORIZED, Some(ALLOWED)), "it sees errors too");
    assert_eq!(shown_to(&read(&app, "/login", ALLOWED, &token).await), None, "pages are not shared");

    for origin in [OTHER, "null", "https://tools.acme.test.evil.test", "http://tools.acme.test"] {
        assert_eq!(shown_to(&preflight(&app, origin).await), None, "{origin}");
        assert_eq!(shown_to(&read(&app, "/api/v1/clients", origin, &token).await), None, "{origin}");
    }

    let create = async |origin: &str, bearer: Option<&str>| {
        let request = olga.client.post(format!("{}/api/v1/clients", app.url)).json(&json!({"name": "C1"}));
        let request = request.header("origin", origin).header("sec-fetch-site", "cross-site");
        let request = if let Some(token) = bearer { request.bearer_auth(token) } else { request };
        request.send().await.unwrap().status()
    };
    assert_eq!(create(ALLOWED, Some(&token)).await, StatusCode::CREATED);
    assert_eq!(create(ALLOWED, None).await, StatusCode::FORBIDDEN, "the session's cookie does not count from there");
    assert_eq!(create(ALLOWED, Some("aos_wrong")).await, StatusCode::UNAUTHORIZED, "nor beside a wrong token");
    assert_eq!(create(OTHER, Some(&token)).await, StatusCode::FORBIDDEN);
    assert_eq!(create("null", Some(&token)).await, StatusCode::FORBIDDEN);
    assert_eq!(olga.client_names().await, ["C1"]);
    app.finish().await;
}
