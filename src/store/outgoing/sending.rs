//! Sending, as the worker notes it that does it: one holds a message at a time, and says so again and again; who lost it notes nothing but
//! that it went.

use model::{
    id::{OrganizationId, OutgoingId},
    outgoing::State,
};
use sqlx::types::Uuid;
use time::OffsetDateTime;

use super::one;
use crate::{Error, Result, SystemTx, TenantTx};

/// Notes that one went. Whatever was noted of it meanwhile, this is known.
///
/// # Errors
/// Missing when it is not in sight, or may not be changed.
pub async fn set_sent(tx: &mut TenantTx, id: OutgoingId, now: OffsetDateTime) -> Result<()> {
    let done = sqlx::query!(
        "update outgoing set state = 'sent', fault = null, settled_at = $2, holder = null, held_until = null, insisted = false
         where id = $1",
        id.0,
        now
    );
    one(done.execute(&mut **tx).await?.rows_affected())
}

/// Notes that one did not go, or that nobody knows it, in the name of the worker that holds it.
///
/// # Errors
/// Missing when it is in other hands.
pub async fn settle(
    tx: &mut TenantTx,
    id: OutgoingId,
    holder: Uuid,
    to: State,
    fault: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let done = sqlx::query!(
        "update outgoing set state = $3, fault = $4, settled_at = $5, holder = null, held_until = null, insisted = false
         where id = $1 and state = 'sending' and holder = $2",
        id.0,
        holder,
        to.key(),
        fault,
        now
    );
    one(done.execute(&mut **tx).await?.rows_affected())
}

/// Takes one in hand whose time has come, or that another worker fell silent over: nobody else sends it until then. Returns whether a
/// person insisted on it.
///
/// # Errors
/// Missing when it is not due, or in other hands.
pub async fn take(
    tx: &mut TenantTx,
    id: OutgoingId,
    holder: Uuid,
    until: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<bool> {
    let taken = sqlx::query_scalar!(
        "update outgoing set state = 'sending', holder = $2, held_until = $3, fault = null
         where id = $1 and (state = 'held' and send_at <= $4 or state = 'sending' and held_until <= $4) returning insisted",
        id.0,
        holder,
        until,
        now
    );
    taken.fetch_optional(&mut **tx).await?.ok_or(Error::Missing)
}

/// Holds on to one that is in hand.
///
/// # Errors
/// Missing when it is in other hands.
pub async fn hold(tx: &mut TenantTx, id: OutgoingId, holder: Uuid, until: OffsetDateTime) -> Result<()> {
    let done = sqlx::query!(
        "update outgoing set held_until = $3 where id = $1 and state = 'sending' and holder = $2",
        id.0,
        holder,
        until
    );
    one(done.execute(&mut **tx).await?.rows_affected())
}

/// Counts an attempt, of which from here on nobody can say that nothing was tried: that a person insisted holds for this one alone.
///
/// # Errors
/// Missing when it is in other hands, and is not to be sent by this worker.
pub async fn begin(tx: &mut TenantTx, id: OutgoingId, holder: Uuid, until: OffsetDateTime) -> Result<()> {
    let done = sqlx::query!(
        "update outgoing set held_until = $3, attempts = attempts + 1, insisted = false
         where id = $1 and state = 'sending' and holder = $2",
        id.0,
        holder,
        until
    );
    one(done.execute(&mut **tx).await?.rows_affected())
}

/// Puts one off of which nothing went, for the reason that is given: it stands as it did when it was taken in hand, and can be taken
/// back until it comes again.
///
/// # Errors
/// Missing when it is in other hands.
pub async fn put_off(
    tx: &mut TenantTx,
    id: OutgoingId,
    holder: Uuid,
    at: OffsetDateTime,
    attempts: i32,
    insisted: bool,
    fault: &str,
) -> Result<()> {
    let done = sqlx::query!(
        "update outgoing set state = 'held', send_at = $3, holder = null, held_until = null, put_off = put_off + 1, attempts = $4,
           insisted = $5, fault = $6
         where id = $1 and state = 'sending' and holder = $2",
        id.0,
        holder,
        at,
        attempts,
        insisted,
        fault
    );
    one(done.execute(&mut **tx).await?.rows_affected())
}

/// Lets one go until `at` of which nobody knows whether it went; `tried` is whether something was sent now, and not only looked for.
///
/// # Errors
/// Missing when it is in other hands.
pub async fn let_go(tx: &mut TenantTx, id: OutgoingId, holder: Uuid, at: OffsetDateTime, tried: bool) -> Result<()> {
    let done = sqlx::query!(
        "update outgoing set held_until = $3, holder = null, put_off = put_off + case when $4::boolean then 0 else 1 end
         where id = $1 and state = 'sending' and holder = $2",
        id.0,
        holder,
        at,
        tried
    );
    one(done.execute(&mut **tx).await?.rows_affected())
}

/// Those of all agencies whose time has come, or that a worker fell silent over.
///
/// # Errors
/// The database failed.
pub async fn due(tx: &mut SystemTx, now: OffsetDateTime) -> Result<Vec<(OrganizationId, OutgoingId)>> {
    let found = sqlx::query!(
        "select organization_id, id from outgoing
         where state = 'held' and send_at <= $1 or state = 'sending' and held_until <= $1 order by send_at limit 500",
        now
    );
    Ok(found.map(|row| (row.organization_id.into(), row.id.into())).fetch_all(&mut **tx).await?)
}
