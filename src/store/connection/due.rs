//! When connections are read: what is due, what was asked for, and what comes after a run.

use model::{
    connection::Cause,
    id::{ConnectionId, OrganizationId},
};
use time::OffsetDateTime;

use super::one;
use crate::{Result, SystemTx, TenantTx};

/// A run ended: a success clears the failures, a failure counts, and the circuit breaker rests it after the fifth in a
/// row until `rest`.
///
/// # Errors
/// Missing when it is gone.
pub async fn set_synced(
    tx: &mut TenantTx,
    id: ConnectionId,
    succeeded: bool,
    now: OffsetDateTime,
    next: Option<OffsetDateTime>,
    rest: OffsetDateTime,
) -> Result<()> {
    one(sqlx::query!(
        "update connection set
           last_sync_at = case when $2 then $3::timestamptz else last_sync_at end,
           failures = case when $2 then 0 else failures + 1 end,
           broken_until = case when $2 then null when failures + 1 >= 5 then $5::timestamptz else broken_until end,
           next_sync_at = case when reconnect_reason is null then least($4::timestamptz, asked_at) end
         where id = $1 and disconnected_at is null",
        id.0,
        succeeded,
        now,
        next,
        rest
    )
    .execute(&mut **tx)
    .await?)
    .await
}

/// A connection that the queue takes now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The agency.
    pub organization_id: OrganizationId,
    /// What is read.
    pub connection_id: ConnectionId,
    /// Whether a person waits for it.
    pub asked: bool,
}

/// Connections whose time has come and that the queue takes now. No organization has more than `share` of them under
/// way at once, so that one with many does not keep the others waiting; they come in turn, those that waited longest first.
/// What a person asked for is counted by itself, and has `share` places of its own: it comes also while an organization's
/// others hang. Who was queued and did not begin within ten minutes is queued again, and at once when a person asks.
///
/// # Errors
/// The database failed.
pub async fn take_due(tx: &mut SystemTx, now: OffsetDateTime, share: i64) -> Result<Vec<Due>> {
    let rows = sqlx::query!(
        r#"with seen as (
             select c.organization_id, c.id, r.id is not null as running,
               -- Of what is being read, what it began for; of the others, what they wait for.
               coalesce(r.cause, c.asked_cause, '') = 'manual' as asked,
               coalesce(c.queued_at > $1::timestamptz - interval '10 minutes', false)
                 and (c.asked_cause is distinct from 'manual' or c.asked_at <= c.queued_at) as queued
             from connection c left join sync_run r
               on r.organization_id = c.organization_id and r.connection_id = c.id and r.state = 'running'
             where c.disconnected_at is null
           ), busy as (
             select organization_id, asked, count(*) as taken from seen where running or queued
             group by organization_id, asked
           ), due as (
             select c.organization_id, c.id, c.next_sync_at, s.asked,
               coalesce(b.taken, 0) + row_number() over (partition by c.organization_id, s.asked
                 order by c.asked_at is null, c.next_sync_at, c.id) as place
             from connection c join seen s on s.organization_id = c.organization_id and s.id = c.id
             left join busy b on b.organization_id = s.organization_id and b.asked = s.asked
             where c.next_sync_at <= $1 and c.paused_at is null and c.reconnect_reason is null
               and (c.broken_until is null or c.broken_until <= $1)
               and not s.queued and not s.running
               and not exists (select from provider_switch w where w.provider = c.provider)
               -- What is simulated is read while somebody looks.
               and (c.mode = 'live' or exists (select from session l
                      where l.organization_id = c.organization_id and l.seen_at > $1::timestamptz - interval '1 hour'))
           ), taken as (
             update connection c set queued_at = $1 from due d
             where d.place <= $2 and c.organization_id = d.organization_id and c.id = d.id
               -- Another worker may have queued it a moment ago.
               and (c.queued_at is null or c.queued_at <= $1::timestamptz - interval '10 minutes'
                 or (d.asked and c.queued_at < c.asked_at))
             returning c.organization_id, c.id
           )
           select t.organization_id, t.id, d.asked as "asked!"
           from taken t join due d on d.organization_id = t.organization_id and d.id = t.id
           order by d.place, d.next_sync_at"#,
        now,
        share
    )
    .fetch_all(&mut **tx)
    .await?;
    let due = rows.into_iter().map(|row| Due {
        organization_id: row.organization_id.into(),
        connection_id: row.id.into(),
        asked: row.asked,
    });
    Ok(due.collect())
}

