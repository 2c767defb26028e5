//! The queue: enqueueing in the caller's transaction. The runner itself lives in `jobs`.

use std::time::Duration;

use graphile_worker_migrations::migrate;
use model::{
    job::{Job, JobCounts, JobState, QueuedJob},
    page::Page,
};
use sqlx::{PgConnection, PgPool, types::Uuid};
use time::OffsetDateTime;

use crate::{
    Error, Result, SystemTx, TenantTx,
    cursor::{self, Cursor},
};

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

/// The same, but not before so long has passed. That is counted by the database, as the queue goes by its clock: a server whose
/// own clock is ahead does not wait for longer.
///
/// # Errors
/// The database failed.
pub async fn enqueue_in(tx: &mut PgConnection, job: &Job, wait: Duration) -> Result<()> {
    let payload = serde_json::to_value(job).map_err(|error| Error::Queue(error.to_string()))?;
    let seconds = wait.as_secs_f64();
    sqlx::query!(
        "select enqueue_job($1, $2, clock_timestamp() + make_interval(secs => $3))",
        payload,
        job.key(),
        seconds
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Has `job` stand among those that failed, with this reason and so many tries, until a person has it tried again; without them
/// it stands there no more.
///
/// # Errors
/// The database failed.
pub async fn set_failed(tx: &mut TenantTx, job: &Job, why: Option<(&str, i32)>) -> Result<()> {
    let payload = serde_json::to_value(job).map_err(|error| Error::Queue(error.to_string()))?;
    let (reason, tries) = why.unzip();
    sqlx::query!("select fail_job($1, $2, $3, $4)", payload, job.key(), reason, tries).execute(&mut **tx).await?;
    Ok(())
}

/// The organization's jobs that are not done, newest first.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx, limit: i64, after: Option<Cursor>) -> Result<Page<QueuedJob>> {
    let (after_at, after_id) = place(after)?;
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id!", payload as "payload!", attempts as "attempts!", max_attempts as "max_attempts!", last_error,
             run_at as "run_at!", created_at as "created_at!", running as "running!"
           from list_jobs($1, $2, $3)"#,
        after_at,
        after_id,
        limit + 1
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(page(rows, limit))
}

/// Jobs of all organizations, and of none, that failed at least once, newest first: those without an attempt left
/// (`exhausted`), or the others.
///
/// # Errors
/// The database failed.
pub async fn list_unfinished(
    tx: &mut SystemTx,
    exhausted: bool,
    limit: i64,
    after: Option<Cursor>,
) -> Result<Page<QueuedJob>> {
    let (after_at, after_id) = place(after)?;
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id!", payload as "payload!", attempts as "attempts!", max_attempts as "max_attempts!", last_error,
             run_at as "run_at!", created_at as "created_at!", running as "running!"
           from list_unfinished_jobs($1, $2, $3, $4)"#,
        exhausted,
        after_at,
        after_id,
        limit + 1
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(page(rows, limit))
}

/// Where a page begins. Jobs have numbers, which a cursor holds as it holds ids.
fn place(after: Option<Cursor>) -> Result<(Option<OffsetDateTime>, Option<i64>)> {
    let number = |after: Cursor| i64::try_from(after.id.as_u128()).map_err(|_| Error::Missing);
    Ok((after.map(|after| after.created_at), after.map(number).transpose()?))
}

/// A page of rows that were asked for with one more.
fn page(rows: Vec<Row>, limit: i64) -> Page<QueuedJob> {
    let key = |job: &QueuedJob| (job.created_at, Uuid::from_u128(job.id.unsigned_abs().into()));
    cursor::page(rows.into_iter().map(Row::job).collect(), limit, key)
}

/// Whether the queue's own tables are there.
///
/// # Errors
/// The database failed.
pub async fn installed(pool: &PgPool) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select to_regclass('graphile_worker._private_jobs') is not null
             and to_regclass('graphile_worker._private_tasks') is not null as "is!""#
    )
    .fetch_one(pool)
    .await?)
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
