//! `/api/v1/lift-tests`: experiments that showed what a channel brings.

use axum::{Json, extract::State};
use http::StatusCode;
use model::{
    fact::LiftTest,
    id::{ChannelId, LiftTestId},
};
use serde::{Deserialize, Serialize};
use service::{Service, lift_test};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    error::{ApiError, ErrorBody},
    input::{Body, Id},
};
use crate::cookie::SignedIn;

/// An experiment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LiftTestNew {
    /// The channel whose spend was changed.
    channel_id: Uuid,
    /// Its first day, as 2026-11-03.
    first_day: String,
    last_day: String,
    /// Revenue brought by a unit of spend, as a text: "1.8".
    roas: String,
    /// How far that may be off: one standard error, above zero.
    standard_error: String,
}

/// An experiment that is kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct LiftTestBody {
    id: Uuid,
    channel_id: Uuid,
    first_day: String,
    last_day: String,
    roas: String,
    standard_error: String,
}

impl From<LiftTest> for LiftTestBody {
    fn from(test: LiftTest) -> Self {
        Self {
            id: test.id.0,
            channel_id: test.channel_id.0,
            first_day: test.first_day.to_string(),
            last_day: test.last_day.to_string(),
            roas: test.roas.to_string(),
            standard_error: test.standard_error.to_string(),
        }
    }
}

/// The experiments.
#[derive(Debug, Serialize, ToSchema)]
pub struct LiftTestPage {
    /// In the order in which they were entered.
    items: Vec<LiftTestBody>,
    /// Always null: all are there.
    next_cursor: Option<String>,
}

/// The experiment that was kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct LiftTestKept {
    id: Uuid,
}

/// The experiments of the channels in sight.
#[utoipa::path(get, path = "/api/v1/lift-tests", tag = "brain", responses((status = 200, body = LiftTestPage)))]
pub(super) async fn list(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
) -> Result<Json<LiftTestPage>, ApiError> {
    let items = lift_test::list(&service, &actor).await?.into_iter().map(Into::into).collect();
    Ok(Json(LiftTestPage { items, next_cursor: None }))
}

/// Keeps an experiment; the fit of the channel's response is pulled towards it.
#[utoipa::path(post, path = "/api/v1/lift-tests", tag = "brain", request_body = LiftTestNew,
    responses((status = 201, body = LiftTestKept), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub(super) async fn add(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Body(body): Body<LiftTestNew>,
) -> Result<(StatusCode, Json<LiftTestKept>), ApiError> {
    let (days, numbers) = ([&*body.first_day, &*body.last_day], [&*body.roas, &*body.standard_error]);
    let new = lift_test::New::parse(ChannelId(body.channel_id), days, numbers)?;
    let id = lift_test::add(&service, &actor, &new).await?;
    Ok((StatusCode::CREATED, Json(LiftTestKept { id: id.0 })))
}

/// Throws an experiment away.
#[utoipa::path(delete, path = "/api/v1/lift-tests/{id}", tag = "brain", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(super) async fn remove(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Id(id): Id<LiftTestId>,
) -> Result<StatusCode, ApiError> {
    lift_test::remove(&service, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
