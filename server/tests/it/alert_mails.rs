//! Mails about alerts when things go wrong: servers that refuse, workers that are killed, clocks and zones that change, clients
//! that leave.

use std::{
    sync::atomic::{AtomicU8, Ordering},
    time::Duration as Wait,
};

use model::{
    actor::Actor,
    alert::{FindingKind, Found, Severity, Way},
    id::{AlertMailId, MemberId, OrganizationId},
};
use serde_json::{Value, json};
use service::alert::letter::{self, Letter};
use sqlx::PgPool;
use store::{
    alert::mail::{self, Went},
    brain,
};
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::support::{Agency, TestApp, count};

/// A Tuesday at noon.
const TUESDAY: OffsetDateTime = datetime!(2026-12-01 12:00 UTC);

struct Post {
    app: TestApp,
    agency: Agency,
    organization: OrganizationId,
    olga: MemberId,
    pool: PgPool,
    cycles: AtomicU8,
}

impl Post {
    async fn open(pool: PgPool, at: OffsetDateTime) -> Self {
        let app = TestApp::start(pool.clone()).await;
        app.service.clock.advance(at - app.service.clock.now() + Duration::SECOND);
        let agency = Agency::found(&app).await;
        let session = agency.olga.json("/api/v1/auth/session").await;
        let organization = session["organization_id"].as_str().unwrap().parse().unwrap();
        let olga = session["user_id"].as_str().unwrap().parse().unwrap();
        let post = Self { app, agency, organization, olga, pool, cycles: AtomicU8::new(1) };
        post.rest().await;
        post
    }

    fn turn(&self, to: OffsetDateTime) {
        let clock = &self.app.service.clock;
        clock.advance(to - clock.now() + Duration::SECOND);
    }

    /// A cycle finds a fall at each of these clients, so bad.
    async fn think(&self, falls: &[(usize, Severity)]) {
        let service = &self.app.service;
        let now = service.clock.now();
        let found = falls.iter().map(|(client, severity)| self.fall(*client, *severity)).collect();
        let hash = [self.cycles.fetch_add(1, Ordering::Relaxed); 32];
        let day = now.date();
        let new = brain::New { day, input_hash: &hash, output_hash: &hash, code_version: "test", outcomes: &[] };
        let mut tx = service.db.tenant(&Actor::machine(self.organization)).await.unwrap();
        let state = brain::insert_state(&mut tx, new, now).await.unwrap();
        service::alert::sync(&mut tx, state, day, found, now).await.unwrap();
        tx.commit().await.unwrap();
    }

    fn fall(&self, client: usize, severity: Severity) -> Found {
        let day = TUESDAY.date();
        Found {
            kind: FindingKind::Drop,
            level: "channel".into(),
            entity: format!("radio {client}"),
            metric: Some("clicks".into()),
            first: day,
            last: day,
            size: Some(-120.0),
            probability: 0.97,
            severity,
            client_id: Some(self.agency.c[client].parse().unwrap()),
            channel_id: None,
            body: json!({"kind": "drop", "metric": "clicks", "probability": 0.97}).to_string(),
        }
    }

    /// Waits until nothing is left to do; what failed comes again within seconds.
    async fn rest(&self) {
        for _ in 0..400 {
            if self.app.jobs_left().await == 0 {
                return;
            }
            tokio::time::sleep(Wait::from_millis(50)).await;
        }
        panic!("{} jobs are left", self.app.jobs_left().await);
    }

