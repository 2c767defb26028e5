//! Imports: files and pushes on their way into a source, and what became of them.
//!
//! People change an import only while nothing of it is kept; each change counts `revision` up, and a job writes only with
//! the revision that it read, so that one that was overtaken writes nothing.

mod change;

pub use change::*;

use model::{
    id::{ChannelId, ImportId, OrganizationId, SyncRunId},
    import::{Chosen, Found, Import, Mapping, Preview, RowError, State, Way},
    metric::Days,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::types::Uuid;
use time::{Date, OffsetDateTime};

use crate::{Error, Result, SystemTx, TenantTx, cursor::Cursor};

struct Row {
    id: Uuid,
    channel_id: Uuid,
    source: String,
    way: String,
    state: String,
    file_name: String,
    size: i64,
    hash: String,
    created_by: Uuid,
    member_name: String,
    created_at: OffsetDateTime,
    preview: Option<Value>,
    mapping: Option<Value>,
    fault: Option<String>,
    rows_read: Option<i64>,
    rows_wrong: Option<i64>,
    rows_left_out: Option<i64>,
    first_day: Option<Date>,
    last_day: Option<Date>,
    errors: Option<Value>,
    skip_wrong: bool,
    rows_done: i64,
    rows_new: i64,
    rows_changed: i64,
    rows_unchanged: i64,
    begun_at: Option<OffsetDateTime>,
    finished_at: Option<OffsetDateTime>,
    undone_name: Option<String>,
    undone_at: Option<OffsetDateTime>,
    same_at: Option<OffsetDateTime>,
}

fn unknown(text: &str) -> Error {
    Error::Database(sqlx::Error::Decode(format!("unknown word {text}").into()))
}

fn read<T: DeserializeOwned>(value: Option<Value>) -> Result<Option<T>> {
    let read =
        |value| serde_json::from_value(value).map_err(|error| Error::Database(sqlx::Error::Decode(error.into())));
    value.map(read).transpose()
}

impl Row {
    fn import(self) -> Result<Import> {
        let found = self.rows_read.map(|rows| Found {
            rows,
            wrong: self.rows_wrong.unwrap_or_default(),
            left_out: self.rows_left_out.unwrap_or_default(),
            days: self.first_day.zip(self.last_day).map(|(first, last)| Days { first, last }),
        });
        Ok(Import {
            id: self.id.into(),
            source_id: self.channel_id.into(),
            source: self.source,
            way: if self.way == "push" { Way::Push } else { Way::File },
            state: State::parse(&self.state).ok_or_else(|| unknown(&self.state))?,
            file_name: self.file_name,
            size: self.size,
            hash: self.hash,
            created_by: self.created_by.into(),
            member: self.member_name,
            created_at: self.created_at,
            preview: read::<Preview>(self.preview)?,
            mapping: read::<Mapping>(self.mapping)?,
            fault: self.fault,
            found,
            errors: read::<Vec<RowError>>(self.errors)?.unwrap_or_default(),
            skip_wrong: self.skip_wrong,
            rows_done: self.rows_done,
            rows_new: self.rows_new,
            rows_changed: self.rows_changed,
            rows_unchanged: self.rows_unchanged,
            begun_at: self.begun_at,
            finished_at: self.finished_at,
            undone_by: self.undone_name,
            undone_at: self.undone_at,
            same_at: self.same_at,
        })
    }
}

/// One import with everything that is kept of it.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn get(tx: &mut TenantTx, id: ImportId) -> Result<Import> {
    let found = sqlx::query_as!(
        Row,
        r#"select i.id, i.channel_id, c.name as source, i.way, i.state, i.file_name, i.size, encode(i.file_hash, 'hex') as "hash!", i.created_by,
             i.member_name, i.created_at, i.preview, i.mapping, i.fault, i.rows_read, i.rows_wrong, i.rows_left_out, i.first_day,
             i.last_day, i.errors as "errors?", i.skip_wrong, i.rows_done, i.rows_new, i.rows_changed, i.rows_unchanged, i.begun_at,
             i.finished_at, i.undone_name, i.undone_at,
             (select max(o.finished_at) from import o where o.organization_id = i.organization_id and o.channel_id = i.channel_id
               and o.file_hash = i.file_hash and o.mapping is not distinct from i.mapping and o.way = i.way and o.state = 'done'
               and o.id <> i.id and o.created_at < i.created_at) as same_at
           from import i join channel c on c.organization_id = i.organization_id and c.id = i.channel_id
           where i.id = $1"#,
        id.0
    );
    found.fetch_one(&mut **tx).await?.import()
}

