//! What people changed at the simulated providers of an agency, in the order in which it was made.
//!
//! A change is kept as whoever answers for those providers wrote it: nothing here reads it.

use model::id::OrganizationId;
use serde_json::Value;

use crate::{Result, SystemTx};

/// The changes of an agency, oldest first; none for a live one.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut SystemTx, organization_id: OrganizationId) -> Result<Vec<Value>> {
    let found = sqlx::query_scalar!(
        "select change from simulated_change where organization_id = $1 order by number",
        organization_id.0
    );
    Ok(found.fetch_all(&mut **tx).await?)
}

/// Keeps all changes of a simulated agency, oldest first; those that are kept already stay as they are.
///
/// # Errors
/// The agency is a live one or was ended, or the database failed.
pub async fn insert(tx: &mut SystemTx, organization_id: OrganizationId, changes: &[Value]) -> Result<()> {
    sqlx::query!(
        "insert into simulated_change (organization_id, number, change)
         select $1, number, change from unnest($2::jsonb[]) with ordinality as c (change, number)
         on conflict do nothing",
        organization_id.0,
        changes
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
