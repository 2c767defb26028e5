//! Who listens to which mailbox: a lease for each connection, so that one process listens to it, whatever number there are. A lease ends
//! by itself; what was told up to then, and how often listening failed in a row, stays for whoever listens next.

use model::id::{ConnectionId, OrganizationId};
use sqlx::types::Uuid;
use time::OffsetDateTime;

use crate::{Result, SystemTx};

/// A connection and its agency.
pub type Key = (OrganizationId, ConnectionId);

/// A mailbox that is listened to from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Whose.
    pub organization_id: OrganizationId,
    /// Of which connection.
    pub connection_id: ConnectionId,
    /// Up to what was told; none when nobody listened to it before.
    pub mark: Option<String>,
    /// How often listening failed in a row.
    pub failures: i32,
}

/// What a process listens to.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The process.
    pub holder: Uuid,
    /// Connections of these providers.
    pub providers: &'a [String],
    /// So long the lease lasts unless it is extended.
    pub seconds: f64,
    /// No more of them.
    pub most: i64,
}

/// Takes connections that nobody listens to: of those that were read once, work, and are not switched off. Each agency's come in turn.
/// One whose credential was changed is taken from whoever listens with the old one.
///
/// # Errors
/// The database failed.
pub async fn take(tx: &mut SystemTx, wanted: Wanted<'_>, now: OffsetDateTime) -> Result<Vec<Held>> {
    let taken = sqlx::query!(
        "with unheard as (
           select c.organization_id, c.id, k.changed_at,
             row_number() over (partition by c.organization_id order by c.id) as place
           from connection c
           join (select organization_id, connection_id, max(updated_at) as changed_at from credential group by 1, 2) k
             on k.organization_id = c.organization_id and k.connection_id = c.id
           left join listener l on l.organization_id = c.organization_id and l.connection_id = c.id
           where c.provider = any($1) and c.mode = 'live' and c.last_sync_at is not null
             and c.disconnected_at is null and c.paused_at is null and c.reconnect_reason is null
             and (c.broken_until is null or c.broken_until <= $2)
             and not exists (select from provider_switch w where w.provider = c.provider)
             and (l.connection_id is null or l.ends_at <= clock_timestamp() or l.known_at <> k.changed_at)
         )
         insert into listener as l (organization_id, connection_id, holder, ends_at, known_at)
         select organization_id, id, $3::uuid, clock_timestamp() + make_interval(secs => $4), changed_at
         from unheard order by place, id limit $5
         on conflict (organization_id, connection_id) do update
           set holder = excluded.holder, ends_at = excluded.ends_at, known_at = excluded.known_at,
             failures = case when l.known_at = excluded.known_at then l.failures else 0 end
           -- Another process may have been faster.
           where l.ends_at <= clock_timestamp() or l.known_at <> excluded.known_at
         returning l.organization_id, l.connection_id, l.mark, l.failures",
        wanted.providers,
        now,
        wanted.holder,
        wanted.seconds,
        wanted.most
    )
    .fetch_all(&mut **tx)
    .await?;
    let held = taken.into_iter().map(|row| Held {
        organization_id: row.organization_id.into(),
        connection_id: row.connection_id.into(),
        mark: row.mark,
        failures: row.failures,
    });
    Ok(held.collect())
}

/// Says that a process still listens, and to what it still may: what was paused, switched off, disconnected or connected anew meanwhile
/// is not among it.
///
/// # Errors
/// The database failed.
pub async fn extend(tx: &mut SystemTx, holder: Uuid, seconds: f64, now: OffsetDateTime) -> Result<Vec<Key>> {
    let extended = sqlx::query!(
        "update listener l set ends_at = clock_timestamp() + make_interval(secs => $2) from connection c
         where l.holder = $1 and c.organization_id = l.organization_id and c.id = l.connection_id
           and c.disconnected_at is null and c.paused_at is null and c.reconnect_reason is null
           and (c.broken_until is null or c.broken_until <= $3)
           and not exists (select from provider_switch w where w.provider = c.provider)
           and l.known_at = (select max(k.updated_at) from credential k
                             where k.organization_id = c.organization_id and k.connection_id = c.id)
         returning l.organization_id, l.connection_id",
        holder,
        seconds,
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(extended.into_iter().map(|row| (row.organization_id.into(), row.connection_id.into())).collect())
}

/// Keeps up to what was told, with which listening has not failed; false when somebody else listens by now.
///
/// # Errors
/// The database failed.
pub async fn set_mark(tx: &mut SystemTx, holder: Uuid, (organization, connection): Key, mark: &str) -> Result<bool> {
    let done = sqlx::query!(
        "update listener set mark = $4, failures = 0 where organization_id = $1 and connection_id = $2 and holder = $3",
        organization.0,
        connection.0,
        holder,
        mark
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives one back, to which nobody listens for `seconds`, unless its credential changes.
///
/// # Errors
/// The database failed.
pub async fn rest(
    tx: &mut SystemTx,
    holder: Uuid,
    (organization, connection): Key,
    seconds: f64,
    failures: i32,
) -> Result<()> {
    sqlx::query!(
        "update listener set holder = null, ends_at = clock_timestamp() + make_interval(secs => $4), failures = $5
         where organization_id = $1 and connection_id = $2 and holder = $3",
        organization.0,
        connection.0,
        holder,
        seconds,
        failures
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Gives all back that a process listens to: it ends.
///
/// # Errors
/// The database failed.
pub async fn release(tx: &mut SystemTx, holder: Uuid) -> Result<()> {
    sqlx::query!("update listener set holder = null, ends_at = clock_timestamp() where holder = $1", holder)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests;
