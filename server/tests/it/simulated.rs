//! Simulated agencies: the database keeps them apart, one click furnishes one, and what is read is what is true there.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use sqlx::PgPool;
use time::Date;

use crate::{
    process::free_address,
    support::{Browser, TestApp, count, execute, refused},
};

pub async fn start(pool: PgPool) -> TestApp {
    let address = free_address().parse().unwrap();
    TestApp::start_with(pool, |config| (config.rehearsal, config.jobs) = (Some(address), 8)).await
}

/// After so many days no platform claims more of a day.
const SETTLED: i64 = 39;

/// Goes into a new simulated agency.
pub async fn enter(browser: &Browser) {
    let answer = browser.submit("/simulation", &[]).await;
    let (status, target) = (answer.status(), answer.headers().get("location").cloned());
    assert_eq!(status, 303, "{}", answer.text().await.unwrap());
    assert_eq!(target.unwrap(), "/dashboard");
}

/// Waits until every connection was read as often and none is read; every run succeeded.
async fn read(browser: &Browser, runs: usize) {
    let connections = browser.json("/api/v1/integrations").await;
    for connection in connections["items"].as_array().unwrap() {
        let path = format!("/api/v1/integrations/{}/runs", connection["id"].as_str().unwrap());
        let mut items = Vec::new();
        for _ in 0..1800 {
            items = browser.json(&path).await["items"].as_array().unwrap().clone();
            if items.len() >= runs && items.iter().all(|run| run["state"] != "running") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let succeeded = items.iter().filter(|run| run["state"] == "succeeded").count();
        assert!(items.len() >= runs && succeeded == items.len(), "{connection}: {items:?}");
    }
}

/// What is true of the world on this day, told by the command line.
fn truth(first: Date, today: Date) -> Value {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_audienceos"));
    command.args(["rehearsal", "truth", "--seed", "1", "--since", &first.to_string(), "--today", &today.to_string()]);
    serde_json::from_slice(&command.output().unwrap().stdout).unwrap()
}

/// (channel, day) and what is stored of it: cents spent, shown, clicked; or orders and cents of the books.
#[expect(clippy::disallowed_methods, reason = "a test's own question")]
async fn stored(pool: &PgPool, sql: &'static str) -> BTreeMap<(String, String), Vec<i64>> {
    let rows: Vec<(String, Date, Vec<i64>)> = sqlx::query_as(sql).fetch_all(pool).await.unwrap();
    rows.into_iter().map(|(channel, day, sums)| ((channel, day.to_string()), sums)).collect()
}

const SPENT: &str =
    "select c.external_id, d.day, array[sum(d.spend * 100)::bigint, sum(d.impressions)::bigint, sum(d.clicks)::bigint]
    from metric_daily d join channel c on c.organization_id = d.organization_id and c.id = d.channel_id
    where d.level = 'ad' group by 1, 2";
const CLAIMED: &str =
    "select c.external_id, d.day, array[coalesce(sum(d.claimed_revenue) * 100, 0)::bigint, coalesce(sum(d.conversions) * 100, 0)::bigint,
      sum(d.clicks)::bigint]
    from metric_daily d join channel c on c.organization_id = d.organization_id and c.id = d.channel_id
    where d.level = 'ad' group by 1, 2";
const BOOKED: &str =
    "select c.external_id, d.day, array[d.orders::bigint, (d.ledger_revenue * 100)::bigint, (d.taxes * 100)::bigint]
    from metric_daily d join channel c on c.organization_id = d.organization_id and c.id = d.channel_id
    where d.level = 'account' and d.orders is not null";

/// How often something was stored that says of a row what was said before it, but for these columns.
fn told_again(same: bool, but_for: &str, days: &str) -> &'static str {
    let than = if same { "=" } else { "<>" };
    let said = format!("to_jsonb(o) - array['observed_at', 'sync_run_id'{but_for}]");
    let sql = format!(
        "select count(*) from (select {said} as told, lag({said}) over (
           partition by organization_id, channel_id, day, level, entity_id, attribution order by observed_at) as before
         from metric_observation o where {days}) as pair where told {than} before"
    );
    sql.leak()
}

