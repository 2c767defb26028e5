//! Rates of exchange by every way that they are brought: the bank's file as it is, JSON, and the form of the settings.

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Agency, Browser, TestApp, count};

const API: &str = "/api/v1/exchange-rates";
/// As the bank writes it, with its comma at the end of each line.
const FILE: &str = "Date,USD,JPY,\n2026-11-20,1.0534,162.5,\n2026-11-19,1.05,N/A,\n";

async fn put(browser: &Browser, kind: &str, body: Vec<u8>) -> (u16, Value) {
    let request = browser.client.put(format!("{}{API}", browser.url)).header("content-type", kind);
    let answer = request.body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// Posts the form as a browser does that shows the answer.
async fn upload(browser: &Browser, name: &str, text: &str) -> reqwest::Response {
    let form = format!(
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/csv\r\n\r\n{text}\r\n--x--\r\n"
    );
    let request = browser.client.post(format!("{}/exchange-rates/upload", browser.url)).body(form);
    let request = request.header("accept", "text/html").header("content-type", "multipart/form-data; boundary=x");
    request.send().await.unwrap()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_banks_file_is_taken_as_it_is_and_as_json_and_what_is_wrong_names_its_field(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    for (kind, body) in [
        ("text/csv", FILE.as_bytes().to_vec()),
        ("text/csv; charset=utf-8", [&b"\xef\xbb\xbf"[..], FILE.as_bytes()].concat()),
        ("application/json", json!({ "csv": FILE }).to_string().into_bytes()),
    ] {
        assert_eq!(put(&agency.ada, kind, body).await, (200, json!({"rates": 3})), "{kind}");
    }
    assert_eq!(count(&app.pool, "select count(*) from exchange_rate").await, 3);
    let wrong = "Date,USD\n2026-11-20,zero\n";
    for (kind, body, status, field) in [
        ("text/csv", wrong.as_bytes().to_vec(), 422, json!("file")),
        ("text/csv", b"PK\x03\x04".to_vec(), 422, json!("file")),
        ("text/csv", b"\xff\xfe".to_vec(), 422, json!("file")),
        ("application/json", json!({ "csv": wrong }).to_string().into_bytes(), 422, json!("csv")),
        ("text/plain", FILE.as_bytes().to_vec(), 415, json!(null)),
    ] {
        let (answered, body) = put(&agency.ada, kind, body).await;
        assert_eq!((answered, &body["error"]["field"]), (status, &field), "{kind}: {body}");
    }
    let (status, refused) = put(&agency.max, "text/csv", FILE.as_bytes().to_vec()).await;
    assert_eq!((status, &refused["error"]["rule"]), (403, &json!("settings.edit")), "{refused}");
    let document = agency.ada.json("/api/openapi.json").await;
    let taken = &document["paths"][API]["put"]["requestBody"]["content"];
    assert!(taken["text/csv"].is_object() && taken["application/json"].is_object(), "{taken}");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_admin_uploads_the_file_in_the_settings_and_reads_there_what_is_wrong(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let page = agency.ada.get("/settings").await.text().await.unwrap();
    assert!(page.contains("There are no rates yet"), "{page}");
    for (name, text, words) in [
        ("a.csv", "Date,USD\n2026-11-20,zero\n", "no rate above zero"),
        ("a.csv", "", "The file is empty"),
        ("", "", "Choose a file"),
    ] {
        let refused = upload(&agency.ada, name, text).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{words}");
        let page = refused.text().await.unwrap();
        let error = page.split("id=\"rates-error\"").nth(1).and_then(|rest| rest.split("</p>").next());
        assert!(error.is_some_and(|error| error.contains(words)), "{words}: {page}");
    }
    assert_eq!(count(&app.pool, "select count(*) from exchange_rate").await, 0);
    let led = upload(&agency.ada, "eurofxref-hist.csv", FILE).await;
    assert_eq!(led.status(), StatusCode::SEE_OTHER);
    assert_eq!(led.headers()["location"], "/settings#exchange-rates");
    let page = agency.ada.get("/settings").await.text().await.unwrap();
    let card = page.split("data-test=\"rates\"").nth(1).and_then(|rest| rest.split("</p>").next()).unwrap();
    for part in [">2<", "currencies", "2026-11-19", "2026-11-20"] {
        assert!(card.contains(part), "{part}: {card}");
    }
    // Who may not read the agency's settings sees no card, and uploads nothing.
    let page = agency.max.get("/settings").await.text().await.unwrap();
    assert!(!page.contains("Exchange rates"), "{page}");
    assert_eq!(upload(&agency.max, "a.csv", FILE).await.status(), StatusCode::FORBIDDEN);
    app.finish().await;
}
