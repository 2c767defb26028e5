//! How far each stream of a channel was read.

use model::{
    connection::Reach,
    id::{ChannelId, SyncRunId},
};
use time::OffsetDateTime;

use crate::{Result, TenantTx};

/// How far a stream was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncCursor {
    /// The days that were read, without a gap.
    pub reach: Reach,
    /// The moment up to which changes were read.
    pub at: Option<OffsetDateTime>,
    /// The run that moved it last.
    pub run: Option<SyncRunId>,
}

/// How far the stream was read; nothing was while it is not there.
///
/// # Errors
/// The database failed.
pub async fn get(tx: &mut TenantTx, channel: ChannelId, stream: &str) -> Result<SyncCursor> {
    let found = sqlx::query!(
        "select first_day, last_day, cursor_at, sync_run_id from sync_cursor where channel_id = $1 and stream = $2",
        channel.0,
        stream
    )
    .map(|row| SyncCursor {
        reach: Reach { first_day: row.first_day, last_day: row.last_day },
        at: row.cursor_at,
        run: row.sync_run_id.map(Into::into),
    })
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.unwrap_or_default())
}

/// Moves it.
///
/// # Errors
/// The database failed.
pub async fn set(
    tx: &mut TenantTx,
    channel: ChannelId,
    stream: &str,
    cursor: &SyncCursor,
    now: OffsetDateTime,
) -> Result<()> {
    let organization = tx.actor().organization_id;
    sqlx::query!(
        "insert into sync_cursor (organization_id, channel_id, stream, first_day, last_day, cursor_at, sync_run_id, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (organization_id, channel_id, stream) do update
           set first_day = excluded.first_day, last_day = excluded.last_day, cursor_at = excluded.cursor_at,
             sync_run_id = excluded.sync_run_id, updated_at = excluded.updated_at",
        organization.0,
        channel.0,
        stream,
        cursor.reach.first_day,
        cursor.reach.last_day,
        cursor.at,
        cursor.run.map(|run| run.0),
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
