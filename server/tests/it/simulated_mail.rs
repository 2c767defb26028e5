//! The mailboxes of a simulated agency from end to end: at Google, at Microsoft, and at a mail server over IMAP and SMTP. Their mail
//! finds its clients, and who is answered from here answers back.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    simulated::{enter, start},
    support::{Browser, TestApp, count},
    sync::run,
};

/// How many clients write to each mailbox.
const MAILBOXES: [(&str, i64); 3] = [("gmail", 4), ("imap", 1), ("outlook", 3)];
const LIST: &str = "/api/v1/communications/conversations";
const QUESTION: &str = "Is Friday early enough?";

/// Nothing but mail is read, so that nobody waits for the figures of 400 days.
async fn only_mail(app: &TestApp) {
    let mut tx = app.service.db.system().await.unwrap();
    for provider in ["google_ads", "meta_ads", "tiktok_ads", "shopify"] {
        store::provider_switch::insert(&mut tx, provider, "only mail is read", app.service.clock.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// The connections of the mailboxes, by their providers.
async fn mailboxes(guest: &Browser) -> BTreeMap<String, String> {
    let connections = guest.json("/api/v1/integrations").await;
    let text = |connection: &Value, name: &str| connection[name].as_str().unwrap().to_owned();
    let all = connections["items"].as_array().unwrap().iter();
    let all = all.map(|connection| (text(connection, "provider"), text(connection, "id")));
    all.filter(|(provider, _)| MAILBOXES.iter().any(|(mailbox, _)| mailbox == provider)).collect()
}

/// A conversation at the mail server in which somebody wrote, and who.
async fn written(guest: &Browser) -> (String, String) {
    let conversations = guest.json(&format!("{LIST}?source=imap&triage=false")).await;
    for conversation in conversations["items"].as_array().unwrap() {
        let path = format!("{LIST}/{}", conversation["id"].as_str().unwrap());
        let messages = guest.json(&format!("{path}/messages")).await;
        let mut messages = messages["items"].as_array().unwrap().iter();
        let by_person = messages.find(|message| message["inbound"] == true && message["kind"] == "person");
        if let Some(message) = by_person {
            return (path, message["sender_email"].as_str().unwrap().to_owned());
        }
    }
    panic!("nobody wrote: {conversations}");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn three_mailboxes_are_read_and_who_is_answered_answers_back(pool: PgPool) {
    let app = start(pool.clone()).await;
    only_mail(&app).await;
    let guest = app.browser();
    enter(&guest).await;
    let connections = mailboxes(&guest).await;
    assert_eq!(connections.keys().collect::<Vec<_>>(), MAILBOXES.map(|(mailbox, _)| mailbox));
    for (mailbox, clients) in MAILBOXES {
        let first = run(&guest, &connections[mailbox], 1).await;
        assert_eq!(first["state"], "succeeded", "{mailbox}: {first}");
        let known = format!(
            "select count(distinct v.client_id) from conversation v
             join channel c on c.organization_id = v.organization_id and c.id = v.channel_id
             where c.provider = '{mailbox}' and v.matched_by in ('contact', 'domain')"
        );
        assert_eq!(count(&pool, known.leak()).await, clients, "{mailbox}");
    }
    let missed = "select count(*) from message where fault is not null";
    assert_eq!(count(&pool, missed).await, 0, "all of it can be read");

    let (path, writer) = written(&guest).await;
    let answer = guest.post(&format!("{path}/reply"), &json!({"text": QUESTION, "to": [writer]})).await;
    assert_eq!(answer.status(), 202);
    let reply: Value = answer.json().await.unwrap();
    let sent = "select count(*) from outgoing where state = 'sent'";
    for _ in 0..1200 {
        if count(&pool, sent).await > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(count(&pool, sent).await, 1, "{}", guest.json(&path).await);

    // It lies in the folder of what was sent, once, and a week later the answer to it in the inbox.
    assert_eq!(guest.submit("/simulation/forward", &[]).await.status(), 303);
    let later = run(&guest, &connections["imap"], 2).await;
    assert_eq!(later["state"], "succeeded", "{later}");
    let messages = guest.json(&format!("{path}/messages")).await;
    let messages = messages["items"].as_array().unwrap();
    let ours: Vec<_> = messages.iter().filter(|message| message["outgoing_id"] == reply["id"]).collect();
    assert!(ours.len() == 1 && ours[0]["place"] == "sent", "{messages:?}");
    let answers = messages.iter().filter(|message| {
        let asked = message["text"].as_str().unwrap().contains(QUESTION);
        message["inbound"] == true && message["sender_email"] == writer.as_str() && asked
    });
    assert_eq!(answers.count(), 1, "{messages:?}");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_simulated_mailbox_is_connected_by_a_click_and_takes_no_typed_password(pool: PgPool) {
    let app = start(pool.clone()).await;
    only_mail(&app).await;
    let guest = app.browser();
    enter(&guest).await;
    let fields = json!({"address": "desk@agency.example", "access_token": "x", "imap_host": "a.example", "smtp_host": "a.example"});
    let answer =
        guest.post("/api/v1/integrations", &json!({"provider": "imap", "way": "token", "fields": fields})).await;
    assert_eq!(answer.status(), 409);
    let words = answer.text().await.unwrap();
    assert!(words.contains("A click on the page of integrations"), "{words}");
    // The click, as where the mailbox says that its password is wrong.
    let id = mailboxes(&guest).await.remove("imap").unwrap();
    let answer = guest.submit("/integrations/imap/connect", &[("connection_id", &id)]).await;
    assert_eq!(answer.status(), 303);
    let target = answer.headers()["location"].to_str().unwrap();
    assert_eq!(target, format!("/settings/integrations?connected={id}"));
    let other = mailboxes(&guest).await.remove("gmail").unwrap();
    let answer = guest.submit("/integrations/imap/connect", &[("connection_id", &other)]).await;
    assert_eq!(answer.status(), 404, "that one is at Google");
    assert_eq!(count(&pool, "select count(*) from connection").await, 14);
    app.stop().await;
}
