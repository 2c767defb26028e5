//! `/api/v1/organization`: the agency's settings.

use axum::{Json, extract::State};
use model::{
    id::StageId,
    organization::Organization,
    stage::{Stage, StageEdit},
};
use serde::{Deserialize, Serialize};
use service::{Service, organization};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    clients::StageBody,
    error::{ApiError, ErrorBody},
    input::Body,
};
use crate::cookie::SignedIn;

/// The agency's settings.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettingsBody {
    id: Uuid,
    name: String,
    /// An IANA name.
    time_zone: String,
    /// ISO 4217.
    currency: String,
    /// From this many days in a stage on a client is yellow.
    stage_yellow_days: i32,
    /// From this many days in a stage on a client is red.
    stage_red_days: i32,
    /// The board's columns from left to right.
    stages: Vec<StageBody>,
    /// Whether everything in this agency is simulated.
    simulated: bool,
}

impl From<(Organization, Vec<Stage>)> for SettingsBody {
    fn from((agency, stages): (Organization, Vec<Stage>)) -> Self {
        Self {
            id: agency.id.0,
            name: agency.name,
            time_zone: agency.time_zone,
            currency: agency.currency,
            stage_yellow_days: agency.thresholds.yellow_days,
            stage_red_days: agency.thresholds.red_days,
            stages: stages.into_iter().map(Into::into).collect(),
            simulated: agency.simulated,
        }
    }
}

/// A change of the settings; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SettingsChangeBody {
    name: Option<String>,
    time_zone: Option<String>,
    currency: Option<String>,
    stage_yellow_days: Option<i32>,
    stage_red_days: Option<i32>,
    /// The whole board, 3–20 columns; those with an id are kept or renamed, the others are new, what is missing goes.
    stages: Option<Vec<StageEditBody>>,
}

/// A column as the board is to have it.
#[derive(Debug, Deserialize, ToSchema)]
pub struct StageEditBody {
    id: Option<Uuid>,
    name: String,
}

/// The agency's settings.
#[utoipa::path(get, path = "/api/v1/organization", tag = "settings", responses((status = 200, body = SettingsBody)))]
pub(super) async fn get(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
) -> Result<Json<SettingsBody>, ApiError> {
    Ok(Json(organization::settings(&service, &actor).await?.into()))
}

/// Changes the agency's settings.
#[utoipa::path(patch, path = "/api/v1/organization", tag = "settings", request_body = SettingsChangeBody,
    responses((status = 200, body = SettingsBody), (status = 409, body = ErrorBody)))]
pub(super) async fn update(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Body(body): Body<SettingsChangeBody>,
) -> Result<Json<SettingsBody>, ApiError> {
    let edit = |stage: StageEditBody| StageEdit { id: stage.id.map(StageId), name: stage.name };
    let stages = body.stages.map(|stages| stages.into_iter().map(edit).collect());
    let change = |agency: &mut Organization| {
        agency.name = body.name.unwrap_or_else(|| agency.name.clone());
        agency.time_zone = body.time_zone.unwrap_or_else(|| agency.time_zone.clone());
        agency.currency = body.currency.unwrap_or_else(|| agency.currency.clone());
        agency.thresholds.yellow_days = body.stage_yellow_days.unwrap_or(agency.thresholds.yellow_days);
        agency.thresholds.red_days = body.stage_red_days.unwrap_or(agency.thresholds.red_days);
    };
    Ok(Json(organization::update(&service, &actor, change, stages).await?.into()))
}
