//! Mailboxes from end to end: what lies at the provider is read once, whatever goes wrong on the way, and what is answered here
//! arrives there once. The providers are not ours: Google with mountebank before it, and Dovecot. For Microsoft no independent server
//! keeps mail: there it is the simulated agency's.

mod answers;
mod cut;
mod dovecot;
mod killed;
mod mailbox;
mod missed;
mod outlook;
mod peers;
mod reading;
mod sizes;
mod smtp;

use model::{
    actor::{Actor, Origin},
    conversation::{Conversation, Filter, Thread},
    id::{ConversationId, OutgoingId},
    job::Job,
    outgoing::{Draft, Outgoing, State},
    role::Role,
};
use peers::Gmail;
use reqwest::StatusCode;
use serde_json::{Value, json};
use server::config::Config;
use service::{conversation, outgoing};
use sqlx::PgPool;
use time::{Duration, format_description::well_known::Rfc2822};

use crate::{
    google::{CLIENT, SECRET as CLIENT_SECRET, led},
    support::{Agency, Browser, TestApp, execute},
    sync::{KEYS, SECRET, organization, run, sync},
};

const OWNER: &str = "owner@acme.test";
const OTHER: &str = "owner@beta.test";
const JANE: &str = "Jane Doe <jane@c1.com>";

/// An agency whose mailbox is at Google.
struct Hub {
    gmail: Gmail,
    desk: Desk,
}

/// The application with an agency in it, and Ada, its Admin, as whom the tests act.
struct Desk {
    app: TestApp,
    agency: Agency,
    actor: Actor,
}

impl Desk {
    async fn open(app: TestApp, pool: &PgPool) -> Self {
        let agency = Agency::found(&app).await;
        let member_id = agency.ada.member_id().await.as_str().unwrap().parse().unwrap();
        let organization_id = organization(pool).await;
        let actor = Actor { organization_id, member_id, role: Role::Admin, origin: Origin::default() };
        Self { app, agency, actor }
    }

    /// Somebody at the first client, known by an address.
    async fn contact(&self, name: &str, address: &str) {
        let path = format!("/api/v1/clients/{}/contacts", self.agency.c[0]);
        self.agency.ada.create(&path, &json!({"name": name, "emails": [address]})).await;
    }

    async fn list(&self, filter: &Filter) -> Vec<Conversation> {
        conversation::list(&self.app.service, &self.actor, filter, 100, None).await.unwrap().items
    }

    async fn thread(&self, id: ConversationId) -> Thread {
        conversation::thread(&self.app.service, &self.actor, id).await.unwrap()
    }

    /// The one conversation with this subject.
    async fn called(&self, subject: &str) -> Thread {
        let filter = Filter { text: Some(subject.to_owned()), ..Filter::default() };
        let found = self.list(&filter).await;
        let [only] = &found[..] else { panic!("{subject}: {found:?}") };
        self.thread(only.id).await
    }

    fn new_id(&self) -> OutgoingId {
        store::id::new(self.app.service.clock.now())
    }

    async fn reply(&self, to: ConversationId, id: OutgoingId, text: &str) -> service::Result<Outgoing> {
        let typed = Draft { text: text.to_owned(), ..Draft::default() };
        outgoing::reply(&self.app.service, &self.actor, to, id, &typed, None).await
    }

    /// What is held goes now, and whoever held what goes has fallen silent: what the clock does after some seconds or minutes.
    async fn hurry(&self) {
        let past = "now() - interval '1 second'";
        execute(&self.app.pool, format!("update outgoing set send_at = {past} where state = 'held'")).await;
        execute(&self.app.pool, format!("update outgoing set held_until = {past} where state = 'sending'")).await;
        self.look_around().await;
    }

