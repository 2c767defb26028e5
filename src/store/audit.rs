//! The audit log. Rows are only ever added.

use model::{
    actor::Origin,
    audit::AuditEvent,
    id::{MemberId, OrganizationId},
    page::Page,
};
use serde_json::Value;
use sqlx::{PgConnection, types::Uuid};
use time::{Date, OffsetDateTime};

use crate::{
    Result, SystemTx, TenantTx,
    cursor::{self, Cursor},
    id,
};

/// Who did something before a session was there, and the request it came through.
#[derive(Clone, Copy, Debug)]
pub struct Author<'a> {
    /// The agency.
    pub organization_id: OrganizationId,
    /// The member.
    pub member_id: MemberId,
    /// The request.
    pub origin: &'a Origin,
}

/// Notes that the acting member did, or was refused, something; `resource` is what it was about, with its name now.
///
/// # Errors
/// The database failed.
pub async fn insert(
    tx: &mut TenantTx,
    action: &str,
    done: bool,
    resource: Option<(Uuid, &str)>,
    detail: &Value,
    now: OffsetDateTime,
) -> Result<()> {
    let actor = tx.actor().clone();
    let author = Author { organization_id: actor.organization_id, member_id: actor.member_id, origin: &actor.origin };
    add(tx, &author, action, done, resource, detail, now).await
}

/// Notes what a member did, or failed to do, before a session was there. The resource is the member itself.
///
/// # Errors
/// The database failed.
pub async fn insert_outside(
    tx: &mut SystemTx,
    author: &Author<'_>,
    action: &str,
    done: bool,
    detail: &Value,
    now: OffsetDateTime,
) -> Result<()> {
    add(tx, author, action, done, Some((author.member_id.0, "")), detail, now).await
}

async fn add(
    connection: &mut PgConnection,
    author: &Author<'_>,
    action: &str,
    done: bool,
    resource: Option<(Uuid, &str)>,
    detail: &Value,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "insert into audit_event (organization_id, id, member_id, member_name, action, allowed, resource_id, resource_name,
           detail, method, path, created_at)
         values ($1, $2, $3, coalesce((select name from member m where m.organization_id = $1 and m.id = $3), ''), $4, $5,
           $6, $7, $8, $9, $10, $11)",
        author.organization_id.0,
        id::new::<Uuid>(now),
        author.member_id.0,
        action,
        done,
        resource.map(|(id, _)| id),
        resource.map_or("", |(_, name)| name),
        detail,
        author.origin.method,
        author.origin.path,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What the log is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// What was done, or what was refused.
    pub done: Option<bool>,
    /// Only under this rule.
    pub action: Option<String>,
    /// Only by this member.
    pub member_id: Option<MemberId>,
    /// From this day on, as the agency's time zone has it.
    pub from: Option<Date>,
    /// Up to and with this day.
    pub to: Option<Date>,
}

/// Entries newest first.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx, filter: &Filter, limit: i64, cursor: Option<Cursor>) -> Result<Page<AuditEvent>> {
    let items = sqlx::query!(
        r#"select e.id, e.member_id, coalesce(nullif(e.member_name, ''), m.name, e.member_id::text) as "member!", e.action,
             e.allowed, e.resource_id, coalesce(nullif(e.resource_name, ''), c.name, o.name, '') as "resource!", e.detail,
             e.method, e.path, e.created_at
           from audit_event e
             left join member m on m.organization_id = e.organization_id and m.id = e.member_id
             left join client c on c.organization_id = e.organization_id and c.id = e.resource_id
             left join member o on o.organization_id = e.organization_id and o.id = e.resource_id
           where ($1::timestamptz is null or (e.created_at, e.id) < ($1, $2::uuid))
             and ($3::boolean is null or e.allowed = $3)
             and ($4::text is null or e.action = $4)
             and ($5::uuid is null or e.member_id = $5)
             and ($6::date is null or e.created_at >= $6::date::timestamp at time zone (select time_zone from organization))
             and ($7::date is null
                  or e.created_at < ($7::date + 1)::timestamp at time zone (select time_zone from organization))
           order by e.created_at desc, e.id desc limit $8"#,
        cursor.map(|c| c.created_at),
        cursor.map(|c| c.id),
        filter.done,
        filter.action,
        filter.member_id.map(|id| id.0),
        filter.from,
        filter.to,
        limit + 1
    )
    .map(|row| AuditEvent {
        id: row.id.into(),
        member_id: row.member_id.into(),
        member: row.member,
        action: row.action,
        allowed: row.allowed,
        resource_id: row.resource_id.map(|id| id.to_string()),
        resource: row.resource,
        detail: row.detail.to_string(),
        method: row.method,
        path: row.path,
        created_at: row.created_at,
    })
    .fetch_all(&mut **tx)
    .await?;
    Ok(cursor::page(items, limit, |event| (event.created_at, event.id.0)))
}