/// The same of the truth: every day of these, both included.
fn told(truth: &Value, of: &str, names: [&str; 3], days: [Date; 2]) -> BTreeMap<(String, String), Vec<i64>> {
    let mut told = BTreeMap::new();
    for channel in truth[of].as_array().unwrap() {
        for day in channel["days"].as_array().unwrap() {
            let on = day["day"].as_str().unwrap().to_owned();
            let sums: Vec<i64> = names.iter().map(|name| day[*name].as_i64().unwrap()).collect();
            if (days[0].to_string()..=days[1].to_string()).contains(&on) && sums.iter().any(|sum| *sum != 0) {
                told.insert((channel["external_id"].as_str().unwrap().to_owned(), on), sums);
            }
        }
    }
    told
}

/// What is stored of every channel and day is true to the cent, and nothing else is stored: from the first of these days to the
/// second; what platforms claim, to the third.
async fn is_true(pool: &PgPool, truth: &Value, [begun, ended, settled]: [Date; 3]) {
    for (of, names, sql, last) in [
        ("channels", ["spend_cents", "impressions", "clicks"], SPENT, ended),
        ("channels", ["final_revenue_cents", "final_conversions_hundredths", "clicks"], CLAIMED, settled),
        ("shops", ["orders", "ledger_cents", "taxes_cents"], BOOKED, ended),
    ] {
        let told = told(truth, of, names, [begun, last]);
        let mut stored = stored(pool, sql).await;
        let days = begun.to_string()..=last.to_string();
        stored.retain(|(_, day), sums| days.contains(day) && sums.iter().any(|sum| *sum != 0));
        assert!(told.len() > 2000, "{of}: {}", told.len());
        let differs = told.iter().find(|(key, sums)| stored.get(*key) != Some(*sums));
        assert_eq!(differs.map(|(key, sums)| (key, sums, stored.get(key))), None, "{of}");
        assert_eq!(stored.len(), told.len(), "{of}: nothing else is stored");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn one_click_leads_to_a_furnished_agency_whose_accounts_are_read(pool: PgPool) {
    let app = start(pool.clone()).await;
    let guest = app.browser();
    enter(&guest).await;
    let clients = guest.json("/api/v1/clients").await;
    assert_eq!(clients["items"].as_array().unwrap().len(), 8);
    let page = guest.get("/clients").await.text().await.unwrap();
    assert!(page.contains("Rehearsal agency: simulated.") && page.contains("Let a week pass"), "{page}");
    assert_eq!(guest.json("/api/v1/organization").await["simulated"], true, "programs are told as well");
    assert_eq!(count(&pool, "select count(*) from channel where client_id is not null").await, 26);
    assert_eq!(count(&pool, "select count(*) from connection where mode = 'simulated'").await, 14);
    assert_eq!(count(&pool, "select count(*) from channel where kind = 'inbox' and client_id is null").await, 3);
    // They are clients of an agency at work: each has a past, somebody answers for it, and its worth can be told in money.
    let believable = "select count(*) from client where industry <> '' and website <> '' and margin_percent > 0 and owner_id is not null
                and stage_since < now() - interval '1 day' and exists (select from contact c where c.client_id = client.id)";
    assert_eq!(count(&pool, believable).await, 8);
    let stages = "select count(distinct s.name) from client c join stage s on s.id = c.stage_id";
    assert!(count(&pool, stages).await >= 4);
    let new = "select count(*) from client c join stage s on s.id = c.stage_id where s.name = 'Onboarding'";
    assert_eq!(count(&pool, new).await, 0);
    let moves = "select count(*) from stage_change where created_at < now() - interval '1 day'";
    assert!(count(&pool, moves).await > 16, "each stood somewhere before");
    // Its two currencies can be added up.
    let known = "select count(*) from exchange_rate where day >= current_date - 399 and day <= current_date";
    assert!(count(&pool, known).await > 280);
    read(&guest, 1).await;
    let page = guest.get("/dashboard").await.text().await.unwrap();
    assert!(!page.contains("Accounts are being read"), "all of them are");

    let now = app.service.clock.now();
    let (first, today) = ((now - time::Duration::days(399)).date(), now.date());
    // Every zone's day has ended, and every zone's 400 days reach back as far: east of here it may be tomorrow already.
    let [begun, ended] = [first + time::Duration::DAY, today - time::Duration::days(2)];
    // What is claimed of later days is not settled: more of it comes in.
    let settled = today - time::Duration::days(SETTLED);
    is_true(&pool, &truth(first, today), [begun, ended, settled]).await;

    // Read again: what has ended is told as it was, and nothing that is told as before is stored a second time.
    let before = [stored(&pool, SPENT).await, stored(&pool, BOOKED).await];
    for connection in guest.json("/api/v1/integrations").await["items"].as_array().unwrap() {
        let path = format!("/api/v1/integrations/{}/sync", connection["id"].as_str().unwrap());
        assert_eq!(guest.post(&path, &json!({})).await.status(), 202);
    }
    read(&guest, 2).await;
    for (sql, before) in [SPENT, BOOKED].into_iter().zip(before) {
        let mut after = stored(&pool, sql).await;
        after.retain(|key, sums| before.get(key) != Some(sums));
        assert!(after.keys().all(|(_, day)| *day > ended.to_string()), "{after:?}");
    }
    assert_eq!(count(&pool, told_again(true, "", "true")).await, 0, "stored twice");
    // Platforms may claim more of days that are not settled, where a day began meanwhile.
    let over = format!("day <= '{ended}'");
    let restated = told_again(false, ", 'conversions', 'claimed_revenue'", &over);
    assert_eq!(count(&pool, restated).await, 0, "a day that has ended became another");
    for connection in guest.json("/api/v1/integrations").await["items"].as_array().unwrap() {
        let path = format!("/api/v1/integrations/{}/runs", connection["id"].as_str().unwrap());
        let run = guest.json(&path).await["items"][0].clone();
        // A shop tells of what changed only, and so does a mailbox.
        let only_changes =
            ["shopify", "gmail", "outlook", "imap"].map(|key| connection["provider"] == key).contains(&true);
        let looked = only_changes || run["rows_unchanged"].as_i64() > Some(0);
        assert!(looked && run["rows_withdrawn"] == 0, "{connection}: {run}");
    }

    // Time goes on: a week later its days are there, and as true.
    let week = time::Duration::days(7);
    assert_eq!(guest.submit("/simulation/forward", &[]).await.status(), 303);
    read(&guest, 3).await;
    is_true(&pool, &truth(first, today + week), [begun, ended + week, settled + week]).await;

    // A chart says it, too, for whoever keeps its picture alone.
    let page = guest.get("/analytics").await.text().await.unwrap();
    let charts = page.matches("data-test=\"chart ").count();
    assert!(charts > 0 && page.matches("data-test=\"chart-label\"").count() == charts, "{charts}: {page}");
    assert_eq!(app.mails(""), [""; 0], "nobody real is there to be mailed");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_database_keeps_what_is_simulated_apart(pool: PgPool) {
    let app = start(pool.clone()).await;
    app.owner("olga@acme.test", "Acme").await;
    let guest = app.browser();
    enter(&guest).await;
    let changed = refused(&pool, "update organization set mode = 'live' where mode = 'simulated'").await;
    assert!(changed.contains("what is simulated stays simulated"), "{changed}");
    let changed = refused(&pool, "update organization set mode = 'simulated' where mode = 'live'").await;
    assert!(changed.contains("what is live stays live"), "{changed}");
    let changed = refused(&pool, "update connection set mode = 'live'").await;
    assert!(changed.contains("what is simulated stays simulated"), "{changed}");
    for (mode, other) in [("live", "simulated"), ("simulated", "live")] {
        let sql = format!(
            "insert into connection (organization_id, id, provider, label, created_by, created_at, mode)
             select organization_id, gen_random_uuid(), 'tiktok_ads', 'x', gen_random_uuid(), now(), '{mode}'
             from organization where mode = '{other}' limit 1"
        );
        let inserted = refused(&pool, sql.leak()).await;
        assert!(inserted.contains("connection_mode"), "{inserted}");
    }
    let ahead = refused(&pool, "update organization set ahead_seconds = 60 where mode = 'live'").await;
    assert!(ahead.contains("check constraint"), "{ahead}");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn who_looks_into_it_comes_back_and_nothing_of_it_stays(pool: PgPool) {
    let app = start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let banner = "Rehearsal agency: simulated.";
    let page = async |path: &str| olga.get(path).await.text().await.unwrap();
    let simulated = "select count(*) from organization where mode = 'simulated'";
    // Time is nothing that a live agency can move, nor can it be left.
    for path in ["/simulation/forward", "/simulation/leave"] {
        assert_eq!(olga.submit(path, &[]).await.status(), 404, "{path}");
    }
    let offer = "Try with a rehearsal agency";
    let before = app.browser().get("/signup").await.text().await.unwrap();
    assert!(before.contains(offer), "{before}");
    for path in ["/dashboard", "/settings"] {
        assert!(page(path).await.contains(offer), "{path}: nothing is there yet");
    }
    enter(&olga).await;
    for path in ["/dashboard", "/settings"] {
        assert!(!page(path).await.contains(offer), "{path}: it is in one already");
    }
    assert!(page("/clients").await.contains(banner));
    let session = olga.json("/api/v1/auth/session").await;
    assert_eq!((&session["name"], &session["organization"]), (&json!("Olga Owner"), &json!("Rehearsal agency")));

    // Nothing here is about the own account.
    assert_eq!(session["email"], "guest@simulated.invalid");
    let change = json!({"present": crate::support::PASSWORD, "password": "another horse battery staple"});
    assert_eq!(olga.post("/api/v1/auth/password", &change).await.status(), 404);
    let source = json!({"name": "Radio", "holds": "ads", "currency": "EUR", "time_zone": "UTC", "client_id": null});
    assert_eq!(olga.post("/api/v1/imports/sources", &source).await.status(), 409);

    assert_eq!(olga.submit("/simulation/forward", &[]).await.status(), 303);
    assert!(page("/clients").await.contains("7 days ahead"));
    enter(&olga).await;
    assert_eq!(count(&pool, simulated).await, 1, "the one before is gone");
    assert!(!page("/clients").await.contains("days ahead"));
    assert_eq!(olga.submit("/simulation/leave", &[]).await.headers()["location"], "/");
    assert_eq!(olga.json("/api/v1/auth/session").await["organization"], "Acme");
    assert!(!page("/clients").await.contains(banner));
    assert_eq!(count(&pool, simulated).await, 0);
    let login = json!({"email": "olga@acme.test", "password": crate::support::PASSWORD});
    assert_eq!(app.browser().post("/api/v1/auth/login", &login).await.status(), 200);

    // One that ended by itself leads home, and so does another browser's guest nowhere.
    enter(&olga).await;
    let long_ago = "update organization set created_at = now() - interval '3 days' where mode = 'simulated'";
    execute(&pool, long_ago.to_owned()).await;
    let unseen = "update session set seen_at = now() - interval '3 days'
                  where organization_id in (select organization_id from organization where mode = 'simulated')";
    execute(&pool, unseen.to_owned()).await;
    assert_eq!(service::purge::run(&app.service).await.unwrap().simulated, 1);
    assert_eq!(olga.json("/api/v1/auth/session").await["organization"], "Acme");
    let guest = app.browser();
    enter(&guest).await;
    assert_eq!(guest.submit("/simulation/leave", &[]).await.headers()["location"], "/signup");
    assert_eq!(guest.get("/api/v1/auth/session").await.status(), 401);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_one_that_nobody_looks_into_makes_room(pool: PgPool) {
    let app = start(pool.clone()).await;
    let more = "insert into organization (organization_id, name, mode, created_at)
                select gen_random_uuid(), 'R', 'simulated', now() - make_interval(mins => n) from generate_series(51, 70) n";
    execute(&pool, more.to_owned()).await;
    let guest = app.browser();
    enter(&guest).await;
    assert_eq!(count(&pool, "select count(*) from organization where mode = 'simulated'").await, 20);
    execute(&pool, "update organization set created_at = now()".to_owned()).await;
    let late = app.browser().submit("/simulation", &[]).await;
    assert_eq!(late.status(), 409);
    enter(&guest).await;
    assert_eq!(
        count(&pool, "select count(*) from organization where mode = 'simulated'").await,
        20,
        "its own counts once"
    );
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn two_who_begin_at_the_same_moment_make_one_too_many_no_more(pool: PgPool) {
    let app = start(pool.clone()).await;
    let more = "insert into organization (organization_id, name, mode, created_at)
                select gen_random_uuid(), 'R', 'simulated', now() from generate_series(1, 19) n";
    execute(&pool, more.to_owned()).await;
    let browsers = [app.browser(), app.browser(), app.browser()];
    let [one, two, three] = &browsers;
    let begin = async |browser: &Browser| browser.submit("/simulation", &[]).await.status().as_u16();
    let (one, two, three) = tokio::join!(begin(one), begin(two), begin(three));
    let mut statuses = [one, two, three];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409, 409]);
    assert_eq!(count(&pool, "select count(*) from organization where mode = 'simulated'").await, 20);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn nobody_is_drawn_in_and_who_signs_out_is_out_everywhere(pool: PgPool) {
    let app = start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    enter(&olga).await;
    let invited = olga.post("/api/v1/invitations", &json!({"email": "real@acme.test", "role": "member"})).await;
    assert_eq!(invited.status(), 409);
    let export = olga.get("/api/v1/audit.csv").await;
    assert!(export.headers()["content-disposition"].to_str().unwrap().contains("simulated-audit.csv"));
    let lines = export.text().await.unwrap();
    assert!(lines.lines().next().unwrap().ends_with(",simulated"), "{lines}");
    assert!(lines.lines().count() > 1, "{lines}");
    assert!(lines.lines().skip(1).all(|line| line.ends_with(",yes")), "{lines}");
    let figures = olga.get("/api/v1/analytics/export").await;
    assert!(figures.headers()["content-disposition"].to_str().unwrap().contains("\"simulated-analytics-"));
    let lines = figures.text().await.unwrap();
    assert!(lines.lines().next().unwrap().ends_with(",simulated"), "{lines}");
    assert!(lines.lines().skip(1).all(|line| line.ends_with("\"yes\"")), "{lines}");

    assert_eq!(olga.submit("/logout", &[]).await.headers()["location"], "/login");
    assert_eq!(count(&pool, "select count(*) from session").await, 0, "at home, too");
    for path in ["/simulation/leave", "/simulation/forward"] {
        assert_eq!(olga.submit(path, &[]).await.status(), 401, "{path}");
    }
    assert_eq!(olga.get("/api/v1/auth/session").await.status(), 401);

    // Where no session leads, nobody looks any more.
    assert_eq!(count(&pool, "select count(*) from organization where mode = 'simulated'").await, 1);
    app.service.clock.advance(time::Duration::days(3));
    assert_eq!(service::purge::run(&app.service).await.unwrap().simulated, 1);
    assert_eq!(count(&pool, "select count(*) from organization").await, 1, "the live one stays");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn without_the_operators_word_there_is_none(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let guest = app.browser();
    let page = guest.get("/signup").await.text().await.unwrap();
    assert!(!page.contains("rehearsal agency"));
    assert_eq!(guest.submit("/simulation", &[]).await.status(), 404);
    app.finish().await;
}
