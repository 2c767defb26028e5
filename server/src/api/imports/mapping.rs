//! `/api/v1/imports/mappings`: ways to read files, saved under a name.

use axum::{Json, extract::State};
use http::StatusCode;
use model::{
    id::ImportMappingId,
    import::{Mapping, SavedMapping},
};
use serde::{Deserialize, Serialize};
use service::{Service, import};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    api::{
        error::{ApiError, ErrorBody},
        input::{Body, Id},
        rfc3339,
    },
    cookie::SignedIn,
};

/// A mapping under a name.
#[derive(Debug, Serialize, ToSchema)]
pub struct SavedMappingBody {
    id: Uuid,
    name: String,
    #[schema(value_type = Object)]
    mapping: Mapping,
    updated_at: String,
}

impl From<SavedMapping> for SavedMappingBody {
    fn from(saved: SavedMapping) -> Self {
        let updated_at = rfc3339(saved.updated_at);
        Self { id: saved.id.0, name: saved.name, mapping: saved.mapping, updated_at }
    }
}

/// The saved mappings.
#[derive(Debug, Serialize, ToSchema)]
pub struct SavedMappingPage {
    /// By name.
    items: Vec<SavedMappingBody>,
    /// Always null: the list is whole.
    next_cursor: Option<String>,
}

/// The saved mappings.
#[utoipa::path(get, path = "/api/v1/imports/mappings", tag = "imports", responses((status = 200, body = SavedMappingPage)))]
pub(in crate::api) async fn mappings(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
) -> Result<Json<SavedMappingPage>, ApiError> {
    let items = import::mappings(&service, &actor).await?.into_iter().map(Into::into).collect();
    Ok(Json(SavedMappingPage { items, next_cursor: None }))
}

/// A mapping to save.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMappingBody {
    /// What had the name before is replaced.
    name: String,
    /// As in `PUT /api/v1/imports/{id}/mapping`.
    #[schema(value_type = Object)]
    mapping: Mapping,
}

/// Saves a mapping for the next file of the same make.
#[utoipa::path(post, path = "/api/v1/imports/mappings", tag = "imports", request_body = NewMappingBody,
    responses((status = 201, body = SavedMappingBody)))]
pub(in crate::api) async fn save_mapping(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Body(body): Body<NewMappingBody>,
) -> Result<(StatusCode, Json<SavedMappingBody>), ApiError> {
    let saved = import::save_mapping(&service, &actor, &body.name, &body.mapping).await?;
    Ok((StatusCode::CREATED, Json(saved.into())))
}

/// Throws a saved mapping away; what was imported with it stays.
#[utoipa::path(delete, path = "/api/v1/imports/mappings/{id}", tag = "imports", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(in crate::api) async fn remove_mapping(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<ImportMappingId>,
) -> Result<StatusCode, ApiError> {
    import::remove_mapping(&service, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
