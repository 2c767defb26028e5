//! How Gmail tells a message, in its four formats, and how it refuses.

use base64::{Engine, engine::general_purpose::URL_SAFE};
use mail_parser::{Header, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use serde_json::{Value, json};

use crate::protocol::{Answer, html};

/// A refusal of a call.
#[derive(Debug)]
pub(in crate::protocol) struct Refusal {
    code: u16,
    status: &'static str,
    reason: &'static str,
    message: String,
}

impl Refusal {
    fn new(code: u16, status: &'static str, reason: &'static str, message: &str) -> Self {
        Self { code, status, reason, message: message.to_owned() }
    }

    /// The token is not accepted.
    pub fn unauthorized() -> Self {
        let words = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other \
                     valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.";
        Self::new(401, "UNAUTHENTICATED", "authError", words)
    }

    /// The person may not look into that mailbox.
    pub fn denied(words: String) -> Self {
        Self::new(403, "PERMISSION_DENIED", "forbidden", &words)
    }

    /// There is no such thing, or it is no longer known what happened since then.
    pub fn missing() -> Self {
        Self::new(404, "NOT_FOUND", "notFound", "Requested entity was not found.")
    }

    /// Something that was asked is wrong.
    pub fn invalid(words: &str) -> Self {
        Self::new(400, "INVALID_ARGUMENT", "invalidArgument", words)
    }

    /// A body that cannot be read.
    pub fn malformed() -> Self {
        Self::new(400, "INVALID_ARGUMENT", "parseError", "Invalid JSON payload received.")
    }

    /// Too much was asked, with status 429 or as the reason of a 403.
    pub fn limited(code: u16) -> Self {
        let (status, reason) = match code {
            429 => ("RESOURCE_EXHAUSTED", "rateLimitExceeded"),
            _ => ("PERMISSION_DENIED", "userRateLimitExceeded"),
        };
        Self::new(code, status, reason, "User-rate limit exceeded.")
    }

    /// A fault of Google's own.
    pub fn unavailable(code: u16) -> Self {
        let status = if code == 503 { "UNAVAILABLE" } else { "INTERNAL" };
        Self::new(code, status, "backendError", "Backend Error")
    }

    /// As the answer to a question.
    pub fn answer(&self) -> Answer {
        let one = json!({ "message": self.message, "domain": "global", "reason": self.reason });
        let error = json!({ "code": self.code, "message": self.message, "errors": [one], "status": self.status });
        Answer::json(self.code, &json!({ "error": error }))
    }
}

/// Adds to what is told of a message what its format has.
pub(super) fn content(told: &mut Value, source: &str, format: &str) -> Result<(), Refusal> {
    told["sizeEstimate"] = json!(source.len());
    told["snippet"] = json!(snippet(source));
    match format {
        "minimal" => {}
        "raw" => told["raw"] = json!(URL_SAFE.encode(source)),
        "metadata" | "full" | "" | "FULL" => {
            let Some(parsed) = MessageParser::default().parse(source) else { return Ok(()) };
            let Some(root) = parsed.parts.first() else { return Ok(()) };
            told["payload"] = match format {
                "metadata" => json!({ "mimeType": kind(root), "headers": headers(&parsed, root) }),
                _ => part(&parsed, 0, ""),
            };
        }
        _ => return Err(Refusal::invalid("Invalid value for format")),
    }
    Ok(())
}

/// The first words of a message.
pub(super) fn snippet(source: &str) -> String {
    let Some(parsed) = MessageParser::default().parse(source) else { return String::new() };
    let text = parsed.body_text(0).unwrap_or_default();
    let words: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(120).collect();
    html(&words)
}

/// A file of a message by the name that [`part`] gave it.
pub(super) fn file(source: &str, name: &str) -> Result<Value, Refusal> {
    let parsed = MessageParser::default().parse(source).ok_or_else(Refusal::missing)?;
    let place = name.strip_prefix("ANGjdJ").and_then(|place| place.parse::<u32>().ok());
    let found =
        place.and_then(|place| parsed.part(place)).ok_or_else(|| Refusal::invalid("Invalid attachment token"))?;
    let bytes = found.contents();
    Ok(json!({ "size": bytes.len(), "data": URL_SAFE.encode(bytes) }))
}

fn kind(part: &MessagePart<'_>) -> String {
    match part.content_type() {
        Some(kind) => format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("plain")).to_lowercase(),
        None => "text/plain".to_owned(),
    }
}

/// Names and values, unfolded; texts without their encoded words, as Gmail has them.
fn headers(message: &Message<'_>, part: &MessagePart<'_>) -> Vec<Value> {
    let value = |header: &Header<'_>| match &header.value {
        HeaderValue::Text(text) => text.to_string(),
        _ => {
            let (from, to) = (header.offset_start as usize, header.offset_end as usize);
            let raw = message.raw_message().get(from..to).unwrap_or_default();
            String::from_utf8_lossy(raw).split_whitespace().collect::<Vec<_>>().join(" ")
        }
    };
    // An id is told with the brackets that it was written with.
    let ids = |name: &str, value: String| match name.to_ascii_lowercase().as_str() {
        "message-id" | "in-reply-to" | "references" | "content-id" if !value.starts_with('<') => format!("<{value}>"),
        _ => value,
    };
    part.headers.iter().map(|one| json!({ "name": one.name(), "value": ids(one.name(), value(one)) })).collect()
}

fn part(message: &Message<'_>, place: u32, id: &str) -> Value {
    let Some(found) = message.part(place) else { return Value::Null };
    let name = found.attachment_name().unwrap_or_default();
    let mut told =
        json!({ "partId": id, "mimeType": kind(found), "filename": name, "headers": headers(message, found) });
    match &found.body {
        PartType::Multipart(children) => {
            told["body"] = json!({ "size": 0 });
            let below = |(at, child): (usize, &u32)| {
                let id = if id.is_empty() { at.to_string() } else { format!("{id}.{at}") };
                part(message, *child, &id)
            };
            told["parts"] = children.iter().enumerate().map(below).collect();
        }
        _ if !name.is_empty() => {
            told["body"] = json!({ "attachmentId": format!("ANGjdJ{place}"), "size": found.contents().len() });
        }
        _ => {
            let bytes = found.contents();
            told["body"] = json!({ "size": bytes.len(), "data": URL_SAFE.encode(bytes) });
        }
    }
    told
}
