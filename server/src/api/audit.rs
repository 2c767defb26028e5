//! `/api/v1/audit`: who did what and who was refused what.

use axum::{
    Json,
    extract::{Query, State},
};
use http::{HeaderMap, HeaderValue, header};
use model::{audit::AuditEvent, page};
use serde::{Deserialize, Serialize};
use service::{Service, audit};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    error::{ApiError, ErrorBody},
    input::parse_bool,
    rfc3339,
};
use crate::cookie::SignedIn;

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEventBody {
    id: Uuid,
    member_id: Uuid,
    /// The member's name now.
    member: String,
    /// The rule that allowed or refused it.
    action: String,
    allowed: bool,
    resource_id: Option<String>,
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

/// Which part of the log.
#[derive(Debug, Deserialize, IntoParams)]
pub struct ListQuery {
    /// 1–100, 25 when absent; more is cut.
    limit: Option<String>,
    cursor: Option<String>,
    /// `true`: what was done. `false`: what was refused.
    allowed: Option<String>,
}

/// The audit log, newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "settings", params(ListQuery),
    responses((status = 200, body = AuditPage), (status = 422, body = ErrorBody)))]
pub(super) async fn list(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Query(query): Query<ListQuery>,
) -> Result<Json<AuditPage>, ApiError> {
    let limit = page::parse_limit(query.limit.as_deref())?;
    let allowed = parse_bool("allowed", query.allowed.as_deref())?;
    let page = audit::list(&service, &actor, allowed, limit, query.cursor.as_deref()).await?;
    Ok(Json(AuditPage { items: page.items.into_iter().map(Into::into).collect(), next_cursor: page.next_cursor }))
}

/// The whole audit log as CSV, newest first.
#[utoipa::path(get, path = "/api/v1/audit.csv", tag = "settings",
    responses((status = 200, body = String, content_type = "text/csv")))]
pub(super) async fn csv(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
) -> Result<(HeaderMap, String), ApiError> {
    let mut text = "created_at,member,action,allowed,resource_id,method,path,detail\r\n".to_owned();
    let mut cursor = None;
    loop {
        let page = audit::list(&service, &actor, None, page::MAX_LIMIT, cursor.as_deref()).await?;
        for event in page.items {
            let cells = [
                rfc3339(event.created_at),
                event.member,
                event.action,
                event.allowed.to_string(),
                event.resource_id.unwrap_or_default(),
                event.method,
                event.path,
                event.detail,
            ];
            text.push_str(&cells.map(|cell| csv_cell(&cell)).join(","));
            text.push_str("\r\n");
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let headers = HeaderMap::from_iter([
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"audit.csv\"")),
    ]);
    Ok((headers, text))
}

/// A quoted cell that no spreadsheet takes for a formula: what begins like one gets an apostrophe in front, which
/// spreadsheets show as plain text (OWASP, CSV injection).
pub(crate) fn csv_cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
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
