//! The form that takes a file of exchange rates, as the European Central Bank publishes it: the browser posts it, and what is
//! wrong comes back with the page at the file's field.

use app::error::AppError;
use axum::{
    body::Body,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use http::{StatusCode, header};
use model::{exchange_rate::LARGEST, input::Invalid};
use multer::Multipart;
use service::exchange_rate;

use crate::{
    api::{
        error::ApiError,
        exchange_rates::text_of,
        imports::{SILENCE, in_time},
    },
    cookie::ThisSession,
    forms::live::{Back, come_back},
    state::AppState,
};

/// Where the form stands.
const PAGE: &str = "/settings";
const FORM: &str = "/exchange-rates/upload";

/// `POST /exchange-rates/upload`: keeps the file, and leads back to the card.
pub(crate) async fn rates(
    ThisSession(live): ThisSession,
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let kept = match file(&headers, body).await {
        Ok(text) => exchange_rate::import(&state.service, &live.actor, &text).await.map_err(ApiError::from),
        Err(error) => Err(error),
    };
    let error = match kept {
        Ok(_) => return Redirect::to(&format!("{PAGE}#exchange-rates")).into_response(),
        Err(error) => error,
    };
    let (status, message) = (error.status(), error.message().to_owned());
    let told = match (status, error.field()) {
        (StatusCode::UNPROCESSABLE_ENTITY, Some(field)) => AppError::invalid(field, message),
        _ => return error.into_response(),
    };
    let back = Back { page: PAGE.to_owned(), form: FORM.to_owned(), error: told, fields: Vec::new(), status };
    come_back(&state, live, &headers, back).await.unwrap_or_else(|| error.into_response())
}

/// The text of the form's file.
async fn file(headers: &HeaderMap, body: Body) -> Result<String, ApiError> {
    let broken = |_| ApiError::new(StatusCode::BAD_REQUEST, "malformed", "the upload broke off. Try again");
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(kind).map_err(|_| {
        ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_a_form", "send the file as a form does, in parts")
    })?;
    let mut parts = Multipart::new(body.into_data_stream(), boundary);
    while let Some(mut part) = in_time(SILENCE, parts.next_field()).await?.map_err(broken)? {
        if part.name() != Some("file") || part.file_name().unwrap_or_default().is_empty() {
            continue;
        }
        let mut bytes = Vec::new();
        while let Some(more) = in_time(SILENCE, part.chunk()).await?.map_err(broken)? {
            bytes.extend_from_slice(&more);
            if bytes.len() > LARGEST {
                let words = format!("the file is larger than {} MB, so it is not the bank's", LARGEST >> 20);
                return Err(Invalid::new("file", words).into());
            }
        }
        return text_of(bytes).map_err(ApiError::from);
    }
    Err(Invalid::new("file", "choose a file").into())
}
