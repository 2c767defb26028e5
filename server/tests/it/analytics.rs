//! Analytics over HTTP: who sees what of whom, what of a question is refused, and what its answer is made of. Its figures are held
//! against the rows in `counts.rs`, everything that shows them against each other in `alike.rs`, views that are kept in `views.rs`.

mod alike;
mod counts;
mod export;
mod page;
mod views;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use sqlx::PgPool;
use time::{Date, macros::date};

use crate::{
    dashboard::{agency, figures, furnish, push, source},
    support::{Agency, Browser, TestApp},
};

/// Days of advertising with numbers that no two days have alike.
fn ads(first: Date, many: i64) -> Vec<Value> {
    let row = |at: i64| {
        let day = first + time::Duration::days(at);
        json!({"day": day.to_string(), "spend": format!("{}.{:02}", 100 + at % 13, at % 100), "impressions": 9000 + at * 7,
            "clicks": 200 + at % 17, "conversions": 5 + at % 4, "claimed_revenue": format!("{}.5", 700 + at % 29)})
    };
    (0..many).map(row).collect()
}

/// Days of a shop's books, likewise.
fn books(first: Date, many: i64) -> Vec<Value> {
    let row = |at: i64| {
        let day = first + time::Duration::days(at);
        json!({"day": day.to_string(), "orders": 9 + at % 7, "ledger_revenue": format!("{}.{:02}", 500 + at % 31, at % 100)})
    };
    (0..many).map(row).collect()
}

async fn asked(browser: &Browser, query: &str) -> Value {
    browser.json(&format!("/api/v1/analytics?{query}")).await
}

fn item<'a>(list: &'a Value, key: &str) -> &'a Value {
    list.as_array().unwrap().iter().find(|item| item["key"] == key).unwrap_or(&Value::Null)
}

/// A total of an answer.
fn total<'a>(answer: &'a Value, key: &str) -> &'a Value {
    item(&answer["totals"], key)
}

