//! Throwing away what has ended and is of no more use: nobody can act with it, and it says who was where and when.

use store::{draft, import, password_reset, session, sign_in_attempt, sign_up, summary_mail};
use time::{Duration, OffsetDateTime};

use crate::{Error, Result, Service};

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
    /// Counts of attempts to sign in that limit nobody any more.
    pub attempts: u64,
    /// Clicks that had a summary mailed.
    pub summary_mails: u64,
    /// Imports that nobody started.
    pub imports: u64,
    /// Simulated agencies that nobody looks into any more.
    pub simulated: u64,
    /// Files of imports that need them no more.
    pub files: u64,
    /// Files that were added to answers and are needed no more.
    pub uploads: u64,
}

/// A file that somebody added to an answer, and that went or was taken out again, stays this long.
const UPLOADS_KEPT: Duration = Duration::days(7);

/// A file that nobody imports stays this long.
const FILES_KEPT: Duration = Duration::days(1);

/// Throws away sessions that have ended, counts of attempts that limit nobody any more, and sign-ups and password resets whose
/// links were used or ended 30 days ago; gives up imports that nobody has touched for a day, with their files; throws files away that no
/// answer has needed for a week, and simulated agencies that nobody looked into for two days.
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
        attempts: sign_in_attempt::purge(&mut tx, now).await?,
        summary_mails: summary_mail::purge(&mut tx, now - LINKS_KEPT).await?,
        imports: import::purge(&mut tx, now - FILES_KEPT, now).await?,
        uploads: draft::purge_uploads(&mut tx, now - UPLOADS_KEPT).await?,
        simulated: 0,
        files: 0,
    };
    tx.commit().await?;
    let simulated = crate::simulation::purge(service).await?;
    Ok(Purged { files: uploads(service, now).await?, simulated, ..purged })
}

/// Removes files whose import is over, and what was never written to its end. The youngest are left: an import may be about
/// to be stored.
async fn uploads(service: &Service, now: OffsetDateTime) -> Result<u64> {
    let folder = service.uploads.clone();
    let failed = |error: tokio::task::JoinError| Error::Internal(Box::new(error));
    let files = tokio::task::spawn_blocking(move || folder.files()).await.map_err(failed)?;
    let among: Vec<_> = files.iter().filter_map(|(_, of)| *of).collect();
    let needed = import::list_needing_file(&mut service.db.system().await?, &among).await?;
    let mut removed = 0;
    for (path, of) in files {
        let written = tokio::fs::metadata(&path).await.and_then(|data| data.modified());
        let Ok(written) = written.map(OffsetDateTime::from) else { continue };
        let kept = if of.is_some() { Duration::HOUR } else { FILES_KEPT };
        if of.is_none_or(|of| !needed.contains(&of))
            && written + kept < now
            && tokio::fs::remove_file(&path).await.is_ok()
        {
            removed += 1;
        }
    }
    Ok(removed)
}
