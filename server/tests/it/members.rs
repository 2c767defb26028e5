//! Members: assignment, deactivation, roles, removal, the list of them.

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Agency, Browser, PASSWORD, TestApp, execute};

async fn code(answer: reqwest::Response) -> (u16, String) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap_or_default();
    (status, body["error"]["code"].as_str().or(body["error"]["rule"].as_str()).unwrap_or_default().to_owned())
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b4_1_an_assignment_is_given_once_to_those_whom_it_limits(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let nia = agency.nia.member_id().await;
    let body = |member: &Value, client: &str| json!({"member_id": member, "client_id": client});
    let assign = async |body: &Value| code(agency.ada.post("/api/v1/assignments", body).await).await;
    agency.ada.create("/api/v1/assignments", &body(&nia, &agency.c[2])).await;
    assert_eq!(agency.nia.client_names().await, ["C3"]);
    assert_eq!(assign(&body(&nia, &agency.c[2])).await, (409, "assigned_already".into()));
    assert_eq!(assign(&body(&nia, &agency.d1)).await, (404, "missing".into()));
    let unknown = json!("018f0000-0000-7000-8000-000000000000");
    assert_eq!(assign(&body(&unknown, &agency.c[2])).await, (404, "missing".into()));
    assert_eq!(assign(&body(&agency.bert.member_id().await, &agency.c[2])).await, (404, "missing".into()));
    for above in [&agency.ada, &agency.olga] {
        let answer = agency.olga.post("/api/v1/assignments", &body(&above.member_id().await, &agency.c[2])).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["error"]["field"], "member_id");
        assert!(body["error"]["message"].as_str().unwrap().contains("sees every client already"));
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b4_2_what_is_taken_is_gone_with_the_next_request(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let body = json!({"member_id": agency.nia.member_id().await, "client_id": agency.c[2]});
    let id = agency.ada.create("/api/v1/assignments", &body).await;
    let client = format!("/api/v1/clients/{}", agency.c[2]);
    assert_eq!(agency.nia.get(&client).await.status(), StatusCode::OK);
    let path = format!("/api/v1/assignments/{id}");
    assert_eq!(agency.ada.send("DELETE", &path, &json!({})).await.status(), 204);
    assert_eq!(agency.nia.get(&client).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(agency.nia.client_names().await.len(), 0);
    assert_eq!(agency.ada.send("DELETE", &path, &json!({})).await.status(), 404);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b4_3_ten_parallel_assignments_make_one(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let body = json!({"member_id": agency.nia.member_id().await, "client_id": agency.c[0]});
    let attempts = (0..10).map(|_| agency.ada.send_owned("POST", "/api/v1/assignments", body.clone()));
    let mut statuses = Vec::new();
    for attempt in attempts.map(tokio::spawn).collect::<Vec<_>>() {
        statuses.push(attempt.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [[201].as_slice(), &[409; 9]].concat());
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b4_4_assignments_rest_while_a_member_runs_the_agency(pool: PgPool) {
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
async fn b1_20_who_is_deactivated_is_out_at_once_and_cannot_sign_in(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let zed = app.join(&agency.olga, "zed@acme.test", "member").await;
    let path = zed.member_path().await;
    let made = zed.post("/api/v1/tokens", &json!({"name": "t", "scope": "read", "days": 1})).await;
    let token = made.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
    let by_token = async || {
        let request = app.browser().client.get(format!("{}/api/v1/clients", app.url));
        request.bearer_auth(&token).send().await.unwrap().status()
    };
    assert_eq!(by_token().await, 200);
    assert_eq!(agency.ada.send("PATCH", &path, &json!({"is_active": false})).await.status(), 200);
    assert_eq!(zed.get("/api/v1/auth/session").await.status(), 401);
    assert_eq!(zed.get("/clients").await.headers()["location"], "/login?redirect=/clients");
    assert_eq!(by_token().await, 401);
    let login = json!({"email": "zed@acme.test", "password": PASSWORD});
    assert_eq!(code(zed.post("/api/v1/auth/login", &login).await).await, (401, "wrong_credentials".into()));
    assert_eq!(agency.ada.send("PATCH", &path, &json!({"is_active": true})).await.status(), 200);
    assert_eq!(zed.get("/api/v1/auth/session").await.status(), 401, "the old session stays ended");
    assert_eq!(zed.post("/api/v1/auth/login", &login).await.status(), 200);
    assert_eq!(by_token().await, 401, "and the access token");
    assert_eq!(zed.json("/api/v1/tokens").await["items"], json!([]));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn those_who_run_the_agency_see_and_take_no_tokens_but_their_own(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let token = agency.mel.create("/api/v1/tokens", &json!({"name": "t", "scope": "read", "days": 1})).await;
    assert_eq!(agency.ada.json("/api/v1/tokens").await["items"], json!([]));
    let path = format!("/api/v1/tokens/{token}");
    assert_eq!(agency.ada.send("DELETE", &path, &json!({})).await.status(), 404);
    assert_eq!(agency.mel.json("/api/v1/tokens").await["items"].as_array().unwrap().len(), 1);
    assert_eq!(agency.mel.send("DELETE", &path, &json!({})).await.status(), 204);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b5_9_b5_10_nobody_reaches_above_their_role_and_wrong_fields_are_named(pool: PgPool) {
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

    assert_eq!(agency.olga.get(&mel).await.status(), 200, "a refusal changes nothing");
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
async fn b5_10_two_owners_cannot_end_each_other_at_once(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let path = async |browser: &Browser| format!("/api/v1/members/{}", browser.member_id().await.as_str().unwrap());
    let demote = ("PATCH", json!({"role": "member"}));
    let ways = [demote.clone(), ("PATCH", json!({"is_active": false})), ("DELETE", json!({}))];
    for (n, (method, body)) in ways.into_iter().enumerate() {
        let agency = format!("agency{n}");
        let olga = app.owner(&format!("olga@{agency}.test"), &agency).await;
        let ada = app.join(&olga, &format!("ada@{agency}.test"), "owner").await;
        let (of_olga, of_ada) = (path(&olga).await, path(&ada).await);
        let first = tokio::spawn(olga.send_owned(demote.0, &of_ada, demote.1.clone()));
        let second = tokio::spawn(ada.send_owned(method, &of_olga, body));
        let statuses = [first.await.unwrap(), second.await.unwrap()];
        assert_eq!(statuses.iter().filter(|status| (200..300).contains(*status)).count(), 1, "{method}: {statuses:?}");
        let left = format!(
            "select count(*) from member where role = 'owner' and deactivated_at is null and email like '%@{agency}.test'"
        );
        assert_eq!(crate::support::count(&app.pool, left.leak()).await, 1, "{method}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b5_11_a_removed_members_clients_need_a_new_owner(pool: PgPool) {
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
    assert_eq!(body["error"]["details"]["clients"], json!([{"id": agency.c[0], "name": "C1"}]));
    assert_eq!(agency.olga.get(&path).await.status(), 200, "nobody was removed");

    let nia = agency.nia.member_id().await;
    let nia = nia.as_str().unwrap();
    agency.ada.send("PATCH", &format!("/api/v1/members/{nia}"), &json!({"is_active": false})).await;
    for target in [nia, max.as_str().unwrap(), agency.bert.member_id().await.as_str().unwrap(), "nobody"] {
        let answer = agency.ada.send("DELETE", &format!("{path}?reassign_to={target}"), &json!({})).await;
        assert_eq!(answer.status(), 422, "{target}");
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["field"], "reassign_to");
    }
    let kim = app.join(&agency.olga, "kim@acme.test", "manager").await;
    let taker = kim.member_id().await;
    let to_kim = format!("{path}?reassign_to={}", taker.as_str().unwrap());
    assert_eq!(agency.ada.send("DELETE", &to_kim, &json!({})).await.status(), 204);
    assert_eq!(agency.olga.json(&client).await["owner_id"], taker);
    assert_eq!(kim.client_names().await, ["C1"], "who answers for a client sees it");
    assert_eq!(agency.max.get("/api/v1/auth/session").await.status(), 401);
    assert_eq!(agency.olga.get(&path).await.status(), 404);
    let login = json!({"email": "max@acme.test", "password": PASSWORD});
    assert_eq!(agency.max.post("/api/v1/auth/login", &login).await.status(), 401);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b5_12_the_list_of_members_is_searched_and_paged(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let names = async |query: &str| -> Vec<String> {
        let list = agency.ada.json(&format!("/api/v1/members{query}")).await;
        list["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("").await, ["nia", "mel", "max", "ada", "Olga Owner"]);
    assert_eq!(names("?search=MA").await, ["max"]);
    assert_eq!(names("?search=acme.test&limit=2").await, ["nia", "mel"]);
    agency.ada.send("PATCH", &agency.mel.member_path().await, &json!({"nickname": "Sunny"})).await;
    assert_eq!(names("?search=sunny").await, ["mel"]);
    agency.ada.send("PATCH", &agency.mel.member_path().await, &json!({"is_active": false})).await;
    assert_eq!(names("?is_active=false").await, ["mel"]);
    assert_eq!(names("?is_active=true").await.len(), 4);

    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = agency.ada.json(&format!("/api/v1/members?limit=2{cursor}")).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, ["nia", "mel", "max", "ada", "Olga Owner"]);
    for (query, field) in [
        ("?is_active=maybe", "is_active"),
        ("?limit=0", "limit"),
        ("?limit=-5", "limit"),
        ("?limit=abc", "limit"),
        ("?cursor=abc", "cursor"),
    ] {
        let answer = agency.ada.get(&format!("/api/v1/members{query}")).await;
        assert_eq!(answer.status(), 422, "{query}");
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["field"], field);
    }

    let many = "insert into member (organization_id, id, name, email, role, created_at)
        select organization_id, gen_random_uuid(), 'P' || n, 'p' || n || '@acme.test', 'member', now()
        from organization, generate_series(1, 120) n where name = 'Acme'";
    execute(&app.pool, many.to_owned()).await;
    for (query, shown) in [("", 25), ("?limit=100", 100), ("?limit=1000", 100), ("?limit=101&search=p1", 32)] {
        assert_eq!(names(query).await.len(), shown, "{query}: 25 if nothing is said, and a hundred at most");
    }
    app.finish().await;
}
