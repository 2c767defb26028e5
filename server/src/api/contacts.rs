//! `/api/v1/clients/{id}/contacts`.

use axum::{Json, extract::State};
use http::StatusCode;
use model::{
    contact::{Contact, Fields},
    id::{ClientId, ContactId},
};
use serde::{Deserialize, Serialize};
use service::{Service, contact};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    error::{ApiError, ErrorBody},
    input::{Body, Id, Ids},
};
use crate::cookie::SignedIn;

/// A person at a client.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactBody {
    id: Uuid,
    client_id: Uuid,
    name: String,
    emails: Vec<String>,
    phones: Vec<String>,
    handles: Vec<String>,
}

impl From<Contact> for ContactBody {
    fn from(contact: Contact) -> Self {
        let Fields { name, emails, phones, handles } = contact.fields;
        Self { id: contact.id.0, client_id: contact.client_id.0, name, emails, phones, handles }
    }
}

/// The contacts of a client.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContactPage {
    /// By name.
    items: Vec<ContactBody>,
    /// Always null: the list is whole.
    next_cursor: Option<String>,
}

/// Who a contact is and how they write.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ContactFieldsBody {
    name: String,
    #[serde(default)]
    emails: Vec<String>,
    #[serde(default)]
    phones: Vec<String>,
    #[serde(default)]
    handles: Vec<String>,
}

impl From<ContactFieldsBody> for Fields {
    fn from(body: ContactFieldsBody) -> Self {
        Self { name: body.name, emails: body.emails, phones: body.phones, handles: body.handles }
    }
}

/// The contacts of a client.
#[utoipa::path(get, path = "/api/v1/clients/{id}/contacts", tag = "clients", params(("id" = Uuid, Path)),
    responses((status = 200, body = ContactPage), (status = 404, body = ErrorBody)))]
pub(super) async fn list(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ClientId>,
) -> Result<Json<ContactPage>, ApiError> {
    let items = contact::list(&service, &actor, id).await?.into_iter().map(Into::into).collect();
    Ok(Json(ContactPage { items, next_cursor: None }))
}

/// Adds a contact. Each address belongs to one contact of the agency.
#[utoipa::path(post, path = "/api/v1/clients/{id}/contacts", tag = "clients", params(("id" = Uuid, Path)),
    request_body = ContactFieldsBody,
    responses((status = 201, body = ContactBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn create(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ClientId>,
    Body(body): Body<ContactFieldsBody>,
) -> Result<(StatusCode, Json<ContactBody>), ApiError> {
    Ok((StatusCode::CREATED, Json(contact::create(&service, &actor, id, body.into()).await?.into())))
}

/// Writes a contact anew.
#[utoipa::path(put, path = "/api/v1/clients/{id}/contacts/{contact_id}", tag = "clients",
    params(("id" = Uuid, Path), ("contact_id" = Uuid, Path)), request_body = ContactFieldsBody,
    responses((status = 200, body = ContactBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn update(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Ids(id, contact_id): Ids<ClientId, ContactId>,
    Body(body): Body<ContactFieldsBody>,
) -> Result<Json<ContactBody>, ApiError> {
    Ok(Json(contact::update(&service, &actor, id, contact_id, body.into()).await?.into()))
}

/// Removes a contact.
#[utoipa::path(delete, path = "/api/v1/clients/{id}/contacts/{contact_id}", tag = "clients",
    params(("id" = Uuid, Path), ("contact_id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn remove(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Ids(id, contact_id): Ids<ClientId, ContactId>,
) -> Result<StatusCode, ApiError> {
    contact::remove(&service, &actor, id, contact_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
