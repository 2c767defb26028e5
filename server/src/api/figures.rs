//! `/api/v1/figures`: a figure opened, with the rows that it is made of and the runs that heard them.

use axum::{Json, extract::State};
use model::figure::{Evidence, Opened, Part, Row, Run};
use serde::{Deserialize, Serialize};
use service::{Service, figure};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    brain::moment,
    error::{ApiError, ErrorBody},
    input::{Params, Part as PathPart},
    list::{ListQuery, Slice},
};
use crate::cookie::SignedIn;

/// Of which moment.
#[derive(Debug, Deserialize, IntoParams)]
pub struct FigureQuery {
    /// As 2026-11-03T12:00:00Z; now when absent. What a brain state says is of its own moment, whatever stands here.
    as_of: Option<String>,
}

/// A figure and what it is made of.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenedBody {
    id: String,
    /// What it is.
    name: String,
    /// Of whom.
    of: String,
    /// The first day it speaks of, as 2026-11-03, if it speaks of days.
    first: Option<String>,
    last: Option<String>,
    /// Unrounded; null where there is none, which `absent` explains.
    value: Option<String>,
    /// Why there is no value.
    absent: Option<String>,
    /// As it stands on pages.
    shown: Option<String>,
    /// An ISO 4217 code for money, count, ratio, share (0 to 1), change (-0.2: a fifth less) or days.
    unit: String,
    /// How it is made of its parts, by their names.
    formula: String,
    /// Sums of rows; of what a brain state says there are none.
    parts: Vec<FigurePart>,
    /// What belongs into it and is missing, in words.
    lacks: Vec<String>,
    /// What was counted of the rows of a part is its value, added up. Of what a brain state says, the daily rows that it was made
    /// from, where they are stored.
    rows: RowPage,
    /// The runs that heard the rows of this page.
    sync_runs: Vec<SyncRunOfRows>,
    /// The brain state that says it, if one does.
    evidence: Option<EvidenceBody>,
}

/// A sum of rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct FigurePart {
    name: String,
    value: String,
    first: String,
    last: String,
    /// How many rows were added.
    rows: i64,
}

/// One page of rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct RowPage {
    /// By part, channel and day.
    items: Vec<RowBody>,
    next_cursor: Option<String>,
}

/// A day of a channel.
#[derive(Debug, Serialize, ToSchema)]
pub struct RowBody {
    /// The part that it was added to.
    part: String,
    channel_id: Uuid,
    channel: String,
    /// In the channel's own zone.
    day: String,
    /// What was reported, in `currency` where it is money.
    value: String,
    currency: Option<String>,
    /// What of it was added: the same, or converted by the day's rate.
    counted: String,
    /// Of how many stored rows it is made (campaigns, windows of attribution).
    stored: i64,
    /// When the newest of them was said.
    observed_at: Option<String>,
    sync_run_ids: Vec<Uuid>,
}

/// A run that heard rows. Who may not see runs is told their ids.
#[derive(Debug, Serialize, ToSchema)]
pub struct SyncRunOfRows {
    id: Uuid,
    /// manual, schedule, webhook, first or import.
    cause: Option<String>,
    started_at: Option<String>,
    finished_at: Option<String>,
    connection_id: Option<Uuid>,
    connection: Option<String>,
    import_id: Option<Uuid>,
}

/// The brain state that says a number.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvidenceBody {
    state_id: Uuid,
    /// The last day that had ended for it.
    day: String,
    /// It speaks of what was stored by then.
    cut_off: String,
    created_at: String,
    code_version: String,
    /// SHA-256 of everything that went in, hexadecimal.
    input_hash: String,
    /// The number of the outcome, or the key of the action, and the place in its body (a JSON pointer).
    place: String,
    /// What it was made of, in words.
    made: Vec<String>,
}

impl From<Part> for FigurePart {
    fn from(part: Part) -> Self {
        Self { name: part.name, value: part.value, first: part.first, last: part.last, rows: part.rows }
    }
}

impl From<Row> for RowBody {
    fn from(row: Row) -> Self {
        Self {
            part: row.part,
            channel_id: row.channel_id.0,
            channel: row.channel,
            day: row.day,
            value: row.value,
            currency: row.currency,
            counted: row.counted,
            stored: row.stored,
            observed_at: row.observed_at.map(|at| at.at),
            sync_run_ids: row.runs.into_iter().map(|id| id.0).collect(),
        }
    }
}

impl From<Run> for SyncRunOfRows {
    fn from(run: Run) -> Self {
        Self {
            id: run.id.0,
            cause: run.cause,
            started_at: run.started_at.map(|at| at.at),
            finished_at: run.finished_at.map(|at| at.at),
            connection_id: run.connection_id.map(|id| id.0),
            connection: run.connection,
            import_id: run.import_id.map(|id| id.0),
        }
    }
}

impl From<Evidence> for EvidenceBody {
    fn from(evidence: Evidence) -> Self {
        Self {
            state_id: evidence.state_id.0,
            day: evidence.day,
            cut_off: evidence.cut_off.at,
            created_at: evidence.created_at.at,
            code_version: evidence.code_version,
            input_hash: evidence.input_hash,
            place: evidence.place,
            made: evidence.made,
        }
    }
}

impl From<Opened> for OpenedBody {
    fn from(opened: Opened) -> Self {
        let (value, absent) = match opened.value {
            Ok(value) => (Some(value), None),
            Err(why) => (None, Some(why)),
        };
        let (first, last) = opened.days.unzip();
        let items = opened.rows.items.into_iter().map(Into::into).collect();
        Self {
            id: opened.id,
            name: opened.name,
            of: opened.of,
            first,
            last,
            value,
            absent,
            shown: opened.shown,
            unit: opened.unit,
            formula: opened.formula,
            parts: opened.parts.into_iter().map(Into::into).collect(),
            lacks: opened.lacks,
            rows: RowPage { items, next_cursor: opened.rows.next_cursor },
            sync_runs: opened.runs.into_iter().map(Into::into).collect(),
            evidence: opened.evidence.map(Into::into),
        }
    }
}

/// A figure opened: its value, its formula, the rows that it is made of page by page, and the runs that heard them. Its id is that
/// of a page or of the dashboard; it stays the same for ever. With `as_of` it is what was known at that moment.
#[utoipa::path(get, path = "/api/v1/figures/{id}", tag = "dashboard", params(("id" = String, Path), ListQuery, FigureQuery),
    responses((status = 200, body = OpenedBody), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(super) async fn get(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    PathPart(id): PathPart,
    Slice { limit, cursor }: Slice,
    Params(query): Params<FigureQuery>,
) -> Result<Json<OpenedBody>, ApiError> {
    let asked = figure::Asked { as_of: moment(query.as_of.as_deref())?, limit, cursor };
    Ok(Json(figure::open(&service, &actor, &id, &asked).await?.into()))
}
