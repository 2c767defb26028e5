//! `/api/v1/imports`: files of daily metrics on their way into sources, and what became of them.

pub(super) mod mapping;
pub(super) mod source;

use std::time::Duration;

use axum::{Json, body::Body as Stream, extract::State};
use futures_util::StreamExt;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use model::{
    id::{ChannelId, ImportId, ImportMappingId},
    import::{Chosen, Import, Mapping, RowError, Way},
    input::Invalid,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::{Service, connection, import};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    audit::csv_cell,
    error::{ApiError, ErrorBody},
    input::{Body, Id, Params},
    list::{self, ListQuery, Slice},
    rfc3339,
};
use crate::cookie::SignedIn;

/// How many wrong rows an answer lists; `errors.csv` has all that are kept.
const LISTED: usize = 100;

/// What is wrong with one cell, or with the row if it names no column.
#[derive(Debug, Serialize, ToSchema)]
pub struct FaultBody {
    /// What the column is mapped to.
    field: Option<&'static str>,
    /// The column's name in the file.
    column: Option<String>,
    /// The beginning of the cell. It is foreign text.
    value: Option<String>,
    /// What is wrong and how to mend it, following the cell's text.
    message: String,
}

/// What is wrong with one row.
#[derive(Debug, Serialize, ToSchema)]
pub struct RowErrorBody {
    /// The line of the file, the row of the sheet, or the place among pushed rows; from 1.
    line: u64,
    faults: Vec<FaultBody>,
}

impl From<RowError> for RowErrorBody {
    fn from(error: RowError) -> Self {
        let fault = |fault: model::import::Fault| FaultBody {
            field: fault.field.map(model::import::Field::key),
            column: fault.column,
            value: fault.value,
            message: fault.message,
        };
        Self { line: error.line, faults: error.faults.into_iter().map(fault).collect() }
    }
}

/// An import.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportBody {
    id: Uuid,
    source_id: Uuid,
    source: String,
    /// file or push.
    way: &'static str,
    /// reading, open (choose the columns), checking, checked (start it), importing, done, undoing, undone, failed or given_up.
    state: &'static str,
    /// The name of the file, or the provider that was named in a push.
    file_name: String,
    /// In bytes.
    size: i64,
    /// SHA-256 of the file, in hexadecimal digits.
    hash: String,
    /// Who gave it.
    member: String,
    created_at: String,
    /// How the file can be read: `format`, `delimiters`, `sheets`, `header`, `columns`, `rows`, and proposals in `fields`,
    /// `numbers`, `days`; where several are possible, all of them. Null before it was looked at, in lists, and afterwards.
    #[schema(value_type = Option<Object>)]
    preview: Option<Value>,
    /// The mapping that is proposed; null while anything is open.
    #[schema(value_type = Option<Object>)]
    proposal: Option<Value>,
    /// How it is read.
    #[schema(value_type = Option<Object>)]
    mapping: Option<Value>,
    /// Why the file cannot be read, or why nothing was kept.
    fault: Option<String>,
    /// Rows that can be kept; null before they are checked.
    rows: Option<i64>,
    /// Rows that are wrong.
    wrong: Option<i64>,
    /// Rows that the mapping leaves out.
    left_out: Option<i64>,
    first_day: Option<String>,
    last_day: Option<String>,
    /// The first 100 wrong rows; empty in lists. `errors.csv` has up to 1000.
    errors: Vec<RowErrorBody>,
    /// Whether wrong rows are left out.
    skip_wrong: bool,
    /// How many rows the work that is under way has passed.
    rows_done: i64,
    rows_new: i64,
    rows_changed: i64,
    rows_unchanged: i64,
    finished_at: Option<String>,
    undone_by: Option<String>,
    undone_at: Option<String>,
    /// When the same file was imported into the same source with the same mapping before; null if it never was, or in lists.
    same_at: Option<String>,
}

fn json<T: Serialize>(value: Option<T>) -> Option<Value> {
    value.and_then(|value| serde_json::to_value(value).ok())
}

impl From<Import> for ImportBody {
    fn from(import: Import) -> Self {
        let found = import.found;
        let days = found.as_ref().and_then(|found| found.days);
        Self {
            id: import.id.0,
            source_id: import.source_id.0,
            source: import.source,
            way: match import.way {
                Way::File => "file",
                Way::Push => "push",
            },
            state: import.state.key(),
            file_name: import.file_name,
            size: import.size,
            hash: import.hash,
            member: import.member,
            created_at: rfc3339(import.created_at),
            proposal: json(import.preview.as_ref().and_then(model::import::Preview::mapping)),
            preview: json(import.preview),
            mapping: json(import.mapping),
            fault: import.fault,
            rows: found.as_ref().map(|found| found.rows),
            wrong: found.as_ref().map(|found| found.wrong),
            left_out: found.as_ref().map(|found| found.left_out),
            first_day: days.map(|days| days.first.to_string()),
            last_day: days.map(|days| days.last.to_string()),
            errors: import.errors.into_iter().take(LISTED).map(Into::into).collect(),
            skip_wrong: import.skip_wrong,
            rows_done: import.rows_done,
            rows_new: import.rows_new,
            rows_changed: import.rows_changed,
            rows_unchanged: import.rows_unchanged,
            finished_at: import.finished_at.map(rfc3339),
            undone_by: import.undone_at.and(import.undone_by),
            undone_at: import.undone_at.map(rfc3339),
            same_at: import.same_at.map(rfc3339),
        }
    }
}

