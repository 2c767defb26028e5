//! Conversations that are about the same thing become one, and one that is about two becomes two; each can be undone.

use std::collections::BTreeSet;

use model::{
    actor::Actor,
    conversation::{Conversation, Status},
    id::{ConversationChangeId, ConversationId, MemberId, MessageId},
    input::Invalid,
};
use store::{TenantTx, conversation, id};

use super::{allow_on, check_home, hold_home, told};
use crate::{Error, Result, Service};

/// Puts the messages of one conversation into another, with what was written there and did not go yet; returns the change, by which it is
/// undone. What comes to the one later comes to the other.
///
/// # Errors
/// Missing, two conversations of different clients, or seen by different people, one that was joined to another already, or the rule that
/// forbids it.
pub async fn merge(
    service: &Service,
    actor: &Actor,
    from: ConversationId,
    into: ConversationId,
) -> Result<ConversationChangeId> {
    allow_on(service, actor, from).await?;
    allow_on(service, actor, into).await?;
    if from == into {
        return Err(Invalid::new("into", "choose another conversation").into());
    }
    let mut tx = service.db.tenant(actor).await?;
    // As they are now, and stay until both are one.
    conversation::hold(&mut tx, &[from, into]).await?;
    for id in [from, into] {
        check_home(&mut tx, id).await?;
    }
    let (one, other) = (conversation::get(&mut tx, from).await?, conversation::get(&mut tx, into).await?);
    if let Some(words) = differ(&mut tx, &one, &other).await? {
        return Err(Invalid::new("into", words).into());
    }
    let change = told(service, &mut tx, &other, "merged", &one.subject).await?;
    let messages = conversation::message_ids(&mut tx, from).await?;
    conversation::move_messages(&mut tx, change, &messages, into).await?;
    conversation::set_merged(&mut tx, from, Some(into)).await?;
    conversation::take_outgoing(&mut tx, from, into).await?;
    // What was to be seen to is not put aside by that.
    if one.status == Status::Open && other.status != Status::Open {
        conversation::set_status(&mut tx, into, Status::Open, None).await?;
    }
    conversation::refresh(&mut tx, &[from, into]).await?;
    tx.commit().await?;
    Ok(change)
}

/// Why messages of one conversation may not come to be in another: others would see them.
async fn differ(tx: &mut TenantTx, one: &Conversation, other: &Conversation) -> Result<Option<&'static str>> {
    if one.client_id != other.client_id {
        return Ok(Some("these conversations are of different clients: put both to the same client first"));
    }
    let alike = readers(tx, one).await? == readers(tx, other).await?;
    let words = "one of these conversations is private, and others see it than see the other: have the same people see both first";
    Ok((!alike).then_some(words))
}

/// Who alone sees a conversation; none where it is not private.
async fn readers(tx: &mut TenantTx, found: &Conversation) -> Result<Option<Vec<MemberId>>> {
    Ok(if found.private { Some(conversation::named(tx, found.id).await?) } else { None })
}

/// Puts some messages of a conversation into one of their own, which the same people see and see to; returns it, and the change by which
/// it is undone.
///
/// # Errors
/// Missing, none or all of its messages, or the rule that forbids it.
pub async fn split(
    service: &Service,
    actor: &Actor,
    from: ConversationId,
    messages: &[MessageId],
) -> Result<(Conversation, ConversationChangeId)> {
    allow_on(service, actor, from).await?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    hold_home(&mut tx, from).await?;
    let found = conversation::get(&mut tx, from).await?;
    let all = conversation::message_ids(&mut tx, from).await?;
    if messages.is_empty() || messages.iter().any(|message| !all.contains(message)) || messages.len() >= all.len() {
        return Err(Invalid::new("messages", "choose some messages of this conversation, and not all of them").into());
    }
    let new: ConversationId = id::new(now);
    let client = found.client_id.zip(found.matched_by);
    let begun = conversation::New { id: new, client, subject: found.subject.clone(), at: found.last_at };
    conversation::insert(&mut tx, found.channel_id, &[begun], now).await?;
    if let Some(named) = readers(&mut tx, &found).await? {
        conversation::set_named(&mut tx, new, &named).await?;
    }
    conversation::set_assignee(&mut tx, new, found.assignee_id).await?;
    let change = told(service, &mut tx, &found, "split", &format!("{} messages", messages.len())).await?;
    conversation::move_messages(&mut tx, change, messages, new).await?;
    conversation::part_outgoing(&mut tx, &[from, new]).await?;
    conversation::refresh(&mut tx, &[from, new]).await?;
    let split = conversation::get(&mut tx, new).await?;
    tx.commit().await?;
    Ok((split, change))
}

/// Undoes a merge or a split. What was joined is seen by those who saw it together, and by nobody else, until they change that. What was
/// said meanwhile in a conversation that has no message then is with its messages.
///
/// # Errors
/// Missing, a change that moved nothing or was undone, conversations of different clients or seen by different people by now, or the rule
/// that forbids it.
pub async fn undo(
    service: &Service,
    actor: &Actor,
    at: ConversationId,
    change: ConversationChangeId,
) -> Result<Conversation> {
    let found = allow_on(service, actor, at).await?;
    let mut tx = service.db.tenant(actor).await?;
    hold_home(&mut tx, at).await?;
    if !conversation::changes(&mut tx, at).await?.iter().any(|one| one.id == change) {
        return Err(Error::Missing);
    }
    conversation::follow(&mut tx, at).await?;
    let back = conversation::move_back(&mut tx, change).await?;
    if back.is_empty() {
        let message = "there is nothing left to undo here; nothing was changed".to_owned();
        return Err(Error::Conflict { code: "already_undone", message });
    }
    let touched: BTreeSet<_> = back.iter().flat_map(|(was, home)| [*was, *home]).collect();
    let touched: Vec<_> = touched.into_iter().collect();
    // As they are now, and stay until it is done.
    conversation::hold(&mut tx, &touched).await?;
    for (was, home) in back {
        let (was, home) = (conversation::get(&mut tx, was).await?, conversation::get(&mut tx, home).await?);
        if let Some(words) = differ(&mut tx, &was, &home).await? {
            return Err(Error::Conflict { code: "seen_by_others", message: format!("{words}. Nothing was undone") });
        }
    }
    for one in touched.iter().copied().filter(|one| *one != at) {
        if conversation::merged_into(&mut tx, one).await? == at {
            conversation::set_merged(&mut tx, one, None).await?;
        } else if conversation::message_ids(&mut tx, one).await?.is_empty() {
            conversation::set_merged(&mut tx, one, Some(at)).await?;
            conversation::take_outgoing(&mut tx, one, at).await?;
        }
    }
    conversation::part_outgoing(&mut tx, &touched).await?;
    conversation::refresh(&mut tx, &touched).await?;
    told(service, &mut tx, &found, "undone", "").await?;
    let changed = conversation::get(&mut tx, at).await?;
    tx.commit().await?;
    Ok(changed)
}
