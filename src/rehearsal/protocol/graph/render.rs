//! How Microsoft tells what is in a message, and how it refuses.

use base64::{Engine, engine::general_purpose::STANDARD};
use mail_parser::{Address, MessageParser, MimeHeaders, PartType};
use serde_json::{Map, Value, json};

use crate::protocol::Answer;

/// A refusal of a call.
#[derive(Debug)]
pub(in crate::protocol) struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
}

impl Refusal {
    fn new(status: u16, code: &'static str, message: &str) -> Self {
        Self { status, code, message: message.to_owned() }
    }

    /// The token is not accepted.
    pub fn unauthorized() -> Self {
        Self::new(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
    }

    /// There is no such message or folder.
    pub fn missing() -> Self {
        Self::new(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    }

    /// There is no such path.
    pub fn unknown(path: &str) -> Self {
        Self::new(404, "UnknownError", &format!("Resource not found for the segment '{path}'."))
    }

    /// Something that was asked is wrong.
    pub fn invalid(words: &str) -> Self {
        Self::new(400, "ErrorInvalidRequest", words)
    }

    /// Nobody is to get the mail.
    pub fn recipients() -> Self {
        Self::new(400, "ErrorInvalidRecipients", "At least one recipient isn't valid.")
    }

    /// What was sent is no mail.
    pub fn mime(words: &str) -> Self {
        Self::new(400, "ErrorMimeContentInvalidBase64String", words)
    }

    /// It is no longer known what changed since then.
    pub fn expired() -> Self {
        let words = "The sync state generation is not found; generation=1.";
        Self::new(410, "SyncStateNotFound", words)
    }

    /// Too much was asked.
    pub fn limited(code: &'static str) -> Self {
        Self::new(429, code, "Application is over its MailboxConcurrency limit.")
    }

    /// A fault of Microsoft's own.
    pub fn unavailable(status: u16) -> Self {
        let code = if status == 503 { "serviceNotAvailable" } else { "InternalServerError" };
        Self::new(status, code, "The service cannot answer at the moment.")
    }

    /// As the answer to a question.
    pub fn answer(&self) -> Answer {
        let inner = json!({ "request-id": "rehearsal", "client-request-id": "rehearsal" });
        let error = json!({ "code": self.code, "message": self.message, "innerError": inner });
        Answer::json(self.status, &json!({ "error": error }))
    }
}

fn people(of: Option<&Address<'_>>) -> Vec<Value> {
    let all = of.into_iter().flat_map(|all| all.iter());
    let one = all.map(|one| {
        let address = one.address.as_deref().unwrap_or_default();
        json!({ "emailAddress": { "name": one.name.as_deref().unwrap_or(address), "address": address } })
    });
    one.collect()
}

/// Adds what stands in the source of a message.
pub(super) fn content(fields: &mut Map<String, Value>, source: &str, with_headers: bool) {
    let Some(parsed) = MessageParser::default().parse(source) else { return };
    let html = parsed.html_part(0).is_some_and(|part| matches!(part.body, PartType::Html(_)));
    let (kind, body) = if html { ("html", parsed.body_html(0)) } else { ("text", parsed.body_text(0)) };
    let text = parsed.body_text(0).unwrap_or_default();
    let preview: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(255).collect();
    let from = people(parsed.from()).into_iter().next().unwrap_or_default();
    let read = json!({ "subject": parsed.subject().unwrap_or_default(), "bodyPreview": preview,
        "body": { "contentType": kind, "content": body.unwrap_or_default() }, "sender": from, "from": from,
        "toRecipients": people(parsed.to()), "ccRecipients": people(parsed.cc()), "bccRecipients": people(parsed.bcc()),
        "replyTo": people(parsed.reply_to()), "hasAttachments": parsed.attachment_count() > 0 });
    if let Value::Object(read) = read {
        fields.extend(read);
    }
    if with_headers {
        let value = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let headers = parsed.headers_raw().map(|(name, text)| json!({ "name": name, "value": value(text) }));
        fields.insert("internetMessageHeaders".to_owned(), headers.collect());
    }
}

/// The files of a message.
pub(super) fn files(source: &str) -> Value {
    let Some(parsed) = MessageParser::default().parse(source) else { return json!({ "value": [] }) };
    let one = |(place, part): (usize, &mail_parser::MessagePart<'_>)| {
        let kind = part.content_type();
        let kind = kind.map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("octet-stream")));
        json!({ "@odata.type": "#microsoft.graph.fileAttachment", "id": format!("AAkALg-{place}="),
            "name": part.attachment_name().unwrap_or("file"), "contentType": kind, "isInline": false,
            "size": part.contents().len(), "contentBytes": STANDARD.encode(part.contents()) })
    };
    json!({ "value": parsed.attachments().enumerate().map(one).collect::<Vec<_>>() })
}
