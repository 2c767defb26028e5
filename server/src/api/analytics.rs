//! `/api/v1/analytics`: figures of any days of anything in sight, their course, what they are made up of, and what the brain says
//! of them. The parameters are those of the page's address.

mod body;
mod export;

use axum::{
    Json,
    body::Body,
    extract::{RawQuery, State},
};
use http::HeaderMap;
use model::{
    analytics::{Asked, Breakdown, Question},
    input::Invalid,
};
use service::{
    Service,
    analytics::{self, Depth, Manner},
};
use utoipa::IntoParams;

use self::body::AnalyticsBody;
use super::error::{ApiError, ErrorBody};
use crate::cookie::SignedIn;

/// What is asked, as it stands in the page's address. What is a list may be there several times, at most 20.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AnalyticsQuery {
    /// today, yesterday, last_7, last_14, last_28 (when absent), last_90, this_month, last_month, quarter or year_to_date: days that
    /// have ended, in the zone of the client if it is one alone, and else in the agency's.
    pub range: Option<String>,
    /// The first day, as 2026-11-03, instead of a range.
    pub from: Option<String>,
    /// The last day, at most ten years after the first.
    pub to: Option<String>,
    /// previous (when absent): as many days right before; last_year: the same days of the year before; none.
    pub compare: Option<String>,
    /// day, week (from Monday on) or month; by the number of days when absent.
    pub by: Option<String>,
    /// Only of these clients.
    pub client_id: Option<Vec<String>>,
    /// Only of these channels.
    pub channel_id: Option<Vec<String>>,
    /// Only of these campaigns: the channel's id, a colon, the platform's id.
    pub campaign: Option<Vec<String>>,
    /// Only of these advertisements, likewise.
    pub creative: Option<Vec<String>>,
    /// campaigns or creatives: these are told, too, each with its own figures.
    pub parts: Option<String>,
}

/// How the table is written.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FormatQuery {
    /// csv (when absent) or xlsx.
    pub format: Option<String>,
}

/// A question with what is asked beside it.
struct Read {
    asked: Asked,
    depth: Option<Depth>,
    format: Option<String>,
}

/// Reads the parameters: a list has the same name several times, which is why they are read by the model.
fn read(query: Option<String>) -> Result<Read, Invalid> {
    let query = query.unwrap_or_default();
    let named = |name: &str| {
        let found = url::form_urlencoded::parse(query.as_bytes()).find(|(key, value)| key == name && !value.is_empty());
        found.map(|(_, value)| value.into_owned())
    };
    let depth = match named("parts").as_deref() {
        None => None,
        Some("campaigns") => Some(Depth::Campaigns),
        Some("creatives") => Some(Depth::Creatives),
        Some(_) => return Err(Invalid::new("parts", "parts is campaigns or creatives")),
    };
    Ok(Read { asked: Question::parse(&query), depth, format: named("format") })
}

async fn parts(
    service: &Service,
    actor: &model::actor::Actor,
    read: &Read,
) -> Result<Option<(&'static str, Breakdown)>, ApiError> {
    let Some(depth) = read.depth else { return Ok(None) };
    let name = if depth == Depth::Campaigns { "campaign" } else { "creative" };
    Ok(Some((name, analytics::parts(service, actor, &read.asked, depth, Manner::Strict).await?)))
}

/// What any days were, of the agency, of clients, channels, campaigns or advertisements: totals against other days, their course,
/// what they are made up of, and what the newest brain state says. Every number has the id by which it is opened, or with which
/// that is written: `m.KEY.SCOPE.FIRST.LAST.CURRENCY`. What is not known is null.
#[utoipa::path(get, path = "/api/v1/analytics", tag = "dashboard", params(AnalyticsQuery),
    responses((status = 200, body = AnalyticsBody), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(super) async fn get(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    RawQuery(query): RawQuery,
) -> Result<Json<AnalyticsBody>, ApiError> {
    let read = read(query)?;
    let answer = analytics::answer(&service, &actor, &read.asked, Manner::Strict).await?;
    let parts = parts(&service, &actor, &read).await?;
    let said = analytics::said(&service, &actor, &read.asked, Manner::Strict).await?;
    Ok(Json(AnalyticsBody::new(answer, parts.map(|(_, table)| table), said)))
}

/// The same figures as a table: a row for each total, each step of its course, each channel and, if they are asked for, each
/// campaign or advertisement. What leaves a simulated agency says so in every row.
#[utoipa::path(get, path = "/api/v1/analytics/export", tag = "dashboard", params(AnalyticsQuery, FormatQuery),
    responses((status = 200, content((String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
        (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(super) async fn export(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    RawQuery(query): RawQuery,
) -> Result<(HeaderMap, Body), ApiError> {
    let read = read(query)?;
    let format = export::Format::parse(read.format.as_deref())?;
    let answer = analytics::answer(&service, &actor, &read.asked, Manner::Strict).await?;
    let parts = parts(&service, &actor, &read).await?;
    let below: Vec<(&str, &Breakdown)> = parts.iter().map(|(name, table)| (*name, table)).collect();
    let days = answer.head.days.clone();
    let table = analytics::export(&answer, &below);
    export::file(format, &days, table).await
}
