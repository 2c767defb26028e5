//! Large mails, and what is larger than is taken: a file that somebody sends is there whole, what is too large for a mailbox fails with what
//! to do and is not tried again, and an answer that nobody can read is no reason to send twice.

use base64::{Engine, engine::general_purpose::STANDARD};
use model::outgoing::{Draft, State};
use reqwest::StatusCode;
use serde_json::json;
use service::outgoing;
use sqlx::PgPool;

use super::{
    Desk, Hub, JANE, OWNER,
    dovecot::{Dovecot, ordinary},
    peers::{at, refusal},
};
use crate::{support::count, sync::run};

impl Desk {
    /// That it failed for its size, is kept, and waits for nobody but a person.
    async fn was_too_large(&self, id: model::id::OutgoingId, words: &str) {
        self.hurry().await;
        let failed = self.settled(id, &[State::Failed, State::Sent, State::Unconfirmed]).await;
        let fault = failed.outgoing.fault.unwrap();
        assert_eq!((failed.outgoing.state, failed.attempts), (State::Failed, 1), "{fault}");
        for part in ["too large for this mailbox", words, "Send fewer or smaller files", "Nothing was sent"] {
            assert!(fault.contains(part), "{part}: {fault}");
        }
        self.rests().await;
        self.look_around().await;
        self.rests().await;
        assert_eq!(self.settled(id, &[State::Failed]).await.attempts, 1, "nobody tries it again by itself");
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_google_finds_too_large_fails_with_what_to_do(pool: PgPool) {
    let Some(hub) = Hub::open(&pool).await else { return };
    hub.gmail.arrives(OWNER, &hub.mail(JANE, "A question", "", "When?"), &[]).await;
    hub.connected().await;
    let asked = hub.desk.called("A question").await.conversation.id;
    let sending = at("POST", OWNER, "messages/send");
    hub.gmail.answers(sending, &[refusal(413, "Message exceeds maximum size")]).await;
    let id = hub.desk.new_id();
    hub.desk.reply(asked, id, "On Monday.").await.unwrap();
    hub.desk.was_too_large(id, "Message exceeds maximum size").await;
    assert_eq!(hub.gmail.asked("POST", "/gmail/v1/users/", "/messages/send").await, 1);
    let thread = hub.desk.thread(asked).await;
    assert_eq!((thread.outgoing[0].text.as_str(), thread.conversation.needs_reply), ("On Monday.", true));
    hub.desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_a_mail_server_finds_too_large_fails_with_what_to_do(pool: PgPool) {
    let Some(dovecot) = Dovecot::start(&[ordinary(0)]).await else { return };
    let desk = dovecot.desk(&pool).await;
    let connection = desk.connect_mailbox().await;
    assert_eq!(run(&desk.agency.ada, &connection, 1).await["rows_new"], 1);
    let asked = desk.called("No. 0.").await.conversation.id;
    let (service, actor, id) = (&desk.app.service, &desk.actor, desk.new_id());
    // Less than the server takes; written for a mail it is more.
    let file = outgoing::draft::upload(service, actor, "film.mp4", "video/mp4", vec![7; 8 << 20]).await.unwrap();
    let typed = Draft { text: "Here it is.".to_owned(), uploads: vec![file], ..Draft::default() };
    outgoing::reply(service, actor, asked, id, &typed, None).await.unwrap();
    desk.was_too_large(id, "552").await;
    assert_eq!(
        (dovecot.arrived().len(), count(&pool, "select count(*) from upload").await),
        (0, 1),
        "the file is kept"
    );
    desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_file_of_forty_megabytes_that_somebody_sends_is_there_byte_for_byte(pool: PgPool) {
    let film: Vec<u8> = (0..40_000_000_u32).map(|at| at.to_le_bytes()[usize::from(at % 7 == 0)]).collect();
    let text = STANDARD.encode(&film);
    let mut mail = format!(
        "From: {JANE}\r\nTo: {OWNER}\r\nSubject: A film\r\nMessage-ID: <film@c1.com>\r\nDate: Mon, 05 Jan 2026 10:00:00 +0000\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\n\r\nHere it is.\r\n--b\r\n\
         Content-Type: video/mp4\r\nContent-Disposition: attachment; filename=\"film.mp4\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n"
    )
    .into_bytes();
    for line in text.as_bytes().chunks(76) {
        mail.extend_from_slice(line);
        mail.extend_from_slice(b"\r\n");
    }
    mail.extend_from_slice(b"--b--\r\n");
    let Some(dovecot) = Dovecot::start(&[ordinary(0), mail.clone()]).await else { return };
    let desk = dovecot.desk(&pool).await;
    let connection = desk.connect_mailbox().await;
    let first = run(&desk.agency.ada, &connection, 1).await;
    assert_eq!((&first["state"], &first["rows_new"]), (&json!("succeeded"), &json!(2)), "{first}");
    let found = desk.called("A film").await;
    let [message] = &found.messages[..] else { panic!("{} messages", found.messages.len()) };
    let [file] = &message.attachments[..] else { panic!("{:?}", message.attachments) };
    assert_eq!((file.name.as_str(), file.size, message.text.trim()), ("film.mp4", 40_000_000, "Here it is."));
    let path = format!("/app/messages/{}", message.id);
    for (part, wanted) in [("source".to_owned(), &mail), (format!("parts/{}", file.part), &film)] {
        let given = desk.agency.ada.get(&format!("{path}/{part}")).await;
        assert_eq!(given.status(), StatusCode::OK, "{part}");
        assert!(given.bytes().await.unwrap() == *wanted, "{part}");
    }
    desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_answer_that_is_too_long_to_be_read_sends_nothing_twice(pool: PgPool) {
    let Some(hub) = Hub::open_with(&pool, |config| config.largest_answer = 1).await else { return };
    hub.gmail.arrives(OWNER, &hub.mail(JANE, "A question", "", "When?"), &[]).await;
    let connection = hub.connected().await;
    let asked = hub.desk.called("A question").await.conversation.id;
    // Google takes it, and says more to it than is read.
    let mut long = hub.gmail.onward();
    let spoils = "(config) => { config.response.headers = {}; config.response.body = ' '.repeat(2 << 20); }";
    long["behaviors"] = json!([{ "decorate": spoils }]);
    hub.gmail.faults(at("POST", OWNER, "messages/send"), &[long]).await;
    let id = hub.desk.new_id();
    hub.desk.reply(asked, id, "On Monday.").await.unwrap();
    hub.desk.hurry().await;
    hub.desk.comes("select count(*) from outgoing where state = 'sending' and holder is null and attempts = 1").await;
    hub.desk.hurry().await;
    let sent = hub.desk.settled(id, &[State::Sent, State::Failed]).await;
    assert_eq!((sent.outgoing.state, sent.outgoing.fault), (State::Sent, None));
    assert_eq!(hub.gmail.named(OWNER, &sent.header_id).await.len(), 1);
    assert_eq!(hub.gmail.asked("POST", "/gmail/v1/users/", "/messages/send").await, 1, "it was looked for");
    assert_eq!(hub.desk.read(&connection, 2).await["rows_new"], 0);
    hub.desk.app.stop().await;
}
