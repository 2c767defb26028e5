//! A mailbox at Microsoft from end to end, whose other side is the simulated agency's Graph in a process of its own: what people wrote
//! is on their clients, what is answered arrives in the same conversation once, whatever the provider says meanwhile.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use model::{
    conversation::Filter,
    message::Kind,
    outgoing::{Draft, State},
};
use rehearsal::World;
use reqwest::StatusCode;
use serde_json::{Value, json};
use service::{Clock, outgoing};
use sqlx::PgPool;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::Desk;
use crate::{
    google::led,
    support::{Browser, TestApp, count},
    sync::{KEYS, SECRET, run, sync},
};

const SEED: u64 = 7;
const MESSAGES: &str = "select count(*) from message";

/// The simulated agency's providers, which end with the value. Their world stands still until it is moved.
struct Graph {
    program: Child,
    url: String,
}

impl Drop for Graph {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

impl Graph {
    /// At this moment, for the application at `app`.
    fn start(app: &str, at: OffsetDateTime) -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_audienceos"))
            .args(["rehearsal", "--seed", &SEED.to_string(), "--port", "0", "--app", app])
            .args(["--at", &at.format(&Rfc3339).unwrap()])
            .current_dir(std::env::temp_dir())
            .env_remove("DATABASE_URL")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(program.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let url = said.trim().strip_prefix("rehearsing on ").unwrap().to_owned();
        Self { program, url }
    }

    /// Tells the simulated agency something.
    async fn tell(&self, browser: &Browser, path: &str, body: Value) {
        let told = browser.client.post(format!("{}/rehearsal/{path}", self.url)).json(&body).send().await.unwrap();
        assert_eq!(told.status(), StatusCode::OK, "{}", told.text().await.unwrap());
    }

    /// What was sent through the providers, as it arrived.
    async fn sent(&self, browser: &Browser) -> Vec<String> {
        let about = browser.client.get(format!("{}/rehearsal", self.url)).send().await.unwrap();
        let about: Value = about.json().await.unwrap();
        about["writes"].as_array().unwrap().iter().map(Value::to_string).collect()
    }
}

/// An agency whose mailbox is at Microsoft, and its clients by the addresses of their people.
struct Office {
    graph: Graph,
    desk: Desk,
    people: BTreeMap<String, String>,
}

impl Office {
    async fn open(pool: &PgPool) -> Self {
        let now = Clock::default().now().replace_nanosecond(0).unwrap();
        let mut graph = None;
        let app = TestApp::start_with(pool.clone(), |config| {
            let started = Graph::start(config.public_url.as_deref().unwrap(), now);
            config.provider_urls.insert("outlook".to_owned(), started.url.parse().unwrap());
            graph = Some(started);
            for (name, value) in [("MICROSOFT_CLIENT_ID", "rehearsal"), ("MICROSOFT_CLIENT_SECRET", "rehearsal-secret")]
            {
                config.providers.insert(name.to_owned(), value.to_owned().into());
            }
            (config.secret, config.keys) = (Some(SECRET.to_owned().into()), Some(KEYS.to_owned().into()));
        })
        .await;
        let desk = Desk::open(app, pool).await;
        let world = World::new(SEED, now.date()).unwrap();
        let mut people = BTreeMap::new();
        for client in world.clients() {
            let own = &desk.agency.c[client.index % 3];
            for person in world.contacts(client) {
                let contact = json!({"name": person.name, "emails": [person.email]});
                desk.agency.ada.create(&format!("/api/v1/clients/{own}/contacts"), &contact).await;
                people.insert(person.email, own.clone());
            }
        }
        Self { graph: graph.unwrap(), desk, people }
    }

