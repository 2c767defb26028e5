//! What is written to others: begun, sent, taken back, sent again.

use axum::{Json, extract::State};
use http::StatusCode;
use model::{
    id::{ConversationId, OutgoingId, UploadId},
    outgoing::Draft,
};
use serde::{Deserialize, Serialize};
use service::{Service, outgoing};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    body::{DraftBody, OutgoingBody},
    moment,
};
use crate::{
    api::{
        error::{ApiError, ErrorBody},
        input::{Body, Id},
    },
    cookie::SignedIn,
};

/// An answer to be sent.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ReplyBody {
    /// Your own for this message, a UUID: sent with the same again, it is the same message and goes once. One is made when absent.
    id: Option<Uuid>,
    /// Addresses, at most 100 with the copies; who wrote last when absent.
    to: Option<Vec<String>>,
    cc: Option<Vec<String>>,
    bcc: Option<Vec<String>>,
    /// "Re: " and the conversation's when absent.
    subject: Option<String>,
    text: String,
    /// Files that were uploaded.
    uploads: Option<Vec<Uuid>>,
    /// When it goes, as 2026-11-03T12:00:00Z; in ten seconds when absent, until which it can be taken back.
    send_at: Option<String>,
}

/// Answers a conversation. A closed one is 409 `conversation_closed`, a mailbox that cannot send 409 `mailbox_cannot_send`.
#[utoipa::path(post, path = "/api/v1/communications/conversations/{id}/reply", tag = "communications",
    params(("id" = Uuid, Path)), request_body = ReplyBody,
    responses((status = 202, body = OutgoingBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub(crate) async fn reply(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(conversation): Id<ConversationId>,
    Body(body): Body<ReplyBody>,
) -> Result<(StatusCode, Json<OutgoingBody>), ApiError> {
    let send_at = moment("send_at", body.send_at.as_deref())?;
    let id = body.id.map_or_else(|| store::id::new(service.clock.now()), OutgoingId);
    let typed = Draft {
        to: body.to.unwrap_or_default(),
        cc: body.cc.unwrap_or_default(),
        bcc: body.bcc.unwrap_or_default(),
        subject: body.subject.unwrap_or_default(),
        text: body.text,
        uploads: uploads(body.uploads),
    };
    let kept = outgoing::reply(&service, &actor, conversation, id, &typed, send_at).await?;
    Ok((StatusCode::ACCEPTED, Json(kept.into())))
}

fn uploads(ids: Option<Vec<Uuid>>) -> Vec<UploadId> {
    ids.unwrap_or_default().into_iter().map(UploadId).collect()
}

/// Takes a message back that did not go yet; what was written is your draft again. One that went is 409 `already_sent`.
#[utoipa::path(post, path = "/api/v1/communications/outgoing/{id}/undo", tag = "communications", params(("id" = Uuid, Path)),
    responses((status = 200, body = DraftBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn undo(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<OutgoingId>,
) -> Result<Json<DraftBody>, ApiError> {
    let (draft, revision) = outgoing::undo(&service, &actor, id).await?;
    Ok(Json(DraftBody::new(draft, revision)))
}

/// Has a message sent again that failed, or of which nobody knows whether it went. One that stands otherwise is missing.
#[utoipa::path(post, path = "/api/v1/communications/outgoing/{id}/again", tag = "communications", params(("id" = Uuid, Path)),
    responses((status = 202, body = OutgoingBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn again(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<OutgoingId>,
) -> Result<(StatusCode, Json<OutgoingBody>), ApiError> {
    Ok((StatusCode::ACCEPTED, Json(outgoing::again(&service, &actor, id).await?.into())))
}

/// Says of a message of which nobody knew it that it went. One that stands otherwise is missing.
#[utoipa::path(post, path = "/api/v1/communications/outgoing/{id}/confirm", tag = "communications", params(("id" = Uuid, Path)),
    responses((status = 200, body = OutgoingBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn confirm(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<OutgoingId>,
) -> Result<Json<OutgoingBody>, ApiError> {
    Ok(Json(outgoing::confirm(&service, &actor, id).await?.into()))
}

/// What you are writing in a conversation.
#[utoipa::path(get, path = "/api/v1/communications/conversations/{id}/draft", tag = "communications",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = DraftBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn draft(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(conversation): Id<ConversationId>,
) -> Result<Json<DraftBody>, ApiError> {
    let (draft, revision) = outgoing::draft::get(&service, &actor, conversation).await?;
    Ok(Json(DraftBody::new(draft, revision)))
}

/// What you are writing, to be kept.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewDraftBody {
    to: Option<Vec<String>>,
    cc: Option<Vec<String>>,
    bcc: Option<Vec<String>>,
    subject: Option<String>,
    text: String,
    uploads: Option<Vec<Uuid>>,
    /// The `revision` that you went on from; 0 when you began.
    revision: i64,
}

/// How often a draft was saved.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevisionBody {
    revision: i64,
}

/// Keeps what you are writing. Where another device saved something newer, the answer is 409 `draft_is_newer`, and nothing is written
/// over.
#[utoipa::path(put, path = "/api/v1/communications/conversations/{id}/draft", tag = "communications",
    params(("id" = Uuid, Path)), request_body = NewDraftBody,
    responses((status = 200, body = RevisionBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub(crate) async fn set_draft(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(conversation): Id<ConversationId>,
    Body(body): Body<NewDraftBody>,
) -> Result<Json<RevisionBody>, ApiError> {
    let typed = Draft {
        to: body.to.unwrap_or_default(),
        cc: body.cc.unwrap_or_default(),
        bcc: body.bcc.unwrap_or_default(),
        subject: body.subject.unwrap_or_default(),
        text: body.text,
        uploads: uploads(body.uploads),
    };
    let revision = outgoing::draft::set(&service, &actor, conversation, &typed, body.revision).await?;
    Ok(Json(RevisionBody { revision }))
}

/// Throws away what you were writing.
#[utoipa::path(delete, path = "/api/v1/communications/conversations/{id}/draft", tag = "communications",
    params(("id" = Uuid, Path)), responses((status = 204), (status = 404, body = ErrorBody)))]
pub(crate) async fn remove_draft(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(conversation): Id<ConversationId>,
) -> Result<StatusCode, ApiError> {
    outgoing::draft::remove(&service, &actor, conversation).await?;
    Ok(StatusCode::NO_CONTENT)
}
