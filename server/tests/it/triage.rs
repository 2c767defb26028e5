//! Whose a conversation is: by what is known of addresses, else by a person, and never by a guess; and who sees it.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    letters::{CONVERSATIONS, COUNTS, Letter, Mailbox, conversation, listed, subjects},
    support::{Agency, Browser, TestApp},
};

/// An agency of whose first two clients one contact each is known; its mailbox.
pub async fn desk(pool: PgPool) -> (TestApp, Agency, Mailbox) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    for (client, email) in [(0, "jane@c1.test"), (1, "bob@c2.test")] {
        let contact = json!({"name": "Contact", "emails": [email]});
        agency.olga.create(&format!("/api/v1/clients/{}/contacts", agency.c[client]), &contact).await;
    }
    let mailbox = Mailbox::open(&app, &agency.olga, "gmail", "hello@acme.test").await;
    (app, agency, mailbox)
}

/// Sends what replaces something, and returns what is answered.
pub async fn put(browser: &Browser, path: &str, body: Value) -> (u16, Value) {
    let answer = browser.send("PUT", path, &body).await;
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

/// Whose the conversation with this subject is.
pub async fn client(browser: &Browser, subject: &str) -> Value {
    let all = listed(browser, "?limit=100").await;
    all.iter().find(|one| one["subject"] == subject).unwrap()["client_id"].clone()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b9_2_a_letter_is_of_the_client_whose_contact_wrote_it_and_of_none_otherwise(pool: PgPool) {
    let (app, agency, mailbox) = desk(pool).await;
    let (olga, [c1, c2, _]) = (&agency.olga, &agency.c);
    let mut both = Letter::new("carl@elsewhere.test", "To both", "Hello");
    both.headers.push_str("Cc: jane@c1.test, bob@c2.test\r\n");
    let mut copied = Letter::new("carl@elsewhere.test", "To one", "Hello");
    copied.headers.push_str("Cc: bob@c2.test\r\n");
    mailbox
        .keep(&[
            Letter::new("Jane Doe <JANE@C1.test>", "From Jane", "Hello"),
            Letter::new("Bob <bob@c2.test>", "From Bob", "Hello"),
            Letter::new("\"jane@c1.test\" <stranger@elsewhere.test>", "In her name", "Hello"),
            Letter::new("jane@c1.test.elsewhere.test", "Alike", "Hello"),
            Letter::new("colleague@c1.test", "A colleague", "Hello"),
            both,
            copied,
        ])
        .await;
    for (subject, whose) in [
        ("From Jane", json!(c1)),
        ("From Bob", json!(c2)),
        ("In her name", json!(null)),
        ("Alike", json!(null)),
        ("A colleague", json!(null)),
        ("To both", json!(null)),
        ("To one", json!(c2)),
    ] {
        assert_eq!(client(olga, subject).await, whose, "{subject}");
    }
    assert_eq!(olga.json(COUNTS).await["triage"], 4);
    // What waits is read by those who run the agency alone.
    assert_eq!(subjects(&agency.max, "").await, ["From Jane"]);
    assert_eq!(subjects(&agency.mel, "").await, ["From Bob", "From Jane", "To one"]);
    assert_eq!(subjects(&agency.nia, "").await, Vec::<String>::new());
    assert_eq!(subjects(&agency.bert, "").await, Vec::<String>::new());
    assert_eq!(agency.max.json(COUNTS).await["triage"], 0);
    let path = conversation(olga, "A colleague").await;
    let suggestion = olga.json(&path).await["suggestion"].clone();
    assert_eq!(
        (&suggestion["client_id"], &suggestion["client"]),
        (&json!(c1), &json!("C1")),
        "a likely one is named, not taken"
    );
    assert_eq!(olga.json(&conversation(olga, "Alike").await).await["suggestion"], json!(null));
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_a_person_says_is_learned_for_the_next_time(pool: PgPool) {
    let (app, agency, mailbox) = desk(pool).await;
    let (olga, [c1, c2, c3]) = (&agency.olga, &agency.c);
    let from = |name: &str, at: &str| Letter::new(&format!("{name}@{at}"), &format!("{name} {at}"), "Hello");
    mailbox
        .keep(&[
            from("ann", "new.test"),
            from("ben", "new.test"),
            from("ann", "other.test"),
            from("zed", "gmail.com"),
            Letter::new("ann@other.test", "Second of ann", "Hello"),
        ])
        .await;
    let path = async |subject: &str| format!("{}/client", conversation(olga, subject).await);
    // One only.
    assert_eq!(put(olga, &path("ann other.test").await, json!({"client_id": c1})).await.0, 200);
    assert_eq!(client(olga, "ann other.test").await, json!(c1));
    assert_eq!(client(olga, "Second of ann").await, json!(null));
    // Its writer: what waits, and what comes.
    let (status, body) = put(olga, &path("Second of ann").await, json!({"client_id": c1, "learn": "address"})).await;
    assert_eq!((status, &body["matched_by"]), (200, &json!("person")));
    mailbox.keep(&[Letter::new("Ann <ann@other.test>", "Third of ann", "Hello"), from("bea", "other.test")]).await;
    assert_eq!(client(olga, "Third of ann").await, json!(c1));
    assert_eq!(client(olga, "bea other.test").await, json!(null), "one address is not its domain");
    // The domain.
    assert_eq!(put(olga, &path("ann new.test").await, json!({"client_id": c2, "learn": "domain"})).await.0, 200);
    assert_eq!(client(olga, "ben new.test").await, json!(c2), "what waited from there");
    mailbox.keep(&[from("cem", "new.test"), from("dan", "sub.new.test")]).await;
    assert_eq!(client(olga, "cem new.test").await, json!(c2));
    assert_eq!(client(olga, "dan sub.new.test").await, json!(null));
    // A correction teaches anew, and leaves alone what somebody decided.
    assert_eq!(put(olga, &path("cem new.test").await, json!({"client_id": c3, "learn": "domain"})).await.0, 200);
    mailbox.keep(&[from("eva", "new.test")]).await;
    assert_eq!((client(olga, "eva new.test").await, client(olga, "ben new.test").await), (json!(c3), json!(c2)));
    // A contact goes before what is known of its domain.
    let contact = json!({"name": "Flo", "emails": ["flo@new.test"]});
    olga.create(&format!("/api/v1/clients/{c1}/contacts"), &contact).await;
    mailbox.keep(&[from("flo", "new.test")]).await;
    assert_eq!(client(olga, "flo new.test").await, json!(c1));
    // Where everybody has an address, a domain says nothing.
    let gmail = path("zed gmail.com").await;
    let (status, body) = put(olga, &gmail, json!({"client_id": c1, "learn": "domain"})).await;
    assert_eq!((status, &body["error"]["field"]), (422, &json!("learn")));
    assert_eq!(client(olga, "zed gmail.com").await, json!(null), "nothing was changed");
    assert_eq!(put(olga, &gmail, json!({"client_id": null})).await.0, 200);
    assert_eq!(subjects(olga, "?triage=true&q=zed").await, Vec::<String>::new(), "nobody's is not waiting");
    // Not to a client that one does not see, and not by who only reads.
    let seen = path("Third of ann").await;
    assert_eq!(put(&agency.max, &seen, json!({"client_id": c2})).await.0, 404);
    assert_eq!(put(&agency.max, &seen, json!({"client_id": null})).await.0, 422);
    assert_eq!(put(&agency.mel, &seen, json!({"client_id": c2})).await.0, 403);
    assert_eq!(put(olga, &seen, json!({"client_id": agency.d1})).await.0, 404);
    assert_eq!(put(olga, &seen, json!({"client_id": c1, "learn": "all"})).await.0, 422);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_private_conversation_is_seen_by_those_named_alone(pool: PgPool) {
    let (app, agency, mailbox) = desk(pool).await;
    mailbox
        .keep(&[Letter::new("jane@c1.test", "Salary", "secret words").with_file("a.txt", "text/plain", "YQ==")])
        .await;
    let path = conversation(&agency.olga, "Salary").await;
    let message = agency.olga.json(&format!("{path}/messages")).await["items"][0]["id"].as_str().unwrap().to_owned();
    let private = format!("{path}/private");
    let (max, nia) = (agency.max.member_id().await, agency.nia.member_id().await);
    assert_eq!(put(&agency.olga, &private, json!({"members": [nia]})).await.0, 422, "who does not see the client");
    let mel = agency.mel.member_id().await;
    assert_eq!(
        agency.olga.send("PATCH", &path, &json!({"assignee_id": agency.ada.member_id().await})).await.status(),
        200
    );
    // Ada names Mel: herself, too, and nobody else, Owners neither.
    let (status, body) = put(&agency.ada, &private, json!({"members": [mel]})).await;
    assert_eq!((status, &body["private"]), (200, &json!(true)));
    for (who, sees) in [
        (&agency.olga, false),
        (&agency.ada, true),
        (&agency.max, false),
        (&agency.mel, true),
        (&agency.nia, false),
        (&agency.bert, false),
    ] {
        let status = if sees { 200 } else { 404 };
        for path in [
            path.clone(),
            format!("{path}/messages"),
            format!("{path}/readers"),
            format!("/app/messages/{message}/html"),
            format!("/app/messages/{message}/source"),
            format!("/app/messages/{message}/parts/0"),
        ] {
            assert_eq!(who.get(&path).await.status(), status, "{path}");
        }
        assert_eq!(listed(who, "").await.len(), usize::from(sees));
        assert_eq!(listed(who, "?q=secret").await.len(), usize::from(sees));
        assert_eq!(who.json(COUNTS).await["unread"], i64::from(sees));
    }
    let readers = agency.ada.json(&format!("{path}/readers")).await;
    let names: Vec<_> = readers["items"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["ada", "mel"]);
    assert_eq!(agency.ada.send("PATCH", &path, &json!({"assignee_id": max})).await.status(), 422);
    // What comes to it stays private.
    assert_eq!(put(&agency.olga, &private, json!({"members": []})).await.0, 404);
    assert_eq!(put(&agency.ada, &private, json!({"members": []})).await.0, 200);
    assert_eq!(agency.max.get(&path).await.status(), 200);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn conversations_are_joined_and_parted_and_both_can_be_undone(pool: PgPool) {
    let (app, agency, mailbox) = desk(pool).await;
    let olga = &agency.olga;
    let first = Letter::new("jane@c1.test", "Banners", "One");
    let second = Letter::new("jane@c1.test", "Banners again", "Two");
    mailbox.keep(&[first.clone(), second.clone(), Letter::new("bob@c2.test", "Of Bob", "Three")]).await;
    let (one, other, bob) = (
        conversation(olga, "Banners").await,
        conversation(olga, "Banners again").await,
        conversation(olga, "Of Bob").await,
    );
    let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    let merge = async |from: &str, into: &str| {
        let answer = olga.post(&format!("{from}/merge"), &json!({"into": id(into)})).await;
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    assert_eq!(merge(&one, &one).await.0, 422);
    assert_eq!(merge(&one, &bob).await.0, 422, "of two clients");
    let (status, merged) = merge(&other, &one).await;
    assert_eq!((status, &merged["conversation_id"]), (200, &json!(id(&one))));
    assert_eq!(subjects(olga, "?q=banners").await, ["Banners"]);
    assert_eq!(olga.json(&other).await["id"], json!(id(&one)), "its old address leads there");
    // What comes to the one that is no more comes to the other.
    mailbox.keep(&[Letter::new("jane@c1.test", "Re: Banners again", "Four").answering(&second)]).await;
    assert_eq!(olga.json(&one).await["messages"], 3);
    let undo = format!("{one}/changes/{}/undo", merged["change_id"].as_str().unwrap());
    assert_eq!(olga.post(&undo, &json!({})).await.status(), 200);
    assert_eq!(olga.json(&other).await["messages"], 1);
    assert_eq!(olga.post(&undo, &json!({})).await.status(), 409, "once");

    let messages = olga.json(&format!("{one}/messages")).await;
    let ids: Vec<_> = messages["items"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
    for wrong in [json!([]), json!(ids), json!(["018f0000-0000-7000-8000-000000000000"])] {
        assert_eq!(olga.post(&format!("{one}/split"), &json!({"messages": wrong})).await.status(), 422);
    }
    let answer = olga.post(&format!("{one}/split"), &json!({"messages": [ids[1]]})).await;
    assert_eq!(answer.status(), 201);
    let split: Value = answer.json().await.unwrap();
    let new = format!("{CONVERSATIONS}/{}", split["conversation_id"].as_str().unwrap());
    let shown = olga.json(&new).await;
    assert_eq!((&shown["messages"], &shown["client_id"]), (&json!(1), &json!(agency.c[0])));
    assert_eq!(agency.max.json(&one).await["messages"], 1);
    let undo = format!("{one}/changes/{}/undo", split["change_id"].as_str().unwrap());
    assert_eq!(agency.mel.post(&undo, &json!({})).await.status(), 403);
    assert_eq!(olga.post(&undo, &json!({})).await.status(), 200);
    assert_eq!(olga.json(&one).await["messages"], 2);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn notes_stay_within_the_agency_and_call_who_is_named(pool: PgPool) {
    let (app, agency, mailbox) = desk(pool).await;
    mailbox.keep(&[Letter::new("jane@c1.test", "Spring", "?")]).await;
    let path = conversation(&agency.olga, "Spring").await;
    let note = async |who: &Browser, text: &str| {
        let answer = who.post(&format!("{path}/notes"), &json!({"text": text})).await;
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let unread = async |who: &Browser| who.json(&path).await["unread"].clone();
    for who in [&agency.olga, &agency.max] {
        assert_eq!(who.send("PATCH", &path, &json!({"read": true})).await.status(), 200);
    }
    let (status, kept) = note(&agency.olga, "@max can you? @nia not, @Olga Owner").await;
    assert_eq!(
        (status, &kept["mentions"]),
        (201, &json!([agency.max.member_id().await, agency.olga.member_id().await])),
        "who does not see it is not called"
    );
    assert_eq!((&kept["text"], &kept["member"]), (&json!("@max can you? @nia not, @Olga Owner"), &json!("Olga Owner")));
    // It is unread for whom it calls, until they read it; nobody calls themselves.
    assert_eq!((unread(&agency.max).await, unread(&agency.olga).await), (json!(true), json!(false)));
    assert_eq!(agency.max.json(COUNTS).await["unread"], 1);
    assert_eq!(agency.max.send("PATCH", &path, &json!({"read": true})).await.status(), 200);
    assert_eq!(agency.max.json(COUNTS).await["unread"], 0);
    assert_eq!(note(&agency.olga, " ").await.0, 422);
    assert_eq!(note(&agency.mel, "x").await.0, 403);
    assert_eq!(note(&agency.bert, "x").await.0, 404);
    let thread = agency.mel.json(&path).await;
    assert_eq!((thread["notes"].as_array().unwrap().len(), &thread["messages"]), (1, &json!(1)));
    app.stop().await;
}
