//! What is answered here arrives at Google once, in its conversation: on a double click, when Google is busy, and when nobody heard
//! what Google said to it. What does not go is not lost.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use model::{
    conversation::Status,
    id::ConversationId,
    outgoing::{Draft, State},
};
use reqwest::Method;
use serde_json::{Value, json};
use service::{Error, conversation, outgoing};
use sqlx::PgPool;

use super::{
    Hub, JANE, OWNER, message_id,
    peers::{at, refusal},
};
use crate::{
    support::{count, execute},
    sync::sync,
};

/// A question that somebody wrote, here and at Google.
struct Question {
    connection: String,
    conversation: ConversationId,
    /// The conversation's id at Google.
    thread: String,
    message_id: String,
}

impl Hub {
    async fn asked_by_jane(&self) -> Question {
        let mail = self.mail(JANE, "Re: A question", "", "When does it begin?");
        let (_, thread) = self.gmail.arrives(OWNER, &mail, &[]).await;
        let connection = self.connected().await;
        let conversation = self.desk.called("A question").await.conversation.id;
        Question { connection, conversation, thread, message_id: message_id(&mail).to_owned() }
    }

    /// How often the product had something sent.
    async fn sendings(&self) -> usize {
        self.gmail.asked("POST", "/gmail/v1/users/", "/messages/send").await
    }

    /// Waits until a sending that went wrong waits for its next attempt.
    async fn waits(&self, times: i64) {
        let waits = format!(
            "select count(*) from outgoing where (state = 'held' or state = 'sending' and holder is null) and attempts + put_off = {times}"
        );
        self.desk.comes(&waits).await;
    }

    /// The same, and it comes at once.
    async fn tried(&self, times: i64) {
        self.waits(times).await;
        self.desk.hurry().await;
    }

