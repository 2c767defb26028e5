//! Messages: who wrote what to whom, and where it lies. Nothing here is a provider's word.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::id::{MessageId, OutgoingId};

/// A message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Whether it came to the agency.
    pub inbound: bool,
    /// Who or what wrote it.
    pub kind: Kind,
    /// Its writer.
    pub from: Address,
    /// Whom it was written to.
    pub to: Vec<Address>,
    /// Who got a copy.
    pub cc: Vec<Address>,
    /// As it was written.
    pub subject: String,
    /// What it says, in plain text.
    pub text: String,
    /// Whether it also has a form with layout, which is shown by itself.
    pub html: bool,
    /// When it was sent, as its writer's program says.
    #[serde(with = "time::serde::rfc3339::option")]
    pub sent_at: Option<OffsetDateTime>,
    /// When the provider received it.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Where it lies.
    pub place: Place,
    /// Files that came with it.
    pub attachments: Vec<Attachment>,
    /// Why it could not be parsed; its source is there.
    pub fault: Option<String>,
    /// What it was here before it went out.
    pub outgoing_id: Option<OutgoingId>,
    /// Whether it was thrown away at the provider.
    pub gone: bool,
}

/// A file that came with a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its place among the message's parts.
    pub part: i32,
    /// As its sender called it; made up of its kind where it has no name.
    pub name: String,
    /// As its sender says (RFC 2045).
    pub content_type: String,
    /// In bytes.
    pub size: i32,
    /// Whether the layout shows it within the text.
    pub inline: bool,
}

/// Who or what wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person, as far as its headers tell.
    Person,
    /// A machine that answers (RFC 3834), or tells of a failed delivery.
    Automatic,
    /// Sent to many (RFC 2369).
    Bulk,
}

impl Kind {
    /// The spelling in the database and in answers.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Automatic => "automatic",
            Self::Bulk => "bulk",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Person, Self::Automatic, Self::Bulk].into_iter().find(|kind| kind.key() == text)
    }
}

/// Somebody's address with the name they use.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address {
    /// The name as it was written; empty when none was.
    pub name: String,
    /// In lower case: an e-mail address, or a handle.
    pub address: String,
}

/// Where a message lies at its provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Among those that came in.
    Inbox,
    /// Kept, but out of the inbox.
    Archive,
    /// Among those that went out.
    Sent,
    /// Begun and not sent.
    Draft,
    /// Held to be unwanted.
    Spam,
    /// Thrown away.
    Trash,
}

impl Place {
    const ALL: [Self; 6] = [Self::Inbox, Self::Archive, Self::Sent, Self::Draft, Self::Spam, Self::Trash];

    /// The spelling in the database and in answers.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Archive => "archive",
            Self::Sent => "sent",
            Self::Draft => "draft",
            Self::Spam => "spam",
            Self::Trash => "trash",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|place| place.key() == text)
    }
}
