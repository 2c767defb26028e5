//! Conversations that are about the same thing become one, and one that is about two becomes two; each can be undone.

use model::{
    actor::Actor,
    conversation::Conversation,
    id::{ConversationChangeId, ConversationId, MemberId, MessageId},
    input::Invalid,
};
use store::{TenantTx, conversation, id};

use super::{allow_on, told};
use crate::{Error, Result, Service};

/// Puts the messages of one conversation into another; returns the change, by which it is undone. What comes to the one later comes to
/// the other.
///
/// # Errors
/// Missing, two conversations of different clients or seen by different people, or the rule that forbids it.
pub async fn merge(
    service: &Service,
    actor: &Actor,
    from: ConversationId,
    into: ConversationId,
) -> Result<ConversationChangeId> {
    let (one, other) = (allow_on(service, actor, from).await?, allow_on(service, actor, into).await?);
    if from == into {
        return Err(Invalid::new("into", "choose another conversation").into());
    }
    if one.client_id != other.client_id {
        let words = "these conversations are of different clients: put both to the same client first";
        return Err(Invalid::new("into", words).into());
    }
    let mut tx = service.db.tenant(actor).await?;
    // What few see would be seen by more, or by fewer.
    if named_in(&mut tx, &one).await? != named_in(&mut tx, &other).await? {
        let words = "these conversations are seen by different people: have the same people see both first";
        return Err(Invalid::new("into", words).into());
    }
    let change = told(service, &mut tx, &other, "merged", &one.subject).await?;
    let messages = conversation::message_ids(&mut tx, from).await?;
    conversation::move_messages(&mut tx, change, &messages, into).await?;
    conversation::set_merged(&mut tx, from, Some(into)).await?;
    conversation::refresh(&mut tx, &[from, into]).await?;
    tx.commit().await?;
    Ok(change)
}

/// Who alone sees a conversation; nobody where it is not private.
async fn named_in(tx: &mut TenantTx, found: &Conversation) -> Result<Vec<MemberId>> {
    if found.private { Ok(conversation::named(tx, found.id).await?) } else { Ok(Vec::new()) }
}

/// Puts some messages of a conversation into one of their own, which the same people see; returns it, and the change by which it is
/// undone.
///
/// # Errors
/// Missing, none or all of its messages, or the rule that forbids it.
pub async fn split(
    service: &Service,
    actor: &Actor,
    from: ConversationId,
    messages: &[MessageId],
) -> Result<(Conversation, ConversationChangeId)> {
    let found = allow_on(service, actor, from).await?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    let all = conversation::message_ids(&mut tx, from).await?;
    if messages.is_empty() || messages.iter().any(|message| !all.contains(message)) || messages.len() >= all.len() {
        return Err(Invalid::new("messages", "choose some messages of this conversation, and not all of them").into());
    }
    let new: ConversationId = id::new(now);
    let client = found.client_id.zip(found.matched_by);
    let begun = conversation::New { id: new, client, subject: found.subject.clone(), at: found.last_at };
    conversation::insert(&mut tx, found.channel_id, &[begun], now).await?;
    let named = named_in(&mut tx, &found).await?;
    if !named.is_empty() {
        conversation::set_named(&mut tx, new, &named).await?;
    }
    let change = told(service, &mut tx, &found, "split", &format!("{} messages", messages.len())).await?;
    conversation::move_messages(&mut tx, change, messages, new).await?;
    conversation::refresh(&mut tx, &[from, new]).await?;
    let split = conversation::get(&mut tx, new).await?;
    tx.commit().await?;
    Ok((split, change))
}

/// Undoes a merge or a split.
///
/// # Errors
/// Missing, a change that moved nothing or was undone, or the rule that forbids it.
pub async fn undo(
    service: &Service,
    actor: &Actor,
    at: ConversationId,
    change: ConversationChangeId,
) -> Result<Conversation> {
    let found = allow_on(service, actor, at).await?;
    let mut tx = service.db.tenant(actor).await?;
    if !conversation::changes(&mut tx, at).await?.iter().any(|one| one.id == change) {
        return Err(Error::Missing);
    }
    let touched = conversation::move_back(&mut tx, change).await?;
    if touched.is_empty() {
        let message = "there is nothing left to undo here; nothing was changed".to_owned();
        return Err(Error::Conflict { code: "already_undone", message });
    }
    for one in &touched {
        if conversation::merged_into(&mut tx, *one).await? == at && *one != at {
            conversation::set_merged(&mut tx, *one, None).await?;
        }
    }
    conversation::refresh(&mut tx, &touched).await?;
    told(service, &mut tx, &found, "undone", "").await?;
    let changed = conversation::get(&mut tx, at).await?;
    tx.commit().await?;
    Ok(changed)
}
