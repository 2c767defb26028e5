//! What the tests of alerts share: an agency at a moment, cycles that find things, and the mails that come of them.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration as Wait,
};

use model::{
    actor::Actor,
    alert::{FindingKind, Found, Severity, Way},
    brain::Outcome,
    id::{AlertMailId, MemberId, OrganizationId},
};
use serde_json::{Value, json};
use service::alert::letter::{self, Letter};
use sqlx::PgPool;
use store::{
    alert::mail::{self, Went},
    brain,
};
use time::{Date, Duration, OffsetDateTime, macros::datetime};

use crate::support::{Agency, Browser, TestApp};

/// A Tuesday at noon.
pub const TUESDAY: OffsetDateTime = datetime!(2026-12-01 12:00 UTC);

/// What a mail server says that refuses a mail.
pub const REFUSAL: &str = "550 5.7.1 this text is not welcome";

/// An agency whose brain is the test.
pub struct Desk {
    pub app: TestApp,
    pub agency: Agency,
    pub organization: OrganizationId,
    pub olga: MemberId,
    pub pool: PgPool,
}

impl Desk {
    pub async fn open(pool: PgPool, at: OffsetDateTime) -> Self {
        let app = TestApp::start(pool.clone()).await;
        app.service.clock.advance(at - app.service.clock.now() + Duration::SECOND);
        let agency = Agency::found(&app).await;
        let session = agency.olga.json("/api/v1/auth/session").await;
        let organization = session["organization_id"].as_str().unwrap().parse().unwrap();
        let olga = session["user_id"].as_str().unwrap().parse().unwrap();
        let desk = Self { app, agency, organization, olga, pool };
        desk.rest().await;
        desk
    }

    /// Turns the clock to a moment.
    pub fn turn(&self, to: OffsetDateTime) {
        let clock = &self.app.service.clock;
        clock.advance(to - clock.now() + Duration::SECOND);
    }

    /// A finding about clicks of the client's channel.
    pub fn found(&self, client: usize, kind: FindingKind, severity: Severity, first: Date) -> Found {
        let body = json!({"kind": kind.key(), "metric": "clicks", "probability": 0.97,
            "size": {"value": -120.0, "low": -150.0, "high": -90.0, "confidence": 0.95, "unit": "count"}});
        Found {
            number: 0,
            kind,
            level: "channel".into(),
            entity: format!("radio {client}"),
            metric: Some("clicks".into()),
            first,
            last: first + Duration::DAY,
            size: Some(-120.0),
            probability: 0.97,
            severity,
            client_id: Some(self.agency.c[client].parse().unwrap()),
            channels: Vec::new(),
            body: body.to_string(),
        }
    }

    /// Falls of Tuesday at each of these clients, so bad.
    pub fn falls(&self, falls: &[(usize, Severity)]) -> Vec<Found> {
        let fall =
            |(client, severity): &(usize, Severity)| self.found(*client, FindingKind::Drop, *severity, TUESDAY.date());
        falls.iter().map(fall).collect()
    }

    /// A cycle whose state of `day` found this, and all that it causes.
    pub async fn cycle(&self, day: Date, found: Vec<Found>) {
        self.think(day, found).await;
        self.rest().await;
    }

    /// A cycle whose state of `day` found this.
    pub async fn think(&self, day: Date, mut found: Vec<Found>) {
        static STATES: AtomicU64 = AtomicU64::new(1);
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&STATES.fetch_add(1, Ordering::Relaxed).to_le_bytes());
        let service = &self.app.service;
        let outcomes = said(&mut found);
        let new = brain::New { day, input_hash: &hash, output_hash: &hash, code_version: "test", outcomes: &outcomes };
        let now = service.clock.now();
        let mut tx = service.db.tenant(&Actor::machine(self.organization)).await.unwrap();
        let state = brain::insert_state(&mut tx, new, now).await.unwrap();
        service::alert::sync(&mut tx, state, day, found, now).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Waits until nothing is left to do; what failed comes again within seconds.
    pub async fn rest(&self) {
        for _ in 0..800 {
            if self.app.jobs_left().await == 0 {
                return;
            }
            tokio::time::sleep(Wait::from_millis(25)).await;
        }
        panic!("{} jobs are left", self.app.jobs_left().await);
    }

    /// What comes by itself every minute.
    pub async fn minute(&self) {
        let mut tx = self.app.service.db.system().await.unwrap();
        letter::queue_due(&mut tx, self.app.service.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        self.rest().await;
    }

    /// The mails about alerts to somebody of the agency.
    pub fn mails(&self, name: &str) -> Vec<String> {
        let mails = self.app.mails(&format!("{name}@acme.test"));
        mails.into_iter().filter(|mail| mail.contains("<alerts-")).collect()
    }

    /// How many such mails each of them got: Olga, Ada, Max, Mel.
    pub fn counts(&self) -> [usize; 4] {
        ["olga", "ada", "max", "mel"].map(|name| self.mails(name).len())
    }

    /// The alerts that somebody sees, newest first.
    pub async fn alerts(&self, who: &Browser, query: &str) -> Vec<Value> {
        who.json(&format!("/api/v1/alerts?{query}")).await["items"].as_array().unwrap().clone()
    }

    /// The next mail to Olga that is to go at once; nobody sends it.
    pub async fn next(&self) -> Option<Letter> {
        letter::next(&self.app.service, self.organization, self.olga, Way::Mail).await.unwrap()
    }

    pub async fn settle(&self, mail: AlertMailId, went: Went) {
        let (service, said) = (&self.app.service, (went, REFUSAL));
        letter::settle(service, self.organization, self.olga, mail, said).await.unwrap();
    }

    /// Whether a mail to Olga is queued when its minute comes.
    pub async fn due(&self) -> bool {
        let mut tx = self.app.service.db.system().await.unwrap();
        let due = mail::list_due(&mut tx, self.app.service.clock.now()).await.unwrap();
        due.contains(&(self.organization, self.olga, Way::Mail))
    }

    /// Olga does something to an alert.
    pub async fn deed(&self, alert: &Value, deed: &str, body: &Value) {
        let path = format!("/api/v1/alerts/{}/{deed}", alert["id"].as_str().unwrap());
        assert_eq!(self.agency.olga.post(&path, body).await.status(), 200, "{deed}");
    }

    /// Olga does something to the newest alert about a client.
    pub async fn touch(&self, client: usize, deed: &str, body: &Value) {
        let alerts = self.alerts(&self.agency.olga, &format!("client_id={}", self.agency.c[client])).await;
        self.deed(&alerts[0], deed, body).await;
    }
}

/// What a state says that found this, each of which learns its place there.
pub fn said(found: &mut [Found]) -> Vec<Outcome> {
    let one = |(number, found): (i32, &mut Found)| {
        found.number = number;
        Outcome {
            number,
            kind: "finding".into(),
            client_id: found.client_id,
            channel_id: found.channel(),
            body: found.body.clone(),
        }
    };
    (0..).zip(found).map(one).collect()
}

/// Sets somebody's quiet hours.
pub async fn quiet(who: &Browser, from: &str, until: &str, zone: Option<&str>) {
    let body = json!({"quiet_from": from, "quiet_until": until, "time_zone": zone, "digest": true});
    assert_eq!(who.send("PUT", "/api/v1/alerts/settings", &body).await.status(), 200);
}
