//! What people do with conversations: read them, put them to a client, see to them, and talk about them among themselves. What they
//! write to others is in `outgoing`; joining and parting conversations is in `merge`.

pub mod merge;
mod triage;

use model::{
    access::Action,
    actor::Actor,
    conversation::{Change, Conversation, Counts, Filter, Label, Note, Status, Thread},
    id::{ClientId, ConversationId, LabelId, MemberId},
    input::Invalid,
    page::Page,
};
use serde_json::json;
use store::{TenantTx, client, conversation, cursor::Cursor, id, member, message, outgoing};
use time::{Duration, OffsetDateTime};
pub use triage::{Learn, set_client};

use crate::{Error, Result, Service, access};

/// The longest that a conversation is put aside.
const LONGEST_SNOOZE: Duration = Duration::days(366);
/// The most labels of one conversation.
const MOST_LABELS: usize = 20;

/// Conversations in sight, the one with the latest message first.
///
/// # Errors
/// A malformed cursor, missing for a client out of sight, or the rule that forbids it.
pub async fn list(
    service: &Service,
    actor: &Actor,
    filter: &Filter,
    limit: i64,
    cursor: Option<&str>,
) -> Result<Page<Conversation>> {
    access::allow(service, actor, Action::ReadConversations).await?;
    let cursor = cursor.map(Cursor::parse).transpose()?;
    let mut tx = service.db.tenant(actor).await?;
    if let Some(id) = filter.client_id {
        client::get(&mut tx, id).await?;
    }
    Ok(conversation::list(&mut tx, filter, limit, cursor).await?)
}

/// How many conversations wait for the acting member.
///
/// # Errors
/// The database failed, or the rule that forbids it.
pub async fn counts(service: &Service, actor: &Actor) -> Result<Counts> {
    access::allow(service, actor, Action::ReadConversations).await?;
    Ok(conversation::count(&mut service.db.tenant(actor).await?).await?)
}

/// A conversation from its first message to its last. One whose messages are in another now is that other.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn thread(service: &Service, actor: &Actor, id: ConversationId) -> Result<Thread> {
    access::allow(service, actor, Action::ReadConversations).await?;
    let mut tx = service.db.tenant(actor).await?;
    let id = conversation::merged_into(&mut tx, id).await?;
    read(&mut tx, id).await
}

async fn read(tx: &mut TenantTx, id: ConversationId) -> Result<Thread> {
    let found = conversation::get(tx, id).await?;
    let messages = message::list(tx, id).await?;
    let suggestion = match (found.client_id, found.matched_by) {
        (None, None) => triage::suggestion(tx, id).await?,
        _ => None,
    };
    Ok(Thread {
        conversation: found,
        messages,
        notes: conversation::notes(tx, id).await?,
        changes: conversation::changes(tx, id).await?,
        outgoing: outgoing::list(tx, id).await?,
        suggestion,
        named: conversation::named(tx, id).await?,
    })
}

/// Those who can be asked to see to a conversation.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn readers(service: &Service, actor: &Actor, id: ConversationId) -> Result<Vec<(MemberId, String)>> {
    access::allow(service, actor, Action::ReadConversations).await?;
    let mut tx = service.db.tenant(actor).await?;
    let found = conversation::get(&mut tx, id).await?;
    readers_of(&mut tx, &found).await
}

/// Those who can be named to see a conversation: all who see its client.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn candidates(service: &Service, actor: &Actor, id: ConversationId) -> Result<Vec<(MemberId, String)>> {
    access::allow(service, actor, Action::ReadConversations).await?;
    let mut tx = service.db.tenant(actor).await?;
    let found = conversation::get(&mut tx, id).await?;
    Ok(conversation::readers(&mut tx, found.client_id).await?)
}

/// Those who can be asked to see to it: of a private one those named.
pub(crate) async fn readers_of(tx: &mut TenantTx, found: &Conversation) -> Result<Vec<(MemberId, String)>> {
    let mut all = conversation::readers(tx, found.client_id).await?;
    if found.private {
        let named = conversation::named(tx, found.id).await?;
        all.retain(|(member, _)| named.contains(member));
    }
    Ok(all)
}

