//! People: everything that was written to and fro with a contact, through whatever channel and under whichever of their addresses.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    contact::Contact,
    id::{ConversationId, MessageId},
    message::Address,
    page::Page,
};

/// A contact with what was written with them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Who.
    pub contact: Contact,
    /// Their client's name.
    pub client: String,
    /// What was written, the last first: as far as one sees the conversations.
    pub lines: Page<Line>,
}

/// A message as a person's time line shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its id.
    pub id: MessageId,
    /// The conversation that it is in.
    pub conversation_id: ConversationId,
    /// Its channel's provider.
    pub provider: String,
    /// What that channel is called.
    pub mailbox: String,
    /// Whether it came to the agency.
    pub inbound: bool,
    /// Its writer.
    pub from: Address,
    /// As it was written.
    pub subject: String,
    /// How it begins.
    pub snippet: String,
    /// When the provider received it.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}
