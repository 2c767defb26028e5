//! A message as it is transferred (RFC 5322): made of what is stored, so that it can be made again. Nothing that was typed becomes a
//! header of its own.

use lettre::{
    Address as Mailbox,
    message::{
        Attachment, Body, Mailbox as Named, Message, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType},
    },
};
use model::message::Address;
use store::{
    TenantTx,
    draft::{self, Upload},
    inbox,
    message::{self, Answered},
    outgoing::Stored,
};

/// A message as it goes out.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its source, without those who get it unseen.
    pub source: Vec<u8>,
    /// The address that it goes out from.
    pub from: String,
    /// The provider's id of the conversation that it answers, if the provider has such.
    pub thread: Option<String>,
}

/// Why a message cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum Unwritten {
    /// In words for the person who wrote it: an address or a file that no mail can carry.
    #[error("{0}")]
    Words(String),
    /// What it is made of could not be read.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Makes a message of what is stored of it.
///
/// # Errors
/// No mail can carry it, its mailbox writes under no address, or the database failed.
pub async fn write(tx: &mut TenantTx, stored: &Stored) -> Result<Letter, Unwritten> {
    let from = inbox::addresses(tx, stored.channel_id).await?.into_iter().next();
    let from = from.ok_or_else(|| Unwritten::Words("this account sends no messages".to_owned()))?;
    let answered = match stored.answers_id {
        Some(id) => message::answered(tx, id, stored.channel_id).await?,
        None => Answered::default(),
    };
    let mut files = Vec::new();
    for upload in &stored.uploads {
        files.push(draft::get_upload(tx, *upload).await?);
    }
    let source = source(stored, &from, &answered, files).map_err(Unwritten::Words)?;
    Ok(Letter { source, from, thread: answered.thread })
}

fn source(stored: &Stored, from: &str, answered: &Answered, files: Vec<Upload>) -> Result<Vec<u8>, String> {
    let outgoing = &stored.outgoing;
    let mut message = Message::builder()
        .from(named(&outgoing.member, from)?)
        .subject(outgoing.subject.clone())
        // One that waited for its time is of that time.
        .date(outgoing.send_at.into())
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
            // A file arrives byte for byte: in any other encoding its lines would end as those of a mail do, or not at all.
            let body = Body::new_with_encoding(file.bytes, ContentTransferEncoding::Base64)
                .map_err(|_| "a file cannot be written into a mail".to_owned())?;
            parts = parts.singlepart(Attachment::new(file.name).body(body, kind));
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
