//! What can be done with conversations, shared by the panes: each deed says in a toast that it is done, with a way back where there is one.

use std::collections::BTreeMap;

use leptos::prelude::*;
use model::id::{ConversationChangeId, ConversationId, MemberId, MessageId, OutgoingId};
use serde::{Deserialize, Serialize};

use super::reply::ReplyToConversation;
use crate::{
    components::{
        outcome::{on_success, settled, successes},
        toast::{Next, Toasts},
    },
    error::AppError,
};

/// What was done to conversations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    words: String,
    back: Vec<(ConversationId, String, String)>,
}

/// Does one thing to conversations: opens, closes, puts aside, assigns, labels, takes labels away, marks them as read or not.
#[server(prefix = "/app", endpoint = "change_conversations", output = crate::codec::Json)]
pub async fn change_conversations(
    #[server(default)] ids: Vec<ConversationId>,
    what: String,
    #[server(default)] to: String,
) -> Result<Done, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let done = service::inbox::change(&service, &actor, &ids, &what, &to).await?;
    Ok(Done { words: done.words, back: done.back })
}

/// Puts a conversation to a client, or to `nobody`, and learns from it: nothing, or a rule for the `address` or `domain` of the writer whom
/// the page names.
#[server(prefix = "/app", endpoint = "put_conversation", output = crate::codec::Json)]
pub async fn put_conversation(
    id: ConversationId,
    client_id: String,
    #[server(default)] learn: String,
    #[server(default)] writer: String,
) -> Result<(), AppError> {
    use service::conversation::Learn;
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let client = match client_id.as_str() {
        "" => return Err(model::input::Invalid::new("client_id", "choose a client").into()),
        "nobody" => None,
        id => Some(id.parse().map_err(|_| service::Error::Missing)?),
    };
    let learn = match learn.as_str() {
        "address" => Learn::Address,
        "domain" => Learn::Domain,
        _ => Learn::Nothing,
    };
    let writer = Some(writer.as_str()).filter(|writer| !writer.is_empty());
    Ok(service::conversation::set_client(&service, &actor, id, client, learn, writer).await.map(|_| ())?)
}

/// Says something to the other members about a conversation.
#[server(prefix = "/app", endpoint = "note_conversation", output = crate::codec::Json)]
pub async fn note_conversation(id: ConversationId, text: String) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::conversation::note(&service, &actor, id, &text).await.map(|_| ())?)
}

/// Has only these members see a conversation; without any, all who see its client.
#[server(prefix = "/app", endpoint = "restrict_conversation", output = crate::codec::Json)]
pub async fn restrict_conversation(
    id: ConversationId,
    #[server(default)] members: Vec<MemberId>,
) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::conversation::set_private(&service, &actor, id, &members).await.map(|_| ())?)
}

/// Joins a conversation to another; gives back where, and the change by which it is undone.
#[server(prefix = "/app", endpoint = "merge_conversations", output = crate::codec::Json)]
pub async fn merge_conversations(
    from: ConversationId,
    into: ConversationId,
) -> Result<(ConversationId, ConversationChangeId), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok((into, service::conversation::merge::merge(&service, &actor, from, into).await?))
}

/// Moves messages of a conversation into one of their own; gives back where from, the new one, and the change by which it is undone.
#[server(prefix = "/app", endpoint = "split_conversation", output = crate::codec::Json)]
pub async fn split_conversation(
    id: ConversationId,
    #[server(default)] messages: Vec<MessageId>,
) -> Result<(ConversationId, ConversationId, ConversationChangeId), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let (new, change) = service::conversation::merge::split(&service, &actor, id, &messages).await?;
    Ok((id, new.id, change))
}

/// Undoes that conversations were joined or parted.
#[server(prefix = "/app", endpoint = "undo_merge", output = crate::codec::Json)]
pub async fn undo_merge(at: ConversationId, change: ConversationChangeId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::conversation::merge::undo(&service, &actor, at, change).await.map(|_| ())?)
}

/// Takes a message back that has not gone.
#[server(prefix = "/app", endpoint = "take_back_message", output = crate::codec::Json)]
pub async fn take_back_message(id: OutgoingId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::outgoing::undo(&service, &actor, id).await.map(|_| ())?)
}

/// Sends a message again that did not go, or of which nobody knows.
#[server(prefix = "/app", endpoint = "send_message_again", output = crate::codec::Json)]
pub async fn send_message_again(id: OutgoingId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::inbox::again(&service, &actor, id).await.map(|_| ())?)
}

/// Says of a message of which nobody knew it that it went.
#[server(prefix = "/app", endpoint = "confirm_message", output = crate::codec::Json)]
pub async fn confirm_message(id: OutgoingId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::inbox::confirm(&service, &actor, id).await.map(|_| ())?)
}

/// Puts conversations back to how they stood.
async fn put_back(back: Vec<(ConversationId, String, String)>) -> Result<(), AppError> {
    let mut alike: BTreeMap<(String, String), Vec<ConversationId>> = BTreeMap::new();
    for (id, what, to) in back {
        alike.entry((what, to)).or_default().push(id);
    }
    for ((what, to), ids) in alike {
        change_conversations(ids, what, to).await?;
    }
    Ok(())
}

