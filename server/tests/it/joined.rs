//! Conversations that were joined or parted: nothing of them goes where nobody looks, and nobody sees by that what was private.

use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    functions::ask,
    letters::{CONVERSATIONS, COUNTS, Letter, Mailbox, conversation, subjects},
    support::{Agency, Browser, TestApp, count, execute, until_one_waits},
};

/// Messages where nobody looks.
const HIDDEN: &str =
    "select count(*) from message m join conversation c on c.id = m.conversation_id where c.merged_into is not null";

/// An agency in whose mailbox two letters of one client's contact began two conversations.
pub struct Desk {
    pub app: TestApp,
    pub agency: Agency,
    pub mailbox: Mailbox,
    /// The second letter.
    pub second: Letter,
    /// The conversations' addresses.
    pub one: String,
    pub other: String,
}

pub async fn desk(pool: PgPool) -> Desk {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let contact = json!({"name": "Jane Doe", "emails": ["jane@c1.test"]});
    agency.olga.create(&format!("/api/v1/clients/{}/contacts", agency.c[0]), &contact).await;
    let mailbox = Mailbox::open(&app, &agency.olga, "gmail", "hello@acme.test").await;
    let second = Letter::new("jane@c1.test", "Banners again", "Two");
    mailbox.keep(&[Letter::new("jane@c1.test", "Banners", "One"), second.clone()]).await;
    let one = conversation(&agency.olga, "Banners").await;
    let other = conversation(&agency.olga, "Banners again").await;
    Desk { app, agency, mailbox, second, one, other }
}

