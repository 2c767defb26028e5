//! Every total against the rows: they add up to it by its formula, they are what SQL says, whatever the zone, the currency and the
//! days; and what was not read is a gap and no zero.

use super::*;

/// A sum in ten thousandths over all rows of some days, dollars at 1.25 for a euro.
#[expect(clippy::disallowed_methods, reason = "a test's own question")]
async fn in_euros(pool: &PgPool, column: &str, first: &str, last: &str) -> Decimal {
    let sql = format!(
        "select (sum(case c.currency when 'USD' then {column} / 1.25 else {column} end) * 10000)::bigint
         from metric_daily m join channel c on c.organization_id = m.organization_id and c.id = m.channel_id
         where m.day between '{first}' and '{last}'"
    );
    let sum: Option<i64> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(pool).await.unwrap();
    Decimal::new(sum.unwrap(), 4).normalize()
}

/// A client with advertising and shops in three zones and two currencies, from 2025-10-01 on.
async fn worldly(olga: &Browser) -> String {
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery", "currency": "EUR"})).await;
    let (first, many) = (date!(2025 - 10 - 01), 411);
    for (holds, currency, zone) in [
        ("ads", "EUR", "Pacific/Auckland"),
        ("ads", "USD", "America/New_York"),
        ("shop", "EUR", "Europe/Berlin"),
        ("shop", "USD", "America/New_York"),
    ] {
        let source = source(olga, &client, holds, currency, zone).await;
        let rows = if holds == "ads" { ads(first, many) } else { books(first, many) };
        for part in rows.chunks(150) {
            push(olga, &source, part.to_vec()).await;
        }
    }
    let rates: String = (0..many).map(|at| format!("{},1.25\n", first + time::Duration::days(at))).collect();
    let kept = olga.send("PUT", "/api/v1/exchange-rates", &json!({"csv": format!("Date,USD\n{rates}")})).await;
    assert_eq!(kept.status(), 200);
    client
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn totals_are_what_sql_says_in_zones_and_currencies_and_when_clocks_change(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = agency(&app).await;
    let client = worldly(&olga).await;
    // Europe leaves summer time on 25 October, America on 1 November, and New Zealand begins it on 27 September.
    for (first, last, then, until) in [
        ("2026-10-19", "2026-10-25", "2026-10-12", "2026-10-18"),
        ("2026-10-26", "2026-11-01", "2026-10-19", "2026-10-25"),
        ("2026-09-21", "2026-09-27", "2026-09-14", "2026-09-20"),
        ("2025-11-16", "2026-11-15", "", ""),
    ] {
        let answer = asked(&olga, &format!("client_id={client}&from={first}&to={last}")).await;
        assert_eq!((&answer["first"], &answer["last"]), (&json!(first), &json!(last)));
        for key in ["spend", "ledger_revenue", "orders", "claimed_revenue", "clicks"] {
            let figure = total(&answer, key);
            let column = if ["orders", "clicks"].contains(&key) { format!("{key}::numeric") } else { key.to_owned() };
            let column = if column.contains("::") {
                format!("(case when c.currency = 'USD' then 1.25 else 1 end) * {column}")
            } else {
                column
            };
            assert_eq!(
                figures::decimal(&figure["now"]["value"]),
                in_euros(&pool, &column, first, last).await,
                "{key} {first}"
            );
            assert_eq!((&figure["partial"], &figure["lacks"]), (&json!(false), &json!([])), "{figure}");
            let opened = figures::opened(&olga, figure["now"]["id"].as_str().unwrap(), "").await;
            assert_eq!(opened["value"], figure["now"]["value"]);
            figures::adds_up(&opened);
            if then.is_empty() {
                continue;
            }
            assert_eq!((&answer["compared_first"], &answer["compared_last"]), (&json!(then), &json!(until)));
            assert_eq!(
                figures::decimal(&figure["before"]["value"]),
                in_euros(&pool, &column, then, until).await,
                "{key}"
            );
            figures::adds_up(&figures::opened(&olga, figure["change"]["id"].as_str().unwrap(), "").await);
        }
        let mer = figures::decimal(&total(&answer, "mer")["now"]["value"]);
        let over = in_euros(&pool, "ledger_revenue", first, last).await / in_euros(&pool, "spend", first, last).await;
        assert!(figures::same(over, mer), "{over} {mer}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_year_before_is_the_same_dates_and_its_change_opens(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = agency(&app).await;
    worldly(&olga).await;
    let answer = asked(&olga, "from=2026-10-19&to=2026-11-01&compare=last_year").await;
    assert_eq!((&answer["compared_first"], &answer["compared_last"]), (&json!("2025-10-19"), &json!("2025-11-01")));
    let spend = total(&answer, "spend");
    assert_eq!(figures::decimal(&spend["before"]["value"]), in_euros(&pool, "spend", "2025-10-19", "2025-11-01").await);
    let id = spend["change"]["id"].as_str().unwrap();
    assert!(id.starts_with("y.spend.a") && id.ends_with(".2026-10-19.2026-11-01.EUR.2025-10-19.2025-11-01"), "{id}");
    let change = figures::opened(&olga, id, "").await;
    assert_eq!(change["value"], spend["change"]["value"]);
    figures::adds_up(&change);
    let none = asked(&olga, "from=2026-10-19&to=2026-11-01&compare=none").await;
    assert_eq!((&none["compared_first"], &total(&none, "spend")["before"]), (&Value::Null, &Value::Null));
    assert_eq!(none["compared_periods"], json!([]));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn steps_add_up_to_the_total_and_stacks_to_steps(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = agency(&app).await;
    worldly(&olga).await;
    for (by, steps, second) in [("day", 35, "2026-10-02"), ("week", 6, "2026-10-05"), ("month", 2, "2026-11-01")] {
        let answer = asked(&olga, &format!("from=2026-10-01&to=2026-11-04&by={by}&compare=none")).await;
        let periods = answer["periods"].as_array().unwrap();
        assert_eq!((periods.len(), &periods[1]["first"]), (steps, &json!(second)), "{by}");
        for key in ["spend", "ledger_revenue", "claimed_revenue", "orders"] {
            let series = item(&answer["series"], key);
            let values: Vec<Decimal> = series["values"].as_array().unwrap().iter().map(figures::decimal).collect();
            let sum = figures::decimal(&total(&answer, key)["now"]["value"]);
            assert_eq!(values.iter().sum::<Decimal>().normalize(), sum, "{key} by {by}");
            let stacks: Vec<&Value> =
                answer["stacks"].as_array().unwrap().iter().filter(|stack| stack["key"] == key).collect();
            assert_eq!(stacks.len(), if key == "orders" { 0 } else { 2 }, "{key}: each of its channels");
            for (at, value) in values.iter().enumerate().filter(|_| !stacks.is_empty()) {
                let parts: Decimal = stacks.iter().map(|stack| figures::decimal(&stack["values"][at])).sum();
                assert_eq!(parts.normalize(), value.normalize(), "{key} by {by} at {at}");
            }
            // A value of a step is the figure of its days.
            let scope = answer["scope"].as_str().unwrap();
            let (first, last) = (periods[1]["first"].as_str().unwrap(), periods[1]["last"].as_str().unwrap());
            let step = figures::opened(&olga, &format!("m.{key}.{scope}.{first}.{last}.EUR"), "").await;
            assert_eq!(figures::decimal(&step["value"]), values[1].normalize(), "{key} by {by}");
        }
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_not_read_is_a_gap_and_said(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = agency(&app).await;
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery", "currency": "EUR"})).await;
    for (currency, many) in [("EUR", 20), ("USD", 20)] {
        let source = source(&olga, &client, "ads", currency, "UTC").await;
        push(&olga, &source, ads(date!(2026 - 10 - 01), many)).await;
    }
    let answer = asked(&olga, "from=2026-09-29&to=2026-10-22&by=day&compare=none").await;
    let values = item(&answer["series"], "clicks")["values"].as_array().unwrap().clone();
    assert_eq!(values.len(), 24);
    for (at, value) in values.iter().enumerate() {
        assert_eq!(value.is_string(), (2..22).contains(&at), "day {at}: {value}");
    }
    let clicks = total(&answer, "clicks");
    assert_eq!(clicks["partial"], json!(true));
    assert!(clicks["lacks"].to_string().contains("was not read on 2026-09-29 to 2026-09-30"), "{clicks}");
    // Without a rate of exchange no step of the whole is known, and the total says which part of it is.
    let spend = total(&answer, "spend");
    assert!(spend["lacks"].to_string().contains("has no rate of exchange"), "{spend}");
    assert_eq!(item(&answer["series"], "spend"), &Value::Null, "not one step is whole");
    let books = total(&answer, "ledger_revenue");
    assert_eq!((&books["now"], &books["lack"]), (&Value::Null, &json!("not_connected")), "{books}");
    app.finish().await;
}

/// A source whose rows are of campaigns and their advertisements.
async fn campaigns(olga: &Browser, client: &str) -> String {
    let source = source(olga, client, "ads", "EUR", "UTC").await;
    let mut rows = Vec::new();
    for at in 0..20_i64 {
        let day = (date!(2026 - 10 - 01) + time::Duration::days(at)).to_string();
        for (campaign, ad, spend) in [("k1", "a1", 10 + at), ("k1", "a2", 20 + at), ("k2", "a3", 5)] {
            // The second campaign begins later.
            if campaign == "k2" && at < 10 {
                continue;
            }
            rows.push(json!({"day": day, "campaign_id": campaign, "campaign": format!("Campaign {campaign}"),
                "group_id": format!("g{campaign}"), "group": "Group", "ad_id": ad, "ad": format!("=Ad {ad}"),
                "spend": spend, "impressions": 1000, "clicks": 10 + at, "conversions": 2, "claimed_revenue": 3 * spend}));
        }
    }
    push(olga, &source, rows).await;
    let answer = asked(olga, &format!("client_id={client}&from=2026-10-01&to=2026-10-20")).await;
    answer["channels"]["rows"][0]["channel_id"].as_str().unwrap().to_owned()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn advertisements_are_told_apart_and_open(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = agency(&app).await;
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery", "currency": "EUR"})).await;
    let channel = campaigns(&olga, &client).await;
    let days = "from=2026-10-11&to=2026-10-20";
    let answer = asked(&olga, &format!("{days}&parts=creatives")).await;
    let rows = answer["parts"]["rows"].as_array().unwrap();
    let names: Vec<&str> = rows.iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["=Ad a2", "=Ad a1", "=Ad a3"], "those that cost most first");
    // Days 10 to 19 of 20 + at, of 10 + at, and of 5.
    let spend: Vec<&Value> = rows.iter().map(|row| &row["cells"][0]["now"]["value"]).collect();
    assert_eq!(spend, [&json!("345"), &json!("245"), &json!("50")]);
    for id in ids(&answer["parts"]) {
        let figure = figures::opened(&olga, &id, "").await;
        figures::adds_up(&figure);
        assert!(figure["rows"]["items"][0]["channel"].as_str().unwrap().contains(" · =Ad "), "{figure}");
    }
    assert_eq!(rows[2]["cells"][0]["change"], Value::Null, "before it began it cost nothing");

    let one = asked(&olga, &format!("{days}&creative={channel}:a1&creative={channel}:a3")).await;
    assert_eq!((&total(&one, "spend")["now"]["value"], &one["of"]), (&json!("295"), &json!("=Ad a1, =Ad a3")));
    assert_eq!(total(&one, "ledger_revenue")["lack"], "not_connected", "the books know no advertisement");
    figures::adds_up(&figures::opened(&olga, total(&one, "spend")["now"]["id"].as_str().unwrap(), "").await);
    let wrong = olga.get(&format!("/api/v1/analytics?creative={channel}:a9")).await;
    assert_eq!(wrong.status(), 404);
    app.finish().await;
}
