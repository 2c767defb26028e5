//! `/api/v1/views`: questions about figures, and choices of conversations, that a member keeps under a name, for itself alone.

use axum::{Json, extract::State};
use http::StatusCode;
use model::{
    id::SavedViewId,
    input::Invalid,
    saved_view::{Page, SavedView},
};
use serde::{Deserialize, Serialize};
use service::{Service, saved_view};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    error::{ApiError, ErrorBody},
    input::{Body, Id, Params},
};
use crate::cookie::SignedIn;

/// A question under a name.
#[derive(Debug, Serialize, ToSchema)]
pub struct ViewBody {
    id: Uuid,
    /// analytics or inbox: of which page it is.
    page: &'static str,
    name: String,
    /// What stands in the page's address; of analytics the parameters of `GET /api/v1/analytics`, too.
    query: String,
    /// When it was last changed.
    updated_at: String,
}

impl From<SavedView> for ViewBody {
    fn from(view: SavedView) -> Self {
        Self {
            id: view.id.0,
            page: view.page.key(),
            name: view.name,
            query: view.query,
            updated_at: view.changed_at.at,
        }
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

/// Which views are listed.
#[derive(Debug, Deserialize, IntoParams)]
pub struct ViewQuery {
    /// analytics or inbox; analytics when absent.
    page: Option<String>,
}

fn page(text: Option<&str>) -> Result<Page, Invalid> {
    let parse = |text| Page::parse(text).ok_or_else(|| Invalid::new("page", "page is analytics or inbox"));
    text.map_or(Ok(Page::default()), parse)
}

/// A view to keep.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewViewBody {
    /// analytics or inbox; analytics when absent.
    page: Option<String>,
    /// 1–100 characters, as no other of one's views of the page.
    name: String,
    /// The parameters of `GET /api/v1/analytics`, as `range=last_90&compare=last_year`; of the inbox what stands in its address, as
    /// `show=mine&source=gmail`.
    query: String,
}

/// What changes of a view; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewChangeBody {
    name: Option<String>,
    query: Option<String>,
}

/// One's own views of a page.
#[utoipa::path(get, path = "/api/v1/views", tag = "dashboard", params(ViewQuery),
    responses((status = 200, body = ViewPage), (status = 422, body = ErrorBody)))]
pub(super) async fn list(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Params(query): Params<ViewQuery>,
) -> Result<Json<ViewPage>, ApiError> {
    let page = page(query.page.as_deref())?;
    let items = saved_view::list(&service, &actor, page).await?.into_iter().map(Into::into).collect();
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
    let page = page(body.page.as_deref())?;
    let saved = saved_view::save(&service, &actor, page, &body.name, &body.query).await?;
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
