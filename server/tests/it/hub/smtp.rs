//! What is sent through a mail server: once, as it was written, and with a person's word where nobody can say whether it went.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use model::outgoing::{Draft, State};
use serde_json::json;
use service::outgoing;
use sqlx::PgPool;
use time::{OffsetDateTime, format_description::well_known::Rfc2822};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

use super::{
    JANE,
    dovecot::{Dovecot, ordinary},
};
use crate::{
    support::{count, execute},
    sync::run,
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_answer_goes_by_smtp_once_and_one_that_was_cut_off_waits_for_a_person(pool: PgPool) {
    let from = |number: usize, address: &str, subject: &str| {
        let mail = String::from_utf8(ordinary(number)).unwrap();
        mail.replace(JANE, address).replace(&format!("No. {number}"), subject).into_bytes()
    };
    let (cut, unknown) = (from(5, "cut@c1.com", "Cut off"), from(10, "bounce@c1.com", "Unknown"));
    let Some(mut dovecot) = Dovecot::start(&[ordinary(0), cut, unknown]).await else { return };
    let desk = dovecot.desk(&pool).await;
    desk.contact("Jane Doe", "jane@c1.com").await;
    let connection = desk.connect_mailbox().await;
    assert_eq!(run(&desk.agency.ada, &connection, 1).await["rows_new"], 3);

    let id = desk.new_id();
    let asked = desk.called("No. 0.").await.conversation;
    assert_eq!(asked.client_id, Some(desk.agency.c[0].parse().unwrap()), "Jane is at the first client");
    assert_eq!(desk.called("Unknown").await.conversation.client_id, None, "nobody knows who that is");
    let asked = asked.id;
    desk.reply(asked, id, "On Monday.").await.unwrap();
    desk.hurry().await;
    let sent = desk.settled(id, &[State::Sent]).await;
    let arrived = dovecot.arrived();
    let [arrived] = &arrived[..] else { panic!("{arrived:?}") };
    for line in
        [format!("Message-ID: <{}>", sent.header_id), "In-Reply-To: <0@c1.com>".to_owned(), "On Monday.".to_owned()]
    {
        assert!(arrived.contains(&line), "{line}: {arrived}");
    }
    // The copy among what was sent is the message that is here.
    let read = desk.read(&connection, 2).await;
    assert_eq!((&read["state"], &read["rows_new"]), (&json!("succeeded"), &json!(0)), "{read}");
    let thread = desk.thread(asked).await;
    assert_eq!((thread.messages.len(), thread.conversation.needs_reply), (2, false));

    // Nobody there: the server's words, and nothing went.
    let id = desk.new_id();
    let unknown = desk.called("Unknown").await.conversation.id;
    desk.reply(unknown, id, "On Monday.").await.unwrap();
    desk.hurry().await;
    let fault = desk.settled(id, &[State::Failed]).await.outgoing.fault.unwrap();
    assert!(fault.contains("bounce@c1.com is not accepted") && fault.contains("Nothing was sent"), "{fault}");

    // A worker that died while it sent: this server keeps nothing of its own to look in, so a person decides.
    let id = desk.new_id();
    let cut = desk.called("Cut off").await.conversation.id;
    desk.reply(cut, id, "On Monday.").await.unwrap();
    execute(
        &pool,
        format!(
            "update outgoing set state = 'sending', attempts = 1, held_until = now(), holder = id where id = '{id}'"
        ),
    )
    .await;
    desk.hurry().await;
    let stored = desk.settled(id, &[State::Unconfirmed]).await;
    let fault = stored.outgoing.fault.unwrap();
    assert!(fault.contains("cannot say whether it went"), "{fault}");
    assert_eq!(dovecot.arrived().len(), 1, "nobody sends it again by itself");

    // Who insists has it sent, also when the server was away at first: until something was tried nobody needs to insist again.
    dovecot.relays_nothing();
    outgoing::again(&desk.app.service, &desk.actor, id).await.unwrap();
    desk.hurry().await;
    desk.comes(&format!("select count(*) from outgoing where id = '{id}' and state = 'held' and put_off = 1")).await;
    let put_off = desk.settled(id, &[State::Held]).await;
    let fault = put_off.outgoing.fault.unwrap();
    assert!(fault.contains("tried again by itself"), "{fault}");
    assert_eq!((put_off.attempts, dovecot.arrived().len()), (1, 1));
    dovecot.relays_again().await;
    desk.hurry().await;
    assert_eq!(desk.settled(id, &[State::Sent]).await.outgoing.fault, None);
    assert_eq!(dovecot.arrived().len(), 2);
    desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn files_arrive_byte_for_byte_and_what_waited_is_of_the_day_it_goes(pool: PgPool) {
    let Some(dovecot) = Dovecot::start(&[ordinary(0)]).await else { return };
    let desk = dovecot.desk(&pool).await;
    let connection = desk.connect_mailbox().await;
    assert_eq!(run(&desk.agency.ada, &connection, 1).await["rows_new"], 1);
    let asked = desk.called("No. 0.").await.conversation.id;
    let (service, actor) = (&desk.app.service, &desk.actor);
    // Lines that end as no line of a mail does, and bytes that are no text.
    let files: [(&str, &str, &[u8]); 3] = [
        ("figures.csv", "text/csv", b"a,b\n1,2\n"),
        ("notes.txt", "text/plain", b"one\rtwo\r\n.\nthree"),
        ("picture.png", "image/png", &[0, 1, 2, 13, 10, 255]),
    ];
    let mut uploads = Vec::new();
    for (name, kind, bytes) in files {
        uploads.push(outgoing::draft::upload(service, actor, name, kind, bytes.to_vec()).await.unwrap());
    }
    let typed = Draft { text: "Here they are.\rAll of them.\nYours".to_owned(), uploads, ..Draft::default() };
    let id = desk.new_id();
    outgoing::reply(service, actor, asked, id, &typed, None).await.unwrap();
    execute(&pool, "update outgoing set created_at = created_at - interval '20 days'".to_owned()).await;
    desk.hurry().await;
    desk.settled(id, &[State::Sent, State::Failed]).await;
    let arrived = dovecot.arrived();
    let [arrived] = &arrived[..] else { panic!("{arrived:?}") };
    let date = arrived.lines().find_map(|line| line.strip_prefix("Date: ")).unwrap();
    let date = OffsetDateTime::parse(date.trim(), &Rfc2822).unwrap();
    assert!(date > service.clock.now() - time::Duration::DAY, "it was written 20 days ago, and is of today: {date}");
    assert!(arrived.contains("Here they are.") && arrived.contains("All of them."), "{arrived}");
    for (name, kind, bytes) in files {
        assert!(arrived.contains(name) && arrived.contains(kind), "{name}: {arrived}");
        assert!(arrived.contains(&STANDARD.encode(bytes)), "{name}: {arrived}");
    }
    desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_to_go_later_goes_at_its_time_and_not_before(pool: PgPool) {
    let Some(dovecot) = Dovecot::start(&[ordinary(0)]).await else { return };
    let desk = dovecot.desk(&pool).await;
    let connection = desk.connect_mailbox().await;
    assert_eq!(run(&desk.agency.ada, &connection, 1).await["rows_new"], 1);
    let asked = desk.called("No. 0.").await.conversation.id;
    let (service, actor, id) = (&desk.app.service, &desk.actor, desk.new_id());
    let typed = Draft { text: "On Monday.".to_owned(), ..Draft::default() };
    let at = service.clock.now() + time::Duration::DAY;
    outgoing::reply(service, actor, asked, id, &typed, Some(at)).await.unwrap();
    let looked = "select (count(*) = 0)::integer::bigint from graphile_worker._private_jobs where payload::text like '%queue_due%'";
    desk.look_around().await;
    desk.comes(looked).await;
    // Queued for its time, and for nothing before it.
    let early = "select count(*) from graphile_worker._private_jobs
        where payload::text like '%send_message%' and run_at < now() + interval '23 hours'";
    assert_eq!((count(&pool, early).await, dovecot.arrived().len()), (0, 0));
    assert_eq!(desk.settled(id, &[State::Held, State::Sent]).await.outgoing.state, State::Held);

    service.clock.advance(time::Duration::hours(25));
    desk.look_around().await;
    desk.settled(id, &[State::Sent]).await;
    assert_eq!(dovecot.arrived().len(), 1);
    desk.app.stop().await;
}

/// Passes on what is said to a mail server, and holds what it says to the text of a message until it is let go.
async fn slow(server: u16, go: Arc<Notify>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
            let ((mut said, mut heard), (mut answers, mut asked)) = (client.into_split(), server.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut said, &mut asked).await });
            let go = Arc::clone(&go);
            tokio::spawn(async move {
                let (mut bytes, mut of_text) = ([0; 1024], false);
                while let Ok(length @ 1..) = answers.read(&mut bytes).await {
                    if of_text {
                        go.notified().await;
                    }
                    of_text = bytes[..length].starts_with(b"354");
                    if heard.write_all(&bytes[..length]).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_mail_server_may_take_its_time_and_what_is_known_to_have_gone_is_noted(pool: PgPool) {
    let Some(mut dovecot) = Dovecot::start(&[ordinary(0)]).await else { return };
    let go = Arc::new(Notify::new());
    dovecot.submission = slow(dovecot.submission, Arc::clone(&go)).await;
    let desk = dovecot.desk(&pool).await;
    let connection = desk.connect_mailbox().await;
    assert_eq!(run(&desk.agency.ada, &connection, 1).await["rows_new"], 1);
    let asked = desk.called("No. 0.").await.conversation.id;
    let id = desk.new_id();
    desk.reply(asked, id, "On Monday.").await.unwrap();
    desk.hurry().await;
    // It is there, and the server has not said so.
    while dovecot.arrived().is_empty() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let holds = |until: &str| {
        format!(
            "select count(*) from outgoing where id = '{id}' and state = 'sending' and held_until > now() + interval '{until}'"
        )
    };
    // Whoever sends says again and again that it is still at it.
    execute(&pool, "update outgoing set held_until = now() + interval '1 minute'".to_owned()).await;
    desk.comes(&holds("4 minutes")).await;
    // Even if another looked after it meanwhile, what is known in the end is noted.
    let unconfirmed = "select count(*) from outgoing where state = 'unconfirmed'";
    'looked: loop {
        desk.hurry().await;
        for _ in 0..200 {
            if count(&pool, unconfirmed).await == 1 {
                break 'looked;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    go.notify_one();
    let sent = desk.settled(id, &[State::Sent]).await;
    assert_eq!((sent.outgoing.fault, dovecot.arrived().len()), (None, 1));
    let thread = desk.thread(asked).await;
    assert_eq!((thread.messages.len(), thread.outgoing.len(), thread.conversation.needs_reply), (2, 0, false));
    desk.app.stop().await;
}
