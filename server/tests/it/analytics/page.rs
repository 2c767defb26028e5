//! The page as a browser gets it before anything runs there: the figures of the answer, what was typed, and forms that lead back.

use reqwest::{StatusCode, header};

use super::*;
use crate::dashboard::shown;

async fn page(browser: &Browser, path: &str) -> (StatusCode, String) {
    let answer = browser.get(path).await;
    (answer.status(), answer.text().await.unwrap().replace("&amp;", "&"))
}

/// Posts a form of the page as a browser does by itself.
async fn post(browser: &Browser, function: &str, fields: &[(&str, &str)], page: &str) -> reqwest::Response {
    let request = browser.client.post(format!("{}/app/{function}", browser.url));
    let referer = format!("{}{page}", browser.url);
    request.header(header::ACCEPT, "text/html").header(header::REFERER, referer).form(fields).send().await.unwrap()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_page_shows_what_is_answered_and_its_file_is_of_the_same_question(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = agency(&app).await;
    let client = furnish(&app, &olga, "Brewery", 60).await;
    furnish(&app, &olga, "Bakery", 60).await;
    let own = format!("/clients/{client}/analytics");
    for (path, whole) in [("/analytics", String::new()), (own.as_str(), format!("&client_id={client}"))] {
        let answer = asked(&olga, &format!("range=last_7&by=day{whole}")).await;
        let (status, html) = page(&olga, &format!("{path}?range=last_7&by=day")).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        let figures = shown(&html);
        for key in ["spend", "ledger_revenue", "orders", "mer", "claimed_revenue"] {
            let now = &total(&answer, key)["now"];
            let id = now["id"].as_str().unwrap();
            assert_eq!(figures.get(id).map(String::as_str), now["shown"].as_str(), "{path} {key}");
        }
        let mut links = html.split("href=\"").map(|rest| rest.split('"').next().unwrap());
        let file = links.find(|href| href.starts_with("/api/v1/analytics/export?") && href.contains("csv")).unwrap();
        let csv = olga.get(file).await.text().await.unwrap();
        let spend = total(&answer, "spend")["now"]["value"].as_str().unwrap();
        let line = csv.lines().find(|line| line.starts_with("\"total\",") && line.contains("\"spend\"")).unwrap();
        assert!(line.contains(&format!(",{spend},")), "{path}: {line}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_makes_no_sense_is_told_and_what_was_typed_stays(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = agency(&app).await;
    let client = furnish(&app, &olga, "Brewery", 60).await;
    let usual = shown(&page(&olga, "/analytics").await.1);
    for (query, words, typed) in [
        ("from=2026-11-20&to=2026-11-01", "The last day must not be before the first", "value=\"2026-11-20\""),
        ("from=1976-11-20&to=2026-11-01", "which are ten years", "value=\"1976-11-20\""),
        ("from=rubbish&to=2026-11-01", "Enter a day as 2026-11-03", "rubbish"),
        ("range=soon&compare=x&by=hour", "Range is one of", "soon"),
        ("client_id=018f0000-0000-7000-8000-000000000000", "gone or not in your sight", "018f0000"),
        ("creative=x", "This is no id", "value=\"x\""),
    ] {
        let (status, html) = page(&olga, &format!("/analytics?{query}")).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(html.contains(words) && html.contains(typed), "{query}: {html}");
        assert!(!html.contains("could not be loaded"), "{query}");
        let figures = shown(&html);
        let spend = |figures: &std::collections::BTreeMap<String, String>| {
            figures.iter().find(|(id, _)| id.starts_with("m.spend.a")).map(|(_, shown)| shown.clone())
        };
        assert_eq!(spend(&figures), spend(&usual), "{query}: the usual days are shown");
    }
    let nobody = "/clients/018f0000-0000-7000-8000-000000000000/analytics";
    let (status, html) = page(&olga, nobody).await;
    assert_eq!((status, html.matches("There is no such client in your sight").count()), (StatusCode::NOT_FOUND, 1));
    assert!(olga.send("DELETE", &format!("/api/v1/clients/{client}"), &json!({})).await.status().is_success());
    let (status, html) = page(&olga, &format!("/clients/{client}/analytics")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(html.contains("Brewery is archived"));
    assert_eq!(html.matches("data-test=\"closed\"").count(), 1, "it is said once");
    assert!(shown(&html).is_empty(), "no figure of others stands in its place");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_view_is_kept_renamed_and_thrown_away_by_forms(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = agency(&app).await;
    let here = "/analytics?range=last_7";
    let kept = post(&olga, "save_view", &[("query", "range=last_7"), ("name", "Mondays")], here).await;
    assert_eq!((kept.status(), kept.headers()[header::LOCATION].to_str().unwrap()), (StatusCode::SEE_OTHER, here));
    let views = olga.json("/api/v1/views").await["items"].clone();
    assert_eq!((&views[0]["name"], &views[0]["query"]), (&json!("Mondays"), &json!("range=last_7")));
    let id = views[0]["id"].as_str().unwrap();
    let (_, html) = page(&olga, "/analytics").await;
    assert!(html.contains("href=\"/analytics?range=last_7\""), "{html}");

    let wrong = [("query", "from=2026-11-20&to=2026-11-01"), ("name", "Typed")];
    let refused = post(&olga, "save_view", &wrong, here).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let html = refused.text().await.unwrap();
    assert!(html.contains("The last day must not be before the first"), "{html}");
    assert!(html.contains("value=\"Typed\""), "what was typed stays");

    let renamed = post(&olga, "rename_view", &[("id", id), ("name", "Every Monday")], here).await;
    assert_eq!(renamed.status(), StatusCode::SEE_OTHER);
    assert_eq!(olga.json("/api/v1/views").await["items"][0]["name"], "Every Monday");
    assert_eq!(post(&olga, "remove_view", &[("id", id)], here).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(olga.json("/api/v1/views").await["items"], json!([]));
    app.finish().await;
}
