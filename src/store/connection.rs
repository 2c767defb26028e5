//! Connections to providers. A disconnected one keeps its row and all that was read through it, and is shown no more. Those
//! of the provider `file` are sources of imports: nobody reads through them, and they are none of this file's business. When one
//! is read, `due` says.

mod due;
mod reached;

use model::{
    connection::{Connection, ConnectionState, Given, Test},
    id::{ConnectionId, OrganizationId},
};
use time::OffsetDateTime;

pub use self::{
    due::{
        Due, ask, ask_mailboxes, ask_of, reads_first, set_begun, set_synced, stale_told_at, take_asked, take_due,
        take_stale,
    },
    reached::{find_renewable, list_reading, lock_connecting, set_reached},
};
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

/// Whether the connection of a channel works, also for those who do not see connections; none when it is not connected any more.
///
/// # Errors
/// The database failed.
pub async fn standing(tx: &mut TenantTx, id: ConnectionId, now: OffsetDateTime) -> Result<Option<ConnectionState>> {
    match get(tx, id, now).await {
        Ok(connection) => Ok(Some(connection.state)),
        Err(Error::Missing) => Ok(None),
        Err(error) => Err(error),
    }
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
           given = $4, reached_hash = null
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

/// What it is called, also one that has ended; none when it was never there.
///
/// # Errors
/// The database failed.
pub async fn find_label(tx: &mut TenantTx, id: ConnectionId) -> Result<Option<String>> {
    let found = sqlx::query_scalar!("select label from connection where id = $1", id.0);
    Ok(found.fetch_optional(&mut **tx).await?)
}
