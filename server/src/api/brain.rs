//! `/api/v1/brain`: what the brain said of what is stored, as of now or of any moment before.

use axum::{Json, extract::State};
use http::StatusCode;
use model::{
    brain::{Cycle, Outcome},
    fact::Depth,
    id::BrainCycleId,
    input::Invalid,
    metric::Days,
    page::Page,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::{Service, brain};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    error::{ApiError, ErrorBody},
    input::{Id, Params},
    list::{self, ListQuery, Slice},
    rfc3339,
};
use crate::cookie::SignedIn;

/// A cycle that was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct CycleAsked {
    /// The cycle; the one that waited already, if one did.
    id: Uuid,
}

/// A run of the brain.
#[derive(Debug, Serialize, ToSchema)]
pub struct CycleBody {
    id: Uuid,
    /// sync, daily or manual.
    cause: &'static str,
    /// waiting, running, done or failed.
    state: &'static str,
    asked_at: String,
    /// What was stored by then was read; null until it is done.
    cut_off: Option<String>,
    finished_at: Option<String>,
    /// Why it failed.
    error: Option<String>,
    /// What came out: an earlier state where nothing had changed.
    state_id: Option<Uuid>,
}

impl From<Cycle> for CycleBody {
    fn from(cycle: Cycle) -> Self {
        Self {
            id: cycle.id.0,
            cause: cycle.cause.key(),
            state: cycle.state.key(),
            asked_at: rfc3339(cycle.asked_at),
            cut_off: cycle.cut_off.map(rfc3339),
            finished_at: cycle.finished_at.map(rfc3339),
            error: cycle.error,
            state_id: cycle.state_id.map(|id| id.0),
        }
    }
}

/// A state of the brain: which rows it speaks of, and what it says of the agency in one word.
#[derive(Debug, Serialize, ToSchema)]
pub struct StateBody {
    id: Uuid,
    /// The last day that had ended in the agency's zone, as 2026-11-03.
    day: String,
    /// It speaks of what was stored by then.
    cut_off: String,
    /// SHA-256 of everything that went in, hexadecimal: the same input gives the same state.
    input_hash: String,
    /// SHA-256 of everything that came out.
    output_hash: String,
    /// The version of the code that made it.
    code_version: String,
    created_at: String,
    /// Green, yellow or red for what the member sees, with the findings that caused it.
    risks: Vec<OutcomeBody>,
}

/// One thing that a state says.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutcomeBody {
    /// Its place in the state.
    number: i32,
    /// forecast, finding, risk…
    kind: String,
    /// The client it is about; null for the agency and for channels without a client.
    client_id: Option<Uuid>,
    channel_id: Option<Uuid>,
    /// What is said.
    #[schema(value_type = Object)]
    body: Value,
}

impl OutcomeBody {
    fn new(outcome: Outcome) -> Result<Self, ApiError> {
        let body = serde_json::from_str(&outcome.body).map_err(|_| {
            ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "a stored result cannot be read")
        })?;
        Ok(Self {
            number: outcome.number,
            kind: outcome.kind,
            client_id: outcome.client_id.map(|id| id.0),
            channel_id: outcome.channel_id.map(|id| id.0),
            body,
        })
    }
}

/// One page of what a state says.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutcomePage {
    /// In the state's order.
    items: Vec<OutcomeBody>,
    next_cursor: Option<String>,
}

/// Of which moment.
#[derive(Debug, Deserialize, IntoParams)]
pub struct AsOf {
    /// As 2026-11-03T12:00:00Z; the newest state when absent.
    as_of: Option<String>,
}

/// What narrows a list.
#[derive(Debug, Deserialize, IntoParams)]
pub struct OutcomeQuery {
    /// As 2026-11-03T12:00:00Z; the newest state when absent.
    as_of: Option<String>,
    /// Only of this client.
    client_id: Option<String>,
}

pub(super) fn moment(text: Option<&str>) -> Result<Option<OffsetDateTime>, Invalid> {
    service::moment::parse(text.unwrap_or_default())
}

/// What is missing is a state.
pub(super) fn nothing_yet(error: service::Error) -> ApiError {
    match error {
        service::Error::Missing => {
            let words = "nothing was thought by then. It is after each reading and at 03:00; POST /api/v1/brain/compute asks for it now";
            ApiError::new(StatusCode::NOT_FOUND, "missing", words)
        }
        error => error.into(),
    }
}

/// Has the brain think now.
#[utoipa::path(post, path = "/api/v1/brain/compute", tag = "brain", responses((status = 202, body = CycleAsked)))]
pub(super) async fn compute(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
) -> Result<(StatusCode, Json<CycleAsked>), ApiError> {
    let id = brain::compute(&service, &actor).await?;
    Ok((StatusCode::ACCEPTED, Json(CycleAsked { id: id.0 })))
}

/// A cycle: whether it is done, and what came out.
#[utoipa::path(get, path = "/api/v1/brain/cycles/{id}", tag = "brain", params(("id" = Uuid, Path)),
    responses((status = 200, body = CycleBody), (status = 404, body = ErrorBody)))]
pub(super) async fn cycle(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<BrainCycleId>,
) -> Result<Json<CycleBody>, ApiError> {
    Ok(Json(brain::cycle(&service, &actor, id).await?.into()))
}

