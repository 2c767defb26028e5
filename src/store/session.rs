//! Sessions: a signed-in browser, found by the hash of the token in its cookie.

use model::{
    actor::Actor,
    id::{MemberId, OrganizationId, SessionId},
};
use time::OffsetDateTime;

use crate::{Result, SystemTx, organization::parse_role};

/// A live session and whom it acts for.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The member with its role of this moment.
    pub actor: Actor,
    /// When the browser was last seen, to the minute or so.
    pub seen_at: OffsetDateTime,
}

/// The session whose token has this hash, unless it ended or its member was deactivated.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &mut SystemTx, token_hash: &[u8], now: OffsetDateTime) -> Result<Option<Session>> {
    let row = sqlx::query!(
        "select s.id, s.seen_at, m.organization_id, m.id as member_id, m.role
         from session s join member m on m.organization_id = s.organization_id and m.id = s.member_id
         where s.token_hash = $1 and s.expires_at > $2 and m.deactivated_at is null",
        token_hash,
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| {
        Ok(Session {
            id: row.id.into(),
            actor: Actor {
                organization_id: row.organization_id.into(),
                member_id: row.member_id.into(),
                role: parse_role(&row.role)?,
            },
            seen_at: row.seen_at,
        })
    })
    .transpose()
}

/// A session to be stored.
#[derive(Clone, Debug)]
pub struct NewSession<'a> {
    /// Its id.
    pub id: SessionId,
    /// The agency.
    pub organization_id: OrganizationId,
    /// The member.
    pub member_id: MemberId,
    /// SHA-256 of the cookie's token.
    pub token_hash: &'a [u8],
    /// What the browser calls itself, cut to 300 characters.
    pub user_agent: &'a str,
    /// When it ends by itself.
    pub expires_at: OffsetDateTime,
}

/// Stores a session.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &mut SystemTx, new: &NewSession<'_>, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "insert into session (organization_id, id, member_id, token_hash, user_agent, created_at, seen_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $6, $7)",
        new.organization_id.0,
        new.id.0,
        new.member_id.0,
        new.token_hash,
        new.user_agent,
        now,
        new.expires_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Notes that the browser was seen and that the session lives on until `expires_at`.
///
/// # Errors
/// The database failed.
pub async fn set_seen(tx: &mut SystemTx, id: SessionId, now: OffsetDateTime, expires_at: OffsetDateTime) -> Result<()> {
    sqlx::query!("update session set seen_at = $2, expires_at = $3 where id = $1", id.0, now, expires_at)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Ends the session whose token has this hash.
///
/// # Errors
/// The database failed.
pub async fn remove(tx: &mut SystemTx, token_hash: &[u8]) -> Result<()> {
    sqlx::query!("delete from session where token_hash = $1", token_hash).execute(&mut **tx).await?;
    Ok(())
}
