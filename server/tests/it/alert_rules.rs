//! Rules of who hears of which alerts: two people who change one at once, and what a rule can name.

use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Agency, Browser, TestApp, execute, until_one_waits};

const RULES: &str = "/api/v1/alerts/rules";

/// A rule about falls for Owners.
fn falls() -> Value {
    json!({"name": "Falls", "way": "mail", "least_severity": "medium", "kinds": ["drop"], "roles": ["owner"]})
}

/// The rule of this id.
async fn rule(who: &Browser, id: &str) -> Value {
    let rules = who.json(RULES).await["items"].as_array().unwrap().clone();
    rules.into_iter().find(|rule| rule["id"] == id).unwrap()
}

/// Posts a form of the page as a live page does.
async fn posted(who: &Browser, function: &str, fields: &[(&str, &str)]) -> StatusCode {
    let request = who.client.post(format!("{}/app/{function}", who.url)).header(header::ACCEPT, "application/json");
    request.form(fields).send().await.unwrap().status()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
#[expect(clippy::disallowed_methods, reason = "somebody else's change, held open")]
async fn of_two_changes_at_once_none_is_lost(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let id = olga.create(RULES, &falls()).await;

    // Somebody renames it while it is switched off.
    let mut other = pool.begin().await.unwrap();
    sqlx::query("update alert_rule set name = 'Renamed', kinds = '{spike}' where name = 'Falls'")
        .execute(&mut *other)
        .await
        .unwrap();
    let off = [("id", &*id), ("enabled", "false")];
    let (status, ()) = tokio::join!(posted(&olga, "switch_alert_rule", &off), async {
        until_one_waits(&pool, "alert_rule").await;
        other.commit().await.unwrap();
    });
    assert_eq!(status, StatusCode::OK);
    let stored = rule(&olga, &id).await;
    assert_eq!(
        (&stored["name"], &stored["kinds"], &stored["enabled"]),
        (&json!("Renamed"), &json!(["spike"]), &json!(false))
    );

    // Somebody switches it on while it is renamed.
    let mut other = pool.begin().await.unwrap();
    sqlx::query("update alert_rule set enabled = true where name = 'Renamed'").execute(&mut *other).await.unwrap();
    let path = format!("{RULES}/{id}");
    let (status, ()) = tokio::join!(olga.send_owned("PUT", &path, falls()), async {
        until_one_waits(&pool, "alert_rule").await;
        other.commit().await.unwrap();
    });
    assert_eq!(status, 200);
    let stored = rule(&olga, &id).await;
    assert_eq!((&stored["name"], &stored["enabled"]), (&json!("Falls"), &json!(true)));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_changes_a_rule_does_not_switch_it_unasked(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let Agency { olga, ada, .. } = &Agency::found(&app).await;
    let id = olga.create(RULES, &falls()).await;
    let path = format!("{RULES}/{id}");
    assert_eq!(rule(olga, &id).await["enabled"], true, "a new rule is on");
    let off = [("id", &*id), ("enabled", "false")];
    assert_eq!(posted(ada, "switch_alert_rule", &off).await, StatusCode::OK);

    // Olga's page was loaded when the rule was on.
    let stale = [
        ("id", &*id),
        ("name", "All falls"),
        ("enabled", "true"),
        ("way", "mail"),
        ("least_severity", "info"),
        ("named[0]", "role:owner"),
    ];
    assert_eq!(posted(olga, "save_alert_rule", &stale).await, StatusCode::OK);
    let stored = rule(olga, &id).await;
    assert_eq!((&stored["name"], &stored["enabled"]), (&json!("All falls"), &json!(false)));
    let put = olga.send("PUT", &path, &falls()).await;
    assert_eq!(put.status(), 200);
    assert_eq!(put.json::<Value>().await.unwrap()["enabled"], false, "what is absent stays");
    let mut on = falls();
    on["enabled"] = json!(true);
    assert_eq!(olga.send("PUT", &path, &on).await.status(), 200);
    assert_eq!(rule(olga, &id).await["enabled"], true);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_rule_names_providers_that_are_known_and_keeps_what_is_gone(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let bert = app.owner("bert@beta.test", "Beta").await;
    let source = json!({"name": "Radio", "holds": "ads", "currency": "EUR", "time_zone": "UTC"});
    olga.create("/api/v1/imports/sources", &source).await;
    execute(&pool, "update channel set platform = 'radio_ads'".to_owned()).await;
    let of = |providers: &[&str]| {
        let mut rule = falls();
        rule["providers"] = json!(providers);
        rule
    };
    let refused = async |who: &Browser, method: &str, path: &str, providers: &[&str]| {
        let answer = who.send(method, path, &of(providers)).await;
        assert_eq!(answer.status(), 422, "{providers:?}");
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["field"], "providers", "{providers:?}");
    };
    refused(&olga, "POST", RULES, &["gogle_ads"]).await;
    refused(&olga, "POST", RULES, &["google_ads", ""]).await;
    refused(&bert, "POST", RULES, &["radio_ads"]).await;
    let id = olga.create(RULES, &of(&["google_ads", "radio_ads"])).await;
    let path = format!("{RULES}/{id}");

    // The channel goes, and with it the platform; a member and a client that the rule named are gone, too.
    let gone = "01900000-0000-7000-8000-000000000001";
    execute(&pool, "update channel set platform = null".to_owned()).await;
    let lists = format!("member_ids = '{{{gone}}}', client_ids = '{{{gone}}}'");
    execute(&pool, format!("update alert_rule set {lists} where id = '{id}'")).await;
    refused(&olga, "POST", RULES, &["radio_ads"]).await;
    refused(&olga, "PUT", &path, &["radio_ads", "gogle_ads"]).await;
    let mut same = of(&["radio_ads"]);
    (same["member_ids"], same["client_ids"]) = (json!([gone]), json!([gone]));
    assert_eq!(olga.send("PUT", &path, &same).await.status(), 200);
    let stored = rule(&olga, &id).await;
    assert_eq!((&stored["providers"], &stored["client_ids"]), (&json!(["radio_ads"]), &json!([gone])));
    same["channel_ids"] = json!([gone]);
    assert_eq!(olga.send("PUT", &path, &same).await.status(), 404, "what is gone can stay, but not come");
    app.finish().await;
}
