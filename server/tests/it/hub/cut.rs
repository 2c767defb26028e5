//! A mail server whose connection is cut: nothing is lost, and nothing is there twice.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use serde_json::json;
use sqlx::PgPool;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::dovecot::{Dovecot, ordinary};
use crate::{
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
