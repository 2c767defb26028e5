//! `/api/v1/report-schedules`: reports that are made by themselves and mailed.

use axum::{Json, extract::State};
use http::StatusCode;
use model::{
    id::ReportScheduleId,
    input::{Invalid, both},
    report::{Every, Question, Schedule, SectionKind, Timing},
};
use serde::{Deserialize, Serialize};
use service::{Service, report::schedule};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{ReportQuery, question};
use crate::{
    api::{
        error::{ApiError, ErrorBody},
        input::{Body, Id, Params},
        rfc3339,
    },
    cookie::SignedIn,
};

/// A schedule as it is sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportScheduleNew {
    /// The agency as a whole when absent, which needs an Admin or Owner. Of a schedule that is there it stays.
    client_id: Option<Uuid>,
    /// What its reports are called: one line of 1–120 characters.
    title: String,
    /// cmo (when absent), vp_growth or director.
    persona: Option<String>,
    /// All when absent.
    sections: Option<Vec<String>>,
    /// weekly (of the seven days before) or monthly (of the month before).
    every: String,
    /// The day of the week from Monday (1), or of the month; a shorter month has it on its last day.
    on_day: i16,
    /// The hour in the agency's time zone, 0–23.
    hour: i16,
    /// To whom it is mailed; nobody when absent.
    #[serde(default)]
    recipients: Vec<String>,
    /// When absent, it is on.
    enabled: Option<bool>,
}

impl ReportScheduleNew {
    fn parse(self) -> Result<(Question, Timing), Invalid> {
        let wrong = || Invalid::new("every", "every is weekly or monthly");
        let (every, recipients) = (Every::parse(&self.every), self.recipients.join(" "));
        let (any, enabled) = (every.unwrap_or(Every::Monthly), self.enabled.unwrap_or(true));
        let timing = Timing::parse(any, self.on_day, self.hour, &recipients, enabled);
        let told = question(self.client_id, &self.title, self.persona.as_deref(), self.sections);
        let ((question, timing), every) = both(both(told, timing), every.ok_or_else(wrong))?;
        Ok((question, Timing { every, ..timing }))
    }
}

/// A schedule.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportScheduleBody {
    id: Uuid,
    /// Null for the agency as a whole.
    client_id: Option<Uuid>,
    client: Option<String>,
    title: String,
    persona: &'static str,
    sections: Vec<&'static str>,
    every: &'static str,
    on_day: i16,
    hour: i16,
    recipients: Vec<String>,
    enabled: bool,
    created_by: String,
    created_at: String,
    /// The last day on which one came of it.
    done_on: Option<String>,
}

impl From<Schedule> for ReportScheduleBody {
    fn from(schedule: Schedule) -> Self {
        let (question, timing) = (schedule.question, schedule.timing);
        Self {
            id: schedule.id.0,
            client_id: question.client_id.map(|id| id.0),
            client: schedule.client,
            title: question.title,
            persona: question.persona.key(),
            sections: question.sections.into_iter().map(SectionKind::key).collect(),
            every: timing.every.key(),
            on_day: timing.on_day,
            hour: timing.hour,
            recipients: timing.recipients.iter().map(|email| email.as_str().to_owned()).collect(),
            enabled: timing.enabled,
            created_by: schedule.created_by,
            created_at: rfc3339(schedule.created_at),
            done_on: schedule.done_on.map(|day| day.to_string()),
        }
    }
}

/// The schedules.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportSchedulePage {
    /// By title.
    items: Vec<ReportScheduleBody>,
    /// Always null: all are there.
    next_cursor: Option<String>,
}

/// The schedules in one's sight.
#[utoipa::path(get, path = "/api/v1/report-schedules", tag = "reports", params(ReportQuery),
    responses((status = 200, body = ReportSchedulePage), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(crate) async fn list(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Params(query): Params<ReportQuery>,
) -> Result<Json<ReportSchedulePage>, ApiError> {
    let items = schedule::list(&service, &actor, query.client()?).await?.into_iter().map(Into::into).collect();
    Ok(Json(ReportSchedulePage { items, next_cursor: None }))
}

/// Sets a schedule. Its first report is due the next time that its hour comes.
#[utoipa::path(post, path = "/api/v1/report-schedules", tag = "reports", request_body = ReportScheduleNew,
    responses((status = 201, body = ReportScheduleBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub(crate) async fn add(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Body(body): Body<ReportScheduleNew>,
) -> Result<(StatusCode, Json<ReportScheduleBody>), ApiError> {
    let (question, timing) = body.parse()?;
    let made = schedule::add(&service, &actor, question, timing).await?;
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// One schedule.
#[utoipa::path(get, path = "/api/v1/report-schedules/{id}", tag = "reports", params(("id" = Uuid, Path)),
    responses((status = 200, body = ReportScheduleBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn get(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ReportScheduleId>,
) -> Result<Json<ReportScheduleBody>, ApiError> {
    Ok(Json(schedule::get(&service, &actor, id).await?.into()))
}

/// Puts a schedule in the place of another; whose it is stays, and what was due before is not made up for.
#[utoipa::path(put, path = "/api/v1/report-schedules/{id}", tag = "reports", params(("id" = Uuid, Path)),
    request_body = ReportScheduleNew,
    responses((status = 200, body = ReportScheduleBody), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(crate) async fn set(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ReportScheduleId>,
    Body(body): Body<ReportScheduleNew>,
) -> Result<Json<ReportScheduleBody>, ApiError> {
    let (question, timing) = body.parse()?;
    Ok(Json(schedule::set(&service, &actor, id, question, timing).await?.into()))
}

/// Throws a schedule away; the reports that came of it stay.
#[utoipa::path(delete, path = "/api/v1/report-schedules/{id}", tag = "reports", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(crate) async fn remove(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ReportScheduleId>,
) -> Result<StatusCode, ApiError> {
    schedule::remove(&service, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
