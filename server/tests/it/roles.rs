//! Who may do what over HTTP: the matrix of roles, and every route that takes an id against another agency's.

mod routes;

use reqwest::StatusCode;
use routes::WITHOUT_ROLE;
pub use routes::known_routes;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    foreign,
    support::{Agency, Browser, TestApp, all_rows},
};

/// One line of the matrix: what is done, and the status that Olga, Ada, Max and Mel get.
type Line = (&'static str, &'static str, Value, [u16; 4]);

/// Members see C1 and C2 (Mel), Managers C1 (Max). `{c1}`… and `{nia}` stand for ids.
fn matrix() -> Vec<Line> {
    let none = || json!({});
    let notes = || json!({"notes": "seen"});
    let stage = || json!({"stage_id": "{stage}"});
    let source =
        || json!({"name": "Radio", "holds": "ads", "currency": "EUR", "time_zone": "UTC", "client_id": "{c1}"});
    let mapping = || {
        let columns = json!({"day": {"number": 1, "name": "Day"}, "spend": {"number": 2, "name": "Cost"}});
        let format = json!({"format": "csv", "encoding": "utf8", "delimiter": "comma"});
        json!({"name": "Radio", "mapping": {"kind": "ads", "format": format, "header": 1, "columns": columns,
            "numbers": "point", "days": "year_first"}})
    };
    let lift_test = || {
        json!({"channel_id": "{nil}", "first_day": "2026-11-02", "last_day": "2026-11-15",
            "roas": "1.8", "standard_error": "0.2"})
    };
    let alert_rule = || json!({"name": "R", "way": "mail", "least_severity": "high", "roles": ["owner"]});
    let report = |client: &str| {
        let client = Some(client).filter(|client| !client.is_empty());
        json!({"client_id": client, "title": "R", "sections": ["method"], "first": "2026-11-02", "last": "2026-11-08"})
    };
    let schedule = || json!({"client_id": "{c1}", "title": "R", "every": "weekly", "on_day": 1, "hour": 8});
    let look = |client: &str| json!({"client_id": client, "accent": "#123456"});
    let everybody = [200; 4];
    let (c1, c2, c3) = ([200; 4], [200, 200, 404, 200], [200, 200, 404, 404]);
    let (edit_c1, edit_c2) = ([200, 200, 200, 403], [200, 200, 404, 403]);
    let runs_agency = [200, 200, 403, 403];
    // Of what is not there: the role is looked at first.
    let (changes, looks) = ([404, 404, 403, 403], [404, 404, 404, 403]);
    vec![
        // Before anything is thought; later lines have the brain think.
        ("GET", "/api/v1/brain/state", none(), [404; 4]),
        ("GET", "/api/v1/brain/figures", none(), [404; 4]),
        ("GET", "/api/v1/brain/forecasts", none(), [404; 4]),
        ("GET", "/api/v1/brain/findings", none(), [404; 4]),
        ("GET", "/api/v1/brain/summary?persona=cmo", none(), [404; 4]),
        ("GET", "/api/v1/clients", none(), everybody),
        ("GET", "/api/v1/dashboard", none(), everybody),
        ("GET", "/api/v1/dashboard?client_id={c1}&persona=director", none(), c1),
        ("GET", "/api/v1/dashboard?client_id={c2}", none(), c2),
        ("GET", "/api/v1/dashboard?client_id={c3}", none(), c3),
        ("GET", "/api/v1/analytics", none(), everybody),
        ("GET", "/api/v1/analytics?client_id={c1}&range=last_7", none(), c1),
        ("GET", "/api/v1/analytics?client_id={c2}", none(), c2),
        ("GET", "/api/v1/analytics?client_id={c3}", none(), c3),
        ("GET", "/api/v1/analytics/export", none(), everybody),
        ("GET", "/api/v1/analytics/export?client_id={c2}&format=xlsx", none(), c2),
        ("GET", "/api/v1/analytics/export?client_id={c3}", none(), c3),
        ("GET", "/api/v1/views", none(), everybody),
        ("POST", "/api/v1/views", json!({"name": "Mondays", "query": "range=last_7"}), [201; 4]),
        ("GET", "/api/v1/views/{nil}", none(), [404; 4]),
        ("PATCH", "/api/v1/views/{nil}", json!({"name": "N"}), [404; 4]),
        ("DELETE", "/api/v1/views/{nil}", none(), [404; 4]),
        ("GET", "/api/v1/figures/m.spend.c{c1}.2026-11-01.2026-11-07.EUR", none(), c1),
        ("GET", "/api/v1/figures/m.spend.c{c2}.2026-11-01.2026-11-07.EUR", none(), c2),
        ("GET", "/api/v1/figures/d.mer.c{c3}.2026-11-01.2026-11-07.EUR", none(), c3),
        ("GET", "/api/v1/figures/m.spend.a{nil}.2026-11-01.2026-11-07.EUR", none(), [404; 4]),
        ("POST", "/api/v1/brain/compute", none(), [202, 202, 403, 403]),
        ("GET", "/api/v1/clients/{c1}", none(), c1),
        ("GET", "/api/v1/clients/{c2}", none(), c2),
        ("GET", "/api/v1/clients/{c3}", none(), c3),
        ("GET", "/api/v1/clients/{c1}/history", none(), c1),
        ("GET", "/api/v1/clients/{c2}/history", none(), c2),
        ("GET", "/api/v1/clients/{c3}/history", none(), c3),
        ("GET", "/api/v1/clients/{c1}/contacts", none(), c1),
        ("GET", "/api/v1/clients/{c2}/contacts", none(), c2),
        ("GET", "/api/v1/clients/{c3}/contacts", none(), c3),
        ("PATCH", "/api/v1/clients/{c1}", notes(), edit_c1),
        ("PATCH", "/api/v1/clients/{c2}", notes(), edit_c2),
        ("PATCH", "/api/v1/clients/{c3}", notes(), c3),
        ("PUT", "/api/v1/clients/{c1}/stage", stage(), edit_c1),
        ("PUT", "/api/v1/clients/{c2}/stage", stage(), edit_c2),
        ("PUT", "/api/v1/clients/{c3}/stage", stage(), c3),
        ("POST", "/api/v1/clients/{c1}/contacts", json!({"name": "Jane"}), [201, 201, 201, 403]),
        ("POST", "/api/v1/clients/{c2}/contacts", json!({"name": "Jane"}), [201, 201, 404, 403]),
        ("POST", "/api/v1/clients/{c3}/contacts", json!({"name": "Jane"}), [201, 201, 404, 404]),
        ("POST", "/api/v1/clients", json!({"name": "New"}), [201, 201, 403, 403]),
        ("DELETE", "/api/v1/clients/{c1}", none(), runs_agency),
        ("POST", "/api/v1/clients/{c1}/restore", none(), runs_agency),
        ("GET", "/api/v1/brain/cycles/{nil}", none(), [404, 404, 403, 403]),
        ("GET", "/api/v1/brain/metrics?from=2026-11-01&to=2026-11-07", none(), everybody),
        ("GET", "/api/v1/brain/actions", none(), everybody),
        ("GET", "/api/v1/brain/actions/hit-rates", none(), everybody),
        ("GET", "/api/v1/brain/actions/{nil}", none(), [404; 4]),
        ("POST", "/api/v1/brain/actions/{nil}/approve", json!({"version": "x"}), [404; 4]),
        ("POST", "/api/v1/brain/actions/{nil}/dismiss", json!({"reason": "x"}), [404; 4]),
        ("POST", "/api/v1/brain/actions/{nil}/done", none(), [404; 4]),
        ("POST", "/api/v1/brain/actions/{nil}/undo", none(), [404; 4]),
        ("GET", "/api/v1/exchange-rates", none(), runs_agency),
        ("PUT", "/api/v1/exchange-rates", json!({"csv": "Date,USD\n2026-11-20,1.05\n"}), runs_agency),
        ("GET", "/api/v1/lift-tests", none(), [200, 200, 200, 403]),
        ("POST", "/api/v1/lift-tests", lift_test(), [404, 404, 403, 403]),
        ("DELETE", "/api/v1/lift-tests/{nil}", none(), [404, 404, 403, 403]),
        ("GET", "/api/v1/alerts", none(), everybody),
        ("GET", "/api/v1/alerts/{nil}", none(), [404; 4]),
        ("POST", "/api/v1/alerts/{nil}/acknowledge", none(), [404; 4]),
        ("POST", "/api/v1/alerts/{nil}/snooze", json!({"until": "2036-11-03T12:00:00Z"}), [404; 4]),
        ("POST", "/api/v1/alerts/{nil}/reopen", none(), [404; 4]),
        ("GET", "/api/v1/alerts/rules", none(), runs_agency),
        ("POST", "/api/v1/alerts/rules", alert_rule(), [201, 201, 403, 403]),
        ("PUT", "/api/v1/alerts/rules/{nil}", alert_rule(), changes),
        ("DELETE", "/api/v1/alerts/rules/{nil}", none(), changes),
        ("GET", "/api/v1/alerts/settings", none(), everybody),
        ("PUT", "/api/v1/alerts/settings", json!({"digest": true}), everybody),
        ("GET", "/api/v1/reports", none(), everybody),
        ("GET", "/api/v1/reports?client_id={c2}", none(), c2),
        ("POST", "/api/v1/reports", report(""), [202, 202, 403, 403]),
        ("POST", "/api/v1/reports", report("{c1}"), [202, 202, 202, 403]),
        ("POST", "/api/v1/reports", report("{c2}"), [202, 202, 404, 403]),
        ("GET", "/api/v1/reports/{nil}", none(), [404; 4]),
        ("DELETE", "/api/v1/reports/{nil}", none(), [404; 4]),
        ("POST", "/api/v1/reports/{nil}/retry", none(), [404; 4]),
        ("GET", "/api/v1/reports/{nil}/pdf", none(), [404; 4]),
        ("GET", "/api/v1/report-schedules", none(), everybody),
        ("POST", "/api/v1/report-schedules", schedule(), [201, 201, 201, 403]),
        ("GET", "/api/v1/report-schedules/{nil}", none(), [404; 4]),
        ("PUT", "/api/v1/report-schedules/{nil}", schedule(), [404; 4]),
        ("DELETE", "/api/v1/report-schedules/{nil}", none(), [404; 4]),
        ("GET", "/api/v1/brand", none(), everybody),
        ("GET", "/api/v1/brand?client_id={c1}", none(), c1),
        ("PUT", "/api/v1/brand", json!({"accent": "#123456"}), runs_agency),
        ("PUT", "/api/v1/brand", look("{c1}"), edit_c1),
        ("PUT", "/api/v1/brand", look("{c3}"), c3),
        ("GET", "/api/v1/stages", none(), everybody),
        ("GET", "/api/v1/organization", none(), runs_agency),
        ("PATCH", "/api/v1/organization", json!({"currency": "EUR"}), runs_agency),
        ("GET", "/api/v1/members", none(), runs_agency),
        ("GET", "/api/v1/members/{nia}", none(), runs_agency),
        ("GET", "/api/v1/members/{nia}/assignments", none(), runs_agency),
        ("PATCH", "/api/v1/members/{nia}", json!({"role": "manager"}), runs_agency),
        ("POST", "/api/v1/assignments", json!({"member_id": "{nia}", "client_id": "{c3}"}), [201, 409, 403, 403]),
        ("DELETE", "/api/v1/assignments/{nil}", none(), changes),
        ("DELETE", "/api/v1/members/{nil}", none(), changes),
        ("PUT", "/api/v1/clients/{c1}/contacts/{nil}", json!({"name": "X"}), [404, 404, 404, 403]),
        ("DELETE", "/api/v1/clients/{c1}/contacts/{nil}", none(), [404, 404, 404, 403]),
        ("DELETE", "/api/v1/invitations/{nil}", none(), changes),
        ("POST", "/api/v1/invitations/{nil}/resend", none(), changes),
        ("POST", "/api/v1/jobs/999999999/retry", none(), changes),
        ("POST", "/api/v1/integrations", json!({"provider": "google_ads"}), [409, 409, 403, 403]),
        ("POST", "/api/v1/integrations", json!({"provider": "bing"}), [422, 422, 403, 403]),
        ("POST", "/api/v1/integrations", json!({"provider": "shopify", "way": "token"}), [422, 422, 403, 403]),
        ("GET", "/api/v1/integrations/{nil}", none(), looks),
        ("PATCH", "/api/v1/integrations/{nil}", json!({"paused": true}), changes),
        ("DELETE", "/api/v1/integrations/{nil}", none(), changes),
        ("POST", "/api/v1/integrations/{nil}/sync", none(), changes),
        ("POST", "/api/v1/integrations/{nil}/test", none(), changes),
        ("GET", "/api/v1/integrations/{nil}/runs", none(), looks),
        ("GET", "/api/v1/integrations/{nil}/accounts", none(), looks),
        ("PUT", "/api/v1/integrations/accounts/{nil}/client", json!({"client_id": null}), changes),
        ("POST", "/api/v1/imports?source_id={nil}&file_name=a.csv", none(), changes),
        ("DELETE", "/api/v1/imports/mappings/{nil}", none(), changes),
        ("GET", "/api/v1/imports/{nil}", none(), looks),
        ("DELETE", "/api/v1/imports/{nil}", none(), changes),
        ("PUT", "/api/v1/imports/{nil}/reading", none(), changes),
        ("PUT", "/api/v1/imports/{nil}/mapping", json!({"mapping_id": "{nil}"}), changes),
        ("POST", "/api/v1/imports/{nil}/start", none(), changes),
        ("POST", "/api/v1/imports/{nil}/undo", none(), changes),
        ("GET", "/api/v1/imports/{nil}/errors.csv", none(), looks),
        ("POST", "/api/v1/ingest/file", json!({"source_id": "{nil}", "rows": [{"day": "2026-01-01"}]}), changes),
        ("GET", "/api/v1/invitations", none(), runs_agency),
        ("POST", "/api/v1/invitations", json!({"email": "x@acme.test", "role": "member"}), [201, 409, 403, 403]),
        ("GET", "/api/v1/integrations", none(), [200, 200, 200, 403]),
        ("POST", "/api/v1/integrations/sync/meta", none(), [409, 409, 403, 403]),
        ("POST", "/api/v1/integrations/sync/bing", none(), [422, 422, 403, 403]),
        ("GET", "/api/v1/imports", none(), [200, 200, 200, 403]),
        ("GET", "/api/v1/imports/sources", none(), [200, 200, 200, 403]),
        ("GET", "/api/v1/imports/mappings", none(), [200, 200, 200, 403]),
        ("POST", "/api/v1/imports/mappings", mapping(), [201, 201, 403, 403]),
        ("POST", "/api/v1/imports/sources", source(), [201, 422, 403, 403]),
        ("GET", "/api/v1/communications/conversations", none(), everybody),
        ("GET", "/api/v1/communications/conversations?client_id={c1}", none(), c1),
        ("GET", "/api/v1/communications/conversations?client_id={c2}", none(), c2),
        ("GET", "/api/v1/communications/conversations?client_id={c3}", none(), c3),
        ("GET", "/api/v1/communications/counts", none(), everybody),
        ("GET", "/api/v1/communications/labels", none(), everybody),
        ("GET", "/api/v1/communications/conversations/{nil}", none(), [404; 4]),
        ("PATCH", "/api/v1/communications/conversations/{nil}", json!({"read": true}), [404; 4]),
        ("GET", "/api/v1/communications/conversations/{nil}/messages", none(), [404; 4]),
        ("GET", "/api/v1/communications/conversations/{nil}/readers", none(), [404; 4]),
        ("PUT", "/api/v1/communications/conversations/{nil}/client", json!({"client_id": "{c1}"}), [404; 4]),
        ("PUT", "/api/v1/communications/conversations/{nil}/labels", json!({"labels": []}), [404; 4]),
        ("PUT", "/api/v1/communications/conversations/{nil}/private", json!({"members": []}), [404; 4]),
        ("POST", "/api/v1/communications/conversations/{nil}/notes", json!({"text": "x"}), [404; 4]),
        ("POST", "/api/v1/communications/conversations/{nil}/merge", json!({"into": "{nil}"}), [404; 4]),
        ("POST", "/api/v1/communications/conversations/{nil}/split", json!({"messages": []}), [404; 4]),
        ("POST", "/api/v1/communications/conversations/{nil}/changes/{nil}/undo", none(), [404; 4]),
        ("POST", "/api/v1/communications/conversations/{nil}/reply", json!({"text": "x"}), [404; 4]),
        ("GET", "/api/v1/communications/conversations/{nil}/draft", none(), [404; 4]),
        ("PUT", "/api/v1/communications/conversations/{nil}/draft", json!({"text": "x", "revision": 0}), [404; 4]),
        ("DELETE", "/api/v1/communications/conversations/{nil}/draft", none(), [404; 4]),
        ("GET", "/api/v1/communications/people/{nil}", none(), [404; 4]),
        ("POST", "/api/v1/communications/outgoing/{nil}/undo", none(), [404; 4]),
        ("POST", "/api/v1/communications/outgoing/{nil}/again", none(), [404; 4]),
        ("POST", "/api/v1/communications/outgoing/{nil}/confirm", none(), [404; 4]),
        ("POST", "/api/v1/communications/uploads?name=a.txt", none(), [201, 201, 201, 403]),
        ("GET", "/api/v1/communications/uploads/{nil}", none(), [404, 404, 404, 403]),
        ("DELETE", "/api/v1/communications/uploads/{nil}", none(), [404, 404, 404, 403]),
        ("GET", "/api/v1/communications/templates", none(), everybody),
        // The second of a name is refused as such.
        ("POST", "/api/v1/communications/templates", json!({"name": "T", "text": "x"}), [201, 422, 422, 403]),
        ("PUT", "/api/v1/communications/templates/{nil}", json!({"name": "T", "text": "x"}), [404; 4]),
        ("DELETE", "/api/v1/communications/templates/{nil}", none(), [404, 404, 404, 403]),
        ("GET", "/api/v1/communications/signature", none(), everybody),
        ("PUT", "/api/v1/communications/signature", json!({"text": "Olga"}), everybody),
        ("GET", "/api/v1/jobs", none(), runs_agency),
        ("GET", "/api/v1/audit", none(), runs_agency),
        ("GET", "/api/v1/audit.csv", none(), runs_agency),
        ("PATCH", "/api/v1/profile", json!({"nickname": "N"}), everybody),
        ("GET", "/api/v1/auth/session", none(), everybody),
        ("GET", "/api/v1/auth/sessions", none(), everybody),
        ("GET", "/api/v1/tokens", none(), everybody),
        ("POST", "/api/v1/tokens", json!({"name": "t", "scope": "read", "days": 1}), [201; 4]),
    ]
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b3_the_role_matrix_holds(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let sight: [(_, &[&str]); 5] = [
        (&agency.olga, &["C1", "C2", "C3"]),
        (&agency.ada, &["C1", "C2", "C3"]),
        (&agency.max, &["C1"]),
        (&agency.mel, &["C1", "C2"]),
        (&agency.nia, &[]),
    ];
    for (browser, clients) in sight {
        assert_eq!(browser.client_names().await, clients);
    }
    let stages = agency.olga.json("/api/v1/stages").await;
    let ids = [
        ("{c1}", agency.c[0].clone()),
        ("{c2}", agency.c[1].clone()),
        ("{c3}", agency.c[2].clone()),
        ("{nia}", agency.nia.member_id().await.as_str().unwrap().to_owned()),
        ("{nil}", "018f0000-0000-7000-8000-000000000000".to_owned()),
        ("{stage}", stages["items"][1]["id"].as_str().unwrap().to_owned()),
    ];
    let fill = |text: &str| ids.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id));
    let mut ruled: Vec<_> = matrix().iter().map(|(method, path, ..)| format!("{method} {}", shape(path))).collect();
    ruled.extend(WITHOUT_ROLE.map(|(method, path)| format!("{method} {}", shape(path))));
    for (method, path, _) in known_routes() {
        let route = format!("{method} {}", shape(path));
        assert!(ruled.contains(&route), "{route} has neither a line for each role nor a reason why it needs none");
    }
    for (method, path, body, statuses) in matrix() {
        let body: Value = serde_json::from_str(&fill(&body.to_string())).unwrap();
        let people = [("Olga", &agency.olga), ("Ada", &agency.ada), ("Max", &agency.max), ("Mel", &agency.mel)];
        for ((person, browser), status) in people.into_iter().zip(statuses) {
            let answer = browser.send(method, &fill(path), &body).await;
            assert_eq!(answer.status(), status, "{person}: {method} {path}: {}", answer.text().await.unwrap());
        }
    }
    // Reports are typeset meanwhile.
    for _ in 0..1200 {
        if app.jobs_left().await == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    app.finish().await;
}