/// The ids of all numbers of an answer.
fn ids(answer: &Value) -> Vec<String> {
    let (mut found, mut rest) = (Vec::new(), vec![answer]);
    while let Some(value) = rest.pop() {
        match value {
            Value::Object(map) => {
                if map.contains_key("shown") {
                    found.push(map["id"].as_str().unwrap().to_owned());
                }
                rest.extend(map.values());
            }
            Value::Array(items) => rest.extend(items),
            _ => {}
        }
    }
    found
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_new_agency_sees_no_figure(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let bert = agency(&app).await;
    furnish(&app, &bert, "Brewery", 40).await;
    let olga = app.owner("olive@acme.test", "Other").await;
    let answer = asked(&olga, "").await;
    assert_eq!((&answer["totals"], &answer["series"], &answer["stacks"]), (&json!([]), &json!([]), &json!([])));
    assert_eq!((&answer["channels"]["rows"], &answer["state_id"]), (&json!([]), &Value::Null), "{answer}");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_makes_no_sense_is_refused_by_its_parameter(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = agency(&app).await;
    for (query, field) in [
        ("range=soon", "range"),
        ("from=2026-11-02&to=2026-11-01", "to"),
        ("from=1976-11-01&to=2026-11-01", "to"),
        ("from=2026-02-30&to=2026-11-01", "from"),
        ("from=2026-11-01", "to"),
        ("compare=x", "compare"),
        ("by=hour", "by"),
        ("client_id=x", "client_id"),
        ("channel_id=x", "channel_id"),
        ("campaign=x", "campaign"),
        ("creative=x:1", "creative"),
        ("parts=atoms", "parts"),
    ] {
        for path in ["analytics", "analytics/export"] {
            let answer = olga.get(&format!("/api/v1/{path}?{query}")).await;
            assert_eq!(answer.status(), 422, "{path} {query}");
            let body: Value = answer.json().await.unwrap();
            assert_eq!(body["error"]["field"], field, "{path} {query}: {body}");
        }
    }
    assert_eq!(olga.get("/api/v1/analytics/export?format=pdf").await.status(), 422);
    let nobody = "018f0000-0000-7000-8000-000000000000";
    for gone in ["client_id=ID", "channel_id=ID", "campaign=ID:1", "creative=ID:1"] {
        let answer = olga.get(&format!("/api/v1/analytics?{}", gone.replace("ID", nobody))).await;
        assert_eq!(answer.status(), 404, "{gone}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_manager_is_told_of_their_own_clients_only(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let people = Agency::found(&app).await;
    let first = date!(2026 - 09 - 01);
    for (client, many) in [(&people.c[0], 40), (&people.c[2], 30)] {
        let source = source(&people.olga, client, "ads", "USD", "UTC").await;
        push(&people.olga, &source, ads(first, many)).await;
    }
    let theirs = source(&people.bert, &people.d1, "ads", "USD", "UTC").await;
    push(&people.bert, &theirs, ads(first, 40)).await;
    let query = "from=2026-09-01&to=2026-09-30&compare=none";
    let spend = async |browser: &Browser, more: &str| {
        let answer = asked(browser, &format!("{query}{more}")).await;
        (total(&answer, "spend")["now"]["value"].clone(), answer["channels"]["rows"].as_array().unwrap().len())
    };
    let one = spend(&people.olga, &format!("&client_id={}", people.c[0])).await;
    assert!(one.0.is_string() && one.1 == 1, "{one:?}");
    let (all, own) = (spend(&people.olga, "").await, spend(&people.max, "").await);
    assert_eq!(own, one, "their clients alone");
    assert_eq!(figures::decimal(&all.0), figures::decimal(&one.0) * Decimal::TWO);
    let nothing = asked(&people.nia, query).await;
    assert_eq!(nothing["totals"], json!([]), "no client is not all clients");

    // The id of all is the sum of what whoever opens it sees.
    let answer = asked(&people.olga, query).await;
    let id = total(&answer, "spend")["now"]["id"].as_str().unwrap().to_owned();
    assert_eq!(figures::opened(&people.max, &id, "").await["value"], own.0);
    let mut hidden = vec![format!("client_id={}", people.c[2]), format!("client_id={}", people.d1)];
    let rows = answer["channels"]["rows"].as_array().unwrap();
    let other = rows.iter().find(|row| row["client"] == "C3").unwrap()["channel_id"].as_str().unwrap();
    hidden.extend([format!("channel_id={other}"), format!("channel_id={theirs}"), format!("campaign={other}:1")]);
    for query in hidden {
        assert_eq!(people.max.get(&format!("/api/v1/analytics?{query}")).await.status(), 404, "{query}");
    }
    for more in [format!("&client_id={}", people.d1), format!("&channel_id={theirs}")] {
        assert_eq!(people.olga.get(&format!("/api/v1/analytics?{query}{more}")).await.status(), 404, "{more}");
    }
    // Nor do figures of several open of whom one is hidden.
    let both = format!("m.spend.c{}_{}.2026-09-01.2026-09-30.USD", people.c[0], people.c[2]);
    let sorted = format!("m.spend.c{}_{}.2026-09-01.2026-09-30.USD", people.c[2], people.c[0]);
    let id = if people.c[0] < people.c[2] { both } else { sorted };
    assert_eq!(people.max.get(&format!("/api/v1/figures/{id}")).await.status(), 404);
    assert_eq!(figures::opened(&people.olga, &id, "").await["value"], all.0);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_the_brain_says_is_told_with_ids_that_open(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = agency(&app).await;
    let client = furnish(&app, &olga, "Bakery", 150).await;
    furnish(&app, &olga, "Brewery", 90).await;
    crate::dashboard::think(&olga).await;
    let answer = asked(&olga, &format!("client_id={client}&range=last_28")).await;
    assert!(answer["state_id"].is_string() && answer["state_day"].is_string(), "{answer}");
    let forecast = item(&answer["forecasts"], "spend");
    assert_eq!((&forecast["of"], forecast["steps"].as_array().unwrap().len()), (&json!("Bakery"), 28), "{forecast}");
    let step = &forecast["steps"][0];
    let of = |end: &str| figures::decimal(&step[end]["value"]);
    assert!(of("lo95") <= of("lo80") && of("lo80") <= of("point") && of("point") <= of("hi80"), "{step}");
    assert!(of("hi80") <= of("hi95"), "{step}");
    // Its record says how often such intervals held, and over how many days, and opens.
    for (key, most) in [("held80", 1), ("held_over", 75)] {
        let told = &forecast[key];
        let value = figures::decimal(&told["value"]);
        assert!(value > Decimal::ZERO && value <= Decimal::from(most), "{forecast}");
        assert_eq!(figures::opened(&olga, told["id"].as_str().unwrap(), "").await["value"], told["value"]);
    }
    // Advertising all but stopped in the end, of which there is a mark.
    let marks = answer["marks"].as_array().unwrap();
    assert!(!marks.is_empty(), "{answer}");
    assert!(marks.iter().all(|mark| mark["last"].as_str() >= answer["first"].as_str()), "{marks:?}");
    let all = ids(&answer);
    assert!(all.iter().any(|id| id.starts_with("s.")), "{all:?}");
    let some = all.iter().step_by(17).chain(all.iter().filter(|id| id.starts_with("s.")).take(20));
    for id in some {
        let figure = olga.json(&format!("/api/v1/figures/{id}?limit=1")).await;
        assert!(figure["value"].is_string(), "{figure}");
    }
    let curves = answer["curves"].as_array().unwrap();
    assert_eq!((curves.len(), &curves[0]["client"]), (1, &json!("Bakery")), "{answer}");
    // Less than half a year is little to fit a season to, which is said with the curves, on the page as well.
    let words = "there are less than two years of days";
    assert!(curves[0]["warnings"].to_string().contains(words), "{curves:?}");
    let page = olga.get(&format!("/analytics?client_id={client}")).await.text().await.unwrap();
    assert!(page.contains("There are less than two years of days"), "{page}");
    app.finish().await;
}