    /// Connects the mailbox by its owner's consent; it is read for the first time.
    async fn connected(&self) -> String {
        let ada = &self.desk.agency.ada;
        let answer = ada.post("/api/v1/integrations", &json!({"provider": "outlook"})).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let way: Value = answer.json().await.unwrap();
        let page = reqwest::get(way["authorize_url"].as_str().unwrap()).await.unwrap().text().await.unwrap();
        let back = page.split("<li><a href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
        let target = led(ada, back.strip_prefix(&ada.url).unwrap()).await;
        let connection = target.strip_prefix("/settings/integrations?connected=").expect("connected").to_owned();
        let first = run(ada, &connection, 1).await;
        assert_eq!(first["state"], "succeeded", "{first}");
        connection
    }

    /// A day passes, there and here.
    async fn tomorrow(&self) {
        self.graph.tell(&self.desk.agency.ada, "forward", json!({"days": 1})).await;
        self.desk.app.service.clock.advance(Duration::days(1));
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn mails_at_microsoft_are_on_their_clients_and_an_answer_is_answered_in_its_conversation(pool: PgPool) {
    let office = Office::open(&pool).await;
    let (desk, ada) = (&office.desk, &office.desk.agency.ada);
    let connection = office.connected().await;
    let there = count(&pool, MESSAGES).await;
    assert!(there > 0, "people wrote within three months");
    // Every conversation is on the client of whoever wrote, and on none where nobody knows the writer.
    #[expect(clippy::disallowed_methods, reason = "a test's own question")]
    let written: Vec<(String, Option<String>)> = sqlx::query_as(
        "select distinct m.from_address, c.client_id::text from message m join conversation c on c.id = m.conversation_id where m.inbound",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    for (address, client) in &written {
        assert_eq!(client.as_ref(), office.people.get(address), "{address}");
    }
    let on: BTreeSet<_> = written.iter().filter_map(|(_, client)| client.as_ref()).collect();
    assert!(!on.is_empty(), "{written:?}");
    assert_eq!(desk.read(&connection, 2).await["rows_new"], 0, "read twice, nothing is new");

    // One that a person whom we know wrote to.
    let mut asked = None;
    for found in desk.list(&Filter::default()).await.into_iter().filter(|found| found.client_id.is_some()) {
        let thread = desk.thread(found.id).await;
        let last = thread.messages.iter().rev().find(|message| message.inbound);
        if last.is_some_and(|last| last.kind == Kind::Person && office.people.contains_key(&last.from.address)) {
            asked = Some(thread);
            break;
        }
    }
    let asked = asked.expect("somebody wrote");
    let file =
        outgoing::draft::upload(&desk.app.service, &desk.actor, "plan.pdf", "application/pdf", b"%PDF-1.7 test".into());
    let typed = Draft { text: "Is it done?".to_owned(), uploads: vec![file.await.unwrap()], ..Draft::default() };
    let id = desk.new_id();
    let conversation = asked.conversation.id;
    outgoing::reply(&desk.app.service, &desk.actor, conversation, id, &typed, None).await.unwrap();
    desk.hurry().await;
    let stored = desk.settled(id, &[State::Sent]).await;
    let arrived = office.graph.sent(ada).await;
    let [source] = &arrived[..] else { panic!("{arrived:?}") };
    for part in [
        format!("Message-ID: <{}>", stored.header_id).as_str(),
        "In-Reply-To: <",
        "Is it done?",
        "plan.pdf",
        "JVBERi0xLjcgdGVzdA==",
    ] {
        assert!(source.contains(part), "{part}: {source}");
    }
    // The copy at Microsoft is the message that is here.
    let read = desk.read(&connection, 3).await;
    assert_eq!((&read["state"], &read["rows_new"]), (&json!("succeeded"), &json!(0)), "{read}");
    let thread = desk.thread(conversation).await;
    assert_eq!(thread.messages.len(), asked.messages.len() + 1);
    assert!(!thread.conversation.needs_reply && !thread.messages.last().unwrap().inbound);

    // Whoever was asked answers within the day, by when the token has ended.
    office.tomorrow().await;
    let read = desk.read(&connection, 4).await;
    assert_eq!(read["state"], "succeeded", "{read}");
    let thread = desk.thread(conversation).await;
    let last = thread.messages.last().unwrap();
    assert_eq!((thread.messages.len(), last.inbound), (asked.messages.len() + 2, true));
    assert!(thread.conversation.needs_reply);
    assert_eq!(thread.conversation.client_id, asked.conversation.client_id);
    assert_eq!(office.graph.sent(ada).await.len(), 1, "it went once");
    office.desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_link_that_microsoft_forgot_and_faults_on_the_way_double_and_lose_nothing(pool: PgPool) {
    let office = Office::open(&pool).await;
    let (desk, ada) = (&office.desk, &office.desk.agency.ada);
    let connection = office.connected().await;
    let (there, conversations) =
        (count(&pool, MESSAGES).await, count(&pool, "select count(*) from conversation").await);
    let rules = json!({"rules": [
        {"fault": "expired_cursor", "provider": "outlook", "path": "delta", "requests": [1]},
        {"fault": {"limited": {"seconds": 1}}, "provider": "outlook", "path": "$value", "requests": [2, 3]},
        {"fault": {"unavailable": {"status": 503}}, "provider": "outlook", "path": "$value", "requests": [6]},
        {"fault": "cut", "provider": "outlook", "path": "$value", "requests": [9]},
    ]});
    office.graph.tell(ada, "faults", rules).await;
    let again = desk.read(&connection, 2).await;
    assert_eq!((&again["state"], &again["rows_new"]), (&json!("succeeded"), &json!(0)), "{again}");
    assert!(again["rows_unchanged"].as_i64().unwrap() >= there - 1, "all of it was read again: {again}");
    assert_eq!(count(&pool, MESSAGES).await, there);
    assert_eq!(count(&pool, "select count(*) from conversation").await, conversations);
    assert_eq!(count(&pool, "select count(*) from missed_message").await, 0);

    // The permission ends: what was read stays, and somebody connects again.
    let revoked = json!({"rules": [{"fault": "unauthorized", "provider": "outlook", "path": "/v1.0/"}]});
    office.graph.tell(ada, "faults", revoked).await;
    assert_eq!(sync(ada, &connection).await, StatusCode::ACCEPTED);
    let failed = run(ada, &connection, 3).await;
    assert_eq!((&failed["state"], &failed["error_kind"]), (&json!("failed"), &json!("unauthorized")), "{failed}");
    assert_eq!(ada.json(&format!("/api/v1/integrations/{connection}")).await["state"], "reconnect");
    assert_eq!(count(&pool, MESSAGES).await, there);
    office.desk.app.stop().await;
}
