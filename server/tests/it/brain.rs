//! The brain in the product: what is stored goes in, a state comes out, the same input gives the same state, any past one
//! can be shown, and everybody sees of it what they see of the clients.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::PgPool;
use time::Date;

use crate::support::{Browser, TestApp, count, execute};

/// A source of a client's ads, with so many days of figures that end yesterday.
pub async fn source(app: &TestApp, olga: &Browser, client: &str, days: i64, spend: impl Fn(i64) -> i64) -> String {
    let new = json!({"name": format!("Radio {client}"), "holds": "ads", "currency": "EUR", "time_zone": "UTC", "client_id": client});
    let id = olga.create("/api/v1/imports/sources", &new).await;
    push(app, olga, &id, days, spend).await;
    id
}

async fn push(app: &TestApp, olga: &Browser, source: &str, days: i64, spend: impl Fn(i64) -> i64) {
    let today = app.service.clock.now().date();
    let row = |ago: i64| {
        let day: Date = today - time::Duration::days(ago);
        json!({"day": day.to_string(), "spend": spend(ago), "impressions": 10_000 + ago % 7 * 900,
            "clicks": 200 + ago % 7 * 20 + ago % 3, "conversions": 10 + ago % 5, "claimed_revenue": 500 + ago % 11 * 9})
    };
    let rows: Vec<Value> = (1..=days).map(row).collect();
    let answer = olga.post("/api/v1/ingest/file", &json!({"source_id": source, "rows": rows})).await;
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
}

