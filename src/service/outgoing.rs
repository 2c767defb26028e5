//! What people write to others: kept while they write, held for some seconds so that it can be taken back, and sent once.
//!
//! The click that sends brings the id with it: a second click of the same is the same message. Its `Message-ID` is made of that id and
//! never changes, so that a message whose sending was cut off can be looked for.

pub mod draft;
pub mod mail;
mod sent;

use model::{
    access::Action,
    actor::Actor,
    connection::ConnectionState,
    conversation::{Conversation, Status},
    email::EmailAddress,
    id::{ConversationId, OutgoingId, UploadId},
    input::Invalid,
    job::Job,
    message::{Address, Message, answered},
    outgoing::{Draft, LARGEST_FILES, LONGEST_TEXT, MOST_RECIPIENTS, Outgoing, State, answer_subject},
};
pub use sent::{confirm, keep};
use serde_json::json;
use store::{TenantTx, channel, connection, draft as drafts, inbox, member, message, outgoing, queue};
use time::{Duration, OffsetDateTime};

use crate::{
    Error, Result, Service, access,
    conversation::{allow_on, called, check_home},
};

/// So long a message can be taken back.
pub const UNDO: Duration = Duration::seconds(10);
/// The longest that a message waits to be sent.
const LATEST: Duration = Duration::days(366);

/// Answers a conversation: at once, which is after [`UNDO`], or later.
///
/// # Errors
/// Missing, what cannot be sent as it is, a conversation that is closed, a mailbox that cannot send, a click that sent something else
/// before, or the rule that forbids it. Nothing was sent then, and what was typed is where it was.
pub async fn reply(
    service: &Service,
    actor: &Actor,
    conversation_id: ConversationId,
    id: OutgoingId,
    typed: &Draft,
    send_at: Option<OffsetDateTime>,
) -> Result<Outgoing> {
    let found = allow_on(service, actor, conversation_id).await?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    if let Ok(before) = outgoing::get(&mut tx, id).await {
        return same(before, conversation_id, typed);
    }
    if found.status == Status::Closed {
        let message = "this conversation is closed. Open it again to answer; what you wrote is kept".to_owned();
        return Err(Error::Conflict { code: "conversation_closed", message });
    }
    let send_at = match send_at {
        None => now + UNDO,
        Some(at) if at > now && at <= now + LATEST => at,
        Some(_) => return Err(Invalid::new("send_at", "choose a moment from now on, within a year").into()),
    };
    let own = mailbox(&mut tx, &found, now).await?;
    let messages = message::list(&mut tx, conversation_id).await?;
    let answered = answered(&messages);
    let (to, cc, bcc) = recipients(typed, answered, &own)?;
    let text = body(&typed.text)?;
    let own_subject = answer_subject(&found.subject);
    let subject = match typed.subject.trim() {
        "" => own_subject,
        // What somebody else wrote, and nobody typed here, is no reason to refuse an answer.
        typed if typed == own_subject => own_subject,
        typed => model::input::optional_line("subject", "The subject", typed, 500)?,
    };
    check_files(&mut tx, &typed.uploads).await?;
    let member = member::get(&mut tx, actor.member_id).await?.name;
    let domain = own.first().and_then(|address| address.rsplit_once('@')).map_or("localhost", |(_, domain)| domain);
    let stored = outgoing::Stored {
        channel_id: found.channel_id,
        answers_id: answered.map(|message| message.id),
        header_id: format!("{}@{domain}", id.0.simple()),
        uploads: typed.uploads.clone(),
        created_at: now,
        attempts: 0,
        put_off: 0,
        held_until: None,
        outgoing: Outgoing {
            id,
            conversation_id,
            member_id: actor.member_id,
            member,
            to,
            cc,
            bcc,
            subject,
            text,
            files: Vec::new(),
            state: State::Held,
            send_at,
            fault: None,
        },
    };
    match outgoing::insert(&mut tx, &stored).await {
        // The same click came twice at once.
        Err(store::Error::Conflict(_)) => {
            drop(tx);
            return same(outgoing::get(&mut service.db.tenant(actor).await?, id).await?, conversation_id, typed);
        }
        kept => kept?,
    }
    // From here on whoever joins the conversation to another takes this with it.
    check_home(&mut tx, conversation_id).await?;
    drafts::remove(&mut tx, conversation_id).await?;
    send(&mut tx, actor, id, send_at).await?;
    let detail = json!({ "what": "reply", "send_at": send_at.unix_timestamp() });
    access::done_to(service, &mut tx, Action::EditConversations, (conversation_id, called(&found)), detail).await?;
    let kept = outgoing::get(&mut tx, id).await?.outgoing;
    tx.commit().await?;
    Ok(kept)
}

