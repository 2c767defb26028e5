//! The queue: enqueueing in the caller's transaction. The runner itself lives in `jobs`.

use graphile_worker_migrations::migrate;
use model::job::{Job, JobCounts, JobState, QueuedJob};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use crate::{Error, Result, SystemTx, TenantTx};

/// Where the queue keeps its tables.
pub const SCHEMA: &str = "graphile_worker";

/// Installs or updates the queue's own tables.
///
/// # Errors
/// The database refuses.
pub async fn install(pool: &PgPool) -> Result<()> {
    migrate(pool.clone(), SCHEMA).await.map_err(|error| Error::Queue(error.to_string()))
}

/// Enqueues `job` in the transaction of the change that causes it; it runs after the commit, not before `run_at`.
/// A waiting job with the same key is replaced.
///
/// # Errors
/// The database failed.
pub async fn enqueue(tx: &mut PgConnection, job: &Job, run_at: Option<OffsetDateTime>) -> Result<()> {
    let payload = serde_json::to_value(job).map_err(|error| Error::Queue(error.to_string()))?;
    sqlx::query!("select enqueue_job($1, $2, $3)", payload, job.key(), run_at).execute(tx).await?;
    Ok(())
}

/// The organization's jobs that are not done, newest first, at most 200.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<QueuedJob>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id!", payload as "payload!", attempts as "attempts!", max_attempts as "max_attempts!", last_error,
             run_at as "run_at!", created_at as "created_at!", running as "running!"
           from list_jobs()"#
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(Row::job).collect())
}

/// Jobs of all organizations, and of none, that failed at least once: those without an attempt left first, at most 200.
///
/// # Errors
/// The database failed.
pub async fn list_unfinished(tx: &mut SystemTx) -> Result<Vec<QueuedJob>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id!", payload as "payload!", attempts as "attempts!", max_attempts as "max_attempts!", last_error,
             run_at as "run_at!", created_at as "created_at!", running as "running!"
           from list_unfinished_jobs()"#
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(Row::job).collect())
}

struct Row {
    id: i64,
    payload: serde_json::Value,
    attempts: i32,
    max_attempts: i32,
    last_error: Option<String>,
    run_at: OffsetDateTime,
    created_at: OffsetDateTime,
    running: bool,
}

impl Row {
    fn job(self) -> QueuedJob {
        QueuedJob {
            id: self.id,
            name: self.payload["job"].as_str().unwrap_or("unknown").to_owned(),
            attempts: self.attempts,
            error: self.last_error.map(|error| plain(&error)),
            state: match () {
                () if self.running => JobState::Running,
                () if self.attempts >= self.max_attempts => JobState::Failed,
                () if self.attempts > 0 => JobState::Retrying,
                () => JobState::Waiting,
            },
            run_at: self.run_at,
            created_at: self.created_at,
        }
    }
}

/// How many jobs of the organization stand where.
///
/// # Errors
/// The database failed.
pub async fn count(tx: &mut TenantTx) -> Result<JobCounts> {
    Ok(sqlx::query_as!(
        JobCounts,
        r#"select waiting as "waiting!", running as "running!", retrying as "retrying!", failed as "failed!" from count_jobs()"#
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// An error without the wrapping that the queue puts around what the job said.
fn plain(error: &str) -> String {
    let inner = error.strip_prefix("TaskError(\"").and_then(|rest| rest.strip_suffix("\")"));
    inner.unwrap_or(error).trim_matches('"').replace("\\\"", "\"")
}

/// Lets a job of the organization run again at once, with all its attempts.
///
/// # Errors
/// Missing when it is done, running, or another organization's.
pub async fn retry(tx: &mut TenantTx, id: i64) -> Result<()> {
    match sqlx::query_scalar!(r#"select retry_job($1) as "done!""#, id).fetch_one(&mut **tx).await? {
        true => Ok(()),
        false => Err(Error::Missing),
    }
}

/// Lets any job run again at once, with all its attempts; whether there was such a one.
///
/// # Errors
/// The database failed.
pub async fn retry_any(tx: &mut SystemTx, id: i64) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select retry_any_job($1) as "done!""#, id).fetch_one(&mut **tx).await?)
}

/// How much work there is over all organizations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Depth {
    /// Jobs that wait for their time or another attempt.
    pub waiting: i64,
    /// Jobs that run now.
    pub running: i64,
    /// Jobs without an attempt left.
    pub failed: i64,
    /// How long the oldest due job has been waiting, in seconds.
    pub oldest_seconds: f64,
}

/// How much work there is over all organizations.
///
/// # Errors
/// The database failed.
pub async fn depth(tx: &mut SystemTx) -> Result<Depth> {
    let row = sqlx::query!(
        r#"select waiting as "waiting!", running as "running!", failed as "failed!", oldest_seconds as "oldest_seconds!"
           from queue_depth()"#
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(Depth { waiting: row.waiting, running: row.running, failed: row.failed, oldest_seconds: row.oldest_seconds })
}
