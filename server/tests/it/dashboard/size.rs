//! What a browser loads of the dashboard does not grow with the accounts of an agency: of many sources a page shows those that need
//! something, and what a number is made of comes when it is opened.

use super::{figures::opened, *};

/// What is called so, of numbered ones.
fn name(number: usize) -> String {
    format!("Ledger {number:02}")
}

/// Sources of a client; into the later ones days were imported that end yesterday.
async fn sources(app: &TestApp, olga: &Browser, client: &str, blank: usize, read: usize) {
    let yesterday = today(app).previous_day().unwrap();
    for number in 0..blank + read {
        let new =
            json!({"name": name(number), "holds": "ads", "currency": "EUR", "time_zone": "UTC", "client_id": client});
        let source = olga.create("/api/v1/imports/sources", &new).await;
        if number >= blank {
            push(olga, &source, days(yesterday, 1, "ads")).await;
        }
    }
}

/// How many rows a page shows, and which sources it holds, on screen or for its code.
fn told(page: &str) -> (usize, Vec<usize>) {
    let held = |number: &usize| {
        let name = name(*number);
        page.contains(&format!(r#"\"name\":\"{name}\""#)) || page.contains(&format!(">{name}<"))
    };
    (page.matches("data-test=\"source\"").count(), (0..100).filter(held).collect())
}

/// The words of the element with this `data-test`, until the end of its paragraph.
fn words(page: &str, test: &str) -> String {
    let (_, rest) = page.split_once(&format!("data-test=\"{test}\"")).unwrap();
    let paragraph = rest.split("</p>").next().unwrap();
    paragraph.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text).collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_many_sources_the_page_holds_those_that_need_something_and_counts_the_others(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = agency(&app).await;
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery"})).await;
    sources(&app, &olga, &client, 25, 15).await;
    let all: Vec<usize> = (0..40).collect();
    for path in ["/dashboard".to_owned(), format!("/clients/{client}/dashboard")] {
        let page = olga.get(&path).await.text().await.unwrap();
        assert_eq!(told(&page), (20, (0..20).collect()), "{path}: {page}");
        let left = words(&page, "sources-more");
        assert_eq!(left, "5 more to look at, 15 more that are fresh. Show all sources", "{path}");
        assert!(page.contains(&format!("{path}?sources=all#sources")), "{path}: {page}");
        // The link leads to all of them, also where nothing runs in the browser.
        let whole = olga.get(&format!("{path}?sources=all")).await.text().await.unwrap();
        assert_eq!(told(&whole), (40, all.clone()), "{path}: {whole}");
        assert!(whole.contains("Show fewer sources") && !whole.contains("sources-more"), "{path}: {whole}");
    }
    // Programs are told of all.
    assert_eq!(olga.json("/api/v1/dashboard").await["sources"].as_array().unwrap().len(), 40);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_a_number_is_made_of_comes_when_it_is_opened(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = agency(&app).await;
    let client = furnish(&app, &olga, "Bakery", 60).await;
    think(&olga).await;
    for path in ["/dashboard", "/summary"] {
        let page = olga.get(path).await.text().await.unwrap();
        let mut made = Vec::new();
        for id in shown(&page).into_keys().filter(|id| id.starts_with("s.")) {
            let figure = opened(&olga, &id, "").await;
            let lines = figure["evidence"]["made"].as_array().unwrap().clone();
            made.extend(lines.iter().map(|line| line.as_str().unwrap().to_owned()));
        }
        // Names of sources end with the client's id.
        made.retain(|line| line.contains(&client[24..]));
        assert!(!made.is_empty(), "{path} has numbers that are made of sources: {page}");
        for line in made {
            assert!(!page.contains(&line), "{path} holds {line}");
        }
    }
    app.finish().await;
}
