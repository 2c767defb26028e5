//! `/api/v1/alerts`: events that the brain noticed, each once, and what people did about them.

pub mod rules;

use axum::{Json, extract::State};
use model::{
    alert::{Alert, AlertState, Severity},
    id::AlertId,
    input::Invalid,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::{
    Service,
    alert::{self, words},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    error::{ApiError, ErrorBody},
    input::{Body, Id, Params},
    list::{self, ListQuery, Slice},
    rfc3339,
};
use crate::cookie::SignedIn;

/// An event that the brain noticed.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertBody {
    id: Uuid,
    /// open, acknowledged, snoozed or ended (not found any more).
    state: &'static str,
    /// info, low, medium or high.
    severity: &'static str,
    /// What was noticed: drop, tracking_outage, creative_fatigue…
    kind: &'static str,
    /// What happened, in words.
    title: String,
    /// Where: client, channels and ad; empty for the agency as a whole.
    place: String,
    /// When, and how large it is where that can be said.
    detail: String,
    /// How sure it is; null where the finding does not say.
    sure: Option<String>,
    /// The first day it is about, as 2026-11-03.
    first_day: String,
    /// The last day.
    last_day: String,
    /// Null for the agency as a whole and for channels without a client.
    client_id: Option<Uuid>,
    client: Option<String>,
    /// Null for clients, and for an outage of several channels.
    channel_id: Option<Uuid>,
    channel: Option<String>,
    /// The names of the channels that an outage covers; empty for everything else.
    channels: Vec<String>,
    /// The state that found it first.
    first_state_id: Uuid,
    /// The newest state that has it.
    state_id: Uuid,
    first_seen_at: String,
    last_seen_at: String,
    ended_at: Option<String>,
    acknowledged_at: Option<String>,
    /// Who acknowledged it, by the name of the time.
    acknowledged_by: Option<String>,
    /// Until when it waits, or waited.
    snoozed_until: Option<String>,
    snoozed_by: Option<String>,
    /// The finding as the newest state says it; null where it cannot be read.
    #[schema(value_type = Option<Object>)]
    finding: Option<Value>,
}

impl AlertBody {
    fn new(alert: Alert, now: OffsetDateTime) -> Self {
        let finding = serde_json::from_str(&alert.body).ok();
        let (told, state) = (words::of(&alert), alert.state(now).key());
        let (acknowledged_at, acknowledged_by) = alert.acknowledged.map(|deed| (rfc3339(deed.at), deed.by)).unzip();
        let (snoozed_until, snoozed_by) = alert.snoozed.map(|deed| (rfc3339(deed.at), deed.by)).unzip();
        Self {
            id: alert.id.0,
            state,
            severity: alert.severity.key(),
            kind: alert.kind.key(),
            title: told.title,
            place: told.place,
            detail: told.detail,
            sure: told.sure,
            first_day: alert.first_day.to_string(),
            last_day: alert.last_day.to_string(),
            client_id: alert.client_id.map(|id| id.0),
            client: alert.client,
            channel_id: alert.channel_id.map(|id| id.0),
            channel: alert.channel,
            channels: alert.channels,
            first_state_id: alert.first_state_id.0,
            state_id: alert.state_id.0,
            first_seen_at: rfc3339(alert.first_seen_at),
            last_seen_at: rfc3339(alert.last_seen_at),
            ended_at: alert.ended_at.map(rfc3339),
            acknowledged_at,
            acknowledged_by,
            snoozed_until,
            snoozed_by,
            finding,
        }
    }
}

/// One page of alerts.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlertPage {
    /// Newest first.
    items: Vec<AlertBody>,
    next_cursor: Option<String>,
}

/// What narrows the list.
#[derive(Debug, Deserialize, IntoParams)]
pub struct AlertQuery {
    /// open, acknowledged, snoozed or ended; all when absent.
    state: Option<String>,
    /// info, low, medium or high; all when absent.
    severity: Option<String>,
    /// Only of this client; missing (404) when it is out of sight.
    client_id: Option<String>,
}

/// The alerts of the clients in one's sight, newest first.
#[utoipa::path(get, path = "/api/v1/alerts", tag = "alerts", params(ListQuery, AlertQuery),
    responses((status = 200, body = AlertPage), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(super) async fn list(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    slice: Slice,
    Params(query): Params<AlertQuery>,
) -> Result<Json<AlertPage>, ApiError> {
    let filter = alert::Filter {
        state: word("state", query.state.as_deref(), AlertState::parse, "open, acknowledged, snoozed or ended")?,
        severity: word("severity", query.severity.as_deref(), Severity::parse, "info, low, medium or high")?,
        client_id: list::id("client_id", query.client_id.as_deref())?,
        ids: None,
    };
    let page = alert::list(&service, &actor, &filter, slice.limit, slice.cursor.as_deref()).await?;
    let now = service.clock.now();
    let items = page.items.into_iter().map(|alert| AlertBody::new(alert, now)).collect();
    Ok(Json(AlertPage { items, next_cursor: page.next_cursor }))
}

/// One of a few words among the parameters or in a body.
fn word<T>(
    field: &str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
    words: &str,
) -> Result<Option<T>, Invalid> {
    text.map(|text| parse(text).ok_or_else(|| Invalid::new(field, format!("{field} is {words}")))).transpose()
}

/// One alert.
#[utoipa::path(get, path = "/api/v1/alerts/{id}", tag = "alerts", params(("id" = Uuid, Path)),
    responses((status = 200, body = AlertBody), (status = 404, body = ErrorBody)))]
pub(super) async fn get(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<AlertId>,
) -> Result<Json<AlertBody>, ApiError> {
    let found = alert::get(&service, &actor, id).await?;
    Ok(Json(AlertBody::new(found, service.clock.now())))
}

/// Says that somebody has seen to it: nobody is mailed about it any more.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/acknowledge", tag = "alerts", params(("id" = Uuid, Path)),
    responses((status = 200, body = AlertBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn acknowledge(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<AlertId>,
) -> Result<Json<AlertBody>, ApiError> {
    let changed = alert::acknowledge(&service, &actor, id).await?;
    Ok(Json(AlertBody::new(changed, service.clock.now())))
}

/// Until when an alert is to wait.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SnoozeBody {
    /// As 2026-11-03T12:00:00Z, within a year.
    until: String,
}

/// Lets it wait: until then nobody is mailed about it.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/snooze", tag = "alerts", params(("id" = Uuid, Path)),
    request_body = SnoozeBody,
    responses((status = 200, body = AlertBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub(super) async fn snooze(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<AlertId>,
    Body(body): Body<SnoozeBody>,
) -> Result<Json<AlertBody>, ApiError> {
    let wrong = |_| Invalid::new("until", "enter a moment as 2026-11-03T12:00:00Z");
    let until = OffsetDateTime::parse(&body.until, &Rfc3339).map_err(wrong)?;
    let changed = alert::snooze(&service, &actor, id, until).await?;
    Ok(Json(AlertBody::new(changed, service.clock.now())))
}

/// Opens it again.
#[utoipa::path(post, path = "/api/v1/alerts/{id}/reopen", tag = "alerts", params(("id" = Uuid, Path)),
    responses((status = 200, body = AlertBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn reopen(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<AlertId>,
) -> Result<Json<AlertBody>, ApiError> {
    let changed = alert::reopen(&service, &actor, id).await?;
    Ok(Json(AlertBody::new(changed, service.clock.now())))
}
