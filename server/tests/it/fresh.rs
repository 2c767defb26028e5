//! A freshly founded agency, beside one that has something of everything: it has nothing, each page says so in words, and
//! nothing is invented.

use std::{collections::BTreeSet, time::Duration};

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    seed,
    support::{Browser, TestApp, all_rows},
};

/// Lists that hold nothing until somebody does something.
const LISTS: [&str; 14] = [
    "/api/v1/alerts",
    "/api/v1/brain/actions",
    "/api/v1/clients",
    "/api/v1/communications/conversations",
    "/api/v1/communications/labels",
    "/api/v1/communications/templates",
    "/api/v1/imports",
    "/api/v1/imports/mappings",
    "/api/v1/imports/sources",
    "/api/v1/integrations",
    "/api/v1/invitations",
    "/api/v1/jobs",
    "/api/v1/lift-tests",
    "/api/v1/tokens",
];

/// What a new agency has: itself, its Owner and how that one signs in, a board's stages, who hears of alerts, and what was done
/// so far.
const TABLES: [&str; 8] =
    ["alert_rule", "audit_event", "member", "organization", "session", "sign_in", "sign_up", "stage"];

/// Pages, and what each says where its list would be.
const EMPTY: [(&str, &str); 12] = [
    ("/actions", "Nothing has been analysed yet."),
    ("/alerts", "Nothing has been analysed yet."),
    ("/findings", "Nothing has been analysed yet."),
    ("/summary", "Nothing has been analysed yet."),
    ("/clients", "Your clients will stand here. Add the first one above."),
    ("/dashboard", "Nothing is connected yet"),
    ("/clients/board", "Clients stand here as cards, each in its stage."),
    ("/settings/integrations", "Nothing is connected yet."),
    ("/settings/integrations/import", "Your imports will stand here."),
    ("/settings/mail", "No mail was written yet."),
    ("/settings/jobs", "Nothing waits and nothing failed."),
    ("/settings/sign-in", "You have no tokens."),
];

/// Asks the brain to think and waits until it has.
async fn think(browser: &Browser) {
    let asked = browser.post("/api/v1/brain/compute", &json!({})).await;
    assert_eq!(asked.status(), StatusCode::ACCEPTED);
    let asked: Value = asked.json().await.unwrap();
    let cycle = format!("/api/v1/brain/cycles/{}", asked["id"].as_str().unwrap());
    for _ in 0..200 {
        let cycle = browser.json(&cycle).await;
        match cycle["state"].as_str().unwrap() {
            "done" => return,
            "failed" => panic!("{cycle}"),
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    panic!("the cycle did not end");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_new_agency_has_nothing_and_every_page_says_so(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let bert = app.owner("bert@beta.test", "Beta").await;
    bert.create("/api/v1/clients", &json!({"name": "Bakery Zeta"})).await;
    bert.create("/api/v1/tokens", &json!({"name": "Nightly export", "scope": "read", "days": 1})).await;
    bert.create("/api/v1/invitations", &json!({"email": "new@beta.test", "role": "member"})).await;
    app.mail("new@beta.test").await;
    seed::integrations(&app.pool).await;
    let source = json!({"name": "Zeta Radio", "holds": "ads", "currency": "EUR", "time_zone": "UTC"});
    bert.create("/api/v1/imports/sources", &source).await;
    for list in LISTS.into_iter().filter(|list| !list.ends_with("/jobs")) {
        assert_ne!(bert.json(list).await["items"], json!([]), "{list}: the other agency has something to be seen");
    }

    let olga = app.owner("olga@acme.test", "Acme").await;
    for list in LISTS {
        let listed = olga.json(list).await;
        assert_eq!((&listed["items"], &listed["next_cursor"]), (&json!([]), &Value::Null), "{list}");
    }
    let log = olga.json("/api/v1/audit").await;
    let done: Vec<_> =
        log["items"].as_array().unwrap().iter().map(|item| (&item["action"], &item["member_id"])).collect();
    assert_eq!(done, [(&json!("sign_in"), &olga.member_id().await)], "what she did herself: {log}");
    let members = olga.json("/api/v1/members").await;
    let people: Vec<_> = members["items"].as_array().unwrap().iter().map(|member| &member["email"]).collect();
    assert_eq!(people, [&json!("olga@acme.test")]);
    let rows = all_rows(&app.pool, Some("Acme")).await;
    let held: BTreeSet<_> = rows.iter().filter(|(_, rows)| !rows.is_empty()).map(|(table, _)| table.as_str()).collect();
    assert_eq!(held, TABLES.into(), "no row that nobody made");

    for (path, words) in EMPTY {
        let answer = olga.get(path).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let page = answer.text().await.unwrap();
        assert!(page.contains(words), "{path}: {words}: {page}");
    }
    let audit = olga.get("/audit").await.text().await.unwrap();
    let entries = audit.matches("<tr role=\"row\">").count() - 1;
    assert!(entries == 1 && audit.contains(">sign_in<"), "below the heads: {audit}");
    for path in EMPTY.map(|(path, _)| path).into_iter().chain(["/audit", "/members", "/settings"]) {
        let page = olga.get(path).await.text().await.unwrap();
        for theirs in ["Beta", "beta.test", "Bakery Zeta", "Nightly export", "Zeta Radio", "a.csv"] {
            assert!(!page.contains(theirs), "{path} shows {theirs}: {page}");
        }
    }

    // Nothing was thought, which is no thought of nothing; and of nothing nothing is thought.
    for list in ["state", "figures", "forecasts", "findings"] {
        assert_eq!(olga.get(&format!("/api/v1/brain/{list}")).await.status(), StatusCode::NOT_FOUND, "{list}");
    }
    think(&olga).await;
    for list in ["forecasts", "findings"] {
        assert_eq!(olga.json(&format!("/api/v1/brain/{list}")).await["items"], json!([]), "{list}");
    }
    app.finish().await;
}
