//! The audit log. Rows are only ever added.

use model::{audit::AuditEvent, page::Page};
use serde_json::Value;
use sqlx::types::Uuid;
use time::OffsetDateTime;

use crate::{
    Result, TenantTx,
    cursor::{self, Cursor},
    id,
};

/// Notes that the acting member did, or was refused, something.
///
/// # Errors
/// The database failed.
pub async fn insert(
    tx: &mut TenantTx,
    action: &str,
    done: bool,
    resource_id: Option<Uuid>,
    detail: &Value,
    now: OffsetDateTime,
) -> Result<()> {
    let actor = tx.actor().clone();
    sqlx::query!(
        "insert into audit_event (organization_id, id, member_id, action, allowed, resource_id, detail, method, path, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        actor.organization_id.0,
        id::new::<Uuid>(now),
        actor.member_id.0,
        action,
        done,
        resource_id,
        detail,
        actor.origin.method,
        actor.origin.path,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Entries newest first; `done` narrows to what was done or what was refused.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &mut TenantTx,
    done: Option<bool>,
    limit: i64,
    cursor: Option<Cursor>,
) -> Result<Page<AuditEvent>> {
    let items = sqlx::query!(
        r#"select e.id, e.member_id, coalesce(m.name, e.member_id::text) as "member!", e.action, e.allowed,
             e.resource_id, e.detail, e.method, e.path, e.created_at
           from audit_event e left join member m on m.organization_id = e.organization_id and m.id = e.member_id
           where ($1::timestamptz is null or (e.created_at, e.id) < ($1, $2::uuid))
             and ($3::boolean is null or e.allowed = $3)
           order by e.created_at desc, e.id desc limit $4"#,
        cursor.map(|c| c.created_at),
        cursor.map(|c| c.id),
        done,
        limit + 1
    )
    .map(|row| AuditEvent {
        id: row.id.into(),
        member_id: row.member_id.into(),
        member: row.member,
        action: row.action,
        allowed: row.allowed,
        resource_id: row.resource_id.map(|id| id.to_string()),
        detail: row.detail.to_string(),
        method: row.method,
        path: row.path,
        created_at: row.created_at,
    })
    .fetch_all(&mut **tx)
    .await?;
    Ok(cursor::page(items, limit, |event| (event.created_at, event.id.0)))
}
