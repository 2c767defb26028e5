//! What all routes of the API have in common: the shape of their errors, and what their document says of them.

use std::collections::BTreeSet;

use app::components::notice::sentence;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    foreign,
    support::{Agency, TestApp},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn malformed_requests_get_the_shape_of_every_error(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    for (method, path, status, code) in [
        ("GET", "/api/v1/clients?limit=1&limit=2", 400, "malformed"),
        ("GET", "/api/v1/members?search=a&search=b", 400, "malformed"),
        ("GET", "/api/v1/invitations?cursor=a&cursor=b", 400, "malformed"),
        ("GET", "/api/v1/audit?limit=1&limit=2", 400, "malformed"),
        ("GET", "/api/v1/clients?limit=nonsense", 422, "invalid"),
        ("GET", "/api/v1/invite/%FF", 400, "malformed"),
        ("GET", "/api/v1/clients/%FF", 400, "malformed_id"),
        ("POST", "/api/v1/jobs/%FF/retry", 400, "malformed"),
        ("POST", "/api/v1/jobs/x/retry", 400, "malformed_id"),
        ("DELETE", "/api/v1/clients", 405, "method_not_allowed"),
        ("PUT", "/api/v1/auth/session", 405, "method_not_allowed"),
        ("POST", "/api/openapi.json", 405, "method_not_allowed"),
        ("POST", "/api/webhooks/%ff", 400, "malformed"),
        ("POST", "/api/cron/%ff", 400, "malformed"),
        ("GET", "/api/v1/nothing", 404, "missing"),
        ("GET", "/api/nothing", 404, "missing"),
    ] {
        let answer = olga.send(method, path, &json!({})).await;
        assert_eq!(answer.status(), status, "{method} {path}");
        assert_eq!(answer.headers()["content-type"], "application/json", "{method} {path}");
        assert_eq!(answer.headers().contains_key("allow"), status == 405, "{method} {path}");
        let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        let body: Value = answer.json().await.unwrap();
        assert_eq!((&body["error"]["code"], &body["error"]["request_id"]), (&json!(code), &json!(id)), "{path}");
        let words = body["error"]["message"].as_str().unwrap();
        assert!(!words.is_empty() && words == sentence(words), "for people: {words}");
    }
    app.finish().await;
}

/// The names of all fields in a part of the document, and the lists in it that do not say how to go on.
fn fields(part: &Value, names: &mut BTreeSet<String>, endless: &mut Vec<String>) {
    if let Some(properties) = part["properties"].as_object() {
        names.extend(properties.keys().cloned());
        if properties.contains_key("items") && !properties.contains_key("next_cursor") {
            endless.push(part.to_string());
        }
    }
    match part {
        Value::Object(parts) => parts.values().for_each(|part| fields(part, names, endless)),
        Value::Array(parts) => parts.iter().for_each(|part| fields(part, names, endless)),
        _ => {}
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn fields_are_in_snake_case_and_lists_say_how_to_go_on(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let document = app.browser().json("/api/openapi.json").await;
    let (mut names, mut endless) = (BTreeSet::new(), Vec::new());
    fields(&document["components"]["schemas"], &mut names, &mut endless);
    fields(&document["paths"], &mut names, &mut endless);
    assert!(names.len() > 100 && names.contains("next_cursor"), "{names:?}");
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let odd: Vec<_> = names.iter().filter(|name| !name.chars().all(plain)).collect();
    assert_eq!(odd, ["organizationId", "userId", "verificationEmailSent"], "the answer to signing up alone");
    assert_eq!(endless, Vec::<String>::new());
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn bad_input_is_named_by_its_field_and_never_a_fault_of_ours(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let document = olga.json("/api/openapi.json").await;
    let wrong =
        [json!({"x": [1]}), json!("\u{0}"), json!("\u{202e}x".repeat(3000)), json!(-1e300), json!([null]), json!(null)];
    let elsewhere = ["/auth/", "/invite/", "/webhooks/", "/cron/"];
    let mut named = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        if elsewhere.iter().any(|part| path.contains(part)) {
            continue;
        }
        let filled: Vec<_> =
            path.split('/').map(|part| if part.starts_with('{') { foreign::ABSENT } else { part }).collect();
        for (method, operation) in item.as_object().unwrap() {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
            let Some(name) = schema.as_str().and_then(|path| path.rsplit('/').next()) else { continue };
            let fields = document["components"]["schemas"][name]["properties"].as_object();
            for field in fields.into_iter().flat_map(|fields| fields.keys()) {
                for value in &wrong {
                    let body = Value::Object([(field.clone(), value.clone())].into_iter().collect());
                    let answer = olga.send(&method.to_uppercase(), &filled.join("/"), &body).await;
                    let (status, text) = (answer.status(), answer.text().await.unwrap());
                    assert!(!status.is_server_error(), "{method} {path} {body}: {status} {text}");
                    if status == StatusCode::UNPROCESSABLE_ENTITY {
                        let told: Value = serde_json::from_str(&text).unwrap();
                        let message = told["error"]["message"].as_str().unwrap_or_default();
                        assert!(
                            told["error"]["field"].is_string() && message == sentence(message) && !message.is_empty(),
                            "{method} {path} {body}: {text}"
                        );
                        named += 1;
                    }
                }
            }
        }
    }
    assert!(named > 100, "{named}");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_document_says_who_may_ask_and_each_route_does_so(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let document = agency.olga.json("/api/openapi.json").await;
    assert_eq!(document["servers"][0]["url"], app.url);
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(
        (&schemes["session"]["in"], &schemes["session"]["name"]),
        (&json!("cookie"), &json!("audienceos_session"))
    );
    assert_eq!((&schemes["token"]["type"], &schemes["token"]["scheme"]), (&json!("http"), &json!("bearer")));
    let both = json!([{"session": []}, {"token": []}]);
    assert_eq!(document["security"], both);

    let made = agency.olga.post("/api/v1/tokens", &json!({"name": "t", "scope": "write", "days": 1})).await;
    let token = made.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
    let mut kinds = [0; 3];
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let url = format!(
                "{}{}",
                app.url,
                path.replace("{token}", "0").replace("{id}", "0").replace("{contact_id}", "0")
            );
            let ask = async |token: &str| {
                let request = app.browser().client.request(method.to_uppercase().parse().unwrap(), &url);
                let answer = request.bearer_auth(token).json(&json!({})).send().await.unwrap();
                (answer.status(), answer.text().await.unwrap())
            };
            let open = |(status, text): &(StatusCode, String)| {
                let no_session = *status == StatusCode::FORBIDDEN && text.contains("which an access token is not");
                !(no_session || *status == StatusCode::UNAUTHORIZED && text.contains("signed_out"))
            };
            let security = operation.get("security").unwrap_or(&both);
            let (stranger, program) = (ask("none").await, ask(&token).await);
            let place = format!("{method} {path}: {security}, {stranger:?}, {program:?}");
            let kind = match (open(&stranger), open(&program)) {
                (true, true) => 0,
                (false, false) => 1,
                (false, true) => 2,
                (true, false) => panic!("{place}"),
            };
            assert_eq!(security, &[json!([{}]), json!([{"session": []}]), both.clone()][kind], "{place}");
            kinds[kind] += 1;
        }
    }
    assert!(kinds.iter().all(|count| *count >= 5), "{kinds:?}");
    app.stop().await;
}
