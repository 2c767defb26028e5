use http::StatusCode;
use model::message::Place as Lies;
use serde_json::Value;

use super::*;
use crate::Content;

fn answer(status: u16, body: &Value) -> Answer {
    let status = StatusCode::from_u16(status).unwrap();
    Answer { status, headers: Default::default(), body: body.to_string().into() }
}

fn raw(labels: Value) -> Value {
    json!({
        "id": "18c2a", "threadId": "18c29", "labelIds": labels, "historyId": "987654321098765432109",
        "internalDate": "1767607200123", "sizeEstimate": 30, "snippet": "Hi",
        "raw": URL_SAFE_NO_PAD.encode("Subject: ?>~\r\n\r\nHi\r\n"),
    })
}

fn message(body: Value) -> Result<Option<Message>> {
    serde_json::from_value::<wire::Raw>(body).unwrap().message()
}

#[test]
fn a_source_is_read_with_and_without_padding() {
    let plain = message(raw(json!(["INBOX", "UNREAD", "Label_7"]))).unwrap().unwrap();
    let Content::Mail(source) = &plain.content;
    assert_eq!(source, b"Subject: ?>~\r\n\r\nHi\r\n");
    assert_eq!((plain.external_id.as_str(), plain.thread.as_deref()), ("18c2a", Some("18c29")));
    assert_eq!((plain.place, plain.seen), (Lies::Inbox, false));
    assert_eq!(plain.at.unix_timestamp_nanos(), 1_767_607_200_123_000_000);
    let mut padded = raw(json!(["INBOX", "UNREAD", "Label_7"]));
    padded["raw"] = json!(format!("{}==", padded["raw"].as_str().unwrap().trim_end_matches('=')));
    assert_eq!(message(padded).unwrap().unwrap(), plain);
}

#[test]
fn what_cannot_be_read_is_said_and_what_is_no_mail_is_left_out() {
    for (field, value) in [("raw", json!("%%%")), ("raw", Value::Null), ("internalDate", json!("soon"))] {
        let mut broken = raw(json!(["INBOX"]));
        broken[field] = value;
        assert_eq!(message(broken).unwrap_err().key(), "malformed", "{field}");
    }
    assert_eq!(message(raw(json!(["CHAT"]))), Ok(None));
}

#[test]
fn labels_say_where_a_message_lies() {
    for (labels, place) in [
        (json!(["INBOX", "IMPORTANT", "CATEGORY_PERSONAL"]), Lies::Inbox),
        (json!(["SENT"]), Lies::Sent),
        (json!(["SENT", "INBOX"]), Lies::Inbox),
        (json!(["TRASH", "INBOX"]), Lies::Trash),
        (json!(["SPAM", "UNREAD"]), Lies::Spam),
        (json!(["DRAFT"]), Lies::Draft),
        (json!(["Label_1"]), Lies::Archive),
        (json!([]), Lies::Archive),
    ] {
        let labels: wire::Labels = serde_json::from_value(json!({ "id": "1", "labelIds": labels })).unwrap();
        assert_eq!(labels.place(), place);
    }
}

#[test]
fn each_message_of_a_page_of_history_comes_once_with_what_became_of_it() {
    let about = |id: &str| json!({ "message": { "id": id, "threadId": "t" }, "labelIds": ["INBOX"] });
    let history: wire::History = serde_json::from_value(json!({
        "historyId": "30",
        "history": [
            { "id": "11", "messages": [{ "id": "x" }], "labelsAdded": [about("old")] },
            { "id": "12", "messagesAdded": [about("new")] },
            { "id": "13", "labelsRemoved": [about("new"), about("old")] },
            { "id": "14", "messagesAdded": [about("short")] },
            { "id": "15", "messagesDeleted": [about("short")] },
        ],
    }))
    .unwrap();
    let touched: Vec<_> = history.touched();
    let expected = [("old", wire::Touch::Moved), ("new", wire::Touch::Added), ("short", wire::Touch::Deleted)];
    assert_eq!(touched, expected.map(|(id, touch)| (id.to_owned(), touch)));
    let none: wire::History = serde_json::from_value(json!({ "historyId": "30" })).unwrap();
    assert!(none.touched().is_empty() && none.next_page_token.is_none());
}

