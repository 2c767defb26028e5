//! Conversations as browsers get them: moments are words, and what a message quotes is apart from what it says.

use model::{
    conversation::Status,
    id::{ClientId, ConversationChangeId, ConversationId, MemberId, MessageId, OutgoingId, UploadId},
    message::{Address, Attachment, Kind},
    moment::Moment,
    outgoing::State,
};
use serde::{Deserialize, Serialize};

/// A conversation in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub(super) id: ConversationId,
    pub(super) subject: String,
    /// Who wrote last, as the list calls them.
    pub(super) from: String,
    pub(super) snippet: String,
    pub(super) client_id: Option<ClientId>,
    pub(super) client: Option<String>,
    /// It waits for a client.
    pub(super) triage: bool,
    pub(super) mailbox: String,
    pub(super) status: Status,
    pub(super) snoozed: Option<Moment>,
    pub(super) assignee_id: Option<MemberId>,
    pub(super) assignee: Option<String>,
    pub(super) private: bool,
    pub(super) labels: Vec<String>,
    pub(super) messages: i32,
    pub(super) attachments: i32,
    pub(super) at: Moment,
    pub(super) needs_reply: bool,
    pub(super) unread: bool,
    pub(super) draft: bool,
}

impl Row {
    /// What it is called, also where nobody gave it a subject.
    pub(super) fn title(&self) -> String {
        if self.subject.trim().is_empty() { "(no subject)".to_owned() } else { self.subject.clone() }
    }
}

/// What happened in a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub(super) at: Moment,
    pub(super) what: What,
}

/// What it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// A message came or went.
    Message(Box<Letter>),
    /// Somebody said something to the other members.
    Note { id: String, member: String, text: String, me: bool },
    /// Somebody did something to it.
    Change { id: ConversationChangeId, words: String, undoes: bool },
    /// Something is to go out, or did not.
    Outgoing(Box<Going>),
}

impl Item {
    /// Whether it calls who looks.
    pub(super) fn calls(&self) -> bool {
        matches!(self.what, What::Note { me: true, .. })
    }

    /// What tells it from the others, for as long as it stands as it does.
    pub(super) fn key(&self) -> String {
        match &self.what {
            What::Message(letter) => letter.id.to_string(),
            What::Note { id, .. } => id.clone(),
            What::Change { id, .. } => id.to_string(),
            What::Outgoing(going) => format!("{} {}", going.id, going.state.key()),
        }
    }
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    pub(super) id: MessageId,
    pub(super) inbound: bool,
    pub(super) kind: Kind,
    pub(super) from: Address,
    pub(super) to: Vec<Address>,
    pub(super) cc: Vec<Address>,
    pub(super) subject: String,
    /// What it says itself.
    pub(super) text: String,
    /// What it quotes below.
    pub(super) quoted: String,
    pub(super) html: bool,
    pub(super) attachments: Vec<Attachment>,
    pub(super) fault: Option<String>,
    /// Why it lies apart from the others: unwanted, thrown away, gone.
    pub(super) apart: Option<String>,
}

/// A message that is to go out, or did not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Going {
    pub(super) id: OutgoingId,
    pub(super) member: String,
    pub(super) to: Vec<Address>,
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) files: Vec<String>,
    pub(super) state: State,
    /// Until it goes, in seconds; nothing once its time has come.
    pub(super) left: i64,
    pub(super) fault: Option<String>,
}

/// A conversation from its first message to its last, with what can be done to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    pub(super) row: Row,
    pub(super) items: Vec<Item>,
    /// The client that is likely meant, its name, and why.
    pub(super) suggestion: Option<(ClientId, String, String)>,
    /// Who writes to the agency in it: what a rule may be taught about.
    pub(super) writer: String,
    /// Those who can be asked to see to it.
    pub(super) readers: Vec<(MemberId, String)>,
    /// Those who can be named to see it: all who see its client.
    pub(super) candidates: Vec<(MemberId, String)>,
    /// Who sees it, where it is private.
    pub(super) named: Vec<MemberId>,
    /// All labels there are.
    pub(super) labels: Vec<String>,
    /// The clients that it can be put to.
    pub(super) clients: Vec<(ClientId, String)>,
    pub(super) me: MemberId,
    pub(super) may_edit: bool,
}

