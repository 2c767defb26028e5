//! The way of an app through the mailbox, from consent to history and sending, and what wrong questions get.

use base64::{
    Engine,
    engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD},
};
use time::{Date, Duration, macros::date};

use super::*;
use crate::{
    World,
    protocol::{
        encoded, fields,
        test::{self, REDIRECT},
    },
};

const NOW: OffsetDateTime = time::macros::datetime!(2026-06-15 21:00 UTC);
const TODAY: Date = date!(2026 - 06 - 15);
const BASE: &str = "/gmail/v1/users/me";

fn desk() -> Desk {
    test::desk(World::since(11, date!(2026 - 03 - 17), TODAY).unwrap())
}

fn ask_as(
    desk: &Desk,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: &[u8],
    now: OffsetDateTime,
) -> (u16, Value) {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let (method, path, query) = (method.to_owned(), path.to_owned(), fields(query));
    let question = Question { method, path, query, headers, body: body.to_vec(), early: false };
    let answer = super::super::answer(desk, &question, now);
    (answer.status, serde_json::from_str(&answer.body).unwrap_or(json!(answer.body)))
}

/// Consent and an access token, as `Bearer …`.
fn bearer(desk: &Desk, now: OffsetDateTime) -> String {
    let scope = encoded("https://www.googleapis.com/auth/gmail.readonly https://www.googleapis.com/auth/gmail.send");
    let path = format!(
        "/o/oauth2/v2/auth?client_id=app&redirect_uri={REDIRECT}&response_type=code&scope={scope}&access_type=offline"
    );
    let page = ask_as(desk, ("GET", &path), &[], b"", now).1;
    let page = page.as_str().unwrap();
    assert_eq!(page.matches("<li>").count(), 1, "there is one mailbox");
    let link = page.split("<li><a href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let code = fields(link.split_once('?').unwrap().1).remove("code").unwrap();
    let app = format!("client_id=app&client_secret=secret&redirect_uri={REDIRECT}");
    let body = format!("{app}&grant_type=authorization_code&code={code}");
    let (status, given) = ask_as(desk, ("POST", "/token"), &[], body.as_bytes(), now);
    assert_eq!(status, 200, "{given}");
    assert!(given["scope"].as_str().unwrap().contains("gmail.readonly"));
    let refresh = given["refresh_token"].as_str().unwrap();
    let body = format!("{app}&grant_type=refresh_token&refresh_token={refresh}");
    let given = ask_as(desk, ("POST", "/token"), &[], body.as_bytes(), now).1;
    format!("Bearer {}", given["access_token"].as_str().unwrap())
}

/// Somebody who asks for the mailbox.
struct Asker<'a> {
    desk: &'a Desk,
    bearer: String,
    now: OffsetDateTime,
}

impl<'a> Asker<'a> {
    fn new(desk: &'a Desk, now: OffsetDateTime) -> Self {
        Self { desk, bearer: bearer(desk, now), now }
    }

    fn send(&self, method: &str, call: &str, kind: &str, body: &[u8]) -> (u16, Value) {
        let headers = [("authorization", self.bearer.as_str()), ("content-type", kind)];
        ask_as(self.desk, (method, &format!("{BASE}/{call}")), &headers, body, self.now)
    }

    fn get(&self, call: &str) -> Value {
        let (status, told) = self.send("GET", call, "", b"");
        assert_eq!(status, 200, "{call} {told}");
        told
    }

    /// The ids of all messages.
    fn all(&self, asked: &str) -> Vec<String> {
        let (mut ids, mut page) = (vec![], String::new());
        loop {
            let told = self.get(&format!("messages?maxResults=17{asked}{page}"));
            ids.extend(
                told["messages"].as_array().into_iter().flatten().map(|one| one["id"].as_str().unwrap().to_owned()),
            );
            match told["nextPageToken"].as_str() {
                Some(next) => page = format!("&pageToken={next}"),
                None => return ids,
            }
        }
    }
}

