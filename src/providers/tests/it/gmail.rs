//! Gmail against an independent Google that keeps mail, against Prism, which judges every request by Google's own
//! specification, and against mountebank for what neither of them does: history that is too old, conversations that are
//! gone, large mails, and ids that Google replaced.
//!
//! Two things that Google has and this peer has not are added when it is loaded: the profile, and a search by `Message-ID`
//! that finds something (it cuts off one letter too few there).

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use model::{
    message::{Address, Place},
    metric::Account,
};
use providers::{
    Call, Change, Changes, Consent, Content, Credential, Error, Exchange, Http, Inbox, Lookup, Message, Outgoing,
    Provider, Sent, Settings, find,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use time::{OffsetDateTime, macros::datetime};
use url::Url;

use crate::{
    emulate::Emulate,
    faults::{Faults, body},
    peers,
};

const OWNER: &str = "owner@acme.test";
const REDIRECT: &str = "http://localhost:3000/api/oauth/gmail/callback";
const SINCE: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);
/// One more than a page has, without the draft and the old one.
const RECENT: usize = 51;

const HOOK: &str = r#"import { registerHooks } from "node:module";
const route = 'app.get("/gmail/v1/users/:userId/messages", (c) => {';
const profile = `app.get("/gmail/v1/users/:userId/profile", (c) => {
  const authEmail = requireGmailUser(c);
  if (authEmail instanceof Response) return authEmail;
  return c.json({ emailAddress: authEmail, historyId: getCurrentHistoryId(gs, authEmail) });
});
`;
registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!/\/emulate\/dist\/.*\.js$/.test(url) || loaded.source == null) return loaded;
    const source = loaded.source.toString().split(route).join(profile + route)
      .split("cleaned.slice(11).replace").join("cleaned.slice(12).replace");
    return { ...loaded, source, shortCircuit: true };
  },
});
"#;

fn gmail() -> &'static dyn Provider {
    find("gmail").unwrap()
}

fn inbox() -> &'static dyn Inbox {
    gmail().inbox().unwrap()
}

fn account() -> Account {
    Account {
        external_id: OWNER.into(),
        name: OWNER.into(),
        currency: String::new(),
        time_zone: String::new(),
        manager_id: None,
    }
}

struct Connection {
    http: Http,
    credential: Credential,
    settings: Settings,
}

impl Connection {
    fn new(base: &Url, token: &str) -> Self {
        let (http, settings) = (peers::http(gmail(), base), peers::settings(gmail()));
        Self { http, credential: peers::credential(token), settings }
    }

    fn call(&self) -> Call<'_> {
        Call { http: &self.http, credential: &self.credential, settings: &self.settings }
    }

    async fn changes(&self, cursor: Option<&str>) -> Result<Changes, Error> {
        inbox().changes(&self.call(), &account(), cursor, SINCE).await
    }

    /// Everything after `cursor`, page by page, and where it goes on.
    async fn all(&self, cursor: Option<String>) -> (Vec<Change>, String) {
        let (mut all, mut cursor) = (Vec::new(), cursor);
        for _ in 0..10 {
            let page = self.changes(cursor.as_deref()).await.unwrap();
            all.extend(page.changes);
            if !page.more {
                return (all, page.cursor);
            }
            cursor = Some(page.cursor);
        }
        panic!("the pages do not end");
    }
}

