//! What stands in the ledger: it follows the newest state, its list is ranked, and its page works before it is live.

use reqwest::{StatusCode, header};

use super::*;
use crate::support::{count, execute};

/// Posts a form of the page as a browser does by itself.
async fn post(browser: &Browser, function: &str, fields: &[(&str, &str)]) -> reqwest::Response {
    let request = browser.client.post(format!("{}/app/{function}", browser.url));
    let request =
        request.header(header::ACCEPT, "text/html").header(header::REFERER, format!("{}/actions", browser.url));
    request.form(fields).send().await.unwrap()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_ledger_follows_the_newest_state_and_twice_is_once(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let (olga, actor, client) = agency(&app).await;
    let day = today(&app);
    let pause = proposal("pause:ad-1", ActionKind::PauseCreative, None);
    let both = [raise(100.0), pause.clone()];
    let (state, synced) = follow(&app, &actor, &client, &both, day).await;
    assert_eq!(synced, Synced { proposed: 2, ..Synced::default() });
    let before = ledger(&pool).await;
    assert_eq!(again(&app, &actor, &client, state, &both, day).await, Synced::default());
    assert_eq!(ledger(&pool).await, before, "the same state again changes nothing");
    let one = olga.json(&format!("{LIST}?kind=raise")).await["items"][0].clone();
    assert_eq!(
        (&one["prediction"]["value"], &one["client_name"], &one["state_id"]),
        (&json!(100.0), &json!("Bakery"), &json!(state.to_string()))
    );

    // Newer figures in the same line; what is proposed no more is withdrawn, and comes back as the same.
    let (newer, synced) = follow(&app, &actor, &client, &[raise(250.0)], day).await;
    assert_eq!(synced, Synced { renewed: 1, withdrawn: 1, ..Synced::default() });
    let renewed = olga.json(&format!("{LIST}?kind=raise")).await["items"][0].clone();
    assert_eq!(
        (&renewed["id"], &renewed["prediction"]["value"], &renewed["state_id"]),
        (&one["id"], &json!(250.0), &json!(newer.to_string()))
    );
    let gone = listed(&olga, "?state=withdrawn").await;
    let (_, synced) = follow(&app, &actor, &client, &[pause], day).await;
    assert_eq!(synced, Synced { proposed: 1, withdrawn: 1, ..Synced::default() });
    assert_eq!(listed(&olga, "?state=proposed").await, [(gone[0].0.clone(), "proposed".to_owned())]);
    let events = olga.json(&format!("{LIST}/{}", gone[0].0)).await["events"].clone();
    let states: Vec<_> = events.as_array().unwrap().iter().map(|event| event["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["proposed", "withdrawn", "proposed"]);
    assert!(events[0]["member_id"].is_null() && events[0]["member_name"].is_null(), "nobody's account: {events}");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_list_is_ranked_and_its_pages_neither_skip_nor_repeat(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (olga, actor, client) = agency(&app).await;
    let sure = |key: &str, value, probability| Proposal { probability, ..proposal(key, ActionKind::Raise, value) };
    let proposals = [
        sure("a", None, 0.7),
        sure("b", Some(5.0), 0.9),
        sure("c", None, 0.99),
        sure("d", Some(-3.5), 0.9),
        sure("e", Some(5.0), 0.95),
        sure("f", Some(1e7), 0.6),
    ];
    follow(&app, &actor, &client, &proposals, today(&app)).await;
    let (mut keys, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = olga.json(&format!("{LIST}?limit=2{cursor}")).await;
        keys.extend(page["items"].as_array().unwrap().iter().map(|item| item["key"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(keys, ["f", "e", "b", "d", "c", "a"], "worth first, then the surest of what cannot be said in money");
    for (query, field) in
        [("?state=maybe", "state"), ("?kind=x", "kind"), ("?client_id=x", "client_id"), ("?cursor=x", "cursor")]
    {
        let answer = olga.get(&format!("{LIST}{query}")).await;
        assert_eq!(answer.status(), 422);
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["field"], field);
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_state_of_the_brain_brings_the_ledger_along(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let (olga, actor, client) = agency(&app).await;
    follow(&app, &actor, &client, &[raise(100.0)], today(&app)).await;
    let asked: Value = olga.post("/api/v1/brain/compute", &json!({})).await.json().await.unwrap();
    for _ in 0..200 {
        if olga.json(&format!("/api/v1/brain/cycles/{}", asked["id"].as_str().unwrap())).await["state"] == "done" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    // Nothing was read of this client, so the state that came out proposes nothing.
    assert_eq!(listed(&olga, "").await[0].1, "withdrawn");
    assert_eq!(count(&pool, "select count(*) from action_event").await, 2);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_page_shows_three_and_its_forms_work_before_it_is_live(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let (olga, actor, client) = agency(&app).await;
    let empty = olga.get("/actions").await.text().await.unwrap();
    assert!(empty.contains("Nothing was thought yet."), "{empty}");
    let mut proposals: Vec<_> =
        (0..5).map(|n| proposal(&format!("raise:{n}"), ActionKind::Raise, Some(1000.0 + f64::from(n)))).collect();
    proposals.push(proposal("pause:ad-1", ActionKind::PauseCreative, None));
    follow(&app, &actor, &client, &proposals, today(&app)).await;
    let page = async |path: &str| olga.get(path).await.text().await.unwrap();
    let best = page("/actions").await;
    assert_eq!(best.matches("data-test=\"action proposed\"").count(), 3);
    for words in [
        "+1,004.00 EUR",
        "+954.00 EUR",
        "5 %",
        "Orders: far below what was to be expected (2026-11-01 to 2026-11-02, 97 % sure)",
        "Spend per day: 120 (2026-11-01)",
        "A season or promotion ahead",
        "say that it is done",
        "href=\"/actions?proposals=all\"",
    ] {
        assert!(best.contains(words), "{words}: {best}");
    }
    let all = page("/actions?proposals=all").await;
    assert_eq!(all.matches("data-test=\"action proposed\"").count(), 6);
    assert!(all.contains("nobody said what stays of this client"), "{all}");
    assert_eq!(page(&format!("/actions?client={client}")).await.matches("data-test=\"action proposed\"").count(), 3);
    assert_eq!(page(&format!("/clients/{client}")).await.matches(&format!("/actions?client={client}")).count(), 1);
    let nowhere = page("/actions?client=018f0000-0000-7000-8000-000000000000").await;
    assert!(nowhere.contains("There is no such client in your sight."), "{nowhere}");

    let ranked = listed(&olga, "").await;
    let (first, second) = (&*ranked[0].0, &*ranked[1].0);
    let kept = post(&olga, "finish_action", &[("id", first), ("on", "2026-02-30")]).await;
    assert_eq!(kept.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let refused =
        post(&olga, "dismiss_action", &[("id", second), ("reason", &format!("no {}", "x".repeat(1000)))]).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let back = refused.text().await.unwrap();
    assert!(back.contains("The reason can have at most 1000 characters") && back.contains("value=\"no xxxx"), "{back}");
    assert_eq!(back.matches("value=\"no xxxx").count(), 1, "at the action that it was about");
    for (function, fields) in [
        ("approve_action", vec![("id", first)]),
        ("finish_action", vec![("id", first), ("on", "")]),
        ("dismiss_action", vec![("id", second), ("reason", "stock is low")]),
    ] {
        let answer = post(&olga, function, &fields).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{function}");
        assert_eq!(answer.headers()[header::LOCATION], "/actions");
    }
    let after = page("/actions?past=shown").await;
    for words in [
        "data-test=\"action done\"",
        "measured from the days until",
        "data-test=\"action dismissed\"",
        "“stock is low”",
    ] {
        assert!(after.contains(words), "{words}: {after}");
    }
    execute(
        &pool,
        "update action set state = 'measured', unmeasured = 'no days were read' where state = 'done'".into(),
    )
    .await;
    let measured = page("/actions").await;
    assert!(measured.contains("Came: – (") && measured.contains("1 cannot be told"), "{measured}");
    app.finish().await;
}