/// A page of imports.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportPage {
    /// Newest first.
    items: Vec<ImportBody>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

/// Of which source.
#[derive(Debug, Deserialize, IntoParams)]
pub struct ImportQuery {
    /// Only imports into this source.
    source_id: Option<String>,
}

/// Imports and pushes, newest first, without previews and wrong rows.
#[utoipa::path(get, path = "/api/v1/imports", tag = "imports", params(ListQuery, ImportQuery),
    responses((status = 200, body = ImportPage)))]
pub(super) async fn list(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    slice: Slice,
    Params(query): Params<ImportQuery>,
) -> Result<Json<ImportPage>, ApiError> {
    let source = list::id::<ChannelId>("source_id", query.source_id.as_deref())?;
    let page = import::list(&service, &actor, source, slice.limit, slice.cursor.as_deref()).await?;
    let items = page.items.into_iter().map(Into::into).collect();
    Ok(Json(ImportPage { items, next_cursor: page.next_cursor }))
}

/// What is uploaded.
#[derive(Debug, Deserialize, IntoParams)]
pub struct UploadQuery {
    /// The source that it goes into.
    source_id: Option<String>,
    /// What people call the file.
    file_name: Option<String>,
}

/// An upload of which nothing comes for so long gives its place back.
pub(crate) const SILENCE: Duration = Duration::from_secs(60);

/// The next piece of an upload, if it comes in time.
pub(crate) async fn in_time<T>(silence: Duration, next: impl Future<Output = T>) -> Result<T, ApiError> {
    let late = |_| {
        let words = "nothing came for a minute, so the upload was ended and nothing of it kept. Upload it again";
        ApiError::new(StatusCode::REQUEST_TIMEOUT, "too_slow", words)
    };
    tokio::time::timeout(silence, next).await.map_err(late)
}

/// Uploads a CSV or XLSX file, as the body itself. It is looked at by a job: ask until `state` is `open`.
#[utoipa::path(post, path = "/api/v1/imports", tag = "imports", params(UploadQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = ImportBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 507, body = ErrorBody, description = "the server's disk is full")))]
pub(super) async fn upload(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Params(query): Params<UploadQuery>,
    body: Stream,
) -> Result<(StatusCode, Json<ImportBody>), ApiError> {
    let source = list::id::<ChannelId>("source_id", query.source_id.as_deref())?
        .ok_or_else(|| Invalid::new("source_id", "name the source that the file goes into"))?;
    let name = query.file_name.unwrap_or_default();
    let mut upload = import::begin_upload(&service, &actor, source, &name).await?;
    let mut parts = body.into_data_stream();
    while let Some(part) = in_time(SILENCE, parts.next()).await? {
        let broken = |_| ApiError::new(StatusCode::BAD_REQUEST, "malformed", "the body could not be read to its end");
        upload.write(&part.map_err(broken)?).await?;
    }
    Ok((StatusCode::CREATED, Json(upload.finish(&service, &actor).await?.into())))
}

/// One import, with its preview and its wrong rows.
#[utoipa::path(get, path = "/api/v1/imports/{id}", tag = "imports", params(("id" = Uuid, Path)),
    responses((status = 200, body = ImportBody), (status = 404, body = ErrorBody)))]
pub(super) async fn get(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ImportId>,
) -> Result<Json<ImportBody>, ApiError> {
    Ok(Json(import::get(&service, &actor, id).await?.into()))
}

