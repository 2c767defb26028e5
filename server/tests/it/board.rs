//! Client fields, contacts, the board and its stages.

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use time::Duration;

use crate::support::{Agency, TestApp, count};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn fields_are_kept_as_typed_and_wrong_ones_named(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    olga.send("PATCH", "/api/v1/organization", &json!({"currency": "EUR", "time_zone": "Europe/Berlin"})).await;
    let tags: Vec<String> = (0..30).map(|n| format!("{n}-{}", "x".repeat(60))).collect();
    let id =
        olga.create("/api/v1/clients", &json!({"name": "O'Brien", "tags": tags, "website": "obrien.example"})).await;
    let client = olga.json(&format!("/api/v1/clients/{id}")).await;
    assert_eq!((&client["currency"], &client["time_zone"]), (&json!("EUR"), &json!("Europe/Berlin")));
    assert_eq!(client["website"], "https://obrien.example");
    assert_eq!(client["tags"].as_array().unwrap().len(), 20);
    assert_eq!(client["stage"], "Onboarding");
    for (change, field) in [
        (json!({"currency": "EURO"}), "currency"),
        (json!({"time_zone": "Mars/Base"}), "time_zone"),
        (json!({"website": "nonsense"}), "website"),
        (json!({"tags": vec!["t"; 101]}), "tags"),
        (json!({"owner_id": "018f0000-0000-7000-8000-000000000000"}), "owner_id"),
        (json!({"name": ""}), "name"),
    ] {
        let answer = olga.send("PATCH", &format!("/api/v1/clients/{id}"), &change).await;
        assert_eq!(answer.status(), 422, "{change}");
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["field"], field);
    }
    assert_eq!(olga.json(&format!("/api/v1/clients/{id}")).await, client, "nothing was changed");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_move_is_kept_with_who_and_when_and_days_follow_the_clock(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let path = format!("/api/v1/clients/{}", agency.c[0]);
    let stages = agency.max.json("/api/v1/stages").await;
    let audit =
        stages["items"].as_array().unwrap().iter().find(|stage| stage["name"] == "Audit").unwrap()["id"].clone();
    let moved = agency.max.send("PUT", &format!("{path}/stage"), &json!({"stage_id": audit})).await;
    assert_eq!(moved.status(), StatusCode::OK);
    let moved: Value = moved.json().await.unwrap();
    assert_eq!(
        (&moved["stage"], &moved["days_in_stage"], &moved["health"]),
        (&json!("Audit"), &json!(0), &json!("green"))
    );
    let history = agency.mel.json(&format!("{path}/history")).await;
    let history = history["items"].as_array().unwrap();
    assert_eq!(history.len(), 2, "the first stage and the move");
    assert_eq!((&history[0]["stage"], &history[0]["member"]), (&json!("Audit"), &json!("max")));
    agency.max.send("PUT", &format!("{path}/stage"), &json!({"stage_id": audit})).await;
    assert_eq!(
        agency.mel.json(&format!("{path}/history")).await["items"].as_array().unwrap().len(),
        2,
        "no move, no row"
    );
    let unknown = json!({"stage_id": "018f0000-0000-7000-8000-000000000000"});
    assert_eq!(agency.max.send("PUT", &format!("{path}/stage"), &unknown).await.status(), 422);

    for (days, health) in [(6, "green"), (2, "yellow"), (6, "red")] {
        app.service.clock.advance(Duration::days(days));
        assert_eq!(agency.max.json(&path).await["health"], health);
    }
    assert_eq!(agency.max.json(&path).await["days_in_stage"], 14);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn stages_are_renamed_added_and_removed_when_empty(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let stages = agency.olga.json("/api/v1/stages").await;
    let mut list: Vec<Value> = stages["items"].as_array().unwrap().clone();
    list[0]["name"] = json!("Welcome");
    list.push(json!({"name": "Paused"}));
    list.swap(1, 2);
    let put =
        async |stages: &Vec<Value>| agency.olga.send("PATCH", "/api/v1/organization", &json!({"stages": stages})).await;
    let changed: Value = put(&list).await.json().await.unwrap();
    let names: Vec<_> =
        changed["stages"].as_array().unwrap().iter().map(|stage| stage["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Welcome", "Audit", "Installation", "Live", "Needs Support", "Off-boarding", "Paused"]);
    assert_eq!(agency.olga.json(&format!("/api/v1/clients/{}", agency.c[0])).await["stage"], "Welcome");
    assert_eq!(put(&list[1..].to_vec()).await.status(), 409, "a stage with clients stays");
    assert_eq!(put(&list[..2].to_vec()).await.status(), 422, "fewer than three");
    assert_eq!(put(&vec![json!({"name": "A"}); 21]).await.status(), 422, "more than twenty");
    assert_eq!(put(&list[..3].to_vec()).await.status(), 200);
    for thresholds in [json!({"stage_yellow_days": 14, "stage_red_days": 14}), json!({"stage_yellow_days": 0})] {
        assert_eq!(agency.olga.send("PATCH", "/api/v1/organization", &thresholds).await.status(), 422);
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn archived_clients_leave_the_list_and_come_back_whole(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let path = format!("/api/v1/clients/{}", agency.c[0]);
    let before = agency.olga.json(&path).await;
    assert_eq!(agency.olga.send("DELETE", &path, &json!({})).await.status(), 200);
    assert_eq!(agency.olga.client_names().await, ["C2", "C3"]);
    assert_eq!(agency.olga.json("/api/v1/clients?archived=true").await["items"][0]["name"], "C1");
    assert_eq!(agency.olga.send("POST", &format!("{path}/restore"), &json!({})).await.status(), 200);
    assert_eq!(agency.olga.json(&path).await, before);
    assert_eq!(agency.olga.json("/api/v1/clients?search=c2").await["items"].as_array().unwrap().len(), 1);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_address_belongs_to_one_contact_of_an_agency(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let contacts = |client: &str| format!("/api/v1/clients/{client}/contacts");
    let jane = json!({"name": "Jane Doe", "emails": ["Jane@C1.com", "jane.doe@c1.com"], "phones": ["+49 30 1234567"], "handles": ["@Jane"]});
    let id = agency.max.create(&contacts(&agency.c[0]), &jane).await;
    let taken = agency.olga.post(&contacts(&agency.c[1]), &json!({"name": "Other", "emails": ["jane@c1.com"]})).await;
    assert_eq!(taken.status(), StatusCode::CONFLICT);
    assert_eq!(count(&app.pool, "select count(*) from contact").await, 1, "nothing half stored");
    assert_eq!(agency.bert.post(&contacts(&agency.d1), &jane).await.status(), 201, "another agency may know her too");
    let changed = json!({"name": "Jane D.", "emails": ["jane@c1.com"]});
    let path = format!("{}/{id}", contacts(&agency.c[0]));
    assert_eq!(agency.max.send("PUT", &path, &changed).await.status(), 200);
    let listed = agency.mel.json(&contacts(&agency.c[0])).await;
    assert_eq!(listed["items"][0]["emails"], json!(["jane@c1.com"]));
    assert_eq!(listed["items"][0]["phones"], json!([]));
    assert_eq!(agency.max.send("DELETE", &path, &json!({})).await.status(), 204);
    assert_eq!(agency.max.send("DELETE", &path, &json!({})).await.status(), 404);
    app.finish().await;
}
