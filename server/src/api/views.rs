//! `/api/v1/views`: questions about figures that a member keeps under a name, for itself alone.

use axum::{Json, extract::State};
use http::StatusCode;
use model::{id::SavedViewId, saved_view::SavedView};
use serde::{Deserialize, Serialize};
use service::{Service, saved_view};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    error::{ApiError, ErrorBody},
    input::{Body, Id},
};
use crate::cookie::SignedIn;

/// A question under a name.
#[derive(Debug, Serialize, ToSchema)]
pub struct ViewBody {
    id: Uuid,
    name: String,
    /// The parameters of `GET /api/v1/analytics`, and of the page's address.
    query: String,
    /// When it was last changed.
    updated_at: String,
}

impl From<SavedView> for ViewBody {
    fn from(view: SavedView) -> Self {
        Self { id: view.id.0, name: view.name, query: view.query, updated_at: view.changed_at.at }
    }
}

/// One's own views.
#[derive(Debug, Serialize, ToSchema)]
pub struct ViewPage {
    /// By name.
    items: Vec<ViewBody>,
    /// Always null: the list is whole.
    next_cursor: Option<String>,
}

/// A view to keep.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewViewBody {
    /// 1–100 characters, as no other of one's views.
    name: String,
    /// The parameters of `GET /api/v1/analytics`, as `range=last_90&compare=last_year`.
    query: String,
}

/// What changes of a view; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewChangeBody {
    name: Option<String>,
    query: Option<String>,
}

/// One's own views.
#[utoipa::path(get, path = "/api/v1/views", tag = "dashboard", responses((status = 200, body = ViewPage)))]
pub(super) async fn list(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
) -> Result<Json<ViewPage>, ApiError> {
    let items = saved_view::list(&service, &actor).await?.into_iter().map(Into::into).collect();
    Ok(Json(ViewPage { items, next_cursor: None }))
}

/// Keeps a question under a name.
#[utoipa::path(post, path = "/api/v1/views", tag = "dashboard", request_body = NewViewBody,
    responses((status = 201, body = ViewBody), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(super) async fn save(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Body(body): Body<NewViewBody>,
) -> Result<(StatusCode, Json<ViewBody>), ApiError> {
    let saved = saved_view::save(&service, &actor, &body.name, &body.query).await?;
    Ok((StatusCode::CREATED, Json(saved.into())))
}

/// One of one's own views.
#[utoipa::path(get, path = "/api/v1/views/{id}", tag = "dashboard", params(("id" = Uuid, Path)),
    responses((status = 200, body = ViewBody), (status = 404, body = ErrorBody)))]
pub(super) async fn get(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<SavedViewId>,
) -> Result<Json<ViewBody>, ApiError> {
    Ok(Json(saved_view::get(&service, &actor, id).await?.into()))
}

/// Gives a view another name, another question, or both.
#[utoipa::path(patch, path = "/api/v1/views/{id}", tag = "dashboard", params(("id" = Uuid, Path)), request_body = ViewChangeBody,
    responses((status = 200, body = ViewBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub(super) async fn change(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<SavedViewId>,
    Body(body): Body<ViewChangeBody>,
) -> Result<Json<ViewBody>, ApiError> {
    let changed = saved_view::change(&service, &actor, id, body.name.as_deref(), body.query.as_deref()).await?;
    Ok(Json(changed.into()))
}

/// Throws a view away.
#[utoipa::path(delete, path = "/api/v1/views/{id}", tag = "dashboard", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(super) async fn remove(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<SavedViewId>,
) -> Result<StatusCode, ApiError> {
    saved_view::remove(&service, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
