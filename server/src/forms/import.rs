//! The form that uploads a file: the browser posts it, and its parts are taken as they come. What is refused is answered with
//! the page, where the source stays chosen; the file has to be chosen again, as browsers fill in none.

use app::error::AppError;
use axum::{
    body::Body,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use http::{StatusCode, header};
use model::{actor::Actor, id::ChannelId, import::Import, input::Invalid};
use multer::Multipart;
use service::{Service, import};

use crate::{
    api::{
        error::ApiError,
        imports::{SILENCE, in_time},
    },
    cookie::ThisSession,
    forms::live::{Back, come_back},
    state::AppState,
};

/// Where the form stands.
const PAGE: &str = "/settings/integrations/import";

/// `POST /imports/upload`: the source, then the file; leads to the import's page.
pub(crate) async fn upload(
    ThisSession(live): ThisSession,
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let mut source = None;
    let error = match take(&state.service, &live.actor, &headers, body, &mut source).await {
        Ok(import) => return Redirect::to(&format!("{PAGE}/{}", import.id)).into_response(),
        Err(error) => error,
    };
    let (status, message, field) = (error.status(), error.message().to_owned(), error.field().map(str::to_owned));
    let told = match (status, field) {
        (StatusCode::UNPROCESSABLE_ENTITY, Some(field)) => AppError::invalid(field, message),
        (
            StatusCode::CONFLICT
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::TOO_MANY_REQUESTS
            | StatusCode::INSUFFICIENT_STORAGE,
            _,
        ) => AppError::Conflict(message),
        _ => return error.into_response(),
    };
    let fields = source.iter().map(|id: &ChannelId| ("source_id".to_owned(), id.to_string())).collect();
    let back = Back { page: PAGE.to_owned(), form: "/imports/upload".to_owned(), error: told, fields, status };
    let Some(mut page) = come_back(&state, live, &headers, back).await else { return error.into_response() };
    if let Some(seconds) = error.retry_after() {
        page.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    page
}

/// Takes the parts; `source` is the source that was chosen, also where the file is refused.
async fn take(
    service: &Service,
    actor: &Actor,
    headers: &HeaderMap,
    body: Body,
    source: &mut Option<ChannelId>,
) -> Result<Import, ApiError> {
    let broken = |_| ApiError::new(StatusCode::BAD_REQUEST, "malformed", "the upload broke off. Try again");
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(kind).map_err(|_| {
        ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_a_form", "send the file as a form does, in parts")
    })?;
    let mut parts = Multipart::new(body.into_data_stream(), boundary);
    while let Some(mut part) = in_time(SILENCE, parts.next_field()).await?.map_err(broken)? {
        match part.name() {
            Some("source_id") => {
                let mut text = Vec::new();
                while let Some(bytes) = part.chunk().await.map_err(broken)? {
                    text.extend_from_slice(&bytes);
                    if text.len() > 100 {
                        break;
                    }
                }
                *source = std::str::from_utf8(&text).ok().and_then(|text| text.trim().parse().ok());
            }
            Some("file") => {
                let source = source.ok_or_else(|| Invalid::new("source_id", "choose a source"))?;
                let name = part.file_name().unwrap_or_default().to_owned();
                if name.is_empty() {
                    break;
                }
                let mut upload = import::begin_upload(service, actor, source, &name).await?;
                while let Some(bytes) = in_time(SILENCE, part.chunk()).await?.map_err(broken)? {
                    upload.write(&bytes).await?;
                }
                return Ok(upload.finish(service, actor).await?);
            }
            _ => {}
        }
    }
    Err(Invalid::new("file", "choose a file").into())
}
