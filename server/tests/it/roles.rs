//! Who may do what over HTTP: the matrix of roles, and every route that takes an id against another agency's.

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Agency, Browser, TestApp, count};

/// Runs `request` as Olga, Ada, Max and Mel and compares the statuses.
async fn expect(agency: &Agency, method: &str, path: &str, body: &Value, statuses: [u16; 4]) {
    let people = [&agency.olga, &agency.ada, &agency.max, &agency.mel];
    for (person, (browser, expected)) in ["Olga", "Ada", "Max", "Mel"].into_iter().zip(people.into_iter().zip(statuses))
    {
        let answer = browser.send(method, path, body).await;
        assert_eq!(answer.status(), expected, "{person}: {method} {path}: {}", answer.text().await.unwrap());
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_role_matrix_holds(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let none = json!({});
    let sight = [(&agency.olga, 3), (&agency.ada, 3), (&agency.max, 1), (&agency.mel, 2), (&agency.nia, 0)];
    for (browser, clients) in sight {
        assert_eq!(browser.client_names().await.len(), clients);
    }
    let stages = agency.olga.json("/api/v1/stages").await;
    let stage = json!({"stage_id": stages["items"][1]["id"]});
    let rename = json!({"notes": "seen"});
    let contact = |n: u32| json!({"name": "Jane", "emails": [format!("jane{n}@c.test")]});
    let [c1, c2, c3] = &agency.c;
    for (client, read, edit) in [
        (c1, [200, 200, 200, 200], [200, 200, 200, 403]),
        (c2, [200, 200, 404, 200], [200, 200, 404, 403]),
        (c3, [200, 200, 404, 404], [200, 200, 404, 404]),
    ] {
        let path = format!("/api/v1/clients/{client}");
        expect(&agency, "GET", &path, &none, read).await;
        expect(&agency, "GET", &format!("{path}/history"), &none, read).await;
        expect(&agency, "GET", &format!("{path}/contacts"), &none, read).await;
        expect(&agency, "PATCH", &path, &rename, edit).await;
        expect(&agency, "PUT", &format!("{path}/stage"), &stage, edit).await;
    }
    for (browser, status) in [(&agency.max, 201), (&agency.mel, 403)] {
        assert_eq!(browser.post(&format!("/api/v1/clients/{c1}/contacts"), &contact(1)).await.status(), status);
    }
    expect(&agency, "POST", "/api/v1/clients", &json!({"name": "New"}), [201, 201, 403, 403]).await;
    expect(&agency, "DELETE", &format!("/api/v1/clients/{c1}"), &none, [200, 200, 403, 403]).await;
    expect(&agency, "POST", &format!("/api/v1/clients/{c1}/restore"), &none, [200, 200, 403, 403]).await;
    expect(&agency, "GET", "/api/v1/organization", &none, [200, 200, 403, 403]).await;
    expect(&agency, "PATCH", "/api/v1/organization", &json!({"currency": "EUR"}), [200, 200, 403, 403]).await;
    expect(&agency, "GET", "/api/v1/members", &none, [200, 200, 403, 403]).await;
    expect(&agency, "GET", "/api/v1/invitations", &none, [200, 200, 403, 403]).await;
    expect(&agency, "GET", "/api/v1/jobs", &none, [200, 200, 403, 403]).await;
    expect(&agency, "GET", "/api/v1/audit", &none, [200, 200, 403, 403]).await;
    expect(&agency, "GET", "/api/v1/audit.csv", &none, [200, 200, 403, 403]).await;
    expect(&agency, "PATCH", "/api/v1/profile", &json!({"nickname": "N"}), [200; 4]).await;
    expect(&agency, "GET", "/api/v1/auth/sessions", &none, [200; 4]).await;
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_refusal_names_its_rule_and_is_written_down(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let path = format!("/api/v1/clients/{}", agency.c[0]);
    let answer = agency.mel.send("PATCH", &path, &json!({"name": "Mine"})).await;
    let body: Value = answer.json().await.unwrap();
    assert_eq!((&body["error"]["code"], &body["error"]["rule"]), (&json!("forbidden"), &json!("clients.edit")));
    let log = agency.olga.json("/api/v1/audit?allowed=false").await;
    let events = log["items"].as_array().unwrap();
    assert_eq!(events.len(), 1);
    let event = &events[0];
    assert_eq!(event["member_id"], agency.mel.member_id().await);
    assert_eq!(event["action"], "clients.edit");
    assert_eq!((event["method"].as_str(), event["path"].as_str()), (Some("PATCH"), Some(path.as_str())));
    app.finish().await;
}

/// Every operation of the API, with the bodies that get past parsing. A route that is not here fails the test.
fn known_routes() -> Vec<(&'static str, &'static str, Value)> {
    let name = json!({"name": "X"});
    let id = json!("018f0000-0000-7000-8000-000000000000");
    vec![
        ("POST", "/api/v1/auth/signup", json!(null)),
        ("POST", "/api/v1/auth/resend-verification", json!(null)),
        ("POST", "/api/v1/auth/login", json!(null)),
        ("POST", "/api/v1/auth/logout", json!(null)),
        ("POST", "/api/v1/auth/forgot", json!(null)),
        ("POST", "/api/v1/auth/reset", json!(null)),
        ("POST", "/api/v1/auth/password", json!(null)),
        ("GET", "/api/v1/auth/session", json!(null)),
        ("GET", "/api/v1/auth/sessions", json!(null)),
        ("DELETE", "/api/v1/auth/sessions/{session}", json!({})),
        ("GET", "/api/v1/tokens", json!(null)),
        ("POST", "/api/v1/tokens", json!(null)),
        ("DELETE", "/api/v1/tokens/{token_id}", json!({})),
        ("PATCH", "/api/v1/profile", json!(null)),
        ("GET", "/api/v1/members", json!(null)),
        ("GET", "/api/v1/members/{member}", json!({})),
        ("PATCH", "/api/v1/members/{member}", json!({"role": "admin"})),
        ("DELETE", "/api/v1/members/{member}", json!({})),
        ("GET", "/api/v1/members/{member}/assignments", json!({})),
        ("POST", "/api/v1/assignments", json!({"member_id": "{member}", "client_id": "{client}"})),
        ("DELETE", "/api/v1/assignments/{assignment}", json!({})),
        ("GET", "/api/v1/invitations", json!(null)),
        ("POST", "/api/v1/invitations", json!(null)),
        ("DELETE", "/api/v1/invitations/{invitation}", json!({})),
        ("POST", "/api/v1/invitations/{invitation}/resend", json!({})),
        ("GET", "/api/v1/invite/{token}", json!(null)),
        ("POST", "/api/v1/invite/{token}", json!(null)),
        ("GET", "/api/v1/clients", json!(null)),
        ("POST", "/api/v1/clients", json!(null)),
        ("GET", "/api/v1/clients/{client}", json!({})),
        ("PATCH", "/api/v1/clients/{client}", name.clone()),
        ("DELETE", "/api/v1/clients/{client}", json!({})),
        ("POST", "/api/v1/clients/{client}/restore", json!({})),
        ("PUT", "/api/v1/clients/{client}/stage", json!({"stage_id": id})),
        ("GET", "/api/v1/clients/{client}/history", json!({})),
        ("GET", "/api/v1/stages", json!(null)),
        ("GET", "/api/v1/clients/{client}/contacts", json!({})),
        ("POST", "/api/v1/clients/{client}/contacts", name.clone()),
        ("PUT", "/api/v1/clients/{client}/contacts/{contact}", name),
        ("DELETE", "/api/v1/clients/{client}/contacts/{contact}", json!({})),
        ("GET", "/api/v1/organization", json!(null)),
        ("PATCH", "/api/v1/organization", json!(null)),
        ("GET", "/api/v1/jobs", json!(null)),
        ("POST", "/api/v1/jobs/{job}/retry", json!({})),
        ("GET", "/api/v1/audit", json!(null)),
        ("GET", "/api/v1/audit.csv", json!(null)),
    ]
}

/// `/a/{id}/b/{contact_id}` and `/a/{client}/b/{contact}` are the same route.
fn shape(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect::<Vec<_>>().join("/")
}

/// A job of Bert's agency that cannot be done for days.
async fn foreign_job(app: &TestApp) -> String {
    let sql = "select id::bigint from graphile_worker.add_job('job', json_build_object('job', 'mail_invitation',
        'organization_id', (select organization_id from organization where name = 'Beta'),
        'invitation_id', '018f0000-0000-7000-8000-000000000000'), run_at => now() + interval '3 days')";
    count(&app.pool, sql).await.to_string()
}

async fn body_of(browser: &Browser, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
    let answer = browser.send(method, path, body).await;
    let status = answer.status();
    let mut body: Value = answer.json().await.unwrap_or_default();
    body["error"]["request_id"] = json!(null);
    (status, body)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_route_with_an_id_treats_another_agencys_like_a_missing_one(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let document = agency.olga.json("/api/openapi.json").await;
    let mut listed: Vec<String> = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            listed.push(format!("{} {}", method.to_uppercase(), shape(path)));
        }
    }
    let mut known: Vec<_> =
        known_routes().iter().map(|(method, path, _)| format!("{method} {}", shape(path))).collect();
    listed.sort();
    known.sort();
    assert_eq!(listed, known, "every route of the router is in this list, and no other");

    let contact = json!({"name": "Jane", "emails": ["jane@d1.test"]});
    let foreign = [
        ("{job}", foreign_job(&app).await),
        ("{client}", agency.d1.clone()),
        ("{member}", agency.bert.member_id().await.as_str().unwrap().to_owned()),
        ("{token_id}", agency.bert.create("/api/v1/tokens", &json!({"name": "t", "scope": "read", "days": 1})).await),
        ("{contact}", agency.bert.create(&format!("/api/v1/clients/{}/contacts", agency.d1), &contact).await),
        (
            "{invitation}",
            agency.bert.create("/api/v1/invitations", &json!({"email": "x@beta.test", "role": "member"})).await,
        ),
        ("{session}", agency.bert.json("/api/v1/auth/sessions").await["items"][0]["id"].as_str().unwrap().to_owned()),
        ("{assignment}", {
            let newcomer = app.join(&agency.bert, "y@beta.test", "member").await;
            let body = json!({"member_id": newcomer.member_id().await, "client_id": agency.d1});
            agency.bert.create("/api/v1/assignments", &body).await
        }),
    ];
    let state = "select ('x' || substr(md5(string_agg(row_to_json(t)::text, ',' order by row_to_json(t)::text)), 1, 15))::bit(60)::bigint from (
        select c.organization_id, c.id::text, c.name, c.notes, c.archived_at::text, c.stage_id::text from client c
        union all select organization_id, id::text, name, role, deactivated_at::text, '' from member
        union all select organization_id, id::text, name, '', '', '' from contact
        union all select organization_id, id::text, email, cancelled_at::text, expires_at::text, '' from invitation
        union all select organization_id, id::text, '', '', '', '' from assignment
        union all select organization_id, id::text, '', '', '', '' from session
      ) t where organization_id = (select organization_id from organization where name = 'Beta')";
    let before = count(&app.pool, state).await;
    let mut tried = 0;
    for (method, path, body) in known_routes().into_iter().filter(|(_, _, body)| !body.is_null()) {
        let fill = |text: &str, ids: &dyn Fn(&str) -> String| {
            foreign.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, &ids(id)))
        };
        let absent = |id: &str| match id.parse::<i64>() {
            Ok(_) => "999999999".to_owned(),
            Err(_) => "018f0000-0000-7000-8000-000000000000".to_owned(),
        };
        let theirs = |id: &str| id.to_owned();
        let body_with =
            |ids: &dyn Fn(&str) -> String| -> Value { serde_json::from_str(&fill(&body.to_string(), ids)).unwrap() };
        let foreign_answer = body_of(&agency.olga, method, &fill(path, &theirs), &body_with(&theirs)).await;
        let missing_answer = body_of(&agency.olga, method, &fill(path, &absent), &body_with(&absent)).await;
        assert_eq!(foreign_answer.0, StatusCode::NOT_FOUND, "{method} {path}: {}", foreign_answer.1);
        assert_eq!(foreign_answer, missing_answer, "{method} {path}");
        tried += 1;
    }
    assert!(tried >= 18);
    assert_eq!(count(&app.pool, state).await, before, "nothing of the other agency was changed");
    assert_eq!(agency.bert.json("/api/v1/jobs").await["items"][0]["state"], "waiting");
    assert_eq!(agency.olga.json("/api/v1/jobs").await["items"], json!([]));
    #[expect(clippy::disallowed_methods, reason = "takes back what this test enqueued")]
    sqlx::query("delete from graphile_worker._private_jobs where run_at > now() + interval '1 day'")
        .execute(&app.pool)
        .await
        .unwrap();
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_body_never_overrides_who_acts(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let other = agency.bert.json("/api/v1/auth/session").await;
    let body = json!({"name": "Sneaky", "organization_id": other["organization_id"], "created_by": other["user_id"],
        "user_id": other["user_id"], "role": "owner"});
    let id = agency.ada.create("/api/v1/clients", &body).await;
    assert_eq!(agency.bert.get(&format!("/api/v1/clients/{id}")).await.status(), StatusCode::NOT_FOUND);
    agency.ada.send("PATCH", "/api/v1/profile", &json!({"name": "Ada", "role": "owner"})).await;
    assert_eq!(agency.ada.json("/api/v1/auth/session").await["role"], "admin");
    app.finish().await;
}