/// What can be done; the panes share it.
#[derive(Clone, Copy)]
pub(super) struct Deeds {
    pub change: ServerAction<ChangeConversations>,
    /// The same, of those that are chosen in the list: what is refused of them is said there.
    pub many: ServerAction<ChangeConversations>,
    pub put: ServerAction<PutConversation>,
    pub note: ServerAction<NoteConversation>,
    pub restrict: ServerAction<RestrictConversation>,
    pub merge: ServerAction<MergeConversations>,
    pub split: ServerAction<SplitConversation>,
    pub part: ServerAction<UndoMerge>,
    pub take_back: ServerAction<TakeBackMessage>,
    pub again: ServerAction<SendMessageAgain>,
    pub confirm: ServerAction<ConfirmMessage>,
    pub reply: ServerAction<ReplyToConversation>,
    /// Counts how often the box is to be read again, since another device wrote on.
    pub newer: RwSignal<usize>,
    /// Counts what was taken back by a toast, and what another part of the page did.
    pub more: RwSignal<usize>,
    /// The conversation that is to stay unread, although it is open.
    pub unread: RwSignal<Option<ConversationId>>,
    /// The conversation that was drawn last.
    drawn: StoredValue<Option<ConversationId>>,
}

impl Deeds {
    /// What this page's buttons do; how it went is said in its toasts.
    pub fn new() -> Self {
        let deeds = Self {
            change: ServerAction::new(),
            many: ServerAction::new(),
            put: ServerAction::new(),
            note: ServerAction::new(),
            restrict: ServerAction::new(),
            merge: ServerAction::new(),
            split: ServerAction::new(),
            part: ServerAction::new(),
            take_back: ServerAction::new(),
            again: ServerAction::new(),
            confirm: ServerAction::new(),
            reply: ServerAction::new(),
            newer: RwSignal::new(0),
            more: RwSignal::new(0),
            unread: RwSignal::new(None),
            drawn: StoredValue::new(None),
        };
        let Some(toasts) = Toasts::of_page() else { return deeds };
        let more = deeds.more;
        for action in [deeds.change, deeds.many] {
            on_success(action, move |done: Done| {
                let Done { words, back } = done;
                toasts.with_undo(words, more, move || put_back(back.clone()));
            });
        }
        on_success(deeds.merge, move |(into, change)| {
            toasts.with_undo("The conversations are one".to_owned(), more, move || undo_merge(into, change));
        });
        on_success(deeds.split, move |(at, _, change)| {
            toasts.with_undo("The message has its own conversation".to_owned(), more, move || undo_merge(at, change));
        });
        let say = move |words: &'static str| move |()| toasts.show(words, Next::Nothing);
        on_success(deeds.put, say("The conversation has its client"));
        on_success(deeds.note, say("Noted, for members only"));
        on_success(deeds.restrict, say("Who sees it is changed"));
        on_success(deeds.part, say("Taken back"));
        on_success(deeds.take_back, say("It did not go: what you wrote is in the box again"));
        on_success(deeds.again, say("It is being sent again"));
        on_success(deeds.confirm, say("Marked as sent"));
        deeds
    }

    /// A conversation is drawn: what was refused of another is not said of it.
    pub fn begin(self, id: ConversationId) {
        let before = self.drawn.try_update_value(|drawn| drawn.replace(id)).flatten();
        if before.is_none_or(|before| before == id) {
            return;
        }
        self.unread.set(None);
        self.change.clear();
        self.put.clear();
        self.note.clear();
        self.restrict.clear();
        self.merge.clear();
        self.split.clear();
        self.part.clear();
        self.take_back.clear();
        self.again.clear();
        self.confirm.clear();
        self.reply.clear();
    }

    /// Counts the deeds after which conversations may stand otherwise than they are shown.
    pub fn changes(self) -> Signal<usize> {
        let counts = [
            settled(self.change),
            settled(self.many),
            settled(self.put),
            settled(self.note),
            settled(self.restrict),
            settled(self.merge),
            settled(self.split),
            settled(self.part),
            settled(self.take_back),
            settled(self.again),
            settled(self.confirm),
            successes(self.reply),
        ];
        let more = self.more;
        Signal::derive(move || more.get() + counts.iter().map(|count| count.get()).sum::<usize>())
    }

    /// Counts what changes the box to answer in: a message went, was taken back, or another device wrote on.
    pub fn written(self) -> Signal<usize> {
        let (sent, taken_back, newer) = (successes(self.reply), successes(self.take_back), self.newer);
        Signal::derive(move || sent.get() + taken_back.get() + newer.get())
    }

    /// Does one thing to those that are chosen.
    pub fn run(self, ids: Vec<ConversationId>, what: &str, to: &str) {
        self.many.dispatch(ChangeConversations { ids, what: what.to_owned(), to: to.to_owned() });
    }
}