#[test]
fn the_address_it_writes_as_by_itself_is_first_and_unconfirmed_ones_are_left_out() {
    let list: wire::SendAs = serde_json::from_value(json!({ "sendAs": [
        { "sendAsEmail": "Olga@acme.test", "displayName": "", "isPrimary": true },
        { "sendAsEmail": "pending@other.test", "verificationStatus": "pending" },
        { "sendAsEmail": "team@acme.test", "displayName": "The team", "isDefault": true, "verificationStatus": "accepted" },
    ] }))
    .unwrap();
    let address = |name: &str, address: &str| Address { name: name.into(), address: address.into() };
    assert_eq!(
        list.addresses("olga@acme.test"),
        [address("The team", "team@acme.test"), address("", "olga@acme.test")]
    );
    let none: wire::SendAs = serde_json::from_value(json!({ "sendAs": [] })).unwrap();
    assert_eq!(none.addresses("olga@acme.test"), [address("", "olga@acme.test")]);
}

#[test]
fn a_cursor_is_read_as_it_was_written_and_another_one_begins_anew() {
    for place in [
        Place::List { history: "987654321098765432109".into(), after: 1_767_607_200, page: "p&1".into() },
        Place::History { from: "1".into(), page: None, to: None },
        Place::History { from: "1".into(), page: Some("2".into()), to: Some("9".into()) },
    ] {
        assert_eq!(Place::read(&place.text().unwrap()), Ok(place));
    }
    for broken in ["", "17", "{}", r#"{"in":"elsewhere"}"#] {
        assert_eq!(Place::read(broken), Err(Error::CursorExpired), "{broken}");
    }
}

fn refused(status: u16, reason: &str) -> Error {
    let body = json!({ "error": { "code": status, "message": "Words.", "errors": [{ "reason": reason, "domain": "global" }] } });
    refusal::fault(&answer(status, &body)).unwrap()
}

#[test]
fn refusals_have_their_kind_and_googles_words() {
    assert_eq!(refusal::fault(&answer(200, &json!({}))), None);
    assert_eq!(refused(401, "authError"), Error::Unauthorized("Words.".into()));
    assert_eq!(refused(403, "insufficientPermissions"), Error::Unauthorized("Words.".into()));
    let minute = Error::RateLimited { after: Duration::from_secs(60) };
    for (status, reason) in [(403, "userRateLimitExceeded"), (403, "dailyLimitExceeded"), (429, "rateLimitExceeded")] {
        assert_eq!(refused(status, reason), minute, "{reason}");
    }
    assert_eq!(refused(503, "backendError"), Error::Unavailable("Words.".into()));
    assert_eq!(refused(400, "failedPrecondition"), Error::Rejected("Words.".into()));
    assert_eq!(refused(403, "domainPolicy"), Error::Rejected("Words.".into()));
    let scopes = json!({ "error": { "code": 403, "message": "Words.", "details": [
        { "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT" }] } });
    assert_eq!(refusal::fault(&answer(403, &scopes)), Some(Error::Unauthorized("Words.".into())));
    let token = |word: &str| refusal::fault(&answer(400, &json!({ "error": word, "error_description": "Words." })));
    assert_eq!(token("invalid_grant"), Some(Error::Unauthorized("Words. (invalid_grant)".into())));
    assert_eq!(token("invalid_client"), Some(Error::Rejected("Words. (invalid_client)".into())));
}

#[test]
fn what_is_not_there_is_told_from_what_is_refused() {
    let body = |status: u16| answer(status, &json!({ "error": { "code": status, "message": "Words." } }));
    assert_eq!(absent(&body(404)), Some(Error::CursorExpired));
    assert_eq!(absent(&body(400)).unwrap().key(), "rejected");
    assert_eq!(outdated(&body(404)), Some(Error::CursorExpired));
    assert_eq!(outdated(&body(400)), Some(Error::CursorExpired));
    assert_eq!(outdated(&body(403)).unwrap().key(), "rejected");
    assert_eq!(outdated(&body(503)).unwrap().key(), "unavailable");
}

#[test]
fn no_id_leaves_its_path_and_no_message_id_its_line() {
    for bad in ["", "..", "../x", "a/b", "a\\b", "a%2fb"] {
        assert_eq!(part(bad).unwrap_err().key(), "malformed", "{bad:?}");
    }
    assert_eq!(part("olga@acme.test"), Ok("olga@acme.test"));
    for bad in ["", "no-at", "a@b\r\nBcc: x@y.test", "a b@c", "ä@b"] {
        assert_eq!(marked(bad).unwrap_err().key(), "rejected", "{bad:?}");
    }
    assert_eq!(marked("1-2@x.test"), Ok("1-2@x.test"));
}

#[test]
fn the_hosts_are_googles_own_or_the_one_in_their_place() {
    let hosts = Gmail.hosts(None).unwrap();
    let named = [hosts.api, hosts.consent, hosts.tokens].map(|url| url.to_string());
    assert_eq!(
        named,
        ["https://gmail.googleapis.com/", "https://accounts.google.com/", "https://oauth2.googleapis.com/"]
    );
}
