//! Alerts: one for each event however many cycles find it, one mail for each alert and member, and only to those who see the client.

use std::time::Duration as Wait;

use model::{
    alert::{FindingKind, Found, Severity},
    job::Job,
};
use serde_json::{Value, json};
use sqlx::PgPool;
use store::queue;
use time::{Duration, macros::datetime};

use crate::{
    alert_desk::{Desk, TUESDAY, quiet},
    support::{Agency, TestApp, count},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_finding_is_mailed_once_over_ten_cycles_and_a_manager_gets_assigned_clients_only(pool: PgPool) {
    let desk = Desk::open(pool, TUESDAY).await;
    let day = TUESDAY.date();
    for cycle in 0..10_i64 {
        let shift = Duration::days([0, 1, -1, 0, 1][usize::try_from(cycle % 5).unwrap()]);
        let kind = if cycle < 5 { FindingKind::Drop } else { FindingKind::LevelShift };
        let severity = if cycle % 2 == 0 { Severity::High } else { Severity::Medium };
        let mut found: Vec<Found> =
            [0, 1].map(|client| desk.found(client, kind, severity, day - Duration::days(5) + shift)).into();
        for one in &mut found {
            (one.size, one.probability) = (Some(-120.0 - cycle as f64), 0.97 - cycle as f64 / 100.0);
        }
        desk.app.service.clock.advance(Duration::hours(6));
        desk.cycle(day + Duration::days(cycle / 4), found).await;
        desk.minute().await;
        assert_eq!(desk.counts(), [1, 1, 1, 0], "after cycle {cycle}");
    }
    let owners = &desk.mails("olga")[0];
    assert!(owners.contains("Acme: 2 new alerts, 2 of them high"));
    assert!(["C1", "C2"].iter().all(|name| owners.lines().any(|line| line.trim() == *name)), "{owners}");
    let managers = &desk.mails("max")[0];
    let names = |name: &str| managers.lines().any(|line| line.trim() == name);
    assert!(managers.contains("Subject: High: Clicks") && names("C1") && !names("C2"), "{managers}");

    let Agency { olga, max, mel, nia, bert, .. } = &desk.agency;
    let alerts = desk.alerts(olga, "").await;
    assert_eq!(alerts.len(), 2);
    assert_eq!((&alerts[0]["kind"], &alerts[0]["state"]), (&json!("level_shift"), &json!("open")));
    assert_ne!(alerts[0]["first_state_id"], alerts[0]["state_id"]);
    assert_eq!(desk.alerts(max, "").await.len(), 1);
    assert_eq!(desk.alerts(mel, "").await.len(), 2);
    assert!(desk.alerts(nia, "").await.is_empty() && desk.alerts(bert, "").await.is_empty());
    let path = |alert: &Value| format!("/api/v1/alerts/{}", alert["id"].as_str().unwrap());
    let of_c2 = alerts.iter().find(|alert| alert["client"] == "C2").unwrap();
    for (who, status) in [(max, 404), (nia, 404), (bert, 404), (mel, 403), (olga, 200)] {
        let answer = who.post(&format!("{}/acknowledge", path(of_c2)), &json!({})).await;
        assert_eq!(answer.status(), status);
    }
    assert_eq!(desk.alerts(olga, "state=acknowledged").await[0]["acknowledged_by"], "Olga Owner");
    assert_eq!(desk.alerts(olga, "state=open").await.len(), 1);
    assert_eq!(desk.alerts(olga, "severity=low").await.len(), 0);
    assert_eq!(desk.alerts(mel, &format!("client_id={}", desk.agency.c[1])).await.len(), 1);
    let first = olga.json("/api/v1/alerts?limit=1").await;
    let rest = olga.json(&format!("/api/v1/alerts?cursor={}", first["next_cursor"].as_str().unwrap())).await;
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next_cursor"]), (1, &json!(null)));
    for wrong in ["state=new", "severity=bad", "client_id=x"] {
        assert_eq!(olga.get(&format!("/api/v1/alerts?{wrong}")).await.status(), 422, "{wrong}");
    }
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_worker_that_is_killed_between_taking_and_sending_mails_nothing_twice(pool: PgPool) {
    let desk = Desk::open(pool, TUESDAY).await;
    desk.app.leave_jobs();
    let day = TUESDAY.date();
    desk.think(day, vec![desk.found(0, FindingKind::Drop, Severity::High, day)]).await;
    let (service, olga) = (&desk.app.service, desk.olga);
    let taken = desk.next().await.unwrap();
    // More comes while nobody knows whether that one went: it keeps what it tells, and the rest is a mail of its own.
    desk.think(
        day,
        vec![
            desk.found(0, FindingKind::Drop, Severity::High, day),
            desk.found(1, FindingKind::Drop, Severity::High, day),
        ],
    )
    .await;
    let again = desk.next().await.unwrap();
    assert_eq!((again.id, &again.told), (taken.id, &taken.told));

    let _work = desk.app.take_jobs();
    desk.rest().await;
    assert_eq!(desk.mails("olga").len(), 2);
    // And however often the job runs again.
    for _ in 0..3 {
        let mut tx = service.db.system().await.unwrap();
        let job = Job::MailAlert { organization_id: desk.organization, member_id: olga };
        queue::enqueue(&mut tx, &job, None).await.unwrap();
        tx.commit().await.unwrap();
        desk.minute().await;
    }
    assert_eq!(desk.mails("olga").len(), 2);
    let twice = "select count(*) from alert_mail where state not in ('sent', 'dropped')";
    assert_eq!(count(&desk.pool, twice).await, 0);
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn in_quiet_hours_mails_wait_and_are_one_at_their_end_whatever_the_zone(pool: PgPool) {
    let desk = Desk::open(pool, datetime!(2026-12-01 23:30 UTC)).await;
    let Agency { olga, ada, max, .. } = &desk.agency;
    // Over midnight in the agency's zone; 08:30 in Tokyo; 18:30 in New York.
    quiet(olga, "22:00", "07:00", None).await;
    quiet(ada, "08:00", "09:00", Some("Asia/Tokyo")).await;
    quiet(max, "22:00", "07:00", Some("America/New_York")).await;
    let day = TUESDAY.date();
    let (one, two) =
        (desk.found(0, FindingKind::Drop, Severity::High, day), desk.found(0, FindingKind::Spike, Severity::High, day));
    desk.cycle(day, vec![one.clone()]).await;
    desk.cycle(day, vec![one, two]).await;
    desk.minute().await;
    assert_eq!(desk.counts(), [0, 0, 2, 0]);
    desk.turn(datetime!(2026-12-01 23:59 UTC));
    desk.minute().await;
    assert_eq!(desk.counts(), [0, 0, 2, 0]);
    desk.turn(datetime!(2026-12-02 00:00 UTC));
    desk.minute().await;
    assert_eq!(desk.counts(), [0, 1, 2, 0], "it is 09:00 in Tokyo");
    assert!(desk.mails("ada")[0].contains("Acme: 2 new alerts"));
    desk.turn(datetime!(2026-12-02 06:59 UTC));
    desk.minute().await;
    assert_eq!(desk.counts(), [0, 1, 2, 0]);
    desk.turn(datetime!(2026-12-02 07:00 UTC));
    desk.minute().await;
    desk.minute().await;
    assert_eq!(desk.counts(), [1, 1, 2, 0]);
    assert!(desk.mails("olga")[0].contains("Acme: 2 new alerts"), "one mail, not many");

    let wrong =
        |from: &str, zone: &str| json!({"quiet_from": from, "quiet_until": "07:00", "time_zone": zone, "digest": true});
    for (body, field) in [(wrong("7pm", "UTC"), "quiet_from"), (wrong("22:00", "Moon/Crater"), "time_zone")] {
        let answer = olga.send("PUT", "/api/v1/alerts/settings", &body).await;
        assert_eq!(answer.status(), 422);
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["field"], field);
    }
    let kept = olga.json("/api/v1/alerts/settings").await;
    assert_eq!(kept, json!({"quiet_from": "22:00", "quiet_until": "07:00", "time_zone": null, "digest": true}));
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_snoozed_or_acknowledged_is_not_mailed(pool: PgPool) {
    let desk = Desk::open(pool, datetime!(2026-12-01 23:30 UTC)).await;
    let Agency { olga, .. } = &desk.agency;
    quiet(olga, "22:00", "07:00", None).await;
    let day = TUESDAY.date();
    let kinds = [FindingKind::Drop, FindingKind::Spike, FindingKind::ChangePoint];
    let mut found: Vec<Found> = kinds.map(|kind| desk.found(0, kind, Severity::High, day)).into();
    // A fall and a change of the same figure would be one event.
    found[2].metric = Some("claimed_revenue".into());
    desk.cycle(day, found.clone()).await;
    let alerts = desk.alerts(olga, "").await;
    let path = |kind: &str, deed: &str| {
        let alert = alerts.iter().find(|alert| alert["kind"] == kind).unwrap();
        format!("/api/v1/alerts/{}/{deed}", alert["id"].as_str().unwrap())
    };
    assert_eq!(olga.post(&path("drop", "acknowledge"), &json!({})).await.status(), 200);
    let until = |until: &str| json!({"until": until});
    assert_eq!(olga.post(&path("spike", "snooze"), &until("2026-12-02T09:00:00Z")).await.status(), 200);
    for wrong in ["2026-12-01T09:00:00Z", "2028-01-01T00:00:00Z", "tomorrow"] {
        assert_eq!(olga.post(&path("spike", "snooze"), &until(wrong)).await.status(), 422, "{wrong}");
    }
    desk.turn(datetime!(2026-12-02 07:30 UTC));
    desk.cycle(day, found.clone()).await;
    desk.minute().await;
    assert_eq!(desk.mails("olga").len(), 1);
    assert!(desk.mails("olga")[0].contains("different from") || desk.mails("olga")[0].contains("lower from a day on"));
    desk.turn(datetime!(2026-12-02 09:00 UTC));
    desk.minute().await;
    desk.minute().await;
    assert_eq!(desk.mails("olga").len(), 2, "what was snoozed is told when it has waited");
    // Opened again, the last of them is told too; then there is nothing left.
    assert_eq!(olga.post(&path("drop", "reopen"), &json!({})).await.status(), 200);
    desk.minute().await;
    desk.cycle(day, found).await;
    desk.minute().await;
    assert_eq!(desk.mails("olga").len(), 3);
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_digest_comes_on_monday_at_eight_in_the_agencys_zone_once(pool: PgPool) {
    // A Friday.
    let desk = Desk::open(pool, datetime!(2026-12-04 12:00 UTC)).await;
    let Agency { olga, ada, .. } = &desk.agency;
    let zone = json!({"time_zone": "Europe/Berlin"});
    assert_eq!(olga.send("PATCH", "/api/v1/organization", &zone).await.status(), 200);
    let off = json!({"quiet_from": null, "quiet_until": null, "time_zone": null, "digest": false});
    assert_eq!(ada.send("PUT", "/api/v1/alerts/settings", &off).await.status(), 200);
    let day = datetime!(2026-12-03 12:00 UTC).date();
    let found = vec![
        desk.found(0, FindingKind::Drop, Severity::Low, day),
        desk.found(1, FindingKind::Spike, Severity::Info, day),
    ];
    desk.minute().await;
    desk.cycle(day, found.clone()).await;
    desk.minute().await;
    desk.turn(datetime!(2026-12-07 06:59 UTC));
    desk.cycle(day + Duration::days(3), found.clone()).await;
    desk.minute().await;
    assert_eq!(desk.counts(), [0; 4], "it is 07:59 in Berlin");
    desk.turn(datetime!(2026-12-07 07:00 UTC));
    desk.minute().await;
    assert_eq!(desk.counts(), [1, 0, 1, 0], "Ada wants none, and Members are not in the rules");
    let digest = &desk.mails("olga")[0];
    assert!(digest.contains("what else was noticed last week (2)"), "{digest}");
    assert!(desk.mails("max")[0].contains("what else was noticed last week (1)"));
    for at in [datetime!(2026-12-07 08:00 UTC), datetime!(2026-12-14 07:00 UTC), datetime!(2026-12-14 07:01 UTC)] {
        desk.turn(at);
        desk.cycle(day + Duration::days(4), found.clone()).await;
        desk.minute().await;
    }
    assert_eq!(desk.counts(), [1, 0, 1, 0], "a week without news has no digest");
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn rules_say_who_hears_of_what_and_nobody_hears_of_a_client_they_do_not_see(pool: PgPool) {
    let desk = Desk::open(pool, TUESDAY).await;
    let Agency { olga, max, mel, c, .. } = &desk.agency;
    let rules = olga.json("/api/v1/alerts/rules").await["items"].as_array().unwrap().clone();
    assert_eq!(rules.len(), 2, "a new agency has rules");
    for rule in &rules {
        let path = format!("/api/v1/alerts/rules/{}", rule["id"].as_str().unwrap());
        assert_eq!(olga.send("DELETE", &path, &json!({})).await.status(), 204);
    }
    let named = [max.member_id().await, mel.member_id().await];
    let mut rule = json!({"name": "Falls", "way": "mail", "least_severity": "medium", "kinds": ["drop"],
        "client_ids": [c[0], c[1]], "member_ids": named});
    let made = olga.create("/api/v1/alerts/rules", &rule).await;
    let day = TUESDAY.date();
    let found = |client, kind, severity| desk.found(client, kind, severity, day);
    let all = vec![
        found(0, FindingKind::Spike, Severity::High),
        found(0, FindingKind::ChangePoint, Severity::High),
        found(1, FindingKind::Drop, Severity::Low),
        found(2, FindingKind::Drop, Severity::High),
    ];
    desk.cycle(day, all.clone()).await;
    assert_eq!(desk.counts(), [0; 4]);
    // What becomes worse is told then; Max does not see C2.
    let mut worse = all.clone();
    worse[2].severity = Severity::High;
    desk.cycle(day, worse.clone()).await;
    assert_eq!(desk.counts(), [0, 0, 0, 1]);
    // Assigned afterwards, he hears of what is new.
    let body = json!({"member_id": max.member_id().await, "client_id": c[1]});
    olga.create("/api/v1/assignments", &body).await;
    desk.cycle(day, worse.clone()).await;
    assert_eq!(desk.counts(), [0, 0, 0, 1]);
    worse.push(desk.found(1, FindingKind::Drop, Severity::High, day - Duration::days(20)));
    desk.cycle(day, worse.clone()).await;
    assert_eq!(desk.counts(), [0, 0, 1, 2]);
    rule["enabled"] = json!(false);
    assert_eq!(olga.send("PUT", &format!("/api/v1/alerts/rules/{made}"), &rule).await.status(), 200);
    worse.push(desk.found(1, FindingKind::Drop, Severity::High, day - Duration::days(40)));
    desk.cycle(day, worse).await;
    assert_eq!(desk.counts(), [0, 0, 1, 2]);
    for (key, value, field) in [
        ("name", json!(""), "name"),
        ("way", json!("pigeon"), "way"),
        ("kinds", json!(["moon"]), "kinds"),
        ("member_ids", json!([]), "roles"),
    ] {
        let mut wrong = rule.clone();
        wrong[key] = value;
        let answer = olga.post("/api/v1/alerts/rules", &wrong).await;
        assert_eq!(answer.status(), 422, "{key}");
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["field"], field);
    }
    rule["client_ids"] = json!([desk.agency.d1]);
    assert_eq!(olga.post("/api/v1/alerts/rules", &rule).await.status(), 404, "another agency's client is not there");
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_has_ended_and_comes_again_is_a_new_alert_and_what_flickers_is_not(pool: PgPool) {
    let desk = Desk::open(pool, TUESDAY).await;
    let olga = &desk.agency.olga;
    let day = TUESDAY.date();
    let tired = || desk.found(0, FindingKind::CreativeFatigue, Severity::High, day);
    desk.cycle(day, vec![tired()]).await;
    for later in [1, 4, 7] {
        desk.cycle(day + Duration::days(later), vec![]).await;
    }
    desk.cycle(day + Duration::days(7), vec![tired()]).await;
    assert_eq!(desk.alerts(olga, "state=open").await.len(), 1, "it was not found for six days: the same event");
    for later in [8, 14] {
        desk.cycle(day + Duration::days(later), vec![]).await;
    }
    assert_eq!(desk.alerts(olga, "state=ended").await.len(), 0);
    desk.cycle(day + Duration::days(15), vec![]).await;
    let ended = desk.alerts(olga, "state=ended").await;
    assert_eq!(ended.len(), 1);
    let path = format!("/api/v1/alerts/{}/acknowledge", ended[0]["id"].as_str().unwrap());
    assert_eq!(olga.post(&path, &json!({})).await.status(), 409);
    assert_eq!(desk.mails("olga").len(), 1);
    desk.cycle(day + Duration::days(16), vec![tired()]).await;
    assert_eq!((desk.alerts(olga, "").await.len(), desk.mails("olga").len()), (2, 2));
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_cycle_of_the_brain_makes_alerts_of_what_it_finds(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let client = olga.create("/api/v1/clients", &json!({"name": "Bakery", "currency": "EUR"})).await;
    let new = json!({"name": "Radio", "holds": "ads", "currency": "EUR", "time_zone": "UTC", "client_id": client});
    let source = olga.create("/api/v1/imports/sources", &new).await;
    let today = app.service.clock.now().date();
    let rows: Vec<Value> = (1..=90)
        .map(|ago: i64| {
            let full = if ago <= 3 { 0 } else { 1 };
            json!({"day": (today - Duration::days(ago)).to_string(), "spend": 100 + ago % 7, "impressions": 10_000 + ago % 7 * 90,
                "clicks": 400 + ago % 7 * 10 + ago % 3, "conversions": full * (40 + ago % 5), "claimed_revenue": full * (900 + ago % 11 * 9)})
        })
        .collect();
    let answer = olga.post("/api/v1/ingest/file", &json!({"source_id": source, "rows": rows})).await;
    assert_eq!(answer.status(), 200);
    for round in 0..2 {
        let asked: Value = olga.post("/api/v1/brain/compute", &json!({})).await.json().await.unwrap();
        let path = format!("/api/v1/brain/cycles/{}", asked["id"].as_str().unwrap());
        for _ in 0..400 {
            if olga.json(&path).await["state"] == "done" {
                break;
            }
            tokio::time::sleep(Wait::from_millis(50)).await;
        }
        assert_eq!(olga.json(&path).await["state"], "done");
        let found = olga.json("/api/v1/brain/findings?limit=100").await["items"].as_array().unwrap().len();
        let alerts = olga.json("/api/v1/alerts?limit=100").await["items"].as_array().unwrap().clone();
        assert!(found > 0 && !alerts.is_empty() && alerts.len() <= found, "{found} findings, {alerts:?}");
        let outage = alerts.iter().find(|alert| alert["kind"] == "tracking_outage").expect("counting broke");
        assert_eq!((&outage["severity"], &outage["place"]), (&json!("high"), &json!("Bakery · Radio")));
        assert_eq!(outage["finding"]["metric"], "claimed_conversions", "round {round}");
    }
    app.mail("olga@acme.test").await;
    for _ in 0..100 {
        if app.jobs_left().await == 0 {
            break;
        }
        tokio::time::sleep(Wait::from_millis(50)).await;
    }
    let about: Vec<String> = app.mails("olga@acme.test").into_iter().filter(|mail| mail.contains("<alerts-")).collect();
    assert_eq!(about.len(), 1, "the same state again tells nothing");
    app.finish().await;
}
