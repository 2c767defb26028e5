//! Which accounts credentials reach. Those that people typed: the same accounts are one connection. The database holds that, by
//! the unique index `connection_reached`, so that a form that is sent twice at once makes one. What came by consent takes the
//! place of the credential that reads the same already.

use model::id::ConnectionId;

use super::one;
use crate::{OnConstraint, Result, TenantTx};

/// Keeps which accounts a typed credential reaches, by the provider's ids in their order.
///
/// # Errors
/// Conflict `connection_reached` when another connection has the same; missing when it is gone.
pub async fn set_reached(tx: &mut TenantTx, id: ConnectionId, accounts: &[String]) -> Result<()> {
    let done = sqlx::query!(
        r#"update connection set reached_hash = sha256(convert_to(array_to_string($2::text[], E'\n'), 'UTF8'))
           where id = $1 and disconnected_at is null"#,
        id.0,
        accounts
    )
    .execute(&mut **tx)
    .await
    .on_constraint("connection_reached")?;
    one(done).await
}

/// What the connections are called that read these accounts of a provider, by their names.
///
/// # Errors
/// The database failed.
pub async fn list_reading(tx: &mut TenantTx, provider: &str, accounts: &[String]) -> Result<Vec<String>> {
    let found = sqlx::query_scalar!(
        "select c.label from connection c
         where c.disconnected_at is null and exists (select from channel h
           where h.organization_id = c.organization_id and h.connection_id = c.id and h.provider = $1
             and h.external_id = any($2::text[]))
         order by c.label, c.id",
        provider,
        accounts
    );
    Ok(found.fetch_all(&mut **tx).await?)
}

/// The connection in whose place a credential can be put that reaches these accounts of a provider: it reads some of them, and
/// no other. Of several the one that waits to be connected again, then the one that reads most.
///
/// # Errors
/// The database failed.
pub async fn find_renewable(tx: &mut TenantTx, provider: &str, accounts: &[String]) -> Result<Option<ConnectionId>> {
    let found = sqlx::query_scalar!(
        "select c.id from connection c
           join channel h on h.organization_id = c.organization_id and h.connection_id = c.id
         where c.disconnected_at is null and c.provider = $1
         group by c.organization_id, c.id
         having bool_and(h.external_id = any($2::text[]))
         order by c.reconnect_reason is null, count(*) desc, c.id
         limit 1",
        provider,
        accounts
    );
    Ok(found.fetch_optional(&mut **tx).await?.map(Into::into))
}

/// Lets nobody else of the organization connect accounts of this provider until the transaction ends: each then sees what the
/// one before made, and takes no account from it.
///
/// # Errors
/// The database failed.
pub async fn lock_connecting(tx: &mut TenantTx, provider: &str) -> Result<()> {
    let organization_id = tx.actor().organization_id;
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('connect ' || $1::uuid::text || ' ' || $2::text, 0))",
        organization_id.0,
        provider
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