/// Connections with a mapped account that nobody could read for a day, and of which nobody was told since they were last
/// read. Those that a person switched off are left out; each comes once.
///
/// # Errors
/// The database failed.
pub async fn take_stale(tx: &mut SystemTx, now: OffsetDateTime) -> Result<Vec<(OrganizationId, ConnectionId)>> {
    let rows = sqlx::query!(
        "update connection c set stale_told_at = $1
         where c.disconnected_at is null and c.paused_at is null and c.provider <> 'file'
           and coalesce(c.last_sync_at, c.created_at) < $1::timestamptz - interval '24 hours'
           and (c.stale_told_at is null or c.stale_told_at < c.last_sync_at)
           and exists (select from channel h where h.organization_id = c.organization_id and h.connection_id = c.id
                       and h.client_id is not null)
         returning c.organization_id, c.id",
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.organization_id.into(), row.id.into())).collect())
}

/// When somebody was told that it was not read for a day.
///
/// # Errors
/// The database failed.
pub async fn stale_told_at(tx: &mut TenantTx, id: ConnectionId) -> Result<Option<OffsetDateTime>> {
    let found = sqlx::query_scalar!("select stale_told_at from connection where id = $1", id.0);
    Ok(found.fetch_optional(&mut **tx).await?.flatten())
}

/// Whether an account of the organization is being read for the first time, or soon will be.
///
/// # Errors
/// The database failed.
pub async fn reads_first(tx: &mut TenantTx) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select exists (
             select from connection c where c.disconnected_at is null and c.paused_at is null and c.reconnect_reason is null
               and (c.asked_cause = 'first' or exists (select from sync_run r
                      where r.connection_id = c.id and r.state = 'running' and r.cause = 'first'))
           ) as "first!""#
    );
    Ok(found.fetch_one(&mut **tx).await?)
}

/// The queue's turn has come: a run begins, or there is nothing to do.
///
/// # Errors
/// The database failed.
pub async fn set_begun(tx: &mut TenantTx, id: ConnectionId) -> Result<()> {
    sqlx::query!("update connection set queued_at = null where id = $1", id.0).execute(&mut **tx).await?;
    Ok(())
}

/// Has it read as soon as its turn comes, for this cause; also when it is being read now.
///
/// # Errors
/// Missing when it is gone.
pub async fn ask(tx: &mut TenantTx, id: ConnectionId, cause: Cause, now: OffsetDateTime) -> Result<()> {
    one(sqlx::query!(
        "update connection set next_sync_at = least(next_sync_at, $3), asked_at = $3, asked_cause = $2, broken_until = null
         where id = $1 and disconnected_at is null",
        id.0,
        cause.key(),
        now
    )
    .execute(&mut **tx)
    .await?)
    .await
}

/// The same, when a provider said that something changed; the circuit breaker holds.
///
/// # Errors
/// Missing when it is gone.
pub async fn ask_of(
    tx: &mut SystemTx,
    (organization, id): (OrganizationId, ConnectionId),
    now: OffsetDateTime,
) -> Result<()> {
    one(sqlx::query!(
        "update connection set next_sync_at = least(next_sync_at, $3), asked_at = coalesce(asked_at, $3),
           asked_cause = coalesce(asked_cause, 'webhook')
         where organization_id = $1 and id = $2 and disconnected_at is null and reconnect_reason is null",
        organization.0,
        id.0,
        now
    )
    .execute(&mut **tx)
    .await?)
    .await
}

/// Has the mailboxes of an organization read as soon as their turn comes whose last reading ended before `before`: somebody looks. What
/// is being read or waits for its turn already is left alone; so is what is switched off, must be connected again, or failed, which has a
/// pause of its own. How many those are.
///
/// # Errors
/// The database failed.
pub async fn ask_mailboxes(
    tx: &mut SystemTx,
    organization: OrganizationId,
    before: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<u64> {
    let done = sqlx::query!(
        "update connection c set next_sync_at = $3
         where c.organization_id = $1 and c.next_sync_at > $3 and c.failures = 0
           and c.disconnected_at is null and c.paused_at is null and c.reconnect_reason is null
           and exists (select from channel h where h.organization_id = c.organization_id and h.connection_id = c.id and h.kind = 'inbox')
           and not exists (select from provider_switch w where w.provider = c.provider)
           and not exists (select from sync_run r where r.organization_id = c.organization_id and r.connection_id = c.id
             and (r.state = 'running' or coalesce(r.finished_at, r.started_at) > $2))",
        organization.0,
        before,
        now
    );
    Ok(done.execute(&mut **tx).await?.rows_affected())
}

/// What was asked for begins: for which cause, if something was.
///
/// # Errors
/// The database failed.
pub async fn take_asked(tx: &mut TenantTx, id: ConnectionId) -> Result<Option<Cause>> {
    let asked = sqlx::query_scalar!(
        "update connection c set asked_at = null, asked_cause = null
         from (select organization_id, id, asked_cause from connection where id = $1 for update) before
         where c.organization_id = before.organization_id and c.id = before.id
         returning before.asked_cause",
        id.0
    );
    Ok(asked.fetch_optional(&mut **tx).await?.flatten().and_then(|cause| Cause::parse(&cause)))
}
