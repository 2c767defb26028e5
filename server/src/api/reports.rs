//! `/api/v1/reports`: reports as PDF, made in the background; once one is made its bytes never change.

pub mod brand;
pub mod schedules;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, header},
};
use http::StatusCode;
use model::{
    id::{ClientId, ReportId},
    input::{Invalid, both},
    metric::Days,
    page::parse_day,
    report::{Question, Report, SectionKind, parse_days},
    summary::Persona,
};
use serde::{Deserialize, Serialize};
use service::{Service, report};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    brain::moment,
    error::{ApiError, ErrorBody},
    input::{Body, Id, Params},
    list::{self, ListQuery, Slice},
    rfc3339,
};
use crate::cookie::SignedIn;

/// A report.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportBody {
    id: Uuid,
    /// Null for the agency as a whole.
    client_id: Option<Uuid>,
    client: Option<String>,
    title: String,
    /// cmo, vp_growth or director.
    persona: &'static str,
    /// cover, summary, figures, channels, forecast, findings, actions, sources, method.
    sections: Vec<&'static str>,
    /// The first day that it is of, as 2026-11-03.
    first: String,
    last: String,
    /// The moment whose rows it shows.
    as_of: String,
    /// The brain state that it shows; null until it is made, and where nothing was thought by then.
    state_id: Option<Uuid>,
    /// queued, making, made or failed.
    state: &'static str,
    /// How many of its sections are there.
    done: i16,
    /// Null until it is made; so with the three that follow.
    pages: Option<i32>,
    /// In bytes.
    size: Option<i64>,
    /// SHA-256 of the file, in hexadecimal.
    sha256: Option<String>,
    made_at: Option<String>,
    /// Why it could not be made.
    error: Option<String>,
    /// The schedule that it came of.
    schedule_id: Option<Uuid>,
    created_by: String,
    created_at: String,
    /// To whom it goes.
    mails: Vec<ReportMailBody>,
}

/// A report on its way to somebody.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportMailBody {
    email: String,
    /// waiting, sent or refused.
    state: &'static str,
    /// Why it will not go.
    error: Option<String>,
}

impl From<Report> for ReportBody {
    fn from(report: Report) -> Self {
        let (question, file) = (report.question, report.file);
        let mail = |mail: model::report::ReportMail| {
            let (state, error) = match mail.sent {
                None => ("waiting", None),
                Some(Ok(())) => ("sent", None),
                Some(Err(fault)) => ("refused", Some(fault)),
            };
            ReportMailBody { email: mail.email.as_str().to_owned(), state, error }
        };
        Self {
            id: report.id.0,
            client_id: question.client_id.map(|id| id.0),
            client: report.client,
            title: question.title,
            persona: question.persona.key(),
            sections: question.sections.into_iter().map(SectionKind::key).collect(),
            first: report.days.first.to_string(),
            last: report.days.last.to_string(),
            as_of: rfc3339(report.as_of),
            state_id: report.state_id.map(|id| id.0),
            state: report.state.key(),
            done: report.done,
            pages: file.as_ref().map(|file| file.pages),
            size: file.as_ref().map(|file| file.size),
            sha256: file.as_ref().map(|file| file.hash.clone()),
            made_at: file.map(|file| rfc3339(file.made_at)),
            error: report.fault,
            schedule_id: report.schedule_id.map(|id| id.0),
            created_by: report.created_by,
            created_at: rfc3339(report.created_at),
            mails: report.mails.into_iter().map(mail).collect(),
        }
    }
}

/// One page of reports.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportPage {
    /// Newest first.
    items: Vec<ReportBody>,
    next_cursor: Option<String>,
}

/// What narrows a list of reports or schedules.
#[derive(Debug, Deserialize, IntoParams)]
pub struct ReportQuery {
    /// Only of this client; missing (404) when it is out of sight.
    client_id: Option<String>,
}

impl ReportQuery {
    fn client(&self) -> Result<Option<ClientId>, Invalid> {
        list::id("client_id", self.client_id.as_deref())
    }
}

