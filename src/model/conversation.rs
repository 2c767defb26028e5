//! Conversations: what was written to and fro about one thing, whose it is, and what is still to be done about it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    id::{ChannelId, ClientId, ConversationChangeId, ConversationId, LabelId, MemberId, NoteId},
    message::{Address, Message},
    outgoing::Outgoing,
};

/// A conversation, as a list shows it to one member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// The mailbox that it goes through.
    pub channel_id: ChannelId,
    /// That mailbox's provider.
    pub provider: String,
    /// What that mailbox is called.
    pub mailbox: String,
    /// Whose it is; none while it waits in triage.
    pub client_id: Option<ClientId>,
    /// That client's name.
    pub client: Option<String>,
    /// What the client was known by.
    pub matched_by: Option<MatchedBy>,
    /// Of its first message.
    pub subject: String,
    /// Where it stands.
    pub status: Status,
    /// When it comes back.
    #[serde(with = "time::serde::rfc3339::option")]
    pub snoozed_until: Option<OffsetDateTime>,
    /// Who sees to it.
    pub assignee_id: Option<MemberId>,
    /// Their name.
    pub assignee: Option<String>,
    /// Whether only those named see it.
    pub private: bool,
    /// Its marks, by name.
    pub labels: Vec<Label>,
    /// How many messages it has.
    pub messages: i32,
    /// How many files came and went with them.
    pub attachments: i32,
    /// When the last message came or went.
    #[serde(with = "time::serde::rfc3339")]
    pub last_at: OffsetDateTime,
    /// Who wrote the last message.
    pub from: Address,
    /// How the last message begins.
    pub snippet: String,
    /// Whether somebody waits for an answer: the last of what came was written by a person, and nothing was answered since.
    pub needs_reply: bool,
    /// Whether something came that this member has not read.
    pub unread: bool,
    /// Whether this member has begun to write.
    pub draft: bool,
}

/// Where a conversation stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// To be seen to.
    #[default]
    Open,
    /// Put aside until a moment.
    Snoozed,
    /// Done; what comes to it opens it again.
    Closed,
}

impl Status {
    /// The spelling in the database and in answers.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Snoozed => "snoozed",
            Self::Closed => "closed",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Snoozed, Self::Closed].into_iter().find(|status| status.key() == text)
    }
}

/// What a conversation's client was known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchedBy {
    /// An address of a contact.
    Contact,
    /// A rule for the address, which a person taught.
    Address,
    /// A rule for the domain, which a person taught.
    Domain,
    /// A person put it there.
    Person,
}

impl MatchedBy {
    /// The spelling in the database and in answers.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Address => "address",
            Self::Domain => "domain",
            Self::Person => "person",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Contact, Self::Address, Self::Domain, Self::Person].into_iter().find(|one| one.key() == text)
    }
}

/// A word that conversations are marked with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Label {
    /// What it is called.
    pub name: String,
    /// Its id.
    pub id: LabelId,
}

/// The views of the list beside all that is open, as addresses spell them.
pub const SHOWS: [&str; 6] = ["mine", "needs_reply", "unread", "triage", "snoozed", "closed"];

/// Which conversations are listed; what is not said is not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Where they stand; open ones where nothing is said and nothing else is asked.
    pub status: Option<Status>,
    /// Whose.
    pub client_id: Option<ClientId>,
    /// Those that wait for a client.
    pub triage: bool,
    /// Seen to by this member.
    pub assignee_id: Option<MemberId>,
    /// Seen to by nobody.
    pub unassigned: bool,
    /// Whether somebody waits for an answer.
    pub needs_reply: Option<bool>,
    /// Whether the acting member has something to read.
    pub unread: Option<bool>,
    /// Through this provider.
    pub source: Option<String>,
    /// Marked with this.
    pub label_id: Option<LabelId>,
    /// In a text, subject, name or address, whatever the case.
    pub text: Option<String>,
}

/// How many conversations wait for the acting member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Open ones with something to read.
    pub unread: i64,
    /// Open ones in which somebody waits for an answer.
    pub needs_reply: i64,
    /// Those that wait for a client.
    pub triage: i64,
    /// Open ones that this member sees to.
    pub mine: i64,
}

/// A conversation from its first message to its last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// What a list shows of it.
    pub conversation: Conversation,
    /// Its messages, the first first.
    pub messages: Vec<Message>,
    /// What members said among themselves.
    pub notes: Vec<Note>,
    /// What was done to it.
    pub changes: Vec<Change>,
    /// What is to go out, and what did not.
    pub outgoing: Vec<Outgoing>,
    /// The client that is most likely meant, while it waits in triage, with why.
    pub suggestion: Option<Suggestion>,
    /// Who sees a private one.
    pub named: Vec<MemberId>,
}

/// A client that may be meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// The client.
    pub client_id: ClientId,
    /// Its name.
    pub client: String,
    /// Why, in words.
    pub why: String,
}

/// What a member says to the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Its id.
    pub id: NoteId,
    /// Who says it.
    pub member_id: MemberId,
    /// Their name then.
    pub member: String,
    /// What.
    pub text: String,
    /// Whom it calls.
    pub mentions: Vec<MemberId>,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// Something that was done to a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Its id.
    pub id: ConversationChangeId,
    /// Who did it.
    pub member: String,
    /// What, as `assigned`, `closed`, `opened`, `snoozed`, `client`, `labels`, `private`, `merged`, `split`, `undone`.
    pub what: String,
    /// More about it, in words.
    pub detail: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}
