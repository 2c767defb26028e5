//! The inbox's page and what its buttons ask for: it can be read before it is live, what is done says what puts it back, a draft is not
//! written over by an older one, and whoever only looks is shown no box and is not noted as refused.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    functions::ask,
    seed,
    support::{Agency, Browser, TestApp, count, execute},
};

const CONVERSATION: &str = "0190a1b2-c3d4-7000-8000-0000000000aa";
const MESSAGE: &str = "0190a1b2-c3d4-7000-8000-0000000000bb";
const TEXT: &str =
    "Can we begin on Monday?\n\nOn Tue, 3 Nov 2026 at 14:05, Olga <olga@acme.test> wrote:\n> What about the sale?";

/// An agency in whose mailbox Jane wrote about its first client.
async fn desk(pool: PgPool) -> (TestApp, Agency) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    seed::integrations(&app.pool).await;
    // A mailbox is seen by all who see what goes through it.
    let mailbox = "update channel set kind = 'inbox', currency = '', time_zone = ''
        where organization_id = (select organization_id from organization where name = 'Acme')";
    execute(&app.pool, mailbox.to_owned()).await;
    let conversation = format!(
        "insert into conversation (organization_id, id, channel_id, client_id, matched_by, subject, created_at, messages, last_at,
           last_message_id, last_unseen_at, needs_reply)
         select h.organization_id, '{CONVERSATION}', h.id, '{}', 'person', 'Summer sale', now(), 1, now(), '{MESSAGE}', now(), true
         from channel h join organization o on o.organization_id = h.organization_id where o.name = 'Acme' limit 1",
        agency.c[0]
    );
    execute(&app.pool, conversation).await;
    let message = format!(
        "insert into message (organization_id, id, channel_id, conversation_id, external_id, header_id, inbound, kind, from_name,
           from_address, subject, text, snippet, at, stored_at, place, seen, seen_first, html, attachments, size, source_hash)
         select organization_id, '{MESSAGE}', channel_id, id, 'page', 'page@client.test', true, 'person', 'Jane', 'jane@client.test',
           'Summer sale', '{TEXT}', 'Can we begin', now(), now(), 'inbox', false, false, false, 0, 5, sha256('page')
         from conversation where id = '{CONVERSATION}'"
    );
    execute(&app.pool, message).await;
    (app, agency)
}

async fn told(browser: &Browser, function: &str, fields: &str) -> Value {
    let (status, body) = ask(browser, function, fields).await;
    assert_eq!(status, 200, "{function} {fields}: {body}");
    serde_json::from_str(&body).unwrap()
}

