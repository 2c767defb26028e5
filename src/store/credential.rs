//! The sealed credentials of connections. Those who run the agency put them in and throw them away; only the system's
//! jobs read them, since the runtime role has no right to the sealed bytes.

use model::{
    connection::Given,
    id::{ConnectionId, OrganizationId},
};
use sqlx::types::Uuid;
use time::OffsetDateTime;

use crate::{Result, SystemTx, TenantTx};

/// A sealed field of a connection's credential.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Sealed for this organization, connection and name.
    pub sealed: Vec<u8>,
    /// When what it holds ends; none is "until it is taken back".
    pub expires_at: Option<OffsetDateTime>,
}

/// How a connection stands for those who want to use its credential.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Why somebody must consent again.
    pub reconnect_reason: Option<String>,
}

/// Puts a credential in the place of all that the connection had, for the acting member. The connection's row is to be
/// changed first in the same transaction, so that two who connect wait for each other.
///
/// # Errors
/// The database failed, or the connection is not the actor's to change.
pub async fn set(tx: &mut TenantTx, connection_id: ConnectionId, fields: &[Field], now: OffsetDateTime) -> Result<()> {
    let organization_id = tx.actor().organization_id;
    remove(tx, connection_id).await?;
    for field in fields {
        sqlx::query!(
            "insert into credential (organization_id, connection_id, field, sealed, expires_at, updated_at)
             values ($1, $2, $3, $4, $5, $6)",
            organization_id.0,
            connection_id.0,
            field.name,
            field.sealed,
            field.expires_at,
            now
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// Throws the whole credential of a connection away.
///
/// # Errors
/// The database failed.
pub async fn remove(tx: &mut TenantTx, connection_id: ConnectionId) -> Result<()> {
    sqlx::query!("delete from credential where connection_id = $1", connection_id.0).execute(&mut **tx).await?;
    Ok(())
}

/// When the connection's token ends, for pages: `None` when there is none or it does not end.
///
/// # Errors
/// The database failed.
pub async fn find_expiry(tx: &mut TenantTx, connection_id: ConnectionId) -> Result<Option<OffsetDateTime>> {
    Ok(sqlx::query_scalar!("select min(expires_at) from credential where connection_id = $1", connection_id.0)
        .fetch_one(&mut **tx)
        .await?)
}

/// Stores these fields in the place of those with the same names; other fields stay. `fields` must be in the order of
/// their names, so that two writers wait for each other instead of locking each other out.
///
/// # Errors
/// The database failed.
pub async fn upsert(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    connection_id: ConnectionId,
    fields: &[Field],
    now: OffsetDateTime,
) -> Result<()> {
    for field in fields {
        sqlx::query!(
            "insert into credential (organization_id, connection_id, field, sealed, expires_at, updated_at)
             values ($1, $2, $3, $4, $5, $6)
             on conflict (organization_id, connection_id, field) do update set sealed = $4, expires_at = $5, updated_at = $6",
            organization_id.0,
            connection_id.0,
            field.name,
            field.sealed,
            field.expires_at,
            now
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// The sealed fields of a connection, in the order of their names.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    connection_id: ConnectionId,
) -> Result<Vec<Field>> {
    Ok(sqlx::query_as!(
        Field,
        "select field as name, sealed, expires_at from credential
         where organization_id = $1 and connection_id = $2 order by field",
        organization_id.0,
        connection_id.0
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// How the connection stands; `None` when it is disconnected or was never there.
///
/// # Errors
/// The database failed.
pub async fn find_standing(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    connection_id: ConnectionId,
) -> Result<Option<Standing>> {
    Ok(sqlx::query_as!(
        Standing,
        "select reconnect_reason from connection where organization_id = $1 and id = $2 and disconnected_at is null",
        organization_id.0,
        connection_id.0
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// The other connections to the same provider that work and whose credential came by consent: of all organizations where the
/// provider is real, of the same one where it is simulated.
///
/// # Errors
/// The database failed.
pub async fn list_consented(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    id: ConnectionId,
) -> Result<Vec<(OrganizationId, ConnectionId)>> {
    let rows = sqlx::query!(
        "select c.organization_id, c.id from connection c
           join connection own on own.organization_id = $1 and own.id = $2 and own.provider = c.provider and own.mode = c.mode
         where c.given = 'consent' and c.disconnected_at is null and c.id <> own.id
           and (c.mode = 'live' or c.organization_id = own.organization_id)
         order by c.id",
        organization_id.0,
        id.0
    );
    let rows = rows.fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().map(|row| (row.organization_id.into(), row.id.into())).collect())
}

/// How a connection's credential was given, also of an ended one; `None` when it was never there.
///
/// # Errors
/// The database failed.
pub async fn find_given(tx: &mut SystemTx, organization_id: OrganizationId, id: ConnectionId) -> Result<Option<Given>> {
    let found = sqlx::query_scalar!(
        "select given from connection where organization_id = $1 and id = $2",
        organization_id.0,
        id.0
    );
    Ok(found.fetch_optional(&mut **tx).await?.and_then(|given| Given::parse(&given)))
}

/// The same, and nobody changes the connection until the transaction ends: who reconnects or disconnects comes before or
/// after what is done now.
///
/// # Errors
/// The database failed.
pub async fn lock_standing(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    connection_id: ConnectionId,
) -> Result<Option<Standing>> {
    Ok(sqlx::query_as!(
        Standing,
        "select reconnect_reason from connection where organization_id = $1 and id = $2 and disconnected_at is null
         for no key update",
        organization_id.0,
        connection_id.0
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// Takes the right to renew the connection's credential for `seconds`; false while somebody else has it. The database's
/// clock counts, which is the same for all servers.
///
/// # Errors
/// The database failed.
pub async fn take_lease(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    connection_id: ConnectionId,
    holder: Uuid,
    seconds: f64,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into credential_lease (organization_id, connection_id, holder, ends_at)
         values ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))
         on conflict (organization_id, connection_id) do update set holder = $3, ends_at = excluded.ends_at
           where credential_lease.ends_at <= clock_timestamp()",
        organization_id.0,
        connection_id.0,
        holder,
        seconds
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps the right for another `seconds`; false when it was lost.
///
/// # Errors
/// The database failed.
pub async fn extend_lease(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    connection_id: ConnectionId,
    holder: Uuid,
    seconds: f64,
) -> Result<bool> {
    let done = sqlx::query!(
        "update credential_lease set ends_at = clock_timestamp() + make_interval(secs => $4)
         where organization_id = $1 and connection_id = $2 and holder = $3",
        organization_id.0,
        connection_id.0,
        holder,
        seconds
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives the right back.
///
/// # Errors
/// The database failed.
pub async fn drop_lease(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    connection_id: ConnectionId,
    holder: Uuid,
) -> Result<()> {
    sqlx::query!(
        "delete from credential_lease where organization_id = $1 and connection_id = $2 and holder = $3",
        organization_id.0,
        connection_id.0,
        holder
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests;

/// Throws away all that an ended connection had.
///
/// # Errors
/// The database failed.
pub async fn remove_of(tx: &mut SystemTx, organization_id: OrganizationId, connection_id: ConnectionId) -> Result<()> {
    sqlx::query!(
        "delete from credential where organization_id = $1 and connection_id = $2",
        organization_id.0,
        connection_id.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