/// The newest state, or the one as of a moment; 404 while nothing was thought.
#[utoipa::path(get, path = "/api/v1/brain/state", tag = "brain", params(AsOf),
    responses((status = 200, body = StateBody), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(super) async fn state(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Params(query): Params<AsOf>,
) -> Result<Json<StateBody>, ApiError> {
    let as_of = moment(query.as_of.as_deref())?;
    let (state, cut_off) = brain::state(&service, &actor, as_of).await.map_err(nothing_yet)?;
    let filter = brain::Filter { kinds: vec!["risk"], as_of: Some(cut_off), ..brain::Filter::default() };
    let (mut risks, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = brain::list(&service, &actor, &filter, model::page::MAX_LIMIT, cursor.as_deref()).await?;
        risks.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    Ok(Json(StateBody {
        id: state.id.0,
        day: state.day.to_string(),
        cut_off: rfc3339(cut_off),
        input_hash: hex::encode(state.input_hash),
        output_hash: hex::encode(state.output_hash),
        code_version: state.code_version,
        created_at: rfc3339(state.created_at),
        risks: risks.into_iter().map(OutcomeBody::new).collect::<Result<_, _>>()?,
    }))
}

/// Which days, and how deep.
#[derive(Debug, Deserialize, IntoParams)]
pub struct MetricsQuery {
    /// The first day, as 2026-11-03.
    from: String,
    /// The last day.
    to: String,
    /// The first day to compare with; as many days right before when absent.
    compare_from: Option<String>,
    compare_to: Option<String>,
    /// agency (when absent), client, channel, campaign or creative.
    by: Option<String>,
    /// Only of this client.
    client_id: Option<String>,
}

/// Every metric of any days against any others, made now from what is stored: totals and rates with what they are made of,
/// why there is none, and whether it is better, worse or too close to call.
#[utoipa::path(get, path = "/api/v1/brain/metrics", tag = "brain", params(ListQuery, MetricsQuery),
    responses((status = 200, body = OutcomePage), (status = 422, body = ErrorBody)))]
pub(super) async fn metrics(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Slice { limit, cursor }: Slice,
    Params(query): Params<MetricsQuery>,
) -> Result<Json<OutcomePage>, ApiError> {
    let day = model::page::parse_day;
    let before = match (&query.compare_from, &query.compare_to) {
        (Some(first), Some(last)) => Some(Days { first: day("compare_from", first)?, last: day("compare_to", last)? }),
        (None, None) => None,
        (None, Some(_)) => return Err(Invalid::new("compare_from", "say both days to compare with, or none").into()),
        (Some(_), None) => return Err(Invalid::new("compare_to", "say both days to compare with, or none").into()),
    };
    let depth = query.by.as_deref().map_or(Some(Depth::Agency), Depth::parse);
    let question = brain::Question {
        now: Days { first: day("from", &query.from)?, last: day("to", &query.to)? },
        before,
        depth: depth.ok_or_else(|| Invalid::new("by", "by is agency, client, channel, campaign or creative"))?,
        client_id: list::id("client_id", query.client_id.as_deref())?,
    };
    let made = brain::figures(&service, &actor, question).await?;
    let Page { items, next_cursor } = Page::of(made, limit, cursor.as_deref())?;
    let items = items.into_iter().map(OutcomeBody::new).collect::<Result<_, _>>()?;
    Ok(Json(OutcomePage { items, next_cursor }))
}

async fn page(
    service: &Service,
    actor: &model::actor::Actor,
    (slice, query): (Slice, OutcomeQuery),
    kinds: Vec<&'static str>,
) -> Result<Json<OutcomePage>, ApiError> {
    let filter = brain::Filter {
        kinds,
        client_id: list::id("client_id", query.client_id.as_deref())?,
        as_of: moment(query.as_of.as_deref())?,
    };
    let page = brain::list(service, actor, &filter, slice.limit, slice.cursor.as_deref()).await.map_err(nothing_yet)?;
    let items = page.items.into_iter().map(OutcomeBody::new).collect::<Result<_, _>>()?;
    Ok(Json(OutcomePage { items, next_cursor: page.next_cursor }))
}

/// Everything else that the state says: figures of the newest week and four weeks against those before, what platforms claim
/// against the books (`reconciliation`), what customers are worth (`cohorts`), what channels bring (`response`), how creatives
/// (`fatigue`) and returns (`decay`) wear, of what nothing can be said (`gap`), and what it proposes (`action`).
#[utoipa::path(get, path = "/api/v1/brain/figures", tag = "brain", params(ListQuery, OutcomeQuery),
    responses((status = 200, body = OutcomePage), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(super) async fn figures(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    slice: Slice,
    Params(query): Params<OutcomeQuery>,
) -> Result<Json<OutcomePage>, ApiError> {
    page(
        &service,
        &actor,
        (slice, query),
        vec!["figures", "reconciliation", "cohorts", "response", "fatigue", "decay", "gap", "action"],
    )
    .await
}

/// What the state says will come: a forecast of each main metric with its intervals and its own record, or why there is none.
#[utoipa::path(get, path = "/api/v1/brain/forecasts", tag = "brain", params(ListQuery, OutcomeQuery),
    responses((status = 200, body = OutcomePage), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(super) async fn forecasts(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    slice: Slice,
    Params(query): Params<OutcomeQuery>,
) -> Result<Json<OutcomePage>, ApiError> {
    page(&service, &actor, (slice, query), vec!["forecast"]).await
}

/// What the state noticed: anomalies, changes, fatigue, decay, with size, probability and severity.
#[utoipa::path(get, path = "/api/v1/brain/findings", tag = "brain", params(ListQuery, OutcomeQuery),
    responses((status = 200, body = OutcomePage), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(super) async fn findings(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    slice: Slice,
    Params(query): Params<OutcomeQuery>,
) -> Result<Json<OutcomePage>, ApiError> {
    page(&service, &actor, (slice, query), vec!["finding"]).await
}
