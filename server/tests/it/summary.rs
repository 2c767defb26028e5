//! The executive summary over HTTP and on its page: of real cycles every number is a figure of the state, each persona has
//! words of its own, and everybody is told of the clients they see and of no others.

use std::{collections::BTreeSet, time::Duration};

use model::{
    brain::Outcome,
    summary::{Figure, Sentence},
};
use reqwest::header;
use serde_json::{Value, json};
use service::summary::{Bodies, unfounded};
use sqlx::PgPool;

use crate::support::{Browser, TestApp, count};

const PERSONAS: [&str; 3] = ["cmo", "vp_growth", "director"];

/// Advertising of a client, and its shop where it has one, of so many days that end yesterday.
async fn furnish(app: &TestApp, olga: &Browser, name: &str, days: i64, shop: bool) -> String {
    let client = olga.create("/api/v1/clients", &json!({"name": name, "currency": "EUR"})).await;
    let today = app.service.clock.now().date();
    let day = |ago: i64| (today - time::Duration::days(ago)).to_string();
    let ads: Vec<Value> = (1..=days)
        .map(|ago| {
            // It all but stops three days ago.
            let (spend, clicks) = if ago <= 3 { (1, 1) } else { (100 + ago % 7, 200 + ago % 7 * 20 + ago % 3) };
            json!({"day": day(ago), "spend": spend, "impressions": 10_000 + ago % 7 * 900, "clicks": clicks,
                "conversions": 10 + ago % 5, "claimed_revenue": 900 + ago % 11 * 9})
        })
        .collect();
    let books: Vec<Value> = (1..=days)
        .map(|ago| json!({"day": day(ago), "orders": 9 + ago % 7 + ago % 3, "ledger_revenue": 500 + ago % 7 * 31 + ago * ago % 13}))
        .collect();
    for (holds, rows) in [("ads", ads), ("shop", books)] {
        if holds == "shop" && !shop {
            continue;
        }
        let new = json!({"name": format!("{holds} of {name}"), "holds": holds, "currency": "EUR", "time_zone": "UTC", "client_id": client});
        let source = olga.create("/api/v1/imports/sources", &new).await;
        let answer = olga.post("/api/v1/ingest/file", &json!({"source_id": source, "rows": rows})).await;
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    }
    client
}

