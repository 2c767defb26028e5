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

use crate::{Answer, Call, Error, Fault, Result};

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
    /// One message by its id; none when it is gone. For those that [`Change::Missed`] and [`Change::Left`] named.
    ///
    /// # Errors
    /// The kinds of [`Error`](crate::Error).
    async fn message(&self, call: &Call<'_>, account: &Account, external_id: &str) -> Result<Option<Message>>;
    /// Sends once: it is never tried again here. Rejected, Unauthorized, RateLimited and TooLarge (no mail of that size is taken) mean that
    /// nothing was sent; after any other error nobody knows, and [`find_sent`](Self::find_sent) is asked.
    ///
    /// # Errors
    /// The kinds of [`Error`](crate::Error).
    async fn send(&self, call: &Call<'_>, account: &Account, outgoing: &Outgoing<'_>) -> Result<Sent>;
    /// Looks for what was sent under this `Message-ID` (without its angle brackets), or other mark of ours.
    ///
    /// # Errors
    /// The kinds of [`Error`](crate::Error).
    async fn find_sent(&self, call: &Call<'_>, account: &Account, message_id: &str) -> Result<Lookup>;
    /// Whether [`wait`](Self::wait) may do more than end at once.
    fn tells(&self) -> bool {
        false
    }
    /// Waits until something changes after `mark`, for as long as `at_most`, where the provider tells by itself (IMAP's IDLE). Without a
    /// mark nobody knows what changed before: then it ends at once, with one.
    ///
    /// # Errors
    /// The kinds of [`Error`](crate::Error).
    async fn wait(&self, call: &Call<'_>, account: &Account, mark: Option<&str>, at_most: Duration) -> Result<Told> {
        let _ = (call, account, mark, at_most);
        Ok(Told::Never)
    }
}

/// What a wait came to. Marks are the provider's own: they are kept as they are, and never looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Something changed, up to this mark.
    Changed(String),
    /// Nothing did; the next wait goes on from this mark.
    Nothing(String),
    /// This mailbox's server does not tell.
    Never,
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
        /// Whether that is the message's own and stays so, as its size does. What is not may be the provider's trouble.
        lasting: bool,
    },
    /// A message for which the page had no room: it is asked for by its id.
    Left {
        /// The provider's id.
        external_id: String,
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

impl Outgoing<'_> {
    /// The source, those who get it blindly named in it: for providers that read there who gets it, and take that line out.
    pub(crate) fn with_blind(&self) -> Result<Vec<u8>> {
        let fits =
            |address: &&String| address.bytes().all(|byte| byte > b' ' && byte < 0x7f && !b",;<>\"".contains(&byte));
        if let Some(other) = self.blind.iter().find(|address| !fits(address)) {
            return Err(Error::Rejected(format!("{other:?} is no address that a blind copy can go to")));
        }
        let mut whole = Vec::with_capacity(self.source.len() + 80 * self.blind.len());
        if !self.blind.is_empty() {
            whole.extend_from_slice(format!("Bcc: {}\r\n", self.blind.join(",\r\n ")).as_bytes());
        }
        whole.extend_from_slice(self.source);
        Ok(whole)
    }
}

/// So many bytes of messages a page has: what is named after them is [`Change::Left`], so that no page outgrows the memory.
pub(crate) const FULL: usize = 32 << 20;

/// How many bytes of messages these readings brought.
pub(crate) fn weight(read: &[Result<Option<Change>>]) -> usize {
    let bytes = read.iter().map(|read| match read {
        Ok(Some(Change::Message(Message { content: Content::Mail(source), .. }))) => source.len(),
        _ => 0,
    });
    bytes.sum()
}

/// What the readings of single messages came to, by their ids: a message that cannot be read holds up no other. Whether so many cannot
/// be read that it is the provider's trouble is for whoever keeps the page to say.
///
/// None of a message is that it is gone. What concerns all of them (the credential, the provider's limits) is an error. Drafts are left
/// out: they are nobody's words yet.
pub(crate) fn gathered(read: Vec<(String, Result<Option<Change>>)>) -> Result<Vec<Change>> {
    let mut changes = Vec::with_capacity(read.len());
    for (external_id, read) in read {
        changes.push(match read {
            Ok(Some(
                Change::Message(Message { place: Place::Draft, .. }) | Change::Moved { place: Place::Draft, .. },
            )) => {
                continue;
            }
            Ok(Some(change)) => change,
            Ok(None) => Change::Gone { external_id },
            Err(error @ (Error::Unavailable(_) | Error::Malformed(_) | Error::TooLarge(_) | Error::Rejected(_))) => {
                let lasting = matches!(error, Error::TooLarge(_));
                Change::Missed { external_id, fault: error.to_string(), lasting }
            }
            Err(error @ (Error::Unauthorized(_) | Error::RateLimited { .. } | Error::CursorExpired)) => {
                return Err(error);
            }
        });
    }
    Ok(changes)
}

