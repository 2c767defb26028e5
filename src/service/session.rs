//! Sessions: who a cookie's token acts for, read from the database at every request, so that a changed role, an
//! ended session or a deactivation takes effect at once on every server.

use model::actor::Actor;
use store::session;
use time::Duration;

use crate::{Result, Service, token};

/// A session ends this long after it was last used.
pub const LIFETIME: Duration = Duration::days(14);
/// How often use is noted.
const NOTED_EVERY: Duration = Duration::minutes(5);

/// Whom `cookie_token` acts for, if its session lives.
///
/// # Errors
/// The database failed.
pub async fn find(service: &Service, cookie_token: &str) -> Result<Option<Actor>> {
    let now = service.clock.now();
    let mut tx = service.db.system().await?;
    let Some(found) = session::find(&mut tx, &token::hash(cookie_token), now).await? else { return Ok(None) };
    if now - found.seen_at > NOTED_EVERY {
        session::set_seen(&mut tx, found.id, now, now + LIFETIME).await?;
        tx.commit().await?;
    }
    Ok(Some(found.actor))
}

/// Ends the session of `cookie_token`.
///
/// # Errors
/// The database failed.
pub async fn end(service: &Service, cookie_token: &str) -> Result<()> {
    let mut tx = service.db.system().await?;
    session::remove(&mut tx, &token::hash(cookie_token)).await?;
    Ok(tx.commit().await?)
}
