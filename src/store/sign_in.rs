//! How people prove who they are: one row an address.

use model::{
    email::EmailAddress,
    id::{MemberId, OrganizationId},
};
use time::OffsetDateTime;

use crate::{OnConstraint, Result, SystemTx};

/// What signing in with an address needs.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The agency.
    pub organization_id: OrganizationId,
    /// The member.
    pub member_id: MemberId,
    /// The argon2id hash; absent for those who only sign in through another service.
    pub password_hash: Option<String>,
    /// Whether the member was deactivated.
    pub deactivated: bool,
}

/// The row of `email`, if the address signs in.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &mut SystemTx, email: &EmailAddress) -> Result<Option<SignIn>> {
    Ok(sqlx::query!(
        r#"select s.organization_id, s.member_id, s.password_hash, m.deactivated_at is not null as "deactivated!"
           from sign_in s join member m on m.organization_id = s.organization_id and m.id = s.member_id
           where s.email = $1"#,
        email.as_str()
    )
    .map(|row| SignIn {
        organization_id: row.organization_id.into(),
        member_id: row.member_id.into(),
        password_hash: row.password_hash,
        deactivated: row.deactivated,
    })
    .fetch_optional(&mut **tx)
    .await?)
}

/// Lets `email` sign in as the member.
///
/// # Errors
/// `Conflict("sign_in_pkey")` when the address signs in already.
pub async fn insert(
    tx: &mut SystemTx,
    email: &EmailAddress,
    organization_id: OrganizationId,
    member_id: MemberId,
    password_hash: Option<&str>,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "insert into sign_in (email, organization_id, member_id, password_hash, created_at) values ($1, $2, $3, $4, $5)",
        email.as_str(),
        organization_id.0,
        member_id.0,
        password_hash,
        now
    )
    .execute(&mut **tx)
    .await
    .on_constraint("sign_in_pkey")?;
    Ok(())
}

/// Gives `email` a new password.
///
/// # Errors
/// The database failed.
pub async fn set_password(tx: &mut SystemTx, email: &EmailAddress, password_hash: &str) -> Result<()> {
    sqlx::query!("update sign_in set password_hash = $2 where email = $1", email.as_str(), password_hash)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