/// `/a/{id}/b/{contact_id}` and `/a/{client}/b/{contact}` are the same route.
fn shape(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default().replace("/ingest/file", "/ingest/{provider}");
    let figure = |part: &str| part.starts_with("m.") || part.starts_with("d.");
    let named = |part: &str| part.starts_with('{') || figure(part) || part == "999999999" || part == "meta";
    path.split('/').map(|part| if named(part) { "{}" } else { part }).collect::<Vec<_>>().join("/")
}

pub async fn body_of(browser: &Browser, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
    let answer = browser.send(method, path, body).await;
    let status = answer.status();
    let mut body: Value = answer.json().await.unwrap_or_default();
    // A report says in a text of that name why it could not be made.
    if body["error"].is_object() {
        body["error"]["request_id"] = json!(null);
    }
    (status, body)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b3_1_b3_4_every_route_with_an_id_treats_another_agencys_like_a_missing_one(pool: PgPool) {
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

    let ids = foreign::ids(&app, &agency).await;
    let before = all_rows(&app.pool, Some("Beta")).await;
    assert!(before.iter().filter(|(_, rows)| !rows.is_empty()).count() >= 12, "the other agency has something to lose");
    let mut tried = 0;
    for (method, path, body) in known_routes().into_iter().filter(|(_, _, body)| !body.is_null()) {
        let body_with = |filled: String| -> Value { serde_json::from_str(&filled).unwrap() };
        let theirs = body_with(foreign::theirs(&ids, &body.to_string()));
        let foreign_answer = body_of(&agency.olga, method, &foreign::theirs(&ids, path), &theirs).await;
        let absent = body_with(foreign::absent(&ids, &body.to_string()));
        let missing_answer = body_of(&agency.olga, method, &foreign::absent(&ids, path), &absent).await;
        assert_eq!(foreign_answer.0, StatusCode::NOT_FOUND, "{method} {path}: {}", foreign_answer.1);
        assert_eq!(foreign_answer, missing_answer, "{method} {path}");
        tried += 1;
    }
    assert!(tried >= 18);
    assert_eq!(all_rows(&app.pool, Some("Beta")).await, before, "nothing of the other agency was changed");
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
async fn b3_2_a_body_never_overrides_who_acts(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let other = agency.bert.json("/api/v1/auth/session").await;
    let theirs = json!({"organization_id": other["organization_id"], "created_by": other["user_id"],
        "member_id": other["user_id"], "user_id": other["user_id"], "id": other["user_id"], "role": "owner"});
    let with = |mut body: Value| {
        for (key, value) in theirs.as_object().unwrap() {
            body.as_object_mut().unwrap().entry(key).or_insert(value.clone());
        }
        body
    };
    let before = all_rows(&app.pool, Some("Beta")).await;
    let id = agency.ada.create("/api/v1/clients", &with(json!({"name": "Sneaky"}))).await;
    assert_ne!(json!(id), other["user_id"]);
    let client = format!("/api/v1/clients/{id}");
    assert_eq!(agency.ada.json(&client).await["name"], "Sneaky");
    assert_eq!(agency.bert.get(&client).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(agency.ada.send("PATCH", &client, &with(json!({"notes": "n"}))).await.status(), 200);
    agency.ada.create(&format!("{client}/contacts"), &with(json!({"name": "Jane"}))).await;
    agency.ada.create("/api/v1/tokens", &with(json!({"name": "t", "scope": "read", "days": 1}))).await;
    assert_eq!(agency.ada.send("PATCH", "/api/v1/organization", &with(json!({"currency": "EUR"}))).await.status(), 200);
    assert_eq!(agency.ada.send("PATCH", "/api/v1/profile", &with(json!({"name": "Ada"}))).await.status(), 200);
    let session = agency.ada.json("/api/v1/auth/session").await;
    assert_eq!((&session["role"], &session["name"]), (&json!("admin"), &json!("Ada")));
    assert_eq!(all_rows(&app.pool, Some("Beta")).await, before, "nothing went to the other agency");
    let log = agency.olga.json("/api/v1/audit").await;
    assert_eq!(log["items"][0]["member_id"], agency.ada.member_id().await, "the session says who acted");
    app.finish().await;
}
