//! Runs that read connections, who reads, and how far they came.
//!
//! The database allows one running run of a connection; a second begin is refused by the unique index `sync_run_one`.

use model::{
    connection::{Cause, Fault, Progress, RunState, SyncRun},
    id::{ConnectionId, SyncRunId},
    page::Page,
};
use sqlx::types::Uuid;
use time::OffsetDateTime;

use crate::{
    Error, OnConstraint, Result, TenantTx,
    cursor::{self, Cursor},
};

/// Who reads now, and until when it is believed without a word from it.
#[derive(Clone, Copy, Debug)]
pub struct Hold {
    /// A worker's try at a run; made anew for each.
    pub holder: Uuid,
    /// Then somebody else may take the run over.
    pub until: OffsetDateTime,
}

/// Begins a run.
///
/// # Errors
/// Conflict `sync_run_one` when one is running.
pub async fn insert(
    tx: &mut TenantTx,
    id: SyncRunId,
    connection_id: ConnectionId,
    cause: Cause,
    hold: Hold,
    now: OffsetDateTime,
) -> Result<()> {
    let organization = tx.actor().organization_id;
    sqlx::query!(
        "insert into sync_run (organization_id, id, connection_id, cause, state, started_at, holder, held_until)
         values ($1, $2, $3, $4, 'running', $5, $6, $7)",
        organization.0,
        id.0,
        connection_id.0,
        cause.key(),
        now,
        hold.holder,
        hold.until
    )
    .execute(&mut **tx)
    .await
    .on_constraint("sync_run_one")?;
    Ok(())
}

/// A run that is not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// Its id.
    pub id: SyncRunId,
    /// Why it was begun.
    pub cause: Cause,
    /// When it was begun.
    pub started_at: OffsetDateTime,
    /// Until when its worker is believed.
    pub held_until: OffsetDateTime,
    /// How often the provider could not be reached in a row.
    pub attempts: i32,
}

/// The run of a connection that is not ended.
///
/// # Errors
/// The database failed.
pub async fn find_running(tx: &mut TenantTx, connection_id: ConnectionId) -> Result<Option<Running>> {
    let row = sqlx::query!(
        r#"select id, cause, started_at, coalesce(held_until, started_at) as "held_until!", attempts from sync_run
           where connection_id = $1 and state = 'running'"#,
        connection_id.0
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| {
        let cause = known(Cause::parse, &row.cause)?;
        let (started_at, held_until, attempts) = (row.started_at, row.held_until, row.attempts);
        Ok(Running { id: row.id.into(), cause, started_at, held_until, attempts })
    })
    .transpose()
}

/// What a word of the database means.
fn known<T>(parse: impl Fn(&str) -> Option<T>, word: &str) -> Result<T> {
    parse(word).ok_or_else(|| Error::Database(sqlx::Error::Decode(format!("unknown word {word}").into())))
}

/// Takes a run over whose worker fell silent or let go, so that it goes on under its own id.
///
/// # Errors
/// Missing when somebody else was quicker, or it has ended.
pub async fn take(tx: &mut TenantTx, id: SyncRunId, hold: Hold, now: OffsetDateTime) -> Result<()> {
    let done = sqlx::query!(
        "update sync_run set holder = $2, held_until = $3
         where id = $1 and state = 'running' and (held_until is null or held_until <= $4)",
        id.0,
        hold.holder,
        hold.until,
        now
    )
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::Missing) }
}

/// Says that the worker still reads.
///
/// # Errors
/// Missing when the run has ended or was taken over: whoever asks is a zombie and must stop.
pub async fn hold(tx: &mut TenantTx, id: SyncRunId, hold: Hold) -> Result<()> {
    let done = sqlx::query!(
        "update sync_run set held_until = $3 where id = $1 and state = 'running' and holder = $2",
        id.0,
        hold.holder,
        hold.until
    )
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::Missing) }
}

/// Lets a run go until another try, which begins at `until`: it stays a running one.
///
/// # Errors
/// Missing when the run has ended or was taken over.
pub async fn let_go(tx: &mut TenantTx, id: SyncRunId, hold: Hold, step: &str, attempts: i32) -> Result<()> {
    let done = sqlx::query!(
        "update sync_run set held_until = $3, step = $4, attempts = $5 where id = $1 and state = 'running' and holder = $2",
        id.0,
        hold.holder,
        hold.until,
        step,
        attempts
    )
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::Missing) }
}

/// Adds to what a run did, and says what it does now.
///
/// # Errors
/// Missing when the run has ended or was taken over: whoever adds is a zombie and must stop.
pub async fn add(tx: &mut TenantTx, id: SyncRunId, hold: Hold, more: &Progress) -> Result<()> {
    let done = sqlx::query!(
        "update sync_run set held_until = $11, step = $3, days_done = days_done + $4, days_total = greatest(days_total, $5),
           pages = pages + $6, rows_new = rows_new + $7, rows_changed = rows_changed + $8,
           rows_unchanged = rows_unchanged + $9, rows_withdrawn = rows_withdrawn + $10
         where id = $1 and state = 'running' and holder = $2",
        id.0,
        hold.holder,
        more.step,
        more.days_done,
        more.days_total,
        more.pages,
        more.rows_new,
        more.rows_changed,
        more.rows_unchanged,
        more.rows_withdrawn,
        hold.until
    )
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::Missing) }
}

