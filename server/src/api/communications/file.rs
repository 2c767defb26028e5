//! Files that are to go with a message: fetched, looked at and thrown away before they go.

use axum::{extract::State, response::Response};
use http::StatusCode;
use model::id::UploadId;
use serde::Deserialize;
use service::{Service, outgoing::file};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{
    api::{
        error::{ApiError, ErrorBody},
        input::{Id, Params},
    },
    cookie::SignedIn,
    messages,
};

/// How it is given.
#[derive(Debug, Deserialize, IntoParams)]
pub struct LookQuery {
    /// `1`: as a picture that was made anew, to look at; 415 `no_picture` when it is none.
    preview: Option<String>,
}

/// A file that you uploaded, to be kept, whatever it is; or a picture of it. Others' are missing.
#[utoipa::path(get, path = "/api/v1/communications/uploads/{id}", tag = "communications",
    params(("id" = Uuid, Path), LookQuery),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 404, body = ErrorBody),
        (status = 415, body = ErrorBody)))]
pub(crate) async fn get(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<UploadId>,
    Params(query): Params<LookQuery>,
) -> Result<Response, ApiError> {
    let found = file::get(&service, &actor, id).await?;
    if query.preview.as_deref() == Some("1") {
        messages::previewed(found.bytes, false).await
    } else {
        Ok(messages::kept(&found.name, found.bytes))
    }
}

/// Throws a file away that you uploaded. One that goes with a message, or went with it, is 409 `file_is_used`.
#[utoipa::path(delete, path = "/api/v1/communications/uploads/{id}", tag = "communications", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn remove(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<UploadId>,
) -> Result<StatusCode, ApiError> {
    file::remove(&service, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
