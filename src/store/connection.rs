//! Connections to providers. A disconnected one keeps its row and all that was read through it, and is shown no more. Those
//! of the provider `file` are sources of imports: nobody reads through them, and they are none of this file's business.

mod reached;

use model::{
    connection::{Cause, Connection, ConnectionState, Given, Test},
    id::{ConnectionId, OrganizationId},
};
use time::OffsetDateTime;

pub use self::reached::{find_reaching, set_reached};
use crate::{Error, Result, SystemTx, TenantTx};

struct Row {
    id: sqlx::types::Uuid,
    provider: String,
    label: String,
    reconnect_reason: Option<String>,
    scopes: Vec<String>,
    paused_at: Option<OffsetDateTime>,
    broken_until: Option<OffsetDateTime>,
    created_at: OffsetDateTime,
    last_sync_at: Option<OffsetDateTime>,
    next_sync_at: Option<OffsetDateTime>,
    tested_at: Option<OffsetDateTime>,
    tested_ms: Option<i32>,
    tested_fault: Option<String>,
    failures: i32,
    mode: String,
    backfill_days: i16,
    given: String,
}

impl Row {
    fn connection(self, now: OffsetDateTime) -> Connection {
        let state = match (self.reconnect_reason, self.paused_at, self.broken_until.filter(|until| *until > now)) {
            (Some(reason), ..) => ConnectionState::Reconnect { reason },
            (None, Some(_), _) => ConnectionState::Paused,
            (None, None, Some(until)) => ConnectionState::Resting { until },
            (None, None, None) => ConnectionState::Connected,
        };
        Connection {
            id: self.id.into(),
            provider: self.provider,
            label: self.label,
            state,
            given: Given::parse(&self.given).unwrap_or(Given::Consent),
            scopes: self.scopes,
            created_at: self.created_at,
            last_sync_at: self.last_sync_at,
            next_sync_at: self.next_sync_at,
            test: self.tested_at.map(|at| Test {
                at,
                millis: self.tested_ms.unwrap_or_default(),
                fault: self.tested_fault,
            }),
            failures: self.failures,
            simulated: self.mode == "simulated",
            backfill_days: self.backfill_days,
        }
    }
}

/// The organization's connections, newest first.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx, now: OffsetDateTime) -> Result<Vec<Connection>> {
    let rows = sqlx::query_as!(
        Row,
        "select id, provider, label, reconnect_reason, scopes, paused_at, broken_until, created_at, last_sync_at, next_sync_at,
           tested_at, tested_ms, tested_fault, failures, mode, backfill_days, given
         from connection where disconnected_at is null and provider <> 'file' order by created_at desc, id desc"
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| row.connection(now)).collect())
}

/// One connection.
///
/// # Errors
/// Missing when it is disconnected or another organization's.
pub async fn get(tx: &mut TenantTx, id: ConnectionId, now: OffsetDateTime) -> Result<Connection> {
    let row = sqlx::query_as!(
        Row,
        "select id, provider, label, reconnect_reason, scopes, paused_at, broken_until, created_at, last_sync_at, next_sync_at,
           tested_at, tested_ms, tested_fault, failures, mode, backfill_days, given
         from connection where id = $1 and disconnected_at is null and provider <> 'file'",
        id.0
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(row.connection(now))
}

/// Stores a connection that the acting member made.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &mut TenantTx, new: &Connection) -> Result<()> {
    let actor = tx.actor().clone();
    sqlx::query!(
        "insert into connection (organization_id, id, provider, label, scopes, created_by, created_at, next_sync_at,
           backfill_days, given, mode)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, (select mode from organization))",
        actor.organization_id.0,
        new.id.0,
        new.provider,
        new.label,
        &new.scopes,
        actor.member_id.0,
        new.created_at,
        new.next_sync_at,
        new.backfill_days,
        new.given.key()
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn one(done: sqlx::postgres::PgQueryResult) -> Result<()> {
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::Missing) }
}

/// It was given a credential again: it works, with these scopes. Which accounts that reaches, [`set_reached`] says.
///
/// # Errors
/// Missing when it is gone.
pub async fn set_connected(
    tx: &mut TenantTx,
    id: ConnectionId,
    given: Given,
    scopes: &[String],
    next: OffsetDateTime,
) -> Result<()> {
    one(sqlx::query!(
        "update connection set reconnect_reason = null, broken_until = null, failures = 0, scopes = $2, next_sync_at = $3,
           given = $4, reached = null
         where id = $1 and disconnected_at is null",
        id.0,
        scopes,
        next,
        given.key()
    )
    .execute(&mut **tx)
    .await?)
    .await
}

/// Somebody must consent again, for the provider's reason.
///
/// # Errors
/// Missing when it is gone.
pub async fn set_reconnect(tx: &mut TenantTx, id: ConnectionId, reason: &str) -> Result<()> {
    one(sqlx::query!(
        "update connection set reconnect_reason = $2, next_sync_at = null where id = $1 and disconnected_at is null",
        id.0,
        reason
    )
    .execute(&mut **tx)
    .await?)
    .await
}

