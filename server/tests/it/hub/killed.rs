//! Workers killed while they read a mailbox and while they send: nothing is lost, nothing is there twice, and nobody gets an answer
//! twice.

use std::time::Duration;

use model::{id::OutgoingId, outgoing::State};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{
    Hub, JANE, OWNER,
    peers::{at, below},
};
use crate::{
    crash::{Chance, Worker, kills_wanted, runs_running, worker_with},
    google::{CLIENT, SECRET},
    support::count,
    sync::run,
};

/// What comes between two kills is more than a page of Google's list, and more than a page of its history.
const ROUND: usize = 120;

impl Hub {
    fn worker(&self) -> Worker {
        let settings = [
            ("GOOGLE_CLIENT_ID", CLIENT),
            ("GOOGLE_CLIENT_SECRET", SECRET),
            ("AUDIENCEOS_GMAIL_BASE_URL", self.gmail.url.as_str()),
        ];
        worker_with(&self.desk.app.pool, &settings)
    }

    /// Google takes a moment for what is asked there.
    async fn slow(&self, at: Value, milliseconds: u32) {
        let mut slow = self.gmail.onward();
        slow["behaviors"] = json!([{ "wait": milliseconds }]);
        self.gmail.answers(at, &[slow]).await;
    }

    /// How many messages the product asked for.
    async fn gets(&self) -> usize {
        let requests = self.gmail.requests().await;
        let path = format!("/gmail/v1/users/{OWNER}/messages/");
        requests.iter().filter(|request| request["path"].as_str().unwrap().starts_with(&path)).count()
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn workers_killed_while_they_read_a_mailbox_lose_and_double_nothing(pool: PgPool) {
    let Some(hub) = Hub::open(&pool).await else { return };
    hub.desk.app.leave_jobs();
    let ada = &hub.desk.agency.ada;
    let mut chance = Chance(std::process::id());
    let (wanted, mut kills, mut rounds) = (kills_wanted(), 0, 0);
    let mut connection = String::new();
    hub.slow(below("GET", OWNER, "messages/"), 30).await;
    while kills < wanted {
        for number in 0..ROUND {
            let mail = hub.mail(JANE, &format!("Round {rounds}, no. {number}"), "", "Hello");
            hub.gmail.arrives(OWNER, &mail, &[]).await;
        }
        rounds += 1;
        if connection.is_empty() {
            connection = hub.connect(ada, OWNER).await;
        } else {
            assert_eq!(crate::sync::sync(ada, &connection).await, 202);
        }
        // Each time some of a page was read before the kill, never all that there is.
        for _ in 0..2 {
            hub.gmail.forget().await;
            let until = usize::try_from(chance.below(40)).unwrap();
            let mut child = hub.worker();
            while hub.gets().await <= until {
                assert!(child.lives(), "the worker ended by itself");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            assert_eq!(runs_running(&pool).await, 1, "it was killed while it read");
            child.kill();
            kills += 1;
            if kills >= wanted {
                break;
            }
        }
        let mut last = hub.worker();
        // It was running when it was killed; the list names the newest 25 runs.
        let ended = run(ada, &connection, rounds.min(25)).await;
        last.kill();
        assert_eq!(ended["state"], "succeeded", "{ended}");
        assert_eq!(ended["rows_new"], ROUND, "what was kept before the kills is counted once: {ended}");
        let all = i64::try_from(rounds * ROUND).unwrap();
        for what in [
            "select count(*) from message",
            "select count(distinct header_id) from message",
            "select count(*) from message_source",
            "select count(*) from conversation where messages = 1",
        ] {
            assert_eq!(count(&pool, what).await, all, "{what} after {kills} kills");
        }
    }
    hub.desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn workers_killed_while_they_send_send_once_in_the_end(pool: PgPool) {
    let Some(hub) = Hub::open(&pool).await else { return };
    let mail = hub.mail(JANE, "A question", "", "When does it begin?");
    let (_, thread) = hub.gmail.arrives(OWNER, &mail, &[]).await;
    let connection = hub.connected().await;
    hub.desk.rests().await;
    hub.desk.app.leave_jobs();
    let asked = hub.desk.called("A question").await.conversation.id;
    let sending = at("POST", OWNER, "messages/send");
    let (wanted, mut sent): (u32, Vec<OutgoingId>) = (kills_wanted(), Vec::new());
    for kill in 0..wanted {
        let id = hub.desk.new_id();
        let kept = hub.desk.reply(asked, id, &format!("Answer no. {kill}")).await.unwrap();
        assert_eq!(kept.state, State::Held);
        hub.desk.hurry().await;
        // Killed before Google has it, or when Google has it and has not said so.
        let there = kill % 2 == 1;
        if there {
            hub.slow(sending.clone(), 20_000).await;
        } else {
            let silent = json!({ "is": { "statusCode": 200, "body": "{}" }, "behaviors": [{ "wait": 20_000 }] });
            hub.gmail.answers(sending.clone(), &[silent]).await;
        }
        hub.gmail.forget().await;
        let mut child = hub.worker();
        while hub.gmail.asked("POST", "/gmail/", "/messages/send").await == 0 {
            assert!(child.lives(), "the worker ended by itself");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let header = hub.desk.settled(id, &[State::Sending]).await.header_id;
        while there && hub.gmail.named(OWNER, &header).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        child.kill();
        assert_eq!(hub.gmail.named(OWNER, &header).await.len(), usize::from(there));
        hub.gmail.heals().await;
        hub.desk.hurry().await;
        let mut last = hub.worker();
        hub.desk.settled(id, &[State::Sent]).await;
        last.kill();
        assert_eq!(hub.gmail.named(OWNER, &header).await.len(), 1, "once, after {} kills", kill + 1);
        sent.push(id);
    }
    let all = sent.len() + 1;
    assert_eq!(hub.gmail.thread(OWNER, &thread).await.len(), all);
    let mut last = hub.worker();
    let read = hub.desk.read(&connection, 2).await;
    last.kill();
    assert_eq!((&read["state"], &read["rows_new"]), (&json!("succeeded"), &json!(0)), "{read}");
    let found = hub.desk.thread(asked).await;
    assert_eq!((found.messages.len(), found.outgoing.len(), found.conversation.needs_reply), (all, 0, false));
    let here: Vec<_> = found.messages.iter().filter_map(|message| message.outgoing_id).collect();
    assert_eq!(here, sent);
    hub.desk.app.stop().await;
}
