//! Providers that an operator has switched off for everybody.

use time::OffsetDateTime;

use crate::{Result, SystemTx};

/// The keys of the providers that are switched off, with the reason.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut SystemTx) -> Result<Vec<(String, String)>> {
    Ok(sqlx::query!("select provider, reason from provider_switch order by provider")
        .map(|row| (row.provider, row.reason))
        .fetch_all(&mut **tx)
        .await?)
}

/// Switches a provider off.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &mut SystemTx, provider: &str, reason: &str, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "insert into provider_switch (provider, reason, switched_off_at) values ($1, $2, $3)
         on conflict (provider) do update set reason = excluded.reason",
        provider,
        reason,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Switches it on again; whether it was off.
///
/// # Errors
/// The database failed.
pub async fn remove(tx: &mut SystemTx, provider: &str) -> Result<bool> {
    let done = sqlx::query!("delete from provider_switch where provider = $1", provider).execute(&mut **tx).await?;
    Ok(done.rows_affected() == 1)
}
