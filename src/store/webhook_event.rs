//! What providers send by themselves, stored once by their own id before anybody acts on it.

use model::id::{ConnectionId, OrganizationId};
use sqlx::types::Uuid;
use time::OffsetDateTime;

use crate::{Result, SystemTx, id};

/// The connections through which this account of the provider is read. Several agencies may read one.
///
/// # Errors
/// The database failed.
pub async fn list_receivers(
    tx: &mut SystemTx,
    provider: &str,
    external_id: &str,
) -> Result<Vec<(OrganizationId, ConnectionId)>> {
    Ok(sqlx::query!(
        "select c.organization_id, c.id from connection c
         join channel h on h.organization_id = c.organization_id and h.connection_id = c.id
         where c.provider = $1 and h.external_id = $2 and c.disconnected_at is null",
        provider,
        external_id
    )
    .map(|row| (row.organization_id.into(), row.id.into()))
    .fetch_all(&mut **tx)
    .await?)
}

/// Stores an event; whether it is new.
///
/// # Errors
/// The database failed.
pub async fn insert(
    tx: &mut SystemTx,
    (organization, connection): (OrganizationId, ConnectionId),
    external_id: &str,
    topic: &str,
    now: OffsetDateTime,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into webhook_event (organization_id, id, connection_id, external_id, topic, received_at)
         values ($1, $2, $3, $4, $5, $6) on conflict on constraint webhook_event_once do nothing",
        organization.0,
        id::new::<Uuid>(now),
        connection.0,
        external_id,
        topic,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Marks the events of a connection that came before `begun` as handled: a run that began later has read what they
/// were about.
///
/// # Errors
/// The database failed.
pub async fn set_handled(
    tx: &mut SystemTx,
    (organization, connection): (OrganizationId, ConnectionId),
    begun: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "update webhook_event set handled_at = $4
         where organization_id = $1 and connection_id = $2 and handled_at is null and received_at <= $3",
        organization.0,
        connection.0,
        begun,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
