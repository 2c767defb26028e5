//! Conversations over HTTP: lists, threads, counts, what is narrowed, and whose they are.

use std::collections::BTreeSet;

use model::conversation::Filter;
use serde_json::{Value, json};
use sqlx::PgPool;
use time::{Duration, format_description::well_known::Rfc3339};
use uuid::Uuid;

use crate::{
    letters::{CONVERSATIONS, COUNTS, Letter, MONDAY, Mailbox, conversation, listed, subjects},
    support::{Agency, Browser, TestApp},
};

/// An agency whose first client's contact is Jane; its mailbox.
async fn desk(pool: PgPool) -> (TestApp, Agency, Mailbox) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let contact = json!({"name": "Jane Doe", "emails": ["jane@c1.test"]});
    agency.olga.create(&format!("/api/v1/clients/{}/contacts", agency.c[0]), &contact).await;
    let mailbox = Mailbox::open(&app, &agency.olga, "gmail", "hello@acme.test").await;
    (app, agency, mailbox)
}

async fn changed(browser: &Browser, method: &str, path: &str, body: Value) -> (u16, Value) {
    let answer = browser.send(method, path, &body).await;
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

async fn counted(browser: &Browser) -> (i64, i64, i64) {
    let counts = browser.json(COUNTS).await;
    let number = |name: &str| counts[name].as_i64().unwrap();
    (number("unread"), number("needs_reply"), number("triage"))
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b10_1_pages_hold_each_conversation_once_also_where_all_came_at_once(pool: PgPool) {
    let (app, agency, mailbox) = desk(pool).await;
    let olga = &agency.olga;
    assert_eq!(listed(olga, "").await, Vec::<Value>::new());
    let letters: Vec<_> =
        (0..31).map(|n| Letter::new("Jane Doe <jane@c1.test>", &format!("S{n}"), "Hello").at(MONDAY)).collect();
    mailbox.keep(&letters).await;
    assert_eq!(listed(olga, "").await.len(), 25);
    assert_eq!(listed(olga, "?limit=500").await.len(), 31);
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for _ in 0..20 {
        let page = olga.json(&format!("{CONVERSATIONS}?limit=7{cursor}")).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!((seen.len(), seen.iter().collect::<BTreeSet<_>>().len()), (31, 31));
    mailbox.keep(&[Letter::new("jane@c1.test", "Newest", "Hello").at(MONDAY + Duration::HOUR)]).await;
    assert_eq!(subjects(olga, "?limit=1").await, ["Newest"]);
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("cursor=x", "cursor"),
        ("client_id=x", "client_id"),
        ("needs_reply=maybe", "needs_reply"),
        ("unread=1", "unread"),
        ("status=done", "status"),
    ] {
        let (status, body) = changed(olga, "GET", &format!("{CONVERSATIONS}?{query}"), json!({})).await;
        assert_eq!((status, &body["error"]["field"]), (422, &json!(field)), "{query}");
    }
    assert_eq!(olga.get(&format!("{CONVERSATIONS}/x")).await.status(), 400);
    assert_eq!(olga.get(&format!("{CONVERSATIONS}?client_id={}", agency.d1)).await.status(), 404);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b10_3_b10_5_answers_stand_in_the_thread_of_what_they_answer(pool: PgPool) {
    let (app, agency, mailbox) = desk(pool).await;
    let first = Letter::new("Jane Doe <jane@c1.test>", "Spring sale", "When does it begin?");
    let answer = Letter::new("hello@acme.test", "Re: Spring sale", "On Monday.").answering(&first).sent();
    let thanks = Letter::new("jane@c1.test", "RE: Spring sale", "Thank you!").answering(&answer);
    // Whatever order they come in, on however many pages, and however often.
    mailbox.keep(std::slice::from_ref(&thanks)).await;
    mailbox.keep(&[answer.clone(), first.clone()]).await;
    let again = mailbox.keep(&[first, answer, thanks]).await;
    assert_eq!((again.new, again.changed, again.unchanged), (0, 0, 3));
    let all = listed(&agency.olga, "").await;
    assert_eq!(all.len(), 1);
    assert_eq!((&all[0]["messages"], &all[0]["source"]), (&json!(3), &json!("gmail")));
    let path = format!("{CONVERSATIONS}/{}", all[0]["id"].as_str().unwrap());
    let messages = agency.olga.json(&format!("{path}/messages")).await;
    let texts: Vec<_> = messages["items"].as_array().unwrap().iter().map(|one| one["text"].clone()).collect();
    assert_eq!(texts, ["When does it begin?", "On Monday.", "Thank you!"]);
    assert_eq!(messages["count"], 3);
    let inbound: Vec<_> = messages["items"].as_array().unwrap().iter().map(|one| one["inbound"].clone()).collect();
    assert_eq!(inbound, [true, false, true]);
    assert_eq!(
        (&messages["items"][0]["sender_name"], &messages["items"][0]["sender_email"]),
        (&json!("Jane Doe"), &json!("jane@c1.test"))
    );
    for path in [path.clone(), format!("{path}/messages"), format!("{path}/readers"), format!("{path}/draft")] {
        assert_eq!(agency.bert.get(&path).await.status(), 404, "{path}");
        assert_eq!(agency.nia.get(&path).await.status(), 404, "{path}");
    }
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b10_4_counts_say_what_waits_for_whom(pool: PgPool) {
    let (app, agency, mailbox) = desk(pool).await;
    let from = "Jane Doe <jane@c1.test>";
    let (one, other) = (Letter::new(from, "One", "?"), Letter::new(from, "Other", "?"));
    let read = Letter::new(from, "Read", "For your information").seen();
    let answered = Letter::new("hello@acme.test", "Re: Read", "Thanks").answering(&read).sent();
    mailbox.keep(&[one.clone(), read, answered, other]).await;
    assert_eq!(counted(&agency.olga).await, (2, 2, 0));
    assert_eq!(counted(&agency.mel).await, (2, 2, 0), "whoever sees the client");
    assert_eq!(counted(&agency.nia).await, (0, 0, 0));

    let path = conversation(&agency.olga, "One").await;
    let (status, body) = changed(&agency.olga, "PATCH", &path, json!({"read": true})).await;
    assert_eq!((status, &body["unread"], &body["needs_reply"]), (200, &json!(false), &json!(true)));
    assert_eq!(counted(&agency.olga).await, (1, 2, 0));
    assert_eq!(counted(&agency.mel).await, (2, 2, 0), "each has read for themselves");
    assert_eq!(agency.olga.json(&path).await["unread"], false, "it stays read");
    changed(&agency.olga, "PATCH", &path, json!({"read": false})).await;
    assert_eq!(counted(&agency.olga).await, (2, 2, 0));

    let reply = Letter::new("hello@acme.test", "Re: One", "Yes").answering(&one).sent();
    mailbox.keep(std::slice::from_ref(&reply)).await;
    assert_eq!(counted(&agency.olga).await, (2, 1, 0), "answering lowers it");
    // What a machine or a list writes waits for nobody.
    let mut holiday = Letter::new(from, "Automatic", "On holiday").answering(&reply);
    holiday.headers.push_str("Auto-Submitted: auto-replied\r\n");
    let mut news = Letter::new("news@c1.test", "News", "Buy");
    news.headers.push_str("List-Unsubscribe: <https://c1.test/u>\r\n");
    mailbox.keep(&[holiday, news]).await;
    assert_eq!(counted(&agency.olga).await.1, 1);
    // A person says that none is wanted, as when somebody telephoned.
    let other = conversation(&agency.olga, "Other").await;
    assert_eq!(changed(&agency.max, "PATCH", &other, json!({"needs_reply": false})).await.0, 200);
    assert_eq!(counted(&agency.olga).await.1, 0);
    assert_eq!(changed(&agency.max, "PATCH", &other, json!({"needs_reply": true})).await.0, 200);
    assert_eq!(counted(&agency.olga).await.1, 1);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b10_4_what_nobody_could_know_was_neither_answered_nor_read(pool: PgPool) {
    let (app, agency, mailbox) = desk(pool).await;
    let (olga, from) = (&agency.olga, "Jane Doe <jane@c1.test>");
    let first = Letter::new(from, "Spring", "When?");
    // Written at the client while nobody here had read the mailbox again.
    let [late, later] = ["Where?", "Why?"].map(|text| Letter::new(from, "Re: Spring", text).answering(&first));
    mailbox.keep(std::slice::from_ref(&first)).await;
    let path = conversation(olga, "Spring").await;
    let reply = async || {
        let id = Uuid::now_v7();
        let answer = olga.post(&format!("{path}/reply"), &json!({"id": id, "text": "On Monday."})).await;
        assert_eq!(answer.status(), 202);
        let header_id = format!("{}@acme.test", id.simple());
        Letter { header_id, ..Letter::new("hello@acme.test", "Re: Spring", "On Monday.") }.answering(&first).sent()
    };
    let answer = reply().await;
    assert!(answer.at > late.at && answer.at > later.at);
    mailbox.keep(&[answer]).await;
    changed(olga, "PATCH", &path, json!({"read": true})).await;
    assert_eq!(counted(olga).await, (0, 0, 0));
    mailbox.keep(&[late]).await;
    assert_eq!(counted(olga).await, (1, 1, 0), "it came before the answer, and was known after it");
    changed(olga, "PATCH", &path, json!({"read": true})).await;
    assert_eq!(counted(olga).await, (0, 1, 0));

    // Written before the next was known, and sent after it: it answers no more than its writer had seen.
    let answer = reply().await;
    mailbox.keep(std::slice::from_ref(&later)).await;
    mailbox.keep(&[answer]).await;
    assert_eq!(counted(olga).await, (1, 1, 0));
    // Nor does "no answer is wanted" speak of what was not there.
    changed(olga, "PATCH", &path, json!({"needs_reply": false})).await;
    assert_eq!(counted(olga).await.1, 0);
    mailbox.keep(&[Letter::new(from, "Re: Spring", "And who?").answering(&first).at(MONDAY)]).await;
    assert_eq!(counted(olga).await.1, 1);
    // A machine of ours answers nobody; a person who answered elsewhere does, at the moment that the provider says.
    let mut holiday = Letter::new("hello@acme.test", "On holiday", "Later").answering(&later).sent();
    holiday.headers.push_str("Auto-Submitted: auto-replied\r\n");
    mailbox.keep(&[holiday]).await;
    assert_eq!(counted(olga).await.1, 1);
    mailbox.keep(&[Letter::new("hello@acme.test", "Re: Spring", "By telephone").answering(&later).sent()]).await;
    assert_eq!(counted(olga).await.1, 0);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b10_6_lists_are_narrowed_by_several_things_at_once(pool: PgPool) {
    let (app, agency, mailbox) = desk(pool).await;
    let from = "Jane Doe <jane@c1.test>";
    let (mut letters, olga) = (Vec::new(), &agency.olga);
    letters.push(Letter::new(from, "Invoice", "The amount is 100 %"));
    letters.push(Letter::new(from, "Zoë asks", "About the INVOICE").seen());
    letters.push(Letter::new("Bob <bob@elsewhere.test>", "Hello", "Nothing"));
    letters.push(Letter::new("hello@acme.test", "Re: Hello", "Nothing more").answering(&letters[2]).sent());
    mailbox.keep(&letters).await;
    let imap = Mailbox::open(&app, olga, "imap", "team@acme.test").await;
    imap.keep(&[Letter::new(from, "By another way", "text")]).await;
    let sets: [(&str, &[&str]); 14] = [
        ("?source=imap", &["By another way"]),
        ("?source=slack", &[]),
        ("?q=invoice", &["Zoë asks", "Invoice"]),
        ("?q=ZO%C3%AB", &["Zoë asks"]),
        ("?q=BOB%40ELSEWHERE", &["Hello"]),
        ("?q=jane+doe&unread=false", &["Zoë asks"]),
        ("?q=100+%25", &["Invoice"]),
        ("?q=%25", &["Invoice"]),
        ("?q=_", &[]),
        ("?needs_reply=true&source=gmail", &["Zoë asks", "Invoice"]),
        ("?needs_reply=false", &["Hello"]),
        ("?triage=true", &["Hello"]),
        ("?unread=true&needs_reply=true&q=invoice", &["Invoice"]),
        ("?status=closed", &[]),
    ];
    for (query, expected) in sets {
        assert_eq!(subjects(olga, query).await, expected, "{query}");
    }
    assert_eq!(subjects(olga, &format!("?client_id={}", agency.c[0])).await.len(), 3);
    assert_eq!(subjects(olga, &format!("?client_id={}", agency.c[1])).await.len(), 0);
    let invoice = conversation(olga, "Invoice").await;
    assert_eq!(
        changed(olga, "PUT", &format!("{invoice}/labels"), json!({"labels": ["Urgent", "urgent"]})).await.0,
        200
    );
    let (status, answer) = changed(olga, "PUT", &format!("{invoice}/labels"), json!({"labels": ["One, two"]})).await;
    assert_eq!((status, &answer["error"]["field"]), (422, &json!("labels")), "it would be two when it is put back");
    let label = olga.json("/api/v1/communications/labels").await["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(subjects(olga, &format!("?label_id={label}")).await, ["Invoice"]);
    let max = agency.max.member_id().await;
    assert_eq!(changed(olga, "PATCH", &invoice, json!({"assignee_id": max})).await.0, 200);
    assert_eq!(subjects(olga, &format!("?assignee_id={}", max.as_str().unwrap())).await, ["Invoice"]);
    assert_eq!(subjects(olga, "?assignee_id=nobody&source=gmail").await, ["Hello", "Zoë asks"]);
    assert_eq!(agency.max.json(COUNTS).await["mine"], 1);
    let page = olga.json(&format!("{CONVERSATIONS}?q=invoice&limit=1")).await;
    let next = page["next_cursor"].as_str().unwrap();
    assert_eq!(subjects(olga, &format!("?q=invoice&limit=1&cursor={next}")).await, ["Invoice"]);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b10_9_one_thing_of_a_conversation_is_changed_at_a_time(pool: PgPool) {
    let (app, agency, mailbox) = desk(pool).await;
    mailbox.keep(&[Letter::new("jane@c1.test", "Spring", "?")]).await;
    let path = conversation(&agency.olga, "Spring").await;
    let before = agency.olga.json(&path).await;
    for (body, field) in [
        (json!({"needs_reply": "no"}), json!("needs_reply")),
        (json!({"assignee_id": "max"}), json!("assignee_id")),
        (json!({"read": 1}), json!("read")),
        (json!({"status": "done"}), json!("status")),
        (json!({"status": "snoozed"}), json!("snoozed_until")),
        (json!({"status": "snoozed", "snoozed_until": "2020-01-01T00:00:00Z"}), json!("snoozed_until")),
        (json!({"status": "snoozed", "snoozed_until": "tomorrow"}), json!("snoozed_until")),
        (json!({"assignee_id": agency.nia.member_id().await}), json!("assignee_id")),
    ] {
        let (status, answer) = changed(&agency.olga, "PATCH", &path, body.clone()).await;
        assert_eq!((status, &answer["error"]["field"]), (422, &field), "{body}");
    }
    // None of what can be changed, or several at once.
    for body in [json!({}), json!({"replied_by": "x"}), json!({"read": true, "needs_reply": false})] {
        let (status, answer) = changed(&agency.olga, "PATCH", &path, body.clone()).await;
        assert_eq!((status, &answer["error"]["code"]), (400, &json!("malformed")), "{body}");
    }
    assert_eq!(agency.olga.json(&path).await, before);
    let until = (app.service.clock.now() + Duration::DAY).format(&Rfc3339).unwrap();
    let snoozed = json!({"status": "snoozed", "snoozed_until": until});
    let (status, body) = changed(&agency.max, "PATCH", &path, snoozed).await;
    assert_eq!((status, &body["status"]), (200, &json!("snoozed")));
    assert_eq!(counted(&agency.olga).await, (0, 0, 0), "what was put aside waits for nobody");
    // What a person writes opens it again.
    mailbox.keep(&[Letter::new("jane@c1.test", "Spring", "Well?").answering(&spring(&mailbox).await)]).await;
    assert_eq!(agency.olga.json(&path).await["status"], "open");
    assert_eq!(changed(&agency.max, "PATCH", &path, json!({"status": "closed"})).await.0, 200);
    for who in [&agency.mel, &agency.nia, &agency.bert] {
        let status = changed(who, "PATCH", &path, json!({"status": "open"})).await.0;
        assert_eq!(status, if std::ptr::eq(who, &agency.mel) { 403 } else { 404 });
    }
    let done: Vec<_> =
        agency.olga.json(&path).await["changes"].as_array().unwrap().iter().map(|one| one["what"].clone()).collect();
    assert_eq!(done, ["snoozed", "closed"]);
    app.stop().await;
}

/// The letter that began the only conversation.
async fn spring(mailbox: &Mailbox) -> Letter {
    #[expect(clippy::disallowed_methods, reason = "a test's own question")]
    let header_id = sqlx::query_scalar("select header_id from message limit 1").fetch_one(&mailbox.pool).await.unwrap();
    Letter { header_id, ..Letter::new("", "", "") }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn beside_a_conversation_stand_others_with_its_writer_and_none_that_names_them(pool: PgPool) {
    let (app, agency, mailbox) = desk(pool).await;
    let mut to_jane = Letter::new("hello@acme.test", "To Jane", "Hello").sent();
    to_jane.headers.push_str("Cc: jane@c1.test\r\n");
    mailbox
        .keep(&[
            Letter::new("jane@c1.test", "One", "?"),
            Letter::new("jane@c1.test", "Two", "?"),
            to_jane,
            Letter::new("bob@c2.test", "Named", "Ask jane@c1.test"),
        ])
        .await;
    let path = conversation(&agency.olga, "One").await;
    let id = path.rsplit('/').next().unwrap();
    let (status, body) = crate::functions::ask(&agency.olga, "get_conversation_context", &format!("id={id}")).await;
    assert_eq!(status, 200, "{body}");
    let beside: Value = serde_json::from_str(&body).unwrap();
    let others: Vec<_> = beside["others"].as_array().unwrap().iter().map(|row| row["subject"].clone()).collect();
    assert_eq!(others, ["Two", "To Jane"], "the newest first: {beside}");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_list_is_planned_for_what_it_asks_however_often_a_connection_was_asked(pool: PgPool) {
    let (app, _, mailbox) = desk(pool).await;
    mailbox.keep(&[Letter::new("jane@c1.test", "One", "?")]).await;
    let mut tx = mailbox.begin().await;
    // Left to itself the database has a plan for whatever may be asked after five.
    for _ in 0..20 {
        let page = store::conversation::list(&mut tx, &Filter::default(), 25, None).await.unwrap();
        assert_eq!(page.items.len(), 1);
    }
    #[expect(clippy::disallowed_methods, reason = "a test's own question")]
    let planned: (i64, i64) = sqlx::query_as(
        "select sum(generic_plans)::bigint, sum(custom_plans)::bigint from pg_prepared_statements
         where statement like '%h.name as mailbox%' and statement not like '%pg_prepared_statements%'",
    )
    .fetch_one(&mut *tx)
    .await
    .unwrap();
    assert_eq!(planned, (0, 20));
    drop(tx);
    app.stop().await;
}
