//! Runs that read connections, how far they came, and the pages of a piece that is not read to its end.
//!
//! The database allows one running run of a connection; a second begin is refused by the unique index `sync_run_one`.

use model::{
    connection::{Cause, Fault, Progress, RunState, SyncRun},
    id::{ChannelId, ConnectionId, SyncRunId},
};
use time::{Date, OffsetDateTime};

use crate::{Error, OnConstraint, Result, TenantTx};

/// Begins a run.
///
/// # Errors
/// Conflict `sync_run_one` when one is running.
pub async fn insert(
    tx: &mut TenantTx,
    id: SyncRunId,
    connection_id: ConnectionId,
    cause: Cause,
    now: OffsetDateTime,
) -> Result<()> {
    let organization = tx.actor().organization_id;
    sqlx::query!(
        "insert into sync_run (organization_id, id, connection_id, cause, state, started_at) values ($1, $2, $3, $4, 'running', $5)",
        organization.0,
        id.0,
        connection_id.0,
        cause.key(),
        now
    )
    .execute(&mut **tx)
    .await
    .on_constraint("sync_run_one")?;
    Ok(())
}

/// The run of a connection that is not ended: a killed worker's run goes on under its own id.
///
/// # Errors
/// The database failed.
pub async fn find_running(tx: &mut TenantTx, connection_id: ConnectionId) -> Result<Option<SyncRunId>> {
    Ok(sqlx::query_scalar!("select id from sync_run where connection_id = $1 and state = 'running'", connection_id.0)
        .fetch_optional(&mut **tx)
        .await?
        .map(Into::into))
}

/// Adds to what a run did, and says what it does now.
///
/// # Errors
/// Missing when the run has ended: whoever adds is a zombie and must stop.
pub async fn add(tx: &mut TenantTx, id: SyncRunId, more: &Progress) -> Result<()> {
    let done = sqlx::query!(
        "update sync_run set step = $2, days_done = days_done + $3, days_total = greatest(days_total, $4), pages = pages + $5,
           rows_new = rows_new + $6, rows_changed = rows_changed + $7, rows_unchanged = rows_unchanged + $8, rows_withdrawn = rows_withdrawn + $9
         where id = $1 and state = 'running'",
        id.0,
        more.step,
        more.days_done,
        more.days_total,
        more.pages,
        more.rows_new,
        more.rows_changed,
        more.rows_unchanged,
        more.rows_withdrawn
    )
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::Missing) }
}

/// Ends a run, with what went wrong if something did.
///
/// # Errors
/// Missing when it has ended already.
pub async fn finish(tx: &mut TenantTx, id: SyncRunId, fault: Option<&Fault>, now: OffsetDateTime) -> Result<()> {
    let done = sqlx::query!(
        "update sync_run set state = $2, finished_at = $3, error_kind = $4, error = $5, hint = $6 where id = $1 and state = 'running'",
        id.0,
        if fault.is_some() { "failed" } else { "succeeded" },
        now,
        fault.map(|fault| fault.kind.as_str()),
        fault.map(|fault| fault.message.as_str()),
        fault.map(|fault| fault.hint.as_str())
    )
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::Missing) }
}

/// The runs of a connection, newest first.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx, connection_id: ConnectionId, limit: i64) -> Result<Vec<SyncRun>> {
    let unknown = |text: &str| Error::Database(sqlx::Error::Decode(format!("unknown word {text}").into()));
    sqlx::query!(
        "select id, cause, state, started_at, finished_at, step, days_done, days_total, pages, rows_new, rows_changed, rows_unchanged,
           rows_withdrawn, error_kind, error, hint
         from sync_run where connection_id = $1 order by started_at desc, id desc limit $2",
        connection_id.0,
        limit
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(|row| {
        Ok(SyncRun {
            id: row.id.into(),
            connection_id,
            cause: Cause::parse(&row.cause).ok_or_else(|| unknown(&row.cause))?,
            state: RunState::parse(&row.state).ok_or_else(|| unknown(&row.state))?,
            started_at: row.started_at,
            finished_at: row.finished_at,
            progress: Progress {
                step: row.step,
                days_done: row.days_done,
                days_total: row.days_total,
                pages: row.pages,
                rows_new: row.rows_new,
                rows_changed: row.rows_changed,
                rows_unchanged: row.rows_unchanged,
                rows_withdrawn: row.rows_withdrawn,
            },
            fault: row.error_kind.map(|kind| Fault {
                kind,
                message: row.error.unwrap_or_default(),
                hint: row.hint.unwrap_or_default(),
            }),
        })
    })
    .collect()
}

/// A page of a piece that goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct Staged {
    /// Its place in the piece, from 0.
    pub number: i32,
    /// Where the next page begins.
    pub next: String,
    /// What it holds, as the job wrote it.
    pub report: serde_json::Value,
}

/// Keeps a page of the piece that begins on `first`.
///
/// # Errors
/// The database failed.
pub async fn stage(
    tx: &mut TenantTx,
    channel: ChannelId,
    stream: &str,
    first: Date,
    last: Date,
    page: &Staged,
    now: OffsetDateTime,
) -> Result<()> {
    let organization = tx.actor().organization_id;
    sqlx::query!(
        "insert into staged_page (organization_id, channel_id, stream, first_day, number, last_day, next, report, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (organization_id, channel_id, stream, first_day, number) do nothing",
        organization.0,
        channel.0,
        stream,
        first,
        page.number,
        last,
        page.next,
        page.report,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// How far the piece was read: the number of its pages and where the next begins.
///
/// # Errors
/// The database failed.
pub async fn find_staged(
    tx: &mut TenantTx,
    channel: ChannelId,
    stream: &str,
    first: Date,
    last: Date,
) -> Result<Option<(i32, String)>> {
    Ok(sqlx::query!(
        "select number, next from staged_page
         where channel_id = $1 and stream = $2 and first_day = $3 and last_day = $4 order by number desc limit 1",
        channel.0,
        stream,
        first,
        last
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(|row| (row.number + 1, row.next)))
}

/// One page of the piece.
///
/// # Errors
/// Missing when there is none with that number.
pub async fn get_staged(
    tx: &mut TenantTx,
    channel: ChannelId,
    stream: &str,
    first: Date,
    number: i32,
) -> Result<serde_json::Value> {
    Ok(sqlx::query_scalar!(
        "select report from staged_page where channel_id = $1 and stream = $2 and first_day = $3 and number = $4",
        channel.0,
        stream,
        first,
        number
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Throws the pages of a piece away: it is kept, or must be read anew.
///
/// # Errors
/// The database failed.
pub async fn unstage(tx: &mut TenantTx, channel: ChannelId, stream: &str) -> Result<()> {
    sqlx::query!("delete from staged_page where channel_id = $1 and stream = $2", channel.0, stream)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
