//! `/api/v1/clients`.

use axum::{
    Json,
    extract::{Query, State},
};
use http::StatusCode;
use model::{
    client::{Client, NewClient},
    id::ClientId,
    page,
};
use serde::{Deserialize, Serialize};
use service::Service;
use utoipa::{IntoParams, ToSchema};

use super::{
    error::{ApiError, ErrorBody},
    input::{Body, Id},
};
use crate::cookie::SignedIn;

/// A client of the agency.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientBody {
    /// Its id.
    id: uuid::Uuid,
    /// Its name, exactly as typed.
    name: String,
    /// When it was created, RFC 3339.
    created_at: String,
}

impl From<Client> for ClientBody {
    fn from(client: Client) -> Self {
        Self { id: client.id.0, name: client.name, created_at: super::rfc3339(client.created_at) }
    }
}

/// One page of clients.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientPage {
    /// Newest first.
    items: Vec<ClientBody>,
    /// Pass as `cursor` for what follows; null on the last page.
    next_cursor: Option<String>,
}

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
pub struct ListQuery {
    /// 1–100, 25 when absent.
    limit: Option<String>,
    /// The `next_cursor` of an earlier page.
    cursor: Option<String>,
}

/// The clients in one's sight, newest first.
#[utoipa::path(get, path = "/api/v1/clients", tag = "clients", params(ListQuery), responses(
    (status = 200, body = ClientPage), (status = 401, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(super) async fn list(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Query(query): Query<ListQuery>,
) -> Result<Json<ClientPage>, ApiError> {
    let limit = page::parse_limit(query.limit.as_deref())?;
    let page = service::client::list(&service, &actor, limit, query.cursor.as_deref()).await?;
    Ok(Json(ClientPage { items: page.items.into_iter().map(Into::into).collect(), next_cursor: page.next_cursor }))
}

/// A client to be added.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewClientBody {
    /// One line of 1–200 characters.
    name: String,
}

/// Adds a client.
#[utoipa::path(post, path = "/api/v1/clients", tag = "clients", request_body = NewClientBody, responses(
    (status = 201, body = ClientBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
    (status = 403, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody),
    (status = 422, body = ErrorBody)))]
pub(super) async fn create(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Body(body): Body<NewClientBody>,
) -> Result<(StatusCode, Json<ClientBody>), ApiError> {
    let client = service::client::create(&service, &actor, &NewClient::parse(&body.name)?).await?;
    Ok((StatusCode::CREATED, Json(client.into())))
}

/// One client.
#[utoipa::path(get, path = "/api/v1/clients/{id}", tag = "clients", params(("id" = uuid::Uuid, Path)), responses(
    (status = 200, body = ClientBody), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
    (status = 404, body = ErrorBody)))]
pub(super) async fn get(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ClientId>,
) -> Result<Json<ClientBody>, ApiError> {
    Ok(Json(service::client::get(&service, &actor, id).await?.into()))
}
