//! Mailboxes with letters in them, kept as a sync keeps them; no provider is asked.

use std::sync::atomic::{AtomicU32, Ordering};

use model::{
    actor::Actor,
    id::{ChannelId, OrganizationId},
    message::Place,
};
use serde_json::Value;
use service::{
    Service,
    message::ingest::{self, Incoming, Kept},
};
use sqlx::PgPool;
use store::TenantTx;
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

use crate::support::{Browser, TestApp, execute};

/// When letters come that are not said to come at another time.
pub const MONDAY: OffsetDateTime = datetime!(2026-11-02 09:00 UTC);

/// A mailbox of an agency.
pub struct Mailbox {
    pub channel_id: ChannelId,
    pub organization_id: OrganizationId,
    pub address: String,
    /// Others that its owner writes as.
    pub aliases: Vec<String>,
    pub service: Service,
    pub pool: PgPool,
}

impl Mailbox {
    /// A mailbox of `owner`'s agency. From here on no job is run: nothing asks a provider.
    pub async fn open(app: &TestApp, owner: &Browser, provider: &str, address: &str) -> Self {
        for _ in 0..400 {
            if app.jobs_left().await == 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        app.leave_jobs();
        let session = owner.json("/api/v1/auth/session").await;
        let text = |name: &str| session[name].as_str().unwrap().to_owned();
        let (organization, member) = (text("organization_id"), text("user_id"));
        let (connection, channel) = (Uuid::now_v7(), Uuid::now_v7());
        let sql = [
            format!(
                "insert into connection (organization_id, id, provider, label, created_by, created_at)
                 values ('{organization}', '{connection}', '{provider}', '{address}', '{member}', now())"
            ),
            format!(
                "insert into channel (organization_id, id, connection_id, provider, kind, external_id, name, currency, time_zone, created_at)
                 values ('{organization}', '{channel}', '{connection}', '{provider}', 'inbox', '{address}', '{address}', '', '', now())"
            ),
            format!(
                "insert into inbox (organization_id, channel_id, addresses, updated_at)
                 values ('{organization}', '{channel}', array['{address}'], now())"
            ),
        ];
        for sql in sql {
            execute(&app.pool, sql).await;
        }
        Self {
            channel_id: channel.into(),
            organization_id: organization.parse().unwrap(),
            address: address.to_owned(),
            aliases: Vec::new(),
            service: app.service.clone(),
            pool: app.pool.clone(),
        }
    }

    /// Keeps letters as one page of a sync.
    pub async fn keep(&self, letters: &[Letter]) -> Kept {
        let mut tx = self.begin().await;
        let kept = self.keep_in(&mut tx, letters).await;
        tx.commit().await.unwrap();
        kept
    }

    /// The transaction of such a page.
    pub async fn begin(&self) -> TenantTx {
        self.service.db.tenant(&Actor::machine(self.organization_id)).await.unwrap()
    }

    /// Keeps letters in a transaction that goes on.
    pub async fn keep_in(&self, tx: &mut TenantTx, letters: &[Letter]) -> Kept {
        let addresses = [vec![self.address.clone()], self.aliases.clone()].concat();
        let mailbox = ingest::Mailbox { channel_id: self.channel_id, addresses: &addresses, run: None };
        let incoming = letters.iter().map(|letter| letter.incoming(&self.address)).collect();
        ingest::keep(tx, mailbox, incoming, self.service.clock.now()).await.unwrap()
    }
}

/// A letter.
#[derive(Clone)]
pub struct Letter {
    pub header_id: String,
    pub at: OffsetDateTime,
    pub place: Place,
    pub seen: bool,
    pub from: String,
    pub subject: String,
    /// What it answers, the first first.
    pub references: Vec<String>,
    /// Other headers, each with its line end.
    pub headers: String,
    pub body: String,
    /// What is kept instead of all that.
    pub source: Option<Vec<u8>>,
}

impl Letter {
    /// A letter in plain text.
    pub fn new(from: &str, subject: &str, text: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self {
            header_id: format!("{count}@letters.test"),
            at: MONDAY + Duration::minutes(count.into()),
            place: Place::Inbox,
            seen: false,
            from: from.to_owned(),
            subject: subject.to_owned(),
            references: Vec::new(),
            headers: "Content-Type: text/plain; charset=utf-8\r\n".to_owned(),
            body: text.to_owned(),
            source: None,
        }
    }

    /// A letter with layout.
    pub fn html(from: &str, subject: &str, html: &str) -> Self {
        let headers = "Content-Type: text/html; charset=utf-8\r\n".to_owned();
        Self { headers, ..Self::new(from, subject, html) }
    }

    /// With a file beside its text.
    pub fn with_file(self, name: &str, kind: &str, base64: &str) -> Self {
        let headers = "Content-Type: multipart/mixed; boundary=\"b\"\r\n".to_owned();
        let body = format!(
            "--b\r\n{}\r\n{}\r\n--b\r\nContent-Type: {kind}\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\
             Content-ID: <file@letters.test>\r\nContent-Transfer-Encoding: base64\r\n\r\n{base64}\r\n--b--\r\n",
            self.headers, self.body
        );
        Self { headers, body, ..self }
    }

    /// That answers another.
    pub fn answering(self, other: &Self) -> Self {
        let references = [other.references.clone(), vec![other.header_id.clone()]].concat();
        Self { references, ..self }
    }

    /// That the agency sent.
    pub fn sent(self) -> Self {
        Self { place: Place::Sent, seen: true, ..self }
    }

    pub fn seen(self) -> Self {
        Self { seen: true, ..self }
    }

    pub fn at(self, at: OffsetDateTime) -> Self {
        Self { at, ..self }
    }

    /// A mail as it is, whatever is wrong with it.
    pub fn raw(source: impl Into<Vec<u8>>) -> Self {
        Self { source: Some(source.into()), ..Self::new("x@letters.test", "", "") }
    }

    fn incoming(&self, to: &str) -> Incoming {
        let Self { header_id, from, subject, headers, body, .. } = self;
        let whole = || {
            let mut head = format!("From: {from}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{header_id}>\r\n");
            if let Some(last) = self.references.last() {
                let all: Vec<_> = self.references.iter().map(|id| format!("<{id}>")).collect();
                head.push_str(&format!("In-Reply-To: <{last}>\r\nReferences: {}\r\n", all.join(" ")));
            }
            format!("{head}MIME-Version: 1.0\r\n{headers}\r\n{body}").into_bytes()
        };
        Incoming {
            external_id: header_id.clone(),
            thread: None,
            at: self.at,
            place: self.place,
            seen: self.seen,
            source: self.source.clone().unwrap_or_else(whole),
        }
    }
}

/// The addresses of the API.
pub const CONVERSATIONS: &str = "/api/v1/communications/conversations";
pub const COUNTS: &str = "/api/v1/communications/counts";

/// The conversations that a question finds.
pub async fn listed(browser: &Browser, query: &str) -> Vec<Value> {
    let page = browser.json(&format!("{CONVERSATIONS}{query}")).await;
    page["items"].as_array().unwrap().clone()
}

/// Their subjects, the newest first.
pub async fn subjects(browser: &Browser, query: &str) -> Vec<String> {
    listed(browser, query).await.iter().map(|one| one["subject"].as_str().unwrap().to_owned()).collect()
}

/// The address of the conversation with this subject.
pub async fn conversation(browser: &Browser, subject: &str) -> String {
    let all = listed(browser, "?limit=100").await;
    let found = all.iter().find(|one| one["subject"] == subject).unwrap();
    format!("{CONVERSATIONS}/{}", found["id"].as_str().unwrap())
}
