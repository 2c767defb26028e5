//! How a client did, on its page: figures of the days that are asked for, what is lacking in words, nothing made up.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::TestApp;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b9_11_a_clients_page_shows_what_was_read_of_the_days_asked_for(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery", "currency": "EUR"})).await;
    let client = client.as_str();
    let page = async |query: &str| olga.get(&format!("/clients/{client}{query}")).await.text().await.unwrap();
    let empty = page("").await;
    assert!(empty.contains("Nothing of this client's advertising or shop was read yet"), "{empty}");
    assert!(!empty.contains("data-test=\"figures\""));

    let new = json!({"name": "Radio", "holds": "ads", "currency": "EUR", "time_zone": "UTC", "client_id": client});
    let radio = olga.create("/api/v1/imports/sources", &new).await;
    let day = |ago: i64| (app.service.clock.now().date() - time::Duration::days(ago)).to_string();
    let rows: Vec<Value> = (1..=20)
        .map(|ago| json!({"day": day(ago), "spend": if ago <= 7 { 103 } else { 206 }, "clicks": 10, "impressions": 1000}))
        .collect();
    let pushed = olga.post("/api/v1/ingest/file", &json!({"source_id": radio, "rows": rows})).await;
    assert_eq!(pushed.status(), 200);

    let week = page("?days=7").await;
    for words in ["721.00 EUR", "1,442.00 EUR", "−50 %", "1.00 %"] {
        assert!(week.contains(words), "{words} is not in {week}");
    }
    // Nobody reported what the books say or what a platform claims, and nothing is shown of them.
    let unreported = [
        "The shop's books",
        "Ledger revenue",
        "data-test=\"figure ledger_revenue\"",
        "data-test=\"figure claimed_revenue\"",
    ];
    for words in unreported {
        assert!(!week.contains(words), "{words} is in {week}");
    }
    // Other days are other figures; days before the first that was read are named as missing.
    let three = page(&format!("?from={}&to={}", day(10), day(8))).await;
    assert!(three.contains("618.00 EUR"), "{three}");
    let all = page("").await;
    assert!(all.contains("not in it: Radio was not read on"), "{all}");
    let wrong = page("?from=yesterday&to=today").await;
    assert!(wrong.contains("nter a day as 2026-11-03"), "{wrong}");
    let turned = page(&format!("?from={}&to={}", day(1), day(3))).await;
    assert!(turned.contains("he last day must not be before the first"), "{turned}");

    let new = json!({"name": "Till", "holds": "shop", "currency": "EUR", "time_zone": "UTC", "client_id": client});
    let till = olga.create("/api/v1/imports/sources", &new).await;
    let books = |ago: i64| json!({"day": day(ago), "orders": 3, "ledger_revenue": 60});
    let claims =
        |ago: i64| json!({"day": day(ago), "spend": 103, "clicks": 10, "impressions": 1000, "claimed_revenue": 90});
    for (source, rows) in
        [(till, (1..=20).map(books).collect::<Vec<_>>()), (radio, (1..=7).map(claims).collect::<Vec<_>>())]
    {
        let pushed = olga.post("/api/v1/ingest/file", &json!({"source_id": source, "rows": rows})).await;
        assert_eq!(pushed.status(), 200);
    }
    let reported = page("?days=7").await;
    for words in unreported.into_iter().chain(["420.00 EUR", "630.00 EUR"]) {
        assert!(reported.contains(words), "{words} is not in {reported}");
    }
    app.finish().await;
}