/// The same click came before. It is the same message only if the same was written; what else was typed is not said to be sent.
fn same(before: outgoing::Stored, conversation_id: ConversationId, typed: &Draft) -> Result<Outgoing> {
    let kept = before.outgoing;
    if kept.conversation_id != conversation_id {
        return Err(Error::Missing);
    }
    let named = |field: &str, typed: &[String], kept: &[Address]| -> Result<bool> {
        let typed = addresses(field, typed)?;
        Ok(typed.iter().map(|one| &one.address).eq(kept.iter().map(|one| &one.address)))
    };
    let nobody = [&typed.to, &typed.cc, &typed.bcc].into_iter().flatten().all(|one| one.trim().is_empty());
    let people = nobody
        || named("to", &typed.to, &kept.to)?
            && named("cc", &typed.cc, &kept.cc)?
            && named("bcc", &typed.bcc, &kept.bcc)?;
    let subject = ["", kept.subject.as_str()].contains(&typed.subject.trim());
    let taken_back = kept.state == State::Withdrawn;
    if !taken_back && people && subject && body(&typed.text)? == kept.text && typed.uploads == before.uploads {
        return Ok(kept);
    }
    let words =
        if taken_back { "this answer was taken back" } else { "this answer was sent already, as it stood before" };
    let message = format!("{words}. What you typed now is kept, and was not sent: load the page to send it as another");
    Err(Error::Conflict { code: "already_sent_otherwise", message })
}

async fn send(tx: &mut TenantTx, actor: &Actor, id: OutgoingId, at: OffsetDateTime) -> Result<()> {
    let job = Job::SendMessage { organization_id: actor.organization_id, outgoing_id: id };
    Ok(queue::enqueue(tx, &job, Some(at)).await?)
}

/// The addresses of a conversation's mailbox, which must be able to send.
async fn mailbox(tx: &mut TenantTx, found: &Conversation, now: OffsetDateTime) -> Result<Vec<String>> {
    let cannot = |message: String| Error::Conflict { code: "mailbox_cannot_send", message };
    let channel = channel::get(tx, found.channel_id).await?;
    let addresses = inbox::addresses(tx, found.channel_id).await?;
    match connection::standing(tx, channel.connection_id, now).await? {
        Some(ConnectionState::Reconnect { reason }) => {
            Err(cannot(format!("{} must be connected again first: {reason}. What you wrote is kept", found.mailbox)))
        }
        Some(ConnectionState::Paused) => {
            Err(cannot(format!("{} is switched off: switch it on first. What you wrote is kept", found.mailbox)))
        }
        None => Err(cannot(format!("{} is not connected any more. What you wrote is kept", found.mailbox))),
        Some(_) if addresses.is_empty() => Err(cannot(format!(
            "{} was not read yet, so its address is not known. Try again in a minute",
            found.mailbox
        ))),
        Some(_) => Ok(addresses),
    }
}

type Recipients = (Vec<Address>, Vec<Address>, Vec<Address>);

/// Addresses as they were typed, without names.
fn addresses(field: &str, typed: &[String]) -> Result<Vec<Address>> {
    let named = typed.iter().filter(|text| !text.trim().is_empty());
    named.map(|text| Ok(Address { name: String::new(), address: EmailAddress::parse(field, text)?.into() })).collect()
}

fn recipients(typed: &Draft, answered: Option<&Message>, own: &[String]) -> Result<Recipients> {
    let count = typed.to.len() + typed.cc.len() + typed.bcc.len();
    if count > MOST_RECIPIENTS {
        let words =
            format!("a message goes to at most {MOST_RECIPIENTS} people, and this one names {count}; nothing was sent");
        return Err(Invalid::new("to", words).into());
    }
    let (mut to, cc, bcc) = (addresses("to", &typed.to)?, addresses("cc", &typed.cc)?, addresses("bcc", &typed.bcc)?);
    if let (true, Some(answered)) = (to.is_empty() && cc.is_empty() && bcc.is_empty(), answered) {
        to = answered.answer_to(own);
        to.retain(|address| EmailAddress::parse("to", &address.address).is_ok());
    }
    if to.is_empty() && cc.is_empty() && bcc.is_empty() {
        return Err(Invalid::new("to", "say to whom it goes").into());
    }
    Ok((to, cc, bcc))
}

