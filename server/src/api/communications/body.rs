//! What is answered about conversations.

use model::{
    conversation::{Change, Conversation, Counts, Label, Note, Suggestion, Thread},
    message::{Address, Attachment, Message},
    outgoing::{Draft, Outgoing},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::rfc3339;

/// Somebody's address with the name they use.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailAddressBody {
    /// Empty where none was written.
    name: String,
    address: String,
}

impl From<Address> for MailAddressBody {
    fn from(address: Address) -> Self {
        Self { name: address.name, address: address.address }
    }
}

fn addresses(all: Vec<Address>) -> Vec<MailAddressBody> {
    all.into_iter().map(Into::into).collect()
}

/// A label.
#[derive(Debug, Serialize, ToSchema)]
pub struct LabelBody {
    id: Uuid,
    name: String,
}

impl From<Label> for LabelBody {
    fn from(label: Label) -> Self {
        Self { id: label.id.0, name: label.name }
    }
}

/// The agency's labels.
#[derive(Debug, Serialize, ToSchema)]
pub struct LabelPage {
    /// By name.
    pub items: Vec<LabelBody>,
    /// Always null: the list is whole.
    pub next_cursor: Option<String>,
}

/// A conversation, as whoever asks sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationBody {
    id: Uuid,
    channel_id: Uuid,
    /// The mailbox's provider: gmail, outlook, imap.
    source: String,
    /// What the mailbox is called.
    mailbox: String,
    /// Null while it waits in triage, or is nobody's.
    client_id: Option<Uuid>,
    client: Option<String>,
    /// contact, address, domain or person: what the client was known by; null while it waits in triage.
    matched_by: Option<&'static str>,
    /// Of its first message.
    subject: String,
    /// open, snoozed or closed.
    status: &'static str,
    snoozed_until: Option<String>,
    assignee_id: Option<Uuid>,
    assignee: Option<String>,
    /// Whether only those named see it.
    private: bool,
    labels: Vec<LabelBody>,
    messages: i32,
    attachments: i32,
    /// When the last message came or went.
    last_at: String,
    /// Who wrote the last message.
    sender_name: String,
    sender_email: String,
    /// How the last message begins.
    snippet: String,
    /// Whether somebody waits for an answer.
    needs_reply: bool,
    /// Whether you have something to read there.
    unread: bool,
    /// Whether you have begun to write there.
    draft: bool,
}

impl From<Conversation> for ConversationBody {
    fn from(found: Conversation) -> Self {
        Self {
            id: found.id.0,
            channel_id: found.channel_id.0,
            source: found.provider,
            mailbox: found.mailbox,
            client_id: found.client_id.map(|id| id.0),
            client: found.client,
            matched_by: found.matched_by.map(model::conversation::MatchedBy::key),
            subject: found.subject,
            status: found.status.key(),
            snoozed_until: found.snoozed_until.map(rfc3339),
            assignee_id: found.assignee_id.map(|id| id.0),
            assignee: found.assignee,
            private: found.private,
            labels: found.labels.into_iter().map(Into::into).collect(),
            messages: found.messages,
            attachments: found.attachments,
            last_at: rfc3339(found.last_at),
            sender_name: found.from.name,
            sender_email: found.from.address,
            snippet: found.snippet,
            needs_reply: found.needs_reply,
            unread: found.unread,
            draft: found.draft,
        }
    }
}

/// One page of conversations.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationPage {
    /// The one with the latest message first.
    pub items: Vec<ConversationBody>,
    /// Pass as `cursor` for what follows; null on the last page.
    pub next_cursor: Option<String>,
}

/// How many open conversations wait for whoever asks.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountsBody {
    /// With something to read.
    unread: i64,
    /// In which somebody waits for an answer.
    needs_reply: i64,
    /// That wait for a client.
    triage: i64,
    /// That you see to.
    mine: i64,
}

impl From<Counts> for CountsBody {
    fn from(Counts { unread, needs_reply, triage, mine }: Counts) -> Self {
        Self { unread, needs_reply, triage, mine }
    }
}

/// A file that came with a message.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttachmentBody {
    /// Its place among the message's parts.
    part: i32,
    name: String,
    content_type: String,
    /// In bytes.
    size: i32,
    /// Whether the layout shows it within the text.
    inline: bool,
}

impl From<Attachment> for AttachmentBody {
    fn from(file: Attachment) -> Self {
        let Attachment { part, name, content_type, size, inline } = file;
        Self { part, name, content_type, size, inline }
    }
}

/// A message.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageBody {
    id: Uuid,
    /// Whether it came to the agency.
    inbound: bool,
    /// person, automatic or bulk: who or what wrote it.
    kind: &'static str,
    sender_name: String,
    sender_email: String,
    to: Vec<MailAddressBody>,
    cc: Vec<MailAddressBody>,
    subject: String,
    /// What it says, in plain text.
    text: String,
    /// Whether it also has a form with layout.
    html: bool,
    /// When it was sent, as its writer's program says.
    sent_at: Option<String>,
    /// When the provider received it.
    at: String,
    /// inbox, archive, sent or trash: where it lies at the provider.
    place: &'static str,
    attachments: Vec<AttachmentBody>,
    /// Why it could not be parsed; its source is there.
    fault: Option<String>,
    /// What it was here before it went out.
    outgoing_id: Option<Uuid>,
    /// Whether it was thrown away at the provider.
    gone: bool,
}