/// An answer of "not there" for what was asked for by its id, or of a cursor that is too old: [`Error::CursorExpired`] instead of a
/// refusal. Everything else is what `fault` says.
pub(crate) fn gone(answer: &Answer, fault: Fault) -> Option<Error> {
    match fault(answer)? {
        Error::Rejected(_) if matches!(answer.status.as_u16(), 404 | 410) => Some(Error::CursorExpired),
        error => Some(error),
    }
}

/// What was asked for with [`gone`]; none when it is not there.
pub(crate) fn found<T>(result: Result<T>) -> Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(Error::CursorExpired) => Ok(None),
        Err(error) => Err(error),
    }
}

/// An id or address that stands in a path and never leaves it.
pub(crate) fn part(id: &str) -> Result<&str> {
    let good = !id.is_empty() && !id.starts_with('.') && !id.bytes().any(|byte| matches!(byte, b'/' | b'\\' | b'%'));
    good.then_some(id).ok_or_else(|| Error::Malformed(format!("{id:?} is no id")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(id: &str, place: Place) -> Result<Option<Change>> {
        Ok(Some(Change::Moved { external_id: id.into(), place, seen: true }))
    }

    fn read(all: Vec<(&str, Result<Option<Change>>)>) -> Result<Vec<Change>> {
        gathered(all.into_iter().map(|(id, read)| (id.to_owned(), read)).collect())
    }

    #[test]
    fn one_that_cannot_be_read_holds_up_no_other() {
        let broken = || Err(Error::Malformed("half".into()));
        let got = read(vec![("1", change("1", Place::Inbox)), ("2", broken()), ("3", Ok(None))]).unwrap();
        assert!(matches!(&got[0], Change::Moved { external_id, .. } if external_id == "1"), "{got:?}");
        assert!(
            matches!(&got[1], Change::Missed { external_id, fault, lasting: false } if external_id == "2" && fault.ends_with("half"))
        );
        assert_eq!(got[2], Change::Gone { external_id: "3".into() });
        let drafts = read(vec![("1", change("1", Place::Draft)), ("2", change("2", Place::Sent))]).unwrap();
        assert_eq!(drafts.len(), 1);
    }

    #[test]
    fn what_is_away_is_missed_and_what_is_too_large_stays_so() {
        let failed = [Error::Unavailable("status 500".into()), Error::TooLarge("it is larger than 64 MiB".into())];
        let got = read(failed.map(|error| ("1", Err(error))).into()).unwrap();
        assert!(
            matches!(&*got, [Change::Missed { lasting: false, .. }, Change::Missed { lasting: true, .. }]),
            "{got:?}"
        );
    }

    #[test]
    fn what_concerns_all_is_an_error() {
        for error in [
            Error::Unauthorized("revoked".into()),
            Error::RateLimited { after: Duration::from_secs(30) },
            Error::CursorExpired,
        ] {
            assert_eq!(read(vec![("1", change("1", Place::Inbox)), ("2", Err(error.clone()))]), Err(error));
        }
    }

    #[test]
    fn blind_copies_stand_in_a_line_of_their_own_and_bring_no_other_line() {
        let mut blind = ["a@x.test".to_owned(), "b@x.test".to_owned()];
        let outgoing = |blind: &[String]| {
            let (source, message_id, from) = (b"To: c@x.test\r\n\r\nHi" as &[u8], "1@x.test", "me@x.test");
            Outgoing { source, message_id, from, recipients: &[], blind, thread: None }.with_blind()
        };
        assert_eq!(outgoing(&blind).unwrap(), b"Bcc: a@x.test,\r\n b@x.test\r\nTo: c@x.test\r\n\r\nHi");
        assert_eq!(outgoing(&[]).unwrap(), b"To: c@x.test\r\n\r\nHi");
        for bad in ["a@x.test\r\nX: 1", "a@x.test, z@x.test", "<a@x.test>", "a b@x.test", "ä@x.test"] {
            blind[1] = bad.to_owned();
            assert_eq!(outgoing(&blind).unwrap_err().key(), "rejected", "{bad:?}");
        }
    }
}
