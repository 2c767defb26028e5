//! Ways to Google and back: each is taken once, by the browser that began it.

use model::id::GoogleAttemptId;
use time::OffsetDateTime;

use crate::{Result, SystemTx};

/// A way to Google that was begun.
#[derive(Clone, Debug)]
pub struct GoogleAttempt {
    /// Its id, from which everything that Google is told derives.
    pub id: GoogleAttemptId,
    /// Where to go after signing in.
    pub redirect: String,
}

/// Stores a way that can be taken until `expires_at`; ended ones go.
///
/// # Errors
/// The database failed.
pub async fn insert(
    tx: &mut SystemTx,
    attempt: &GoogleAttempt,
    state_hash: &[u8],
    browser_hash: &[u8],
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<()> {
    sqlx::query!("delete from google_attempt where expires_at <= $1", now).execute(&mut **tx).await?;
    sqlx::query!(
        "insert into google_attempt (id, state_hash, browser_hash, redirect, expires_at) values ($1, $2, $3, $4, $5)",
        attempt.id.0,
        state_hash,
        browser_hash,
        attempt.redirect,
        expires_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes a way, once: the one with this state, if the same browser comes back in time.
///
/// # Errors
/// The database failed.
pub async fn take(
    tx: &mut SystemTx,
    state_hash: &[u8],
    browser_hash: &[u8],
    now: OffsetDateTime,
) -> Result<Option<GoogleAttempt>> {
    Ok(sqlx::query!(
        "delete from google_attempt where state_hash = $1 and browser_hash = $2 and expires_at > $3
         returning id, redirect",
        state_hash,
        browser_hash,
        now
    )
    .map(|row| GoogleAttempt { id: row.id.into(), redirect: row.redirect })
    .fetch_optional(&mut **tx)
    .await?)
}
