//! Sending a mail: what comes is read, put into its conversation, and lies among what was sent at once.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{MAILBOX, Refusal, View};
use crate::{
    mail::{Opened, SENT},
    protocol::{Desk, Question, text},
    writes::Change,
};

/// Sends what came: as JSON, as it is, or in two parts.
pub(super) fn answer(desk: &Desk, question: &Question, now: OffsetDateTime, view: &View<'_>) -> Result<Value, Refusal> {
    let kind = question.headers.get("content-type").map_or("", String::as_str);
    let read = |body: &[u8]| serde_json::from_slice::<Value>(body).map_err(|_| Refusal::malformed());
    let (about, source) = if kind.starts_with("message/rfc822") {
        (json!({}), question.body.clone())
    } else if kind.starts_with("multipart/related") {
        let (about, source) = two_parts(&question.body, kind).ok_or_else(Refusal::malformed)?;
        (read(about)?, source.to_vec())
    } else {
        let about = read(&question.body)?;
        let raw = about["raw"].as_str().unwrap_or_default().trim_end_matches('=').to_owned();
        let decoded = URL_SAFE_NO_PAD.decode(raw);
        (about, decoded.map_err(|_| Refusal::invalid("Invalid value for ByteString"))?)
    };
    if source.is_empty() {
        let words = "'raw' RFC822 payload message string or uploading message via /upload/* URL required";
        return Err(Refusal::invalid(words));
    }
    let source = text(&source);
    if !Opened::addressed(&source) {
        return Err(Refusal::invalid("Recipient address required"));
    }
    let conversation = match about["threadId"].as_str() {
        Some(id) => {
            let found = view.threads.iter().find(|(_, thread)| *thread == id);
            Some(found.map(|(conversation, _)| conversation.clone()).ok_or_else(Refusal::missing)?)
        }
        None => view.opened.conversation(&source).map(str::to_owned),
    };
    let sent = Change::Sent { source, conversation, recipients: vec![] };
    let key = MAILBOX.sent_key(desk.write_mail(MAILBOX, now, sent));
    let view = View::new(desk, now, None);
    let place = view.opened.letters.iter().position(|letter| letter.key == key).ok_or_else(Refusal::missing)?;
    let mut told = view.named(place);
    told["labelIds"] = json!([SENT]);
    Ok(told)
}

/// The JSON and the e-mail of an upload in two parts (RFC 2387).
fn two_parts<'a>(body: &'a [u8], kind: &str) -> Option<(&'a [u8], &'a [u8])> {
    let border = kind.split_once("boundary=")?.1.split(';').next()?.trim().trim_matches('"');
    let border = format!("--{border}");
    let find = |within: &[u8], what: &[u8]| within.windows(what.len()).position(|some| some == what);
    let mut parts = vec![];
    let mut rest = &body[find(body, border.as_bytes())? + border.len()..];
    while let Some(end) = find(rest, format!("\r\n{border}").as_bytes()) {
        let part = &rest[..end];
        parts.push(&part[find(part, b"\r\n\r\n")? + 4..]);
        rest = &rest[end + 2 + border.len()..];
    }
    match parts.as_slice() {
        [about, source] => Some((*about, *source)),
        _ => None,
    }
}