/// Gives an import up that was not started; its file is thrown away.
#[utoipa::path(delete, path = "/api/v1/imports/{id}", tag = "imports", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn give_up(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ImportId>,
) -> Result<StatusCode, ApiError> {
    import::give_up(&service, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How a file is looked at; what is absent is proposed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadingBody {
    /// `{"format":"csv","encoding":"utf8","delimiter":"semicolon"}` or `{"format":"xlsx","sheet":"Days"}`. Encodings are utf8,
    /// utf16_le, utf16_be and windows1252; delimiters comma, semicolon, tab and bar.
    #[schema(value_type = Option<Object>)]
    format: Option<model::import::Format>,
    /// The line with the names of the columns, 0 for none.
    header: Option<u64>,
}

/// Has the file looked at again, as a person chose.
#[utoipa::path(put, path = "/api/v1/imports/{id}/reading", tag = "imports", params(("id" = Uuid, Path)), request_body = ReadingBody,
    responses((status = 202, body = ImportBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn look_again(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ImportId>,
    Body(body): Body<ReadingBody>,
) -> Result<(StatusCode, Json<ImportBody>), ApiError> {
    let chosen = Chosen { format: body.format, header: body.header, ..Chosen::default() };
    Ok((StatusCode::ACCEPTED, Json(import::look_again(&service, &actor, id, chosen).await?.into())))
}

/// How a file is read: a mapping, or a saved one by its id.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MappingBody {
    /// `kind` (ads, shop), `format` as in a preview, `header`, `columns` (`{"day":{"number":1,"name":"Day"},…}`), `numbers`
    /// (point: 1,234.56; comma: 1.234,56; digits), `days` (year_first, day_first, month_first), and if wanted `refunds`
    /// (above_zero, below_zero), `protected`, `leave_out`.
    #[schema(value_type = Option<Object>)]
    mapping: Option<Mapping>,
    /// A saved mapping.
    mapping_id: Option<Uuid>,
}

/// Says how the file is read and has every row checked by a job: ask until `state` is `checked`.
#[utoipa::path(put, path = "/api/v1/imports/{id}/mapping", tag = "imports", params(("id" = Uuid, Path)), request_body = MappingBody,
    responses((status = 202, body = ImportBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn set_mapping(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ImportId>,
    Body(body): Body<MappingBody>,
) -> Result<(StatusCode, Json<ImportBody>), ApiError> {
    connection::check_may_connect(&service, &actor).await?;
    let mapping = match (body.mapping, body.mapping_id) {
        (Some(mapping), None) => mapping,
        (None, Some(saved)) => {
            let known = import::mappings(&service, &actor).await?;
            let saved = known.into_iter().find(|known| known.id == ImportMappingId(saved));
            saved.ok_or(service::Error::Missing)?.mapping
        }
        _ => return Err(Invalid::new("mapping", "give either a mapping or the id of a saved one").into()),
    };
    Ok((StatusCode::ACCEPTED, Json(import::set_mapping(&service, &actor, id, &mapping).await?.into())))
}

/// How an import is started.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartBody {
    /// Whether wrong rows are left out; they are written down. Without it there must be none.
    #[serde(default)]
    skip_wrong: bool,
}

/// Starts a checked import: a job keeps all its good rows in one transaction.
#[utoipa::path(post, path = "/api/v1/imports/{id}/start", tag = "imports", params(("id" = Uuid, Path)), request_body = StartBody,
    responses((status = 202, body = ImportBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn start(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ImportId>,
    Body(body): Body<StartBody>,
) -> Result<(StatusCode, Json<ImportBody>), ApiError> {
    Ok((StatusCode::ACCEPTED, Json(import::start(&service, &actor, id, body.skip_wrong).await?.into())))
}

/// Takes an import back: reports read what they read without it. What was imported stays as it was "as of" that time.
#[utoipa::path(post, path = "/api/v1/imports/{id}/undo", tag = "imports", params(("id" = Uuid, Path)),
    responses((status = 202, body = ImportBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn undo(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ImportId>,
) -> Result<(StatusCode, Json<ImportBody>), ApiError> {
    Ok((StatusCode::ACCEPTED, Json(import::undo(&service, &actor, id).await?.into())))
}

/// The wrong rows of an import as CSV, at most 1000, one line for each fault.
#[utoipa::path(get, path = "/api/v1/imports/{id}/errors.csv", tag = "imports", params(("id" = Uuid, Path)),
    responses((status = 200, body = String, content_type = "text/csv"), (status = 404, body = ErrorBody)))]
pub(super) async fn errors_csv(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ImportId>,
) -> Result<(HeaderMap, String), ApiError> {
    let found = import::get(&service, &actor, id).await?;
    let mut text = "line,column,value,reason\r\n".to_owned();
    for error in found.errors {
        for fault in error.faults {
            let column = fault.column.or(fault.field.map(|field| field.label().to_owned())).unwrap_or_default();
            let cells = [csv_cell(&column), csv_cell(&fault.value.unwrap_or_default()), csv_cell(&fault.message)];
            text.push_str(&format!("{},{}\r\n", error.line, cells.join(",")));
        }
    }
    let headers = HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"errors.csv\"")),
    ]);
    Ok((headers, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_upload_that_falls_silent_ends() {
        let silence = Duration::from_millis(10);
        assert_eq!(in_time(silence, std::future::ready(1)).await.unwrap(), 1);
        let late = in_time(silence, std::future::pending::<()>()).await.unwrap_err();
        assert_eq!(axum::response::IntoResponse::into_response(late).status(), StatusCode::REQUEST_TIMEOUT);
    }
}
