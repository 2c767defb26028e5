//! Which accounts the credentials reach that people typed: the same accounts are one connection. The database holds that, by the
//! unique index `connection_reached`, so that a form that is sent twice at once makes one.

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