/// An independent Google with the owner's mailbox, and a connection to it.
async fn google() -> Option<(Emulate, Connection)> {
    let mut seed = format!(
        "  users:\n    - {{ email: {OWNER}, name: Olive Owner }}\n  oauth_clients:\n    - {{ client_id: \
         hidden-google_client_id, client_secret: hidden-google_client_secret, name: Us, redirect_uris: [\"{REDIRECT}\"] \
         }}\n  messages:\n"
    );
    for number in 0..RECENT {
        let unread = if number == 0 { ", UNREAD" } else { "" };
        seed += &format!(
            "    - {{ id: m{number}, thread_id: t{number}, user_email: {OWNER}, from: \"Jane Doe <jane@c1.test>\", to: \
             {OWNER}, subject: \"Number {number}\", body_text: Hello, label_ids: [INBOX{unread}], date: \
             \"2026-01-05T10:{number:02}:00.000Z\", message_id: \"<n{number}@c1.test>\" }}\n"
        );
    }
    for (id, label, date) in [("draft", "DRAFT", "2026-01-06"), ("old", "INBOX", "2025-12-30")] {
        seed += &format!(
            "    - {{ id: {id}, user_email: {OWNER}, from: {OWNER}, to: jane@c1.test, subject: S, body_text: B, \
             label_ids: [{label}], date: \"{date}T10:00:00.000Z\" }}\n"
        );
    }
    let google = Emulate::start("google", &seed, HOOK).await?;
    let (oauth, settings, fields) = (gmail().oauth().unwrap(), peers::settings(gmail()), Default::default());
    let hosts = gmail().hosts(Some(&google.peer.url)).unwrap();
    let verifier = "a-verifier-of-forty-three-characters-or-more";
    let code_challenge = &URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    let asked = Consent { base: &hosts.consent, state: "s&1", redirect_uri: REDIRECT, code_challenge, fields: &fields };
    let consent = oauth.consent(&settings, &asked).unwrap();
    let code = google.choose(&consent, "o/oauth2/v2/auth/callback", OWNER).await;
    // Google itself has its tokens at a host of their own; this one under a path.
    let http = peers::http(gmail(), &hosts.tokens.join("oauth2/").unwrap());
    let parameters = Default::default();
    let asked = Exchange { code: &code, redirect_uri: REDIRECT, code_verifier: verifier, parameters: &parameters };
    let tokens = oauth.exchange(&http, &settings, &asked).await.unwrap();
    assert!(gmail().descriptor().missing(&tokens.scopes).is_empty(), "{:?}", tokens.scopes);
    let credential = Credential { access_token: tokens.access_token, ..Credential::default() };
    let connection = Connection { http: peers::http(gmail(), &google.peer.url), credential, settings };
    Some((google, connection))
}

fn messages(changes: &[Change]) -> Vec<&Message> {
    changes
        .iter()
        .map(|change| match change {
            Change::Message(message) => message,
            other => panic!("{other:?}"),
        })
        .collect()
}

fn source(message: &Message) -> String {
    let Content::Mail(source) = &message.content;
    String::from_utf8(source.clone()).unwrap()
}

#[tokio::test]
async fn a_mailbox_is_read_to_its_end_the_newest_first_and_then_only_what_changed() {
    let Some((google, connection)) = google().await else { return };
    let call = connection.call();
    assert_eq!(gmail().accounts(&call).await.unwrap(), [account()]);
    let own = Address { name: "Olive Owner".into(), address: OWNER.into() };
    assert_eq!(inbox().addresses(&call, &account()).await.unwrap(), [own]);

    let (all, cursor) = connection.all(None).await;
    let got = messages(&all);
    let ids: Vec<_> = got.iter().map(|message| message.external_id.clone()).collect();
    let expected: Vec<_> = (0..RECENT).rev().map(|number| format!("m{number}")).collect();
    assert_eq!(ids, expected);
    let oldest = got[RECENT - 1];
    assert_eq!((oldest.place, oldest.seen, oldest.thread.as_deref()), (Place::Inbox, false, Some("t0")));
    assert_eq!((oldest.at, got[0].seen), (datetime!(2026-01-05 10:00 UTC), true));
    assert!(source(oldest).contains("Message-ID: <n0@c1.test>\r\n"));
    let (nothing, cursor) = connection.all(Some(cursor)).await;
    assert!(nothing.is_empty(), "read twice, nothing is new: {nothing:?}");

    let answer = "From: Jane Doe <jane@c1.test>\r\nTo: owner@acme.test\r\nSubject: Re: Number 7\r\nMessage-ID: \
                  <r7@c1.test>\r\nIn-Reply-To: <n7@c1.test>\r\nDate: Tue, 06 Jan 2026 09:00:00 +0000\r\n\r\nGr\u{fc}\u{df}e\r\n";
    let at = |path: &str| google.peer.url.join(&format!("gmail/v1/users/me/messages/{path}")).unwrap();
    let post = async |path: &str, body: Value| {
        let request =
            reqwest::Client::new().post(at(path)).bearer_auth(connection.credential.access_token.expose_secret());
        let answer = request.json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}");
    };
    post("import", json!({ "raw": URL_SAFE_NO_PAD.encode(answer) })).await;
    post("m3/modify", json!({ "removeLabelIds": ["INBOX"] })).await;
    post("m0/modify", json!({ "removeLabelIds": ["UNREAD"] })).await;
    post("m4/trash", json!({})).await;
    post("batchDelete", json!({ "ids": ["m5"] })).await;
    let (changed, _) = connection.all(Some(cursor)).await;
    let new = messages(&changed[..1])[0];
    assert_eq!((source(new).as_str(), new.thread.as_deref(), new.place), (answer, Some("t7"), Place::Inbox));
    let moved = |id: &str, place| Change::Moved { external_id: id.into(), place, seen: true };
    let gone = Change::Gone { external_id: "m5".into() };
    let rest = [moved("m3", Place::Archive), moved("m0", Place::Inbox), moved("m4", Place::Trash), gone];
    assert_eq!(changed[1..], rest);
    assert_eq!(inbox().message(&call, &account(), "m5").await, Ok(None));
    let again = inbox().message(&call, &account(), "m7").await.unwrap().unwrap();
    assert_eq!(again.thread.as_deref(), Some("t7"));
}

