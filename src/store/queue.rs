//! The queue: enqueueing in the caller's transaction. The runner itself lives in `jobs`.

use graphile_worker_migrations::migrate;
use model::job::Job;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use crate::{Error, Result};

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
