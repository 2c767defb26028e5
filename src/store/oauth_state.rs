//! Consents that were begun: each comes back once, to the member and the session that began it.

use std::collections::BTreeMap;

use model::id::{ConnectionId, OAuthStateId, SessionId};
use time::OffsetDateTime;

use crate::{Error, Result, TenantTx};

/// A consent that was begun.
#[derive(Clone, Debug)]
pub struct OAuthState {
    /// Its id, from which what the provider is told derives.
    pub id: OAuthStateId,
    /// The provider's key.
    pub provider: String,
    /// The connection that consents again; none for a new one.
    pub connection_id: Option<ConnectionId>,
    /// The proof that belongs to it, sealed for this row.
    pub sealed_verifier: Vec<u8>,
    /// What was typed before.
    pub fields: BTreeMap<String, String>,
    /// It is of no use from then on.
    pub expires_at: OffsetDateTime,
}

/// Stores a consent of the acting member; those that ended are thrown away.
///
/// # Errors
/// The database failed.
pub async fn insert(
    tx: &mut TenantTx,
    new: &OAuthState,
    state_hash: &[u8],
    session_id: SessionId,
    now: OffsetDateTime,
) -> Result<()> {
    let actor = tx.actor().clone();
    let fields =
        serde_json::to_value(&new.fields).map_err(|error| Error::Database(sqlx::Error::Decode(error.into())))?;
    sqlx::query!(
        "insert into oauth_state (organization_id, id, state_hash, provider, member_id, session_id, connection_id, sealed_verifier, fields, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        actor.organization_id.0,
        new.id.0,
        state_hash,
        new.provider,
        actor.member_id.0,
        session_id.0,
        new.connection_id.map(|id| id.0),
        new.sealed_verifier,
        fields,
        now,
        new.expires_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes the consent with this state, once; none when it is not there, was taken, or is somebody else's or another
/// session's. Whether it has ended is for the caller to see.
///
/// # Errors
/// The database failed.
pub async fn take(
    tx: &mut TenantTx,
    state_hash: &[u8],
    session_id: SessionId,
    now: OffsetDateTime,
) -> Result<Option<OAuthState>> {
    let taken = sqlx::query!(
        "update oauth_state set used_at = $3 where state_hash = $1 and session_id = $2 and used_at is null
         returning id, provider, connection_id, sealed_verifier, fields, expires_at",
        state_hash,
        session_id.0,
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = taken else { return Ok(None) };
    let fields =
        serde_json::from_value(row.fields).map_err(|error| Error::Database(sqlx::Error::Decode(error.into())))?;
    Ok(Some(OAuthState {
        id: row.id.into(),
        provider: row.provider,
        connection_id: row.connection_id.map(Into::into),
        sealed_verifier: row.sealed_verifier,
        fields,
        expires_at: row.expires_at,
    }))
}
