//! The one shape of every error: `{"error":{"code","message","field"?,"rule"?,"request_id"}}`.

use app::components::notice::sentence;
use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use model::input::Invalid;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::actions::body::ActionDetail;
use crate::request;

/// An error answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ErrorDetail,
}

/// What went wrong.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct ErrorDetail {
    /// Stable, for programs.
    pub code: String,
    /// For people.
    pub message: String,
    /// The field that cannot be accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The rule that forbids it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// More for programs: with `invalid` all `fields` that cannot be accepted, where they are several, each with its
    /// `message`; with `changed_meanwhile` what the fields hold now, with `renewed` the `action` as it is proposed
    /// now, with `reassignment_required` the clients that need somebody, with `rows_wrong` the rows that cannot be kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub details: Option<serde_json::Value>,
    /// Stands in the log beside the cause.
    pub request_id: Option<String>,
}

/// The words of an error, left with its answer for those who make a page of it.
#[derive(Clone, Debug)]
pub(crate) struct Said(pub String);

/// An error on its way out.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    detail: Box<ErrorDetail>,
    retry_after: Option<u64>,
}

impl ApiError {
    /// An error with a status of its own.
    pub fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let detail = ErrorDetail { code: code.to_owned(), message: message.into(), ..ErrorDetail::default() };
        Self { status, detail: Box::new(detail), retry_after: None }
    }
}

impl ApiError {
    /// Names the field that cannot be accepted.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.detail.field = Some(field.into());
        self
    }

    /// For programs.
    pub fn code(&self) -> &str {
        &self.detail.code
    }

    /// In words for people.
    pub fn message(&self) -> &str {
        &self.detail.message
    }

    /// After how many seconds it is worth trying again.
    pub const fn retry_after(&self) -> Option<u64> {
        self.retry_after
    }

    /// The status that it is answered with.
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The field that cannot be accepted.
    pub fn field(&self) -> Option<&str> {
        self.detail.field.as_deref()
    }

    /// Says after how many seconds it is worth trying again.
    #[must_use]
    pub fn after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// Whether it is about this field.
    pub fn is_at(&self, field: &str) -> bool {
        self.field() == Some(field)
    }

    /// Says more to programs.
    #[must_use]
    pub fn with(mut self, details: serde_json::Value) -> Self {
        self.detail.details = Some(details);
        self
    }

    /// Too often: worth trying again after so many seconds.
    pub fn too_many(message: impl Into<String>, retry_after: u64) -> Self {
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many", message);
        Self { retry_after: Some(retry_after.max(1)), ..error }
    }
}

impl From<service::Error> for ApiError {
    fn from(error: service::Error) -> Self {
        use service::Error as E;
        let message = error.to_string();
        match error {
            E::SignedOut => Self::new(StatusCode::UNAUTHORIZED, "signed_out", message),
            E::WrongCredentials => Self::new(StatusCode::UNAUTHORIZED, "wrong_credentials", message),
            E::WrongCode => Self::new(StatusCode::UNAUTHORIZED, "wrong_code", message).at("code"),
            E::UnknownAddress => Self::new(StatusCode::FORBIDDEN, "unknown_address", message),
            E::EmailUnverified => Self::new(StatusCode::FORBIDDEN, "email_unverified", message),
            E::Refused(refusal) => {
                let mut refused = Self::new(StatusCode::FORBIDDEN, "forbidden", refusal.message);
                refused.detail.rule = Some(refusal.rule);
                refused
            }
            E::Missing => Self::new(StatusCode::NOT_FOUND, "missing", message),
            E::Invalid(invalid) => {
                let wrong = |one: &Invalid| json!({ "field": one.field, "message": sentence(&one.message) });
                let several = (!invalid.others.is_empty()).then(|| invalid.all().map(wrong).collect::<Vec<_>>());
                let mut refused =
                    Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", invalid.message).at(invalid.field);
                refused.detail.details = several.map(|fields| json!({ "fields": fields }));
                refused
            }
            E::Conflict { code, .. } => Self::new(StatusCode::CONFLICT, code, message),
            E::ChangedMeanwhile(held) => {
                let field = held.first().map_or("", |held| held.field);
                let mut changed = Self::new(StatusCode::CONFLICT, "changed_meanwhile", message).at(field);
                let fields = held.into_iter().map(|held| (held.field.to_owned(), held.value)).collect();
                changed.detail.details = Some(serde_json::Value::Object(fields));
                changed
            }
            E::Renewed(action) => {
                let action = ActionDetail::from(*action);
                Self::new(StatusCode::CONFLICT, "renewed", message).with(json!({ "action": action }))
            }
            E::ReassignmentRequired(clients) => {
                let mut required = Self::new(StatusCode::CONFLICT, "reassignment_required", message);
                let client = |(id, name): (model::id::ClientId, String)| json!({ "id": id, "name": name });
                let clients: Vec<_> = clients.into_iter().map(client).collect();
                required.detail.details = Some(json!({ "clients": clients }));
                required
            }
            E::TooMany { retry_after, .. } => Self::too_many(message, retry_after.whole_seconds().unsigned_abs()),
            E::TooLarge(_) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message),
            E::NoRoom(_) => Self::new(StatusCode::INSUFFICIENT_STORAGE, "no_room", message),
            E::Gone(_) => Self::new(StatusCode::GONE, "gone", message),
            E::Unavailable => {
                let away = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message);
                Self { retry_after: Some(5), ..away }
            }
            E::Internal(cause) => {
                let mut chain = cause.to_string();
                let mut next = cause.source();
                while let Some(cause) = next {
                    chain = format!("{chain}: {cause}");
                    next = cause.source();
                }
                tracing::error!(cause = chain, "an action failed");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
            }
        }
    }
}

impl From<Invalid> for ApiError {
    fn from(invalid: Invalid) -> Self {
        service::Error::from(invalid).into()
    }
}

impl IntoResponse for ApiError {
    fn into_response(mut self) -> Response {
        self.detail.request_id = request::id();
        // Pages put these words into sentences of theirs.
        let said = Said(self.detail.message.clone());
        self.detail.message = sentence(&self.detail.message);
        let mut response = (self.status, Json(ErrorBody { error: *self.detail })).into_response();
        response.extensions_mut().insert(said);
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(http::header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
