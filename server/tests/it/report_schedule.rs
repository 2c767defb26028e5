//! Reports that come by themselves: each due day's once over several servers, on the clock of the agency's zone, to each recipient
//! once.

use model::{
    actor::Actor,
    id::OrganizationId,
    report::{Every, Question, Timing},
    summary::Persona,
};
use serde_json::{Value, json};
use service::report::schedule;
use sqlx::PgPool;
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::support::{Browser, TestApp, count, until_one_waits};

/// An agency in Berlin, and its Owner.
async fn agency(app: &TestApp) -> (Browser, Actor) {
    let olga = app.owner("olga@acme.test", "Acme").await;
    let zone = json!({"time_zone": "Europe/Berlin", "currency": "EUR"});
    assert_eq!(olga.send("PATCH", "/api/v1/organization", &zone).await.status(), 200);
    let session = olga.json("/api/v1/auth/session").await;
    let organization: OrganizationId = session["organization_id"].as_str().unwrap().parse().unwrap();
    let member_id = session["user_id"].as_str().unwrap().parse().unwrap();
    (olga, Actor { member_id, ..Actor::machine(organization) })
}

async fn add(app: &TestApp, actor: &Actor, every: Every, (on_day, hour): (i16, i16), recipients: &str) {
    let question = Question::parse(None, "By itself", Persona::Cmo, &["method".to_owned()]).unwrap();
    let timing = Timing::parse(every, on_day, hour, recipients, true).unwrap();
    schedule::add(&app.service, actor, question, timing).await.unwrap();
}

/// What a server does every minute, at this moment.
async fn minute(app: &TestApp, now: OffsetDateTime) {
    let mut tx = app.service.db.system().await.unwrap();
    schedule::queue_due(&mut tx, now).await.unwrap();
    tx.commit().await.unwrap();
}

