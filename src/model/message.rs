//! A message: who wrote what to whom, and where it lies. Nothing here is a provider's word.

use serde::{Deserialize, Serialize};

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
