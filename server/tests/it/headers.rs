//! What every answer carries, whatever its status; and what server functions say to requests that no page sends.

use leptos::server_fn::axum::server_fn_paths;
use reqwest::{Response, StatusCode, header};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Agency, Browser, PASSWORD, TestApp, execute};

/// Asks in a way that gets this status.
async fn asked(browser: &Browser, stranger: &Browser, status: u16) -> Response {
    let json = |body: &'static str| {
        let request = browser.client.post(format!("{}/api/v1/clients", browser.url));
        request.header(header::CONTENT_TYPE, "application/json").body(body).send()
    };
    match status {
        200 => browser.get("/clients").await,
        201 => browser.post("/api/v1/clients", &json!({"name": "New"})).await,
        303 => stranger.get("/clients").await,
        400 => json("{").await.unwrap(),
        401 => stranger.get("/api/v1/clients").await,
        403 => {
            let request = browser.client.post(format!("{}/logout", browser.url));
            request.header("origin", "https://evil.test").send().await.unwrap()
        }
        404 => browser.get("/nothing").await,
        405 => browser.send("PUT", "/api/v1/clients", &json!({})).await,
        413 => browser.post("/api/v1/clients", &json!({"name": "x".repeat(2 << 20)})).await,
        415 => browser.client.post(format!("{}/api/v1/clients", browser.url)).body("{}").send().await.unwrap(),
        422 => json("{}").await.unwrap(),
        _ => loop {
            let answer = stranger.get("/terms").await;
            if answer.status() == StatusCode::TOO_MANY_REQUESTS {
                break answer;
            }
        },
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_answer_carries_the_security_headers(pool: PgPool) {
    let app = TestApp::start_with(pool, |config| config.limit_api = 60).await;
    let browser = app.owner("olga@acme.test", "Acme").await;
    let stranger = app.browser();
    for status in [200, 201, 303, 400, 401, 403, 404, 405, 413, 415, 422, 429] {
        let answer = asked(&browser, &stranger, status).await;
        assert_eq!(answer.status(), status);
        carries(&answer, &status.to_string());
        assert!(!answer.headers().contains_key(header::STRICT_TRANSPORT_SECURITY), "not on plain http");
    }
    for path in ["/pkg/nothing.js", "/charts/nothing.js", "/healthz", "/api/v1/nothing"] {
        carries(&browser.get(path).await, path);
    }
    assert_eq!(browser.get("/readyz").await.status(), StatusCode::OK);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn answers_to_faults_of_ours_carry_the_security_headers_too(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let stranger = app.browser();
    execute(&pool, "alter table sign_up rename to gone".to_owned()).await;
    let failed = stranger.get("/signup/sent?id=01890000-0000-7000-8000-000000000000").await;
    assert_eq!(failed.status(), StatusCode::INTERNAL_SERVER_ERROR);
    carries(&failed, "500");
    app.service.db.pool().close().await;
    let away = stranger.get("/readyz").await;
    assert_eq!(away.status(), StatusCode::SERVICE_UNAVAILABLE);
    carries(&away, "503");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn over_https_the_session_is_a_cookie_of_this_host_alone(pool: PgPool) {
    let plain = TestApp::start(pool.clone()).await;
    plain.owner("olga@acme.test", "Acme").await;
    plain.finish().await;
    let mut here = None;
    let behind_proxy =
        |config: &mut server::config::Config| here = config.public_url.replace("https://acme.test".to_owned());
    let app = TestApp::start_with(pool, behind_proxy).await;
    let browser = app.browser().at(&here.unwrap());
    let answer = browser.post("/api/v1/auth/login", &json!({"email": "olga@acme.test", "password": PASSWORD})).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-audienceos_session="), "{cookie}");
    for part in ["; Path=/;", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    assert!(!cookie.contains("Domain="), "{cookie}");
    let pair = cookie.split(';').next().unwrap().to_owned();
    for (cookie, status) in [(pair.clone(), 200), (pair.replace("__Host-", ""), 401)] {
        let asked = app.browser().client.get(format!("{}/api/v1/clients", browser.url)).header("cookie", cookie);
        assert_eq!(asked.send().await.unwrap().status(), status, "without its prefix it counts for nothing");
    }
    app.finish().await;
}

fn carries(answer: &Response, what: &str) {
    let headers = answer.headers();
    assert_eq!(headers["x-content-type-options"], "nosniff", "{what}");
    assert_eq!(headers["x-frame-options"], "DENY", "{what}");
    assert_eq!(headers["cross-origin-opener-policy"], "same-origin", "{what}");
    let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"), "{what}: {policy}");
    assert!(headers.contains_key("x-request-id"), "{what}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn over_https_every_answer_asks_for_https_only(pool: PgPool) {
    let mut here = None;
    let behind_proxy =
        |config: &mut server::config::Config| here = config.public_url.replace("https://acme.test".to_owned());
    let app = TestApp::start_with(pool, behind_proxy).await;
    let browser = app.browser().at(&here.unwrap());
    for path in ["/login", "/clients", "/nothing", "/api/v1/clients", "/healthz"] {
        let answer = browser.get(path).await;
        carries(&answer, path);
        let asked = answer.headers()[header::STRICT_TRANSPORT_SECURITY].to_str().unwrap();
        assert!(asked.starts_with("max-age=63072000"), "{path}: {asked}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn server_functions_ask_who_it_is_before_they_read_and_bad_requests_are_no_faults_of_ours(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let (stranger, large) = (app.browser(), format!("id={}", "x".repeat(2 << 20)));
    let paths: Vec<_> = server_fn_paths().map(|(path, _)| path).collect();
    assert!(paths.len() >= 30 && paths.iter().all(|path| path.starts_with("/app/")), "{paths:?}");
    for path in paths {
        let call = async |browser: &Browser, body: String| {
            let request = browser.client.post(format!("{}{path}", app.url));
            let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
            let answer = request.send().await.unwrap();
            (answer.status(), answer.text().await.unwrap())
        };
        for body in ["", "id=nonsense", "%%%=&&", &large] {
            let (status, text) = call(&stranger, body.to_owned()).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}: {text}");
            let (status, text) = call(&agency.nia, body.to_owned()).await;
            assert!(!status.is_server_error(), "{path} {}: {status} {text}", &body[..body.len().min(20)]);
            serde_json::from_str::<Value>(&text).unwrap_or_else(|_| panic!("{path}: {text}"));
            if body.len() > 100 {
                assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{path}: {text}");
            }
        }
    }
    let (status, _) = {
        let answer = stranger.post("/app/nothing", &json!({})).await;
        (answer.status(), answer.text().await.unwrap())
    };
    assert_eq!(status, StatusCode::UNAUTHORIZED, "what is not there is not told to strangers");
    app.stop().await;
}