/// The conversation, to be changed. One whose messages are in another one now is out of sight there: what is done to it would be, too.
pub(crate) async fn allow_on(service: &Service, actor: &Actor, id: ConversationId) -> Result<Conversation> {
    let found = allow_at(service, actor, id).await?;
    check_home(&mut service.db.tenant(actor).await?, id).await?;
    Ok(found)
}

/// Refuses a conversation whose messages are in another one.
pub(crate) async fn check_home(tx: &mut TenantTx, id: ConversationId) -> Result<()> {
    if conversation::merged_into(tx, id).await? == id {
        return Ok(());
    }
    let message = "this conversation was joined to another meanwhile, so nothing was done, and what you wrote is kept. \
                   Load the page again to go on there";
    Err(Error::Conflict { code: "joined_already", message: message.to_owned() })
}

/// Holds a conversation whose messages are its own, so that nothing is joined to it or it to another until the transaction ends.
pub(crate) async fn hold_home(tx: &mut TenantTx, id: ConversationId) -> Result<()> {
    conversation::hold(tx, &[id]).await?;
    check_home(tx, id).await
}

/// Missing before refused: who does not see a conversation does not learn that it is there.
pub(crate) async fn allow_at(service: &Service, actor: &Actor, id: ConversationId) -> Result<Conversation> {
    access::allow(service, actor, Action::ReadConversations).await?;
    let found = conversation::get(&mut service.db.tenant(actor).await?, id).await?;
    access::allow_to(service, actor, Action::EditConversations, id, called(&found)).await?;
    Ok(found)
}

/// What the audit log calls a conversation: those who read the log may not see a private one.
pub(crate) fn called(found: &Conversation) -> &str {
    if found.private { "a private conversation" } else { &found.subject }
}

/// Writes down what was done, for those who read the conversation and for the audit log.
pub(crate) async fn told(
    service: &Service,
    tx: &mut TenantTx,
    found: &Conversation,
    what: &str,
    words: &str,
) -> Result<model::id::ConversationChangeId> {
    let now = service.clock.now();
    let member = member::get(tx, tx.actor().member_id).await?.name;
    let change = Change { id: id::new(now), member, what: what.to_owned(), detail: words.to_owned(), created_at: now };
    conversation::insert_change(tx, found.id, &change).await?;
    let detail = json!({ "what": what, "detail": if found.private { "" } else { words } });
    access::done_to(service, tx, Action::EditConversations, (found.id, called(found)), detail).await?;
    Ok(change.id)
}

