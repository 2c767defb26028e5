//! Personal access tokens, found by the hash of what a program sends.

use model::{
    access_token::{AccessToken, Scope},
    actor::{Actor, Origin},
    id::{AccessTokenId, MemberId, OrganizationId},
};
use time::OffsetDateTime;

use crate::{Error, Result, SystemTx, TenantTx, organization::parse_role};

fn parse_scope(text: &str) -> Result<Scope> {
    Scope::parse(text).ok_or_else(|| Error::Database(sqlx::Error::Decode(format!("unknown scope {text}").into())))
}

/// The acting member's own tokens, newest first.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<AccessToken>> {
    let member_id = tx.actor().member_id;
    sqlx::query!(
        "select id, name, scope, created_at, expires_at, used_at from access_token where member_id = $1
         order by created_at desc, id desc",
        member_id.0
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(|row| {
        Ok(AccessToken {
            id: row.id.into(),
            name: row.name,
            scope: parse_scope(&row.scope)?,
            created_at: row.created_at,
            expires_at: row.expires_at,
            used_at: row.used_at,
        })
    })
    .collect()
}

/// Stores a token of the acting member.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &mut TenantTx, token: &AccessToken, token_hash: &[u8]) -> Result<()> {
    let actor = tx.actor().clone();
    sqlx::query!(
        "insert into access_token (organization_id, id, member_id, name, scope, token_hash, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        actor.organization_id.0,
        token.id.0,
        actor.member_id.0,
        token.name,
        token.scope.key(),
        token_hash,
        token.created_at,
        token.expires_at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes one of the acting member's own tokens back; returns its name.
///
/// # Errors
/// Missing when it is somebody else's.
pub async fn remove(tx: &mut TenantTx, id: AccessTokenId) -> Result<String> {
    let member_id = tx.actor().member_id;
    let removed = sqlx::query_scalar!(
        "delete from access_token where id = $1 and member_id = $2 returning name",
        id.0,
        member_id.0
    );
    Ok(removed.fetch_one(&mut **tx).await?)
}

/// Ends all tokens of a member in the acting member's reach, for good; tells how many.
///
/// # Errors
/// The database failed.
pub async fn remove_all(tx: &mut TenantTx, member_id: MemberId) -> Result<u64> {
    let removed = sqlx::query!("delete from access_token where member_id = $1", member_id.0);
    Ok(removed.execute(&mut **tx).await?.rows_affected())
}

/// Ends all tokens of a member, in the transaction that changes how it signs in.
///
/// # Errors
/// The database failed.
pub async fn remove_all_of(tx: &mut SystemTx, organization_id: OrganizationId, member_id: MemberId) -> Result<()> {
    let (organization, member) = (organization_id.0, member_id.0);
    sqlx::query!("delete from access_token where organization_id = $1 and member_id = $2", organization, member)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Whom a token acts for and what it may do, unless it ended or its member was deactivated.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &mut SystemTx, token_hash: &[u8], now: OffsetDateTime) -> Result<Option<(Actor, Scope)>> {
    let row = sqlx::query!(
        "update access_token t set used_at = case when t.used_at > $2 - interval '1 minute' then t.used_at else $2 end
         from member m
         where t.token_hash = $1 and t.expires_at > $2 and m.organization_id = t.organization_id and m.id = t.member_id
           and m.deactivated_at is null
         returning t.scope, m.organization_id, m.id as member_id, m.role",
        token_hash,
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| {
        let actor = Actor {
            organization_id: row.organization_id.into(),
            member_id: row.member_id.into(),
            role: parse_role(&row.role)?,
            origin: Origin::default(),
        };
        Ok((actor, parse_scope(&row.scope)?))
    })
    .transpose()
}
