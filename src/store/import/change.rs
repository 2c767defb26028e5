//! What people and jobs change of an import. Each refuses what is not in the state that it begins from.

use model::{
    id::{ImportId, SyncRunId},
    import::{Chosen, Found, Mapping, Preview, RowError},
};
use time::OffsetDateTime;

use crate::{Error, Result, TenantTx, json, metric::Counts};

fn one(done: &sqlx::postgres::PgQueryResult) -> Result<()> {
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::Missing) }
}

/// A person has the file looked at again, with what it chose; what was said of its columns before counts no more.
///
/// # Errors
/// Missing when it is not open any more.
pub async fn set_chosen(tx: &mut TenantTx, id: ImportId, chosen: &Chosen, now: OffsetDateTime) -> Result<()> {
    one(&sqlx::query!(
        "update import set state = 'reading', revision = revision + 1, chosen = $2, mapping = null, fault = null, rows_read = null, rows_wrong = null,
           rows_left_out = null, first_day = null, last_day = null, errors = '[]', rows_done = 0, begun_at = $3, updated_at = $3
         where id = $1 and way = 'file' and state in ('reading', 'open', 'checking', 'checked')",
        id.0,
        json(chosen)?,
        now
    )
    .execute(&mut **tx)
    .await?)
}

/// A person says how the file is read; it is checked then.
///
/// # Errors
/// Missing when it is not open any more.
pub async fn set_mapping(tx: &mut TenantTx, id: ImportId, mapping: &Mapping, now: OffsetDateTime) -> Result<()> {
    one(&sqlx::query!(
        "update import set state = 'checking', revision = revision + 1, mapping = $2, fault = null, rows_read = null, rows_wrong = null,
           rows_left_out = null, first_day = null, last_day = null, errors = '[]', rows_done = 0, begun_at = $3, updated_at = $3
         where id = $1 and way = 'file' and state in ('reading', 'open', 'checking', 'checked')",
        id.0,
        json(mapping)?,
        now
    )
    .execute(&mut **tx)
    .await?)
}

/// A person starts it.
///
/// # Errors
/// Missing when it is not checked.
pub async fn set_started(tx: &mut TenantTx, id: ImportId, skip_wrong: bool, now: OffsetDateTime) -> Result<()> {
    one(&sqlx::query!(
        "update import set state = 'importing', revision = revision + 1, skip_wrong = $2, fault = null, rows_done = 0, begun_at = $3,
           updated_at = $3
         where id = $1 and state = 'checked'",
        id.0,
        skip_wrong,
        now
    )
    .execute(&mut **tx)
    .await?)
}

/// A person takes it back.
///
/// # Errors
/// Missing when it is not done.
pub async fn set_undoing(tx: &mut TenantTx, id: ImportId, member: &str, now: OffsetDateTime) -> Result<()> {
    one(&sqlx::query!(
        "update import set state = 'undoing', revision = revision + 1, fault = null, undone_name = $2, rows_done = 0, begun_at = $3, updated_at = $3
         where id = $1 and state = 'done'",
        id.0,
        member,
        now
    )
    .execute(&mut **tx)
    .await?)
}

/// A person gives it up.
///
/// # Errors
/// Missing when it is not open any more.
pub async fn set_given_up(tx: &mut TenantTx, id: ImportId, now: OffsetDateTime) -> Result<()> {
    one(&sqlx::query!(
        "update import set state = 'given_up', revision = revision + 1, preview = null, errors = '[]', updated_at = $2
         where id = $1 and state in ('reading', 'open', 'checking', 'checked')",
        id.0,
        now
    )
    .execute(&mut **tx)
    .await?)
}

/// The file was looked at.
///
/// # Errors
/// Missing when somebody changed the import meanwhile.
pub async fn set_preview(
    tx: &mut TenantTx,
    (id, revision): (ImportId, i32),
    preview: &Preview,
    now: OffsetDateTime,
) -> Result<()> {
    one(&sqlx::query!(
        "update import set state = 'open', preview = $3, fault = null, updated_at = $4
         where id = $1 and revision = $2 and state = 'reading'",
        id.0,
        revision,
        json(preview)?,
        now
    )
    .execute(&mut **tx)
    .await?)
}

