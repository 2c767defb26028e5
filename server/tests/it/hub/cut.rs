//! A mail server whose connection is cut, and workers killed while it takes what they send: nothing is lost, nothing is there twice, and
//! where nobody can say whether a message went a person does.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use model::outgoing::State;
use serde_json::json;
use service::outgoing;
use sqlx::PgPool;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{
    Desk,
    dovecot::{Dovecot, ordinary},
};
use crate::{
    crash::{Worker, kills_wanted, worker_with},
    patience::{go_on, tried},
    support::count,
    sync::run,
};

/// What stands between the product and a mail server does with an answer.
enum Heard {
    /// It is passed on.
    Passed,
    /// The connection ends before it.
    Cut,
    /// Nobody hears it, nor anything after it.
    Withheld,
}

/// Passes on what is said to a mail server; of each of its answers, and of how many bytes came before in this connection, `heard` says
/// what becomes of it. Returns where it listens.
async fn between(server: u16, heard: impl Fn(&[u8], usize) -> Heard + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(heard);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (server, heard) = (TcpStream::connect(("127.0.0.1", server)).await.unwrap(), Arc::clone(&heard));
            tokio::spawn(async move {
                let ((mut said, mut to_client), (mut answers, mut asked)) = (client.into_split(), server.into_split());
                let answering = async move {
                    let (mut bytes, mut before) = (vec![0; 16 << 10], 0);
                    while let Ok(length @ 1..) = answers.read(&mut bytes).await {
                        match heard(&bytes[..length], before) {
                            Heard::Passed => {}
                            Heard::Cut => return,
                            Heard::Withheld => std::future::pending().await,
                        }
                        before += length;
                        if to_client.write_all(&bytes[..length]).await.is_err() {
                            return;
                        }
                    }
                };
                // Both connections end with either.
                tokio::select! {
                    _ = tokio::io::copy(&mut said, &mut asked) => {}
                    () = answering => {}
                }
            });
        }
    });
    port
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_mailbox_whose_connection_is_cut_again_and_again_is_all_there_in_the_end(pool: PgPool) {
    const MAILS: i64 = 40;
    let long = "0123456789abcdef\r\n".repeat(1000);
    let mails: Vec<_> =
        (0..MAILS).map(|number| [&ordinary(usize::try_from(number).unwrap())[..], long.as_bytes()].concat()).collect();
    let Some(mut dovecot) = Dovecot::start(&mails).await else { return };
    let left = Arc::new(AtomicUsize::new(3));
    let cuts = Arc::clone(&left);
    // In the middle of the messages: looking around takes less.
    dovecot.imap = between(dovecot.imap, move |_, before| {
        let cut = before > 200_000 && cuts.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok();
        if cut { Heard::Cut } else { Heard::Passed }
    })
    .await;
    let desk = dovecot.desk(&pool).await;
    let connection = desk.connect_mailbox().await;
    for _ in 0..3 {
        tried(&pool).await;
        go_on(&desk.app).await;
    }
    let first = run(&desk.agency.ada, &connection, 1).await;
    assert_eq!((&first["state"], &first["rows_new"]), (&json!("succeeded"), &json!(MAILS)), "{first}");
    assert_eq!(left.load(Relaxed), 0, "it was cut three times");
    for what in [
        "select count(*) from message",
        "select count(distinct header_id) from message",
        "select count(*) from message_source",
    ] {
        assert_eq!(count(&pool, what).await, MAILS, "{what}");
    }
    assert_eq!(count(&pool, "select count(*) from missed_message").await, 0);
    assert_eq!(desk.read(&connection, 2).await["rows_new"], 0);
    desk.app.stop().await;
}

const SPEAKS: usize = 0;
/// It never asks for the text.
const NO_TEXT: usize = 1;
/// It takes the text, and does not say so.
const NO_ANSWER: usize = 2;

fn worker(dovecot: &Dovecot, desk: &Desk) -> Worker {
    worker_with(&desk.app.pool, &[("AUDIENCEOS_IMAP_BASE_URL", dovecot.url().as_str())])
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_worker_killed_while_a_mail_server_takes_its_message_leaves_it_to_a_person(pool: PgPool) {
    let Some(mut dovecot) = Dovecot::start(&[ordinary(0)]).await else { return };
    let (speaks, withheld) = (Arc::new(AtomicUsize::new(SPEAKS)), Arc::new(AtomicUsize::new(0)));
    let (says, told) = (Arc::clone(&speaks), Arc::clone(&withheld));
    let text = AtomicUsize::new(usize::MAX);
    dovecot.submission = between(dovecot.submission, move |answer, before| {
        let asks = answer.starts_with(b"354");
        // One message at a time: what it says next is about the text.
        let of_text = text.load(Relaxed) == before;
        if asks {
            text.store(before + answer.len(), Relaxed);
        }
        match says.load(Relaxed) {
            NO_TEXT if asks => {}
            NO_ANSWER if of_text => {}
            _ => return Heard::Passed,
        }
        told.fetch_add(1, Relaxed);
        Heard::Withheld
    })
    .await;
    let desk = dovecot.desk(&pool).await;
    let connection = desk.connect_mailbox().await;
    assert_eq!(run(&desk.agency.ada, &connection, 1).await["rows_new"], 1);
    desk.rests().await;
    desk.app.leave_jobs();
    let asked = desk.called("No. 0.").await.conversation.id;
    let (service, actor, wanted) = (&desk.app.service, &desk.actor, kills_wanted());
    for kill in 0..wanted {
        let (there, before) = (kill % 2 == 1, dovecot.arrived().len());
        speaks.store(if there { NO_ANSWER } else { NO_TEXT }, Relaxed);
        withheld.store(0, Relaxed);
        let id = desk.new_id();
        desk.reply(asked, id, &format!("Answer no. {kill}")).await.unwrap();
        desk.hurry().await;
        let mut child = worker(&dovecot, &desk);
        while withheld.load(Relaxed) == 0 {
            assert!(child.lives(), "the worker ended by itself");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        desk.settled(id, &[State::Sending]).await;
        child.kill();
        assert_eq!(dovecot.arrived().len(), before + usize::from(there));
        speaks.store(SPEAKS, Relaxed);
        desk.hurry().await;
        let mut last = worker(&dovecot, &desk);
        let stored = desk.settled(id, &[State::Unconfirmed, State::Sent, State::Failed]).await;
        assert_eq!(stored.outgoing.state, State::Unconfirmed, "this server keeps nothing to look in");
        // Who looked there knows.
        if there {
            outgoing::confirm(service, actor, id).await.unwrap();
        } else {
            outgoing::again(service, actor, id).await.unwrap();
            desk.hurry().await;
        }
        desk.settled(id, &[State::Sent]).await;
        last.kill();
        assert_eq!(dovecot.arrived().len(), before + 1, "once, after {} kills", kill + 1);
    }
    let thread = desk.thread(asked).await;
    let all = usize::try_from(wanted).unwrap() + 1;
    assert_eq!((thread.messages.len(), thread.outgoing.len(), thread.conversation.needs_reply), (all, 0, false));
    desk.app.stop().await;
}