/// Imports, newest first, without what nobody started and without their previews and rows; of one source, or of all.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &mut TenantTx,
    source: Option<ChannelId>,
    after: Option<Cursor>,
    limit: i64,
) -> Result<model::page::Page<Import>> {
    let (at, id) = after.map_or((None, None), |after| (Some(after.created_at), Some(after.id)));
    let found = sqlx::query_as!(
        Row,
        r#"select i.id, i.channel_id, c.name as source, i.way, i.state, i.file_name, i.size, encode(i.file_hash, 'hex') as "hash!", i.created_by,
             i.member_name, i.created_at, null::jsonb as preview, i.mapping, i.fault, i.rows_read, i.rows_wrong, i.rows_left_out,
             i.first_day, i.last_day, null::jsonb as errors, i.skip_wrong, i.rows_done, i.rows_new, i.rows_changed, i.rows_unchanged,
             i.begun_at, i.finished_at, i.undone_name, i.undone_at, null::timestamptz as same_at
           from import i join channel c on c.organization_id = i.organization_id and c.id = i.channel_id
           where i.state <> 'given_up' and ($1::uuid is null or i.channel_id = $1)
             and ($2::timestamptz is null or (i.created_at, i.id) < ($2, $3::uuid))
           order by i.created_at desc, i.id desc limit $4"#,
        source.map(|id| id.0),
        at,
        id,
        limit + 1
    );
    let items: Vec<Import> = found.fetch_all(&mut **tx).await?.into_iter().map(Row::import).collect::<Result<_>>()?;
    Ok(crate::cursor::page(items, limit, |import| (import.created_at, import.id.0)))
}

/// What a new import is.
#[derive(Clone, Copy, Debug)]
pub struct New<'a> {
    /// Its id.
    pub id: ImportId,
    /// Into which source.
    pub source_id: ChannelId,
    /// Where it came from.
    pub way: Way,
    /// Where it stands.
    pub state: State,
    /// The file's name.
    pub file_name: &'a str,
    /// In bytes.
    pub size: i64,
    /// SHA-256.
    pub hash: &'a [u8],
    /// The acting member's name.
    pub member: &'a str,
}