/// The same, when nobody acts: a job was refused by the provider.
///
/// # Errors
/// Missing when it is gone.
pub async fn set_reconnect_of(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    id: ConnectionId,
    reason: &str,
) -> Result<()> {
    one(sqlx::query!(
        "update connection set reconnect_reason = $3, next_sync_at = null
         where organization_id = $1 and id = $2 and disconnected_at is null",
        organization_id.0,
        id.0,
        reason
    )
    .execute(&mut **tx)
    .await?)
    .await
}

/// Switches it off or on again.
///
/// # Errors
/// Missing when it is gone.
pub async fn set_paused(tx: &mut TenantTx, id: ConnectionId, paused_at: Option<OffsetDateTime>) -> Result<()> {
    one(sqlx::query!("update connection set paused_at = $2 where id = $1 and disconnected_at is null", id.0, paused_at)
        .execute(&mut **tx)
        .await?)
    .await
}

/// Ends it: nothing is read through it any more. Its credential is thrown away by the job that revokes it.
///
/// # Errors
/// Missing when it is gone already.
pub async fn set_disconnected(tx: &mut TenantTx, id: ConnectionId, now: OffsetDateTime) -> Result<()> {
    one(sqlx::query!(
        "update connection set disconnected_at = $2, next_sync_at = null where id = $1 and disconnected_at is null",
        id.0,
        now
    )
    .execute(&mut **tx)
    .await?)
    .await
}

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

/// Connections whose time has come and that the queue takes now. No organization has more than `share` of them under
/// way at once, so that one with many does not keep the others waiting; they come in turn, those that somebody asked for
/// and those that waited longest first. Who was queued and did not begin within ten minutes is queued again.
///
/// # Errors
/// The database failed.
pub async fn take_due(
    tx: &mut SystemTx,
    now: OffsetDateTime,
    share: i64,
) -> Result<Vec<(OrganizationId, ConnectionId)>> {
    let rows = sqlx::query!(
        r#"with busy as (
             select c.organization_id, count(*) as taken from connection c
             where c.disconnected_at is null and (c.queued_at > $1::timestamptz - interval '10 minutes' or exists (
               select from sync_run r where r.organization_id = c.organization_id and r.connection_id = c.id and r.state = 'running'))
             group by c.organization_id
           ), due as (
             select c.organization_id, c.id, c.next_sync_at,
               coalesce(b.taken, 0) + row_number() over (partition by c.organization_id order by c.asked_at is null, c.next_sync_at, c.id) as place
             from connection c left join busy b on b.organization_id = c.organization_id
             where c.next_sync_at <= $1 and c.disconnected_at is null and c.paused_at is null and c.reconnect_reason is null
               and (c.broken_until is null or c.broken_until <= $1)
               and (c.queued_at is null or c.queued_at <= $1::timestamptz - interval '10 minutes')
               and not exists (select from provider_switch s where s.provider = c.provider)
               -- What is simulated is read while somebody looks.
               and (c.mode = 'live' or exists (select from session s
                      where s.organization_id = c.organization_id and s.seen_at > $1::timestamptz - interval '1 hour'))
               and not exists (select from sync_run r where r.organization_id = c.organization_id and r.connection_id = c.id
                               and r.state = 'running')
           ), taken as (
             update connection c set queued_at = $1 from due d
             where d.place <= $2 and c.organization_id = d.organization_id and c.id = d.id
               and (c.queued_at is null or c.queued_at <= $1::timestamptz - interval '10 minutes')
             returning c.organization_id, c.id
           )
           select t.organization_id, t.id from taken t join due d on d.organization_id = t.organization_id and d.id = t.id
           order by d.place, d.next_sync_at"#,
        now,
        share
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.organization_id.into(), row.id.into())).collect())
}

/// Connections with a mapped account that nobody could read for a day, and of which nobody was told since they were last
/// read. Those that a person switched off are left out; each comes once.
///
/// # Errors
/// The database failed.
pub async fn take_stale(tx: &mut SystemTx, now: OffsetDateTime) -> Result<Vec<(OrganizationId, ConnectionId)>> {
    let rows = sqlx::query!(
        "update connection c set stale_told_at = $1
         where c.disconnected_at is null and c.paused_at is null
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

/// The queue's turn has come: a run begins, or there is nothing to do.
///
/// # Errors
/// The database failed.
pub async fn set_begun(tx: &mut TenantTx, id: ConnectionId) -> Result<()> {
    sqlx::query!("update connection set queued_at = null where id = $1", id.0).execute(&mut **tx).await?;
    Ok(())
}

/// Keeps what the last look at whether it works came to.
///
/// # Errors
/// Missing when it is gone.
pub async fn set_tested(tx: &mut TenantTx, id: ConnectionId, test: &model::connection::Test) -> Result<()> {
    one(sqlx::query!(
        "update connection set tested_at = $2, tested_ms = $3, tested_fault = $4 where id = $1 and disconnected_at is null",
        id.0,
        test.at,
        test.millis,
        test.fault
    )
    .execute(&mut **tx)
    .await?)
    .await
}

/// What it is called.
///
/// # Errors
/// Missing when it is gone.
pub async fn set_label(tx: &mut TenantTx, id: ConnectionId, label: &str) -> Result<()> {
    one(sqlx::query!("update connection set label = $2 where id = $1 and disconnected_at is null", id.0, label)
        .execute(&mut **tx)
        .await?)
    .await
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
