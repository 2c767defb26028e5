//! Experiments that people enter: they pull what the brain says of a channel, and leave nothing behind once they are thrown away.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    brain::{compute, source},
    support::{Browser, TestApp},
};

/// What the state says that the only ad account brings for its money.
async fn brings(olga: &Browser) -> f64 {
    let said = olga.json("/api/v1/brain/figures?limit=100").await;
    let response = said["items"].as_array().unwrap().iter().find(|item| item["kind"] == "response").unwrap();
    let roas = &response["body"]["response"]["channels"][0]["roas"]["mean"];
    roas.as_f64().unwrap_or_else(|| panic!("{response}"))
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_experiment_that_somebody_enters_pulls_what_its_channel_brings(pool: PgPool) {
    let app = TestApp::start(pool).await;
    app.to_july();
    let olga = app.owner("olga@acme.test", "Acme").await;
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery", "currency": "EUR"})).await;
    let spend = |ago: i64| 100 + ago * 37 % 61;
    let radio = source(&app, &olga, &client, 200, spend).await;
    let new = json!({"name": "Shop", "holds": "shop", "currency": "EUR", "time_zone": "UTC", "client_id": client});
    let shop = olga.create("/api/v1/imports/sources", &new).await;
    let day = |ago: i64| (app.service.clock.now().date() - time::Duration::days(ago)).to_string();
    let sold = |ago: i64| {
        let revenue = 800 + 3 * spend(ago) + ago * 7919 % 101;
        json!({"day": day(ago), "orders": 20 + ago % 5, "ledger_revenue": revenue})
    };
    let rows: Vec<Value> = (1..=200).map(sold).collect();
    let answer = olga.post("/api/v1/ingest/file", &json!({"source_id": shop, "rows": rows})).await;
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    let before = compute(&olga).await;
    let fitted = brings(&olga).await;
    assert!(fitted > 0.0);

    let shown = fitted / 2.0;
    let test = |channel: &str| {
        json!({"channel_id": channel, "first_day": day(60), "last_day": day(30), "roas": format!("{shown:.4}"),
            "standard_error": format!("{:.4}", (fitted / 50.0).max(0.0001))})
    };
    let refused = olga.post("/api/v1/lift-tests", &test(&shop)).await;
    assert_eq!(refused.status(), 422, "a shop is no advertising");
    let id = olga.create("/api/v1/lift-tests", &test(&radio)).await;
    compute(&olga).await;
    let page = olga.get(&format!("/clients/{client}")).await.text().await.unwrap();
    assert!(page.contains("of revenue for each unit of spend, give or take") && page.contains(&id), "{page}");
    let pulled = brings(&olga).await;
    assert!((pulled - shown).abs() < (pulled - fitted).abs(), "{fitted} with {shown} shown is {pulled}");

    // Without it the same is said as before.
    let gone = olga.send("DELETE", &format!("/api/v1/lift-tests/{id}"), &json!({})).await;
    assert_eq!(gone.status(), 204);
    assert_eq!(compute(&olga).await["state_id"], before["state_id"]);
    app.finish().await;
}