async fn status(browser: &Browser) -> Value {
    told(browser, "get_conversation", &format!("id={CONVERSATION}")).await["row"]["status"].clone()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_conversation_can_be_read_and_answered_before_the_page_is_live(pool: PgPool) {
    let (app, agency) = desk(pool).await;
    let list = agency.olga.get("/inbox").await.text().await.unwrap();
    assert!(list.contains("Summer sale") && list.contains(&format!("/inbox/{CONVERSATION}")));
    let page = agency.olga.get(&format!("/inbox/{CONVERSATION}")).await;
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    assert!(page.contains("Can we begin on Monday?") && page.contains("What it quotes"));
    assert!(page.contains("action=\"/app/reply_to_conversation\"") && page.contains("jane@client.test"));
    let noted = agency.olga.submit("/app/note_conversation", &[("id", CONVERSATION), ("text", "Look, @mel")]).await;
    assert!(noted.status().is_redirection() || noted.status().is_success(), "{}", noted.status());
    let shown = told(&agency.mel, "get_conversation", &format!("id={CONVERSATION}")).await;
    let notes: Vec<_> = shown["items"].as_array().unwrap().iter().filter_map(|item| item["what"].get("Note")).collect();
    assert_eq!((notes.len(), &notes[0]["me"]), (1, &json!(true)), "{shown}");
    assert_eq!(agency.nia.get(&format!("/inbox/{CONVERSATION}")).await.status(), 404);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_done_says_what_puts_it_back(pool: PgPool) {
    let (app, agency) = desk(pool).await;
    let olga = &agency.olga;
    for (what, to) in [("close", ""), ("snooze", "tomorrow")] {
        assert_eq!(status(olga).await, "open");
        let done = told(olga, "change_conversations", &format!("ids[0]={CONVERSATION}&what={what}&to={to}")).await;
        assert_ne!(status(olga).await, "open", "{what}");
        let [_, what, to] = [0, 1, 2].map(|at| done["back"][0][at].as_str().unwrap().to_owned());
        told(olga, "change_conversations", &format!("ids[0]={CONVERSATION}&what={what}&to={to}")).await;
    }
    assert_eq!(status(olga).await, "open");
    let refused = ask(olga, "change_conversations", &format!("ids[0]={CONVERSATION}&what=snooze&to=2020-01-01")).await;
    assert_eq!(refused.0, 422, "{}", refused.1);
    assert_eq!(ask(olga, "change_conversations", "what=close&to=").await.0, 422, "none is chosen");
    let done = told(olga, "change_conversations", &format!("ids[0]={CONVERSATION}&what=label&to=Urgent")).await;
    assert_eq!(done["back"][0][1], "labels");
    let row = told(olga, "get_conversation", &format!("id={CONVERSATION}")).await["row"].clone();
    assert!(row["labels"].as_array().unwrap().contains(&json!("Urgent")), "{row}");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_older_draft_is_not_written_over_a_newer_one(pool: PgPool) {
    let (app, agency) = desk(pool).await;
    let max = &agency.max;
    let save = |text: &str, after: i64| format!("id={CONVERSATION}&to=jane@client.test&text={text}&after={after}");
    assert_eq!(told(max, "save_draft", &save("One", 0)).await, 1);
    let (status, body) = ask(max, "save_draft", &save("Other", 0)).await;
    assert!(status == 409 && body.contains("another device"), "{status} {body}");
    assert_eq!(told(max, "save_draft", &save("Two", 1)).await, 2);
    let found = told(max, "get_reply", &format!("id={CONVERSATION}")).await;
    assert_eq!((&found["text"], &found["revision"]), (&json!("Two"), &json!(2)));
    assert_eq!(found["subject"], "Re: Summer sale");
    let theirs = told(&agency.olga, "get_reply", &format!("id={CONVERSATION}")).await;
    assert_eq!(theirs["text"], "", "a draft is one's own");
    // What was typed last before somebody left is put below what is newer: it is nowhere else.
    let left = |text: &str| format!("{}&left=true", save(text, 1));
    assert_eq!(told(max, "save_draft", &left("Three")).await, 3);
    assert_eq!(told(max, "save_draft", &left("Three")).await, 3, "once");
    let found = told(max, "get_reply", &format!("id={CONVERSATION}")).await;
    assert_eq!((&found["text"], &found["revision"]), (&json!("Two\n\nThree"), &json!(3)));
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn whoever_only_looks_is_shown_no_box_and_not_noted_as_refused(pool: PgPool) {
    let (app, agency) = desk(pool).await;
    let denied = "select count(*) from audit_event where not allowed";
    let before = count(&app.pool, denied).await;
    assert_eq!(told(&agency.mel, "get_reply", &format!("id={CONVERSATION}")).await, Value::Null);
    let page = agency.mel.get(&format!("/inbox/{CONVERSATION}")).await.text().await.unwrap();
    assert!(page.contains("Can we begin on Monday?") && !page.contains("/app/reply_to_conversation"));
    assert_eq!(count(&app.pool, denied).await, before);
    let refused = ask(&agency.mel, "note_conversation", &format!("id={CONVERSATION}&text=x")).await;
    assert_eq!(refused.0, 403, "{}", refused.1);
    app.stop().await;
}
