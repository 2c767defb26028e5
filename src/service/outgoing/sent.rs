//! What went out: from then on a message of its conversation, whether the provider says so or a person.

use model::{
    actor::Actor,
    id::OutgoingId,
    message::Place,
    outgoing::{Outgoing, State},
};
use store::{TenantTx, inbox, outgoing};
use time::OffsetDateTime;

use super::{mail, of};
use crate::{
    Error, Result, Service,
    message::ingest::{self, Incoming, Mailbox},
};

/// Keeps what went as a message of its conversation: the next reading knows it by its `Message-ID`. The provider's ids of it and of its
/// conversation are given where they are known.
///
/// # Errors
/// The database failed.
pub async fn keep(
    tx: &mut TenantTx,
    stored: &outgoing::Stored,
    (external_id, thread): (Option<String>, Option<String>),
    at: OffsetDateTime,
    source: Vec<u8>,
    now: OffsetDateTime,
) -> Result<()> {
    let mailbox = inbox::get(tx, stored.channel_id).await?;
    let external_id = external_id.unwrap_or_else(|| format!("sent:{}", stored.outgoing.id));
    let incoming = Incoming { external_id, thread, at, place: Place::Sent, seen: true, source };
    let mailbox = Mailbox { channel_id: stored.channel_id, addresses: &mailbox.addresses, run: None };
    ingest::keep(tx, mailbox, vec![incoming], now).await?;
    Ok(())
}

/// Says of a message of which nobody knew it that it went: it is a message of its conversation then, also where the mailbox never shows it.
///
/// # Errors
/// Missing, a message that stands otherwise, or the rule that forbids it.
pub async fn confirm(service: &Service, actor: &Actor, id: OutgoingId) -> Result<Outgoing> {
    let stored = of(service, actor, id).await?;
    let now = service.clock.now();
    // A file is in its writer's sight alone; the product itself makes the message again.
    let mut tx = service.db.tenant(&Actor::machine(actor.organization_id)).await?;
    outgoing::set_state(&mut tx, id, &[State::Unconfirmed], State::Sent, None, now).await?;
    let letter = mail::write(&mut tx, &stored).await.map_err(|error| match error {
        mail::Unwritten::Store(error) => Error::from(error),
        mail::Unwritten::Words(message) => Error::Conflict { code: "cannot_be_written", message },
    })?;
    // What came after it had gone is not answered by it.
    let at = stored.outgoing.send_at.min(now);
    keep(&mut tx, &stored, (None, None), at, letter.source, now).await?;
    let kept = outgoing::get(&mut tx, id).await?.outgoing;
    tx.commit().await?;
    Ok(kept)
}