/// Opens a conversation, closes it, or puts it aside until a moment.
///
/// # Errors
/// Missing, a moment that is past or too far away, or the rule that forbids it.
pub async fn set_status(
    service: &Service,
    actor: &Actor,
    id: ConversationId,
    status: Status,
    until: Option<OffsetDateTime>,
) -> Result<Conversation> {
    let found = allow_on(service, actor, id).await?;
    let now = service.clock.now();
    let until = match (status, until) {
        (Status::Snoozed, Some(until)) if until > now && until <= now + LONGEST_SNOOZE => Some(until),
        (Status::Snoozed, _) => {
            return Err(Invalid::new("until", "choose a moment from now on, within a year").into());
        }
        (Status::Open | Status::Closed, _) => None,
    };
    let mut tx = service.db.tenant(actor).await?;
    conversation::set_status(&mut tx, id, status, until).await?;
    let what = match status {
        Status::Open => "opened",
        Status::Snoozed => "snoozed",
        Status::Closed => "closed",
    };
    told(service, &mut tx, &found, what, &until.map(|until| until.date().to_string()).unwrap_or_default()).await?;
    let changed = conversation::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Asks somebody to see to a conversation, or nobody.
///
/// # Errors
/// Missing, somebody who does not see it, or the rule that forbids it.
pub async fn assign(
    service: &Service,
    actor: &Actor,
    id: ConversationId,
    assignee: Option<MemberId>,
) -> Result<Conversation> {
    let found = allow_on(service, actor, id).await?;
    let mut tx = service.db.tenant(actor).await?;
    let words = match assignee {
        None => "nobody".to_owned(),
        Some(member) => {
            let readers = readers_of(&mut tx, &found).await?;
            let known = readers.into_iter().find(|(reader, _)| *reader == member);
            let words = "choose somebody who sees this conversation";
            known.map(|(_, name)| name).ok_or_else(|| Invalid::new("assignee_id", words))?
        }
    };
    conversation::set_assignee(&mut tx, id, assignee).await?;
    told(service, &mut tx, &found, "assigned", &words).await?;
    let changed = conversation::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Says that nobody waits for an answer any more, as when somebody answered by telephone; or takes that back.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub async fn set_needs_reply(
    service: &Service,
    actor: &Actor,
    id: ConversationId,
    needs_reply: bool,
) -> Result<Conversation> {
    let found = allow_on(service, actor, id).await?;
    let mut tx = service.db.tenant(actor).await?;
    let settled = (!needs_reply).then(|| (service.clock.now(), actor.member_id));
    conversation::set_settled(&mut tx, id, settled).await?;
    told(service, &mut tx, &found, "settled", if needs_reply { "an answer is wanted" } else { "no answer is wanted" })
        .await?;
    let changed = conversation::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Notes that the acting member has read a conversation up to now, or wants it unread.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn set_read(service: &Service, actor: &Actor, id: ConversationId, read: bool) -> Result<Conversation> {
    access::allow(service, actor, Action::ReadConversations).await?;
    let mut tx = service.db.tenant(actor).await?;
    conversation::get(&mut tx, id).await?;
    conversation::set_read(&mut tx, id, read).await?;
    let changed = conversation::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Says something to the other members about a conversation. An `@name` calls whoever sees it and is called so: it is unread for them
/// again, unless they called themselves.
///
/// # Errors
/// Missing, a text that is empty or too long, or the rule that forbids it.
pub async fn note(service: &Service, actor: &Actor, id: ConversationId, text: &str) -> Result<Note> {
    let found = allow_on(service, actor, id).await?;
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 20_000 {
        return Err(Invalid::new("text", "write between 1 and 20 000 characters").into());
    }
    let mut tx = service.db.tenant(actor).await?;
    let mentions = mentioned(text, &readers_of(&mut tx, &found).await?);
    let now = service.clock.now();
    let member = member::get(&mut tx, actor.member_id).await?.name;
    let note =
        Note { id: id::new(now), member_id: actor.member_id, member, text: text.to_owned(), mentions, created_at: now };
    conversation::insert_note(&mut tx, id, &note).await?;
    let others: Vec<_> = note.mentions.iter().copied().filter(|member| *member != actor.member_id).collect();
    conversation::call(&mut tx, id, &others).await?;
    access::done_to(service, &mut tx, Action::EditConversations, (id, called(&found)), json!({ "what": "note" }))
        .await?;
    tx.commit().await?;
    Ok(note)
}

/// Whom a text calls: the longest name that stands after an `@`, or a first name that only one has.
fn mentioned(text: &str, readers: &[(MemberId, String)]) -> Vec<MemberId> {
    let mut called = Vec::new();
    for (at, _) in text.match_indices('@') {
        let rest = text[at + 1..].to_lowercase();
        let begins = |name: &str| {
            let name = name.to_lowercase();
            rest.starts_with(&name) && !rest[name.len()..].starts_with(char::is_alphanumeric)
        };
        let whole = readers.iter().filter(|(_, name)| begins(name)).max_by_key(|(_, name)| name.len());
        let first: Vec<_> = readers.iter().filter(|(_, name)| name.split(' ').next().is_some_and(&begins)).collect();
        let found = whole.or_else(|| if let [only] = first[..] { Some(only) } else { None });
        called.extend(found.map(|(member, _)| *member).filter(|member| !called.contains(member)));
    }
    called
}

/// The agency's labels.
///
/// # Errors
/// The database failed, or the rule that forbids it.
pub async fn labels(service: &Service, actor: &Actor) -> Result<Vec<Label>> {
    access::allow(service, actor, Action::ReadConversations).await?;
    Ok(conversation::labels(&mut service.db.tenant(actor).await?).await?)
}

/// Marks a conversation with labels of these names and no others; those that are not there are made.
///
/// # Errors
/// Missing, a name that is empty or too long, too many, or the rule that forbids it.
pub async fn set_labels(
    service: &Service,
    actor: &Actor,
    id: ConversationId,
    names: &[String],
) -> Result<Conversation> {
    let found = allow_on(service, actor, id).await?;
    if names.len() > MOST_LABELS {
        return Err(Invalid::new("labels", format!("a conversation has at most {MOST_LABELS} labels")).into());
    }
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    let mut ids: Vec<LabelId> = Vec::new();
    for name in names {
        let name = model::input::line("labels", "A label", name, 50)?;
        if name.contains(',') {
            // Where labels are typed, it stands between two.
            return Err(Invalid::new("labels", "a label has no comma: write two labels").into());
        }
        ids.push(conversation::ensure_label(&mut tx, id::new(now), &name, now).await?.id);
    }
    conversation::set_labels(&mut tx, id, &ids).await?;
    told(service, &mut tx, &found, "labels", &names.join(", ")).await?;
    let changed = conversation::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Makes a conversation, and those joined to it, private to those named, the acting member always among them; without anybody named it is
/// open again to all who see its client.
///
/// # Errors
/// Missing, somebody who does not see its client, or the rule that forbids it.
pub async fn set_private(
    service: &Service,
    actor: &Actor,
    id: ConversationId,
    members: &[MemberId],
) -> Result<Conversation> {
    let found = allow_on(service, actor, id).await?;
    let mut tx = service.db.tenant(actor).await?;
    hold_home(&mut tx, id).await?;
    let readers = conversation::readers(&mut tx, found.client_id).await?;
    if members.iter().any(|member| !readers.iter().any(|(reader, _)| reader == member)) {
        return Err(Invalid::new("members", "choose members who see this client").into());
    }
    let mut named = members.to_vec();
    if !named.is_empty() && !named.contains(&actor.member_id) {
        named.push(actor.member_id);
    }
    conversation::set_named(&mut tx, id, &named).await?;
    if !named.is_empty() && found.assignee_id.is_some_and(|assignee| !named.contains(&assignee)) {
        conversation::set_assignee(&mut tx, id, None).await?;
    }
    conversation::follow(&mut tx, id).await?;
    let words = match named[..] {
        [] => "all who see the client".to_owned(),
        _ => names_of(&readers, &named),
    };
    let found = Conversation { private: !named.is_empty(), ..found };
    told(service, &mut tx, &found, "private", &words).await?;
    let changed = conversation::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(changed)
}

/// What these members are called, in the order of their names.
fn names_of(readers: &[(MemberId, String)], named: &[MemberId]) -> String {
    let names = readers.iter().filter(|(member, _)| named.contains(member)).map(|(_, name)| name.as_str());
    names.collect::<Vec<_>>().join(", ")
}

/// Refuses a conversation of a client that was archived meanwhile, or none.
pub(crate) fn known_client(clients: &[(ClientId, String, bool)], id: ClientId) -> Result<&str> {
    let found = clients.iter().find(|(client, ..)| *client == id);
    found.map(|(_, name, _)| name.as_str()).ok_or(Error::Missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_calls_those_whose_name_stands_after_the_sign() {
        let member = |n: u128, name: &str| (MemberId::from(uuid::Uuid::from_u128(n)), name.to_owned());
        let readers = [member(1, "Ana Lind"), member(2, "Ana Berg"), member(3, "Bo")];
        let called = |text: &str| mentioned(text, &readers).into_iter().map(|id| id.0.as_u128()).collect::<Vec<_>>();
        assert_eq!(called("@Ana Berg and @bo, please"), [2, 3]);
        assert_eq!(called("@Ana: which of you"), Vec::<u128>::new(), "nobody is guessed");
        assert_eq!(called("bo@mill.example, @Boris"), Vec::<u128>::new());
    }
}