/// A report to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportNew {
    /// The agency as a whole when absent, which needs an Admin or Owner.
    client_id: Option<Uuid>,
    /// One line of 1–120 characters.
    title: String,
    /// cmo (when absent), vp_growth or director.
    persona: Option<String>,
    /// All when absent: cover, summary, figures, channels, forecast, findings, actions, sources, method.
    sections: Option<Vec<String>>,
    /// The first day, as 2026-11-03.
    first: String,
    /// The last day, at most 366 days on.
    last: String,
    /// Shows what was known then, as 2026-11-03T12:00:00Z; now when absent.
    as_of: Option<String>,
}

/// What a report is to tell, as it is sent.
fn question(
    client_id: Option<Uuid>,
    title: &str,
    persona: Option<&str>,
    sections: Option<Vec<String>>,
) -> Result<Question, Invalid> {
    let wrong = || Invalid::new("persona", "persona is cmo, vp_growth or director");
    let persona = persona.map_or_else(|| Ok(Persona::default()), |text| Persona::parse(text).ok_or_else(wrong));
    let all = || SectionKind::ALL.iter().map(|section| section.key().to_owned()).collect();
    let told = Question::parse(client_id.map(ClientId), title, Persona::default(), &sections.unwrap_or_else(all));
    let (told, persona) = both(told, persona)?;
    Ok(Question { persona, ..told })
}

/// The reports in one's sight, newest first.
#[utoipa::path(get, path = "/api/v1/reports", tag = "reports", params(ListQuery, ReportQuery),
    responses((status = 200, body = ReportPage), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(super) async fn list(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    slice: Slice,
    Params(query): Params<ReportQuery>,
) -> Result<Json<ReportPage>, ApiError> {
    let page = report::list(&service, &actor, query.client()?, slice.limit, slice.cursor.as_deref()).await?;
    let items = page.items.into_iter().map(Into::into).collect();
    Ok(Json(ReportPage { items, next_cursor: page.next_cursor }))
}

/// Asks for a report. It is made in the background: its state says how far it is.
#[utoipa::path(post, path = "/api/v1/reports", tag = "reports", request_body = ReportNew,
    responses((status = 202, body = ReportBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub(super) async fn create(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Body(body): Body<ReportNew>,
) -> Result<(StatusCode, Json<ReportBody>), ApiError> {
    let days = both(parse_day("first", &body.first), parse_day("last", &body.last));
    let days = days.and_then(|(first, last)| parse_days(Days { first, last }));
    let told = question(body.client_id, &body.title, body.persona.as_deref(), body.sections);
    let (question, days) = both(told, days)?;
    let as_of = moment(body.as_of.as_deref())?;
    let made = report::create(&service, &actor, question, days, as_of).await?;
    Ok((StatusCode::ACCEPTED, Json(made.into())))
}

/// One report.
#[utoipa::path(get, path = "/api/v1/reports/{id}", tag = "reports", params(("id" = Uuid, Path)),
    responses((status = 200, body = ReportBody), (status = 404, body = ErrorBody)))]
pub(super) async fn get(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ReportId>,
) -> Result<Json<ReportBody>, ApiError> {
    Ok(Json(report::get(&service, &actor, id).await?.into()))
}

/// Has a report tried again that could not be made.
#[utoipa::path(post, path = "/api/v1/reports/{id}/retry", tag = "reports", params(("id" = Uuid, Path)),
    responses((status = 202, body = ReportBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn retry(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ReportId>,
) -> Result<(StatusCode, Json<ReportBody>), ApiError> {
    Ok((StatusCode::ACCEPTED, Json(report::retry(&service, &actor, id).await?.into())))
}

/// Throws a report and its file away.
#[utoipa::path(delete, path = "/api/v1/reports/{id}", tag = "reports", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(super) async fn remove(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ReportId>,
) -> Result<StatusCode, ApiError> {
    report::remove(&service, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A report's file: the same bytes whenever it is opened. One that is not made yet is 409.
#[utoipa::path(get, path = "/api/v1/reports/{id}/pdf", tag = "reports", params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/pdf"), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub(super) async fn pdf(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ReportId>,
) -> Result<(HeaderMap, Bytes), ApiError> {
    let (_, bytes) = report::file(&service, &actor, id).await?;
    let mut headers = HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static("application/pdf")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ]);
    if let Ok(name) = HeaderValue::from_str(&format!("inline; filename=\"report-{id}.pdf\"")) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok((headers, bytes.into()))
}
