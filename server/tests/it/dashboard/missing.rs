//! What figures leave out: it is said at the figure with the way to mend it, quotients are of the days on which both of their sums
//! are known, and only what is of the same accounts and days is compared.

use rust_decimal::Decimal;

use super::{
    figures::{adds_up, decimal, main_figure, opened},
    *,
};

fn day(app: &TestApp, ago: i64) -> String {
    (today(app) - time::Duration::days(ago)).to_string()
}

/// Days of advertising until yesterday that claim three times what they cost, but of some days ago.
fn ads(app: &TestApp, many: i64, spend: i64, silent: &[i64]) -> Vec<Value> {
    let row = |ago: i64| {
        let mut row =
            json!({"day": day(app, ago), "spend": spend, "impressions": 1000, "clicks": 10, "conversions": 2});
        if !silent.contains(&ago) {
            row["claimed_revenue"] = json!(3 * spend);
        }
        row
    };
    (1..=many).map(row).collect()
}

async fn client(olga: &Browser, name: &str, currency: &str) -> String {
    olga.create("/api/v1/clients", &json!({"name": name, "currency": currency})).await
}

async fn page(browser: &Browser, path: &str) -> String {
    browser.get(path).await.text().await.unwrap()
}

const RATES: &str = "href=\"/settings#exchange-rates\"";
const ASK: &str = "Ask an Admin or Owner to import rates of exchange";

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn clients_without_a_rate_are_told_at_the_figure_with_the_way_to_mend_it(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = agency(&app).await;
    for (name, currency) in [("Bakery", "EUR"), ("Brewery", "USD"), ("Butcher", "USD")] {
        let client = client(&olga, name, currency).await;
        let source = source(&olga, &client, "ads", currency, "UTC").await;
        push(&olga, &source, ads(&app, 60, 11, &[])).await;
    }
    let words = "without 2 clients, whose USD days have no rate of exchange (28 days of 2 accounts)";
    let spend = main_figure(&olga, "", "spend").await;
    assert_eq!((&spend["now"]["value"], &spend["without"]), (&json!("308"), &json!([words])), "{spend}");
    assert_eq!((&spend["rates_missing"], &spend["unlike"]), (&json!(true), &json!(false)));
    assert!(spend["change"].is_object(), "the same clients are left out of both: {spend}");
    let answer = olga.json("/api/v1/analytics").await;
    let total = answer["totals"].as_array().unwrap().iter().find(|total| total["key"] == "spend").unwrap();
    assert_eq!(total["without"], json!([words]), "{total}");
    for path in ["/dashboard", "/analytics"] {
        let html = page(&olga, path).await;
        assert!(html.contains(&words.replacen('w', "W", 1)) && html.contains(RATES), "{path}: {html}");
    }

    // A client of its own that is told in euros and has an account in dollars.
    let mixed = client(&olga, "Mixed", "EUR").await;
    for currency in ["EUR", "USD"] {
        let source = source(&olga, &mixed, "ads", currency, "UTC").await;
        push(&olga, &source, ads(&app, 60, 11, &[])).await;
    }
    let own = format!("/clients/{mixed}");
    let html = page(&olga, &own).await;
    let listed = format!("has no rate of exchange on {} to {} (28 days)", day(&app, 28), day(&app, 1));
    assert!(html.contains(&listed) && html.contains(RATES), "{html}");
    let few =
        "spend is not known for more than a tenth of claimed conversions: 28 days of 1 account in USD without a rate";
    assert!(html.contains(few), "half of what was paid is set against nothing: {html}");
    let max = app.join(&olga, "max@acme.test", "manager").await;
    let member = max.member_id().await;
    olga.create("/api/v1/assignments", &json!({"member_id": member, "client_id": mixed})).await;
    for path in [own.as_str(), "/dashboard", "/analytics"] {
        let html = page(&max, path).await;
        assert!(html.contains(ASK) && !html.contains(RATES), "{path}: {html}");
    }

    think(&olga).await;
    let html = page(&olga, "/summary").await;
    assert!(
        html.contains("without days in USD for which there is no rate of exchange") && html.contains(RATES),
        "{html}"
    );

    let csv: String = (0..70).map(|ago| format!("{},1.10\n", day(&app, ago))).collect();
    let kept = olga.send("PUT", "/api/v1/exchange-rates", &json!({"csv": format!("Date,USD\n{csv}")})).await;
    assert_eq!(kept.status(), 200);
    let spend = main_figure(&olga, "", "spend").await;
    // Two accounts in euros and three in dollars, which cost 10 a day.
    assert_eq!((&spend["now"]["value"], &spend["without"]), (&json!("1456"), &json!([])), "{spend}");
    assert_eq!(spend["rates_missing"], json!(false));
    for path in ["/dashboard", "/analytics", own.as_str()] {
        assert!(!page(&olga, path).await.contains(RATES), "{path}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_few_silent_days_do_not_take_a_quotient_away_and_are_not_compared(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = agency(&app).await;
    let bakery = client(&olga, "Bakery", "EUR").await;
    let large = source(&olga, &bakery, "ads", "EUR", "UTC").await;
    push(&olga, &large, ads(&app, 60, 10, &[])).await;
    let brewery = client(&olga, "Brewery", "EUR").await;
    let small = source(&olga, &brewery, "ads", "EUR", "UTC").await;
    push(&olga, &small, ads(&app, 60, 2, &[1, 2, 10])).await;

    let roas = main_figure(&olga, "", "roas_claimed").await;
    assert_eq!((&roas["now"]["value"], &roas["partial"]), (&json!("3"), &json!(true)), "{roas}");
    let figure = opened(&olga, roas["now"]["id"].as_str().unwrap(), "").await;
    adds_up(&figure);
    let spend = figure["parts"].as_array().unwrap().iter().find(|part| part["name"] == "spend").unwrap();
    assert_eq!(decimal(&spend["value"]), Decimal::from(330), "28 days at 10 and 25 at 2");
    let lacks = figure["lacks"].to_string();
    assert!(lacks.contains("made of the days on which both claimed revenue and spend are known"), "{lacks}");

    let claimed = main_figure(&olga, "", "claimed_revenue").await;
    assert_eq!(decimal(&claimed["now"]["value"]), Decimal::from(28 * 30 + 25 * 6));
    assert_eq!(claimed["without"], json!(["without 3 days of 1 account, which were not reported"]));
    assert_eq!((&claimed["change"], &claimed["unlike"]), (&Value::Null, &json!(true)), "{claimed}");
    assert!(claimed["before"]["value"].is_string());
    let id = claimed["now"]["id"].as_str().unwrap();
    let lacks = opened(&olga, id, "").await["lacks"].to_string();
    let days = format!("was not reported on {}, {} to {} (3 days)", day(&app, 10), day(&app, 2), day(&app, 1));
    assert!(lacks.contains(&days), "{lacks}");
    let change = opened(&olga, &id.replacen("m.", "d.", 1), "").await;
    assert_eq!(change["value"], Value::Null, "{change}");
    assert!(change["absent"].as_str().unwrap().starts_with("not compared"), "{change}");
    assert!(page(&olga, "/dashboard").await.contains("data-test=\"unlike\""));

    // Of the small account alone they are more than a tenth of what was spent.
    let alone = main_figure(&olga, &format!("?client_id={brewery}"), "roas_claimed").await;
    assert_eq!((&alone["now"], &alone["lack"]), (&Value::Null, &json!("not_enough")), "{alone}");
    let why = "claimed revenue is not known for more than a tenth of spend: 3 days of 1 account were not reported";
    assert_eq!(alone["absent"], json!(why));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_client_that_is_new_is_no_rise(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = agency(&app).await;
    for (name, many) in [("Bakery", 60), ("Brewery", 28)] {
        let client = client(&olga, name, "EUR").await;
        let source = source(&olga, &client, "ads", "EUR", "UTC").await;
        push(&olga, &source, ads(&app, many, 10, &[])).await;
    }
    let spend = main_figure(&olga, "", "spend").await;
    assert_eq!((&spend["now"]["value"], &spend["before"]["value"]), (&json!("560"), &json!("280")), "{spend}");
    assert_eq!((&spend["change"], &spend["unlike"]), (&Value::Null, &json!(true)), "{spend}");
    assert_eq!(spend["without"], json!([]), "nothing is missing in these days");
    app.finish().await;
}
