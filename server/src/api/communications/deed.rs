//! What is done to a conversation: whose it is, its labels, notes, who sees it, and how it is joined and parted.

use axum::{Json, extract::State};
use http::StatusCode;
use model::{
    id::{ClientId, ConversationChangeId, ConversationId, MemberId, MessageId},
    input::Invalid,
};
use serde::{Deserialize, Serialize};
use service::{
    Service,
    conversation::{self, Learn, merge},
};
use utoipa::ToSchema;
use uuid::Uuid;

use super::body::{ConversationBody, ConversationNoteBody};
use crate::{
    api::{
        error::{ApiError, ErrorBody},
        input::{Body, Id, Ids},
    },
    cookie::SignedIn,
};

/// Whose a conversation is.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ConversationClientBody {
    /// The client; null: it is nobody's, and leaves triage.
    client_id: Option<Uuid>,
    /// address or domain: whatever comes from there is this client's from now on, and what waits from there, too. Nothing is learned
    /// when absent.
    learn: Option<String>,
    /// Of whom it is learned: an address that wrote in it; the one that wrote last when absent.
    writer: Option<String>,
}

/// Puts a conversation to a client, and may teach it for the next time.
#[utoipa::path(put, path = "/api/v1/communications/conversations/{id}/client", tag = "communications",
    params(("id" = Uuid, Path)), request_body = ConversationClientBody,
    responses((status = 200, body = ConversationBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub(crate) async fn set_client(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ConversationId>,
    Body(body): Body<ConversationClientBody>,
) -> Result<Json<ConversationBody>, ApiError> {
    let learn = match body.learn.as_deref() {
        None => Learn::Nothing,
        Some("address") => Learn::Address,
        Some("domain") => Learn::Domain,
        Some(_) => return Err(Invalid::new("learn", "learn is address or domain").into()),
    };
    let (client, writer) = (body.client_id.map(ClientId), body.writer.as_deref());
    Ok(Json(conversation::set_client(&service, &actor, id, client, learn, writer).await?.into()))
}

/// The names of labels.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelsBody {
    /// At most 20 of at most 50 characters; those that are not there are made.
    labels: Vec<String>,
}

/// Marks a conversation with these labels and no others.
#[utoipa::path(put, path = "/api/v1/communications/conversations/{id}/labels", tag = "communications",
    params(("id" = Uuid, Path)), request_body = LabelsBody,
    responses((status = 200, body = ConversationBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub(crate) async fn set_labels(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ConversationId>,
    Body(body): Body<LabelsBody>,
) -> Result<Json<ConversationBody>, ApiError> {
    Ok(Json(conversation::set_labels(&service, &actor, id, &body.labels).await?.into()))
}

/// Who sees a private conversation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedBody {
    /// Members who see its client; you are always among them. Empty: it is private no more.
    members: Vec<Uuid>,
}

/// Makes a conversation private to those named, or open again to all who see its client.
#[utoipa::path(put, path = "/api/v1/communications/conversations/{id}/private", tag = "communications",
    params(("id" = Uuid, Path)), request_body = NamedBody,
    responses((status = 200, body = ConversationBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub(crate) async fn set_private(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ConversationId>,
    Body(body): Body<NamedBody>,
) -> Result<Json<ConversationBody>, ApiError> {
    let members: Vec<_> = body.members.into_iter().map(MemberId).collect();
    Ok(Json(conversation::set_private(&service, &actor, id, &members).await?.into()))
}

/// A note to be written.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewNoteBody {
    /// 1–20,000 characters. `@` and a name calls whoever is called so and sees the conversation.
    text: String,
}

/// Says something to the other members. Nothing of it leaves the agency.
#[utoipa::path(post, path = "/api/v1/communications/conversations/{id}/notes", tag = "communications",
    params(("id" = Uuid, Path)), request_body = NewNoteBody,
    responses((status = 201, body = ConversationNoteBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub(crate) async fn note(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ConversationId>,
    Body(body): Body<NewNoteBody>,
) -> Result<(StatusCode, Json<ConversationNoteBody>), ApiError> {
    Ok((StatusCode::CREATED, Json(conversation::note(&service, &actor, id, &body.text).await?.into())))
}

/// Where messages are to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeBody {
    /// A conversation of the same client.
    into: Uuid,
}

/// A change by which it can be undone.
#[derive(Debug, Serialize, ToSchema)]
pub struct MergedBody {
    change_id: Uuid,
    /// Where the messages are now.
    conversation_id: Uuid,
}

/// Puts the messages of a conversation into another one of the same client.
#[utoipa::path(post, path = "/api/v1/communications/conversations/{id}/merge", tag = "communications",
    params(("id" = Uuid, Path)), request_body = MergeBody,
    responses((status = 200, body = MergedBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub(crate) async fn join(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ConversationId>,
    Body(body): Body<MergeBody>,
) -> Result<Json<MergedBody>, ApiError> {
    let change = merge::merge(&service, &actor, id, body.into.into()).await?;
    Ok(Json(MergedBody { change_id: change.0, conversation_id: body.into }))
}

/// What is to be a conversation of its own.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitBody {
    /// Some of the conversation's messages, not all of them.
    messages: Vec<Uuid>,
}

/// Puts some messages into a conversation of their own. The change stands at the one that they were in.
#[utoipa::path(post, path = "/api/v1/communications/conversations/{id}/split", tag = "communications",
    params(("id" = Uuid, Path)), request_body = SplitBody,
    responses((status = 201, body = MergedBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub(crate) async fn part(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ConversationId>,
    Body(body): Body<SplitBody>,
) -> Result<(StatusCode, Json<MergedBody>), ApiError> {
    let messages: Vec<_> = body.messages.into_iter().map(MessageId).collect();
    let (new, change) = merge::split(&service, &actor, id, &messages).await?;
    Ok((StatusCode::CREATED, Json(MergedBody { change_id: change.0, conversation_id: new.id.0 })))
}

/// Undoes joining or parting; `id` is the conversation at which the change stands.
#[utoipa::path(post, path = "/api/v1/communications/conversations/{id}/changes/{change_id}/undo", tag = "communications",
    params(("id" = Uuid, Path), ("change_id" = Uuid, Path)),
    responses((status = 200, body = ConversationBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn undo(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Ids(id, change): Ids<ConversationId, ConversationChangeId>,
) -> Result<Json<ConversationBody>, ApiError> {
    Ok(Json(merge::undo(&service, &actor, id, change).await?.into()))
}
