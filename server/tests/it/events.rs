//! Open pages are told what changes, on whichever of several servers, and nobody is told of what is out of sight.

use std::time::{Duration, Instant};

use reqwest::{Response, StatusCode};
use serde_json::json;
use sqlx::{ConnectOptions, PgPool};

use crate::{
    letters::Letter,
    process::{Process, free_address},
    replies::desk,
    support::{Agency, Browser, TestApp, execute},
    sync,
};

/// A browser's stream, as far as it was read.
struct Stream {
    answer: Response,
    text: String,
}

impl Stream {
    /// Opens it as a page that knows nothing of late, and waits until the server hears what changes.
    async fn open(browser: &Browser) -> Self {
        let answer = browser.get("/app/events?since=0").await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
        assert!(!answer.headers().contains_key("content-encoding"), "it would wait for more to compress");
        let mut stream = Self { answer, text: String::new() };
        stream.until("gap").await;
        stream
    }

    /// The next message, its name and its data; none once the server has ended it.
    async fn next(&mut self) -> Option<(String, Vec<String>)> {
        loop {
            if let Some((message, rest)) = self.text.split_once("\n\n") {
                let of = |field: &str| -> Vec<String> {
                    message.lines().filter_map(|line| line.strip_prefix(field)).map(|line| line.trim().into()).collect()
                };
                assert_eq!(of("id:").len(), 1, "it says until when it tells: {message}");
                let found = (of("event:").concat(), of("data:"));
                self.text = rest.to_owned();
                return Some(found);
            }
            let chunk = tokio::time::timeout(Duration::from_secs(60), self.answer.chunk()).await;
            let chunk = chunk.expect("something within a minute").unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// All that is told until this, and with it.
    async fn until(&mut self, last: &str) -> Vec<String> {
        let mut told = Vec::new();
        while !told.iter().any(|line| line == last) {
            let (name, lines) = self.next().await.unwrap_or_else(|| panic!("it ended before {last}: {told:?}"));
            assert!(["change", "beat"].contains(&name.as_str()), "{name}");
            told.extend(lines.into_iter().filter(|_| name == "change"));
        }
        told
    }

    /// That the session has ended, and the stream with it.
    async fn ends(&mut self) {
        loop {
            match self.next().await.expect("the end is told").0.as_str() {
                "end" => break,
                name => assert!(["change", "beat"].contains(&name), "{name}"),
            }
        }
        assert_eq!(self.next().await, None);
    }
}

/// A server without a worker beside the test's own, on the same database.
async fn beside(pool: &PgPool) -> Process {
    let database = pool.connect_options().to_url_lossy().to_string();
    let settings = [("DATABASE_URL", database.as_str())];
    let second = Process::spawn_as(&["serve", "--no-worker"], &free_address(), &settings);
    second.ready().await;
    second
}

async fn rename(browser: &Browser, client: &str, name: &str) {
    let answer = browser.send("PATCH", &format!("/api/v1/clients/{client}"), &json!({"name": name})).await;
    assert_eq!(answer.status(), StatusCode::OK, "{}", answer.text().await.unwrap());
}

fn of(kind: &str, id: &str) -> String {
    format!("{kind} {id}")
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_sync_on_one_server_is_told_on_another_to_those_who_may_know_of_it(pool: PgPool) {
    let (_tiktok, app, agency) = sync::open(&pool).await;
    let second = beside(&pool).await;
    let there = async |browser: &Browser| Stream::open(&browser.at(&second.url)).await;
    let (mut olga, mut max, mut mel) = (there(&agency.olga).await, there(&agency.max).await, there(&agency.mel).await);
    let (mut nia, mut bert) = (there(&agency.nia).await, there(&agency.bert).await);
    let [first, of_mel, _] = &agency.c;

    let connection = sync::connect(&agency.ada, "acme").await;
    let begun = Instant::now();
    sync::map(&agency.ada, &connection, of_mel).await;
    let mut told = olga.until(&of("connection", &connection)).await;
    println!("told on the other server after {} ms", begun.elapsed().as_millis());
    let run = sync::run(&agency.ada, &connection, 1).await;
    assert_eq!(run["state"], "succeeded", "{run}");
    // What is told after this came after all that the run changed.
    rename(&agency.olga, first, "First").await;
    rename(&agency.bert, &agency.d1, "Theirs").await;
    told.extend(olga.until(&of("client", first)).await);
    assert!(told.contains(&of("client", of_mel)), "{told:?}");

    let told = mel.until(&of("client", first)).await;
    assert!(told.contains(&of("client", of_mel)), "a Member's figures are newer, too: {told:?}");
    assert!(!told.contains(&of("connection", &connection)), "integrations are nothing for Members: {told:?}");
    let told = max.until(&of("client", first)).await;
    assert!(told.contains(&of("connection", &connection)), "Managers read integrations: {told:?}");
    assert!(!told.contains(&of("client", of_mel)), "a client that is not assigned to the Manager: {told:?}");
    let told = bert.until(&of("client", &agency.d1)).await;
    assert_eq!(told, [of("client", &agency.d1)], "another agency hears of itself alone");

    // Whoever sees no client hears of none; from the assignment on, of that one.
    let assignment = json!({"member_id": agency.nia.member_id().await, "client_id": first});
    agency.olga.create("/api/v1/assignments", &assignment).await;
    rename(&agency.olga, of_mel, "Second").await;
    rename(&agency.olga, first, "First again").await;
    let told = nia.until(&of("client", first)).await;
    assert!(!told.iter().any(|line| line.contains(of_mel) || line.contains(&connection)), "{told:?}");
    drop((olga, max, mel, nia, bert));
    drop(second);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_cycle_and_what_people_decide_are_told(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let agency = Agency::found(&app).await;
    let mut nia = Stream::open(&agency.nia).await;
    let asked = agency.olga.post("/api/v1/brain/compute", &json!({})).await;
    let status = asked.status();
    let cycle: serde_json::Value = asked.json().await.unwrap();
    assert_eq!(status, StatusCode::ACCEPTED, "{cycle}");
    let cycle = cycle["id"].as_str().unwrap();
    assert_eq!(nia.until(&of("brain", cycle)).await, [of("brain", cycle)], "a cycle is of the whole agency");
    drop(nia);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_stream_ends_with_its_session_wherever_that_is_ended(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let agency = Agency::found(&app).await;
    let second = beside(&pool).await;
    let mut mel = Stream::open(&agency.mel.at(&second.url)).await;
    let mut nia = Stream::open(&agency.nia.at(&second.url)).await;
    let mut olga = Stream::open(&agency.olga.at(&second.url)).await;

    assert_eq!(agency.mel.post("/api/v1/auth/logout", &json!({})).await.status(), StatusCode::NO_CONTENT);
    mel.ends().await;
    assert_eq!(agency.mel.get("/app/events").await.status(), StatusCode::UNAUTHORIZED);
    let path = agency.nia.member_path().await;
    assert_eq!(agency.ada.send("PATCH", &path, &json!({"is_active": false})).await.status(), StatusCode::OK);
    nia.ends().await;
    rename(&agency.olga, &agency.c[0], "First").await;
    olga.until(&of("client", &agency.c[0])).await;
    drop((mel, nia, olga));
    drop(second);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_may_have_been_missed_is_told_as_a_gap(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let agency = Agency::found(&app).await;
    let mut olga = Stream::open(&agency.olga).await;
    let cut = "select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and query ilike 'listen%audienceos_change%'";
    execute(&pool, cut.to_owned()).await;
    assert_eq!(olga.until("gap").await, ["gap"]);
    rename(&agency.olga, &agency.c[0], "First").await;
    assert_eq!(olga.until(&of("client", &agency.c[0])).await, [of("client", &agency.c[0])], "it is told again");
    drop(olga);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_open_stream_does_not_keep_a_server_from_ending(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    let agency = Agency::found(&app).await;
    let mut second = beside(&pool).await;
    let mut olga = Stream::open(&agency.olga.at(&second.url)).await;
    second.terminate();
    assert_eq!(olga.next().await, None, "the page comes again elsewhere");
    assert!(second.ended().await.success(), "{}", second.log());
    assert!(!second.log().contains("still under way"), "{}", second.log());
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn t14_a_conversation_is_told_to_those_who_see_it_and_its_loss_to_those_who_do_not_any_more(pool: PgPool) {
    let (app, agency, mailbox, path) = desk(pool).await;
    let id = path.rsplit('/').next().unwrap();
    let conversation = of("conversation", id);
    let mut streams = Vec::new();
    for browser in [&agency.max, &agency.mel, &agency.nia, &agency.bert] {
        streams.push(Stream::open(browser).await);
    }
    let [max, mel, nia, bert] = &mut streams[..] else { panic!("four opened it") };

    // What comes to it is told to those who see its client.
    mailbox.keep(&[Letter::new("Jane Doe <jane@c1.test>", "Re: Spring sale", "Still there?")]).await;
    let newer = agency.olga.json(&format!("/api/v1/communications/conversations?client_id={}", agency.c[0])).await;
    let newer = of("conversation", newer["items"][0]["id"].as_str().unwrap());
    assert_ne!(newer, conversation, "it begins another");
    for stream in [&mut *max, &mut *mel] {
        stream.until(&newer).await;
    }

    // It is Olga's and Mel's alone now: Max loses it from sight.
    let only = json!({"members": [agency.mel.member_id().await]});
    assert_eq!(agency.olga.send("PUT", &format!("{path}/private"), &only).await.status(), StatusCode::OK);
    let told = max.until("gap").await;
    assert!(!told.contains(&conversation), "{told:?}");
    mel.until(&conversation).await;
    agency.olga.create(&format!("{path}/notes"), &json!({"text": "Between us"})).await;
    mel.until(&conversation).await;
    rename(&agency.olga, &agency.c[0], "First").await;
    let told = max.until(&of("client", &agency.c[0])).await;
    assert_eq!(told, [of("client", &agency.c[0])], "nothing of what is private");

    // Who never saw it never hears of it.
    let assignment = json!({"member_id": agency.nia.member_id().await, "client_id": agency.c[1]});
    agency.olga.create("/api/v1/assignments", &assignment).await;
    rename(&agency.olga, &agency.c[1], "Second").await;
    let told = nia.until(&of("client", &agency.c[1])).await;
    assert!(!told.iter().any(|line| line.starts_with("conversation")), "{told:?}");
    rename(&agency.bert, &agency.d1, "Theirs").await;
    assert_eq!(bert.until(&of("client", &agency.d1)).await, [of("client", &agency.d1)], "another agency");

    // Mel is taken out, and loses it, too; who is named anew is told of it.
    let only = json!({"members": [agency.max.member_id().await]});
    assert_eq!(agency.olga.send("PUT", &format!("{path}/private"), &only).await.status(), StatusCode::OK);
    mel.until("gap").await;
    max.until(&conversation).await;
    drop(streams);
    app.stop().await;
}
