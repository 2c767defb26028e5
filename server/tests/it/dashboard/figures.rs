//! Every figure of the dashboard against the rows: they add up to it by its formula, they are what SQL says, and what was known at
//! a moment stays what it was.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{formula::value, *};

/// A figure with all of its rows.
pub async fn opened(browser: &Browser, id: &str, as_of: &str) -> Value {
    let moment = if as_of.is_empty() { String::new() } else { format!("&as_of={as_of}") };
    let mut whole = browser.json(&format!("/api/v1/figures/{id}?limit=100{moment}")).await;
    while let Some(cursor) = whole["rows"]["next_cursor"].as_str().map(str::to_owned) {
        let next = browser.json(&format!("/api/v1/figures/{id}?limit=100&cursor={cursor}{moment}")).await;
        let mut items = whole["rows"]["items"].as_array().unwrap().clone();
        items.extend(next["rows"]["items"].as_array().unwrap().clone());
        whole["rows"] = json!({"items": items, "next_cursor": next["rows"]["next_cursor"]});
        assert_eq!(next["value"], whole["value"], "the same figure on every page");
    }
    whole
}

pub fn decimal(value: &Value) -> Decimal {
    value.as_str().unwrap().parse().unwrap()
}

/// Whether two values are the same to 20 digits: a quotient has 28, each of which may be rounded.
pub fn same(one: Decimal, other: Decimal) -> bool {
    (one - other).abs() <= Decimal::new(1, 20) * one.abs().max(Decimal::ONE)
}

/// Whether an amount or a count is written as this value, rounded to the digits that it is written with.
fn rounds(text: &str, value: Decimal) -> bool {
    let digits: String = text.chars().filter(|letter| letter.is_ascii_digit() || *letter == '.').collect();
    let negative = text.contains(['-', '−']);
    let Ok(written) = digits.parse::<Decimal>() else { return false };
    written == value.abs().round_dp(written.scale()) && (written.is_zero() || negative == value.is_sign_negative())
}

/// Adds the rows of a figure up and works its formula out.
pub fn adds_up(figure: &Value) {
    let mut parts = BTreeMap::new();
    for part in figure["parts"].as_array().unwrap() {
        let rows = figure["rows"]["items"].as_array().unwrap().iter().filter(|row| row["part"] == part["name"]);
        let counted: Vec<Decimal> = rows.map(|row| decimal(&row["counted"])).collect();
        assert_eq!(counted.iter().sum::<Decimal>(), decimal(&part["value"]), "{part} of {figure}");
        assert_eq!(counted.len() as i64, part["rows"].as_i64().unwrap(), "{part} of {figure}");
        parts.insert(part["name"].as_str().unwrap().to_owned(), decimal(&part["value"]));
    }
    let made = value(figure["formula"].as_str().unwrap(), &parts);
    assert!(same(made, decimal(&figure["value"])), "{made}: {figure}");
    for row in figure["rows"]["items"].as_array().unwrap() {
        assert!(row["stored"].as_i64().unwrap() > 0 && row["observed_at"].is_string(), "{row}");
        assert_ne!(row["sync_run_ids"], json!([]), "{row}");
    }
}

/// A sum in hundredths over all rows of some days.
#[expect(clippy::disallowed_methods, reason = "a test's own question")]
async fn hundredths(pool: &PgPool, column: &str, first: &str, last: &str) -> Decimal {
    let sql =
        format!("select (sum({column}) * 100)::bigint from metric_daily where day between '{first}' and '{last}'");
    let sum: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(pool).await.unwrap();
    Decimal::new(sum, 2)
}

