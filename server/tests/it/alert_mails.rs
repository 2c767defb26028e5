//! Mails about alerts when things go wrong: servers that refuse, workers that are killed, clocks and zones that change, clients
//! that leave.

use model::alert::Severity;
use serde_json::{Value, json};
use service::alert::letter::{self, Letter};
use sqlx::PgPool;
use store::alert::mail::Went;
use time::{Duration, macros::datetime};

use crate::{
    alert_desk::{Desk, REFUSAL, TUESDAY, quiet},
    support::{Agency, count},
};

/// A cycle of this day finds falls at these clients, so bad.
async fn falls(desk: &Desk, falls: &[(usize, Severity)]) {
    desk.think(desk.app.service.clock.now().date(), desk.falls(falls)).await;
}

/// Which of the clients a mail tells of.
fn places(letter: &Letter) -> Vec<&str> {
    letter.told.iter().map(|told| told.place.as_str()).collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_mail_that_cannot_go_keeps_no_other_back(pool: PgPool) {
    let desk = Desk::open(pool, TUESDAY).await;
    desk.app.leave_jobs();
    falls(&desk, &[(0, Severity::High)]).await;
    let first = desk.next().await.unwrap();
    let stuck = desk.app.data.join(format!("outbox/alerts-{}.part", first.id));
    std::fs::create_dir(&stuck).unwrap();
    falls(&desk, &[(0, Severity::High), (1, Severity::High)]).await;
    let _work = desk.app.take_jobs();
    desk.rest().await;
    let mails = desk.mails("olga");
    assert_eq!(mails.len(), 1, "the other went");
    assert!(mails[0].lines().any(|line| line.trim() == "C2"), "{}", mails[0]);
    std::fs::remove_dir(&stuck).unwrap();
    desk.minute().await;
    assert_eq!(desk.mails("olga").len(), 1, "it waits for its next try");
    desk.app.service.clock.advance(Duration::minutes(6));
    desk.minute().await;
    desk.minute().await;
    assert_eq!(desk.mails("olga").len(), 2);
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_mail_that_is_refused_half_a_day_long_is_set_aside_until_its_alert_gets_worse(pool: PgPool) {
    let desk = Desk::open(pool, TUESDAY).await;
    desk.app.leave_jobs();
    let clock = &desk.app.service.clock;
    falls(&desk, &[(0, Severity::Medium)]).await;
    let refused = desk.next().await.unwrap();
    for times in 1..12 {
        desk.settle(refused.id, Went::Refused).await;
        assert!(desk.next().await.is_none() && !desk.due().await, "refused {times} times: an hour of rest");
        clock.advance(Duration::minutes(61));
        assert!(desk.due().await);
        assert_eq!(desk.next().await.unwrap().id, refused.id, "the same mail");
    }
    desk.settle(refused.id, Went::Refused).await;
    clock.advance(Duration::hours(25));
    assert!(desk.next().await.is_none() && !desk.due().await);
    assert_eq!(count(&desk.pool, "select count(*) from alert_mail where state = 'refused'").await, 1);

    falls(&desk, &[(0, Severity::High), (1, Severity::High)]).await;
    let again = desk.next().await.unwrap();
    assert_eq!(again.told.len(), 2, "what got worse is told with what is new");
    assert_ne!(again.id, refused.id);
    desk.settle(again.id, Went::Malformed).await;
    assert!(desk.next().await.is_none(), "what cannot be built is set aside at once");
    assert_eq!(count(&desk.pool, "select count(*) from alert_mail where state = 'refused'").await, 2);
    desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_mail_that_is_set_aside_stands_among_the_background_work_until_it_went(pool: PgPool) {
    let desk = Desk::open(pool, TUESDAY).await;
    desk.app.leave_jobs();
    let olga = &desk.agency.olga;
    falls(&desk, &[(0, Severity::Medium)]).await;
    let refuse = async || {
        let mail = desk.next().await.unwrap();
        desk.settle(mail.id, Went::Refused).await;
        desk.app.service.clock.advance(Duration::minutes(61));
    };
    let failed = async || {
        let jobs = olga.json("/api/v1/jobs").await["items"].as_array().unwrap().clone();
        jobs.into_iter().filter(|job| job["state"] == "failed").collect::<Vec<Value>>()
    };
    for times in 1..12 {
        refuse().await;
        assert!(failed().await.is_empty(), "refused {times} times, it is tried again by itself");
    }
    refuse().await;
    let stands = failed().await;
    assert_eq!(stands.len(), 1);
    assert_eq!(
        (&stands[0]["name"], &stands[0]["attempts"], &stands[0]["error"]),
        (&json!("mail_alert_again"), &json!(12), &json!(REFUSAL))
    );
    let page = olga.get("/settings/jobs").await.text().await.unwrap();
    assert!(page.contains("1 failed") && page.contains(REFUSAL) && page.contains("Try mail alert again now"), "{page}");

    // Tried again and refused again, it stands there once; tried again and taken, no more.
    letter::again(&desk.app.service, desk.organization, desk.olga).await.unwrap();
    refuse().await;
    let stands = failed().await;
    assert_eq!(stands.len(), 1);
    assert_eq!(olga.post(&format!("/api/v1/jobs/{}/retry", stands[0]["id"]), &json!({})).await.status(), 204);
    let _work = desk.app.take_jobs();
    desk.rest().await;
    assert_eq!(desk.mails("olga").len(), 1);
    assert_eq!(count(&desk.pool, "select count(*) from alert_mail where state = 'refused'").await, 0);
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_set_aside_and_goes_with_what_got_worse_failed_no_more(pool: PgPool) {
    let desk = Desk::open(pool, TUESDAY).await;
    desk.app.leave_jobs();
    falls(&desk, &[(0, Severity::Medium)]).await;
    let mail = desk.next().await.unwrap();
    desk.settle(mail.id, Went::Malformed).await;
    let failed = async || desk.agency.olga.json("/api/v1/jobs").await["counts"]["failed"].clone();
    assert_eq!(failed().await, 1, "what cannot be built is tried once");
    falls(&desk, &[(0, Severity::High)]).await;
    let mail = desk.next().await.unwrap();
    desk.settle(mail.id, Went::Sent).await;
    assert_eq!(failed().await, 0);
    desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_mail_that_broke_off_goes_after_the_quiet_hours_without_what_was_seen_to(pool: PgPool) {
    let desk = Desk::open(pool, datetime!(2026-12-01 21:55 UTC)).await;
    desk.app.leave_jobs();
    quiet(&desk.agency.olga, "22:00", "07:00", None).await;
    falls(&desk, &[(0, Severity::High), (1, Severity::High), (2, Severity::High)]).await;
    let broken_off = desk.next().await.unwrap();
    assert_eq!(broken_off.told.len(), 3);
    desk.turn(datetime!(2026-12-01 22:01 UTC));
    assert!(desk.next().await.is_none(), "she sleeps");
    desk.touch(0, "acknowledge", &json!({})).await;
    desk.touch(1, "snooze", &json!({"until": "2026-12-02T09:00:00Z"})).await;
    desk.turn(datetime!(2026-12-02 06:58 UTC));
    assert!(desk.next().await.is_none() && !desk.due().await);
    desk.turn(datetime!(2026-12-02 07:00 UTC));
    assert!(desk.due().await);
    let sent = desk.next().await.unwrap();
    assert_eq!((sent.id, places(&sent)), (broken_off.id, vec!["C3"]));
    desk.settle(sent.id, Went::Sent).await;
    assert!(desk.next().await.is_none());
    // What was left out is told when it may be, in a mail that no receiver takes for the one before.
    desk.turn(datetime!(2026-12-02 09:00 UTC));
    let waited = desk.next().await.unwrap();
    assert_eq!(places(&waited), ["C2"]);
    assert_ne!(waited.id, sent.id);
    desk.settle(waited.id, Went::Sent).await;
    desk.touch(0, "reopen", &json!({})).await;
    let reopened = desk.next().await.unwrap();
    assert_eq!(places(&reopened), ["C1"]);
    assert!(reopened.id != sent.id && reopened.id != waited.id);
    desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn two_mails_never_have_one_id(pool: PgPool) {
    let desk = Desk::open(pool, TUESDAY).await;
    desk.app.leave_jobs();
    falls(&desk, &[(0, Severity::High), (1, Severity::High)]).await;
    let both = desk.next().await.unwrap();
    desk.settle(both.id, Went::Failed).await;
    desk.touch(1, "snooze", &json!({"until": "2026-12-01T15:00:00Z"})).await;
    desk.app.service.clock.advance(Duration::minutes(6));
    let one = desk.next().await.unwrap();
    assert_eq!((one.id, places(&one)), (both.id, vec!["C1"]));
    desk.settle(one.id, Went::Sent).await;
    desk.turn(datetime!(2026-12-01 15:00 UTC));
    let other = desk.next().await.unwrap();
    assert_eq!(places(&other), ["C2"]);
    assert_ne!(other.id, one.id);
    desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_becomes_high_is_mailed_to_whoever_has_no_mail_about_it(pool: PgPool) {
    // A Friday.
    let desk = Desk::open(pool, datetime!(2026-12-04 12:00 UTC)).await;
    let Agency { olga, ada, max, c, .. } = &desk.agency;
    let off = json!({"quiet_from": null, "quiet_until": null, "time_zone": null, "digest": false});
    assert_eq!(ada.send("PUT", "/api/v1/alerts/settings", &off).await.status(), 200);
    desk.minute().await;
    falls(&desk, &[(0, Severity::Low), (1, Severity::Medium)]).await;
    desk.rest().await;
    assert_eq!(desk.counts(), [1, 1, 0, 0], "Max does not see C2");
    desk.turn(datetime!(2026-12-07 08:00 UTC));
    desk.minute().await;
    assert_eq!(desk.counts(), [2, 1, 1, 0], "the digest, which Ada does not want");
    let body = json!({"member_id": max.member_id().await, "client_id": c[1]});
    olga.create("/api/v1/assignments", &body).await;
    for _ in 0..2 {
        falls(&desk, &[(0, Severity::High), (1, Severity::High)]).await;
        desk.rest().await;
        desk.minute().await;
        assert_eq!(desk.counts(), [3, 2, 2, 0]);
    }
    let told = |name: &str| {
        let mails = desk.mails(name);
        let newest = mails.iter().find(|mail| mail.contains("High: Clicks")).expect("a mail about what is high");
        ["C1", "C2"].map(|place| newest.lines().any(|line| line.trim() == place))
    };
    assert_eq!(told("olga"), [true, false], "she had a mail about C2");
    assert_eq!(told("ada"), [true, false]);
    assert_eq!(told("max"), [true, true], "he sees C2 now");
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_first_digest_follows_the_zone_that_the_agency_chooses(pool: PgPool) {
    let desk = Desk::open(pool, datetime!(2026-12-04 12:00 UTC)).await;
    desk.minute().await;
    let zone = json!({"time_zone": "America/New_York"});
    assert_eq!(desk.agency.olga.send("PATCH", "/api/v1/organization", &zone).await.status(), 200);
    desk.minute().await;
    falls(&desk, &[(0, Severity::Low)]).await;
    for at in [datetime!(2026-12-07 08:00 UTC), datetime!(2026-12-07 12:58 UTC)] {
        desk.turn(at);
        desk.minute().await;
        assert_eq!(desk.counts(), [0; 4], "it is not 08:00 in New York");
    }
    // Another setting moves nothing.
    assert_eq!(desk.agency.olga.send("PATCH", "/api/v1/organization", &json!({"name": "Acme 2"})).await.status(), 200);
    desk.turn(datetime!(2026-12-07 13:00 UTC));
    desk.minute().await;
    assert_eq!(desk.counts(), [1, 1, 1, 0]);
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_mondays_digest_comes_once_and_in_time_whatever_becomes_of_the_zone(pool: PgPool) {
    let desk = Desk::open(pool, datetime!(2026-12-01 12:00 UTC)).await;
    let moves = async |zone: &str| {
        let body = json!({"time_zone": zone});
        assert_eq!(desk.agency.olga.send("PATCH", "/api/v1/organization", &body).await.status(), 200);
        desk.minute().await;
    };
    moves("Europe/Berlin").await;
    falls(&desk, &[(0, Severity::Low)]).await;
    desk.turn(datetime!(2026-12-07 06:30 UTC));
    desk.minute().await;
    assert_eq!(desk.counts(), [0; 4], "it is 07:30 in Berlin");
    moves("Asia/Tokyo").await;
    assert_eq!(desk.counts(), [1, 1, 1, 0], "it is the afternoon in Tokyo");

    // Where Monday 08:00 is still ahead, its digest went all the same.
    moves("America/New_York").await;
    falls(&desk, &[(0, Severity::Low), (2, Severity::Low)]).await;
    for at in [datetime!(2026-12-07 13:01 UTC), datetime!(2026-12-14 12:58 UTC)] {
        desk.turn(at);
        desk.minute().await;
        assert_eq!(desk.counts(), [1, 1, 1, 0]);
    }
    moves("Asia/Tokyo").await;
    assert_eq!(desk.counts(), [2, 2, 1, 0], "the next Monday's; Max does not see C3");
    moves("UTC").await;
    desk.turn(datetime!(2026-12-14 13:01 UTC));
    desk.minute().await;
    assert_eq!(desk.counts(), [2, 2, 1, 0]);
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_agencys_first_digest_comes_on_the_first_monday_that_it_was_there_for(pool: PgPool) {
    // A Monday, after 08:00 in UTC and before it in Los Angeles.
    let desk = Desk::open(pool, datetime!(2026-12-07 12:00 UTC)).await;
    falls(&desk, &[(0, Severity::Low)]).await;
    desk.minute().await;
    assert_eq!(desk.counts(), [0; 4], "what is of this week waits for its end");
    let zone = json!({"time_zone": "America/Los_Angeles"});
    assert_eq!(desk.agency.olga.send("PATCH", "/api/v1/organization", &zone).await.status(), 200);
    desk.minute().await;
    assert_eq!(desk.counts(), [0; 4]);
    desk.turn(datetime!(2026-12-07 16:00 UTC));
    desk.minute().await;
    assert_eq!(desk.counts(), [1, 1, 1, 0]);
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn nothing_of_an_archived_client_is_mailed_until_it_is_back(pool: PgPool) {
    let desk = Desk::open(pool, datetime!(2026-12-01 23:30 UTC)).await;
    desk.app.leave_jobs();
    quiet(&desk.agency.olga, "22:00", "07:00", None).await;
    falls(&desk, &[(0, Severity::High)]).await;
    let path = format!("/api/v1/clients/{}", desk.agency.c[0]);
    assert_eq!(desk.agency.olga.send("DELETE", &path, &json!({})).await.status(), 200);
    desk.turn(datetime!(2026-12-02 07:00 UTC));
    assert!(!desk.due().await && desk.next().await.is_none());
    assert_eq!(desk.agency.olga.post(&format!("{path}/restore"), &json!({})).await.status(), 200);
    assert!(desk.due().await);
    assert_eq!(places(&desk.next().await.unwrap()), ["C1"]);
    desk.app.stop().await;
}

/// Makes the migrations that read what is there as somebody who owns every table, is no superuser, and has the rights of the
/// system role only while acting as it.
const MIGRATED_BY_AN_OWNER: &str = concat!(
    include_str!("../../../migrations/0051_listener_and_sight.down.sql"),
    include_str!("../../../migrations/0049_inbox_desk.down.sql"),
    include_str!("../../../migrations/0046_hub.down.sql"),
    include_str!("../../../migrations/0041_counted_days.down.sql"),
    include_str!("../../../migrations/0040_alert_story.down.sql"),
    ";",
    include_str!("../../../migrations/0035_findings.down.sql"),
    include_str!("../../../migrations/0034_event.down.sql"),
    include_str!("../../../migrations/0031_as_known.down.sql"),
    include_str!("../../../migrations/0030_outage.down.sql"),
    include_str!("../../../migrations/0027_alert.down.sql"),
    "insert into organization (organization_id, name, mode, created_at) values (gen_random_uuid(), 'Acme', 'live', now());
     insert into exchange_rate (organization_id, currency, day, per_euro, imported_at)
       select organization_id, 'USD', '2026-03-01', 1.05, now() from organization;
     create role audienceos_owner_of_tables noinherit;
     grant audienceos_system, audienceos_runtime to audienceos_owner_of_tables;
     grant all on schema public to audienceos_owner_of_tables;
     do $$
     declare name text;
     begin
       for name in select c.oid::regclass from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') loop
         execute format('alter table %s owner to audienceos_owner_of_tables', name);
       end loop;
       for name in select p.oid::regprocedure from pg_proc p where pronamespace = 'public'::regnamespace loop
         execute format('alter function %s owner to audienceos_owner_of_tables', name);
       end loop;
     end $$;
     set local session authorization audienceos_owner_of_tables;",
    include_str!("../../../migrations/0027_alert.up.sql"),
    include_str!("../../../migrations/0030_outage.up.sql"),
    include_str!("../../../migrations/0031_as_known.up.sql"),
    include_str!("../../../migrations/0035_findings.up.sql"),
    include_str!("../../../migrations/0040_alert_story.up.sql"),
    ";",
    include_str!("../../../migrations/0041_counted_days.up.sql"),
    "set local session authorization default;"
);

#[sqlx::test(migrator = "store::MIGRATOR")]
#[expect(clippy::disallowed_methods, reason = "a test's own question")]
async fn agencies_that_are_there_get_the_rules_and_keep_their_rates_whoever_migrates(pool: PgPool) {
    // Never committed: a role belongs to every database of the cluster.
    let mut tx = pool.begin().await.unwrap();
    sqlx::raw_sql(MIGRATED_BY_AN_OWNER).execute(&mut *tx).await.unwrap();
    let rules: i64 = sqlx::query_scalar("select count(*) from alert_rule").fetch_one(&mut *tx).await.unwrap();
    assert_eq!(rules, 2);
    let rates = "select count(*) from exchange_rate_observation where per_euro = 1.05";
    let rates: i64 = sqlx::query_scalar(rates).fetch_one(&mut *tx).await.unwrap();
    assert_eq!(rates, 1);
}
