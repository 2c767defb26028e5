//! Answers over HTTP: each is kept once, held, taken back or sent, and what cannot be sent says why. What a provider is sent is
//! proved beside the providers.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use sqlx::PgPool;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use crate::{
    letters::{COUNTS, Letter, Mailbox, conversation},
    mail_html::PNG,
    support::{Agency, Browser, TestApp, count, execute},
};

/// An agency with a letter of Jane, who is a contact of its first client; and the conversation's address.
pub async fn desk(pool: PgPool) -> (TestApp, Agency, Mailbox, String) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let contact = json!({"name": "Jane Doe", "emails": ["jane@c1.test"]});
    agency.olga.create(&format!("/api/v1/clients/{}/contacts", agency.c[0]), &contact).await;
    let mailbox = Mailbox::open(&app, &agency.olga, "gmail", "hello@acme.test").await;
    mailbox.keep(&[Letter::new("Jane Doe <jane@c1.test>", "Re: Spring sale", "When?")]).await;
    let path = conversation(&agency.olga, "Re: Spring sale").await;
    (app, agency, mailbox, path)
}

pub async fn sent(browser: &Browser, path: &str, body: Value) -> (u16, Value) {
    let answer = browser.post(path, &body).await;
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

const OUTGOING: &str = "select count(*) from outgoing";
/// Jobs that send.
const SENDING: &str = "select count(*) from graphile_worker._private_jobs where payload::text like '%send_message%'";

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b10_7_a_reply_is_kept_once_however_often_it_is_clicked(pool: PgPool) {
    let (app, agency, mailbox, path) = desk(pool).await;
    let reply = format!("{path}/reply");
    let body = json!({"id": Uuid::now_v7(), "text": "On Monday."});
    let before = app.service.clock.now();
    let clicks: Vec<_> = (0..4).map(|_| tokio::spawn(agency.max.send_owned("POST", &reply, body.clone()))).collect();
    for click in clicks {
        assert_eq!(click.await.unwrap(), 202);
    }
    let (status, kept) = sent(&agency.max, &reply, body.clone()).await;
    assert_eq!((status, &kept["id"], &kept["state"]), (202, &body["id"], &json!("held")));
    assert_eq!((count(&app.pool, OUTGOING).await, count(&app.pool, SENDING).await), (1, 1));
    assert_eq!(kept["subject"], "Re: Spring sale", "not Re: Re:");
    assert_eq!(kept["to"], json!([{"name": "Jane Doe", "address": "jane@c1.test"}]));
    assert_eq!(kept["member"], "max");
    // It can be taken back for ten seconds.
    let at = OffsetDateTime::parse(kept["send_at"].as_str().unwrap(), &Rfc3339).unwrap();
    assert!(at >= before + Duration::seconds(10), "{at} {before}");
    // Nobody was answered yet.
    assert_eq!(agency.olga.json(COUNTS).await["needs_reply"], 1);
    assert_eq!(agency.olga.json(&path).await["outgoing"][0]["text"], "On Monday.");

    // The same click with other words is not said to be sent.
    for other in [
        json!({"text": "On Tuesday."}),
        json!({"text": "On Monday.", "cc": ["bob@c1.test"]}),
        json!({"text": "On Monday.", "subject": "Else"}),
    ] {
        let mut other = other;
        other["id"] = body["id"].clone();
        let (status, answer) = sent(&agency.max, &reply, other).await;
        assert_eq!((status, &answer["error"]["code"]), (409, &json!("already_sent_otherwise")), "{answer}");
    }
    let named = json!({"id": body["id"], "text": "On Monday.", "to": ["jane@c1.test"], "subject": "Re: Spring sale"});
    assert_eq!(sent(&agency.max, &reply, named).await.0, 202, "what the page fills in is the same");

    // The same id elsewhere is not there.
    mailbox.keep(&[Letter::new("jane@c1.test", "Another", "?")]).await;
    let another = conversation(&agency.olga, "Another").await;
    assert_eq!(sent(&agency.max, &format!("{another}/reply"), body).await.0, 404);
    assert_eq!(count(&app.pool, OUTGOING).await, 1);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b10_7_what_was_sent_answers_its_conversation(pool: PgPool) {
    let (app, agency, mailbox, path) = desk(pool).await;
    let id = Uuid::now_v7();
    assert_eq!(sent(&agency.max, &format!("{path}/reply"), json!({"id": id, "text": "On Monday."})).await.0, 202);
    // As the provider has it among what was sent, in a thread that nothing else tells of.
    let header_id = format!("{}@acme.test", id.simple());
    let found = Letter { header_id, ..Letter::new("hello@acme.test", "Re: Spring sale", "On Monday.") }.sent();
    assert_eq!(mailbox.keep(&[found]).await.new, 1);
    let thread = agency.olga.json(&path).await;
    assert_eq!((&thread["messages"], &thread["needs_reply"]), (&json!(2), &json!(false)));
    assert_eq!(thread["outgoing"], json!([]), "it is among the messages");
    let messages = agency.olga.json(&format!("{path}/messages")).await;
    assert_eq!(messages["items"][1]["outgoing_id"], json!(id));
    assert_eq!(agency.olga.json(COUNTS).await["needs_reply"], 0);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b10_7_what_cannot_be_sent_says_why_and_nothing_is_kept(pool: PgPool) {
    let (app, agency, _, path) = desk(pool).await;
    let (max, reply) = (&agency.max, format!("{path}/reply"));
    let many: Vec<_> = (0..10_000).map(|n| format!("p{n}@c1.test")).collect();
    let long = "x".repeat(200_001);
    let unknown = json!(["018f0000-0000-7000-8000-000000000000"]);
    for (body, field) in [
        (json!({"text": ""}), "text"),
        (json!({"text": " \n\t"}), "text"),
        (json!({}), "text"),
        (json!({"text": 1}), "text"),
        (json!({"text": long}), "text"),
        (json!({"text": "Dear {{first_name}},"}), "text"),
        (json!({"text": "x", "to": many}), "to"),
        (json!({"text": "x", "to": ["jane"]}), "to"),
        (json!({"text": "x", "to": ["jane@c1.test\r\nBcc: x@evil.test"]}), "to"),
        (json!({"text": "x", "cc": ["a@c1.test, b@evil.test"]}), "cc"),
        (json!({"text": "x", "bcc": ["<a@c1.test>"]}), "bcc"),
        (json!({"text": "x", "subject": "Hello\r\nBcc: x@evil.test"}), "subject"),
        (json!({"text": "x", "subject": "Hello\nX: y"}), "subject"),
        (json!({"text": "x", "subject": "x".repeat(501)}), "subject"),
        (json!({"text": "x", "uploads": unknown}), "uploads"),
        (json!({"text": "x", "send_at": "2020-01-01T00:00:00Z"}), "send_at"),
        (json!({"text": "x", "send_at": "later"}), "send_at"),
        (json!({"text": "x", "id": "1"}), "id"),
    ] {
        let (status, answer) = sent(max, &reply, body.clone()).await;
        let said = body.to_string().chars().take(100).collect::<String>();
        assert_eq!((status, &answer["error"]["field"]), (422, &json!(field)), "{said}: {answer}");
    }
    for (who, status) in [(&agency.mel, 403), (&agency.nia, 404), (&agency.bert, 404)] {
        assert_eq!(sent(who, &reply, json!({"text": "x"})).await.0, status);
    }
    let code = async || {
        let (status, answer) = sent(max, &reply, json!({"text": "x"})).await;
        let said = answer["error"]["message"].as_str().unwrap().to_owned();
        assert!(said.contains("What you wrote is kept") || said.contains("what you wrote is kept"), "{said}");
        (status, answer["error"]["code"].as_str().unwrap().to_owned())
    };
    assert_eq!(max.send("PATCH", &path, &json!({"status": "closed"})).await.status(), 200);
    assert_eq!(code().await, (409, "conversation_closed".to_owned()));
    assert_eq!(max.send("PATCH", &path, &json!({"status": "open"})).await.status(), 200);
    execute(&app.pool, "update connection set reconnect_reason = 'Token has been revoked'".to_owned()).await;
    assert_eq!(code().await, (409, "mailbox_cannot_send".to_owned()));
    execute(&app.pool, "update connection set reconnect_reason = null, paused_at = now()".to_owned()).await;
    assert_eq!(code().await, (409, "mailbox_cannot_send".to_owned()));
    execute(&app.pool, "update connection set paused_at = null, disconnected_at = now()".to_owned()).await;
    assert_eq!(code().await, (409, "mailbox_cannot_send".to_owned()));
    assert_eq!((count(&app.pool, OUTGOING).await, count(&app.pool, SENDING).await), (0, 0));
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_reply_that_is_taken_back_is_a_draft_again(pool: PgPool) {
    let (app, agency, _, path) = desk(pool).await;
    let (olga, reply, draft) = (&agency.olga, format!("{path}/reply"), format!("{path}/draft"));
    let save = async |text: &str, revision: i64| {
        let answer = olga.send("PUT", &draft, &json!({"text": text, "revision": revision})).await;
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    assert_eq!(olga.json(&draft).await["revision"], 0);
    assert_eq!(save("On Mo", 0).await, (200, json!({"revision": 1})));
    assert_eq!(save("On Monday.", 1).await, (200, json!({"revision": 2})));
    let (status, body) = save("On Mo, from the other device", 1).await;
    assert_eq!((status, &body["error"]["code"]), (409, &json!("draft_is_newer")));
    assert_eq!(olga.json(&draft).await["text"], "On Monday.");
    assert_eq!(agency.max.json(&draft).await["text"], "", "everybody's own");
    assert_eq!(olga.json(&path).await["draft"], true);

    let (_, kept) = sent(olga, &reply, json!({"text": "On Monday.", "cc": ["bob@c1.test"]})).await;
    assert_eq!(olga.json(&path).await["draft"], false, "what is sent is begun no more");
    let id = kept["id"].as_str().unwrap();
    let undo = format!("/api/v1/communications/outgoing/{id}/undo");
    assert_eq!(sent(&agency.nia, &undo, json!({})).await.0, 404);
    assert_eq!(sent(&agency.mel, &undo, json!({})).await.0, 403);
    assert_eq!(save("Meanwhile", 0).await.0, 200);
    let (status, back) = sent(olga, &undo, json!({})).await;
    assert_eq!((status, &back["text"]), (200, &json!("On Monday.\n\nMeanwhile")));
    let again = olga.json(&draft).await;
    assert_eq!((&again["text"], &again["cc"]), (&json!("On Monday.\n\nMeanwhile"), &json!(["bob@c1.test"])));
    assert_eq!((&back["revision"], &again["revision"]), (&json!(2), &json!(2)), "one may write on from it");
    assert_eq!(sent(olga, &undo, json!({})).await.0, 409, "once");
    let late = json!({"id": id, "text": "On Monday.", "cc": ["bob@c1.test"]});
    assert_eq!(sent(olga, &reply, late).await.0, 409, "the click of what was taken back sends nothing");
    assert_eq!(olga.json(&path).await["outgoing"], json!([]));
    // What stands otherwise is neither sent again nor confirmed.
    for what in ["again", "confirm"] {
        let path = format!("/api/v1/communications/outgoing/{id}/{what}");
        assert_eq!(sent(olga, &path, json!({})).await.0, 404, "{what}");
    }
    assert_eq!(olga.send("DELETE", &draft, &json!({})).await.status(), 204);
    assert_eq!(olga.json(&draft).await["revision"], 0);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_person_decides_about_what_failed_and_what_nobody_knows(pool: PgPool) {
    let (app, agency, mailbox, path) = desk(pool).await;
    let olga = &agency.olga;
    let later = (app.service.clock.now() + Duration::DAY).format(&Rfc3339).unwrap();
    let (_, kept) = sent(olga, &format!("{path}/reply"), json!({"text": "On Monday.", "send_at": later})).await;
    assert_eq!(kept["send_at"].as_str().unwrap()[..16], later[..16]);
    let of = |what: &str| format!("/api/v1/communications/outgoing/{}/{what}", kept["id"].as_str().unwrap());
    let stand = async |state: &str| {
        let sql = format!("update outgoing set state = '{state}', fault = 'it did not answer', settled_at = now()");
        execute(&app.pool, sql).await;
    };
    stand("failed").await;
    assert_eq!(olga.json(&path).await["outgoing"][0]["fault"], "it did not answer");
    assert_eq!(sent(olga, &of("confirm"), json!({})).await.0, 404, "it is known not to have gone");
    let (status, again) = sent(olga, &of("again"), json!({})).await;
    assert_eq!((status, &again["state"], &again["fault"]), (202, &json!("held"), &json!(null)));
    stand("unconfirmed").await;
    assert_eq!(sent(olga, &of("undo"), json!({})).await.0, 409);
    let (status, confirmed) = sent(olga, &of("confirm"), json!({})).await;
    assert_eq!((status, &confirmed["state"]), (200, &json!("sent")));
    assert_eq!(sent(olga, &of("again"), json!({})).await.0, 404);
    // It is a message from then on, also where the mailbox never shows it, and nobody waits any more.
    let thread = olga.json(&path).await;
    assert_eq!(
        (&thread["messages"], &thread["needs_reply"], &thread["outgoing"]),
        (&json!(2), &json!(false), &json!([]))
    );
    let messages = olga.json(&format!("{path}/messages")).await;
    assert_eq!((&messages["items"][1]["outgoing_id"], &messages["items"][1]["inbound"]), (&kept["id"], &json!(false)));
    // Should the mailbox show it after all, it is the same.
    let header_id = format!("{}@acme.test", kept["id"].as_str().unwrap().replace('-', ""));
    let found = Letter { header_id, ..Letter::new("hello@acme.test", "Re: Spring sale", "On Monday.") }.sent();
    assert_eq!(mailbox.keep(&[found]).await.new, 0);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn files_templates_and_signatures_are_kept(pool: PgPool) {
    let (app, agency, _, path) = desk(pool).await;
    let (olga, max) = (&agency.olga, &agency.max);
    let base = "/api/v1/communications";
    let upload = async |who: &Browser, query: &str, bytes: Vec<u8>| {
        let url = format!("{}{base}/uploads?{query}", who.url);
        let answer = who.client.post(url).body(bytes).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let (status, file) =
        upload(max, "name=..%2F..%2Fetc%2Fplan.pdf&content_type=application/pdf", b"%PDF".to_vec()).await;
    assert_eq!((status, &file["size"]), (201, &json!(4)));
    // It can be looked at before it goes, by whoever added it alone; a picture as one.
    let address = |file: &Value| format!("{base}/uploads/{}", file["id"].as_str().unwrap());
    let back = max.get(&address(&file)).await;
    let kept_as = back.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(kept_as.starts_with("attachment; filename=\"plan.pdf\""), "{kept_as}");
    assert_eq!(back.headers()["content-type"], "application/octet-stream");
    assert!(back.bytes().await.unwrap().starts_with(b"%PDF"));
    assert_eq!(max.get(&format!("{}?preview=1", address(&file))).await.status(), 415);
    for (who, status) in [(olga, 404), (&agency.mel, 403), (&agency.bert, 404)] {
        assert_eq!(who.get(&address(&file)).await.status(), status);
    }
    let png = BASE64_STANDARD.decode(PNG).unwrap();
    let (_, picture) = upload(max, "name=a.png&content_type=image/png", png).await;
    let shown = max.get(&format!("{}?preview=1", address(&picture))).await;
    assert_eq!((shown.status().as_u16(), shown.headers()["content-type"].to_str().unwrap()), (200, "image/png"));
    assert_eq!(upload(max, "", b"x".to_vec()).await.0, 422, "without a name");
    assert_eq!(upload(max, "name=a", vec![0; (25 << 20) + 1]).await.0, 413);
    assert_eq!(upload(max, "name=a", vec![0; (26 << 20) + 1]).await.0, 413);
    let reply = json!({"text": "x", "uploads": [file["id"]]});
    assert_eq!(sent(olga, &format!("{path}/reply"), reply.clone()).await.0, 422, "another member's file");
    let (status, kept) = sent(max, &format!("{path}/reply"), reply).await;
    assert_eq!((status, &kept["files"]), (202, &json!(["plan.pdf"])));
    // Whoever takes it back goes on with the files, too.
    let undo = format!("{base}/outgoing/{}/undo", kept["id"].as_str().unwrap());
    let (status, back) = sent(olga, &undo, json!({})).await;
    assert_eq!((status, &back["uploads"]), (200, &json!([file["id"]])));
    let (status, kept) = sent(olga, &format!("{path}/reply"), json!({"text": "x", "uploads": back["uploads"]})).await;
    assert_eq!((status, &kept["files"]), (202, &json!(["plan.pdf"])), "{kept}");

    let template = json!({"name": "Thanks", "text": "Thank you, {{name}}"});
    let id = max.create(&format!("{base}/templates"), &template).await;
    assert_eq!(sent(olga, &format!("{base}/templates"), json!({"name": "THANKS", "text": "x"})).await.0, 422);
    let one = format!("{base}/templates/{id}");
    let changed = olga.send("PUT", &one, &json!({"name": "Many thanks", "text": "Thanks!"})).await;
    assert_eq!(changed.status(), 200);
    let all = agency.mel.json(&format!("{base}/templates")).await;
    assert_eq!(all["items"], json!([{"id": id, "name": "Many thanks", "text": "Thanks!"}]));
    assert_eq!(agency.mel.send("DELETE", &one, &json!({})).await.status(), 403);
    assert_eq!(agency.bert.send("PUT", &one, &json!({"name": "x", "text": "x"})).await.status(), 404);
    assert_eq!(agency.bert.json(&format!("{base}/templates")).await["items"], json!([]));
    assert_eq!(olga.send("DELETE", &one, &json!({})).await.status(), 204);

    let signature = format!("{base}/signature");
    assert_eq!(olga.send("PUT", &signature, &json!({"text": "Olga\n"})).await.status(), 200);
    assert_eq!(olga.json(&signature).await["text"], "Olga");
    assert_eq!(max.json(&signature).await["text"], "");
    assert_eq!(olga.send("PUT", &signature, &json!({"text": "x".repeat(5001)})).await.status(), 422);

    // What goes with nothing is thrown away in time; what is to go out stays.
    app.service.clock.advance(Duration::days(31));
    let purged = service::purge::run(&app.service).await.unwrap();
    assert_eq!((purged.uploads, count(&app.pool, "select count(*) from upload").await), (1, 1));
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_answer_goes_where_its_writer_wants_it_and_not_to_a_machine(pool: PgPool) {
    let (app, agency, mailbox, _) = desk(pool).await;
    let olga = &agency.olga;
    let mut form = Letter::new("Shop <noreply@shop.test>", "A form", "From the website");
    form.headers.push_str("Reply-To: Jane Doe <jane@c1.test>\r\n");
    let asked = Letter::new("Jane Doe <jane@c1.test>", "A question", "When?");
    let mut failure = Letter::new("mailer-daemon@c1.test", "Undelivered", "It did not arrive").answering(&asked);
    failure.headers.push_str("Auto-Submitted: auto-replied\r\n");
    mailbox.keep(&[form, asked.clone(), failure]).await;
    for subject in ["A form", "A question"] {
        let path = conversation(olga, subject).await;
        let (status, kept) = sent(olga, &format!("{path}/reply"), json!({"text": "On Monday."})).await;
        let jane = json!([{"name": "Jane Doe", "address": "jane@c1.test"}]);
        assert_eq!((status, &kept["to"]), (202, &jane), "{subject}: {kept}");
    }
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_subject_that_nobody_typed_here_is_no_reason_to_refuse(pool: PgPool) {
    let (app, agency, mailbox, _) = desk(pool).await;
    let olga = &agency.olga;
    let (long, hidden) = ("x".repeat(500), "Spring\u{feff} sale\u{200c}");
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, hidden);
    let letter = |subject: &str| Letter::new("jane@c1.test", subject, "?");
    mailbox.keep(&[letter(&long), letter(&format!("=?utf-8?B?{encoded}?="))]).await;
    for subject in [long.as_str(), hidden] {
        let path = conversation(olga, subject).await;
        // As the page fills it in.
        let filled = format!("Re: {subject}");
        let (status, kept) = sent(olga, &format!("{path}/reply"), json!({"text": "x", "subject": filled})).await;
        assert_eq!((status, &kept["subject"]), (202, &json!(filled)), "{kept}");
    }
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn files_that_no_answer_needs_go_after_a_week(pool: PgPool) {
    let (app, agency, _, path) = desk(pool).await;
    let max = &agency.max;
    let upload = async |name: &str| {
        let url = format!("{}/api/v1/communications/uploads?name={name}", max.url);
        let answer = max.client.post(url).body(vec![1, 2, 3]).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["id"].clone()
    };
    let (begun, waiting, _) = (upload("begun").await, upload("waiting").await, upload("dropped").await);
    let later = (app.service.clock.now() + Duration::days(20)).format(&Rfc3339).unwrap();
    let body = json!({"text": "On Monday.", "uploads": [waiting], "send_at": later});
    assert_eq!(sent(max, &format!("{path}/reply"), body).await.0, 202);
    let body = json!({"text": "And", "uploads": [begun], "revision": 0});
    assert_eq!(max.send("PUT", &format!("{path}/draft"), &body).await.status(), 200);
    let left = async |wanted: i64| {
        service::purge::run(&app.service).await.unwrap();
        assert_eq!(count(&app.pool, "select count(*) from upload").await, wanted);
    };
    left(3).await;
    app.service.clock.advance(Duration::days(8));
    left(2).await;
    execute(&app.pool, "update outgoing set state = 'sent'".to_owned()).await;
    left(1).await;
    app.stop().await;
}
