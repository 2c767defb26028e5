//! Organizations and their members.

use model::{
    email::EmailAddress,
    id::{MemberId, OrganizationId},
    member::Member,
    organization::Organization,
    role::Role,
};
use sqlx::types::Uuid;
use time::OffsetDateTime;

use crate::{Error, Result, SystemTx, TenantTx};

/// The organization this transaction acts for.
///
/// # Errors
/// Missing only when the organization was deleted meanwhile.
pub async fn get(tx: &mut TenantTx) -> Result<Organization> {
    let row = sqlx::query!("select organization_id, name from organization").fetch_one(&mut **tx).await?;
    Ok(Organization { id: row.organization_id.into(), name: row.name })
}

/// The member this transaction acts for.
///
/// # Errors
/// Missing when the member was removed meanwhile.
pub async fn get_self(tx: &mut TenantTx) -> Result<Member> {
    let id = tx.actor().member_id;
    let row = sqlx::query!("select id, name, email, role from member where id = $1", id.0).fetch_one(&mut **tx).await?;
    member(row.id, row.name, row.email, &row.role)
}

/// Makes the organization and its Owner.
///
/// # Errors
/// The database failed.
pub async fn insert_with_owner(
    tx: &mut SystemTx,
    organization: &Organization,
    owner_id: MemberId,
    owner_name: &str,
    email: &EmailAddress,
    now: OffsetDateTime,
) -> Result<()> {
    let OrganizationId(organization_id) = organization.id;
    sqlx::query!(
        "insert into organization (organization_id, name, created_at) values ($1, $2, $3)",
        organization_id,
        organization.name,
        now
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into member (organization_id, id, name, email, role, created_at) values ($1, $2, $3, $4, $5, $6)",
        organization_id,
        owner_id.0,
        owner_name,
        email.as_str(),
        Role::Owner.key(),
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(crate) fn member(id: Uuid, name: String, email: String, role: &str) -> Result<Member> {
    Ok(Member { id: id.into(), name, email: address(&email)?, role: parse_role(role)? })
}

pub(crate) fn parse_role(role: &str) -> Result<Role> {
    role.parse().map_err(|error| Error::Database(sqlx::Error::Decode(Box::new(error))))
}

pub(crate) fn address(email: &str) -> Result<EmailAddress> {
    EmailAddress::parse("email", email).map_err(|error| Error::Database(sqlx::Error::Decode(Box::new(error))))
}