pub fn id(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

pub async fn post(browser: &Browser, path: &str, body: Value) -> (u16, Value) {
    let answer = browser.post(path, &body).await;
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

pub async fn merge(browser: &Browser, from: &str, into: &str) -> (u16, Value) {
    post(browser, &format!("{from}/merge"), json!({"into": id(into)})).await
}

/// Joins the other to the one; the address at which that is undone.
pub async fn joined(desk: &Desk) -> String {
    let (status, merged) = merge(&desk.agency.olga, &desk.other, &desk.one).await;
    assert_eq!(status, 200, "{merged}");
    format!("{}/changes/{}/undo", desk.one, merged["change_id"].as_str().unwrap())
}

/// A reply that is held; its id.
async fn reply(browser: &Browser, path: &str) -> Uuid {
    let id = Uuid::now_v7();
    let (status, kept) = post(browser, &format!("{path}/reply"), json!({"id": id, "text": "On Monday."})).await;
    assert_eq!(status, 202, "{kept}");
    id
}

/// What went out under this id, as the provider has it among what was sent.
fn sent(id: Uuid) -> Letter {
    let header_id = format!("{}@acme.test", id.simple());
    Letter { header_id, ..Letter::new("hello@acme.test", "Re: Banners again", "On Monday.") }.sent()
}

async fn outgoing(browser: &Browser, path: &str) -> usize {
    browser.json(path).await["outgoing"].as_array().unwrap().len()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn two_are_joined_once_and_not_each_to_the_other(pool: PgPool) {
    let desk = desk(pool).await;
    let olga = &desk.agency.olga;
    desk.mailbox.keep(&[Letter::new("jane@c1.test", "A third", "Three")]).await;
    let third = conversation(olga, "A third").await;
    joined(&desk).await;
    // Pages that were open before.
    let (one, other) = (&desk.one, &desk.other);
    for (from, into) in [(one, other), (other, one), (other, &third), (&third, other)] {
        let (status, body) = merge(olga, from, into).await;
        assert_eq!((status, &body["error"]["code"]), (409, &json!("joined_already")), "{from} {into}");
    }
    for (method, path, body) in [
        ("PATCH", desk.other.clone(), json!({"status": "closed"})),
        ("POST", format!("{}/notes", desk.other), json!({"text": "x"})),
        ("POST", format!("{}/reply", desk.other), json!({"text": "x"})),
    ] {
        let answer = olga.send(method, &path, &body).await;
        assert_eq!(answer.status(), 409, "{method} {path}");
        let body: Value = answer.json().await.unwrap();
        assert!(body["error"]["message"].as_str().unwrap().contains("what you wrote is kept"), "{body}");
    }
    assert_eq!(subjects(olga, "").await, ["A third", "Banners"]);
    assert_eq!(olga.json(&desk.one).await["messages"], 2);
    assert_eq!(count(&desk.app.pool, "select count(*) from outgoing").await, 0);
    desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_on_its_way_goes_with_it_and_its_answers_come_to_what_is_seen(pool: PgPool) {
    let desk = desk(pool).await;
    let olga = &desk.agency.olga;
    let (written, failed) = (reply(olga, &desk.other).await, reply(olga, &desk.other).await);
    execute(&desk.app.pool, format!("update outgoing set state = 'failed', fault = 'no' where id = '{failed}'")).await;
    joined(&desk).await;
    assert_eq!(outgoing(olga, &desk.one).await, 2, "what did not go is seen, too");
    // As when it was kept in the other while both were joined.
    let back = format!("update outgoing set conversation_id = '{}' where id = '{written}'", id(&desk.other));
    execute(&desk.app.pool, back).await;
    let sent = sent(written);
    desk.mailbox.keep(std::slice::from_ref(&sent)).await;
    assert_eq!(olga.json(&desk.one).await["messages"], 3);
    desk.mailbox.keep(&[Letter::new("jane@c1.test", "Re: Banners again", "Good").answering(&sent)]).await;
    assert_eq!(olga.json(&desk.one).await["messages"], 4);
    assert_eq!(count(&desk.app.pool, HIDDEN).await, 0);
    desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_comes_while_two_are_being_joined_is_with_the_others(pool: PgPool) {
    let desk = desk(pool).await;
    let mut tx = desk.mailbox.begin().await;
    let late = Letter::new("jane@c1.test", "Re: Banners again", "Three").answering(&desk.second);
    desk.mailbox.keep_in(&mut tx, &[late]).await;
    let body = json!({"into": id(&desk.one)});
    let joining = tokio::spawn(desk.agency.olga.send_owned("POST", &format!("{}/merge", desk.other), body));
    until_one_waits(&desk.app.pool, "conversation").await;
    tx.commit().await.unwrap();
    assert_eq!(joining.await.unwrap(), 200);
    assert_eq!(desk.agency.olga.json(&desk.one).await["messages"], 3);
    assert_eq!(count(&desk.app.pool, HIDDEN).await, 0);
    desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_on_its_way_comes_back_with_what_it_answers(pool: PgPool) {
    let desk = desk(pool).await;
    let olga = &desk.agency.olga;
    reply(olga, &desk.other).await;
    let undo = joined(&desk).await;
    assert_eq!(post(olga, &undo, json!({})).await.0, 200);
    assert_eq!((outgoing(olga, &desk.one).await, outgoing(olga, &desk.other).await), (0, 1));
    desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn notes_and_what_was_begun_are_found_where_the_messages_are(pool: PgPool) {
    let desk = desk(pool).await;
    let olga = &desk.agency.olga;
    assert_eq!(post(olga, &format!("{}/notes", desk.other), json!({"text": "Mind the colours"})).await.0, 201);
    let draft = json!({"text": "Half a thou", "revision": 0});
    assert_eq!(olga.send("PUT", &format!("{}/draft", desk.other), &draft).await.status(), 200);
    let undo = joined(&desk).await;
    assert_eq!(olga.json(&desk.one).await["notes"][0]["text"], "Mind the colours");
    // A page that was open before still saves.
    let draft = json!({"text": "Half a thought", "revision": 1});
    assert_eq!(olga.send("PUT", &format!("{}/draft", desk.other), &draft).await.status(), 200);
    let found = async |path: &str| {
        let (status, body) = ask(olga, "get_reply", &format!("id={}", id(path))).await;
        assert_eq!(status, 200, "{body}");
        serde_json::from_str::<Value>(&body).unwrap()["text"].clone()
    };
    assert_eq!((found(&desk.one).await, found(&desk.other).await), (json!("Half a thought"), json!("Half a thought")));
    let theirs = ask(&desk.agency.max, "get_reply", &format!("id={}", id(&desk.one))).await.1;
    assert_eq!(serde_json::from_str::<Value>(&theirs).unwrap()["text"], "", "a draft is one's own");
    reply(olga, &desk.one).await;
    assert_eq!(found(&desk.one).await, json!(""), "it went");
    assert_eq!(post(olga, &undo, json!({})).await.0, 200);
    assert_eq!(olga.json(&desk.one).await["notes"], json!([]));
    desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_waits_is_not_put_aside_by_joining_it_to_what_is_done(pool: PgPool) {
    let desk = desk(pool).await;
    let olga = &desk.agency.olga;
    assert_eq!(olga.send("PATCH", &desk.one, &json!({"status": "closed"})).await.status(), 200);
    joined(&desk).await;
    assert_eq!(olga.json(&desk.one).await["status"], "open");
    assert_eq!(olga.json(COUNTS).await["needs_reply"], 1);
    desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_was_said_in_a_part_is_found_after_the_parting_is_undone(pool: PgPool) {
    let desk = desk(pool).await;
    let olga = &desk.agency.olga;
    desk.mailbox.keep(&[Letter::new("jane@c1.test", "Re: Banners again", "Three").answering(&desk.second)]).await;
    let messages = olga.json(&format!("{}/messages", desk.other)).await;
    let last = messages["items"][1]["id"].clone();
    let (status, split) = post(olga, &format!("{}/split", desk.other), json!({"messages": [last]})).await;
    assert_eq!(status, 201);
    let new = format!("{CONVERSATIONS}/{}", split["conversation_id"].as_str().unwrap());
    assert_eq!(post(olga, &format!("{new}/notes"), json!({"text": "Of the part"})).await.0, 201);
    reply(olga, &new).await;
    let undo = format!("{}/changes/{}/undo", desk.other, split["change_id"].as_str().unwrap());
    assert_eq!(post(olga, &undo, json!({})).await.0, 200);
    let whole = olga.json(&desk.other).await;
    assert_eq!((&whole["messages"], &whole["notes"][0]["text"]), (&json!(2), &json!("Of the part")));
    assert_eq!(whole["outgoing"][0]["text"], "On Monday.");
    assert_eq!(olga.json(&new).await["id"], json!(id(&desk.other)), "its address leads there");
    desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_private_conversation_stays_private_however_it_is_parted_or_joined(pool: PgPool) {
    let desk = desk(pool).await;
    let (ada, mel, max) = (&desk.agency.ada, &desk.agency.mel, &desk.agency.max);
    desk.mailbox.keep(&[Letter::new("jane@c1.test", "Re: Banners again", "Three").answering(&desk.second)]).await;
    let named = json!({"members": [mel.member_id().await]});
    let private = async |path: &str| ada.send("PUT", &format!("{path}/private"), &named).await.status();
    assert_eq!(private(&desk.other).await, 200);
    let assigned = json!({"assignee_id": mel.member_id().await});
    assert_eq!(ada.send("PATCH", &desk.other, &assigned).await.status(), 200);
    // With others.
    for (from, into) in [(&desk.other, &desk.one), (&desk.one, &desk.other)] {
        let (status, body) = merge(ada, from, into).await;
        assert_eq!((status, &body["error"]["field"]), (422, &json!("into")));
    }
    let messages = ada.json(&format!("{}/messages", desk.other)).await;
    let last = messages["items"][1]["id"].clone();
    let (status, split) = post(ada, &format!("{}/split", desk.other), json!({"messages": [last]})).await;
    assert_eq!(status, 201, "{split}");
    let new = format!("{CONVERSATIONS}/{}", split["conversation_id"].as_str().unwrap());
    for (who, status) in [(ada, 200), (mel, 200), (max, 404), (&desk.agency.olga, 404)] {
        assert_eq!(who.get(&new).await.status(), status);
    }
    let part = mel.json(&new).await;
    assert_eq!((&part["private"], &part["assignee_id"]), (&json!(true), &mel.member_id().await));
    // With the same people they are joined.
    assert_eq!(private(&desk.one).await, 200);
    assert_eq!(merge(ada, &desk.other, &desk.one).await.0, 200);
    assert_eq!(max.get(&desk.one).await.status(), 404);
    // Who reads the audit log does not read what it is about.
    let named = "select count(*) from audit_event where concat(detail, resource_name) like '%Banners again%'";
    assert_eq!(count(&desk.app.pool, named).await, 0);
    desk.app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn whoever_ticks_nobody_is_alone_with_it_and_can_add_others_later(pool: PgPool) {
    let desk = desk(pool).await;
    let (ada, olga) = (&desk.agency.ada, &desk.agency.olga);
    let (path, own) = (format!("/inbox/{}", id(&desk.one)), ada.member_id().await);
    let own = own.as_str().unwrap();
    let page = ada.get(&path).await.text().await.unwrap();
    let form = page.split("action=\"/app/restrict_conversation\"").nth(1).unwrap().split("</form>").next().unwrap();
    // What a browser sends of the form as it stands, no box ticked.
    let inputs = form.split("<input").skip(1).filter(|input| !input.contains("checkbox"));
    let of = |input: &str, name: &str| {
        input.split(&format!("{name}=\"")).nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned)
    };
    let fields: Vec<_> = inputs.filter_map(|input| Some((of(input, "name")?, of(input, "value")?))).collect();
    assert!(fields.contains(&("members[]".to_owned(), own.to_owned())), "{fields:?}");
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let done = ada.submit("/app/restrict_conversation", &fields).await;
    assert!(done.status().is_redirection() || done.status().is_success(), "{}", done.status());
    assert_eq!((ada.get(&desk.one).await.status().as_u16(), olga.get(&desk.one).await.status().as_u16()), (200, 404));
    // The others are still there to be chosen.
    let (_, shown) = ask(ada, "get_conversation", &format!("id={}", id(&desk.one))).await;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let names = |list: &str| -> Vec<String> {
        let all = shown[list].as_array().unwrap().iter();
        all.map(|one| one[1].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("readers"), ["ada"]);
    assert_eq!(names("candidates"), ["ada", "max", "mel", "Olga Owner"]);
    desk.app.stop().await;
}