/// Waits until a cycle is done.
async fn done(olga: &Browser, id: &str) -> Value {
    for _ in 0..200 {
        let cycle = olga.json(&format!("/api/v1/brain/cycles/{id}")).await;
        match cycle["state"].as_str().unwrap() {
            "done" => return cycle,
            "failed" => panic!("{cycle}"),
            _ => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    panic!("the cycle {id} did not end");
}

/// Has the brain think, and waits until it has.
pub async fn compute(olga: &Browser) -> Value {
    let answer = olga.post("/api/v1/brain/compute", &json!({})).await;
    assert_eq!(answer.status(), 202);
    let asked: Value = answer.json().await.unwrap();
    done(olga, asked["id"].as_str().unwrap()).await
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_imported_is_thought_about_and_the_same_input_gives_the_same_state(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    assert_eq!(olga.get("/api/v1/brain/state").await.status(), 404, "nothing was thought yet");
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery", "currency": "EUR"})).await;
    let radio = source(&app, &olga, &client, 60, |ago| 100 + ago % 7).await;

    let first = compute(&olga).await;
    // One that was killed the day before last, with its last attempt.
    let killed = "01890000-0000-7000-8000-000000000001";
    let insert = format!(
        "insert into brain_cycle (organization_id, id, cause, state, asked_at)
         select organization_id, '{killed}', 'daily', 'running', asked_at - interval '2 days' from brain_cycle limit 1"
    );
    execute(&pool, insert).await;
    let again = compute(&olga).await;
    assert_eq!(first["state_id"], again["state_id"]);
    let ended = olga.json(&format!("/api/v1/brain/cycles/{killed}")).await;
    assert_eq!(ended["state"], "failed", "it does not run for ever: {ended}");
    assert_eq!(count(&pool, "select count(*) from brain_state").await, 1);
    let state = olga.json("/api/v1/brain/state").await;
    assert_eq!(state["id"], first["state_id"]);

    // Other figures give another state; the earlier one is still shown as of its moment.
    push(&app, &olga, &radio, 1, |_| 9_999).await;
    let later = compute(&olga).await;
    assert_ne!(later["state_id"], first["state_id"]);
    let newest = olga.json("/api/v1/brain/state").await;
    assert_ne!(newest["input_hash"], state["input_hash"]);
    let as_of = first["cut_off"].as_str().unwrap();
    let past = olga.json(&format!("/api/v1/brain/state?as_of={as_of}")).await;
    assert_eq!((&past["id"], &past["output_hash"]), (&state["id"], &state["output_hash"]));
    assert_eq!(past["cut_off"], first["cut_off"], "it speaks of that moment's rows");
    assert_eq!(olga.get("/api/v1/brain/state?as_of=2020-01-01T00:00:00Z").await.status(), 404);
    assert_eq!(olga.get("/api/v1/brain/state?as_of=yesterday").await.status(), 422);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn thinking_lets_accounts_be_read_for_the_first_time_before_it(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery", "currency": "EUR"})).await;
    let reading =
        "insert into connection (organization_id, id, provider, label, created_by, created_at, asked_cause, asked_at, next_sync_at)
         select organization_id, gen_random_uuid(), 'meta_ads', 'Meta', id, now(), 'first', now(), now() + interval '1 day' from member";
    execute(&pool, reading.into()).await;
    source(&app, &olga, &client, 60, |ago| 100 + ago % 7).await;
    let waiting = "select count(*) from brain_cycle where cause = 'sync' and state = 'waiting'";
    let csv = "Date,USD\n2026-01-02,1.10";
    assert_eq!(olga.send("PUT", "/api/v1/exchange-rates", &json!({ "csv": csv })).await.status(), 200);
    // More than once its time has come.
    tokio::time::sleep(Duration::from_secs(12)).await;
    assert_eq!(count(&pool, waiting).await, 1);
    // What takes so long is not waited for.
    execute(&pool, "update brain_cycle set asked_at = asked_at - interval '11 minutes'".into()).await;
    let done = "select count(*) from brain_cycle where cause = 'sync' and state = 'done'";
    for _ in 0..200 {
        if count(&pool, done).await == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(count(&pool, done).await, 1);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_metric_of_any_days_is_the_sum_of_its_rows_or_says_why_there_is_none(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let settings = olga.send("PATCH", "/api/v1/organization", &json!({"currency": "EUR"})).await;
    assert_eq!(settings.status(), 200);
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery", "currency": "USD"})).await;
    source(&app, &olga, &client, 60, |ago| 100 + ago % 7).await;
    let day = |ago: i64| (app.service.clock.now().date() - time::Duration::days(ago)).to_string();
    let asked = async |rest: &str| {
        let path = format!("/api/v1/brain/metrics?from={}&to={}{rest}", day(7), day(1));
        let answer = olga.get(&path).await;
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let (_, agency) = asked("").await;
    let metrics = &agency["items"][0]["body"]["metrics"];
    assert_eq!(
        (&metrics["spend"]["now"]["value"], &metrics["spend"]["now"]["unit"]),
        (&json!("721"), &json!({"money": "EUR"}))
    );
    assert_eq!(metrics["spend"]["before"]["value"], json!("721"));
    let parts = &metrics["roas_claimed"]["now"]["parts"];
    assert_eq!(
        (&parts[1]["measure"], &parts[1]["value"], &parts[1]["rows"]),
        (&json!("spend"), &json!("721"), &json!(7))
    );
    assert!(metrics.get("orders").is_none(), "no shop is connected: {metrics}");

    // The client counts in dollars: without a rate the sum names what it lacks, with one it is there.
    let (_, lacking) = asked(&format!("&by=client&client_id={client}")).await;
    let spend = lacking["items"][0]["body"]["metrics"]["spend"]["now"].clone();
    assert!(spend["value"] != json!("721") && spend.to_string().contains("\"reason\":\"rate\""), "{spend}");
    let csv: String = (0..70).map(|ago| format!("{},1.10,0.85\n", day(ago))).collect();
    let kept = olga.send("PUT", "/api/v1/exchange-rates", &json!({"csv": format!("Date,USD,GBP\n{csv}")})).await;
    assert_eq!((kept.status().as_u16(), kept.json::<Value>().await.unwrap()), (200, json!({"rates": 140})));
    let (_, whole) = asked("&by=client").await;
    let spend = &whole["items"][0]["body"]["metrics"]["spend"]["now"];
    assert_eq!((&spend["value"], &spend["unit"]), (&json!("793.1"), &json!({"money": "USD"})));

    let refused = olga.send("PUT", "/api/v1/exchange-rates", &json!({"csv": "Date,USD\n2026-11-20,zero\n"})).await;
    let (status, body) = (refused.status().as_u16(), refused.json::<Value>().await.unwrap());
    assert_eq!((status, &body["error"]["field"]), (422, &json!("csv")), "{body}");
    for (rest, field) in [("&by=moon", "by"), ("&compare_from=2026-01-01", "compare_to"), ("&client_id=x", "client_id")]
    {
        let (status, body) = asked(rest).await;
        assert_eq!((status, &body["error"]["field"]), (422, &json!(field)), "{body}");
    }
    let turned = olga.get(&format!("/api/v1/brain/metrics?from={}&to={}", day(1), day(7))).await;
    assert_eq!(turned.status(), 422);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_rate_that_is_corrected_is_still_known_as_it_was(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let day = app.service.clock.now().date() - time::Duration::days(3);
    let before = day - time::Duration::DAY;
    let import = async |today: &str| {
        let csv = format!("Date,USD\n{day},{today}\n{before},1.08\n");
        assert_eq!(olga.send("PUT", "/api/v1/exchange-rates", &json!({ "csv": csv })).await.status(), 200);
        compute(&olga).await["cut_off"].as_str().unwrap().to_owned()
    };
    // The second brings nothing new.
    let moments = [import("1.10").await, import("1.10").await, import("1.20").await];
    assert_eq!(count(&pool, "select count(*) from exchange_rate_observation").await, 3);
    let agency = olga.json("/api/v1/organization").await["id"].as_str().unwrap().parse().unwrap();
    let mut tx = app.service.db.tenant(&model::actor::Actor::machine(agency)).await.unwrap();
    let format = &time::format_description::well_known::Rfc3339;
    for (at, rate) in moments.iter().zip(["1.10", "1.10", "1.20"]) {
        let at = time::OffsetDateTime::parse(at, format).unwrap();
        let known = store::exchange_rate::list_as_of(&mut tx, before, at).await.unwrap();
        let known: Vec<_> = known.into_iter().map(|rate| (rate.day, rate.per_euro.to_string())).collect();
        assert_eq!(known, [(before, "1.08".to_owned()), (day, rate.to_owned())], "{at}");
    }
    let never = store::exchange_rate::list_as_of(&mut tx, before, time::OffsetDateTime::UNIX_EPOCH).await.unwrap();
    assert_eq!(never, []);
    let now = store::fact::rates(&mut tx, day).await.unwrap();
    assert_eq!(now.iter().map(|rate| rate.per_euro.to_string()).collect::<Vec<_>>(), ["1.20"]);
    drop(tx);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_day_that_is_said_twice_counts_once_and_levels_complete_each_other(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery", "currency": "EUR"})).await;
    let new = json!({"name": "Radio", "holds": "ads", "currency": "EUR", "time_zone": "UTC", "client_id": client});
    let radio = olga.create("/api/v1/imports/sources", &new).await;
    let day = (app.service.clock.now().date() - time::Duration::days(2)).to_string();
    let push = async |rows: Value| {
        let answer = olga.post("/api/v1/ingest/file", &json!({"source_id": radio, "rows": rows})).await;
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    };
    let told = async || {
        let found = olga.json(&format!("/api/v1/brain/metrics?from={day}&to={day}&by=channel")).await;
        let metrics = found["items"][0]["body"]["metrics"].clone();
        ["spend", "clicks", "claimed_conversions"].map(|metric| metrics[metric]["now"]["value"].clone())
    };
    push(json!([
        {"day": day, "campaign_id": "1", "spend": 50, "clicks": 10},
        {"day": day, "campaign_id": "2", "spend": 7, "clicks": 3},
    ]))
    .await;
    assert_eq!(told().await[..2], [json!("57"), json!("13")]);
    let campaigns = olga.json(&format!("/api/v1/brain/metrics?from={day}&to={day}&by=campaign")).await;
    let spent =
        |item: &Value| (item["body"]["entity"]["id"].clone(), item["body"]["metrics"]["spend"]["now"]["value"].clone());
    let spent: Vec<_> = campaigns["items"].as_array().unwrap().iter().map(spent).collect();
    assert_eq!(spent, [(json!("1"), json!("50")), (json!("2"), json!("7"))], "{campaigns}");
    // The same campaign again, now with its windows of attribution: the newer words count, and both windows.
    push(json!([
        {"day": day, "campaign_id": "1", "attribution": "7d_click", "spend": 50, "clicks": 10, "conversions": 4},
        {"day": day, "campaign_id": "1", "attribution": "1d_view", "conversions": 1},
    ]))
    .await;
    assert_eq!(told().await, [json!("57"), json!("13"), json!("5")]);
    // Of the account itself something is said that campaigns do not say, and the other way round.
    push(json!([{"day": day, "spend": 60}])).await;
    assert_eq!(told().await, [json!("60"), json!("13"), json!("5")]);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_chosen_and_cannot_be_read_is_chosen_anew_and_nothing_else(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery", "currency": "EUR"})).await;
    source(&app, &olga, &client, 60, |ago| 100 + ago % 7).await;
    compute(&olga).await;
    let chosen = async || {
        #[expect(clippy::disallowed_methods, reason = "a test's own question")]
        let rows: Vec<(String, String)> =
            sqlx::query_as("select series, choice from brain_choice order by series").fetch_all(&pool).await.unwrap();
        rows
    };
    let first = chosen().await;
    assert!(first.len() > 3, "{first:?}");
    // One that is broken, and one as another version wrote it.
    for (at, text) in [(0, "{"), (1, r#"{"days":60,"made":{"of":"another version"}}"#)] {
        execute(&pool, format!("update brain_choice set choice = '{text}' where series = '{}'", first[at].0)).await;
    }
    compute(&olga).await;
    assert_eq!(chosen().await, first);
    let times = "select count(distinct chosen_at) from brain_choice";
    assert_eq!(count(&pool, times).await, 2, "the others are those of the first cycle");
    assert_eq!(
        count(&pool, "select count(*) from brain_choice where chosen_at > (select min(chosen_at) from brain_choice)")
            .await,
        2
    );
    let newest = olga.json("/api/v1/brain/forecasts?limit=100").await;
    assert!(!newest.to_string().contains("not_chosen_yet"), "{newest}");
    // Once the oldest are older than a week, all are chosen anew; of the same days these are the same, and so is the input.
    let state = olga.json("/api/v1/brain/state").await["input_hash"].clone();
    execute(&pool, "update brain_choice set chosen_at = chosen_at - interval '8 days'".into()).await;
    compute(&olga).await;
    assert_eq!((count(&pool, times).await, chosen().await), (1, first.clone()));
    assert_eq!(olga.json("/api/v1/brain/state").await["input_hash"], state);
    // Another choice is another input.
    let other = first.iter().find(|(series, _)| series.starts_with("forecast:")).unwrap();
    let none = r#"{"days":60,"absent":{"reason":"too_short","has":1,"needs":2}}"#;
    execute(&pool, format!("update brain_choice set choice = '{none}' where series = '{}'", other.0)).await;
    compute(&olga).await;
    assert_ne!(olga.json("/api/v1/brain/state").await["input_hash"], state);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_state_is_never_changed_whatever_code_runs(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery", "currency": "EUR"})).await;
    source(&app, &olga, &client, 40, |ago| 100 + ago % 7).await;
    compute(&olga).await;
    for sql in
        ["update brain_state set code_version = 'x'", "delete from brain_result", "update brain_result set body = ''"]
    {
        let mut tx = pool.begin().await.unwrap();
        #[expect(clippy::disallowed_methods, reason = "what no code of ours does, tried in the runtime role")]
        let done = {
            sqlx::query("set local role audienceos_runtime").execute(&mut *tx).await.unwrap();
            sqlx::query(sql).execute(&mut *tx).await
        };
        assert!(done.unwrap_err().to_string().contains("permission denied"), "{sql}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn everybody_sees_of_a_state_what_is_about_their_clients(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let mut clients = Vec::new();
    for name in ["Bakery", "Brewery"] {
        let client = olga.create("/api/v1/clients", &json!({"name": name, "currency": "EUR"})).await;
        source(&app, &olga, &client, 60, |ago| 100 + ago % 7).await;
        clients.push(client);
    }
    compute(&olga).await;
    let mel = app.join(&olga, "mel@acme.test", "member").await;
    let all =
        async |who: &Browser| who.json("/api/v1/brain/figures?limit=100").await["items"].as_array().unwrap().clone();
    assert!(all(&mel).await.is_empty(), "without a client there is nothing to see");
    let member = mel.member_id().await;
    olga.create("/api/v1/assignments", &json!({"member_id": member, "client_id": clients[0]})).await;
    let seen = all(&mel).await;
    assert!(!seen.is_empty() && seen.iter().all(|item| item["client_id"] == *clients[0]), "{seen:?}");
    let owners = all(&olga).await;
    assert!(
        owners.iter().any(|item| item["client_id"] == *clients[1])
            && owners.iter().any(|item| item["client_id"].is_null())
    );
    let of_one = mel.json(&format!("/api/v1/brain/figures?client_id={}", clients[1])).await;
    assert_eq!(of_one["items"], json!([]));
    // Figures of any days are made of the rows that each of them sees.
    let day = |ago: i64| (app.service.clock.now().date() - time::Duration::days(ago)).to_string();
    let path = format!("/api/v1/brain/metrics?from={}&to={}&by=client", day(7), day(1));
    let spent = async |who: &Browser| who.json(&path).await["items"].as_array().unwrap().clone();
    let (hers, all) = (spent(&mel).await, spent(&olga).await);
    assert_eq!((hers.len(), all.len()), (1, 2), "{hers:?}");
    assert_eq!(hers[0]["body"]["metrics"]["spend"]["now"]["value"], json!("721"));

    // Another agency has nothing of it.
    let nia = app.owner("nia@other.test", "Other").await;
    assert_eq!(nia.get("/api/v1/brain/state").await.status(), 404);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_daily_cycle_comes_at_three_in_the_agencys_zone(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let answer = olga.send("PATCH", "/api/v1/organization", &json!({"time_zone": "America/New_York"})).await;
    assert_eq!(answer.status(), 200);
    let mut tx = app.service.db.system().await.unwrap();
    let at = |text: &str| time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).unwrap();
    // The first look only says when it will be.
    let took = async |tx: &mut store::SystemTx, text: &str| store::brain::take_daily(tx, at(text)).await.unwrap().len();
    execute(&pool, "update organization set brain_next_at = null".into()).await;
    assert_eq!(took(&mut tx, "2026-11-20T07:59:00Z").await, 0);
    assert_eq!(took(&mut tx, "2026-11-20T07:59:30Z").await, 0);
    assert_eq!(took(&mut tx, "2026-11-20T08:00:00Z").await, 1, "08:00 UTC is 03:00 in New York in November");
    assert_eq!(took(&mut tx, "2026-11-20T08:01:00Z").await, 0, "once a day");
    assert_eq!(took(&mut tx, "2026-11-23T09:00:00Z").await, 1, "days that nobody worked are made up for by one");
    assert_eq!(took(&mut tx, "2026-11-23T09:01:00Z").await, 0);
    // Where clocks go forward it is three o'clock there, too.
    assert_eq!(took(&mut tx, "2027-03-14T06:59:00Z").await, 1);
    assert_eq!(took(&mut tx, "2027-03-14T06:59:30Z").await, 0);
    assert_eq!(took(&mut tx, "2027-03-14T07:00:00Z").await, 1, "03:00 of that day is 07:00 UTC");
    drop(tx);
    app.finish().await;
}
