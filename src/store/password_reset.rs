//! Requests to choose a new password: stored for every address alike.

use std::collections::HashMap;

use model::{email::EmailAddress, id::PasswordResetId};
use time::OffsetDateTime;

use crate::{Result, SystemTx, organization::address};

/// A stored request.
#[derive(Clone, Debug)]
pub struct PasswordReset {
    /// Its id.
    pub id: PasswordResetId,
    /// The address that was typed.
    pub email: EmailAddress,
    /// When its link ends.
    pub expires_at: OffsetDateTime,
    /// When its link was used.
    pub used_at: Option<OffsetDateTime>,
}

/// Stores a request with the hash of its token; links of earlier requests for the address end.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &mut SystemTx, new: &PasswordReset, token_hash: &[u8], now: OffsetDateTime) -> Result<()> {
    end_all(tx, &new.email, now).await?;
    sqlx::query!(
        "insert into password_reset (id, email, token_hash, created_at, expires_at) values ($1, $2, $3, $4, $5)",
        new.id.0,
        new.email.as_str(),
        token_hash,
        now,
        new.expires_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ends the links of all requests for the address.
///
/// # Errors
/// The database failed.
pub async fn end_all(tx: &mut SystemTx, email: &EmailAddress, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "update password_reset set expires_at = $2 where email = $1 and used_at is null and expires_at > $2",
        email.as_str(),
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The request with this id.
///
/// # Errors
/// Missing, or the database failed.
pub async fn get(tx: &mut SystemTx, id: PasswordResetId) -> Result<PasswordReset> {
    let row = sqlx::query!("select id, email, expires_at, used_at from password_reset where id = $1", id.0)
        .fetch_one(&mut **tx)
        .await?;
    Ok(PasswordReset {
        id: row.id.into(),
        email: address(&row.email)?,
        expires_at: row.expires_at,
        used_at: row.used_at,
    })
}

/// The addresses that these requests were made for.
///
/// # Errors
/// The database failed.
pub async fn emails(tx: &mut SystemTx, ids: &[PasswordResetId]) -> Result<HashMap<PasswordResetId, EmailAddress>> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    sqlx::query!("select id, email from password_reset where id = any($1)", &ids)
        .fetch_all(&mut **tx)
        .await?
        .into_iter()
        .map(|row| Ok((row.id.into(), address(&row.email)?)))
        .collect()
}

/// The request whose token has this hash, locked until the transaction ends.
///
/// # Errors
/// The database failed.
pub async fn find_by_token(tx: &mut SystemTx, token_hash: &[u8]) -> Result<Option<PasswordReset>> {
    let id = sqlx::query_scalar!("select id from password_reset where token_hash = $1 for update", token_hash)
        .fetch_optional(&mut **tx)
        .await?;
    match id {
        Some(id) => get(tx, id.into()).await.map(Some),
        None => Ok(None),
    }
}

/// Notes that the link was used.
///
/// # Errors
/// The database failed.
pub async fn set_used(tx: &mut SystemTx, id: PasswordResetId, now: OffsetDateTime) -> Result<()> {
    sqlx::query!("update password_reset set used_at = $2 where id = $1", id.0, now).execute(&mut **tx).await?;
    Ok(())
}

/// Throws away the requests that were used, or whose link ended, before this moment; tells how many.
///
/// # Errors
/// The database failed.
pub async fn purge(tx: &mut SystemTx, before: OffsetDateTime) -> Result<u64> {
    Ok(sqlx::query!("delete from password_reset where coalesce(used_at, expires_at) <= $1", before)
        .execute(&mut **tx)
        .await?
        .rows_affected())
}
