//! Invitations: who may send them, what their links do, and how often.

use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use time::Duration;

use crate::support::{Agency, PASSWORD, TestApp, count, secret};

fn invite(email: &str, role: &str) -> Value {
    json!({"email": email, "role": role})
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b5_1_an_admin_invites_as_anything_but_owner_and_the_mail_holds_a_link(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let ada = app.join(&olga, "ada@acme.test", "admin").await;
    for (who, role) in [(&ada, "admin"), (&ada, "manager"), (&ada, "member"), (&olga, "owner")] {
        let email = format!("{role}@x.com");
        let answer = who.post("/api/v1/invitations", &invite(&email, role)).await;
        assert_eq!(answer.status(), StatusCode::CREATED, "{role}");
        let made: Value = answer.json().await.unwrap();
        assert_eq!(
            (&made["role"], &made["email"], &made["email_status"]),
            (&json!(role), &json!(email), &json!("sent"))
        );
        let moment = |name: &str| {
            let text = made[name].as_str().unwrap();
            time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).unwrap()
        };
        assert_eq!(moment("expires_at") - moment("created_at"), Duration::days(7));
        let token = app.link_in_mail(&email, "/invite/").await.strip_prefix("/invite/").unwrap().to_owned();
        assert!(token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "{token}");
        let stored = count(&app.pool, "select count(*) from invitation where length(token_hash) = 32").await;
        assert_eq!(stored, count(&app.pool, "select count(*) from invitation").await, "only a hash is kept");
    }
    let refused = ada.post("/api/v1/invitations", &invite("other@x.com", "owner")).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(refused.json::<Value>().await.unwrap()["error"]["rule"], "members.rank");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b5_8_the_list_marks_each_invitation_and_counts_those_that_wait(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    olga.create("/api/v1/invitations", &invite("old@x.com", "member")).await;
    app.link_in_mail("old@x.com", "/invite/").await;
    app.service.clock.advance(Duration::days(7));
    app.join(&olga, "ada@acme.test", "admin").await;
    let gone = olga.create("/api/v1/invitations", &invite("gone@x.com", "member")).await;
    olga.create("/api/v1/invitations", &invite("new@x.com", "member")).await;
    olga.create("/api/v1/invitations", &invite("newer@x.com", "member")).await;
    assert_eq!(olga.send("DELETE", &format!("/api/v1/invitations/{gone}"), &json!({})).await.status(), 204);
    let list = olga.json("/api/v1/invitations").await;
    let states: Vec<_> =
        list["items"].as_array().unwrap().iter().map(|item| (&item["email"], &item["state"])).collect();
    let expected = [
        (json!("newer@x.com"), json!("pending")),
        (json!("new@x.com"), json!("pending")),
        (json!("gone@x.com"), json!("cancelled")),
        (json!("ada@acme.test"), json!("accepted")),
        (json!("old@x.com"), json!("expired")),
    ];
    assert_eq!(states, expected.iter().map(|(email, state)| (email, state)).collect::<Vec<_>>());
    assert_eq!(list["pending"], 2);
    assert_eq!(olga.json("/api/v1/invitations?limit=1").await["pending"], 2, "of all pages");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b5_2_b5_5_b5_6_b5_7_invited_people_join_once_with_the_role_they_were_given(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let ada = app.join(&olga, "ada@acme.test", "admin").await;
    let answer = ada.post("/api/v1/invitations", &invite(" New@X.com ", "manager")).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let made: Value = answer.json().await.unwrap();
    assert_eq!(
        (&made["email"], &made["email_status"], &made["state"]),
        (&json!("new@x.com"), &json!("sent"), &json!("pending"))
    );
    assert_eq!(ada.post("/api/v1/invitations", &invite("o@x.com", "owner")).await.status(), 403);
    assert_eq!(olga.post("/api/v1/invitations", &invite("o@x.com", "owner")).await.status(), 201);
    assert_eq!(ada.post("/api/v1/invitations", &invite("m@x.com", "boss")).await.status(), 422);
    assert_eq!(ada.post("/api/v1/invitations", &invite("not an address", "member")).await.status(), 422);
    assert_eq!(ada.post("/api/v1/invitations", &invite("olga@acme.test", "member")).await.status(), 409);
    assert_eq!(ada.post("/api/v1/invitations", &invite("NEW@x.com", "member")).await.status(), 409);

    let link = app.link_in_mail("new@x.com", "/invite/").await;
    let token = link.strip_prefix("/invite/").unwrap();
    assert!(token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let guest = app.browser();
    let api = format!("/api/v1{link}");
    assert_eq!(guest.json(&api).await, json!({"email": "new@x.com", "role": "manager", "organization": "Acme"}));
    assert_eq!(guest.get(&format!("/api/v1/invite/{}", "0".repeat(64))).await.status(), 404);
    for (name, password, words) in [
        ("", PASSWORD, "Name is required"),
        ("New", "short77", "8 characters"),
        ("New", "password1", "easy to guess"),
        ("New", "password1", "Add another word or two"),
        ("New", &format!("{PASSWORD}{}", "x".repeat(129 - PASSWORD.len())), "at most 128"),
    ] {
        let answer = guest.post(&api, &json!({"name": name, "password": password})).await;
        assert_eq!(answer.status(), 422, "{words}");
        assert!(answer.text().await.unwrap().contains(words));
    }
    let body = json!({"name": "New Manager", "password": PASSWORD});
    let first = tokio::spawn(guest.send_owned("POST", &api, body.clone()));
    let second = tokio::spawn(app.browser().send_owned("POST", &api, body));
    let mut statuses = [first.await.unwrap(), second.await.unwrap()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 410], "two at once make one member");
    assert_eq!(guest.get(&api).await.status(), 410);
    assert_eq!(count(&app.pool, "select count(*) from member where email = 'new@x.com'").await, 1);
    let login = guest.post("/api/v1/auth/login", &json!({"email": "new@x.com", "password": PASSWORD})).await;
    assert_eq!(login.json::<Value>().await.unwrap()["role"], "manager");
    assert_eq!(guest.client_names().await.len(), 0);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b5_7_who_joins_is_signed_in_and_may_at_once_what_the_role_allows(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let client = olga.create("/api/v1/clients", &json!({"name": "C1"})).await;
    let path = format!("/api/v1/clients/{client}");
    for (role, creates, edits) in [("admin", 201, 200), ("manager", 403, 200), ("member", 403, 403)] {
        let email = format!("{role}@x.com");
        olga.create("/api/v1/invitations", &invite(&email, role)).await;
        let link = app.link_in_mail(&email, "/invite/").await;
        let guest = app.browser();
        // The longest password that is taken.
        let password = format!("{PASSWORD}{}", "x".repeat(128 - PASSWORD.len()));
        let joined = guest.post(&format!("/api/v1{link}"), &json!({"name": role, "password": password})).await;
        assert_eq!(joined.status(), StatusCode::CREATED, "{role}");
        let session = guest.json("/api/v1/auth/session").await;
        assert_eq!(
            (&session["role"], &session["organization"]),
            (&json!(role), &json!("Acme")),
            "signed in by joining"
        );
        let seen = if role == "admin" { 200 } else { 404 };
        assert_eq!(guest.get(&path).await.status(), seen, "{role}: no client without an assignment");
        if role != "admin" {
            let body = json!({"member_id": guest.member_id().await, "client_id": client});
            olga.create("/api/v1/assignments", &body).await;
        }
        assert_eq!(guest.get(&path).await.status(), 200, "{role}");
        assert_eq!(guest.send("PATCH", &path, &json!({"notes": role})).await.status(), edits, "{role}");
        assert_eq!(guest.post("/api/v1/clients", &json!({"name": role})).await.status(), creates, "{role}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b5_8_links_end_after_seven_days_and_can_be_renewed_or_taken_back(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let id = olga.create("/api/v1/invitations", &invite("new@x.com", "member")).await;
    let link = format!("/api/v1{}", app.link_in_mail("new@x.com", "/invite/").await);
    let state = async || olga.json("/api/v1/invitations").await["items"][0]["state"].as_str().unwrap().to_owned();
    app.service.clock.advance(Duration::days(7));
    // Two weeks after the last use a session ends; this one was just used.
    assert_eq!(state().await, "expired");
    assert_eq!(app.browser().get(&link).await.status(), 410);
    assert_eq!(olga.send("POST", &format!("/api/v1/invitations/{id}/resend"), &json!({})).await.status(), 200);
    assert_eq!(state().await, "pending");
    assert_eq!(app.browser().get(&link).await.status(), 200);
    assert_eq!(olga.send("DELETE", &format!("/api/v1/invitations/{id}"), &json!({})).await.status(), 204);
    assert_eq!(state().await, "cancelled");
    assert_eq!(app.browser().get(&link).await.status(), 410);
    assert_eq!(olga.send("DELETE", &format!("/api/v1/invitations/{id}"), &json!({})).await.status(), 409);
    assert_eq!(olga.post("/api/v1/invitations", &invite("new@x.com", "member")).await.status(), 201);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b5_4_ten_invitations_an_hour_also_when_asked_at_once(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let attempts: Vec<_> = (0..14)
        .map(|n| tokio::spawn(olga.send_owned("POST", "/api/v1/invitations", invite(&format!("p{n}@x.com"), "member"))))
        .collect();
    let mut statuses = Vec::new();
    for attempt in attempts {
        statuses.push(attempt.await.unwrap());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 10, "{statuses:?}");
    let refused = olga.post("/api/v1/invitations", &invite("late@x.com", "member")).await;
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
    app.service.clock.advance(Duration::minutes(61));
    assert_eq!(olga.post("/api/v1/invitations", &invite("late@x.com", "member")).await.status(), 201);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b5_3_a_mail_that_fails_is_said_and_the_invitation_stays(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let broken =
        TestApp::start_with(app.pool.clone(), |config| config.smtp_url = secret(&format!("smtp://127.0.0.1:{closed}")))
            .await;
    // Both servers take jobs; only the broken one is left running.
    app.service.db.pool().close().await;
    let olga = broken.browser();
    assert_eq!(
        olga.post("/api/v1/auth/login", &json!({"email": "olga@acme.test", "password": PASSWORD})).await.status(),
        200
    );
    let made: Value = olga.post("/api/v1/invitations", &invite("new@x.com", "member")).await.json().await.unwrap();
    assert_eq!((&made["state"], &made["email_status"]), (&json!("pending"), &json!("failed")));
    let again = format!("/api/v1/invitations/{}/resend", made["id"].as_str().unwrap());
    assert_eq!(olga.post(&again, &json!({})).await.status(), 200, "what never left is sent again at once");
    drop(agency);
    broken.stop().await;
    app.stop().await;
}
