//! Ways to read files, saved under a name.

use model::{
    id::ImportMappingId,
    import::{Mapping, SavedMapping},
};
use time::OffsetDateTime;

use crate::{Error, OnConstraint, Result, TenantTx};

fn parse(id: sqlx::types::Uuid, name: String, mapping: serde_json::Value, at: OffsetDateTime) -> Result<SavedMapping> {
    let mapping = serde_json::from_value(mapping)
        .map_err(|error| Error::Database(sqlx::Error::Decode(format!("mapping {name}: {error}").into())))?;
    Ok(SavedMapping { id: id.into(), name, mapping, updated_at: at })
}

/// All of the organization's, by name.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<SavedMapping>> {
    sqlx::query!("select id, name, mapping, updated_at from import_mapping order by lower(name)")
        .fetch_all(&mut **tx)
        .await?
        .into_iter()
        .map(|row| parse(row.id, row.name, row.mapping, row.updated_at))
        .collect()
}

/// One of them.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn get(tx: &mut TenantTx, id: ImportMappingId) -> Result<SavedMapping> {
    let row = sqlx::query!("select id, name, mapping, updated_at from import_mapping where id = $1", id.0)
        .fetch_one(&mut **tx)
        .await?;
    parse(row.id, row.name, row.mapping, row.updated_at)
}

/// Stores one; another with the same name is replaced, under its id.
///
/// # Errors
/// The database failed.
pub async fn upsert(
    tx: &mut TenantTx,
    id: ImportMappingId,
    name: &str,
    mapping: &Mapping,
    now: OffsetDateTime,
) -> Result<ImportMappingId> {
    let actor = tx.actor().clone();
    let json = crate::json(mapping)?;
    let id = sqlx::query_scalar!(
        "insert into import_mapping (organization_id, id, name, mapping, created_by, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $6)
         on conflict (organization_id, lower(name)) do update
           set name = excluded.name, mapping = excluded.mapping, updated_at = excluded.updated_at
         returning id",
        actor.organization_id.0,
        id.0,
        name,
        json,
        actor.member_id.0,
        now
    )
    .fetch_one(&mut **tx)
    .await
    .on_constraint("import_mapping_name")?;
    Ok(id.into())
}

/// Throws one away; what was read with it stays. Returns its name.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn remove(tx: &mut TenantTx, id: ImportMappingId) -> Result<String> {
    Ok(sqlx::query_scalar!("delete from import_mapping where id = $1 returning name", id.0)
        .fetch_one(&mut **tx)
        .await?)
}
