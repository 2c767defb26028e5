//! What those who run the agency see and do of its background work.

use model::{
    access::Action,
    actor::Actor,
    job::{JobCounts, QueuedJob},
    page::Page,
};
use serde_json::json;
use store::{audit, cursor::Cursor, queue};

use crate::{Result, Service, access};

/// A page of the agency's jobs that are not done, newest first, and how many there are of each kind.
///
/// # Errors
/// A malformed cursor, or the rule that forbids it.
pub async fn list(
    service: &Service,
    actor: &Actor,
    limit: i64,
    cursor: Option<&str>,
) -> Result<(Page<QueuedJob>, JobCounts)> {
    access::allow(service, actor, Action::RunJobs).await?;
    let cursor = cursor.map(Cursor::parse).transpose()?;
    let mut tx = service.db.tenant(actor).await?;
    Ok((queue::list(&mut tx, limit, cursor).await?, queue::count(&mut tx).await?))
}

/// Lets a job run again at once.
///
/// # Errors
/// Missing when it is done, running or another agency's, or the rule that forbids it.
pub async fn retry(service: &Service, actor: &Actor, id: i64) -> Result<()> {
    access::allow(service, actor, Action::RunJobs).await?;
    let mut tx = service.db.tenant(actor).await?;
    queue::retry(&mut tx, id).await?;
    audit::insert(&mut tx, Action::RunJobs.rule(), true, None, &json!({ "retried": id }), service.clock.now()).await?;
    Ok(tx.commit().await?)
}

/// How much work there is over all agencies, for operators.
///
/// # Errors
/// The database failed.
pub async fn depth(service: &Service) -> Result<queue::Depth> {
    Ok(queue::depth(&mut service.db.system().await?).await?)
}

/// Starts a schedule that somebody outside asks for; the caller has checked who.
///
/// # Errors
/// The database failed.
pub async fn start(service: &Service, job: &model::job::Job) -> Result<()> {
    let mut tx = service.db.system().await?;
    queue::enqueue(&mut tx, job, None).await?;
    Ok(tx.commit().await?)
}
