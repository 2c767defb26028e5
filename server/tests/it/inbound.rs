//! What comes, however it is written and whenever: to thousands at once, in letters other than it says, under another of the agency's
//! addresses, and to a conversation that was put aside.

use model::job::Job;
use serde_json::{Value, json};
use sqlx::PgPool;
use time::{Duration, format_description::well_known::Rfc3339};

use crate::{
    letters::{COUNTS, Letter, Mailbox, conversation, subjects},
    support::{Browser, TestApp},
    triage::{client, desk},
};

/// The messages of the conversation with this subject.
async fn messages(browser: &Browser, subject: &str) -> Vec<Value> {
    let path = conversation(browser, subject).await;
    browser.json(&format!("{path}/messages")).await["items"].as_array().unwrap().clone()
}

/// The source of a message, as it is given out.
async fn source(browser: &Browser, message: &Value) -> Vec<u8> {
    let path = format!("/app/messages/{}/source", message["id"].as_str().unwrap());
    browser.get(&path).await.bytes().await.unwrap().to_vec()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_letter_to_ten_thousand_is_its_writers_and_whole_in_its_source(pool: PgPool) {
    let (app, agency, mailbox) = desk(pool).await;
    let many: Vec<_> = (0..10_000).map(|number| format!("somebody{number}@elsewhere.test")).collect();
    let mut letter = Letter::new("Jane <jane@c1.test>", "To all", "Hello all");
    letter.headers.push_str(&format!("Cc: {}\r\n", many.join(",\r\n ")));
    assert_eq!(mailbox.keep(std::slice::from_ref(&letter)).await.new, 1);
    assert_eq!(client(&agency.olga, "To all").await, json!(agency.c[0]));
    let kept = messages(&agency.olga, "To all").await;
    let [message] = &kept[..] else { panic!("{kept:?}") };
    assert_eq!(message["text"].as_str().unwrap().trim(), "Hello all");
    let named = message["cc"].as_array().unwrap();
    assert!(named.len() >= 100 && named[0]["address"] == "somebody0@elsewhere.test", "{}", named.len());
    let whole = String::from_utf8(source(&agency.olga, message).await).unwrap();
    assert!(many.iter().all(|address| whole.contains(address)));
    // Its page answers its writer, and nobody else by itself.
    let path = format!("{}/reply", conversation(&agency.olga, "To all").await);
    let reply: Value = agency.olga.post(&path, &json!({"text": "Thank you"})).await.json().await.unwrap();
    assert_eq!((&reply["to"][0]["address"], &reply["cc"]), (&json!("jane@c1.test"), &json!([])), "{reply}");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn letters_other_than_a_mail_says_can_be_read_or_are_in_its_source(pool: PgPool) {
    let (app, agency, mailbox) = desk(pool).await;
    let mail = |subject: &str, head: &str, body: &[u8]| {
        let head = format!("From: jane@c1.test\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n{head}\r\n\r\n");
        [head.as_bytes(), body].concat()
    };
    let (plain, latin) = ("Gr\u{fc}\u{df}e".as_bytes(), b"Gr\xfc\xdfe".as_slice());
    let mails = [
        mail("Ascii", "Content-Type: text/plain; charset=us-ascii", plain),
        mail("Unicode", "Content-Type: text/plain; charset=utf-8", latin),
        mail("Nothing", "Content-Type: text/plain; charset=", plain),
        mail("Unknown", "Content-Type: text/plain; charset=klingon", plain),
        mail("Cut", "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64", b"R3LDvMOfZ"),
        mail("=?utf-8?q?Gr=FC=DFe?=", "Content-Type: text/plain", b"Gr"),
        mail("Wide", "Content-Type: text/plain; charset=utf-16le", plain),
    ];
    let letters: Vec<_> = mails.iter().map(|mail| Letter::raw(mail.clone())).collect();
    assert_eq!(mailbox.keep(&letters).await.new, 7);
    let mut read = 0;
    for subject in subjects(&agency.olga, "?limit=100").await {
        for message in messages(&agency.olga, &subject).await {
            let kept = source(&agency.olga, &message).await;
            assert!(mails.contains(&kept), "{subject}");
            let said = message["text"].as_str().unwrap();
            assert!(!said.contains('\0') && !message["subject"].as_str().unwrap().is_empty(), "{message}");
            if ["Ascii", "Nothing", "Unknown"].contains(&subject.as_str()) {
                assert!(said.starts_with("Gr") && said.trim_end().ends_with('e'), "{subject}: {said}");
            }
            assert!(["Wide", "Cut"].contains(&subject.as_str()) || said.starts_with("Gr"), "{subject}: {said}");
            read += 1;
        }
    }
    assert_eq!(read, 7);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_the_agency_writes_as_another_of_its_addresses_is_its_own(pool: PgPool) {
    let (app, agency, mailbox) = desk(pool).await;
    let mailbox = Mailbox { aliases: vec!["sales@acme.test".to_owned()], ..mailbox };
    let asked = Letter::new("jane@c1.test", "A price", "How much?");
    // Sent by another program, which put its copy into the inbox.
    let mut answered = Letter::new("Sales <SALES@acme.test>", "Re: A price", "Ten.").answering(&asked);
    answered.headers.push_str("Cc: jane@c1.test\r\n");
    mailbox.keep(&[asked, answered]).await;
    let inbound: Vec<_> = messages(&agency.olga, "A price").await.iter().map(|one| one["inbound"].clone()).collect();
    assert_eq!(inbound, [true, false]);
    assert_eq!(agency.olga.json(COUNTS).await["needs_reply"], 0);
    // Who only calls themselves so is somebody else.
    mailbox.keep(&[Letter::new("\"sales@acme.test\" <jane@c1.test>", "In their name", "?")]).await;
    assert_eq!(agency.olga.json(COUNTS).await["needs_reply"], 1);
    app.stop().await;
}

/// Does what is due, as each minute.
async fn look_around(app: &TestApp, mailbox: &Mailbox) {
    let _work = app.take_jobs();
    let mut tx = mailbox.begin().await;
    store::queue::enqueue(&mut tx, &Job::QueueDue, None).await.unwrap();
    tx.commit().await.unwrap();
    while app.jobs_left().await > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_put_aside_comes_back_at_its_time_or_when_somebody_writes(pool: PgPool) {
    let (app, agency, mailbox) = desk(pool).await;
    let olga = &agency.olga;
    let (one, other) = (Letter::new("jane@c1.test", "One", "?"), Letter::new("jane@c1.test", "Other", "?"));
    mailbox.keep(&[one, other.clone()]).await;
    let until = (app.service.clock.now() + Duration::hours(3)).format(&Rfc3339).unwrap();
    for subject in ["One", "Other"] {
        let body = json!({"status": "snoozed", "snoozed_until": until});
        let path = conversation(olga, subject).await;
        let answer = olga.send("PATCH", &path, &body).await;
        let status = answer.status();
        assert_eq!(status, 200, "{}", answer.text().await.unwrap());
    }
    assert_eq!(subjects(olga, "?status=open").await, Vec::<String>::new());
    assert_eq!(olga.json(COUNTS).await["needs_reply"], 0, "nobody is reminded of it before");
    mailbox.keep(&[Letter::new("jane@c1.test", "Re: Other", "Well?").answering(&other)]).await;
    assert_eq!(subjects(olga, "?status=open").await, ["Other"]);
    app.service.clock.advance(Duration::hours(2));
    look_around(&app, &mailbox).await;
    assert_eq!(subjects(olga, "?status=open").await, ["Other"]);
    app.service.clock.advance(Duration::hours(2));
    look_around(&app, &mailbox).await;
    assert_eq!(subjects(olga, "?status=open").await, ["Other", "One"]);
    assert_eq!(olga.json(COUNTS).await["needs_reply"], 2);
    app.stop().await;
}
