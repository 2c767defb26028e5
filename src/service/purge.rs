//! Throwing away what has ended and is of no more use: nobody can act with it, and it says who was where and when.

use store::{password_reset, session, sign_up};
use time::Duration;

use crate::{Result, Service};

/// What mailed links leave behind stays this long after they were used or ended, so that opening an old mail still says
/// what became of its link.
const LINKS_KEPT: Duration = Duration::days(30);

/// How much was thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purged {
    /// Ended sessions.
    pub sessions: u64,
    /// Sign-ups, verified or not.
    pub sign_ups: u64,
    /// Requests for a new password.
    pub password_resets: u64,
}

/// Throws away sessions that have ended, and sign-ups and password resets whose links were used or ended 30 days ago.
///
/// # Errors
/// The database failed; then everything is still there.
pub async fn run(service: &Service) -> Result<Purged> {
    let now = service.clock.now();
    let mut tx = service.db.system().await?;
    let purged = Purged {
        sessions: session::purge(&mut tx, now).await?,
        sign_ups: sign_up::purge(&mut tx, now - LINKS_KEPT).await?,
        password_resets: password_reset::purge(&mut tx, now - LINKS_KEPT).await?,
    };
    tx.commit().await?;
    Ok(purged)
}
