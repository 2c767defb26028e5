//! Members of the organization, in the sight of the acting member.

use std::collections::HashMap;

use model::{
    email::EmailAddress,
    id::{MemberId, OrganizationId},
    member::Member,
    page::Page,
    role::Role,
};
use time::OffsetDateTime;

use crate::{
    OnConstraint, Result, SystemTx, TenantTx,
    cursor::{self, Cursor},
    organization::{address, parse_role},
};

struct Row {
    id: sqlx::types::Uuid,
    name: String,
    nickname: String,
    email: String,
    role: String,
    active: bool,
    created_at: OffsetDateTime,
}

impl TryFrom<Row> for Member {
    type Error = crate::Error;
    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            name: row.name,
            nickname: row.nickname,
            email: address(&row.email)?,
            role: parse_role(&row.role)?,
            active: row.active,
            created_at: row.created_at,
        })
    }
}

/// One member.
///
/// # Errors
/// Missing, also when out of sight.
pub async fn get(tx: &mut TenantTx, id: MemberId) -> Result<Member> {
    sqlx::query_as!(
        Row,
        r#"select id, name, nickname, email, role, deactivated_at is null as "active!", created_at from member
           where id = $1"#,
        id.0
    )
    .fetch_one(&mut **tx)
    .await?
    .try_into()
}

/// Whether somebody of the organization has this address.
///
/// # Errors
/// The database failed.
pub async fn exists(tx: &mut TenantTx, email: &EmailAddress) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select exists (select from member where email = $1) as "is!""#, email.as_str())
        .fetch_one(&mut **tx)
        .await?)
}

/// The roles of those members of the organization who have one of these addresses.
///
/// # Errors
/// The database failed.
pub async fn roles(tx: &mut TenantTx, emails: &[EmailAddress]) -> Result<HashMap<EmailAddress, Role>> {
    let emails: Vec<_> = emails.iter().map(|email| email.as_str().to_owned()).collect();
    sqlx::query!("select email, role from member where email = any($1)", &emails)
        .fetch_all(&mut **tx)
        .await?
        .into_iter()
        .map(|row| Ok((address(&row.email)?, parse_role(&row.role)?)))
        .collect()
}

/// Locks one member and all Owners until the transaction ends, so that two changes at once cannot both remove the
/// last Owner; returns how many active Owners there are.
///
/// # Errors
/// The database failed.
pub async fn lock_owners(tx: &mut TenantTx) -> Result<i64> {
    let owners = sqlx::query!("select id, deactivated_at from member where role = 'owner' order by id for update")
        .fetch_all(&mut **tx)
        .await?;
    Ok(owners.iter().filter(|row| row.deactivated_at.is_none()).count() as i64)
}

/// What a list of members is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Part of the name, nickname or address, in any case.
    pub search: Option<String>,
    /// Only those who can, or cannot, sign in.
    pub active: Option<bool>,
}

/// Members newest first.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx, filter: &Filter, limit: i64, cursor: Option<Cursor>) -> Result<Page<Member>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id, name, nickname, email, role, deactivated_at is null as "active!", created_at from member
           where ($1::timestamptz is null or (created_at, id) < ($1, $2::uuid))
             and ($3::text is null or position(lower($3) in lower(name || ' ' || nickname || ' ' || email)) > 0)
             and ($4::boolean is null or (deactivated_at is null) = $4)
           order by created_at desc, id desc limit $5"#,
        cursor.map(|c| c.created_at),
        cursor.map(|c| c.id),
        filter.search,
        filter.active,
        limit + 1
    )
    .fetch_all(&mut **tx)
    .await?;
    let members = rows.into_iter().map(TryInto::try_into).collect::<Result<Vec<Member>>>()?;
    Ok(cursor::page(members, limit, |member| (member.created_at, member.id.0)))
}

/// The names of the members, by name.
///
/// # Errors
/// The database failed.
pub async fn list_names(tx: &mut TenantTx, active_only: bool) -> Result<Vec<(MemberId, String)>> {
    Ok(sqlx::query!(
        "select id, name from member where not $1 or deactivated_at is null order by lower(name), id",
        active_only
    )
    .map(|row| (row.id.into(), row.name))
    .fetch_all(&mut **tx)
    .await?)
}

/// Adds a member; its way of signing in is another row.
///
/// # Errors
/// The database failed.
pub async fn insert(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    id: MemberId,
    name: &str,
    email: &EmailAddress,
    role: Role,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "insert into member (organization_id, id, name, email, role, created_at) values ($1, $2, $3, $4, $5, $6)",
        organization_id.0,
        id.0,
        name,
        email.as_str(),
        role.key(),
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes a changed member.
///
/// # Errors
/// Missing when out of sight.
pub async fn update(tx: &mut TenantTx, member: &Member, now: OffsetDateTime) -> Result<()> {
    let done = sqlx::query!(
        "update member set name = $2, nickname = $3, role = $4,
           deactivated_at = case when $5 then null else coalesce(deactivated_at, $6) end
         where id = $1",
        member.id.0,
        member.name,
        member.nickname,
        member.role.key(),
        member.active,
        now
    )
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(crate::Error::Missing) }
}

/// Writes the acting member's own name and nickname, and nothing else of it.
///
/// # Errors
/// The database failed.
pub async fn set_profile(tx: &mut TenantTx, name: &str, nickname: &str) -> Result<()> {
    let id = tx.actor().member_id;
    sqlx::query!("update member set name = $2, nickname = $3 where id = $1", id.0, name, nickname)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Removes a member with its sessions, assignments and way of signing in. What it did stays in the audit log.
///
/// # Errors
/// Missing when out of sight; `Conflict("client_organization_id_owner_id_fkey")` when it answers for a client.
pub async fn remove(tx: &mut TenantTx, id: MemberId) -> Result<()> {
    let done = sqlx::query!("delete from member where id = $1", id.0)
        .execute(&mut **tx)
        .await
        .on_constraint("client_organization_id_owner_id_fkey")?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(crate::Error::Missing) }
}

/// The addresses of the active members who run the agency.
///
/// # Errors
/// The database failed.
pub async fn list_admins(tx: &mut TenantTx) -> Result<Vec<EmailAddress>> {
    sqlx::query_scalar!(
        "select email from member where deactivated_at is null and role in ('owner', 'admin') order by created_at, id"
    )
    .fetch_all(&mut **tx)
    .await?
    .iter()
    .map(|email| crate::organization::address(email))
    .collect()
}
