//! Two-factor sign-in: the sealed secret of a member's app, its recovery codes, and how often a code was wrong.

use model::id::{MemberId, OrganizationId};
use time::OffsetDateTime;

use crate::{Result, SystemTx};

/// A member's second factor.
#[derive(Clone, Debug)]
pub struct TwoFactor {
    /// The app's secret, sealed for this row.
    pub secret: Vec<u8>,
    /// Since when a code is asked for; unset while it is being set up.
    pub confirmed_at: Option<OffsetDateTime>,
    /// The newest time step whose code was taken.
    pub last_step: i64,
    /// How many codes were wrong since `failing_since`.
    pub failures: i32,
    /// When the first of them was tried.
    pub failing_since: Option<OffsetDateTime>,
}

/// The member's second factor, locked until the transaction ends.
///
/// # Errors
/// The database failed.
pub async fn find(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    member_id: MemberId,
) -> Result<Option<TwoFactor>> {
    Ok(sqlx::query_as!(
        TwoFactor,
        "select secret, confirmed_at, last_step, failures, failing_since from two_factor
         where organization_id = $1 and member_id = $2 for update",
        organization_id.0,
        member_id.0
    )
    .fetch_optional(&mut **tx)
    .await?)
}

/// Stores a sealed secret that waits for its first code, in place of one that waits; false when one is in use.
///
/// # Errors
/// The database failed.
pub async fn insert(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    member_id: MemberId,
    secret: &[u8],
    now: OffsetDateTime,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into two_factor (organization_id, member_id, secret, created_at) values ($1, $2, $3, $4)
         on conflict (organization_id, member_id) do update set secret = $3, created_at = $4
           where two_factor.confirmed_at is null",
        organization_id.0,
        member_id.0,
        secret,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that the app has shown its first code.
///
/// # Errors
/// The database failed.
pub async fn set_confirmed(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    member_id: MemberId,
    now: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "update two_factor set confirmed_at = $3 where organization_id = $1 and member_id = $2",
        organization_id.0,
        member_id.0,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Notes a right code: its step, and that failing has ended.
///
/// # Errors
/// The database failed.
pub async fn set_step(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    member_id: MemberId,
    last_step: i64,
) -> Result<()> {
    sqlx::query!(
        "update two_factor set last_step = $3, failures = 0, failing_since = null
         where organization_id = $1 and member_id = $2",
        organization_id.0,
        member_id.0,
        last_step
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Notes how many codes were wrong since when.
///
/// # Errors
/// The database failed.
pub async fn set_failures(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    member_id: MemberId,
    failures: i32,
    failing_since: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "update two_factor set failures = $3, failing_since = $4 where organization_id = $1 and member_id = $2",
        organization_id.0,
        member_id.0,
        failures,
        failing_since
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes the second factor away, its recovery codes included.
///
/// # Errors
/// The database failed.
pub async fn remove(tx: &mut SystemTx, organization_id: OrganizationId, member_id: MemberId) -> Result<()> {
    sqlx::query!(
        "delete from two_factor where organization_id = $1 and member_id = $2",
        organization_id.0,
        member_id.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Puts new recovery codes in place of all before.
///
/// # Errors
/// The database failed.
pub async fn set_recovery_codes(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    member_id: MemberId,
    hashes: &[Vec<u8>],
) -> Result<()> {
    sqlx::query!(
        "delete from recovery_code where organization_id = $1 and member_id = $2",
        organization_id.0,
        member_id.0
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into recovery_code (organization_id, member_id, code_hash) select $1, $2, unnest($3::bytea[])",
        organization_id.0,
        member_id.0,
        hashes
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Uses a recovery code up; false when there is none with this hash that was not used.
///
/// # Errors
/// The database failed.
pub async fn use_recovery_code(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    member_id: MemberId,
    hash: &[u8],
    now: OffsetDateTime,
) -> Result<bool> {
    let done = sqlx::query!(
        "update recovery_code set used_at = $4
         where organization_id = $1 and member_id = $2 and code_hash = $3 and used_at is null",
        organization_id.0,
        member_id.0,
        hash,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How many recovery codes were not used yet.
///
/// # Errors
/// The database failed.
pub async fn count_recovery_codes(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    member_id: MemberId,
) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from recovery_code
           where organization_id = $1 and member_id = $2 and used_at is null"#,
        organization_id.0,
        member_id.0
    )
    .fetch_one(&mut **tx)
    .await?)
}
