//! Outages: alerts that cover channels. One that reaches another channel is told again, once; one that shrinks is not.

use model::{
    alert::{FindingKind, Found, Severity},
    id::ChannelId,
};
use serde_json::{Value, json};
use sqlx::PgPool;
use store::alert::mail::Went;
use time::{Duration, macros::datetime};

use crate::{
    alert_desk::{Desk, TUESDAY, quiet},
    support::{Agency, execute},
};

/// Three channels of the first client.
async fn channels(desk: &Desk) -> [ChannelId; 3] {
    let mut made: Vec<ChannelId> = Vec::new();
    for name in ["Radio", "Search", "TV"] {
        let source =
            json!({"name": name, "holds": "ads", "currency": "EUR", "time_zone": "UTC", "client_id": desk.agency.c[0]});
        made.push(desk.agency.olga.create("/api/v1/imports/sources", &source).await.parse().unwrap());
    }
    made.try_into().unwrap()
}

/// A verdict on the conversions of these channels of the first client.
fn verdict(desk: &Desk, kind: FindingKind, channels: &[ChannelId]) -> Found {
    let body = json!({"kind": kind.key(), "metric": "claimed_conversions", "probability": 0.99, "channels": channels});
    let (level, entity) = match channels {
        [one] => ("channel", one.to_string()),
        _ => ("client", desk.agency.c[0].clone()),
    };
    Found {
        level: level.into(),
        entity,
        metric: Some("claimed_conversions".into()),
        size: None,
        channels: channels.to_vec(),
        body: body.to_string(),
        ..desk.found(0, kind, Severity::High, TUESDAY.date())
    }
}

fn outage(desk: &Desk, channels: &[ChannelId]) -> Found {
    verdict(desk, FindingKind::TrackingOutage, channels)
}

