//! What stands before every route: a session, our own pages, and a database that answers.

use std::collections::BTreeSet;

use app::{App, needs_no_session};
use leptos_axum::generate_route_list;
use reqwest::{Method, StatusCode, header, redirect::Policy};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    plain,
    support::{Agency, Browser, TestApp, all_rows},
};

/// Routes of the API that work for those who are not signed in.
const OPEN: [&str; 8] = [
    "POST /api/v1/auth/signup",
    "POST /api/v1/auth/resend-verification",
    "POST /api/v1/auth/login",
    "POST /api/v1/auth/login/code",
    "POST /api/v1/auth/forgot",
    "POST /api/v1/auth/reset",
    "GET /api/v1/invite/{token}",
    "POST /api/v1/invite/{token}",
];

/// Where a person comes back to from a provider's page: whoever asks for a page is led to one.
const WAY_BACK: &str = "GET /api/oauth/{provider}/callback";

/// Every operation that the API's document lists, with ids of the right shape in its path.
async fn operations(browser: &Browser) -> Vec<(Method, String, String)> {
    let document = browser.json("/api/openapi.json").await;
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let filled: Vec<_> = path
                .split('/')
                .map(|part| if part.starts_with('{') { "018f0000-0000-7000-8000-000000000000" } else { part })
                .collect();
            operations.push((method.clone(), format!("{method} {path}"), filled.join("/")));
        }
    }
    assert!(operations.len() > 40);
    operations
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b1_2_without_a_session_the_api_answers_401_in_json_never_a_page(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let stranger = app.browser();
    let mut open = BTreeSet::new();
    for (method, name, path) in operations(&stranger).await {
        for accept in ["*/*", "text/html"] {
            let request =
                stranger.client.request(method.clone(), format!("{}{path}", app.url)).header("accept", accept);
            let answer = request.json(&json!({})).send().await.unwrap();
            if name == WAY_BACK && accept == "text/html" {
                assert!(answer.headers()[header::LOCATION].to_str().unwrap().starts_with("/login?"), "{name}");
                continue;
            }
            let (status, kind) = (answer.status(), answer.headers().get(header::CONTENT_TYPE).cloned());
            assert!(!answer.headers().contains_key(header::LOCATION), "{name}");
            assert_eq!(kind.unwrap(), "application/json", "{name}");
            let body: Value = answer.json().await.unwrap();
            if body["error"]["code"] == "signed_out" {
                assert_eq!(status, StatusCode::UNAUTHORIZED, "{name}");
            } else {
                assert!(status.is_client_error(), "{name}: {status} {body}");
                open.insert(name.clone());
            }
        }
    }
    // Others may be open too, each with an answer of its own; none of these may ask for a session.
    for route in OPEN {
        assert!(open.contains(route), "{route} works without a session");
    }
    let own_proof = ["/auth/", "/invite/", "/api/webhooks/", "/api/cron/"];
    let closed: BTreeSet<_> = open.iter().filter(|name| !own_proof.iter().any(|part| name.contains(part))).collect();
    assert_eq!(closed, BTreeSet::new(), "everything else needs a session");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b3_4_every_page_of_the_router_wants_a_session_but_the_documents(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let stranger = app.browser();
    let routes: Vec<_> = generate_route_list(App).iter().map(|route| route.path().to_owned()).collect();
    // The fallback is no page, and the style guide is for those who build the pages.
    let closed = |path: &&String| !needs_no_session(path) && !path.contains('*') && *path != "/styleguide";
    let mut asked = 0;
    for route in routes.iter().filter(closed) {
        let part = |part: &str| match part.starts_with(['{', ':']) {
            true => "018f0000-0000-7000-8000-000000000000".to_owned(),
            false => part.to_owned(),
        };
        let path = route.split('/').map(part).collect::<Vec<_>>().join("/");
        let answer = stranger.get(&path).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
        assert_eq!(answer.headers()[header::LOCATION], format!("/login?redirect={path}"), "{path}");
        asked += 1;
    }
    assert!(asked >= 15, "{routes:?}");
    app.finish().await;
}

/// Forms of pages that work without WASM, and a route that there is not.
const FORMS: [&str; 18] = [
    "/exchange-rates/upload",
    "/imports/upload",
    "/brand/upload",
    "/integrations/google_ads/connect",
    "/integrations/meta_ads/token",
    "/login",
    "/login/code",
    "/logout",
    "/signup",
    "/resend",
    "/forgot",
    "/reset",
    "/invite/0",
    "/theme",
    "/simulation",
    "/simulation/leave",
    "/simulation/forward",
    "/api/webhooks-of-nobody",
];

/// Where the server functions are; each of them is a route of its own here.
const FUNCTIONS: &str = "/app/{*function}";

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b1_14_other_sites_change_nothing_on_any_route(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let mut routes: Vec<_> = operations(&agency.olga)
        .await
        .into_iter()
        .filter(|(method, ..)| !method.is_safe())
        .map(|(method, _, path)| (method, path))
        .collect();
    let functions: Vec<_> = leptos::server_fn::axum::server_fn_paths().collect();
    assert!(functions.len() > 20, "the pages' server functions are linked into this program");
    routes.extend(functions.into_iter().map(|(path, _)| (Method::POST, path.to_owned())));
    for (route, _) in plain::routes().into_iter().filter(|(route, posts)| *posts && *route != FUNCTIONS) {
        assert!(
            FORMS.iter().any(|path| plain::answers(route, path)),
            "{route} takes what is posted: it belongs to the forms"
        );
    }
    routes.extend(FORMS.map(|path| (Method::POST, path.to_owned())));
    routes.push((Method::POST, format!("/api/v1/clients/{}/contacts", agency.c[0])));
    routes.push((Method::PATCH, format!("/api/v1/clients/{}", agency.c[0])));

    let before = all_rows(&app.pool, None).await;
    let foreign = [
        ("origin", "https://evil.test"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ];
    let bodies = [
        ("application/json", "{\"name\":\"x\"}"),
        ("text/plain", "{\"name\":\"x\"}"),
        ("application/x-www-form-urlencoded", "name=x"),
        (
            "multipart/form-data; boundary=b",
            "--b\r\ncontent-disposition: form-data; name=\"name\"\r\n\r\nx\r\n--b--\r\n",
        ),
    ];
    for (method, path) in &routes {
        for ((name, value), (kind, body)) in foreign.into_iter().flat_map(|site| bodies.map(|body| (site, body))) {
            let request = agency.olga.client.request(method.clone(), format!("{}{path}", app.url));
            let answer = request.header(name, value).header("content-type", kind).body(body).send().await.unwrap();
            let status = answer.status();
            let body: Value = answer.json().await.unwrap();
            // Webhooks are no pages' doing: their signature alone counts, whoever sends them.
            let refused = match path.starts_with("/api/webhooks/") {
                true => (StatusCode::UNAUTHORIZED, "not_signed"),
                false => (StatusCode::FORBIDDEN, "cross_site"),
            };
            assert_eq!(
                (status, body["error"]["code"].as_str().unwrap()),
                refused,
                "{method} {path} {name}: {value}, {kind}"
            );
        }
    }
    assert_eq!(all_rows(&app.pool, None).await, before);

    for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
        for (name, value) in foreign {
            let request = agency.olga.client.request(method.clone(), format!("{}/api/v1/clients", app.url));
            let status = request.header(name, value).send().await.unwrap().status();
            assert_ne!(status, StatusCode::FORBIDDEN, "{method} changes nothing and may be asked from anywhere");
        }
    }
    let own = agency.olga.client.post(format!("{}/api/v1/clients", app.url)).header("origin", &app.url);
    let own = own.header("sec-fetch-site", "same-origin").json(&json!({"name": "Ours"})).send().await.unwrap();
    assert_eq!(own.status(), StatusCode::CREATED, "our own pages may");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b1_21_signing_out_ends_the_session_and_leaves_no_page_behind(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let elsewhere = app.browser();
    let login = json!({"email": "olga@acme.test", "password": crate::support::PASSWORD});
    let begun = elsewhere.post("/api/v1/auth/login", &login).await;
    let stolen = begun.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    for path in ["/clients", "/clients/board", "/settings", "/api/v1/clients", "/api/v1/auth/session"] {
        let answer = elsewhere.get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store", "{path}: the back button asks again");
    }
    let out = elsewhere.submit("/logout", &[]).await;
    assert_eq!((out.status(), out.headers()[header::LOCATION].to_str().unwrap()), (StatusCode::SEE_OTHER, "/login"));
    assert!(out.headers()[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(elsewhere.get("/clients").await.headers()[header::LOCATION], "/login?redirect=/clients");
    let bare = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let again = bare.get(format!("{}/api/v1/clients", app.url)).header("cookie", stolen).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::UNAUTHORIZED, "the cookie of before is worth nothing");
    assert_eq!(olga.get("/api/v1/clients").await.status(), 200, "other browsers stay signed in");
    app.finish().await;
}

/// What `/readyz` says, once it answers with this status, within fifteen seconds.
async fn readiness(browser: &Browser, status: StatusCode) -> String {
    for _ in 0..300 {
        let answer = browser.get("/readyz").await;
        if answer.status() == status {
            return answer.text().await.unwrap();
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("/readyz did not answer {status}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
#[expect(clippy::disallowed_methods, reason = "takes the queue away from under the server")]
async fn b1_23_readyz_says_whether_the_queue_is_there_and_worked(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let stranger = app.browser();
    readiness(&stranger, StatusCode::OK).await;
    // A runner that works would make the queue's tables anew while they are moved here, and which came first was chance.
    app.leave_jobs();
    let words = readiness(&stranger, StatusCode::SERVICE_UNAVAILABLE).await;
    assert!(words.contains("job runner has stopped"), "{words}");
    sqlx::query("alter schema graphile_worker rename to gone").execute(&app.pool).await.unwrap();
    let words = readiness(&stranger, StatusCode::SERVICE_UNAVAILABLE).await;
    assert!(words.contains("queue's tables are missing"), "{words}");
    sqlx::query("alter schema gone rename to graphile_worker").execute(&app.pool).await.unwrap();
    let words = readiness(&stranger, StatusCode::SERVICE_UNAVAILABLE).await;
    assert!(words.contains("job runner has stopped"), "{words}");
    let work = app.take_jobs();
    readiness(&stranger, StatusCode::OK).await;
    drop(work);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b1_23_readyz_says_whether_the_database_answers_to_anybody(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let stranger = app.browser();
    readiness(&stranger, StatusCode::OK).await;
    assert_eq!(stranger.get("/healthz").await.status(), StatusCode::OK);
    #[expect(clippy::disallowed_methods, reason = "takes the schema away from under the server")]
    sqlx::query("update _sqlx_migrations set success = false").execute(&app.pool).await.unwrap();
    assert_eq!(stranger.get("/readyz").await.status(), StatusCode::SERVICE_UNAVAILABLE, "a schema that is not whole");
    #[expect(clippy::disallowed_methods, reason = "gives it back")]
    sqlx::query("update _sqlx_migrations set success = true").execute(&app.pool).await.unwrap();
    assert_eq!(stranger.get("/readyz").await.status(), StatusCode::OK);
    app.service.db.pool().close().await;
    assert_eq!(stranger.get("/readyz").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(stranger.get("/healthz").await.status(), StatusCode::OK, "the process itself lives");
    app.stop().await;
}