async fn think(olga: &Browser) {
    let asked: Value = olga.post("/api/v1/brain/compute", &json!({})).await.json().await.unwrap();
    let path = format!("/api/v1/brain/cycles/{}", asked["id"].as_str().unwrap());
    for _ in 0..600 {
        let cycle = olga.json(&path).await;
        assert_ne!(cycle["state"], "failed", "{cycle}");
        if cycle["state"] == "done" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the cycle did not end");
}

/// Everything that the state says to this browser.
async fn outcomes(browser: &Browser) -> Vec<Outcome> {
    let mut items = browser.json("/api/v1/brain/state").await["risks"].as_array().unwrap().clone();
    for list in ["figures", "forecasts", "findings"] {
        let mut cursor = String::new();
        loop {
            let page = browser.json(&format!("/api/v1/brain/{list}?limit=100{cursor}")).await;
            items.extend(page["items"].as_array().unwrap().clone());
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
    }
    let one = |item: Value| Outcome {
        number: i32::try_from(item["number"].as_i64().unwrap()).unwrap(),
        kind: item["kind"].as_str().unwrap().to_owned(),
        client_id: None,
        channel_id: None,
        body: item["body"].to_string(),
    };
    items.into_iter().map(one).collect()
}

fn sentences(summary: &Value) -> Vec<Sentence> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let figure = |figure: &Value| Figure {
        key: text(&figure["key"]).unwrap(),
        value: text(&figure["value"]).unwrap(),
        unit: text(&figure["unit"]).unwrap(),
        shown: text(&figure["shown"]).unwrap(),
        at: usize::try_from(figure["at"].as_u64().unwrap()).unwrap(),
        outcome: i32::try_from(figure["basis"]["outcome"].as_i64().unwrap()).unwrap(),
        path: text(&figure["basis"]["path"]).unwrap(),
        first: text(&figure["first"]),
        last: text(&figure["last"]),
        made: Vec::new(),
    };
    let sentence = |sentence: &Value| Sentence {
        text: text(&sentence["text"]).unwrap(),
        figures: sentence["figures"].as_array().unwrap().iter().map(figure).collect(),
    };
    let all = summary["sections"].as_array().unwrap().iter();
    all.flat_map(|section| section["sentences"].as_array().unwrap()).map(sentence).collect()
}

fn text(summary: &Value) -> String {
    sentences(summary).into_iter().map(|sentence| sentence.text + "\n").collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn there_is_no_summary_before_the_first_cycle_and_none_for_nobody(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let body = async |path: &str| {
        let answer = olga.get(path).await;
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap()["error"].clone())
    };
    let (status, error) = body("/api/v1/brain/summary?persona=cmo").await;
    let (_, neighbour) = body("/api/v1/brain/findings").await;
    assert_eq!((status, &error["message"]), (404, &neighbour["message"]), "{error}");
    for (query, field) in [
        ("", "persona"),
        ("?persona=ceo", "persona"),
        ("?persona=cmo&client_id=x", "client_id"),
        ("?persona=cmo&as_of=yesterday", "as_of"),
    ] {
        let (status, error) = body(&format!("/api/v1/brain/summary{query}")).await;
        assert_eq!((status, &error["field"]), (422, &json!(field)), "{error}");
    }
    let page = olga.get("/summary").await.text().await.unwrap();
    assert!(page.contains("Nothing has been analysed yet") && page.contains("Connect an account"), "{page}");
    let wrong = olga.get("/summary?persona=ceo").await;
    assert_eq!(wrong.status(), 422);
    assert!(wrong.text().await.unwrap().contains("hoose CMO, VP Growth or Director of Performance"));

    think(&olga).await;
    let nothing = text(&olga.json("/api/v1/brain/summary?persona=cmo").await);
    assert!(nothing.contains("not enough data yet"), "{nothing}");
    assert_eq!(body("/api/v1/brain/summary?persona=cmo&as_of=2020-01-01T00:00:00Z").await.0, 404);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_number_of_real_states_is_a_figure_and_no_persona_borrows_a_sentence(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    assert_eq!(olga.send("PATCH", "/api/v1/organization", &json!({"currency": "EUR"})).await.status(), 200);
    let mut clients = Vec::new();
    for (name, days, shop) in [("Bakery", 150, true), ("Brewery", 20, true), ("Clinic", 90, false), ("Dairy", 3, false)]
    {
        clients.push(furnish(&app, &olga, name, days, shop).await);
    }
    think(&olga).await;
    let bodies = Bodies::read(&outcomes(&olga).await);
    let mut counted = 0;
    let of: Vec<String> =
        std::iter::once(String::new()).chain(clients.iter().map(|id| format!("&client_id={id}"))).collect();
    for client in &of {
        let mut told: Vec<(Vec<String>, BTreeSet<String>)> = Vec::new();
        for persona in PERSONAS {
            let path = format!("/api/v1/brain/summary?persona={persona}{client}");
            let summary = olga.json(&path).await;
            assert_eq!(summary["persona"], persona);
            let all = sentences(&summary);
            for sentence in &all {
                assert_eq!(unfounded(sentence, &bodies), None, "{}", sentence.text);
            }
            counted += all.iter().map(|sentence| sentence.figures.len()).sum::<usize>();
            let mut figures: Vec<String> = all
                .iter()
                .flat_map(|sentence| &sentence.figures)
                .map(|figure| format!("{} {} {}", figure.outcome, figure.path, figure.shown))
                .collect();
            figures.sort();
            told.push((figures, all.into_iter().map(|sentence| sentence.text).collect()));
        }
        assert_eq!((&told[0].0, &told[0].0), (&told[1].0, &told[2].0), "the same figures");
        for (one, other) in [(0, 1), (0, 2), (1, 2)] {
            assert!(told[one].1.is_disjoint(&told[other].1), "{:?} {:?}", told[one].1, told[other].1);
        }
    }
    assert!(counted > 200, "{counted}");

    let bakery = |persona: &str| format!("/api/v1/brain/summary?persona={persona}&client_id={}", clients[0]);
    let money = text(&olga.json(&bakery("cmo")).await);
    for words in
        ["Bakery in the 28 days", "spend ", "ledger revenue ", "claimed revenue ", "counted twice", "expected to come"]
    {
        assert!(money.contains(words), "{words} is not in {money}");
    }
    let commands = text(&olga.json(&bakery("director")).await);
    assert!(commands.contains("Check ads of Bakery [") && commands.contains("Look today at Bakery"), "{commands}");
    let little = text(&olga.json(&format!("/api/v1/brain/summary?persona=cmo&client_id={}", clients[3])).await);
    assert!(little.contains("not enough data yet") && little.contains("not connected"), "{little}");

    let page = olga.get(&format!("/summary?persona=director&client_id={}", clients[0])).await.text().await.unwrap();
    for words in ["Keep an eye on", "data-figure=\"s.", "As text", "Mail it", "Director of Performance"] {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn everybody_is_told_of_the_clients_they_see(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let mut clients = Vec::new();
    for name in ["Bakery", "Brewery"] {
        clients.push(furnish(&app, &olga, name, 60, true).await);
    }
    think(&olga).await;
    let max = app.join(&olga, "max@acme.test", "manager").await;
    for persona in PERSONAS {
        let path = format!("/api/v1/brain/summary?persona={persona}");
        let nothing = olga.json(&path).await;
        assert!(text(&nothing).contains("The agency") || text(&nothing).contains("the agency"), "{nothing}");
        let hers = text(&max.json(&path).await);
        assert!(
            !hers.is_empty() && !hers.contains("Bakery") && !hers.contains("Brewery") && !hers.contains("agency"),
            "{hers}"
        );
    }
    let member = max.member_id().await;
    olga.create("/api/v1/assignments", &json!({"member_id": member, "client_id": clients[0]})).await;
    let seen = Bodies::read(&outcomes(&max).await);
    for persona in PERSONAS {
        let summary = max.json(&format!("/api/v1/brain/summary?persona={persona}")).await;
        let told = text(&summary);
        assert!(told.contains("Bakery") && !told.contains("Brewery") && !told.contains("agency"), "{told}");
        for sentence in sentences(&summary) {
            assert_eq!(unfounded(&sentence, &seen), None, "it is made of what he sees: {}", sentence.text);
        }
    }
    let foreign = format!("/api/v1/brain/summary?persona=cmo&client_id={}", clients[1]);
    assert_eq!(max.get(&foreign).await.status(), 404, "as if there were no such client");
    let page = max.get("/summary").await.text().await.unwrap();
    assert!(page.contains("Bakery") && !page.contains("Brewery"), "{page}");

    // Another agency has nothing of it.
    let nia = app.owner("nia@other.test", "Other").await;
    assert_eq!(nia.get("/api/v1/brain/summary?persona=cmo").await.status(), 404);
    assert_eq!(nia.get(&foreign).await.status(), 404);
    app.finish().await;
}

/// Posts the form of the summary as a browser does by itself.
async fn mail(browser: &Browser, click: &str, client: &str, to: &[&str]) -> u16 {
    let request = browser.client.post(format!("{}/app/mail_summary", browser.url));
    let page = format!("{}/summary", browser.url);
    let request = request.header(header::ACCEPT, "text/html").header(header::REFERER, page);
    let mut fields = vec![("click", click), ("persona", "cmo"), ("client_id", client)];
    fields.extend(to.iter().map(|id| ("to[]", *id)));
    request.form(&fields).send().await.unwrap().status().as_u16()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_summary_is_mailed_once_for_each_click_and_tells_each_of_the_clients_they_see(pool: PgPool) {
    const CLICKS: [&str; 3] = [
        "0190a1b2-c3d4-7000-8000-000000000001",
        "0190a1b2-c3d4-7000-8000-000000000002",
        "0190a1b2-c3d4-7000-8000-000000000003",
    ];
    let app = TestApp::start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let mut clients = Vec::new();
    for name in ["Bakery", "Brewery"] {
        clients.push(furnish(&app, &olga, name, 90, true).await);
    }
    let max = app.join(&olga, "max@acme.test", "manager").await;
    let (olgas, maxs) = (olga.member_id().await, max.member_id().await);
    let (own, other) = (olgas.as_str().unwrap(), maxs.as_str().unwrap());
    let mails = |name: &str| -> Vec<String> {
        let all = app.mails(&format!("{name}@acme.test"));
        all.into_iter().filter(|mail| mail.contains("<summary-")).collect()
    };
    let rest = async || {
        for _ in 0..800 {
            if app.jobs_left().await == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("jobs are left");
    };
    assert_eq!(mail(&olga, CLICKS[0], "", &[own]).await, 422, "nothing was thought yet");
    think(&olga).await;
    assert_eq!(mail(&olga, CLICKS[0], "", &[]).await, 422, "nobody was chosen");
    let body = json!({"member_id": maxs, "client_id": clients[0]});
    olga.create("/api/v1/assignments", &body).await;
    // However often it is posted, it is one click.
    for _ in 0..3 {
        assert_eq!(mail(&olga, CLICKS[0], "", &[own, other]).await, 303);
    }
    rest().await;
    assert_eq!((mails("olga").len(), mails("max").len()), (1, 1));
    let (hers, his) = (mails("olga").remove(0), mails("max").remove(0));
    assert!(
        hers.contains("Subject: Acme: summary for the CMO, ") && hers.contains("You asked for this summary"),
        "{hers}"
    );
    assert!(!hers.contains("Simulated"), "{hers}");
    assert!(his.contains("Olga Owner has this summary mailed to you") && his.contains("Bakery"), "{his}");
    assert!(!his.contains("Brewery"), "he does not see that client: {his}");
    // A job that runs again finds nothing left to send; a client out of sight is told to nobody.
    let agency = olga.json("/api/v1/organization").await;
    let mut tx = app.service.db.system().await.unwrap();
    let job = model::job::Job::MailSummary {
        organization_id: agency["id"].as_str().unwrap().parse().unwrap(),
        summary_mail_id: CLICKS[0].parse().unwrap(),
        member_id: other.parse().unwrap(),
    };
    store::queue::enqueue(&mut tx, &job, None).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(mail(&olga, CLICKS[1], &clients[1], &[own, other]).await, 303);
    assert_eq!(mail(&max, CLICKS[2], &clients[1], &[other]).await, 404);
    rest().await;
    assert_eq!((mails("olga").len(), mails("max").len()), (2, 1));
    let open = "select count(*) from summary_mail where settled_at is null";
    assert_eq!(count(&pool, open).await, 0);
    app.finish().await;
}
