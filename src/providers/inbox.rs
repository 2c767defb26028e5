//! The messages of a mailbox or of a place where people chat: what is asked for, and what a message is before anybody read it.
//!
//! A provider says what changed and sends what it is given; what a message means, whose it is and which conversation it belongs to is
//! decided elsewhere. A cursor is the provider's own: it is kept as it is, beside the messages it came with, and never looked into.

use std::time::Duration;

use async_trait::async_trait;
use model::{
    message::{Address, Place},
    metric::Account,
};
use time::OffsetDateTime;

use crate::{Call, Result};

/// Messages in and out. [`Provider::accounts`](crate::Provider::accounts) lists the mailboxes: their id is the address, or what stands
/// for it; they have no currency and no zone (both empty).
#[async_trait]
pub trait Inbox: Send + Sync {
    /// How often it is read, as long as nobody asks for it.
    fn every(&self) -> Duration;
    /// The addresses that the account writes as, the one it writes as by itself first.
    ///
    /// # Errors
    /// The kinds of [`Error`](crate::Error).
    async fn addresses(&self, call: &Call<'_>, account: &Account) -> Result<Vec<Address>>;
    /// The next page of what changed after `cursor`; without one, of everything since `since`, the newest first, after which the
    /// cursor goes on with what changed from the first page on.
    ///
    /// # Errors
    /// The kinds of [`Error`](crate::Error); CursorExpired when the provider no longer knows what changed since: everything is read
    /// again without a cursor, and what is there already is known by its id.
    async fn changes(
        &self,
        call: &Call<'_>,
        account: &Account,
        cursor: Option<&str>,
        since: OffsetDateTime,
    ) -> Result<Changes>;
    /// One message by its id; none when it is gone. For those that [`Change::Missed`] named.
    ///
    /// # Errors
    /// The kinds of [`Error`](crate::Error).
    async fn message(&self, call: &Call<'_>, account: &Account, external_id: &str) -> Result<Option<Message>>;
    /// Sends once: it is never tried again here. Rejected, Unauthorized and RateLimited mean that nothing was sent; after any other
    /// error nobody knows, and [`find_sent`](Self::find_sent) is asked.
    ///
    /// # Errors
    /// The kinds of [`Error`](crate::Error).
    async fn send(&self, call: &Call<'_>, account: &Account, outgoing: &Outgoing<'_>) -> Result<Sent>;
    /// Looks for what was sent under this `Message-ID` (without its angle brackets), or other mark of ours.
    ///
    /// # Errors
    /// The kinds of [`Error`](crate::Error).
    async fn find_sent(&self, call: &Call<'_>, account: &Account, message_id: &str) -> Result<Lookup>;
    /// Waits until something changed, for as long as `at_most`, where the provider tells by itself (IMAP's IDLE); at once otherwise.
    ///
    /// # Errors
    /// The kinds of [`Error`](crate::Error).
    async fn wait(&self, call: &Call<'_>, account: &Account, at_most: Duration) -> Result<bool> {
        let _ = (call, account, at_most);
        Ok(false)
    }
}

/// A page of what changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// What changed, in the provider's order.
    pub changes: Vec<Change>,
    /// Where the next page, or the next reading, goes on.
    pub cursor: String,
    /// Whether there is another page now.
    pub more: bool,
    /// How many messages are still to be read, if the provider says it.
    pub left: Option<u64>,
}

/// Something that changed in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A message that may not have been there before.
    Message(Message),
    /// A message that lies elsewhere now, or was seen at the provider.
    Moved {
        /// The provider's id.
        external_id: String,
        /// Where it lies now.
        place: Place,
        /// Whether it was seen at the provider.
        seen: bool,
    },
    /// A message that was thrown away for good at the provider; what we have of it stays.
    Gone {
        /// The provider's id.
        external_id: String,
    },
    /// A message that could not be read now, while others could; it is asked for again by its id.
    Missed {
        /// The provider's id.
        external_id: String,
        /// Why, in words.
        fault: String,
    },
}

/// A message as the provider gives it.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The provider's id, unique in the account and for ever.
    pub external_id: String,
    /// The provider's id of the conversation, if it has such.
    pub thread: Option<String>,
    /// When it arrived, as the provider says.
    pub at: OffsetDateTime,
    /// Where it lies.
    pub place: Place,
    /// Whether it was seen at the provider.
    pub seen: bool,
    /// What was written.
    pub content: Content,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("external_id", &self.external_id)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// What was written.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// An e-mail as it was transferred (RFC 5322), whether or not it can be parsed.
    Mail(Vec<u8>),
}

/// A message to be sent.
#[derive(Clone, Copy)]
pub struct Outgoing<'a> {
    /// The whole e-mail (RFC 5322), its `Message-ID`, `In-Reply-To` and `References` included, without `Bcc`.
    pub source: &'a [u8],
    /// Its `Message-ID` without angle brackets.
    pub message_id: &'a str,
    /// Who writes.
    pub from: &'a str,
    /// All who get it, blind copies included.
    pub recipients: &'a [String],
    /// Those of them who get it without the others knowing.
    pub blind: &'a [String],
    /// The provider's id of the conversation that it belongs to.
    pub thread: Option<&'a str>,
}

/// What became of a message that was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// The provider's id, if it says it. The next reading finds the message by its `Message-ID` otherwise.
    pub external_id: Option<String>,
    /// The provider's id of the conversation.
    pub thread: Option<String>,
}

/// What a look for a message that may have been sent came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// It was sent.
    Found(Sent),
    /// It is not there: it may be sent again.
    Absent,
    /// The provider keeps nothing to look in: a person decides.
    Impossible,
}
