//! `/api/v1/audit`: who did what and who was refused what.

use axum::{Json, body::Body, extract::State};
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderValue, header};
use model::{audit::AuditEvent, input::Invalid, page};
use serde::{Deserialize, Serialize};
use service::{Service, audit};
use tracing::Instrument;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    error::{ApiError, ErrorBody},
    input::Params,
    list::{self, ListQuery, Slice},
    rfc3339,
};
use crate::cookie::SignedIn;

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEventBody {
    id: Uuid,
    member_id: Uuid,
    /// The member's name at the time.
    member: String,
    /// The rule that allowed or refused it.
    action: String,
    allowed: bool,
    resource_id: Option<String>,
    /// What it was done to, by its name at the time: a client, a member…
    resource: String,
    /// What exactly, as JSON text.
    detail: String,
    method: String,
    path: String,
    created_at: String,
}

impl From<AuditEvent> for AuditEventBody {
    fn from(event: AuditEvent) -> Self {
        Self {
            id: event.id.0,
            member_id: event.member_id.0,
            member: event.member,
            action: event.action,
            allowed: event.allowed,
            resource_id: event.resource_id,
            resource: event.resource,
            detail: event.detail,
            method: event.method,
            path: event.path,
            created_at: rfc3339(event.created_at),
        }
    }
}

/// One page of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditPage {
    /// Newest first.
    items: Vec<AuditEventBody>,
    next_cursor: Option<String>,
}

/// What narrows the log.
#[derive(Debug, Deserialize, IntoParams)]
pub struct AuditQuery {
    /// `true`: what was done. `false`: what was refused.
    allowed: Option<String>,
    /// Only under this rule, such as `clients.edit`.
    action: Option<String>,
    /// Only by this member.
    member_id: Option<String>,
    /// From this day on, as 2026-11-03 in the agency's time zone.
    from: Option<String>,
    /// Up to and with this day.
    to: Option<String>,
}

impl AuditQuery {
    fn filter(self) -> Result<audit::Filter, Invalid> {
        let text = |text: Option<String>| text.filter(|text| !text.is_empty());
        Ok(audit::Filter {
            done: list::yes_or_no("allowed", text(self.allowed).as_deref())?,
            action: list::search(self.action),
            member_id: list::id("member_id", text(self.member_id).as_deref())?,
            from: list::day("from", text(self.from).as_deref())?,
            to: list::day("to", text(self.to).as_deref())?,
        })
    }
}

/// The audit log, newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "settings", params(ListQuery, AuditQuery),
    responses((status = 200, body = AuditPage), (status = 422, body = ErrorBody)))]
pub(super) async fn list(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    slice: Slice,
    Params(query): Params<AuditQuery>,
) -> Result<Json<AuditPage>, ApiError> {
    let page = audit::list(&service, &actor, &query.filter()?, slice.limit, slice.cursor.as_deref()).await?;
    Ok(Json(AuditPage { items: page.items.into_iter().map(Into::into).collect(), next_cursor: page.next_cursor }))
}

/// The audit log as CSV, newest first: all of it, or what the parameters leave.
#[utoipa::path(get, path = "/api/v1/audit.csv", tag = "settings", params(AuditQuery),
    responses((status = 200, body = String, content_type = "text/csv"), (status = 422, body = ErrorBody)))]
pub(super) async fn csv(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Params(query): Params<AuditQuery>,
) -> Result<(HeaderMap, Body), ApiError> {
    let filter = query.filter()?;
    // The first part is read before the answer begins, so that a refusal can still be one. The others are read as fast
    // as they are taken, and held one at a time.
    let first = audit::list(&service, &actor, &filter, page::MAX_LIMIT, None).await?;
    // What leaves a simulated agency says so itself, in every row.
    let simulated = service::simulation::find(&service, actor.organization_id).await?.is_some();
    let mark = if simulated { ",simulated" } else { "" };
    let begin = format!(
        "created_at,member,action,allowed,resource,resource_id,method,path,detail{mark}\r\n{}",
        lines(first.items, simulated)
    );
    let rest = stream::try_unfold(first.next_cursor, move |cursor| {
        let (service, actor, filter) = (service.clone(), actor.clone(), filter.clone());
        let part = async move {
            let Some(cursor) = cursor else { return Ok(None) };
            let page =
                audit::list(&service, &actor, &filter, page::MAX_LIMIT, Some(&cursor)).await.map_err(broken_off)?;
            Ok(Some((lines(page.items, simulated), page.next_cursor)))
        };
        part.instrument(tracing::Span::current())
    });
    let file =
        if simulated { "attachment; filename=\"simulated-audit.csv\"" } else { "attachment; filename=\"audit.csv\"" };
    let headers = HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(file)),
    ]);
    Ok((headers, Body::from_stream(stream::iter([Ok::<_, String>(begin)]).chain(rest))))
}

/// An answer that has begun can only break off, which whoever receives it notices; the log says why.
fn broken_off(error: service::Error) -> String {
    let words = error.to_string();
    drop(ApiError::from(error));
    words
}

fn lines(events: Vec<AuditEvent>, simulated: bool) -> String {
    let mut text = String::new();
    for event in events {
        let cells = [
            rfc3339(event.created_at),
            event.member,
            event.action,
            event.allowed.to_string(),
            event.resource,
            event.resource_id.unwrap_or_default(),
            event.method,
            event.path,
            event.detail,
        ];
        text.push_str(&cells.map(|cell| csv_cell(&cell)).join(","));
        text.push_str(if simulated { ",yes\r\n" } else { "\r\n" });
    }
    text
}

/// A quoted cell that no spreadsheet takes for a formula (OWASP, CSV injection); an import takes the protection off again.
pub(crate) fn csv_cell(text: &str) -> String {
    format!("\"{}\"", providers::file::protect(text).replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::csv_cell;

    #[test]
    fn cells_are_quoted_and_never_formulas() {
        assert_eq!(csv_cell("a \"b\", c"), "\"a \"\"b\"\", c\"");
        assert_eq!(csv_cell("=1+1"), "\"'=1+1\"");
        assert_eq!(csv_cell("@SUM(1)"), "\"'@SUM(1)\"");
    }
}
