//! A message as it is transferred (RFC 5322): made of what is stored, so that it can be made again. Nothing that was typed becomes a
//! header of its own.

use lettre::{
    Address as Mailbox,
    message::{Attachment, Mailbox as Named, Message, MultiPart, SinglePart, header::ContentType},
};
use model::message::Address;
use store::{draft::Upload, outgoing::Stored};

/// What a message answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// Its `Message-ID`.
    pub header_id: Option<String>,
    /// Those that it names itself, the first first.
    pub references: Vec<String>,
    /// The provider's id of its conversation.
    pub thread: Option<String>,
}

/// The message's source, without those who get it unseen.
///
/// # Errors
/// In words for the person who wrote it: an address or a file that no mail can carry.
pub fn source(stored: &Stored, from: &str, answered: &Answered, files: Vec<Upload>) -> Result<Vec<u8>, String> {
    let outgoing = &stored.outgoing;
    let mut message = Message::builder()
        .from(named(&outgoing.member, from)?)
        .subject(outgoing.subject.clone())
        .date(stored.created_at.into())
        .message_id(Some(format!("<{}>", stored.header_id)));
    for to in &outgoing.to {
        message = message.to(of(to)?);
    }
    for cc in &outgoing.cc {
        message = message.cc(of(cc)?);
    }
    // The envelope says who gets it; a message that names nobody openly is none for the builder.
    for bcc in &outgoing.bcc {
        message = message.bcc(of(bcc)?);
    }
    if let Some(header) = &answered.header_id {
        let mut way: Vec<_> =
            answered.references.iter().filter(|id| *id != header).map(|id| format!("<{id}>")).collect();
        // A long way is cut in its middle: the first and the last tell where it belongs.
        if way.len() > 30 {
            way.drain(1..way.len() - 28);
        }
        way.push(format!("<{header}>"));
        message = message.in_reply_to(format!("<{header}>")).references(way.join(" "));
    }
    let text = SinglePart::plain(outgoing.text.clone());
    let built = if files.is_empty() {
        message.singlepart(text)
    } else {
        let mut parts = MultiPart::mixed().singlepart(text);
        for file in files {
            let kind = file.content_type.parse().unwrap_or(ContentType::TEXT_PLAIN);
            parts = parts.singlepart(Attachment::new(file.name).body(file.bytes, kind));
        }
        message.multipart(parts)
    };
    built.map(|message| message.formatted()).map_err(|error| format!("it cannot be written as a mail: {error}"))
}

fn of(address: &Address) -> Result<Named, String> {
    named(&address.name, &address.address)
}

fn named(name: &str, address: &str) -> Result<Named, String> {
    let mailbox: Mailbox = address.parse().map_err(|_| format!("no mail can be sent to or from {address}"))?;
    let name = name.split(|c: char| c.is_control()).collect::<Vec<_>>().join(" ");
    Ok(Named::new((!name.trim().is_empty()).then(|| name.trim().to_owned()), mailbox))
}