/// A template with what is known filled in, and what of it is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) missing: Option<String>,
}

/// What a member finds in the box that they answer in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writing {
    /// The conversation.
    pub(super) id: ConversationId,
    pub(super) to: String,
    pub(super) cc: String,
    pub(super) bcc: String,
    pub(super) everyone: String,
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) files: Vec<File>,
    pub(super) revision: i64,
    pub(super) signature: String,
    pub(super) templates: Vec<Prepared>,
    pub(super) click: OutgoingId,
    pub(super) closed: bool,
    /// Whether the server can draft an answer.
    pub(super) drafts: bool,
    /// The agency's time zone, in which a moment to send at is meant.
    pub(super) zone: String,
}

/// A file that is to go with an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    pub(super) id: UploadId,
    pub(super) name: String,
    /// In bytes.
    pub(super) size: i64,
}

/// A size as people read it.
pub(super) fn size(bytes: i64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", (bytes + 1023) / 1024),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

/// Names and addresses in one line.
pub(super) fn people(all: &[Address]) -> String {
    all.iter().map(person).collect::<Vec<_>>().join(", ")
}

/// A name with its address, or the address alone.
pub(super) fn person(one: &Address) -> String {
    match (one.name.as_str(), one.address.as_str()) {
        ("", "") => "an unknown sender".to_owned(),
        ("", address) => address.to_owned(),
        (name, "") => name.to_owned(),
        (name, address) => format!("{name} <{address}>"),
    }
}

#[cfg(feature = "ssr")]
pub(super) mod made {
    //! What the server makes of what is stored.

    use model::{
        actor::Actor,
        conversation::{Change, Conversation, Note, Thread},
        message::{Message, Place},
        outgoing::{Outgoing, State},
    };
    use service::{inbox, moment::Words};
    use time::OffsetDateTime;

    use super::{File, Going, Item, Letter, Prepared, Row, What, Writing};

    /// A conversation as a list shows it.
    pub(in crate::pages::inbox) fn row(one: Conversation, words: &Words) -> Row {
        let from = if one.from.name.is_empty() { one.from.address } else { one.from.name };
        Row {
            id: one.id,
            from: if from.is_empty() { "Unknown sender".to_owned() } else { from },
            triage: one.client_id.is_none() && one.matched_by.is_none(),
            subject: one.subject,
            snippet: one.snippet,
            client_id: one.client_id,
            client: one.client,
            mailbox: one.mailbox,
            status: one.status,
            snoozed: one.snoozed_until.map(|until| words.write(until)),
            assignee_id: one.assignee_id,
            assignee: one.assignee,
            private: one.private,
            labels: one.labels.into_iter().map(|label| label.name).collect(),
            messages: one.messages,
            attachments: one.attachments,
            at: words.write(one.last_at),
            needs_reply: one.needs_reply,
            unread: one.unread,
            draft: one.draft,
        }
    }

    /// Everything that happened, in its order.
    pub(in crate::pages::inbox) fn items(thread: &Thread, actor: &Actor, words: &Words) -> Vec<Item> {
        let went = |going: &Outgoing| thread.messages.iter().any(|message| message.outgoing_id == Some(going.id));
        let shown = |going: &&Outgoing| going.state != State::Withdrawn && !went(going);
        let mut all: Vec<(OffsetDateTime, What)> = Vec::new();
        all.extend(thread.messages.iter().map(|one| (one.at, What::Message(Box::new(letter(one))))));
        all.extend(thread.notes.iter().map(|one| (one.created_at, note(one, actor))));
        all.extend(thread.changes.iter().map(|one| (one.created_at, change(one))));
        all.extend(thread.outgoing.iter().filter(shown).map(|one| (one.send_at, going(one, words))));
        // What waits stands below what happened, whenever it is to go.
        let waits = |what: &What| matches!(what, What::Outgoing(going) if going.state != State::Sent);
        all.sort_by_key(|(at, what)| (waits(what), *at));
        all.into_iter().map(|(at, what)| Item { at: words.write(at), what }).collect()
    }

    fn letter(one: &Message) -> Letter {
        let (text, quoted) = inbox::fold(&one.text);
        let apart = match one.place {
            _ if one.gone => Some("Deleted in the mailbox"),
            Place::Spam => Some("The mailbox holds it to be spam"),
            Place::Trash => Some("Thrown away in the mailbox"),
            Place::Draft => Some("A draft in the mailbox"),
            Place::Inbox | Place::Archive | Place::Sent => None,
        };
        Letter {
            id: one.id,
            inbound: one.inbound,
            kind: one.kind,
            from: one.from.clone(),
            to: one.to.clone(),
            cc: one.cc.clone(),
            subject: one.subject.clone(),
            text: text.to_owned(),
            quoted: quoted.to_owned(),
            html: one.html,
            attachments: one.attachments.clone(),
            fault: one.fault.clone(),
            apart: apart.map(str::to_owned),
        }
    }

    fn note(one: &Note, actor: &Actor) -> What {
        let me = one.mentions.contains(&actor.member_id);
        What::Note { id: one.id.to_string(), member: one.member.clone(), text: one.text.clone(), me }
    }

    fn change(one: &Change) -> What {
        let (member, detail) = (&one.member, &one.detail);
        let words = match one.what.as_str() {
            "opened" => format!("{member} opened it again"),
            "closed" => format!("{member} closed it"),
            "snoozed" => format!("{member} put it aside until {detail}"),
            "assigned" => format!("{member} assigned it to {detail}"),
            "client" => format!("{member} put it to {detail}"),
            "labels" if detail.is_empty() => format!("{member} took its labels away"),
            "labels" => format!("{member} labelled it {detail}"),
            "private" => format!("{member} made it visible to {detail}"),
            "merged" => format!("{member} joined “{detail}” to it"),
            "split" => format!("{member} moved {detail} into a conversation of their own"),
            "undone" => format!("{member} took that back"),
            "settled" => format!("{member} said that {detail}"),
            other => format!("{member}: {other} {detail}").trim_end().to_owned(),
        };
        What::Change { id: one.id, words, undoes: matches!(one.what.as_str(), "merged" | "split") }
    }

    fn going(one: &Outgoing, words: &Words) -> What {
        What::Outgoing(Box::new(Going {
            id: one.id,
            member: one.member.clone(),
            to: one.to.iter().chain(&one.cc).chain(&one.bcc).cloned().collect(),
            subject: one.subject.clone(),
            text: one.text.clone(),
            files: one.files.clone(),
            state: one.state,
            left: (one.send_at - words.now()).whole_seconds().max(0),
            fault: one.fault.clone(),
        }))
    }

    /// What stands in the box at first.
    pub(in crate::pages::inbox) fn reply_box(found: inbox::ReplyBox, zone: String) -> Writing {
        let nobody = found.draft.to.is_empty() && found.draft.cc.is_empty() && found.draft.bcc.is_empty();
        let to = if nobody { found.to } else { found.draft.to };
        let file = |(id, name, size)| File { id, name, size };
        let template = |one: inbox::Filled| Prepared { name: one.name, text: one.text, missing: one.missing };
        Writing {
            id: found.id,
            to: to.join(", "),
            cc: found.draft.cc.join(", "),
            bcc: found.draft.bcc.join(", "),
            everyone: found.everyone.join(", "),
            subject: if found.draft.subject.is_empty() { found.subject } else { found.draft.subject },
            text: found.draft.text,
            files: found.files.into_iter().map(file).collect(),
            revision: found.revision,
            signature: found.signature,
            templates: found.templates.into_iter().map(template).collect(),
            click: found.click,
            closed: found.closed,
            drafts: found.drafts,
            zone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_people_are_told_in_words() {
        assert_eq!([size(12), size(1500), size(3_500_000)], ["12 B", "2 KiB", "3.3 MiB"]);
        let ana = Address { name: "Ana".into(), address: "ana@mill.example".into() };
        assert_eq!(people(&[ana, Address::default()]), "Ana <ana@mill.example>, an unknown sender");
    }
}
