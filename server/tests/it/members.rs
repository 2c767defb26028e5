//! Members: assignment, deactivation, roles, removal; on two servers at once.

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Agency, Browser, PASSWORD, TestApp};

async fn code(answer: reqwest::Response) -> (u16, String) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap_or_default();
    (status, body["error"]["code"].as_str().or(body["error"]["rule"].as_str()).unwrap_or_default().to_owned())
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn assignments_are_given_once_and_taken_at_once_on_every_server(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let second = TestApp::second(pool).await;
    let agency = Agency::found(&app).await;
    let nia = agency.nia.member_id().await;
    let body = |member: &Value, client: &str| json!({"member_id": member, "client_id": client});
    let id = agency.ada.create("/api/v1/assignments", &body(&nia, &agency.c[2])).await;
    assert_eq!(agency.nia.client_names().await, ["C3"]);
    assert_eq!(code(agency.ada.post("/api/v1/assignments", &body(&nia, &agency.c[2])).await).await.0, 409);
    assert_eq!(code(agency.ada.post("/api/v1/assignments", &body(&nia, &agency.d1)).await).await.0, 404);
    let unknown = json!("018f0000-0000-7000-8000-000000000000");
    assert_eq!(code(agency.ada.post("/api/v1/assignments", &body(&unknown, &agency.c[2])).await).await.0, 404);
    let admin = agency.ada.member_id().await;
    let answer = agency.olga.post("/api/v1/assignments", &body(&admin, &agency.c[2])).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().await.unwrap().contains("sees every client already"));

    let elsewhere = agency.nia.on(&second);
    assert_eq!(elsewhere.client_names().await, ["C3"]);
    assert_eq!(agency.ada.send("DELETE", &format!("/api/v1/assignments/{id}"), &json!({})).await.status(), 204);
    assert_eq!(agency.nia.get(&format!("/api/v1/clients/{}", agency.c[2])).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(elsewhere.get(&format!("/api/v1/clients/{}", agency.c[2])).await.status(), StatusCode::NOT_FOUND);

    let attempts = (0..10).map(|_| agency.ada.send_owned("POST", "/api/v1/assignments", body(&nia, &agency.c[0])));
    let mut made = 0;
    for attempt in attempts.map(tokio::spawn).collect::<Vec<_>>() {
        made += u32::from(attempt.await.unwrap() == 201);
    }
    assert_eq!(made, 1, "ten parallel requests make one assignment");
    second.stop().await;
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn assignments_rest_while_a_member_runs_the_agency(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let mel = format!("/api/v1/members/{}", agency.mel.member_id().await.as_str().unwrap());
    assert_eq!(agency.olga.send("PATCH", &mel, &json!({"role": "admin"})).await.status(), 200);
    assert_eq!(agency.mel.client_names().await.len(), 3);
    assert_eq!(agency.olga.send("PATCH", &mel, &json!({"role": "member"})).await.status(), 200);
    assert_eq!(agency.mel.client_names().await, ["C1", "C2"]);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn deactivation_ends_sessions_at_once_on_every_server(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let second = TestApp::second(pool).await;
    let agency = Agency::found(&app).await;
    let zed = app.join(&agency.olga, "zed@acme.test", "member").await;
    let path = format!("/api/v1/members/{}", zed.member_id().await.as_str().unwrap());
    let elsewhere = zed.on(&second);
    assert_eq!(elsewhere.get("/api/v1/auth/session").await.status(), 200);
    assert_eq!(agency.ada.send("PATCH", &path, &json!({"is_active": false})).await.status(), 200);
    assert_eq!(zed.get("/api/v1/auth/session").await.status(), 401);
    assert_eq!(elsewhere.get("/api/v1/auth/session").await.status(), 401);
    let login = json!({"email": "zed@acme.test", "password": PASSWORD});
    assert_eq!(zed.post("/api/v1/auth/login", &login).await.status(), 401);
    assert_eq!(agency.ada.send("PATCH", &path, &json!({"is_active": true})).await.status(), 200);
    assert_eq!(zed.get("/api/v1/auth/session").await.status(), 401, "the old session stays ended");
    assert_eq!(zed.post("/api/v1/auth/login", &login).await.status(), 200);
    second.stop().await;
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn nobody_reaches_above_their_role_and_the_last_owner_stays(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let path = async |browser: &Browser| format!("/api/v1/members/{}", browser.member_id().await.as_str().unwrap());
    let (olga, ada, mel) = (path(&agency.olga).await, path(&agency.ada).await, path(&agency.mel).await);
    let patch = async |who: &Browser, path: &str, body: Value| code(who.send("PATCH", path, &body).await).await;
    assert_eq!(patch(&agency.ada, &mel, json!({"role": "owner"})).await, (403, "forbidden".into()));
    assert_eq!(patch(&agency.ada, &olga, json!({"role": "member"})).await, (403, "forbidden".into()));
    assert_eq!(patch(&agency.ada, &olga, json!({"is_active": false})).await, (403, "forbidden".into()));
    assert_eq!(patch(&agency.ada, &ada, json!({"role": "member"})).await, (403, "forbidden".into()));
    assert_eq!(patch(&agency.olga, &olga, json!({"role": "admin"})).await, (403, "forbidden".into()));
    assert_eq!(code(agency.olga.send("DELETE", &olga, &json!({})).await).await, (403, "forbidden".into()));

    assert_eq!(patch(&agency.olga, &ada, json!({"role": "owner"})).await.0, 200);
    assert_eq!(patch(&agency.ada, &olga, json!({"role": "admin"})).await.0, 200, "another Owner is left");
    assert_eq!(patch(&agency.olga, &ada, json!({"role": "member"})).await, (403, "forbidden".into()));

    for (body, field) in [
        (json!({"role": "root"}), "role"),
        (json!({"is_active": "yes"}), "is_active"),
        (json!({}), ""),
        (json!({"name": "x".repeat(101)}), "name"),
        (json!({"nickname": "x".repeat(51)}), "nickname"),
    ] {
        let answer = agency.ada.send("PATCH", &mel, &body).await;
        assert_eq!(answer.status(), 422, "{body}");
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["field"], field, "{body}");
    }
    assert_eq!(agency.ada.send("PATCH", "/api/v1/members/abc", &json!({"name": "x"})).await.status(), 400);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn two_owners_cannot_demote_each_other_at_once(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let path = async |browser: &Browser| format!("/api/v1/members/{}", browser.member_id().await.as_str().unwrap());
    let (olga, ada) = (path(&agency.olga).await, path(&agency.ada).await);
    agency.olga.send("PATCH", &ada, &json!({"role": "owner"})).await;
    let first = tokio::spawn(agency.olga.send_owned("PATCH", &ada, json!({"role": "member"})));
    let second = tokio::spawn(agency.ada.send_owned("PATCH", &olga, json!({"role": "member"})));
    let statuses = [first.await.unwrap(), second.await.unwrap()];
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    let owners =
        crate::support::count(&app.pool, "select count(*) from member where role = 'owner' and email like '%acme%'");
    assert_eq!(owners.await, 1);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_removed_members_clients_need_a_new_owner(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let max = agency.max.member_id().await;
    let client = format!("/api/v1/clients/{}", agency.c[0]);
    assert_eq!(agency.olga.send("PATCH", &client, &json!({"owner_id": max})).await.status(), 200);
    let path = format!("/api/v1/members/{}", max.as_str().unwrap());
    let refused = agency.ada.send("DELETE", &path, &json!({})).await;
    assert_eq!(refused.status(), 409);
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["error"]["code"], "reassignment_required");
    assert!(body["error"]["message"].as_str().unwrap().contains("C1"));

    let nia = agency.nia.member_id().await;
    let nia = nia.as_str().unwrap();
    agency.ada.send("PATCH", &format!("/api/v1/members/{nia}"), &json!({"is_active": false})).await;
    assert_eq!(agency.ada.send("DELETE", &format!("{path}?reassign_to={nia}"), &json!({})).await.status(), 422);
    let mel = agency.mel.member_id().await;
    let to_mel = format!("{path}?reassign_to={}", mel.as_str().unwrap());
    assert_eq!(agency.ada.send("DELETE", &to_mel, &json!({})).await.status(), 204);
    assert_eq!(agency.olga.json(&client).await["owner_id"], mel);
    assert_eq!(agency.max.get("/api/v1/auth/session").await.status(), 401);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_list_of_members_is_searched_and_paged(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let names = async |query: &str| -> Vec<String> {
        let list = agency.ada.json(&format!("/api/v1/members{query}")).await;
        list["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("").await, ["nia", "mel", "max", "ada", "Olga Owner"]);
    assert_eq!(names("?search=MA").await, ["max"]);
    assert_eq!(names("?limit=2").await, ["nia", "mel"]);
    assert_eq!(names("?is_active=false").await.len(), 0);
    assert_eq!(agency.ada.get("/api/v1/members?is_active=maybe").await.status(), 422);
    app.finish().await;
}
