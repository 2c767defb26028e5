//! `/api/v1/brand`: how a client, or the agency, looks on paper.

use axum::{Json, extract::State};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use model::{brand::Look, id::ClientId, input::Invalid};
use serde::{Deserialize, Serialize};
use service::{
    Service,
    brand::{self, NewLogo},
};
use utoipa::ToSchema;
use uuid::Uuid;

use super::ReportQuery;
use crate::{
    api::{
        error::{ApiError, ErrorBody},
        input::{Body, Params},
    },
    cookie::SignedIn,
};

/// A logo of 512 KiB in Base64, and what stands around it.
pub const LARGEST: usize = 800 * 1024;

/// A look.
#[derive(Debug, Serialize, ToSchema)]
pub struct BrandBody {
    /// As #1d4ed8; null where none was chosen.
    accent: Option<String>,
    /// How many bytes the logo has; null where there is none.
    logo_size: Option<i64>,
}

impl From<Look> for BrandBody {
    fn from(look: Look) -> Self {
        Self { accent: look.accent, logo_size: look.logo }
    }
}

/// A look as it is sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BrandNew {
    /// The agency's own when absent.
    client_id: Option<Uuid>,
    /// As #1d4ed8, dark enough for white paper; empty takes it away, absent keeps it.
    accent: Option<String>,
    /// A PNG or JPEG of at most 512 KiB, in Base64; empty takes the logo away, absent keeps it.
    logo: Option<String>,
}

/// How a client, or the agency when none is named, looks on paper.
#[utoipa::path(get, path = "/api/v1/brand", tag = "reports", params(ReportQuery),
    responses((status = 200, body = BrandBody), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(crate) async fn get(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Params(query): Params<ReportQuery>,
) -> Result<Json<BrandBody>, ApiError> {
    Ok(Json(brand::look(&service, &actor, query.client()?).await?.into()))
}

/// Chooses a look. Reports that are made stay as they are.
#[utoipa::path(put, path = "/api/v1/brand", tag = "reports", request_body = BrandNew,
    responses((status = 200, body = BrandBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 422, body = ErrorBody)))]
pub(crate) async fn set(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Body(body): Body<BrandNew>,
) -> Result<Json<BrandBody>, ApiError> {
    let client = body.client_id.map(ClientId);
    let logo = match body.logo.as_deref() {
        None => NewLogo::Keep,
        Some("") => NewLogo::Remove,
        Some(text) => {
            NewLogo::Put(STANDARD.decode(text).map_err(|_| Invalid::new("logo", "send the picture in Base64"))?)
        }
    };
    brand::set(&service, &actor, client, body.accent.as_deref(), logo).await?;
    Ok(Json(brand::look(&service, &actor, client).await?.into()))
}
