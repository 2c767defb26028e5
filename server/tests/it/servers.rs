//! Two servers on one database, the second a process of the built program: what one is told, the other knows at once. And
//! one that serves while another works.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::{ConnectOptions, PgPool};

use crate::{
    process::{Process, free_address},
    support::{Agency, PASSWORD, TestApp, sign_up_body},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b1_20_deactivation_holds_on_two_servers_at_once(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let agency = Agency::found(&app).await;
    let zed = app.join(&agency.olga, "zed@acme.test", "member").await;
    let path = zed.member_path().await;
    let second = Process::start(&pool, &[]).await;
    let (zed_there, ada_there) = (zed.at(&second.url), agency.ada.at(&second.url));
    assert_eq!(zed_there.get("/api/v1/auth/session").await.status(), 200);

    assert_eq!(agency.ada.send("PATCH", &path, &json!({"is_active": false})).await.status(), 200);
    assert_eq!(zed_there.get("/api/v1/auth/session").await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(zed.get("/api/v1/auth/session").await.status(), StatusCode::UNAUTHORIZED);
    let login = json!({"email": "zed@acme.test", "password": PASSWORD});
    assert_eq!(zed_there.post("/api/v1/auth/login", &login).await.status(), StatusCode::UNAUTHORIZED);

    assert_eq!(ada_there.send("PATCH", &path, &json!({"is_active": true})).await.status(), 200);
    assert_eq!(zed.post("/api/v1/auth/login", &login).await.status(), 200, "told there, known here");
    assert_eq!(ada_there.send("PATCH", &path, &json!({"is_active": false})).await.status(), 200);
    assert_eq!(zed.get("/api/v1/auth/session").await.status(), StatusCode::UNAUTHORIZED);
    drop(second);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b2_2_b4_2_assignments_hold_on_two_servers_at_once(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let agency = Agency::found(&app).await;
    let mel = agency.mel.member_path().await;
    let assignments = agency.ada.json(&format!("{mel}/assignments")).await;
    let of_c1 = assignments["items"].as_array().unwrap().iter().find(|item| item["client_id"] == agency.c[0]).unwrap();
    let of_c1 = format!("/api/v1/assignments/{}", of_c1["id"].as_str().unwrap());
    let second = Process::start(&pool, &[]).await;
    let (mel_there, ada_there) = (agency.mel.at(&second.url), agency.ada.at(&second.url));
    let c1 = format!("/api/v1/clients/{}", agency.c[0]);
    assert_eq!(mel_there.client_names().await, ["C1", "C2"]);

    assert_eq!(agency.ada.send("DELETE", &of_c1, &json!({})).await.status(), 204);
    assert_eq!(mel_there.get(&c1).await.status(), StatusCode::NOT_FOUND, "denied at once on the other server");
    assert_eq!(agency.mel.get(&c1).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(mel_there.client_names().await, ["C2"]);

    let again = json!({"member_id": agency.mel.member_id().await, "client_id": agency.c[0]});
    let made = ada_there.create("/api/v1/assignments", &again).await;
    assert_eq!(agency.mel.get(&c1).await.status(), StatusCode::OK, "given there, seen here");
    assert_eq!(ada_there.send("DELETE", &format!("/api/v1/assignments/{made}"), &json!({})).await.status(), 204);
    assert_eq!(agency.mel.get(&c1).await.status(), StatusCode::NOT_FOUND);
    drop(second);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b2_2_roles_and_sessions_hold_on_two_servers_at_once(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let agency = Agency::found(&app).await;
    let max = agency.max.member_path().await;
    let second = Process::start(&pool, &[]).await;
    let max_there = agency.max.at(&second.url);
    let new = json!({"name": "New"});
    assert_eq!(max_there.post("/api/v1/clients", &new).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(agency.olga.send("PATCH", &max, &json!({"role": "admin"})).await.status(), 200);
    assert_eq!(max_there.post("/api/v1/clients", &new).await.status(), StatusCode::CREATED);
    assert_eq!(agency.olga.send("PATCH", &max, &json!({"role": "member"})).await.status(), 200);
    assert_eq!(max_there.post("/api/v1/clients", &new).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(max_there.post("/api/v1/auth/logout", &json!({})).await.status(), 204);
    assert_eq!(agency.max.get("/api/v1/auth/session").await.status(), StatusCode::UNAUTHORIZED);
    drop(second);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_server_without_a_worker_leaves_its_jobs_to_audienceos_worker(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    app.leave_jobs();
    let database = pool.connect_options().to_url_lossy().to_string();
    let settings = [("DATABASE_URL", database.as_str())];
    let web = Process::spawn_as(&["serve", "--no-worker"], &free_address(), &settings);
    web.ready().await;
    let sign_up = sign_up_body("olga@acme.test", "Acme");
    let made = reqwest::Client::new().post(format!("{}/api/v1/auth/signup", web.url)).json(&sign_up).send().await;
    let made: Value = made.unwrap().json().await.unwrap();
    assert_eq!(made["verificationEmailSent"], false, "nobody sends it: {made}");
    assert!(app.jobs_left().await >= 1, "it waits in the queue");

    let mut worker = Process::spawn_as(&["worker"], &free_address(), &settings);
    let mut left = app.jobs_left().await;
    for _ in 0..600 {
        if left == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        left = app.jobs_left().await;
    }
    assert_eq!(left, 0, "{}", worker.log());
    worker.terminate();
    assert!(worker.ended().await.success(), "{}", worker.log());
    drop(web);
    app.stop().await;
}