/// The file cannot be read so: with `last` never, else a person may choose again.
///
/// # Errors
/// Missing when somebody changed the import meanwhile.
pub async fn set_fault(
    tx: &mut TenantTx,
    (id, revision): (ImportId, i32),
    fault: &str,
    last: bool,
    now: OffsetDateTime,
) -> Result<()> {
    one(&sqlx::query!(
        "update import set state = $4, fault = $3, updated_at = $5::timestamptz, finished_at = case when $4::text = 'failed' then $5::timestamptz end
         where id = $1 and revision = $2 and state in ('reading', 'checking', 'importing')",
        id.0,
        revision,
        fault,
        if last { "failed" } else { "open" },
        now
    )
    .execute(&mut **tx)
    .await?)
}

/// How many rows the job has passed.
///
/// # Errors
/// Missing when somebody changed the import meanwhile.
pub async fn set_rows_done(tx: &mut TenantTx, (id, revision): (ImportId, i32), rows: i64) -> Result<()> {
    one(&sqlx::query!("update import set rows_done = $3 where id = $1 and revision = $2", id.0, revision, rows)
        .execute(&mut **tx)
        .await?)
}

/// Every row was read with the mapping.
///
/// # Errors
/// Missing when somebody changed the import meanwhile.
pub async fn set_checked(
    tx: &mut TenantTx,
    (id, revision): (ImportId, i32),
    found: &Found,
    errors: &[RowError],
    now: OffsetDateTime,
) -> Result<()> {
    one(&sqlx::query!(
        "update import set state = 'checked', rows_read = $3, rows_wrong = $4, rows_left_out = $5, first_day = $6, last_day = $7,
           errors = $8, fault = null, updated_at = $9
         where id = $1 and revision = $2 and state = 'checking'",
        id.0,
        revision,
        found.rows,
        found.wrong,
        found.left_out,
        found.days.map(|days| days.first),
        found.days.map(|days| days.last),
        json(&errors)?,
        now
    )
    .execute(&mut **tx)
    .await?)
}

/// The run that keeps the rows, or that takes them back.
///
/// # Errors
/// Missing when somebody changed the import meanwhile.
pub async fn set_run(tx: &mut TenantTx, (id, revision): (ImportId, i32), run: SyncRunId) -> Result<()> {
    one(&sqlx::query!(
        "update import set sync_run_id = case when state = 'undoing' then sync_run_id else $3::uuid end,
           undo_run_id = case when state = 'undoing' then $3::uuid end
         where id = $1 and revision = $2 and state in ('importing', 'undoing')",
        id.0,
        revision,
        run.0
    )
    .execute(&mut **tx)
    .await?)
}

/// All accepted rows are kept.
///
/// # Errors
/// Missing when it was not being imported.
pub async fn set_done(
    tx: &mut TenantTx,
    id: ImportId,
    found: &Found,
    errors: &[RowError],
    counts: Counts,
    now: OffsetDateTime,
) -> Result<()> {
    one(&sqlx::query!(
        "update import set state = 'done', rows_read = $2, rows_wrong = $3, rows_left_out = $4, first_day = $5, last_day = $6,
           errors = $7, rows_new = $8, rows_changed = $9, rows_unchanged = $10, rows_done = $2, preview = null, finished_at = $11,
           updated_at = $11
         where id = $1 and state = 'importing'",
        id.0,
        found.rows,
        found.wrong,
        found.left_out,
        found.days.map(|days| days.first),
        found.days.map(|days| days.last),
        json(&errors)?,
        counts.new,
        counts.changed,
        counts.unchanged,
        now
    )
    .execute(&mut **tx)
    .await?)
}

/// It was taken back.
///
/// # Errors
/// Missing when it was not being taken back.
pub async fn set_undone(tx: &mut TenantTx, id: ImportId, now: OffsetDateTime) -> Result<()> {
    one(&sqlx::query!(
        "update import set state = 'undone', undone_at = $2, updated_at = $2 where id = $1 and state = 'undoing'",
        id.0,
        now
    )
    .execute(&mut **tx)
    .await?)
}

/// It cannot be taken back, for this reason: what it brought stays.
///
/// # Errors
/// Missing when it was not being taken back.
pub async fn set_not_undone(
    tx: &mut TenantTx,
    (id, revision): (ImportId, i32),
    fault: &str,
    now: OffsetDateTime,
) -> Result<()> {
    one(&sqlx::query!(
        "update import set state = 'done', revision = revision + 1, fault = $3, undone_name = null, undo_run_id = null, updated_at = $4
         where id = $1 and revision = $2 and state = 'undoing'",
        id.0,
        revision,
        fault,
        now
    )
    .execute(&mut **tx)
    .await?)
}
