//! `/api/v1/imports/sources`.

use axum::{Json, extract::State};
use http::StatusCode;
use model::{id::ClientId, import::Source};
use serde::{Deserialize, Serialize};
use service::{Service, import};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        error::{ApiError, ErrorBody},
        input::Body,
        rfc3339,
    },
    cookie::SignedIn,
};

/// A source of imports: an account that no provider reports.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourceBody {
    id: Uuid,
    name: String,
    /// ads or shop.
    holds: &'static str,
    /// The key of the provider whose figures they are; null for any other.
    platform: Option<String>,
    /// ISO 4217.
    currency: String,
    /// The zone in which its days are counted.
    time_zone: String,
    /// The client that a person mapped it to.
    client_id: Option<Uuid>,
    created_at: String,
}

impl From<Source> for SourceBody {
    fn from(source: Source) -> Self {
        Self {
            id: source.channel.id.0,
            name: source.channel.account.name,
            holds: source.holds.key(),
            platform: source.platform,
            currency: source.channel.account.currency,
            time_zone: source.channel.account.time_zone,
            client_id: source.channel.client_id.map(|id| id.0),
            created_at: rfc3339(source.created_at),
        }
    }
}

/// The sources in sight.
#[derive(Debug, Serialize, ToSchema)]
pub struct SourcePage {
    /// By name.
    items: Vec<SourceBody>,
    /// Always null: the list is whole.
    next_cursor: Option<String>,
}

/// The sources of imports. A Manager sees those of its clients.
#[utoipa::path(get, path = "/api/v1/imports/sources", tag = "imports", responses((status = 200, body = SourcePage)))]
pub(in crate::api) async fn sources(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
) -> Result<Json<SourcePage>, ApiError> {
    let items = import::sources(&service, &actor).await?.into_iter().map(Into::into).collect();
    Ok(Json(SourcePage { items, next_cursor: None }))
}

/// A new source. What its figures mean is fixed then: another currency or zone is another source.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSourceBody {
    name: String,
    /// ads or shop.
    holds: String,
    /// The key of the provider whose figures they are; absent for any other.
    platform: Option<String>,
    /// ISO 4217.
    currency: String,
    /// IANA: Europe/Berlin.
    time_zone: String,
    /// Whose figures they are; `PUT /api/v1/integrations/accounts/{id}/client` changes it.
    client_id: Option<Uuid>,
}

/// Adds a source of imports.
#[utoipa::path(post, path = "/api/v1/imports/sources", tag = "imports", request_body = NewSourceBody,
    responses((status = 201, body = SourceBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(in crate::api) async fn add_source(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Body(body): Body<NewSourceBody>,
) -> Result<(StatusCode, Json<SourceBody>), ApiError> {
    let new = import::New {
        name: body.name,
        holds: body.holds,
        platform: body.platform.unwrap_or_default(),
        currency: body.currency,
        time_zone: body.time_zone,
        client_id: body.client_id.map(ClientId),
    };
    Ok((StatusCode::CREATED, Json(import::add_source(&service, &actor, &new).await?.into())))
}