fn body(text: &str) -> Result<String> {
    if text.trim().is_empty() {
        return Err(Invalid::new("text", "write something first").into());
    }
    if text.chars().count() > LONGEST_TEXT {
        return Err(Invalid::new("text", format!("a message has at most {LONGEST_TEXT} characters")).into());
    }
    if let Some((_, after)) = text.split_once("{{")
        && let Some((name, _)) = after.split_once("}}")
    {
        let words = format!("{{{{{}}}}} is not filled in: write what belongs there, or take it out", name.trim());
        return Err(Invalid::new("text", words).into());
    }
    // One kind of line end, as a mail has.
    Ok(text.replace('\0', "").replace("\r\n", "\n").replace('\r', "\n"))
}

async fn check_files(tx: &mut TenantTx, ids: &[UploadId]) -> Result<()> {
    let files = drafts::list_uploads(tx, ids).await?;
    if files.len() < ids.len() {
        return Err(Invalid::new("uploads", "a file is not there any more: add it again").into());
    }
    let size: i64 = files.iter().map(|(_, _, size)| size).sum();
    if usize::try_from(size).unwrap_or(usize::MAX) > LARGEST_FILES {
        let words = format!("the files of a message have at most {} MiB together", LARGEST_FILES >> 20);
        return Err(Invalid::new("uploads", words).into());
    }
    Ok(())
}

/// Takes a message back that did not go yet; what was written is a draft again, which is given with how often it was saved.
///
/// # Errors
/// Missing, a message that goes or went already, or the rule that forbids it.
pub async fn undo(service: &Service, actor: &Actor, id: OutgoingId) -> Result<(Draft, i64)> {
    let stored = of(service, actor, id).await?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    match outgoing::set_state(&mut tx, id, &[State::Held, State::Failed], State::Withdrawn, None, now).await {
        Err(store::Error::Missing) => {
            let message = "it has gone already, so it cannot be taken back".to_owned();
            return Err(Error::Conflict { code: "already_sent", message });
        }
        done => done?,
    }
    let Outgoing { conversation_id, member_id, to, cc, bcc, subject, text, .. } = stored.outgoing;
    let list = |all: Vec<Address>| all.into_iter().map(|one| one.address).collect();
    let draft = Draft { to: list(to), cc: list(cc), bcc: list(bcc), subject, text, uploads: stored.uploads };
    let before = drafts::get(&mut tx, conversation_id).await?;
    // What was begun meanwhile is not written over: it is put below.
    let (draft, revision) = match before {
        Some((begun, revision)) => {
            let mut draft = draft;
            if !begun.text.trim().is_empty() {
                draft.text = format!("{}\n\n{}", draft.text, begun.text);
            }
            let files: Vec<_> = begun.uploads.into_iter().filter(|file| !draft.uploads.contains(file)).collect();
            draft.uploads.extend(files);
            (draft, revision)
        }
        None => (draft, 0),
    };
    let revision = drafts::set(&mut tx, conversation_id, &draft, revision, now).await?;
    tx.commit().await?;
    if member_id != actor.member_id && !draft.uploads.is_empty() {
        // A file is its writer's alone until it is sent: with the text its files go to whoever goes on with it.
        let mut tx = service.db.tenant(&Actor::machine(actor.organization_id)).await?;
        drafts::set_uploads_member(&mut tx, &draft.uploads, actor.member_id).await?;
        tx.commit().await?;
    }
    Ok((draft, revision))
}

/// Has a message sent again that did not go, or of which nobody knows whether it went.
///
/// # Errors
/// Missing, a message that stands otherwise, or the rule that forbids it.
pub async fn again(service: &Service, actor: &Actor, id: OutgoingId) -> Result<Outgoing> {
    of(service, actor, id).await?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    outgoing::set_again(&mut tx, id, now).await?;
    send(&mut tx, actor, id, now).await?;
    let kept = outgoing::get(&mut tx, id).await?.outgoing;
    tx.commit().await?;
    Ok(kept)
}

async fn of(service: &Service, actor: &Actor, id: OutgoingId) -> Result<outgoing::Stored> {
    access::allow(service, actor, Action::ReadConversations).await?;
    let stored = outgoing::get(&mut service.db.tenant(actor).await?, id).await?;
    allow_on(service, actor, stored.outgoing.conversation_id).await?;
    Ok(stored)
}
