//! The page of actions: the best proposals, its lists to their end, and its forms before it is live.

use reqwest::{StatusCode, header};

use super::*;

/// Posts a form of the page of actions as a browser does by itself.
async fn post(browser: &Browser, function: &str, fields: &[(&str, &str)]) -> reqwest::Response {
    post_at(browser, "/actions", function, fields).await
}

/// The same of another page.
async fn post_at(browser: &Browser, page: &str, function: &str, fields: &[(&str, &str)]) -> reqwest::Response {
    let request = browser.client.post(format!("{}/app/{function}", browser.url));
    let request = request.header(header::ACCEPT, "text/html").header(header::REFERER, format!("{}{page}", browser.url));
    request.form(fields).send().await.unwrap()
}

/// What a page says, without its marks.
fn text(page: &str) -> String {
    page.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text).collect()
}

/// The ids of the cards on a page, in their order.
fn cards(page: &str) -> Vec<String> {
    page.split("id=\"action-").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

/// The ids of all cards of a list, from a page on by its links to the rest.
async fn walk(browser: &Browser, list: &str, path: &str) -> Vec<String> {
    let (mut seen, mut path) = (Vec::new(), path.to_owned());
    loop {
        let page = browser.get(&path).await.text().await.unwrap().replace("&amp;", "&");
        let here = cards(&page);
        assert!(!here.is_empty() && here.len() <= 25, "{path}: {}", here.len());
        seen.extend(here);
        let mut links = page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        match links.find(|href| href.contains(&format!("list={list}&cursor="))) {
            Some(href) => path = href.to_owned(),
            None => return seen,
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_list_of_the_page_can_be_read_to_its_end(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let (olga, actor, client) = agency(&app).await;
    let one = |n: u8| proposal(&format!("raise:{n}"), ActionKind::Raise, Some(f64::from(n)));
    follow(&app, &actor, &client, &(0..60).map(one).collect::<Vec<_>>(), today(&app)).await;
    let ranked: Vec<String> = listed(&olga, "?limit=100").await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ranked.len(), 60);
    // What is worth least stands so since the newest day.
    let oldest_last: Vec<String> = ranked.iter().rev().cloned().collect();
    assert_eq!(walk(&olga, "proposed", "/actions?proposals=all").await, ranked);
    let of_client = format!("/actions?client={client}");
    for (list, sql, path, expected) in [
        ("approved", "update action set state = 'approved'", "/actions", &ranked),
        (
            "done",
            "update action set state = 'done', since = date '2026-03-01' - (proposal->>'score')::float::int,
               done_on = date '2026-03-01' - (proposal->>'score')::float::int, done_at = now()",
            of_client.as_str(),
            &oldest_last,
        ),
        (
            "measured",
            "update action set state = 'measured', unmeasured = 'no days were read'",
            "/actions",
            &oldest_last,
        ),
    ] {
        execute(&pool, sql.to_owned()).await;
        assert_eq!(&walk(&olga, list, path).await, expected, "{list}");
    }
    let first = listed(&olga, "").await[0].0.replace('-', "");
    let end = olga.get(&format!("/actions?list=done&cursor=0_{first}")).await.text().await.unwrap();
    assert!(end.contains("There are no more of these.") && cards(&end).is_empty(), "{end}");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_page_shows_three_and_its_forms_work_before_it_is_live(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let (olga, actor, client) = agency(&app).await;
    let empty = olga.get("/actions").await.text().await.unwrap();
    assert!(empty.contains("Nothing has been analysed yet."), "{empty}");
    let mut proposals: Vec<_> =
        (0..5).map(|n| proposal(&format!("raise:{n}"), ActionKind::Raise, Some(1000.0 + f64::from(n)))).collect();
    proposals.push(proposal("pause:ad-1", ActionKind::PauseCreative, None));
    follow(&app, &actor, &client, &proposals, today(&app)).await;
    let page = async |path: &str| olga.get(path).await.text().await.unwrap();
    let best = page("/actions").await;
    assert_eq!(best.matches("data-test=\"action proposed\"").count(), 3);
    let read_out = text(&best);
    for words in [
        "+1,004.00 EUR",
        "+954.00 EUR",
        "5 %",
        "Orders: far below what was to be expected (2026-11-01 to 2026-11-02, 97 % sure)",
        "Spend per day: 120.00 EUR (2026-11-01)",
        "A season or promotion ahead",
        "say that it is done",
    ] {
        assert!(read_out.contains(words), "{words}: {read_out}");
    }
    assert!(best.contains("href=\"/actions?proposals=all\""), "{best}");
    // Every number of a card opens as it stands there.
    let figures: Vec<(&str, &str)> = best
        .split("data-figure=\"")
        .skip(1)
        .map(|rest| rest.split_once('"').unwrap())
        .map(|(id, rest)| (id, rest.split_once('>').unwrap().1.split('<').next().unwrap()))
        .collect();
    assert!(figures.len() > 20, "{figures:?}");
    for (id, shown) in figures {
        let opened = olga.json(&format!("/api/v1/figures/{id}")).await;
        assert!(opened["evidence"].is_object(), "{id}: {opened}");
        if id.starts_with("p.") {
            assert_eq!(opened["shown"], json!(shown), "{id}");
        }
    }
    for (query, there) in [("?kind=raise", 3), ("?kind=pause_creative", 1), ("?kind=lower", 0), ("?list=approved", 0)] {
        let narrowed = page(&format!("/actions{query}")).await;
        assert_eq!(narrowed.matches("data-test=\"action proposed\"").count(), there, "{query}");
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
    let version = |now: Value| now["version"].as_str().unwrap().to_owned();
    let (of_first, of_second) = (version(read(&olga, first).await), version(read(&olga, second).await));
    assert!(best.contains(&format!("name=\"version\" value=\"{of_first}\"")), "what is read is posted: {best}");
    // Newer figures come in between: the answer is the page with them, and with what was typed.
    let newer: Vec<_> = proposals.iter().map(|one| Proposal { effort_minutes: 20, ..one.clone() }).collect();
    follow(&app, &actor, &client, &newer, today(&app)).await;
    for (function, fields) in [
        ("approve_action", vec![("id", first), ("version", &of_first)]),
        (
            "dismiss_action",
            vec![("id", second), ("reason", "stock is low"), ("seen", "proposed"), ("version", &of_second)],
        ),
    ] {
        let answer = post(&olga, function, &fields).await;
        assert_eq!(answer.status(), StatusCode::CONFLICT, "{function}");
        let back = answer.text().await.unwrap();
        assert!(back.contains("newer figures") && back.contains("20 min"), "{function}: {back}");
        assert_eq!(back.contains("value=\"stock is low\""), function == "dismiss_action", "{back}");
        assert_eq!(back.matches("data-test=\"action proposed\"").count(), 3, "nothing was decided");
    }
    let (of_first, of_second) = (version(read(&olga, first).await), version(read(&olga, second).await));
    let kept = post(&olga, "finish_action", &[("id", first), ("on", "2026-02-30")]).await;
    assert_eq!(kept.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let refused =
        post(&olga, "dismiss_action", &[("id", second), ("reason", &format!("no {}", "x".repeat(1000)))]).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let back = refused.text().await.unwrap();
    assert!(back.contains("The reason can have at most 1000 characters") && back.contains("value=\"no xxxx"), "{back}");
    assert_eq!(back.matches("value=\"no xxxx").count(), 1, "at the action that it was about");
    for (function, fields) in [
        ("approve_action", vec![("id", first), ("version", &of_first)]),
        ("finish_action", vec![("id", first), ("on", "")]),
        ("dismiss_action", vec![("id", second), ("reason", "stock is low"), ("version", &of_second)]),
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

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_three_of_the_dashboard_are_decided_about_where_they_stand(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (olga, actor, client) = agency(&app).await;
    let proposals: Vec<_> =
        (0..5).map(|n| proposal(&format!("raise:{n}"), ActionKind::Raise, Some(1000.0 + f64::from(n)))).collect();
    follow(&app, &actor, &client, &proposals, today(&app)).await;
    let ranked: Vec<String> = listed(&olga, "").await.into_iter().map(|(id, _)| id).collect();
    let own = format!("/clients/{client}/dashboard");
    let page = async |path: &str| olga.get(path).await.text().await.unwrap();
    for path in ["/dashboard", own.as_str()] {
        assert_eq!(cards(&page(path).await), ranked[..3], "{path}");
    }
    let (first, second) = (ranked[0].as_str(), ranked[1].as_str());
    let version = async |id: &str| read(&olga, id).await["version"].as_str().unwrap().to_owned();
    let stands = async |id: &str| olga.json(&format!("{LIST}/{id}")).await["state"].clone();
    for (path, function, fields, id, state) in [
        ("/dashboard", "approve_action", vec![("version", version(first).await)], first, "approved"),
        (own.as_str(), "finish_action", vec![("on", String::new())], first, "done"),
        (
            "/dashboard",
            "dismiss_action",
            vec![("reason", "stock is low".to_owned()), ("version", version(second).await)],
            second,
            "dismissed",
        ),
    ] {
        assert!(cards(&page(path).await).iter().any(|card| card == id), "{id} is on {path} before {function}");
        let mut sent = vec![("id", id)];
        sent.extend(fields.iter().map(|(name, text)| (*name, text.as_str())));
        let answer = post_at(&olga, path, function, &sent).await;
        assert_eq!(
            (answer.status(), answer.headers()[header::LOCATION].to_str().unwrap()),
            (StatusCode::SEE_OTHER, path)
        );
        assert_eq!(stands(id).await, state, "{function}");
    }
    assert_eq!(cards(&page("/dashboard").await), ranked[2..], "what is left moves up");
    app.finish().await;
}