async fn reports(app: &TestApp) -> i64 {
    count(&app.pool, "select count(*) from report").await
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_due_day_makes_one_report_over_two_servers_and_mails_each_recipient_once(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (olga, actor) = agency(&app).await;
    let to = "jane@client.test, joe@client.test";
    add(&app, &actor, Every::Weekly, (1, 8), to).await;
    // Mondays of a coming year, 08:00 in Berlin.
    let due = datetime!(2029-01-08 07:00 UTC);
    minute(&app, due - Duration::SECOND).await;
    let before = reports(&app).await;
    assert_eq!(before, 1, "the newest Monday that everybody slept through");
    // Two servers look at once, and then again and again.
    let (mut one, mut other) = (app.service.db.system().await.unwrap(), app.service.db.system().await.unwrap());
    let (first, second) =
        tokio::join!(schedule::queue_due(&mut one, due), schedule::queue_due(&mut other, due + Duration::SECOND));
    first.unwrap();
    second.unwrap();
    one.commit().await.unwrap();
    other.commit().await.unwrap();
    for minutes in 1..4 {
        minute(&app, due + Duration::minutes(minutes)).await;
    }
    assert_eq!(reports(&app).await, before + 1);
    for _ in 0..600 {
        let items = olga.json("/api/v1/reports").await["items"].as_array().unwrap().clone();
        let sent = |report: &Value| {
            let mails = report["mails"].as_array().unwrap();
            mails.len() == 2 && mails.iter().all(|mail| mail["state"] == "sent")
        };
        if items.iter().all(sent) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let newest = olga.json("/api/v1/reports").await["items"][0].clone();
    assert_eq!((&newest["first"], &newest["last"]), (&json!("2029-01-01"), &json!("2029-01-07")));
    for email in ["jane@client.test", "joe@client.test"] {
        let mails = app.mails(email);
        assert_eq!(mails.len(), 2, "one of each Monday to {email}");
        assert!(mails.iter().all(|mail| mail.contains("application/pdf") && mail.contains("/reports/")), "{mails:?}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_hour_that_the_clock_skips_or_shows_twice_is_due_once(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (_, actor) = agency(&app).await;
    app.leave_jobs();
    // Sundays at 02:00: there is none on 28 March 2027, and there are two on 31 October.
    add(&app, &actor, Every::Weekly, (7, 2), "").await;
    minute(&app, datetime!(2027-03-28 00:59:59 UTC)).await;
    let before = reports(&app).await;
    minute(&app, datetime!(2027-03-28 01:00 UTC)).await;
    assert_eq!(reports(&app).await, before + 1, "03:00 follows 01:59");
    minute(&app, datetime!(2027-03-28 02:00 UTC)).await;
    assert_eq!(reports(&app).await, before + 1);
    minute(&app, datetime!(2027-10-30 23:59:59 UTC)).await;
    let before = reports(&app).await;
    for again in [datetime!(2027-10-31 00:00 UTC), datetime!(2027-10-31 01:00 UTC), datetime!(2027-10-31 02:00 UTC)] {
        minute(&app, again).await;
        assert_eq!(reports(&app).await, before + 1, "{again}");
    }
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_month_that_is_too_short_has_its_report_on_its_last_day(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (olga, actor) = agency(&app).await;
    app.leave_jobs();
    add(&app, &actor, Every::Monthly, (31, 6), "").await;
    minute(&app, datetime!(2027-02-28 04:59 UTC)).await;
    let before = reports(&app).await;
    minute(&app, datetime!(2027-02-28 05:00 UTC)).await;
    assert_eq!(reports(&app).await, before + 1);
    let newest = olga.json("/api/v1/reports").await["items"][0].clone();
    assert_eq!((&newest["first"], &newest["last"]), (&json!("2027-01-01"), &json!("2027-01-31")));
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_schedule_is_set_changed_and_taken_back(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (olga, actor) = agency(&app).await;
    app.leave_jobs();
    let set =
        json!({"title": "Monthly", "every": "monthly", "on_day": 1, "hour": 7, "recipients": ["Jane@client.test"]});
    let id = olga.create("/api/v1/report-schedules", &set).await;
    let path = format!("/api/v1/report-schedules/{id}");
    let kept = olga.json(&path).await;
    assert_eq!((&kept["recipients"], &kept["enabled"]), (&json!(["jane@client.test"]), &json!(true)));
    for (field, bad) in
        [("on_day", json!(32)), ("hour", json!(24)), ("every", json!("daily")), ("recipients", json!(["x"]))]
    {
        let mut wrong = set.clone();
        wrong[field] = bad;
        let answer = olga.send("PUT", &path, &wrong).await;
        assert_eq!(answer.status(), 422);
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["field"], field);
    }
    let mut off = set.clone();
    off["enabled"] = json!(false);
    assert_eq!(olga.send("PUT", &path, &off).await.status(), 200);
    minute(&app, datetime!(2027-05-01 12:00 UTC)).await;
    assert_eq!(reports(&app).await, 0, "one that is switched off makes none");
    schedule::switch(&app.service, &actor, id.parse().unwrap(), true).await.unwrap();
    minute(&app, datetime!(2027-05-01 12:00 UTC)).await;
    assert_eq!(reports(&app).await, 1);
    assert_eq!(olga.send("DELETE", &path, &json!({})).await.status(), 204);
    let left = olga.json("/api/v1/reports").await["items"][0].clone();
    assert_eq!((&left["title"], &left["schedule_id"]), (&json!("Monthly"), &Value::Null), "its reports stay");
    let log = olga.json("/api/v1/audit").await;
    assert_eq!(log["items"][0]["action"], "reports.agency");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_schedule_is_changed_by_its_form_and_stays_whose_it_is_and_switched_off(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (olga, _) = agency(&app).await;
    app.leave_jobs();
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery"})).await;
    let set = json!({"client_id": client, "title": "Weekly", "every": "weekly", "on_day": 1, "hour": 7, "enabled": false,
        "recipients": ["jane@client.test"], "sections": ["method"]});
    let id = olga.create("/api/v1/report-schedules", &set).await;
    let other = olga
        .create("/api/v1/report-schedules", &json!({"title": "Other", "every": "weekly", "on_day": 1, "hour": 6}))
        .await;
    let kept = async |id: &str| olga.json(&format!("/api/v1/report-schedules/{id}")).await;
    let (before, beside) = (kept(&id).await, kept(&other).await);
    let form = |hour: &'static str| {
        let fields =
            [("title", "Monthly 1"), ("persona", "director"), ("every", "monthly"), ("on_day", "3"), ("hour", hour)];
        let rest = [("recipients", "joe@client.test"), ("sections[0]", "figures"), ("sections[1]", "method")];
        let own = [("id", id.clone())].into_iter();
        own.chain(fields.into_iter().chain(rest).map(|(name, text)| (name, text.to_owned()))).collect::<Vec<_>>()
    };
    let sent = async |fields: Vec<(&str, String)>| {
        let request = olga.client.post(format!("{}/app/change_report_schedule", olga.url)).form(&fields);
        let request = request.header("accept", "text/html").header("referer", format!("{}/reports", olga.url));
        request.send().await.unwrap()
    };
    let refused = sent(form("24")).await;
    assert_eq!(refused.status(), 422);
    let page = refused.text().await.unwrap();
    assert_eq!(page.matches("Choose an hour from 0 to 23").count(), 1, "it is said at this schedule alone: {page}");
    assert!(page.contains("value=\"Monthly 1\""), "what was typed stays: {page}");
    assert_eq!(kept(&id).await, before);
    let wrong = form("24").into_iter().map(|(name, text)| match name {
        "title" => (name, " ".to_owned()),
        "recipients" => (name, "nobody".to_owned()),
        _ => (name, text),
    });
    let page = sent(wrong.collect()).await.text().await.unwrap();
    for words in ["Title is required", "Choose an hour from 0 to 23", "Enter an e-mail address like name@example.com"] {
        assert!(page.contains(words), "all that is wrong is said at once: {words}: {page}");
    }

    let done = sent(form("9")).await;
    assert_eq!((done.status().as_u16(), done.headers()["location"].to_str().unwrap()), (303, "/reports"));
    let after = kept(&id).await;
    for (key, value) in [
        ("title", json!("Monthly 1")),
        ("persona", json!("director")),
        ("every", json!("monthly")),
        ("on_day", json!(3)),
        ("hour", json!(9)),
        ("recipients", json!(["joe@client.test"])),
        ("sections", json!(["figures", "method"])),
        ("client_id", json!(client)),
        ("enabled", json!(false)),
    ] {
        assert_eq!(after[key], value, "{key}");
    }
    assert_eq!(kept(&other).await, beside);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
#[expect(clippy::disallowed_methods, reason = "somebody else's change, held open")]
async fn of_two_changes_of_a_schedule_at_once_none_is_lost(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let (olga, actor) = agency(&app).await;
    app.leave_jobs();
    let set = json!({"title": "Weekly", "every": "weekly", "on_day": 1, "hour": 7, "recipients": ["jane@client.test"]});
    let id = olga.create("/api/v1/report-schedules", &set).await;
    let path = format!("/api/v1/report-schedules/{id}");
    let id = id.parse().unwrap();

    // Somebody sets another hour while it is switched off.
    let mut other = pool.begin().await.unwrap();
    sqlx::query("update report_schedule set hour = 9, title = 'Renamed'").execute(&mut *other).await.unwrap();
    let (switched, ()) = tokio::join!(schedule::switch(&app.service, &actor, id, false), async {
        until_one_waits(&pool, "report_schedule").await;
        other.commit().await.unwrap();
    });
    switched.unwrap();
    let kept = olga.json(&path).await;
    assert_eq!((&kept["title"], &kept["hour"], &kept["enabled"]), (&json!("Renamed"), &json!(9), &json!(false)));

    // Somebody switches it on while it is changed.
    let mut other = pool.begin().await.unwrap();
    sqlx::query("update report_schedule set enabled = true").execute(&mut *other).await.unwrap();
    let question = Question::parse(None, "Monthly", Persona::Cmo, &["method".to_owned()]).unwrap();
    let timing = Timing::parse(Every::Monthly, 3, 6, "", false).unwrap();
    let (changed, ()) = tokio::join!(schedule::change(&app.service, &actor, id, question, timing), async {
        until_one_waits(&pool, "report_schedule").await;
        other.commit().await.unwrap();
    });
    changed.unwrap();
    let kept = olga.json(&path).await;
    assert_eq!((&kept["title"], &kept["hour"], &kept["enabled"]), (&json!("Monthly"), &json!(6), &json!(true)));
    app.stop().await;
}
