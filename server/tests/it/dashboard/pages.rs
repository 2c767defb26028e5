//! The other pages with numbers: every digit lies in a figure that opens or is marked as none, crawled and not sampled.

use super::{
    figures::{adds_up, opened},
    *,
};

/// Elements without an end.
const VOID: [&str; 6] = ["input", "br", "hr", "img", "meta", "link"];

/// The digits of a page that lie in no figure and in nothing that is marked as none, with the words around them.
fn loose(page: &str) -> Vec<String> {
    let main = page.split("<main").nth(1).unwrap().split("</main>").next().unwrap();
    // What scripts say is no text of the page, and may hold any letter.
    let main: String =
        main.split("<script").map(|part| part.split_once("</script>").map_or(part, |(_, rest)| rest)).collect();
    let (mut open, mut found): (Vec<(String, bool)>, Vec<String>) = (Vec::new(), Vec::new());
    for part in main.split('<').skip(1) {
        // A letter of an attribute's value, which goes on.
        let Some((tag, text)) = part.split_once('>') else { continue };
        if let Some(name) = tag.strip_prefix('/') {
            while open.pop().is_some_and(|(other, _)| other != name) {}
        } else if !tag.starts_with('!') {
            let name = tag.split([' ', '/']).next().unwrap().to_owned();
            let marked = ["data-figure", "data-literal"].iter().any(|mark| tag.contains(mark));
            let kept =
                marked || ["script", "style"].contains(&name.as_str()) || open.last().is_some_and(|(_, kept)| *kept);
            if !VOID.contains(&name.as_str()) && !tag.ends_with('/') {
                open.push((name, kept));
            }
        }
        let kept = open.last().is_some_and(|(_, kept)| *kept);
        // Marks of letters are written with numbers.
        let text = text.replace("&#x27;", "").replace("&#39;", "");
        if !kept && text.contains(|letter: char| letter.is_ascii_digit()) {
            found.push(text);
        }
    }
    found
}

#[test]
fn digits_are_found_wherever_they_lie() {
    let page = |inside: &str| format!("<body><main id=\"page\"><p>{inside}</p></main></body>");
    for kept in
        ["none", "<a data-figure=\"x\">7</a>", "<span data-literal=\"\"><b>7</b> 8</span>", "<input value=\"7\"> x<br>"]
    {
        assert_eq!(loose(&page(kept)), Vec::<String>::new(), "{kept}");
    }
    for open in ["7", "<a data-figure=\"x\">7</a> 8", "<span>7</span>", "<input data-literal=\"\"> 7", "<!>7"] {
        assert_eq!(loose(&page(open)).len(), 1, "{open}");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_digit_of_every_page_with_figures_opens_or_is_marked(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = agency(&app).await;
    let client = furnish(&app, &olga, "Bakery", 150).await;
    furnish(&app, &olga, "Brewery 24", 90).await;
    think(&olga).await;
    let mut pages: Vec<String> = PERSONAS.iter().map(|persona| format!("/summary?persona={persona}")).collect();
    pages.extend(["/findings".to_owned(), "/alerts".to_owned(), format!("/clients/{client}?days=28")]);
    let mut seen = BTreeMap::new();
    for page in &pages {
        let html = olga.get(page).await.text().await.unwrap();
        let figures = shown(&html);
        assert!(!figures.is_empty(), "{page} shows no figure: {html}");
        // Of a client's page only its figures: it holds notes, addresses and numbers of telephones, too.
        let looked_at = match html.split_once("aria-label=\"Performance\"") {
            Some((_, rest)) => format!("<main><section{}</section></main>", rest.split("</section>").next().unwrap()),
            None => html.clone(),
        };
        assert_eq!(loose(&looked_at), Vec::<String>::new(), "{page}");
        for (id, text) in figures {
            seen.entry(id).or_insert((page.clone(), text));
        }
    }
    let (mut counted, mut of_states, mut of_client) = (0, 0, 0);
    for (id, (page, text)) in seen {
        let figure = opened(&olga, &id, "").await;
        assert_eq!(figure["id"], json!(id), "{page}");
        match id.split('.').collect::<Vec<_>>()[..] {
            ["m" | "d", "contribution_margin" | "cac" | "new_customers" | "returning_orders", ..] => {
                assert_eq!(figure["shown"], json!(text), "{page} {id}");
                assert_ne!(figure["parts"], json!([]), "{page} {id}");
                of_client += 1;
            }
            ["m" | "d", ..] => {
                assert_eq!(figure["shown"], json!(text), "{page} {id}");
                adds_up(&figure);
                counted += 1;
            }
            _ => {
                assert!(figure["evidence"].is_object() && figure["value"].is_string(), "{page} {id}: {figure}");
                of_states += 1;
            }
        }
    }
    assert!(counted > 20 && of_states > 20 && of_client >= 2, "{counted} {of_states} {of_client}");
    // What is of a client alone is of now alone.
    let days = "2026-11-01.2026-11-07";
    let of = |scope: &str| format!("/api/v1/figures/m.cac.{scope}.{days}.EUR");
    assert_eq!(olga.get(&format!("{}?as_of=2026-11-03T12:00:00Z", of(&format!("c{client}")))).await.status(), 422);
    assert_eq!(olga.get(&of("c018f0000-0000-7000-8000-000000000000")).await.status(), 404);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_badge_of_risk_is_what_the_state_says_and_its_reasons_stand_behind_it(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = agency(&app).await;
    let client = furnish(&app, &olga, "Bakery", 150).await;
    think(&olga).await;
    for (path, query, whose) in [
        ("/dashboard".to_owned(), String::new(), "client_id is null".to_owned()),
        (format!("/clients/{client}/dashboard"), format!("?client_id={client}"), format!("client_id = '{client}'")),
    ] {
        #[expect(clippy::disallowed_methods, reason = "a test's own question")]
        let said: String = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "select body::jsonb #>> '{{risk,colour}}' from brain_result where kind = 'risk' and {whose}
             order by state_id desc limit 1"
        )))
        .fetch_one(&pool)
        .await
        .unwrap();
        let answer = olga.json(&format!("/api/v1/dashboard{query}")).await;
        assert_eq!(answer["risk"], json!(said), "{path}");
        let page = olga.get(&path).await.text().await.unwrap();
        let badge = page.split("data-test=\"risk\"").nth(1).unwrap().split("</details>").next().unwrap();
        let words = match said.as_str() {
            "green" => "Green: nothing asks for attention",
            "yellow" => "Yellow: look at it this week",
            _ => "Red: look at it first",
        };
        assert!(badge.contains(words), "{words} is not in {badge}");
        let reasons = answer["reasons"].as_array().unwrap();
        assert!(!reasons.is_empty(), "{answer}");
        let numbers: Vec<&str> = reasons
            .iter()
            .flat_map(|reason| reason["numbers"].as_array().unwrap())
            .map(|number| number["id"].as_str().unwrap())
            .collect();
        assert!(!numbers.is_empty(), "{answer}");
        let there = shown(badge);
        for id in numbers {
            assert!(there.contains_key(id), "{id} is not in {badge}");
        }
    }
    app.finish().await;
}
