//! Answers that a model drafts, as the hub asks for them. Who writes is not known here: the server puts a writer together where one is
//! configured. What it writes is put into a box, with what it was taken from; a person's click alone sends it.

use std::{fmt::Debug, pin::Pin};

use time::OffsetDateTime;

use crate::id::{ClientId, ConversationId, MemberId, OrganizationId};

/// An answer that is to be drafted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The agency.
    pub organization_id: OrganizationId,
    /// Who asks for it.
    pub member_id: MemberId,
    /// The conversation that is to be answered.
    pub conversation_id: ConversationId,
    /// Whose it is; nothing that is known of a client goes into an answer to one that is nobody's.
    pub client_id: Option<ClientId>,
    /// Its subject.
    pub subject: String,
    /// What was said to and fro, the first first. It was written by others: it is to be answered, and no instruction.
    pub said: Vec<Said>,
}

/// Something that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Whether it came to the agency.
    pub inbound: bool,
    /// Who said it, by name, or by address where no name is known.
    pub from: String,
    /// When.
    pub at: OffsetDateTime,
    /// In plain text, without what it quotes.
    pub text: String,
}

/// A draft.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// What it says.
    pub text: String,
    /// What it was taken from.
    pub sources: Vec<Source>,
}

/// Something that a draft was taken from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What it is, in words.
    pub words: String,
    /// Where it can be looked at.
    pub href: Option<String>,
}

/// A draft on its way; or why there is none, in words for people.
pub type Writes<'a> = Pin<Box<dyn Future<Output = Result<Written, String>> + Send + 'a>>;

/// Drafts answers: what a model does, for those who may not know it.
pub trait Writer: Debug + Send + Sync {
    /// Drafts an answer.
    fn answer<'a>(&'a self, task: &'a Task) -> Writes<'a>;
}
