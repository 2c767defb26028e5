//! Sign-ins whose first step is done and that wait for a code, found by the hash of the token in the browser's cookie.

use model::id::{LoginStepId, MemberId, OrganizationId};
use time::OffsetDateTime;

use crate::{Result, SystemTx};

/// A sign-in that waits for a code.
#[derive(Clone, Copy, Debug)]
pub struct LoginStep {
    /// Its id.
    pub id: LoginStepId,
    /// The agency.
    pub organization_id: OrganizationId,
    /// Who wants to sign in.
    pub member_id: MemberId,
}

/// Stores a sign-in that waits until `expires_at`; the member's ended ones go.
///
/// # Errors
/// The database failed.
pub async fn insert(
    tx: &mut SystemTx,
    step: &LoginStep,
    token_hash: &[u8],
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "delete from login_step where organization_id = $1 and member_id = $2 and expires_at <= $3",
        step.organization_id.0,
        step.member_id.0,
        now
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into login_step (organization_id, id, member_id, token_hash, expires_at) values ($1, $2, $3, $4, $5)",
        step.organization_id.0,
        step.id.0,
        step.member_id.0,
        token_hash,
        expires_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The waiting sign-in whose token has this hash, unless it ended or its member was deactivated; locked until the
/// transaction ends.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &mut SystemTx, token_hash: &[u8], now: OffsetDateTime) -> Result<Option<LoginStep>> {
    Ok(sqlx::query!(
        "select l.id, l.organization_id, l.member_id
         from login_step l join member m on m.organization_id = l.organization_id and m.id = l.member_id
         where l.token_hash = $1 and l.expires_at > $2 and m.deactivated_at is null for update of l",
        token_hash,
        now
    )
    .map(|row| LoginStep {
        id: row.id.into(),
        organization_id: row.organization_id.into(),
        member_id: row.member_id.into(),
    })
    .fetch_optional(&mut **tx)
    .await?)
}

/// Ends one waiting sign-in.
///
/// # Errors
/// The database failed.
pub async fn remove(tx: &mut SystemTx, step: &LoginStep) -> Result<()> {
    sqlx::query!("delete from login_step where organization_id = $1 and id = $2", step.organization_id.0, step.id.0)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Ends all waiting sign-ins of a member, in the transaction that changes how it signs in.
///
/// # Errors
/// The database failed.
pub async fn remove_all_of(tx: &mut SystemTx, organization_id: OrganizationId, member_id: MemberId) -> Result<()> {
    sqlx::query!(
        "delete from login_step where organization_id = $1 and member_id = $2",
        organization_id.0,
        member_id.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