/// Where the alerts that stand so are.
async fn places(desk: &Desk, state: &str) -> Vec<String> {
    let alerts = desk.alerts(&desk.agency.olga, &format!("state={state}")).await;
    let mut places: Vec<String> =
        alerts.iter().map(|alert: &Value| alert["place"].as_str().unwrap().to_owned()).collect();
    places.sort();
    places
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_outage_that_reaches_another_channel_is_open_again_and_mailed_once_more(pool: PgPool) {
    let desk = Desk::open(pool, TUESDAY).await;
    let [radio, search, _] = channels(&desk).await;
    let day = |after: i64| TUESDAY.date() + Duration::days(after);
    for after in [0, 1] {
        desk.cycle(day(after), vec![outage(&desk, &[radio])]).await;
        assert_eq!((places(&desk, "open").await, desk.counts()), (vec!["C1 · Radio".to_owned()], [1, 1, 1, 0]));
    }
    desk.touch(0, "acknowledge", &json!({})).await;
    desk.cycle(day(2), vec![outage(&desk, &[radio])]).await;
    assert_eq!((places(&desk, "acknowledged").await.len(), desk.counts()), (1, [1, 1, 1, 0]));

    for after in [3, 4, 5] {
        desk.cycle(day(after), vec![outage(&desk, &[radio, search])]).await;
        desk.minute().await;
        assert_eq!((places(&desk, "open").await, desk.counts()), (vec!["C1 · Radio, Search".to_owned()], [2, 2, 2, 0]));
    }
    assert_eq!(desk.alerts(&desk.agency.olga, "").await.len(), 1, "it is one alert");

    // What is left of it goes on as it stands, and a channel that flickers is no news.
    desk.touch(0, "snooze", &json!({"until": "2026-12-20T08:00:00Z"})).await;
    let left: [(i64, &[ChannelId]); 3] = [(6, &[search]), (7, &[radio, search]), (8, &[search])];
    for (after, out) in left {
        desk.cycle(day(after), vec![outage(&desk, out)]).await;
        assert_eq!((places(&desk, "snoozed").await.len(), desk.counts()), (1, [2, 2, 2, 0]), "after {after} days");
    }
    assert_eq!(places(&desk, "snoozed").await, ["C1 · Search"]);

    // A channel that was well for a week and is out again is news.
    desk.cycle(day(15), vec![outage(&desk, &[radio, search])]).await;
    assert_eq!((places(&desk, "open").await.len(), desk.counts()), (1, [3, 3, 3, 0]));
    desk.cycle(day(16), vec![]).await;
    desk.cycle(day(23), vec![]).await;
    assert_eq!(places(&desk, "ended").await, ["C1 · Radio, Search"], "it ends when none is out");
    desk.cycle(day(24), vec![outage(&desk, &[radio])]).await;
    assert_eq!((places(&desk, "open").await, desk.counts()), (vec!["C1 · Radio".to_owned()], [4, 4, 4, 0]));
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_left_of_an_outage_of_several_channels_is_told_apart_and_stands_as_it_stood(pool: PgPool) {
    let desk = Desk::open(pool, TUESDAY).await;
    let [radio, search, tv] = channels(&desk).await;
    let day = |after: i64| TUESDAY.date() + Duration::days(after);
    desk.cycle(day(0), vec![outage(&desk, &[radio, search, tv])]).await;
    assert_eq!(places(&desk, "open").await, ["C1 · Radio, Search, TV"]);
    desk.touch(0, "acknowledge", &json!({})).await;
    for after in [1, 2] {
        let left = vec![outage(&desk, &[radio]), verdict(&desk, FindingKind::Drop, &[search])];
        desk.cycle(day(after), left).await;
        assert_eq!(places(&desk, "acknowledged").await, ["C1 · Radio", "C1 · Search"]);
    }
    let alerts = desk.alerts(&desk.agency.olga, "").await;
    assert!(alerts.iter().all(|alert| alert["acknowledged_by"] == "Olga Owner"), "{alerts:?}");
    let fell = alerts.iter().find(|alert| alert["place"] == "C1 · Search").unwrap();
    assert_eq!(fell["kind"], "drop", "each is told as what it is");
    assert_eq!(desk.counts(), [1, 1, 1, 0], "and nobody is mailed about what was told");

    // What nobody knows to be out is told, whatever else is acknowledged.
    desk.cycle(day(9), vec![outage(&desk, &[radio]), outage(&desk, &[tv])]).await;
    assert_eq!(places(&desk, "open").await, ["C1 · TV"]);
    assert_eq!(desk.counts(), [2, 2, 2, 0]);
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_mail_that_waits_tells_every_part_of_an_outage(pool: PgPool) {
    let desk = Desk::open(pool, datetime!(2026-12-01 23:30 UTC)).await;
    quiet(&desk.agency.olga, "22:00", "07:00", None).await;
    let [radio, search, tv] = channels(&desk).await;
    let day = TUESDAY.date();
    desk.cycle(day, vec![outage(&desk, &[radio, search, tv])]).await;
    desk.cycle(day, vec![outage(&desk, &[radio]), outage(&desk, &[search, tv])]).await;
    assert_eq!(desk.counts(), [0, 1, 1, 0]);
    desk.turn(datetime!(2026-12-02 07:00 UTC));
    desk.minute().await;
    assert_eq!(desk.counts(), [1, 1, 1, 0], "only who slept hears of it, in one mail");
    let mail = &desk.mails("olga")[0];
    for place in ["C1 · Radio", "C1 · Search, TV"] {
        assert!(mail.lines().any(|line| line.trim() == place), "{place}: {mail}");
    }
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_rule_that_names_a_channel_or_a_provider_hears_of_an_outage_of_several(pool: PgPool) {
    let desk = Desk::open(pool.clone(), TUESDAY).await;
    let Agency { olga, ada, max, mel, .. } = &desk.agency;
    let [radio, search, tv] = channels(&desk).await;
    execute(&pool, format!("update channel set platform = 'radio_ads' where id = '{radio}'")).await;
    for rule in olga.json("/api/v1/alerts/rules").await["items"].as_array().unwrap() {
        let path = format!("/api/v1/alerts/rules/{}", rule["id"].as_str().unwrap());
        assert_eq!(olga.send("DELETE", &path, &json!({})).await.status(), 204);
    }
    let named = [
        (olga, json!({"channel_ids": [search]})),
        (ada, json!({"channel_ids": [tv]})),
        (max, json!({"providers": ["radio_ads"]})),
        (mel, json!({"providers": ["google_ads"]})),
    ];
    for (who, names) in named {
        let mut rule = json!({"name": "Outages", "way": "mail", "least_severity": "high"});
        rule.as_object_mut().unwrap().extend(names.as_object().unwrap().clone());
        rule["member_ids"] = json!([who.member_id().await]);
        olga.create("/api/v1/alerts/rules", &rule).await;
    }
    let day = TUESDAY.date();
    desk.cycle(day, vec![outage(&desk, &[radio, search])]).await;
    assert_eq!(desk.counts(), [1, 0, 1, 0]);
    desk.cycle(day + Duration::DAY, vec![outage(&desk, &[radio, search, tv])]).await;
    assert_eq!(desk.counts(), [2, 1, 2, 0], "it reaches what another rule names");
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_let_wait_and_waits_no_more_is_not_hidden_by_what_was_seen_to(pool: PgPool) {
    let desk = Desk::open(pool, TUESDAY).await;
    let [radio, search, _] = channels(&desk).await;
    let day = TUESDAY.date();
    desk.cycle(day, vec![outage(&desk, &[radio]), outage(&desk, &[search])]).await;
    for alert in desk.alerts(&desk.agency.olga, "").await {
        let (deed, body) = match alert["place"].as_str().unwrap() {
            "C1 · Radio" => ("acknowledge", json!({})),
            _ => ("snooze", json!({"until": "2026-12-02T12:30:00Z"})),
        };
        desk.deed(&alert, deed, &body).await;
    }
    assert_eq!(places(&desk, "snoozed").await, ["C1 · Search"]);
    desk.turn(TUESDAY + Duration::days(2));
    desk.cycle(day + Duration::days(2), vec![outage(&desk, &[radio, search])]).await;
    assert_eq!(places(&desk, "open").await, ["C1 · Radio, Search"]);
    assert_eq!(places(&desk, "acknowledged").await, ["C1 · Radio"]);
    assert_eq!(desk.counts(), [1, 1, 1, 0], "people know of both channels");
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_reaches_another_channel_while_its_mail_goes_is_told_in_another_one(pool: PgPool) {
    let desk = Desk::open(pool, TUESDAY).await;
    let [radio, search, _] = channels(&desk).await;
    desk.app.leave_jobs();
    let day = TUESDAY.date();
    desk.think(day, vec![outage(&desk, &[radio])]).await;
    let first = desk.next().await.unwrap();
    desk.think(day + Duration::DAY, vec![outage(&desk, &[radio, search])]).await;
    desk.settle(first.id, Went::Malformed).await;
    let jobs = desk.agency.olga.json("/api/v1/jobs").await;
    assert_eq!(jobs["counts"]["failed"], 0, "nothing of the first is left to be set aside: {jobs}");
    let second = desk.next().await.unwrap();
    assert_ne!(second.id, first.id);
    assert_eq!(second.told[0].place, "C1 · Radio, Search");
    desk.app.stop().await;
}

/// An outage of one channel and one of all channels of its client, stored as the version before stored them, are brought over.
const OF_AN_OLDER_VERSION: &str = concat!(
    include_str!("../../../migrations/0030_outage.down.sql"),
    "update alert set story = 'outage ' || client_id::text || ' ' || channel_id::text;
     insert into alert (organization_id, id, story, kind, level, entity, severity, first_day, last_day, client_id, body,
         first_state_id, state_id, first_seen_at, last_seen_at)
       select organization_id, gen_random_uuid(), 'outage ' || client_id::text, kind, 'client', client_id::text, severity, first_day,
         last_day, client_id, body, first_state_id, state_id, first_seen_at, last_seen_at from alert;
     update organization set time_zone = 'Europe/Berlin', digest_next_at = '2026-12-07T07:00:00Z' where name = 'Acme';",
    include_str!("../../../migrations/0030_outage.up.sql")
);

#[sqlx::test(migrator = "store::MIGRATOR")]
#[expect(clippy::disallowed_methods, reason = "a test's own question")]
async fn outages_that_an_older_version_told_cover_their_channels(pool: PgPool) {
    let desk = Desk::open(pool.clone(), TUESDAY).await;
    let [radio, ..] = channels(&desk).await;
    desk.cycle(TUESDAY.date(), vec![outage(&desk, &[radio])]).await;
    desk.app.finish().await;
    // Never committed.
    let mut tx = pool.begin().await.unwrap();
    sqlx::raw_sql(OF_AN_OLDER_VERSION).execute(&mut *tx).await.unwrap();
    let (one, all, stories, mondays): (i64, i64, i64, i64) = sqlx::query_as(
        "select count(*) filter (where a.channel_id is not null), count(*) filter (where a.channel_id is null),
           count(distinct a.story), (select count(*) from organization where digest_on = '2026-11-30')
         from alert a join alert_channel k on k.organization_id = a.organization_id and k.alert_id = a.id",
    )
    .fetch_one(&mut *tx)
    .await
    .unwrap();
    assert_eq!((one, all, stories, mondays), (1, 3, 1, 1));
}
