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
    /// Where answers go, if elsewhere than to its writer.
    pub reply_to: Vec<Address>,
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

impl Message {
    /// Whom an answer goes to: where its writer wants it; of what the agency wrote, those it was written to. Never the mailbox itself,
    /// whose addresses are `own`.
    pub fn answer_to(&self, own: &[String]) -> Vec<Address> {
        let others = |all: &[Address]| -> Vec<Address> {
            all.iter().filter(|one| !one.address.is_empty() && !own.contains(&one.address)).cloned().collect()
        };
        if !self.inbound {
            return others(&self.to);
        }
        let wanted = others(&self.reply_to);
        if wanted.is_empty() { others(std::slice::from_ref(&self.from)) } else { wanted }
    }
}

/// What is answered in a conversation: what a person wrote last; else what came last; else the last. What was thrown away is passed over.
pub fn answered(messages: &[Message]) -> Option<&Message> {
    let here = |message: &&Message| message.inbound && !message.gone && message.place != Place::Trash;
    let by = |wanted: fn(Kind) -> bool| messages.iter().rev().filter(here).find(|message| wanted(message.kind));
    by(|kind| kind == Kind::Person).or_else(|| by(|_| true)).or(messages.last())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn address(address: &str) -> Address {
        Address { name: String::new(), address: address.into() }
    }

    fn message(number: u128, from: &str, kind: Kind) -> Message {
        Message {
            id: MessageId(uuid::Uuid::from_u128(number)),
            inbound: true,
            kind,
            from: address(from),
            to: vec![address("we@acme.test")],
            cc: Vec::new(),
            reply_to: Vec::new(),
            subject: String::new(),
            text: String::new(),
            html: false,
            sent_at: None,
            at: OffsetDateTime::UNIX_EPOCH,
            place: Place::Inbox,
            attachments: Vec::new(),
            fault: None,
            outgoing_id: None,
            gone: false,
        }
    }

    #[test]
    fn an_answer_goes_where_the_last_person_wants_it() {
        let jane = message(1, "jane@c1.test", Kind::Person);
        let failure = message(2, "mailer-daemon@c1.test", Kind::Automatic);
        let ours = Message { inbound: false, ..message(3, "we@acme.test", Kind::Person) };
        let away = Message { gone: true, ..message(4, "bob@c1.test", Kind::Person) };
        let thrown = Message { place: Place::Trash, ..message(5, "bob@c1.test", Kind::Person) };
        let whom = |all: &[&Message]| {
            let all: Vec<_> = all.iter().copied().cloned().collect();
            answered(&all).map(|one| one.id.0.as_u128())
        };
        assert_eq!(whom(&[&jane, &failure, &ours, &away, &thrown]), Some(1));
        assert_eq!(whom(&[&failure, &ours]), Some(2), "where no person wrote");
        assert_eq!(whom(&[&ours]), Some(3));
        assert_eq!(whom(&[]), None);
    }

    #[test]
    fn an_answer_goes_where_its_writer_wants_it_and_never_to_the_mailbox_itself() {
        let own = ["we@acme.test".to_owned()];
        let form = Message { reply_to: vec![address("jane@c1.test")], ..message(1, "noreply@shop.test", Kind::Bulk) };
        assert_eq!(form.answer_to(&own), [address("jane@c1.test")]);
        let group = Message { reply_to: vec![address("we@acme.test")], ..message(2, "jane@c1.test", Kind::Person) };
        assert_eq!(group.answer_to(&own), [address("jane@c1.test")]);
        let ours = Message { inbound: false, to: vec![address("bob@c1.test"), address("we@acme.test")], ..group };
        assert_eq!(ours.answer_to(&own), [address("bob@c1.test")]);
        assert!(message(3, "", Kind::Person).answer_to(&own).is_empty());
    }
}