fn mail(message_id: &str) -> String {
    format!(
        "From: {OWNER}\r\nTo: jane@c1.test\r\nSubject: Re: Number 7\r\nMessage-ID: <{message_id}>\r\nIn-Reply-To: \
         <n7@c1.test>\r\nDate: Tue, 06 Jan 2026 10:00:00 +0000\r\n\r\nYes.\r\n"
    )
}

fn outgoing<'a>(source: &'a str, message_id: &'a str, blind: &'a [String], thread: Option<&'a str>) -> Outgoing<'a> {
    Outgoing { source: source.as_bytes(), message_id, from: OWNER, recipients: &[], blind, thread }
}

#[tokio::test]
async fn an_answer_goes_into_its_conversation_once_and_is_found_again() {
    let Some((google, connection)) = google().await else { return };
    let call = connection.call();
    let (_, cursor) = connection.all(None).await;
    let (id, blind) = ("0199-a@x.test", ["boss@acme.test".to_owned()]);
    assert_eq!(inbox().find_sent(&call, &account(), id).await, Ok(Lookup::Absent));
    let whole = mail(id);
    let sent = inbox().send(&call, &account(), &outgoing(&whole, id, &blind, Some("t7"))).await.unwrap();
    assert_eq!(sent.thread.as_deref(), Some("t7"));
    assert_eq!(inbox().find_sent(&call, &account(), id).await, Ok(Lookup::Found(sent.clone())));
    assert_eq!(inbox().find_sent(&call, &account(), "0199-b@x.test").await, Ok(Lookup::Absent));
    let (changed, _) = connection.all(Some(cursor)).await;
    let got = messages(&changed);
    assert_eq!((got.len(), Some(got[0].external_id.clone()), got[0].place), (1, sent.external_id, Place::Sent));
    assert_eq!(source(got[0]), format!("X-AudienceOS-Message-ID: {id}\r\nBcc: boss@acme.test\r\n{whole}"));

    // Google itself has its tokens at a host of their own; this one under a path.
    let http = peers::http(gmail(), &google.peer.url.join("oauth2/").unwrap());
    gmail().oauth().unwrap().revoke(&Call { http: &http, ..call }, None).await.unwrap();
    assert_eq!(connection.changes(None).await.unwrap_err().key(), "unauthorized");
}