#[test]
fn every_message_is_listed_once_and_told_in_four_formats() {
    let desk = desk();
    let mail = Asker::new(&desk, NOW);
    let profile = mail.get("profile");
    let ids = mail.all("&includeSpamTrash=true");
    let different: BTreeSet<_> = ids.iter().collect();
    assert_eq!((json!(ids.len()), different.len()), (profile["messagesTotal"].clone(), ids.len()));
    let inside = mail.all("");
    assert!(inside.len() <= ids.len() && inside.iter().all(|id| different.contains(id)));
    assert_eq!(mail.all("&q=in:spam").len(), ids.len() - inside.len());
    let mut last = i64::MAX;
    for id in ids.iter().take(40) {
        let raw = mail.get(&format!("messages/{id}?format=raw"));
        let source = URL_SAFE.decode(raw["raw"].as_str().unwrap()).unwrap();
        let at: i64 = raw["internalDate"].as_str().unwrap().parse().unwrap();
        assert!(at <= last, "the newest first");
        last = at;
        let full = mail.get(&format!("messages/{id}"));
        let named = |name: &str| {
            let headers = full["payload"]["headers"].as_array().unwrap();
            headers.iter().find(|one| one["name"] == name).map(|one| one["value"].as_str().unwrap().to_owned())
        };
        let id_line = format!("Message-ID: {}\r\n", named("Message-ID").unwrap());
        assert!(String::from_utf8(source).unwrap().contains(&id_line), "{id_line}");
        let minimal = mail.get(&format!("messages/{id}?format=minimal"));
        assert!(minimal["payload"].is_null() && minimal["labelIds"] == full["labelIds"]);
        let metadata = mail.get(&format!("messages/{id}?format=metadata&metadataHeaders=Subject&metadataHeaders=From"));
        assert!(metadata["payload"]["headers"].is_array() && metadata["payload"]["body"].is_null());
        let found = mail
            .get(&format!("messages?includeSpamTrash=true&q=rfc822msgid:{}", encoded(&named("Message-ID").unwrap())));
        assert_eq!(found["messages"][0]["id"], *id);
        let thread = mail.get(&format!("threads/{}", full["threadId"].as_str().unwrap()));
        assert!(thread["messages"].as_array().unwrap().iter().any(|one| one["id"] == *id));
    }
    assert_eq!(mail.get("settings/sendAs")["sendAs"][0]["sendAsEmail"], MAILBOX.address());
    assert_eq!(mail.get("labels/INBOX")["id"], "INBOX");
}

#[test]
fn history_tells_what_came_since_and_ends_after_two_weeks() {
    let desk = desk();
    let earlier = Asker::new(&desk, NOW - Duration::days(10));
    let (before, start) = (earlier.all(""), earlier.get("profile")["historyId"].as_str().unwrap().to_owned());
    let later = Asker::new(&desk, NOW);
    let (mut came, mut seen, mut page) = (BTreeSet::new(), 0, String::new());
    loop {
        let told = later.get(&format!("history?startHistoryId={start}&maxResults=3{page}"));
        for record in told["history"].as_array().unwrap() {
            for added in record["messagesAdded"].as_array().into_iter().flatten() {
                came.insert(added["message"]["id"].as_str().unwrap().to_owned());
            }
            seen += record["labelsRemoved"].as_array().map_or(0, Vec::len);
        }
        match told["nextPageToken"].as_str() {
            Some(next) => page = format!("&pageToken={next}"),
            None => {
                assert_eq!(told["historyId"], later.get("profile")["historyId"]);
                break;
            }
        }
    }
    let known: BTreeSet<_> = before.into_iter().collect();
    let now: BTreeSet<_> = later.all("&includeSpamTrash=true").into_iter().collect();
    assert!(!came.is_empty() && came.is_subset(&now) && came.is_disjoint(&known) && seen > 0);
    let only =
        later.get(&format!("history?startHistoryId={start}&historyTypes=messageAdded&historyTypes=messageDeleted"));
    assert!(only["history"].as_array().unwrap().iter().all(|record| record["messagesAdded"].is_array()));
    let much_later = Asker::new(&desk, NOW + Duration::days(20));
    let (status, told) = much_later.send("GET", &format!("history?startHistoryId={start}"), "", b"");
    assert_eq!((status, &told["error"]["errors"][0]["reason"]), (404, &json!("notFound")));
}

fn source(to: &str, header: &str) -> String {
    format!(
        "From: {}\r\nTo: {to}\r\nSubject: Re: Call\r\nMessage-ID: <own@audienceos.example>\r\n{header}\r\nIs it done?\r\n",
        MAILBOX.address()
    )
}