/// Stores an import that the acting member began.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &mut TenantTx, new: &New<'_>, now: OffsetDateTime) -> Result<()> {
    let actor = tx.actor().clone();
    sqlx::query!(
        "insert into import (organization_id, id, channel_id, way, state, file_name, size, file_hash, created_by, member_name, created_at,
           updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
        actor.organization_id.0,
        new.id.0,
        new.source_id.0,
        match new.way {
            Way::File => "file",
            Way::Push => "push",
        },
        new.state.key(),
        new.file_name,
        new.size,
        new.hash,
        actor.member_id.0,
        new.member,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What a job reads before it works on an import.
#[derive(Clone, Debug)]
pub struct Work {
    /// Where it stands.
    pub state: State,
    /// Counts what people changed.
    pub revision: i32,
    /// What a person has chosen of the preview.
    pub chosen: Chosen,
    /// The run that keeps its rows.
    pub run: Option<SyncRunId>,
}

/// What a job needs to know.
///
/// # Errors
/// Missing when it is not there.
pub async fn work(tx: &mut TenantTx, id: ImportId) -> Result<Work> {
    let row = sqlx::query!("select state, revision, chosen, sync_run_id, undo_run_id from import where id = $1", id.0)
        .fetch_one(&mut **tx)
        .await?;
    let state = State::parse(&row.state).ok_or_else(|| unknown(&row.state))?;
    let run = if state == State::Undoing { row.undo_run_id } else { row.sync_run_id };
    Ok(Work { state, revision: row.revision, chosen: read(row.chosen)?.unwrap_or_default(), run: run.map(Into::into) })
}

/// The run that kept an import's rows.
///
/// # Errors
/// Missing when the import is not there.
pub async fn run_of(tx: &mut TenantTx, id: ImportId) -> Result<Option<SyncRunId>> {
    let run = sqlx::query_scalar!("select sync_run_id from import where id = $1", id.0).fetch_one(&mut **tx).await?;
    Ok(run.map(Into::into))
}

/// How many imports of the organization wait for a person or a job before they are started.
///
/// # Errors
/// The database failed.
pub async fn count_open(tx: &mut TenantTx) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from import where state in ('reading', 'open', 'checking', 'checked')"#
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// A later import into the same source that is done and says rows of before again: its name and when. Its figures stand
/// partly on what an earlier one brought.
///
/// # Errors
/// The database failed.
pub async fn find_repeating(tx: &mut TenantTx, id: ImportId) -> Result<Option<(String, OffsetDateTime)>> {
    Ok(sqlx::query!(
        r#"select l.file_name, l.finished_at as "finished_at!" from import i
           join import l on l.organization_id = i.organization_id and l.channel_id = i.channel_id
             and (l.finished_at, l.id) > (i.finished_at, i.id)
             and l.first_day <= i.last_day and l.last_day >= i.first_day
           where i.id = $1 and l.state = 'done' and l.rows_unchanged > 0 order by l.finished_at desc, l.id desc limit 1"#,
        id.0
    )
    .map(|row| (row.file_name, row.finished_at))
    .fetch_optional(&mut **tx)
    .await?)
}

/// The newest import into a source that was kept, with what it was made of.
///
/// # Errors
/// The database failed.
pub async fn find_newest(tx: &mut TenantTx, source: ChannelId) -> Result<Option<(ImportId, State, Vec<u8>)>> {
    let row = sqlx::query!(
        "select id, state, file_hash from import where channel_id = $1 and finished_at is not null and state in ('done', 'undone', 'undoing')
         order by greatest(finished_at, undone_at) desc, id desc limit 1",
        source.0
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| {
        let state = State::parse(&row.state).ok_or_else(|| unknown(&row.state))?;
        Ok((row.id.into(), state, row.file_hash))
    })
    .transpose()
}

/// Gives up what nobody has touched since `before`, and throws away what was given up before then.
///
/// # Errors
/// The database failed.
pub async fn purge(tx: &mut SystemTx, before: OffsetDateTime, now: OffsetDateTime) -> Result<u64> {
    sqlx::query!("delete from import where state = 'given_up' and updated_at < $1", before).execute(&mut **tx).await?;
    let given_up = sqlx::query!(
        "update import set state = 'given_up', revision = revision + 1, preview = null, errors = '[]', updated_at = $2
         where state in ('reading', 'open', 'checking', 'checked') and updated_at < $1",
        before,
        now
    );
    Ok(given_up.execute(&mut **tx).await?.rows_affected())
}

/// Which of these imports still need their file.
///
/// # Errors
/// The database failed.
pub async fn list_needing_file(
    tx: &mut SystemTx,
    among: &[(OrganizationId, ImportId)],
) -> Result<Vec<(OrganizationId, ImportId)>> {
    let organizations: Vec<Uuid> = among.iter().map(|(organization, _)| organization.0).collect();
    let ids: Vec<Uuid> = among.iter().map(|(_, id)| id.0).collect();
    Ok(sqlx::query!(
        "select i.organization_id, i.id from import i
         join unnest($1::uuid[], $2::uuid[]) as a (organization_id, id) on a.organization_id = i.organization_id and a.id = i.id
         where i.state in ('reading', 'open', 'checking', 'checked', 'importing')",
        &organizations,
        &ids
    )
    .map(|row| (row.organization_id.into(), row.id.into()))
    .fetch_all(&mut **tx)
    .await?)
}