pub async fn main_figure(browser: &Browser, query: &str, key: &str) -> Value {
    let answer = browser.json(&format!("/api/v1/dashboard{query}")).await;
    answer["figures"].as_array().unwrap().iter().find(|figure| figure["key"] == key).unwrap().clone()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_figure_of_the_page_opens_and_its_rows_add_up(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = agency(&app).await;
    let client = furnish(&app, &olga, "Bakery", 150).await;
    furnish(&app, &olga, "Brewery", 90).await;
    think(&olga).await;

    let answer = olga.json("/api/v1/dashboard").await;
    let (first, last) = (answer["first"].as_str().unwrap(), answer["last"].as_str().unwrap());
    let (then, until) = (answer["compared_first"].as_str().unwrap(), answer["compared_last"].as_str().unwrap());
    for key in ["spend", "ledger_revenue", "orders", "claimed_revenue"] {
        let figure = main_figure(&olga, "", key).await;
        assert_eq!(decimal(&figure["now"]["value"]), hundredths(&pool, key, first, last).await.normalize(), "{key}");
        assert_eq!(decimal(&figure["before"]["value"]), hundredths(&pool, key, then, until).await.normalize(), "{key}");
    }
    let over = hundredths(&pool, "ledger_revenue", first, last).await / hundredths(&pool, "spend", first, last).await;
    assert!(same(over, decimal(&main_figure(&olga, "", "mer").await["now"]["value"])));

    let (mut opened_ids, mut of_states) = (BTreeSet::new(), 0);
    for page in ["/dashboard".to_owned(), format!("/clients/{client}/dashboard")] {
        for persona in PERSONAS {
            let html = olga.get(&format!("{page}?persona={persona}")).await.text().await.unwrap();
            let figures = shown(&html);
            assert!(figures.len() > 20, "{page} {persona}: {figures:?}");
            for (id, text) in figures {
                if !opened_ids.insert(id.clone()) {
                    continue;
                }
                let figure = opened(&olga, &id, "").await;
                assert_eq!(figure["id"], json!(id));
                if opened_ids.len() % 5 == 1 {
                    let alone = olga.get(&format!("/figures/{id}")).await;
                    assert_eq!(alone.status(), 200, "{id}");
                    assert!(alone.text().await.unwrap().contains("data-test=\"opened\""), "{id}");
                }
                // Findings are told with more digits than the drawer shows: the same number, rounded otherwise.
                let same = figure["shown"] == json!(text) || rounds(&text, decimal(&figure["value"]));
                assert!(same, "{id}: {text} and {figure}");
                if figure["evidence"].is_null() {
                    adds_up(&figure);
                    continue;
                }
                of_states += 1;
                let evidence = &figure["evidence"];
                assert_eq!(evidence["input_hash"].as_str().unwrap().len(), 64, "{evidence}");
                assert!(figure["value"].is_string() && evidence["cut_off"].is_string(), "{figure}");
                // A forecast rests on the days that it knows, a metric of a state on those of its range.
                let rows = figure["rows"]["items"].as_array().unwrap();
                if figure["name"].as_str().unwrap().ends_with("expected") || figure["formula"] == "spend" {
                    assert!(rows.len() >= 28, "{figure}");
                }
                if ["spend", "ledger_revenue", "claimed_revenue", "orders"].iter().any(|sum| figure["formula"] == *sum)
                {
                    let sum: Decimal = rows.iter().map(|row| decimal(&row["counted"])).sum();
                    assert_eq!(sum, decimal(&figure["value"]), "{figure}");
                }
            }
        }
    }
    assert!(opened_ids.len() > 40 && of_states > 20, "{} {of_states}", opened_ids.len());
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn ids_that_are_none_are_told_so_and_others_are_missing(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = agency(&app).await;
    let client = furnish(&app, &olga, "Bakery", 60).await;
    think(&olga).await;
    let status = async |id: &str| olga.get(&format!("/api/v1/figures/{id}")).await.status().as_u16();
    let days = "2026-11-01.2026-11-07";
    for wrong in
        ["x", "m.joy.cx.2026-11-01.2026-11-07.EUR", "%00", "m", "..%2f", &format!("m.spend.c{client}.{days}.XXX")]
    {
        let answer = olga.get(&format!("/api/v1/figures/{wrong}")).await;
        assert!([404, 422].contains(&answer.status().as_u16()), "{wrong}: {}", answer.status());
        let body: Value = answer.json().await.unwrap();
        assert!(!body["error"]["message"].as_str().unwrap().is_empty(), "{body}");
    }
    assert_eq!(status(&format!("m.spend.c{client}.{days}.EUR")).await, 200);
    assert_eq!(status(&format!("m.spend.c018f0000-0000-7000-8000-000000000000.{days}.EUR")).await, 404);
    let state = olga.json("/api/v1/brain/state").await["id"].as_str().unwrap().to_owned();
    let said = |number: &str, path: &str| format!("s.{state}.{number}.{}", hex(path));
    assert_eq!(status(&said("99999", "/probability")).await, 404, "no such outcome");
    assert_eq!(status(&said("0", "/nonsense")).await, 404, "nothing stands there");
    let cursor = olga.get(&format!("/api/v1/figures/m.spend.c{client}.{days}.EUR?cursor=x")).await;
    assert_eq!(cursor.status(), 422);
    let page = olga.get("/figures/nonsense").await;
    assert_eq!(page.status(), 422);
    assert!(page.text().await.unwrap().contains("his is no figure"));
    app.finish().await;
}

fn hex(path: &str) -> String {
    path.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn as_of_a_moment_a_figure_is_what_was_known_then(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = agency(&app).await;
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery", "currency": "EUR"})).await;
    let ads = source(&olga, &client, "ads", "EUR", "UTC").await;
    let yesterday = today(&app).previous_day().unwrap();
    let rows = |spend: i64| -> Vec<Value> {
        let day = |ago| (yesterday - time::Duration::days(ago)).to_string();
        (0..40).map(|ago| json!({"day": day(ago), "spend": spend})).collect()
    };
    let nothing = app.service.clock.now();
    push(&olga, &ads, rows(100)).await;
    let then = app.service.clock.now();
    push(&olga, &ads, vec![json!({"day": yesterday.to_string(), "spend": 999})]).await;

    let told = |at: OffsetDateTime| at.format(&Rfc3339).unwrap();
    let spend = async |query: String| main_figure(&olga, &query, "spend").await["now"].clone();
    let (now, past) = (spend(String::new()).await, spend(format!("?as_of={}", told(then))).await);
    assert_eq!((&now["value"], &past["value"]), (&json!("3699"), &json!("2800")));
    assert_eq!(now["id"], past["id"], "the same figure, known otherwise");
    let id = now["id"].as_str().unwrap();
    for (as_of, expected) in [(String::new(), "3699"), (told(then), "2800")] {
        let figure = opened(&olga, id, &as_of).await;
        assert_eq!(figure["value"], expected, "{as_of}");
        adds_up(&figure);
    }
    let heard = |figure: &Value| figure["sync_runs"].as_array().unwrap().len();
    assert_eq!((heard(&opened(&olga, id, "").await), heard(&opened(&olga, id, &told(then)).await)), (2, 1));
    // Before anything was known there was nothing, and no zero.
    let early = olga.json(&format!("/api/v1/dashboard?as_of={}", told(nothing))).await;
    assert_eq!(early["figures"], json!([]), "{early}");
    let absent = olga.json(&format!("/api/v1/figures/{id}?as_of={}", told(nothing))).await;
    assert_eq!((&absent["value"], absent["absent"].is_string()), (&Value::Null, true), "{absent}");
    let page = olga.get(&format!("/dashboard?as_of={}", told(then))).await.text().await.unwrap();
    assert!(page.contains("2,800.00 EUR") && page.contains("Everything is as it was known at"), "{page}");
    // Its figures open as they were known then, also where no scripts run.
    let mut links = page.split("href=\"").map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&"));
    let link = links.find(|href| href.starts_with(&format!("/figures/{id}?"))).unwrap();
    let alone = olga.get(&link).await.text().await.unwrap();
    assert!(alone.contains("2,800.00 EUR") && alone.contains("data-test=\"moment\""), "{link}: {alone}");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn currencies_are_never_mixed_without_a_rate(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = agency(&app).await;
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery", "currency": "EUR"})).await;
    let yesterday = today(&app).previous_day().unwrap();
    let day = |ago: i64| (yesterday - time::Duration::days(ago)).to_string();
    for (holds, currency) in [("ads", "EUR"), ("ads", "USD"), ("shop", "EUR")] {
        let source = source(&olga, &client, holds, currency, "UTC").await;
        let row = |ago: i64| match holds {
            "ads" => json!({"day": day(ago), "spend": if currency == "EUR" { 10 } else { 22 }}),
            _ => json!({"day": day(ago), "orders": 2, "ledger_revenue": 90}),
        };
        push(&olga, &source, (0..60).map(row).collect()).await;
    }
    let query = format!("?client_id={client}");
    let spend = main_figure(&olga, &query, "spend").await;
    assert_eq!(
        (&spend["now"]["value"], &spend["partial"]),
        (&json!("280"), &json!(true)),
        "the euros alone, and it says so"
    );
    let figure = opened(&olga, spend["now"]["id"].as_str().unwrap(), "").await;
    adds_up(&figure);
    assert!(figure["lacks"].to_string().contains("has no rate of exchange"), "{figure}");
    let mer = main_figure(&olga, &query, "mer").await;
    assert_eq!((&mer["now"], &mer["lack"]), (&Value::Null, &json!("not_enough")), "half a cost would bend it: {mer}");

    let unconverted = app.service.clock.now().format(&Rfc3339).unwrap();
    let csv: String = (0..70).map(|ago| format!("{},1.10\n", day(ago))).collect();
    let kept = olga.send("PUT", "/api/v1/exchange-rates", &json!({"csv": format!("Date,USD\n{csv}")})).await;
    assert_eq!(kept.status(), 200);
    for (key, expected) in [("spend", "840"), ("mer", "3"), ("ledger_revenue", "2520"), ("orders", "56")] {
        let figure = main_figure(&olga, &query, key).await;
        assert_eq!((&figure["now"]["value"], &figure["partial"]), (&json!(expected), &json!(false)), "{key}");
        adds_up(&opened(&olga, figure["now"]["id"].as_str().unwrap(), "").await);
        adds_up(&opened(&olga, figure["change"]["id"].as_str().unwrap(), "").await);
    }
    // As of a moment before the rates were imported nobody knew them.
    let then = main_figure(&olga, &format!("{query}&as_of={unconverted}"), "spend").await;
    assert_eq!((&then["now"]["value"], &then["partial"]), (&json!("280"), &json!(true)), "{then}");
    // The same in another currency is another figure.
    let id = main_figure(&olga, &query, "spend").await["now"]["id"].as_str().unwrap().replace(".EUR", ".USD");
    let dollars = opened(&olga, &id, "").await;
    assert_eq!((&dollars["value"], &dollars["unit"]), (&json!("924"), &json!("USD")));
    adds_up(&dollars);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_archived_client_keeps_its_figures(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = agency(&app).await;
    let client = furnish(&app, &olga, "Bakery", 60).await;
    let query = format!("?client_id={client}");
    let before = main_figure(&olga, &query, "mer").await;
    assert!(before["now"]["value"].is_string(), "{before}");
    assert_eq!(olga.send("DELETE", &format!("/api/v1/clients/{client}"), &json!({})).await.status(), 200);
    assert_eq!(main_figure(&olga, &query, "mer").await, before);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn days_are_those_of_each_source_in_three_zones(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = agency(&app).await;
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery", "currency": "EUR"})).await;
    let now = app.service.clock.now();
    let mut ended = Vec::new();
    for zone in ["Pacific/Auckland", "UTC", "America/Los_Angeles"] {
        let last = service::moment::day(zone, now).unwrap().previous_day().unwrap();
        ended.push(last);
        let source = source(&olga, &client, "ads", "EUR", zone).await;
        push(&olga, &source, days(last, 60, "ads")).await;
    }
    let answer = olga.json("/api/v1/dashboard").await;
    let last = ended.iter().min().unwrap().to_string();
    assert_eq!(answer["last"], json!(last), "the newest day that is over everywhere");
    let first = answer["first"].as_str().unwrap();
    for key in ["spend", "claimed_revenue"] {
        let figure = main_figure(&olga, "", key).await;
        let stored = hundredths(&pool, key, first, &last).await;
        assert_eq!(
            (decimal(&figure["now"]["value"]), &figure["partial"]),
            (stored.normalize(), &json!(false)),
            "{key}"
        );
        let figure = opened(&olga, figure["now"]["id"].as_str().unwrap(), "").await;
        adds_up(&figure);
        assert_eq!(figure["rows"]["items"].as_array().unwrap().len(), 3 * 28);
    }
    app.finish().await;
}