impl From<Message> for MessageBody {
    fn from(message: Message) -> Self {
        Self {
            id: message.id.0,
            inbound: message.inbound,
            kind: message.kind.key(),
            sender_name: message.from.name,
            sender_email: message.from.address,
            to: addresses(message.to),
            cc: addresses(message.cc),
            subject: message.subject,
            text: message.text,
            html: message.html,
            sent_at: message.sent_at.map(rfc3339),
            at: rfc3339(message.at),
            place: message.place.key(),
            attachments: message.attachments.into_iter().map(Into::into).collect(),
            fault: message.fault,
            outgoing_id: message.outgoing_id.map(|id| id.0),
            gone: message.gone,
        }
    }
}

/// A conversation's messages.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessagePage {
    /// The first first.
    pub items: Vec<MessageBody>,
    /// How many.
    pub count: usize,
    /// Always null: the list is whole.
    pub next_cursor: Option<String>,
}

/// What a member says to the others.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationNoteBody {
    id: Uuid,
    member_id: Uuid,
    /// Their name then.
    member: String,
    text: String,
    /// Whom it calls.
    mentions: Vec<Uuid>,
    created_at: String,
}

impl From<Note> for ConversationNoteBody {
    fn from(note: Note) -> Self {
        Self {
            id: note.id.0,
            member_id: note.member_id.0,
            member: note.member,
            text: note.text,
            mentions: note.mentions.into_iter().map(|id| id.0).collect(),
            created_at: rfc3339(note.created_at),
        }
    }
}

/// Something that was done to a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationEventBody {
    id: Uuid,
    /// Who did it.
    member: String,
    /// assigned, closed, opened, snoozed, settled, client, labels, private, merged, split or undone.
    what: String,
    /// More about it, in words.
    detail: String,
    created_at: String,
}

impl From<Change> for ConversationEventBody {
    fn from(change: Change) -> Self {
        let Change { id, member, what, detail, created_at } = change;
        Self { id: id.0, member, what, detail, created_at: rfc3339(created_at) }
    }
}

/// A message that is to go, goes, or went.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutgoingBody {
    id: Uuid,
    conversation_id: Uuid,
    member_id: Uuid,
    member: String,
    to: Vec<MailAddressBody>,
    cc: Vec<MailAddressBody>,
    bcc: Vec<MailAddressBody>,
    subject: String,
    text: String,
    /// Files that go with it, by name.
    files: Vec<String>,
    /// held, sending, sent, failed, unconfirmed or withdrawn.
    state: &'static str,
    /// When it goes, or went; until then it can be taken back.
    send_at: String,
    /// Why it did not go, with what to do.
    fault: Option<String>,
}

impl From<Outgoing> for OutgoingBody {
    fn from(outgoing: Outgoing) -> Self {
        Self {
            id: outgoing.id.0,
            conversation_id: outgoing.conversation_id.0,
            member_id: outgoing.member_id.0,
            member: outgoing.member,
            to: addresses(outgoing.to),
            cc: addresses(outgoing.cc),
            bcc: addresses(outgoing.bcc),
            subject: outgoing.subject,
            text: outgoing.text,
            files: outgoing.files,
            state: outgoing.state.key(),
            send_at: rfc3339(outgoing.send_at),
            fault: outgoing.fault,
        }
    }
}

/// A client that may be meant.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuggestionBody {
    client_id: Uuid,
    client: String,
    /// Why, in words.
    why: String,
}

impl From<Suggestion> for SuggestionBody {
    fn from(Suggestion { client_id, client, why }: Suggestion) -> Self {
        Self { client_id: client_id.0, client, why }
    }
}

/// A conversation and what belongs to it; its messages are a list of their own.
#[derive(Debug, Serialize, ToSchema)]
pub struct ThreadBody {
    #[serde(flatten)]
    conversation: ConversationBody,
    /// What members said among themselves, the first first.
    notes: Vec<ConversationNoteBody>,
    /// What was done to it, the first first.
    changes: Vec<ConversationEventBody>,
    /// What is to go out, and what did not.
    outgoing: Vec<OutgoingBody>,
    /// The client that is most likely meant, while it waits in triage.
    suggestion: Option<SuggestionBody>,
    /// Who sees a private one.
    members: Vec<Uuid>,
}

impl From<Thread> for ThreadBody {
    fn from(thread: Thread) -> Self {
        Self {
            conversation: thread.conversation.into(),
            notes: thread.notes.into_iter().map(Into::into).collect(),
            changes: thread.changes.into_iter().map(Into::into).collect(),
            outgoing: thread.outgoing.into_iter().map(Into::into).collect(),
            suggestion: thread.suggestion.map(Into::into),
            members: thread.named.into_iter().map(|id| id.0).collect(),
        }
    }
}

/// A member who can be asked to see to a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReaderBody {
    /// The member's id.
    pub id: Uuid,
    /// Their name.
    pub name: String,
}

/// Those who can be asked to see to a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReaderPage {
    /// By name.
    pub items: Vec<ReaderBody>,
    /// Who sees the client and not this conversation, which is private: they can be named to see it, too.
    pub others: Vec<ReaderBody>,
    /// Always null: the list is whole.
    pub next_cursor: Option<String>,
}

/// What you are writing.
#[derive(Debug, Serialize, ToSchema)]
pub struct DraftBody {
    to: Vec<String>,
    cc: Vec<String>,
    bcc: Vec<String>,
    subject: String,
    text: String,
    uploads: Vec<Uuid>,
    /// How often it was saved; 0 where nothing was begun.
    revision: i64,
}

impl DraftBody {
    /// With how often it was saved.
    pub fn new(draft: Draft, revision: i64) -> Self {
        let Draft { to, cc, bcc, subject, text, uploads } = draft;
        Self { to, cc, bcc, subject, text, uploads: uploads.into_iter().map(|id| id.0).collect(), revision }
    }
}
