//! Clients over the API, the page and its form.

use reqwest::{StatusCode, header};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Agency, TestApp};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b11_1_a_client_reads_back_exactly_as_typed(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let browser = app.owner("olga@acme.test", "Acme").await;
    let answer = browser.post("/api/v1/clients", &json!({"name": "  O'Brien & Sons / West "})).await;
    assert_eq!(answer.status(), StatusCode::CREATED);
    let client: Value = answer.json().await.unwrap();
    assert_eq!(client["name"], "O'Brien & Sons / West");
    let id = client["id"].as_str().unwrap();
    assert_eq!(browser.json(&format!("/api/v1/clients/{id}")).await, client);
    let page = browser.get("/clients").await.text().await.unwrap();
    assert!(page.contains("O'Brien &amp; Sons / West"), "the page is readable before WASM loads");
    assert!(page.contains("Acme"));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_form_works_without_wasm(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let browser = app.owner("olga@acme.test", "Acme").await;
    let page = format!("{}/clients", app.url);
    let submit = |name: &'static str| {
        let request = browser.client.post(format!("{}/app/create_client", app.url));
        request.header("accept", "text/html").header("referer", page.clone()).form(&[("name", name)]).send()
    };
    let answer = submit("First").await.unwrap();
    assert!(answer.status().is_redirection());
    assert_eq!(answer.headers()[header::LOCATION], "/clients");

    let long = "x".repeat(201);
    let request = browser.client.post(format!("{}/app/create_client", app.url)).header("accept", "text/html");
    let answer = request.header("referer", page.clone()).form(&[("name", long.as_str())]).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "the answer is the page itself");
    let html = answer.text().await.unwrap();
    assert!(html.contains("Name can have at most 200 characters"), "{html}");
    assert!(html.contains(&format!("value=\"{long}\"")), "what was typed is kept");
    assert_eq!(browser.json("/api/v1/clients").await["items"].as_array().unwrap().len(), 1);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn lists_page_through_equal_moments_without_gaps(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let browser = app.owner("olga@acme.test", "Acme").await;
    for number in 0..7 {
        browser.post("/api/v1/clients", &json!({"name": format!("Client {number}")})).await;
    }
    #[expect(clippy::disallowed_methods, reason = "a state that the product cannot reach")]
    sqlx::query("update client set created_at = '2026-01-01'").execute(&app.pool).await.unwrap();
    let (mut seen, mut path) = (Vec::new(), "/api/v1/clients?limit=3".to_owned());
    loop {
        let page = browser.json(&path).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/api/v1/clients?limit=3&cursor={cursor}");
    }
    assert_eq!(seen.len(), 7);
    seen.sort_by_key(ToString::to_string);
    seen.dedup();
    assert_eq!(seen.len(), 7);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn bad_input_is_named(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let browser = app.owner("olga@acme.test", "Acme").await;
    for (path, status, field) in [
        ("/api/v1/clients?limit=0", 422, Some("limit")),
        ("/api/v1/clients?limit=abc", 422, Some("limit")),
        ("/api/v1/clients?cursor=abc", 422, Some("cursor")),
        ("/api/v1/clients/abc", 400, None),
        ("/api/v1/clients/018f0000-0000-7000-8000-000000000000", 404, None),
        ("/api/v1/nothing", 404, None),
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status(), status, "{path}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["error"]["field"].as_str(), field, "{path}");
        assert!(body["error"]["request_id"].is_string());
    }
    for (body, status) in [(json!({}), 422), (json!({"name": 7}), 422), (json!({"name": " "}), 422)] {
        assert_eq!(browser.post("/api/v1/clients", &body).await.status(), status, "{body}");
    }
    let malformed =
        browser.client.post(format!("{}/api/v1/clients", app.url)).header("content-type", "application/json");
    assert_eq!(malformed.body("{\"name\":").send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    let text = browser.client.post(format!("{}/api/v1/clients", app.url)).body("{}").send().await.unwrap();
    assert_eq!(text.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_form_of_a_client_saves_only_what_was_changed_in_it(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let browser = app.owner("olga@acme.test", "Acme").await;
    let id = browser.create("/api/v1/clients", &json!({"name": "Acme", "notes": "one\ntwo", "tags": ["a", "b"]})).await;
    let path = format!("/api/v1/clients/{id}");
    let page = format!("{}/clients/{id}", app.url);
    let names = ["name", "website", "industry", "currency", "time_zone", "margin_percent", "tags", "notes", "owner_id"];
    let filled = ["Acme", "", "", "USD", "UTC", "", "a, b", "one\ntwo", ""];
    let submit = async |changes: &[(&str, &str)]| {
        let mut fields = vec![("read[0]".to_owned(), id.clone())];
        for (place, (name, value)) in names.into_iter().zip(filled).enumerate() {
            fields.push((format!("read[{}]", place + 1), value.replace('\n', "\r\n")));
            let typed = changes.iter().find(|(changed, _)| *changed == name).map_or(value, |(_, typed)| *typed);
            fields.push((name.to_owned(), typed.replace('\n', "\r\n")));
        }
        let request = browser.client.post(format!("{}/app/update_client", app.url)).header("accept", "text/html");
        request.header("referer", page.clone()).form(&fields).send().await.unwrap()
    };
    let meanwhile = json!({"website": "https://other.example", "notes": "theirs", "tags": ["c"]});
    browser.send("PATCH", &path, &meanwhile).await;
    assert_eq!(submit(&[("industry", "Food")]).await.headers()[header::LOCATION], format!("/clients/{id}").as_str());
    let now = browser.json(&path).await;
    let held = (&now["industry"], &now["website"], &now["notes"], &now["tags"]);
    assert_eq!(held, (&json!("Food"), &json!("https://other.example"), &json!("theirs"), &json!(["c"])));

    let refused = submit(&[("website", "https://mine.example"), ("notes", "mine")]).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    assert_eq!(browser.json(&path).await, now, "nothing was overwritten unseen");
    let html = refused.text().await.unwrap();
    assert!(
        html.contains("website is now “https://other.example”") && html.contains("notes is now “theirs”"),
        "{html}"
    );
    assert!(
        html.contains("value=\"https://mine.example\"") && html.contains(">mine</textarea>"),
        "what was typed is kept"
    );
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_page_of_members_shows_every_member_and_client_by_name(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let mel = app.join(&olga, "mel@acme.test", "member").await.member_id().await;
    let mut clients = Vec::new();
    for n in 0..105 {
        clients.push(olga.create("/api/v1/clients", &json!({"name": format!("Client {n:03}")})).await);
    }
    // The oldest, and one that is archived: both were "another client" to a page that knows the newest hundred only.
    for client in [&clients[0], &clients[1]] {
        olga.create("/api/v1/assignments", &json!({"member_id": mel, "client_id": client})).await;
    }
    olga.send("DELETE", &format!("/api/v1/clients/{}", clients[1]), &json!({})).await;
    #[expect(clippy::disallowed_methods, reason = "hires faster than by invitation")]
    sqlx::query(
        "insert into member (organization_id, id, name, email, role, created_at)
         select organization_id, gen_random_uuid(), 'Person ' || to_char(n, 'FM000'), 'p' || n || '@acme.test', 'member',
           created_at + n * interval '1 second'
         from member, generate_series(1, 60) n where email = 'mel@acme.test'",
    )
    .execute(&app.pool)
    .await
    .unwrap();
    let (mut path, mut seen, mut pages) = ("/members".to_owned(), String::new(), 0);
    loop {
        let html = olga.get(&path).await.text().await.unwrap();
        pages += 1;
        seen.push_str(&html);
        let Some(at) = html.find("href=\"/members?cursor=") else { break };
        path = html[at + 6..].split('"').next().unwrap().to_owned();
    }
    assert_eq!(pages, 3, "62 members, 25 a page");
    for n in 1..=60 {
        assert_eq!(seen.matches(&format!("data-test=\"member p{n}@acme.test\"")).count(), 1, "{n}");
    }
    assert!(seen.contains("Take Client 000 from mel") && seen.contains("Take Client 001 from mel"));
    assert!(!seen.contains("another client"));

    let found = olga.get(&format!("/members?search=mel&of={}&client=client+00", mel.as_str().unwrap())).await;
    let html = found.text().await.unwrap();
    assert!(html.contains("Assign Client 002 to mel") && html.contains("Assign Client 009 to mel"));
    assert!(!html.contains("Assign Client 000 to mel"), "it is assigned already");
    assert!(!html.contains("Assign Client 001 to mel"), "it is archived");
    assert!(!html.contains("data-test=\"member p1@acme.test\""), "the search narrows the list");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_page_of_a_client_that_is_not_there_leads_to_nothing_of_it(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let nobody = "018f0000-0000-7000-8000-000000000000";
    for (id, status) in [
        (agency.c[0].as_str(), StatusCode::OK),
        (nobody, StatusCode::NOT_FOUND),
        (agency.d1.as_str(), StatusCode::NOT_FOUND),
    ] {
        let answer = agency.ada.get(&format!("/clients/{id}")).await;
        assert_eq!(answer.status(), status, "{id}");
        let page = answer.text().await.unwrap();
        for led in [format!("/clients/{id}/dashboard"), format!("/actions?client={id}"), format!("/alerts?client={id}")]
        {
            assert_eq!(page.contains(&format!("href=\"{led}\"")), status == StatusCode::OK, "{led}");
        }
    }
    app.finish().await;
}