    /// Google takes what is sent next, and nobody hears what it says to it.
    async fn cuts_off(&self) {
        let mut cut = self.gmail.onward();
        let spoils =
            "(config) => { Object.assign(config.response, { statusCode: 502, headers: {}, body: 'Bad gateway' }); }";
        cut["behaviors"] = json!([{ "decorate": spoils }]);
        self.gmail.faults(at("POST", OWNER, "messages/send"), &[cut]).await;
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b10_7_an_answer_arrives_in_its_thread_once_however_often_it_is_clicked(pool: PgPool) {
    let Some(hub) = Hub::open(&pool).await else { return };
    let asked = hub.asked_by_jane().await;
    let id = hub.desk.new_id();
    let (one, other) = tokio::join!(
        hub.desk.reply(asked.conversation, id, "On Monday."),
        hub.desk.reply(asked.conversation, id, "On Monday.")
    );
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!((one.id, one.state, other.id), (id, State::Held, id));
    assert_eq!(one.subject, "Re: A question", "and never Re: Re:");
    assert_eq!((one.to.len(), one.to[0].address.as_str()), (1, "jane@c1.com"));
    assert_eq!((count(&pool, "select count(*) from outgoing").await, hub.sendings().await), (1, 0));

    let sent = hub.desk.settled(id, &[State::Sent]).await;
    assert!(hub.desk.app.service.clock.now() >= sent.outgoing.send_at, "it could be taken back until then");
    let there = hub.gmail.thread(OWNER, &asked.thread).await;
    assert_eq!(there.len(), 2);
    assert!(there[1].1.contains(&"SENT".to_owned()), "{there:?}");
    assert_eq!(hub.gmail.named(OWNER, &sent.header_id).await, [there[1].0.clone()]);
    let raw = hub.gmail.ask(OWNER, Method::GET, &format!("messages/{}?format=raw", there[1].0), Value::Null).await;
    let source = URL_SAFE_NO_PAD.decode(raw["raw"].as_str().unwrap().trim_end_matches('=')).unwrap();
    let source = String::from_utf8(source).unwrap();
    for line in [
        format!("Message-ID: <{}>\r\n", sent.header_id),
        format!("In-Reply-To: {}\r\n", asked.message_id),
        format!("References: {}\r\n", asked.message_id),
        "Subject: Re: A question\r\n".to_owned(),
    ] {
        assert!(source.contains(&line), "{line}{source}");
    }
    assert!(source.contains("On Monday."), "{source}");

    // It is here once, also when Google tells of it, and a click that comes late changes nothing.
    for ended in 2..4 {
        let read = hub.desk.read(&asked.connection, ended).await;
        assert_eq!((&read["state"], &read["rows_new"]), (&json!("succeeded"), &json!(0)), "{read}");
    }
    let late = hub.desk.reply(asked.conversation, id, "On Monday.").await.unwrap();
    assert_eq!(late.state, State::Sent);
    let thread = hub.desk.thread(asked.conversation).await;
    assert_eq!((thread.messages.len(), thread.outgoing.len()), (2, 0));
    assert_eq!((thread.messages[1].outgoing_id, thread.messages[1].inbound), (Some(id), false));
    assert!(!thread.conversation.needs_reply);
    // The provider's own thread is told to the mailbox alone that it is of.
    let mut tx = hub.desk.app.service.db.tenant(&hub.desk.actor).await.unwrap();
    let elsewhere = store::id::new(hub.desk.app.service.clock.now());
    for (channel, told) in [(thread.conversation.channel_id, Some(asked.thread.clone())), (elsewhere, None)] {
        let answered = store::message::answered(&mut tx, thread.messages[0].id, channel).await.unwrap();
        assert_eq!((answered.thread, answered.header_id.is_some()), (told, true));
    }
    drop(tx);
    hub.desk.rests().await;
    assert_eq!(hub.sendings().await, 1);
    hub.desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_answer_of_which_nobody_heard_whether_it_went_is_found_by_its_id_and_not_sent_again(pool: PgPool) {
    let Some(hub) = Hub::open(&pool).await else { return };
    let asked = hub.asked_by_jane().await;
    hub.cuts_off().await;
    let id = hub.desk.new_id();
    hub.desk.reply(asked.conversation, id, "On Monday.").await.unwrap();
    hub.desk.hurry().await;
    hub.tried(1).await;
    let sent = hub.desk.settled(id, &[State::Sent]).await;
    assert_eq!(sent.attempts, 1, "it was sent once, and found");
    assert_eq!(hub.gmail.named(OWNER, &sent.header_id).await.len(), 1);
    assert_eq!(hub.gmail.thread(OWNER, &asked.thread).await.len(), 2);
    let read = hub.desk.read(&asked.connection, 2).await;
    assert_eq!((&read["state"], &read["rows_new"]), (&json!("succeeded"), &json!(0)), "{read}");
    assert_eq!(hub.desk.thread(asked.conversation).await.messages.len(), 2);
    assert_eq!(hub.sendings().await, 1);
    hub.desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_answer_that_was_cut_off_is_no_failed_one_when_its_mailbox_is_gone(pool: PgPool) {
    let Some(hub) = Hub::open(&pool).await else { return };
    let asked = hub.asked_by_jane().await;
    hub.cuts_off().await;
    let id = hub.desk.new_id();
    hub.desk.reply(asked.conversation, id, "On Monday.").await.unwrap();
    hub.desk.hurry().await;
    hub.waits(1).await;
    let path = format!("/api/v1/integrations/{}", asked.connection);
    assert_eq!(hub.desk.agency.ada.send("DELETE", &path, &json!({})).await.status(), 204);
    hub.desk.hurry().await;
    let stored = hub.desk.settled(id, &[State::Unconfirmed]).await;
    let fault = stored.outgoing.fault.unwrap();
    assert!(fault.contains("not connected any more") && !fault.contains("Nothing was sent"), "it went: {fault}");
    assert_eq!(hub.gmail.named(OWNER, &stored.header_id).await.len(), 1);
    hub.desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_answer_that_did_not_reach_google_is_sent_when_it_does(pool: PgPool) {
    let Some(hub) = Hub::open(&pool).await else { return };
    let asked = hub.asked_by_jane().await;
    let mut busy = refusal(429, "Too many concurrent requests for user");
    busy["is"]["headers"]["Retry-After"] = "30".into();
    let faults = [refusal(503, "Backend error"), json!({ "fault": "CONNECTION_RESET_BY_PEER" }), busy];
    hub.gmail.faults(at("POST", OWNER, "messages/send"), &faults).await;
    let id = hub.desk.new_id();
    hub.desk.reply(asked.conversation, id, "On Monday.").await.unwrap();
    hub.desk.hurry().await;
    for times in 1..4 {
        hub.tried(times).await;
    }
    let sent = hub.desk.settled(id, &[State::Sent]).await;
    assert_eq!((sent.attempts, sent.put_off), (3, 1), "what was refused for now is no attempt");
    assert_eq!(hub.gmail.named(OWNER, &sent.header_id).await.len(), 1);
    assert_eq!(hub.gmail.thread(OWNER, &asked.thread).await.len(), 2);
    assert_eq!(hub.sendings().await, 4);
    hub.desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_google_shows_late_is_found_after_the_last_try_and_not_called_failed(pool: PgPool) {
    let Some(hub) = Hub::open(&pool).await else { return };
    let asked = hub.asked_by_jane().await;
    let away: Vec<_> = (0..12).map(|_| refusal(503, "Backend error")).collect();
    hub.gmail.faults(at("POST", OWNER, "messages/send"), &away).await;
    let ids = [hub.desk.new_id(), hub.desk.new_id()];
    for (id, late) in ids.into_iter().zip([true, false]) {
        hub.desk.reply(asked.conversation, id, "On Monday.").await.unwrap();
        hub.desk.hurry().await;
        for times in 1..6 {
            hub.tried(times).await;
        }
        hub.waits(6).await;
        if late {
            // It went all the same, and Google shows it only now.
            let header_id = hub.desk.settled(id, &[State::Sending]).await.header_id;
            let mail = hub.mail(OWNER, "Re: A question", "", "On Monday.");
            let mail = mail.replace(message_id(&mail), &format!("<{header_id}>"));
            hub.gmail.arrives(OWNER, &mail, &["SENT"]).await;
        }
        hub.desk.hurry().await;
        let stored = hub.desk.settled(id, &[State::Sent, State::Failed]).await;
        assert_eq!(stored.outgoing.state, if late { State::Sent } else { State::Failed });
        let fault = stored.outgoing.fault.unwrap_or_default();
        assert_eq!(fault.contains("not among what was sent. Nothing was sent"), !late, "{fault}");
    }
    assert_eq!(hub.sendings().await, 12, "looking is not sending");
    hub.desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b10_7_what_google_refuses_is_kept_with_its_words_and_can_be_sent_again(pool: PgPool) {
    let Some(hub) = Hub::open(&pool).await else { return };
    let asked = hub.asked_by_jane().await;
    hub.gmail.faults(at("POST", OWNER, "messages/send"), &[refusal(400, "Recipient address required")]).await;
    let id = hub.desk.new_id();
    hub.desk.reply(asked.conversation, id, "On Monday.").await.unwrap();
    hub.desk.hurry().await;
    let failed = hub.desk.settled(id, &[State::Failed]).await;
    let fault = failed.outgoing.fault.unwrap();
    assert!(fault.contains("Recipient address required") && fault.contains("Nothing was sent"), "{fault}");
    let thread = hub.desk.thread(asked.conversation).await;
    assert_eq!((thread.messages.len(), thread.conversation.needs_reply), (1, true), "it is not answered");
    assert_eq!(thread.outgoing[0].text, "On Monday.", "what was written is there");
    assert_eq!(hub.gmail.thread(OWNER, &asked.thread).await.len(), 1);

    outgoing::again(&hub.desk.app.service, &hub.desk.actor, id).await.unwrap();
    let sent = hub.desk.settled(id, &[State::Sent]).await;
    assert_eq!(hub.gmail.named(OWNER, &sent.header_id).await.len(), 1);
    assert!(!hub.desk.thread(asked.conversation).await.conversation.needs_reply);

    // Through what somebody switched off nothing goes.
    let off = hub.desk.new_id();
    hub.desk.reply(asked.conversation, off, "And on Sunday?").await.unwrap();
    execute(&pool, "update connection set paused_at = now()".to_owned()).await;
    hub.desk.hurry().await;
    let failed = hub.desk.settled(off, &[State::Sent, State::Failed]).await;
    assert_eq!(failed.outgoing.fault.as_deref(), Some("the mailbox is switched off. Nothing was sent"));
    execute(&pool, "update connection set paused_at = null".to_owned()).await;

    // A permission that was taken back is told with what to do.
    let next = hub.desk.new_id();
    hub.gmail.answers(at("POST", OWNER, "messages/send"), &[refusal(401, "Invalid Credentials")]).await;
    hub.desk.reply(asked.conversation, next, "And on Tuesday.").await.unwrap();
    hub.desk.hurry().await;
    let failed = hub.desk.settled(next, &[State::Failed]).await;
    let fault = failed.outgoing.fault.unwrap();
    assert!(fault.contains("connected again") && fault.contains("Nothing was sent"), "{fault}");
    hub.desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_taken_back_in_time_is_a_draft_again_and_never_goes(pool: PgPool) {
    let Some(hub) = Hub::open(&pool).await else { return };
    let asked = hub.asked_by_jane().await;
    let (service, actor) = (&hub.desk.app.service, &hub.desk.actor);
    let id = hub.desk.new_id();
    hub.desk.reply(asked.conversation, id, "On Monday.").await.unwrap();
    let (draft, _) = outgoing::undo(service, actor, id).await.unwrap();
    assert_eq!(draft.text, "On Monday.");
    let (kept, _) = outgoing::draft::get(service, actor, asked.conversation).await.unwrap();
    assert_eq!(kept.text, "On Monday.");
    hub.desk.hurry().await;
    let other = hub.desk.new_id();
    hub.desk.reply(asked.conversation, other, "On Friday.").await.unwrap();
    hub.desk.hurry().await;
    hub.desk.settled(other, &[State::Sent]).await;
    let late = outgoing::undo(service, actor, other).await.unwrap_err();
    assert!(matches!(late, Error::Conflict { code: "already_sent", .. }), "{late}");
    let there = hub.gmail.thread(OWNER, &asked.thread).await;
    assert_eq!((there.len(), hub.sendings().await), (2, 1));
    hub.desk.rests().await;
    assert_eq!(hub.sendings().await, 1, "when its time had come, too");
    hub.desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_cannot_be_sent_is_refused_with_words_and_nothing_is_stored(pool: PgPool) {
    let Some(hub) = Hub::open(&pool).await else { return };
    let asked = hub.asked_by_jane().await;
    let (service, actor) = (&hub.desk.app.service, &hub.desk.actor);
    let text = || "On Monday.".to_owned();
    let to = |list: Vec<String>| Draft { text: text(), to: list, ..Draft::default() };
    let many = (0..10_000).map(|number| format!("somebody{number}@c1.com")).collect();
    let injected = |what: &str| format!("{what}\r\nBcc: else@stranger.example");
    for (typed, field) in [
        (Draft::default(), "text"),
        (Draft { text: " \r\n\t".to_owned(), ..Draft::default() }, "text"),
        (Draft { text: "Dear {{name}},".to_owned(), ..Draft::default() }, "text"),
        (Draft { text: text(), subject: injected("Re: A question"), ..Draft::default() }, "subject"),
        (to(vec![injected("jane@c1.com")]), "to"),
        (to(vec!["no address".to_owned()]), "to"),
        (to(many), "to"),
    ] {
        let id = hub.desk.new_id();
        match outgoing::reply(service, actor, asked.conversation, id, &typed, None).await {
            Err(Error::Invalid(invalid)) => {
                assert_eq!(invalid.field, field, "{}", invalid.message);
                assert!(!invalid.message.is_empty());
            }
            other => panic!("{field}: {other:?}"),
        }
    }
    conversation::set_status(service, actor, asked.conversation, Status::Closed, None).await.unwrap();
    let closed = hub.desk.reply(asked.conversation, hub.desk.new_id(), "On Monday.").await.unwrap_err();
    assert!(matches!(closed, Error::Conflict { code: "conversation_closed", .. }), "{closed}");
    // Another agency's conversation is not there, and neither is one that never was.
    let bert = hub.desk.agency.bert.json("/api/v1/auth/session").await;
    let foreign = model::actor::Actor {
        organization_id: bert["organization_id"].as_str().unwrap().parse().unwrap(),
        member_id: bert["user_id"].as_str().unwrap().parse().unwrap(),
        role: model::role::Role::Owner,
        ..actor.clone()
    };
    let never: ConversationId = store::id::new(service.clock.now());
    let typed = to(Vec::new());
    for (actor, conversation) in [(&foreign, asked.conversation), (actor, never)] {
        let missing = outgoing::reply(service, actor, conversation, hub.desk.new_id(), &typed, None).await;
        assert!(matches!(missing, Err(Error::Missing)), "{missing:?}");
    }
    assert_eq!((count(&pool, "select count(*) from outgoing").await, hub.sendings().await), (0, 0));

    // A mailbox that must be connected again first.
    conversation::set_status(service, actor, asked.conversation, Status::Open, None).await.unwrap();
    execute(&pool, "update connection set reconnect_reason = 'revoked'".to_owned()).await;
    let cannot = hub.desk.reply(asked.conversation, hub.desk.new_id(), "On Monday.").await.unwrap_err();
    assert!(matches!(cannot, Error::Conflict { code: "mailbox_cannot_send", .. }), "{cannot}");
    assert_eq!(sync(&hub.desk.agency.ada, &asked.connection).await, reqwest::StatusCode::CONFLICT);
    hub.desk.app.stop().await;
}