    /// What comes by itself every minute.
    async fn minute(&self) {
        let mut tx = self.app.service.db.system().await.unwrap();
        letter::queue_due(&mut tx, self.app.service.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        self.rest().await;
    }

    /// The mails about alerts to somebody of the agency.
    fn mails(&self, name: &str) -> Vec<String> {
        let mails = self.app.mails(&format!("{name}@acme.test"));
        mails.into_iter().filter(|mail| mail.contains("<alerts-")).collect()
    }

    /// How many such mails each of them got: Olga, Ada, Max.
    fn counts(&self) -> [usize; 3] {
        ["olga", "ada", "max"].map(|name| self.mails(name).len())
    }

    /// The next mail to Olga that is to go at once; nobody sends it.
    async fn next(&self) -> Option<Letter> {
        letter::next(&self.app.service, self.organization, self.olga, Way::Mail).await.unwrap()
    }

    async fn settle(&self, mail: AlertMailId, went: Went) {
        letter::settle(&self.app.service, self.organization, mail, went).await.unwrap();
    }

    /// Whether a mail to Olga is queued when its minute comes.
    async fn due(&self) -> bool {
        let mut tx = self.app.service.db.system().await.unwrap();
        let due = mail::list_due(&mut tx, self.app.service.clock.now()).await.unwrap();
        due.contains(&(self.organization, self.olga, Way::Mail))
    }

    /// Olga does something to the alert about a client.
    async fn touch(&self, client: usize, deed: &str, body: &Value) {
        let olga = &self.agency.olga;
        let alerts = olga.json(&format!("/api/v1/alerts?client_id={}", self.agency.c[client])).await;
        let id = alerts["items"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(olga.post(&format!("/api/v1/alerts/{id}/{deed}"), body).await.status(), 200, "{deed}");
    }

    /// Olga's quiet hours are the night.
    async fn quiet(&self) {
        let body = json!({"quiet_from": "22:00", "quiet_until": "07:00", "time_zone": null, "digest": true});
        assert_eq!(self.agency.olga.send("PUT", "/api/v1/alerts/settings", &body).await.status(), 200);
    }
}

/// Which of the clients a mail tells of.
fn places(letter: &Letter) -> Vec<&str> {
    letter.told.iter().map(|told| told.place.as_str()).collect()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_mail_that_cannot_go_keeps_no_other_back(pool: PgPool) {
    let post = Post::open(pool, TUESDAY).await;
    post.app.leave_jobs();
    post.think(&[(0, Severity::High)]).await;
    let first = post.next().await.unwrap();
    let stuck = post.app.data.join(format!("outbox/alerts-{}.part", first.id));
    std::fs::create_dir(&stuck).unwrap();
    post.think(&[(0, Severity::High), (1, Severity::High)]).await;
    let _work = post.app.take_jobs();
    post.rest().await;
    let mails = post.mails("olga");
    assert_eq!(mails.len(), 1, "the other went");
    assert!(mails[0].lines().any(|line| line.trim() == "C2"), "{}", mails[0]);
    std::fs::remove_dir(&stuck).unwrap();
    post.minute().await;
    assert_eq!(post.mails("olga").len(), 1, "it waits for its next try");
    post.app.service.clock.advance(Duration::minutes(6));
    post.minute().await;
    post.minute().await;
    assert_eq!(post.mails("olga").len(), 2);
    post.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_mail_that_is_refused_half_a_day_long_is_set_aside_until_its_alert_gets_worse(pool: PgPool) {
    let post = Post::open(pool, TUESDAY).await;
    post.app.leave_jobs();
    let clock = &post.app.service.clock;
    post.think(&[(0, Severity::Medium)]).await;
    let refused = post.next().await.unwrap();
    for times in 1..12 {
        post.settle(refused.id, Went::Refused).await;
        assert!(post.next().await.is_none() && !post.due().await, "refused {times} times: an hour of rest");
        clock.advance(Duration::minutes(61));
        assert!(post.due().await);
        assert_eq!(post.next().await.unwrap().id, refused.id, "the same mail");
    }
    post.settle(refused.id, Went::Refused).await;
    clock.advance(Duration::hours(25));
    assert!(post.next().await.is_none() && !post.due().await);
    assert_eq!(count(&post.pool, "select count(*) from alert_mail where state = 'refused'").await, 1);

    post.think(&[(0, Severity::High), (1, Severity::High)]).await;
    let again = post.next().await.unwrap();
    assert_eq!(again.told.len(), 2, "what got worse is told with what is new");
    assert_ne!(again.id, refused.id);
    post.settle(again.id, Went::Malformed).await;
    assert!(post.next().await.is_none(), "what cannot be built is set aside at once");
    assert_eq!(count(&post.pool, "select count(*) from alert_mail where state = 'refused'").await, 2);
    post.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_mail_that_broke_off_goes_after_the_quiet_hours_without_what_was_seen_to(pool: PgPool) {
    let post = Post::open(pool, datetime!(2026-12-01 21:55 UTC)).await;
    post.app.leave_jobs();
    post.quiet().await;
    post.think(&[(0, Severity::High), (1, Severity::High), (2, Severity::High)]).await;
    let broken_off = post.next().await.unwrap();
    assert_eq!(broken_off.told.len(), 3);
    post.turn(datetime!(2026-12-01 22:01 UTC));
    assert!(post.next().await.is_none(), "she sleeps");
    post.touch(0, "acknowledge", &json!({})).await;
    post.touch(1, "snooze", &json!({"until": "2026-12-02T09:00:00Z"})).await;
    post.turn(datetime!(2026-12-02 06:58 UTC));
    assert!(post.next().await.is_none() && !post.due().await);
    post.turn(datetime!(2026-12-02 07:00 UTC));
    assert!(post.due().await);
    let sent = post.next().await.unwrap();
    assert_eq!((sent.id, places(&sent)), (broken_off.id, vec!["C3"]));
    post.settle(sent.id, Went::Sent).await;
    assert!(post.next().await.is_none());
    // What was left out is told when it may be, in a mail that no receiver takes for the one before.
    post.turn(datetime!(2026-12-02 09:00 UTC));
    let waited = post.next().await.unwrap();
    assert_eq!(places(&waited), ["C2"]);
    assert_ne!(waited.id, sent.id);
    post.settle(waited.id, Went::Sent).await;
    post.touch(0, "reopen", &json!({})).await;
    let reopened = post.next().await.unwrap();
    assert_eq!(places(&reopened), ["C1"]);
    assert!(reopened.id != sent.id && reopened.id != waited.id);
    post.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn two_mails_never_have_one_id(pool: PgPool) {
    let post = Post::open(pool, TUESDAY).await;
    post.app.leave_jobs();
    post.think(&[(0, Severity::High), (1, Severity::High)]).await;
    let both = post.next().await.unwrap();
    post.settle(both.id, Went::Failed).await;
    post.touch(1, "snooze", &json!({"until": "2026-12-01T15:00:00Z"})).await;
    post.app.service.clock.advance(Duration::minutes(6));
    let one = post.next().await.unwrap();
    assert_eq!((one.id, places(&one)), (both.id, vec!["C1"]));
    post.settle(one.id, Went::Sent).await;
    post.turn(datetime!(2026-12-01 15:00 UTC));
    let other = post.next().await.unwrap();
    assert_eq!(places(&other), ["C2"]);
    assert_ne!(other.id, one.id);
    post.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_becomes_high_is_mailed_to_whoever_has_no_mail_about_it(pool: PgPool) {
    // A Friday.
    let post = Post::open(pool, datetime!(2026-12-04 12:00 UTC)).await;
    let Agency { olga, ada, max, c, .. } = &post.agency;
    let off = json!({"quiet_from": null, "quiet_until": null, "time_zone": null, "digest": false});
    assert_eq!(ada.send("PUT", "/api/v1/alerts/settings", &off).await.status(), 200);
    post.minute().await;
    post.think(&[(0, Severity::Low), (1, Severity::Medium)]).await;
    post.rest().await;
    assert_eq!(post.counts(), [1, 1, 0], "Max does not see C2");
    post.turn(datetime!(2026-12-07 08:00 UTC));
    post.minute().await;
    assert_eq!(post.counts(), [2, 1, 1], "the digest, which Ada does not want");
    let body = json!({"member_id": max.member_id().await, "client_id": c[1]});
    olga.create("/api/v1/assignments", &body).await;
    for _ in 0..2 {
        post.think(&[(0, Severity::High), (1, Severity::High)]).await;
        post.rest().await;
        post.minute().await;
        assert_eq!(post.counts(), [3, 2, 2]);
    }
    let told = |name: &str| {
        let mails = post.mails(name);
        let newest = mails.iter().find(|mail| mail.contains("High: Clicks")).expect("a mail about what is high");
        ["C1", "C2"].map(|place| newest.lines().any(|line| line.trim() == place))
    };
    assert_eq!(told("olga"), [true, false], "she had a mail about C2");
    assert_eq!(told("ada"), [true, false]);
    assert_eq!(told("max"), [true, true], "he sees C2 now");
    post.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_first_digest_follows_the_zone_that_the_agency_chooses(pool: PgPool) {
    let post = Post::open(pool, datetime!(2026-12-04 12:00 UTC)).await;
    post.minute().await;
    let zone = json!({"time_zone": "America/New_York"});
    assert_eq!(post.agency.olga.send("PATCH", "/api/v1/organization", &zone).await.status(), 200);
    post.minute().await;
    post.think(&[(0, Severity::Low)]).await;
    for at in [datetime!(2026-12-07 08:00 UTC), datetime!(2026-12-07 12:58 UTC)] {
        post.turn(at);
        post.minute().await;
        assert_eq!(post.counts(), [0; 3], "it is not 08:00 in New York");
    }
    // Another setting moves nothing.
    assert_eq!(post.agency.olga.send("PATCH", "/api/v1/organization", &json!({"name": "Acme 2"})).await.status(), 200);
    post.turn(datetime!(2026-12-07 13:00 UTC));
    post.minute().await;
    assert_eq!(post.counts(), [1; 3]);
    post.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn nothing_of_an_archived_client_is_mailed_until_it_is_back(pool: PgPool) {
    let post = Post::open(pool, datetime!(2026-12-01 23:30 UTC)).await;
    post.app.leave_jobs();
    post.quiet().await;
    post.think(&[(0, Severity::High)]).await;
    let path = format!("/api/v1/clients/{}", post.agency.c[0]);
    assert_eq!(post.agency.olga.send("DELETE", &path, &json!({})).await.status(), 200);
    post.turn(datetime!(2026-12-02 07:00 UTC));
    assert!(!post.due().await && post.next().await.is_none());
    assert_eq!(post.agency.olga.post(&format!("{path}/restore"), &json!({})).await.status(), 200);
    assert!(post.due().await);
    assert_eq!(places(&post.next().await.unwrap()), ["C1"]);
    post.app.stop().await;
}

/// Makes the migration of alerts as somebody who owns every table, is no superuser, and has the rights of the system role only
/// while acting as it.
const MIGRATED_BY_AN_OWNER: &str = concat!(
    include_str!("../../../migrations/0027_alert.down.sql"),
    "insert into organization (organization_id, name, mode, created_at) values (gen_random_uuid(), 'Acme', 'live', now());
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
    "set local session authorization default;"
);

#[sqlx::test(migrator = "store::MIGRATOR")]
#[expect(clippy::disallowed_methods, reason = "a test's own question")]
async fn agencies_that_are_there_get_the_rules_whoever_migrates(pool: PgPool) {
    // Never committed: a role belongs to every database of the cluster.
    let mut tx = pool.begin().await.unwrap();
    sqlx::raw_sql(MIGRATED_BY_AN_OWNER).execute(&mut *tx).await.unwrap();
    let rules: i64 = sqlx::query_scalar("select count(*) from alert_rule").fetch_one(&mut *tx).await.unwrap();
    assert_eq!(rules, 2);
}
