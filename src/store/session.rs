//! Sessions: a signed-in browser, found by the hash of the token in its cookie.

use model::{
    actor::{Actor, Origin},
    id::{MemberId, OrganizationId, SessionId},
};
use time::OffsetDateTime;

use crate::{Result, SystemTx, TenantTx, organization::parse_role};

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
                origin: Origin::default(),
            },
            seen_at: row.seen_at,
        })
    })
    .transpose()
}

/// Whom a session acts for now, by its id; none once it ended or its member was deactivated.
///
/// # Errors
/// The database failed.
pub async fn find_actor(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    id: SessionId,
    now: OffsetDateTime,
) -> Result<Option<Actor>> {
    let row = sqlx::query!(
        "select m.id as member_id, m.role
         from session s join member m on m.organization_id = s.organization_id and m.id = s.member_id
         where s.organization_id = $1 and s.id = $2 and s.expires_at > $3 and m.deactivated_at is null",
        organization_id.0,
        id.0,
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| {
        let (member_id, role) = (row.member_id.into(), parse_role(&row.role)?);
        Ok(Actor { organization_id, member_id, role, origin: Origin::default() })
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

/// A session as its member sees it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its id.
    pub id: SessionId,
    /// What the browser calls itself.
    pub user_agent: String,
    /// When it began.
    pub created_at: OffsetDateTime,
    /// When the browser was last seen.
    pub seen_at: OffsetDateTime,
}

/// The acting member's own live sessions, the last used first.
///
/// # Errors
/// The database failed.
pub async fn list_own(tx: &mut TenantTx, now: OffsetDateTime) -> Result<Vec<Listed>> {
    let member_id = tx.actor().member_id;
    Ok(sqlx::query!(
        "select id, user_agent, created_at, seen_at from session where member_id = $1 and expires_at > $2
         order by seen_at desc, id desc",
        member_id.0,
        now
    )
    .map(|row| Listed {
        id: row.id.into(),
        user_agent: row.user_agent,
        created_at: row.created_at,
        seen_at: row.seen_at,
    })
    .fetch_all(&mut **tx)
    .await?)
}

/// Ends one of the acting member's own sessions.
///
/// # Errors
/// Missing when it is somebody else's.
pub async fn remove_own(tx: &mut TenantTx, id: SessionId) -> Result<()> {
    let member_id = tx.actor().member_id;
    let done = sqlx::query!("delete from session where id = $1 and member_id = $2", id.0, member_id.0)
        .execute(&mut **tx)
        .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(crate::Error::Missing) }
}

/// Ends all sessions of a member in the acting member's reach.
///
/// # Errors
/// The database failed.
pub async fn remove_all(tx: &mut TenantTx, member_id: MemberId) -> Result<()> {
    sqlx::query!("delete from session where member_id = $1", member_id.0).execute(&mut **tx).await?;
    Ok(())
}

/// Ends all sessions of a member but for the one to keep, in the transaction that changes how it signs in.
///
/// # Errors
/// The database failed.
pub async fn remove_all_of(
    tx: &mut SystemTx,
    organization_id: OrganizationId,
    member_id: MemberId,
    keep: Option<SessionId>,
) -> Result<()> {
    sqlx::query!(
        "delete from session where organization_id = $1 and member_id = $2 and ($3::uuid is null or id <> $3)",
        organization_id.0,
        member_id.0,
        keep.map(|id| id.0)
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Throws away the sessions that ended before this moment; tells how many.
///
/// # Errors
/// The database failed.
pub async fn purge(tx: &mut SystemTx, before: OffsetDateTime) -> Result<u64> {
    Ok(sqlx::query!("delete from session where expires_at <= $1", before).execute(&mut **tx).await?.rows_affected())
}
