//! Client fields, contacts, the board and its stages.

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use time::Duration;

use crate::support::{Agency, Browser, TestApp, count};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b11_1_fields_are_kept_as_typed_and_wrong_ones_named(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    olga.send("PATCH", "/api/v1/organization", &json!({"currency": "EUR", "time_zone": "Europe/Berlin"})).await;
    let tags: Vec<String> = (0..30).map(|n| format!("{n}-{}", "x".repeat(40))).collect();
    let id = olga
        .create("/api/v1/clients", &json!({"name": "O'Brien & Sons / West", "tags": tags, "website": "obrien.example"}))
        .await;
    let client = olga.json(&format!("/api/v1/clients/{id}")).await;
    assert_eq!(client["name"], "O'Brien & Sons / West");
    assert_eq!((&client["currency"], &client["time_zone"]), (&json!("EUR"), &json!("Europe/Berlin")));
    assert_eq!(client["website"], "https://obrien.example");
    let kept: Vec<String> = tags.iter().take(20).map(|tag| tag.chars().take(50).collect()).collect();
    assert_eq!(client["tags"], json!(kept));
    assert_eq!(client["stage"], "Onboarding");
    for (change, field) in [
        (json!({"currency": "EURO"}), "currency"),
        (json!({"time_zone": "Mars/Base"}), "time_zone"),
        (json!({"website": "nonsense"}), "website"),
        (json!({"tags": vec!["t"; 101]}), "tags"),
        (json!({"owner_id": "018f0000-0000-7000-8000-000000000000"}), "owner_id"),
        (json!({"name": ""}), "name"),
        (json!({"name": "Ac\u{200b}me"}), "name"),
        (json!({"name": "\u{200b}"}), "name"),
        (json!({"name": "A\u{7}cme"}), "name"),
        (json!({"name": "\u{202e}emcA"}), "name"),
        (json!({"industry": "Fo\u{feff}od"}), "industry"),
        (json!({"tags": ["a\u{200d}b"]}), "tags"),
    ] {
        let answer = olga.send("PATCH", &format!("/api/v1/clients/{id}"), &change).await;
        assert_eq!(answer.status(), 422, "{change}");
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["field"], field);
    }
    assert_eq!(olga.json(&format!("/api/v1/clients/{id}")).await, client, "nothing was changed");

    let stages = olga.json("/api/v1/stages").await;
    assert_eq!(client["stage_id"], stages["items"][0]["id"], "the default stage is a column of the board");
    let third = json!({"name": "Late", "stage_id": stages["items"][2]["id"]});
    let late = olga.create("/api/v1/clients", &third).await;
    assert_eq!(olga.json(&format!("/api/v1/clients/{late}")).await["stage"], stages["items"][2]["name"]);
    for (body, field) in [
        (json!({}), "name"),
        (json!({"name": "New", "stage_id": "018f0000-0000-7000-8000-000000000000"}), "stage_id"),
        (json!({"name": "New", "stage_id": "Onboarding"}), "stage_id"),
    ] {
        let answer = olga.post("/api/v1/clients", &body).await;
        assert_eq!(answer.status(), 422, "{body}");
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["field"], field);
    }
    let (contacts, wrong) =
        (format!("/api/v1/clients/{id}/contacts"), json!({"name": "Jane", "emails": ["no address"]}));
    let jane = olga.create(&contacts, &json!({"name": "Jane", "emails": ["jane@c1.com"]})).await;
    for (method, path) in [("POST", contacts.clone()), ("PUT", format!("{contacts}/{jane}"))] {
        let answer = olga.send(method, &path, &wrong).await;
        assert_eq!(answer.status(), 422, "{method}");
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["field"], "emails", "{method}");
    }
    assert_eq!(olga.json(&contacts).await["items"][0]["emails"], json!(["jane@c1.com"]));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b11_2_b11_3_a_move_is_kept_with_who_and_when_and_days_follow_the_clock(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let path = format!("/api/v1/clients/{}", agency.c[0]);
    let stages = agency.max.json("/api/v1/stages").await;
    let audit =
        stages["items"].as_array().unwrap().iter().find(|stage| stage["name"] == "Audit").unwrap()["id"].clone();
    app.service.clock.advance(Duration::days(3));
    let begun = app.service.clock.now();
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
    let at = time::OffsetDateTime::parse(
        history[0]["created_at"].as_str().unwrap(),
        &time::format_description::well_known::Rfc3339,
    );
    // Stored to the microsecond.
    let at = at.unwrap() + Duration::MICROSECOND;
    assert!(begun <= at && at <= app.service.clock.now() + Duration::MICROSECOND, "{begun} {at}");
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
async fn b11_3_health_follows_the_agencys_own_thresholds_everywhere(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let thresholds = json!({"stage_yellow_days": 2, "stage_red_days": 5});
    assert_eq!(agency.olga.send("PATCH", "/api/v1/organization", &thresholds).await.status(), 200);
    let (path, d1) = (format!("/api/v1/clients/{}", agency.c[0]), format!("/api/v1/clients/{}", agency.d1));
    for (days, health, words) in [(1, "green", "On track"), (1, "yellow", "Slow"), (3, "red", "Stuck")] {
        app.service.clock.advance(Duration::days(days));
        assert_eq!(agency.max.json(&path).await["health"], health);
        assert_eq!(agency.bert.json(&d1).await["health"], "green", "another agency keeps the usual ones");
        let listed = agency.max.json("/api/v1/clients").await;
        assert_eq!(listed["items"][0]["health"], health);
        for page in ["/clients", "/clients/board"] {
            let html = agency.max.get(page).await.text().await.unwrap();
            assert!(html.contains(words), "{words} is not on {page}: {html}");
        }
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b11_4_stages_are_renamed_added_and_removed_when_empty(pool: PgPool) {
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
    let listed: Vec<Value> = agency.olga.json("/api/v1/stages").await["items"].as_array().unwrap().clone();
    assert_eq!(listed.iter().map(|stage| stage["name"].as_str().unwrap()).collect::<Vec<_>>(), names);
    let filtered = format!("?stage={}", list[0]["id"].as_str().unwrap());
    for page in ["/clients/board", &format!("/clients{filtered}")] {
        let html = agency.olga.get(page).await.text().await.unwrap();
        assert!(html.contains("Welcome") && !html.contains("Onboarding"), "{page}: {html}");
    }
    let found = agency.olga.json(&format!("/api/v1/clients?stage_id={}", list[0]["id"].as_str().unwrap())).await;
    assert_eq!(found["items"].as_array().unwrap().len(), 3, "the filter goes by the stage, whatever it is called");
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
async fn b11_5_archived_clients_leave_the_list_and_come_back_whole(pool: PgPool) {
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
async fn every_kind_of_address_belongs_to_one_contact_of_an_agency(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let contacts = |client: &str| format!("/api/v1/clients/{client}/contacts");
    let jane = json!({"name": "Jane", "emails": ["jane@c1.com"], "phones": ["+49 30 1234567"], "handles": ["@jane"]});
    agency.olga.create(&contacts(&agency.c[0]), &jane).await;
    for (kind, spelled_otherwise) in [("emails", "JANE@C1.com"), ("phones", "+49 (30) 123-4567"), ("handles", "Jane")] {
        let other = json!({"name": "Other", kind: [spelled_otherwise]});
        for client in [&agency.c[0], &agency.c[1]] {
            let taken = agency.olga.post(&contacts(client), &other).await;
            assert_eq!(taken.status(), StatusCode::CONFLICT, "{kind} of a contact of this client or another");
        }
        assert_eq!(count(&app.pool, "select count(*) from contact").await, 1, "{kind}: nothing half stored");
        let theirs = agency.bert.post(&contacts(&agency.d1), &other).await;
        assert_eq!(theirs.status(), StatusCode::CREATED, "{kind}: another agency may know it too");
        let id = theirs.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
        let path = format!("{}/{id}", contacts(&agency.d1));
        assert_eq!(agency.bert.send("DELETE", &path, &json!({})).await.status(), StatusCode::NO_CONTENT);
    }
    // The same text is another address as another kind.
    let kinds = json!({"name": "Other", "handles": ["jane.doe"], "emails": ["jane.doe@c1.com"]});
    assert_eq!(agency.olga.post(&contacts(&agency.c[1]), &kinds).await.status(), StatusCode::CREATED);
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

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b11_5_an_archived_client_stays_as_it_is_until_it_is_brought_back(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let path = format!("/api/v1/clients/{}", agency.c[0]);
    let jane = json!({"name": "Jane", "emails": ["jane@c1.com"]});
    let contact = agency.max.create(&format!("{path}/contacts"), &jane).await;
    let stages = agency.olga.json("/api/v1/stages").await;
    agency.olga.send("DELETE", &path, &json!({})).await;
    let before = agency.olga.json(&path).await;
    let attempts = [
        ("PATCH", path.clone(), json!({"notes": "late"})),
        ("PUT", format!("{path}/stage"), json!({"stage_id": stages["items"][2]["id"]})),
        ("POST", format!("{path}/contacts"), json!({"name": "Joe"})),
        ("PUT", format!("{path}/contacts/{contact}"), json!({"name": "Joe"})),
        ("DELETE", format!("{path}/contacts/{contact}"), json!({})),
    ];
    for browser in [&agency.olga, &agency.max] {
        for (method, path, body) in &attempts {
            let answer = browser.send(method, path, body).await;
            assert_eq!(answer.status(), StatusCode::CONFLICT, "{method} {path}");
            let body: Value = answer.json().await.unwrap();
            assert_eq!(body["error"]["code"], "archived");
            assert_eq!(body["error"]["message"], "C1 is archived. Bring it back first; nothing was changed");
        }
    }
    assert_eq!(agency.olga.json(&path).await, before);
    assert_eq!(agency.olga.json(&format!("{path}/contacts")).await["items"][0]["name"], "Jane");
    let page = agency.olga.get("/clients/board").await.text().await.unwrap();
    assert!(!page.contains(&agency.c[0]) && page.contains(&agency.c[1]), "it is not on the board");
    agency.olga.send("POST", &format!("{path}/restore"), &json!({})).await;
    for (method, path, body) in &attempts[..2] {
        assert_eq!(agency.max.send(method, path, body).await.status(), 200, "{method} {path}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn two_people_change_one_client_and_neither_undoes_the_other(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let path = format!("/api/v1/clients/{}", agency.c[0]);
    let patch = async |who: &Browser, body: Value| {
        let answer = who.send("PATCH", &path, &body).await;
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    // Both read the client; Ada is first. Max changes something else, then the same.
    let read = agency.max.json(&path).await;
    assert_eq!(
        patch(&agency.ada, json!({"website": "https://a.example", "expected": {"website": read["website"]}})).await.0,
        200
    );
    let other = json!({"industry": "Food", "expected": {"industry": read["industry"], "website": read["website"]}});
    assert_eq!(patch(&agency.max, other).await.0, 200, "another field than the one that was changed");

    let same =
        json!({"website": "https://m.example", "notes": "n", "expected": {"website": read["website"], "notes": ""}});
    let (status, refused) = patch(&agency.max, same).await;
    assert_eq!(status, 409);
    assert_eq!(
        (&refused["error"]["code"], &refused["error"]["field"]),
        (&json!("changed_meanwhile"), &json!("website"))
    );
    assert_eq!(refused["error"]["details"], json!({"website": "https://a.example"}));
    assert!(refused["error"]["message"].as_str().unwrap().contains("website is now “https://a.example”"));
    let now = agency.max.json(&path).await;
    let held = (&now["website"], &now["industry"], &now["notes"]);
    assert_eq!(held, (&json!("https://a.example"), &json!("Food"), &json!("")), "nothing of a refused change is kept");

    let aware = json!({"website": "https://m.example", "expected": refused["error"]["details"]});
    assert_eq!(patch(&agency.max, aware).await.1["website"], "https://m.example", "who has seen it may replace it");
    let same_wish = json!({"website": "https://m.example", "expected": {"website": "https://a.example"}});
    assert_eq!(patch(&agency.ada, same_wish).await.0, 200, "both wanted the same");

    let (max, ada) = (agency.max.member_id().await, agency.ada.member_id().await);
    assert_eq!(
        patch(&agency.ada, json!({"owner_id": max, "tags": ["a", "b"], "expected": {"owner_id": null, "tags": []}}))
            .await
            .0,
        200
    );
    let late = json!({"owner_id": ada, "tags": ["c"], "expected": {"owner_id": null, "tags": []}});
    let (status, refused) = patch(&agency.olga, late).await;
    assert_eq!((status, &refused["error"]["details"]), (409, &json!({"owner_id": max, "tags": ["a", "b"]})));
    assert!(refused["error"]["message"].as_str().unwrap().contains("owner is now “max”"), "{refused}");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_ten_changes_at_once_that_read_the_same_one_is_made(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let path = format!("/api/v1/clients/{}", agency.c[0]);
    let attempts: Vec<_> = (0..10)
        .map(|n| {
            let body = json!({"notes": format!("note {n}"), "expected": {"notes": ""}});
            tokio::spawn(agency.olga.send_owned("PATCH", &path, body))
        })
        .collect();
    let mut statuses = Vec::new();
    for attempt in attempts {
        statuses.push(attempt.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [[200].as_slice(), &[409; 9]].concat());
    app.finish().await;
}