#[tokio::test]
async fn every_request_is_one_that_the_specification_allows() {
    let Some(judge) = peers::prism("gmail", "gmail.json").await else { return };
    let connection = Connection::new(&judge.url, "token");
    let call = connection.call();
    // Its answers are invented: what is judged is that nothing is refused.
    let allowed = |what: &str, answer: Result<(), Error>| {
        assert!(answer.as_ref().err().is_none_or(|error| error.key() == "malformed"), "{what}: {answer:?}");
    };
    allowed("accounts", gmail().accounts(&call).await.map(drop));
    let mut named = 0;
    for cursor in [
        None,
        Some(r#"{"in":"list","history":"1","after":1767225600,"page":"p"}"#),
        Some(r#"{"in":"history","from":"1"}"#),
        Some(r#"{"in":"history","from":"1","page":"p","to":"2"}"#),
    ] {
        let answer = connection.changes(cursor).await;
        for change in answer.iter().flat_map(|page| &page.changes) {
            let refused = matches!(change, Change::Missed { fault, .. } if !fault.contains("could not be read"));
            assert!(!refused, "{change:?}");
            named += 1;
        }
        allowed("changes", answer.map(drop));
    }
    assert!(named > 0, "lists name messages, which are asked for");
    allowed("message", inbox().message(&call, &account(), "18c2a").await.map(drop));
    allowed("find_sent", inbox().find_sent(&call, &account(), "1@x.test").await.map(drop));
    let whole = mail("1@x.test");
    for thread in [None, Some("18c29")] {
        allowed("send", inbox().send(&call, &account(), &outgoing(&whole, "1@x.test", &[], thread)).await.map(drop));
    }
}

fn answered(status: u16, body: Value) -> Value {
    json!({ "is": { "statusCode": status, "headers": { "Content-Type": "application/json" }, "body": body } })
}

fn missing() -> Value {
    answered(
        404,
        json!({ "error": { "code": 404, "message": "Requested entity was not found.", "status": "NOT_FOUND" } }),
    )
}

#[tokio::test]
async fn history_that_is_too_old_means_to_read_everything_again() {
    let Some(faults) = Faults::start(json!([missing()])).await else { return };
    let connection = Connection::new(&faults.url, "token");
    let old = connection.changes(Some(r#"{"in":"history","from":"1"}"#)).await;
    assert_eq!(old, Err(Error::CursorExpired));
    let [asked] = faults.requests().await.try_into().unwrap();
    assert_eq!(asked["path"], "/base/gmail/v1/users/owner@acme.test/history");
    assert_eq!((&asked["query"]["startHistoryId"], &asked["query"]["maxResults"]), (&json!("1"), &json!("100")));
    assert_eq!(
        connection.changes(None).await.unwrap_err().key(),
        "rejected",
        "a mailbox that is not there is no old cursor"
    );
}

#[tokio::test]
async fn a_message_that_cannot_be_read_is_named_and_asked_for_again() {
    let list = answered(200, json!({ "messages": [{ "id": "a", "threadId": "t" }], "resultSizeEstimate": 1 }));
    let profile = answered(200, json!({ "emailAddress": OWNER, "historyId": "987654321098765432109" }));
    let broken = answered(400, json!({ "error": { "code": 400, "message": "Precondition check failed." } }));
    let Some(faults) = Faults::start(json!([profile, list, broken])).await else { return };
    let connection = Connection::new(&faults.url, "token");
    let page = connection.changes(None).await.unwrap();
    let [Change::Missed { external_id, fault, .. }] = &*page.changes else { panic!("{page:?}") };
    assert_eq!((external_id.as_str(), fault.contains("Precondition check failed.")), ("a", true));
    assert!(page.cursor.contains("987654321098765432109"), "an id of history is a text of any length: {}", page.cursor);
    let asked = faults.requests().await;
    assert_eq!(asked[1]["query"]["q"], "after:1767225600");
    assert_eq!(
        (&asked[2]["path"], &asked[2]["query"]["format"]),
        (&json!("/base/gmail/v1/users/owner@acme.test/messages/a"), &json!("raw"))
    );
}

#[tokio::test]
async fn an_answer_to_a_conversation_that_is_gone_begins_a_new_one_and_any_other_fault_sends_nothing_again() {
    let whole = mail("1@x.test");
    let sent = answered(200, json!({ "id": "s1", "threadId": "t9", "labelIds": ["SENT"] }));
    let Some(faults) = Faults::start(json!([missing(), sent])).await else { return };
    let connection = Connection::new(&faults.url, "token");
    let got = inbox().send(&connection.call(), &account(), &outgoing(&whole, "1@x.test", &[], Some("t7"))).await;
    assert_eq!(got, Ok(Sent { external_id: Some("s1".into()), thread: Some("t9".into()) }));
    let [first, second] = faults.requests().await.try_into().unwrap();
    assert_eq!((&body(&first)["threadId"], &body(&second)["threadId"]), (&json!("t7"), &Value::Null));
    assert_eq!(body(&first)["raw"], body(&second)["raw"]);

    let limited = json!({ "is": { "statusCode": 429, "headers": { "Retry-After": "1" } } });
    let reset = json!({ "fault": "CONNECTION_RESET_BY_PEER" });
    for (fault, key) in [(answered(503, json!({})), "unavailable"), (limited, "rate_limited"), (reset, "unavailable")] {
        let Some(faults) = Faults::start(json!([fault, answered(200, json!({ "id": "s1" }))])).await else { return };
        let connection = Connection::new(&faults.url, "token");
        let got = inbox().send(&connection.call(), &account(), &outgoing(&whole, "1@x.test", &[], None)).await;
        assert_eq!(got.unwrap_err().key(), key);
        assert_eq!(faults.requests().await.len(), 1, "{key}");
    }
}

#[tokio::test]
async fn a_large_mail_is_uploaded_with_its_conversation() {
    let whole = format!("{}{}", mail("1@x.test"), "A line of a file.\r\n".repeat(320_000));
    let Some(faults) = Faults::start(json!([answered(200, json!({ "id": "s1", "threadId": "t7" }))])).await else {
        return;
    };
    let connection = Connection::new(&faults.url, "token");
    let outgoing = outgoing(&whole, "1@x.test", &[], Some("t7"));
    inbox().send(&connection.call(), &account(), &outgoing).await.unwrap();
    let [sent] = faults.requests().await.try_into().unwrap();
    assert_eq!(sent["path"], "/base/upload/gmail/v1/users/owner@acme.test/messages/send");
    assert_eq!(sent["query"]["uploadType"], "multipart");
    let kind = crate::faults::header(&sent, "content-type").as_str().unwrap().to_owned();
    let border = kind.strip_prefix("multipart/related; boundary=").unwrap();
    let parts: Vec<_> = sent["body"].as_str().unwrap().split(&format!("--{border}")).collect();
    let [before, about, message, after] = parts.try_into().unwrap();
    assert_eq!((before, after), ("", "--\r\n"));
    assert!(about.ends_with("\r\n\r\n{\"threadId\":\"t7\"}\r\n"), "{about}");
    assert!(message.starts_with("\r\nContent-Type: message/rfc822\r\n\r\nX-AudienceOS-Message-ID: 1@x.test\r\nFrom: "));
    assert!(message.ends_with("A line of a file.\r\n\r\n"));
}

#[tokio::test]
async fn what_was_sent_is_found_by_our_mark_where_google_gave_it_another_id() {
    let none = answered(200, json!({ "resultSizeEstimate": 0 }));
    let two = json!({ "messages": [{ "id": "s2", "threadId": "t8" }, { "id": "s1", "threadId": "t7" }], "resultSizeEstimate": 2 });
    let other = answered(200, json!({ "id": "s2", "payload": { "headers": [] } }));
    let ours =
        json!({ "id": "s1", "payload": { "headers": [{ "name": "x-audienceos-message-id", "value": "1@x.test" }] } });
    let answers = json!([none, answered(200, two), other, answered(200, ours)]);
    let Some(faults) = Faults::start(answers).await else { return };
    let connection = Connection::new(&faults.url, "token");
    let found = inbox().find_sent(&connection.call(), &account(), "1@x.test").await.unwrap();
    assert_eq!(found, Lookup::Found(Sent { external_id: Some("s1".into()), thread: Some("t7".into()) }));
    let asked = faults.requests().await;
    assert_eq!(
        (&asked[0]["query"]["q"], &asked[1]["query"]["labelIds"]),
        (&json!("rfc822msgid:1@x.test"), &json!("SENT"))
    );
    assert_eq!(asked[3]["query"]["metadataHeaders"], "X-AudienceOS-Message-ID");
}

#[test]
fn it_is_read_every_five_minutes() {
    assert_eq!(inbox().every(), Duration::from_secs(300));
}
