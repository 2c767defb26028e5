//! The form that uploads a file: the browser posts it, and its parts are taken as they come.

use axum::{
    body::Body,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use http::{StatusCode, header};
use model::{actor::Actor, import::Import, input::Invalid};
use multer::Multipart;
use service::{Service, import};

use crate::{
    api::{
        error::ApiError,
        imports::{SILENCE, in_time},
    },
    cookie::SignedIn,
};

/// `POST /imports/upload`: the source, then the file; leads to the import's page.
pub(crate) async fn upload(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match take(&service, &actor, &headers, body).await {
        Ok(import) => Redirect::to(&format!("/settings/integrations/import/{}", import.id)).into_response(),
        Err(error) => error.into_response(),
    }
}

async fn take(service: &Service, actor: &Actor, headers: &HeaderMap, body: Body) -> Result<Import, ApiError> {
    let broken = |_| ApiError::new(StatusCode::BAD_REQUEST, "malformed", "the upload broke off. Try again");
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(kind).map_err(|_| {
        ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_a_form", "send the file as a form does, in parts")
    })?;
    let mut parts = Multipart::new(body.into_data_stream(), boundary);
    let mut source = None;
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
                source = std::str::from_utf8(&text).ok().and_then(|text| text.trim().parse().ok());
            }
            Some("file") => {
                let source = source.ok_or_else(|| Invalid::new("source_id", "choose a source"))?;
                let name = part.file_name().unwrap_or_default().to_owned();
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