/// Forgets the tries of a run that got further, in the transaction of what it kept: only tries in a row without that count.
///
/// # Errors
/// The database failed.
pub async fn set_further(tx: &mut TenantTx, id: SyncRunId) -> Result<()> {
    sqlx::query!("update sync_run set attempts = 0 where id = $1 and attempts > 0", id.0).execute(&mut **tx).await?;
    Ok(())
}

/// Ends a run, with what went wrong if something did.
///
/// # Errors
/// Missing when it has ended already or was taken over.
pub async fn finish(
    tx: &mut TenantTx,
    id: SyncRunId,
    holder: Uuid,
    fault: Option<&Fault>,
    now: OffsetDateTime,
) -> Result<()> {
    let done = sqlx::query!(
        "update sync_run set state = $3, finished_at = $4, error_kind = $5, error = $6, hint = $7, held_until = null
         where id = $1 and state = 'running' and holder = $2",
        id.0,
        holder,
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

/// Ends the running run of a connection that is disconnected: whoever reads it is a zombie from now on.
///
/// # Errors
/// The database failed.
pub async fn end_of(tx: &mut TenantTx, connection_id: ConnectionId, fault: &Fault, now: OffsetDateTime) -> Result<()> {
    sqlx::query!(
        "update sync_run set state = 'failed', finished_at = $2, error_kind = $3, error = $4, hint = $5, holder = null, held_until = null
         where connection_id = $1 and state = 'running'",
        connection_id.0,
        now,
        fault.kind,
        fault.message,
        fault.hint
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

struct Row {
    id: Uuid,
    connection_id: Uuid,
    cause: String,
    state: String,
    started_at: OffsetDateTime,
    finished_at: Option<OffsetDateTime>,
    step: String,
    days_done: i32,
    days_total: i32,
    pages: i64,
    rows_new: i64,
    rows_changed: i64,
    rows_unchanged: i64,
    rows_withdrawn: i64,
    error_kind: Option<String>,
    error: Option<String>,
    hint: Option<String>,
}

impl Row {
    fn run(self) -> Result<SyncRun> {
        Ok(SyncRun {
            id: self.id.into(),
            connection_id: self.connection_id.into(),
            cause: known(Cause::parse, &self.cause)?,
            state: known(RunState::parse, &self.state)?,
            started_at: self.started_at,
            finished_at: self.finished_at,
            progress: Progress {
                step: self.step,
                days_done: self.days_done,
                days_total: self.days_total,
                pages: self.pages,
                rows_new: self.rows_new,
                rows_changed: self.rows_changed,
                rows_unchanged: self.rows_unchanged,
                rows_withdrawn: self.rows_withdrawn,
            },
            fault: self.error_kind.map(|kind| Fault {
                kind,
                message: self.error.unwrap_or_default(),
                hint: self.hint.unwrap_or_default(),
            }),
        })
    }
}

/// The runs of a connection, newest first.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Page<SyncRun>> {
    let (at, id) = after.map_or((None, None), |after| (Some(after.created_at), Some(after.id)));
    let found = sqlx::query_as!(
        Row,
        "select id, connection_id, cause, state, started_at, finished_at, step, days_done, days_total, pages, rows_new, rows_changed,
           rows_unchanged, rows_withdrawn, error_kind, error, hint
         from sync_run where connection_id = $1 and ($2::timestamptz is null or (started_at, id) < ($2, $3::uuid))
         order by started_at desc, id desc limit $4",
        connection_id.0,
        at,
        id,
        limit + 1
    );
    let runs = found.fetch_all(&mut **tx).await?.into_iter().map(Row::run).collect::<Result<Vec<_>>>()?;
    Ok(cursor::page(runs, limit, |run| (run.started_at, run.id.0)))
}

/// The newest run of each connection that is not disconnected.
///
/// # Errors
/// The database failed.
pub async fn list_latest(tx: &mut TenantTx) -> Result<Vec<SyncRun>> {
    let found = sqlx::query_as!(
        Row,
        "select r.id, r.connection_id, r.cause, r.state, r.started_at, r.finished_at, r.step, r.days_done, r.days_total, r.pages,
           r.rows_new, r.rows_changed, r.rows_unchanged, r.rows_withdrawn, r.error_kind, r.error, r.hint
         from connection c cross join lateral (
           select * from sync_run s where s.organization_id = c.organization_id and s.connection_id = c.id
           order by s.started_at desc, s.id desc limit 1) r
         where c.disconnected_at is null"
    );
    found.fetch_all(&mut **tx).await?.into_iter().map(Row::run).collect()
}

/// One run.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &mut TenantTx, id: SyncRunId) -> Result<Option<SyncRun>> {
    let found = sqlx::query_as!(
        Row,
        "select id, connection_id, cause, state, started_at, finished_at, step, days_done, days_total, pages, rows_new, rows_changed,
           rows_unchanged, rows_withdrawn, error_kind, error, hint
         from sync_run where id = $1",
        id.0
    );
    found.fetch_optional(&mut **tx).await?.map(Row::run).transpose()
}
