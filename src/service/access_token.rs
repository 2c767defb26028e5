//! Personal access tokens: made, listed and taken back by the member they act for.

use model::{
    access::{Action, TOKEN_SCOPE},
    access_token::{AccessToken, Scope},
    actor::{Actor, Origin},
    id::AccessTokenId,
    input::{Invalid, Wrong, line},
};
use serde_json::json;
use store::access_token;
use time::Duration;

use crate::{Result, Service, access, token};

/// What every token begins with, so that scanners for leaked secrets know it.
pub const PREFIX: &str = "aos_";

/// Refuses what a token made for reading only wants to change.
///
/// # Errors
/// Always `Refused`, after the refusal was written down.
pub async fn refuse_writing(service: &Service, actor: &Actor) -> Result<()> {
    let words = "this token may only read. Make one that may write; nothing was changed";
    access::refuse_all(service, actor, TOKEN_SCOPE, words).await
}

/// One's own tokens, newest first.
///
/// # Errors
/// The database failed.
pub async fn list(service: &Service, actor: &Actor) -> Result<Vec<AccessToken>> {
    access::allow(service, actor, Action::EditSelf).await?;
    Ok(access_token::list(&mut service.db.tenant(actor).await?).await?)
}

/// Makes a token that works for `days`; the text is shown now and never again.
///
/// # Errors
/// A field that cannot be accepted.
pub async fn create(
    service: &Service,
    actor: &Actor,
    name: &str,
    scope: &str,
    days: i64,
) -> Result<(AccessToken, String)> {
    access::allow(service, actor, Action::EditSelf).await?;
    let name = line("name", "Name", name, 100);
    let scope = Scope::parse(scope).ok_or_else(|| Invalid::new("scope", "a scope is read or write"));
    let mut wrong = Wrong::default();
    wrong.check(&name);
    wrong.check(&scope);
    if !(1..=366).contains(&days) {
        wrong.add(Some(Invalid::new("days", "a token works for 1 to 366 days")));
    }
    wrong.end()?;
    let (name, scope) = (name?, scope?);
    let now = service.clock.now();
    let secret = format!("{PREFIX}{}", token::random()?);
    let made = AccessToken {
        id: store::id::new(now),
        name,
        scope,
        created_at: now,
        expires_at: now + Duration::days(days),
        used_at: None,
    };
    let mut tx = service.db.tenant(actor).await?;
    access_token::insert(&mut tx, &made, &token::hash(&secret)).await?;
    let detail = json!({ "token": "made", "scope": scope.key() });
    access::done_to(service, &mut tx, Action::EditSelf, (made.id, &made.name), detail).await?;
    tx.commit().await?;
    Ok((made, secret))
}

/// Takes a token back, from its next use on.
///
/// # Errors
/// Missing when it is not one's own.
pub async fn remove(service: &Service, actor: &Actor, id: AccessTokenId) -> Result<()> {
    access::allow(service, actor, Action::EditSelf).await?;
    let mut tx = service.db.tenant(actor).await?;
    let name = access_token::remove(&mut tx, id).await?;
    access::done_to(service, &mut tx, Action::EditSelf, (id, &name), json!({ "token": "taken back" })).await?;
    Ok(tx.commit().await?)
}

/// Whom `secret` acts for and what it may do.
///
/// # Errors
/// The database failed.
pub async fn find(service: &Service, secret: &str, origin: Origin) -> Result<Option<(Actor, Scope)>> {
    let mut tx = service.db.system().await?;
    let Some((actor, scope)) = access_token::find(&mut tx, &token::hash(secret), service.clock.now()).await? else {
        return Ok(None);
    };
    tx.commit().await?;
    Ok(Some((Actor { origin, ..actor }, scope)))
}