#[test]
fn what_is_sent_lies_in_its_conversation_and_is_answered_in_it() {
    let desk = desk();
    let mail = Asker::new(&desk, NOW);
    let question = mail.get("messages?q=in:inbox&labelIds=CATEGORY_PERSONAL&maxResults=1")["messages"][0].clone();
    let told = mail.get(&format!("messages/{}?format=metadata", question["id"].as_str().unwrap()));
    let header = |name: &str| {
        let headers = told["payload"]["headers"].as_array().unwrap();
        headers.iter().find(|one| one["name"] == name).unwrap()["value"].as_str().unwrap().to_owned()
    };
    let source = source(&header("From"), &format!("In-Reply-To: {}\r\n", header("Message-ID")));
    let body = json!({ "raw": URL_SAFE_NO_PAD.encode(&source), "threadId": question["threadId"] }).to_string();
    let start = mail.get("profile")["historyId"].as_str().unwrap().to_owned();
    let (status, sent) = mail.send("POST", "messages/send", "application/json", body.as_bytes());
    assert_eq!((status, &sent["threadId"], &sent["labelIds"]), (200, &question["threadId"], &json!(["SENT"])));
    let raw = mail.get(&format!("messages/{}?format=raw", sent["id"].as_str().unwrap()));
    assert_eq!(URL_SAFE.decode(raw["raw"].as_str().unwrap()).unwrap(), source.as_bytes());
    let history = mail.get(&format!("history?startHistoryId={start}"));
    assert_eq!(history["history"][0]["messagesAdded"][0]["message"]["id"], sent["id"]);
    let found = mail.get("messages?q=rfc822msgid:own@audienceos.example");
    assert_eq!(found["messages"].as_array().unwrap().len(), 1);
    // Uploaded in two parts, in a conversation of its own.
    let parts = format!(
        "--b\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{{}}\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n{}\r\n--b--\r\n",
        source.replace("In-Reply-To", "X-Nothing")
    );
    let headers = [("authorization", mail.bearer.as_str()), ("content-type", "multipart/related; boundary=b")];
    let path = "/upload/gmail/v1/users/team%40agency.example/messages/send?uploadType=multipart";
    let (status, other) = ask_as(&desk, ("POST", path), &headers, parts.as_bytes(), NOW);
    assert!(status == 200 && other["threadId"] == other["id"], "{other}");
    // A day later there is an answer, whether or not the world was drawn again.
    let desk = desk.on(TODAY + Duration::DAY, desk.edge()).unwrap();
    let later = Asker::new(&desk, NOW + Duration::DAY);
    let thread = later.get(&format!("threads/{}?format=minimal", sent["threadId"].as_str().unwrap()));
    let last = thread["messages"].as_array().unwrap().last().unwrap().clone();
    assert_ne!(last["id"], sent["id"]);
    assert!(last["snippet"].as_str().unwrap().contains("Is it done?"), "{last}");
    assert!(last["labelIds"].as_array().unwrap().contains(&json!("UNREAD")));
    let id = last["id"].as_str().unwrap();
    let body = json!({ "removeLabelIds": ["UNREAD"] }).to_string();
    let (status, told) = later.send("POST", &format!("messages/{id}/modify"), "application/json", body.as_bytes());
    assert!(status == 200 && !told["labelIds"].as_array().unwrap().contains(&json!("UNREAD")), "{told}");
}

#[test]
fn wrong_questions_get_gmails_own_words() {
    let desk = desk();
    let mail = Asker::new(&desk, NOW);
    let nobody = format!("{{\"raw\":\"{}\"}}", URL_SAFE.encode("Subject: x\r\n\r\ny"));
    let gone = format!("{{\"threadId\":\"1f\",\"raw\":\"{}\"}}", URL_SAFE.encode(source("a@b.example", "")));
    for (method, call, body, status, reason) in [
        ("GET", "messages/1f", "", 404, "notFound"),
        ("GET", "nothing", "", 404, "notFound"),
        ("GET", "messages?pageToken=x", "", 400, "invalidArgument"),
        ("GET", "messages?q=larger:1", "", 400, "invalidArgument"),
        ("GET", "history?startHistoryId=x", "", 400, "invalidArgument"),
        ("GET", "history?startHistoryId=1", "", 404, "notFound"),
        ("POST", "messages/send", "{", 400, "parseError"),
        ("POST", "messages/send", "{\"raw\":\"\"}", 400, "invalidArgument"),
        ("POST", "messages/send", &nobody, 400, "invalidArgument"),
        ("POST", "messages/send", &gone, 404, "notFound"),
    ] {
        let (found, told) = mail.send(method, call, "application/json", body.as_bytes());
        assert_eq!((found, &told["error"]["errors"][0]["reason"]), (status, &json!(reason)), "{call} {body} {told}");
    }
    assert!(desk.writes().is_empty(), "nothing was sent");
    let path = format!("{BASE}/profile");
    for bearer in ["Bearer nobody", ""] {
        assert_eq!(ask_as(&desk, ("GET", &path), &[("authorization", bearer)], b"", NOW).0, 401);
    }
    let old = ask_as(&desk, ("GET", &path), &[("authorization", &mail.bearer)], b"", NOW + Duration::hours(2));
    assert_eq!(old.0, 401, "a token works for an hour");
    let other = ask_as(
        &desk,
        ("GET", "/gmail/v1/users/else@agency.example/profile"),
        &[("authorization", &mail.bearer)],
        b"",
        NOW,
    );
    assert_eq!((other.0, &other.1["error"]["errors"][0]["reason"]), (403, &json!("forbidden")));
    // Taken back, it works no longer; nor do those of advertising.
    let token = mail.bearer.strip_prefix("Bearer ").unwrap();
    assert_eq!(ask_as(&desk, ("POST", "/revoke"), &[], format!("token={token}").as_bytes(), NOW).0, 200);
    assert_eq!(ask_as(&desk, ("GET", &path), &[("authorization", &mail.bearer)], b"", NOW).0, 401);
}