    /// What is due is queued, as each minute.
    async fn look_around(&self) {
        let mut tx = self.app.service.db.tenant(&self.actor).await.unwrap();
        store::queue::enqueue(&mut tx, &Job::QueueDue, None).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// What was written, once it stands as one of these.
    async fn settled(&self, id: OutgoingId, states: &[State]) -> store::outgoing::Stored {
        for _ in 0..2400 {
            let mut tx = self.app.service.db.tenant(&self.actor).await.unwrap();
            let stored = store::outgoing::get(&mut tx, id).await.unwrap();
            if states.contains(&stored.outgoing.state) {
                return stored;
            }
            drop(tx);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("what was written did not come to {states:?}");
    }

    /// Waits until a question to the database is answered with one.
    #[expect(clippy::disallowed_methods, reason = "a test's own question")]
    async fn comes(&self, question: &str) {
        for _ in 0..2400 {
            let asked = sqlx::query_scalar(sqlx::AssertSqlSafe(question.to_owned()));
            let found: i64 = asked.fetch_one(&self.app.pool).await.unwrap();
            if found == 1 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("it did not come to this: {question}");
    }

    /// Waits until nothing is left to do.
    async fn rests(&self) {
        while self.app.jobs_left().await > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    /// Has a connection read, and waits until it was.
    async fn read(&self, connection: &str, ended: usize) -> Value {
        assert_eq!(sync(&self.agency.ada, connection).await, StatusCode::ACCEPTED);
        run(&self.agency.ada, connection, ended).await
    }
}

impl Hub {
    async fn open(pool: &PgPool) -> Option<Self> {
        Self::open_with(pool, |_| {}).await
    }

    /// The same with changed settings.
    async fn open_with(pool: &PgPool, change: impl FnOnce(&mut Config)) -> Option<Self> {
        let gmail = Gmail::start(&[OWNER, OTHER]).await?;
        let url = gmail.url.parse().unwrap();
        let app = TestApp::start_with(pool.clone(), |config| {
            config.providers.insert("GOOGLE_CLIENT_ID".to_owned(), CLIENT.to_owned().into());
            config.providers.insert("GOOGLE_CLIENT_SECRET".to_owned(), CLIENT_SECRET.to_owned().into());
            config.provider_urls.insert("gmail".to_owned(), url);
            (config.secret, config.keys) = (Some(SECRET.to_owned().into()), Some(KEYS.to_owned().into()));
            change(config);
        })
        .await;
        Some(Self { gmail, desk: Desk::open(app, pool).await })
    }

    /// Connects a mailbox by its owner's consent, with which its first reading begins.
    async fn connect(&self, browser: &Browser, mailbox: &str) -> String {
        let answer = browser.post("/api/v1/integrations", &json!({"provider": "gmail"})).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let way: Value = answer.json().await.unwrap();
        let back = self.gmail.google.choose(way["authorize_url"].as_str().unwrap(), mailbox).await;
        let target = led(browser, back.strip_prefix(&browser.url).unwrap()).await;
        target.strip_prefix("/settings/integrations?connected=").expect("connected").to_owned()
    }

    /// The mailbox of the agency, read for the first time.
    async fn connected(&self) -> String {
        let ada = &self.desk.agency.ada;
        let connection = self.connect(ada, OWNER).await;
        let first = run(ada, &connection, 1).await;
        assert_eq!(first["state"], "succeeded", "{first}");
        connection
    }

    /// A mail as its writer's program sends it, of now.
    fn mail(&self, from: &str, subject: &str, more: &str, text: &str) -> String {
        self.earlier(Duration::ZERO, from, subject, more, text)
    }

    /// A mail of some time ago: programs write the second.
    fn earlier(&self, ago: Duration, from: &str, subject: &str, more: &str, text: &str) -> String {
        let now = self.desk.app.service.clock.now();
        let (date, number) = ((now - ago).format(&Rfc2822).unwrap(), store::id::new::<OutgoingId>(now));
        format!(
            "From: {from}\r\nTo: {OWNER}\r\nSubject: {subject}\r\nMessage-ID: <{number}@writers.test>\r\nDate: {date}\r\n{more}\
             \r\n{text}\r\n"
        )
    }
}

/// The `Message-ID` of a mail, in its angle brackets.
fn message_id(mail: &str) -> &str {
    mail.split_once("Message-ID: ").unwrap().1.split_once("\r\n").unwrap().0
}
