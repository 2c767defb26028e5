//! What is used in writing: files, the agency's templates, and one's own signature.

use axum::{Json, body::Bytes, extract::State, response::Response};
use http::StatusCode;
use model::{
    id::{TemplateId, UploadId},
    outgoing::LARGEST_FILES,
};
use serde::{Deserialize, Serialize};
use service::{
    Error, Service,
    outgoing::draft::{self, Template},
};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    api::{
        error::{ApiError, ErrorBody},
        input::{Body, Id, Params},
    },
    cookie::SignedIn,
    messages,
};

/// The largest body of an upload: what is just above the largest file is told so by its own words.
pub const LARGEST: usize = LARGEST_FILES + (1 << 20);

/// What is uploaded.
#[derive(Debug, Deserialize, IntoParams)]
pub struct FileQuery {
    /// What people call the file.
    name: Option<String>,
    /// Its kind, as application/pdf.
    content_type: Option<String>,
}

/// A file that was kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadedBody {
    id: Uuid,
    /// In bytes.
    size: usize,
}

/// Uploads a file that is to go with a message, as the body itself; at most 25 MiB.
#[utoipa::path(post, path = "/api/v1/communications/uploads", tag = "communications", params(FileQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = UploadedBody), (status = 413, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(crate) async fn upload(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Params(query): Params<FileQuery>,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<(StatusCode, Json<UploadedBody>), ApiError> {
    let bytes = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let words = format!("a file has at most {} MiB; this one was not kept", LARGEST_FILES >> 20);
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", words)
        }
        _ => ApiError::new(StatusCode::BAD_REQUEST, "malformed", "the body could not be read to its end"),
    })?;
    let (name, kind) = (query.name.unwrap_or_default(), query.content_type.unwrap_or_default());
    let size = bytes.len();
    let UploadId(id) = draft::upload(&service, &actor, &name, &kind, bytes.into()).await?;
    Ok((StatusCode::CREATED, Json(UploadedBody { id, size })))
}

/// How an upload is wanted.
#[derive(Debug, Deserialize, IntoParams)]
pub struct PreviewQuery {
    /// `1`: as a picture to look at, made anew from the file.
    preview: Option<String>,
}

/// A file that you uploaded, as it is; or as a picture, where it is one (415 otherwise). Others' are missing.
#[utoipa::path(get, path = "/api/v1/communications/uploads/{id}", tag = "communications", params(("id" = Uuid, Path), PreviewQuery),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 404, body = ErrorBody),
        (status = 415, body = ErrorBody)))]
pub(crate) async fn uploaded(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<UploadId>,
    Params(query): Params<PreviewQuery>,
) -> Result<Response, ApiError> {
    let kept = draft::get_upload(&service, &actor, id).await?;
    if query.preview.as_deref() == Some("1") {
        messages::preview_of(kept.bytes, false).await
    } else {
        Ok(messages::file(&kept.name, kept.bytes))
    }
}

/// Throws a file away that you uploaded. One that goes with a message, or went with it, is 409 `file_is_used`.
#[utoipa::path(delete, path = "/api/v1/communications/uploads/{id}", tag = "communications", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn remove_upload(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<UploadId>,
) -> Result<StatusCode, ApiError> {
    draft::remove_upload(&service, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A text that is written often.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateBody {
    id: Uuid,
    name: String,
    /// With its `{{variables}}`.
    text: String,
}

impl From<Template> for TemplateBody {
    fn from(Template { id, name, text }: Template) -> Self {
        Self { id: id.0, name, text }
    }
}

/// The agency's templates.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplatePage {
    /// By name.
    items: Vec<TemplateBody>,
    /// Always null: the list is whole.
    next_cursor: Option<String>,
}

/// The agency's templates.
#[utoipa::path(get, path = "/api/v1/communications/templates", tag = "communications",
    responses((status = 200, body = TemplatePage)))]
pub(crate) async fn templates(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
) -> Result<Json<TemplatePage>, ApiError> {
    let items = draft::templates(&service, &actor).await?.into_iter().map(Into::into).collect();
    Ok(Json(TemplatePage { items, next_cursor: None }))
}

/// A template to be kept.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewTemplateBody {
    /// 1–100 characters, as no other template's.
    name: String,
    /// 1–20,000 characters. What stands as `{{name}}` in it is filled in before it is sent.
    text: String,
}

/// Adds a template.
#[utoipa::path(post, path = "/api/v1/communications/templates", tag = "communications", request_body = NewTemplateBody,
    responses((status = 201, body = TemplateBody), (status = 422, body = ErrorBody)))]
pub(crate) async fn add_template(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Body(body): Body<NewTemplateBody>,
) -> Result<(StatusCode, Json<TemplateBody>), ApiError> {
    let kept = draft::set_template(&service, &actor, None, &body.name, &body.text).await?;
    Ok((StatusCode::CREATED, Json(kept.into())))
}

/// Changes a template.
#[utoipa::path(put, path = "/api/v1/communications/templates/{id}", tag = "communications", params(("id" = Uuid, Path)),
    request_body = NewTemplateBody,
    responses((status = 200, body = TemplateBody), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(crate) async fn set_template(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<TemplateId>,
    Body(body): Body<NewTemplateBody>,
) -> Result<Json<TemplateBody>, ApiError> {
    if !draft::templates(&service, &actor).await?.iter().any(|template| template.id == id) {
        return Err(Error::Missing.into());
    }
    Ok(Json(draft::set_template(&service, &actor, Some(id), &body.name, &body.text).await?.into()))
}

/// Throws a template away.
#[utoipa::path(delete, path = "/api/v1/communications/templates/{id}", tag = "communications", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(crate) async fn remove_template(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<TemplateId>,
) -> Result<StatusCode, ApiError> {
    draft::remove_template(&service, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What stands below your messages.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SignatureBody {
    /// At most 5000 characters.
    text: String,
}

/// What stands below your messages.
#[utoipa::path(get, path = "/api/v1/communications/signature", tag = "communications",
    responses((status = 200, body = SignatureBody)))]
pub(crate) async fn signature(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
) -> Result<Json<SignatureBody>, ApiError> {
    Ok(Json(SignatureBody { text: draft::signature(&service, &actor).await? }))
}

/// Keeps what stands below your messages.
#[utoipa::path(put, path = "/api/v1/communications/signature", tag = "communications", request_body = SignatureBody,
    responses((status = 200, body = SignatureBody), (status = 422, body = ErrorBody)))]
pub(crate) async fn set_signature(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Body(body): Body<SignatureBody>,
) -> Result<Json<SignatureBody>, ApiError> {
    draft::set_signature(&service, &actor, &body.text).await?;
    Ok(Json(SignatureBody { text: draft::signature(&service, &actor).await? }))
}
