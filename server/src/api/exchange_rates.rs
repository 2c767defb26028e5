//! `/api/v1/exchange-rates`: daily rates between currencies, as the European Central Bank publishes them.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use service::{Service, exchange_rate};
use utoipa::ToSchema;

use super::{
    error::{ApiError, ErrorBody},
    input::Body,
};
use crate::cookie::SignedIn;

/// The largest request, in bytes: the file as a text.
pub(super) const LARGEST: usize = model::exchange_rate::LARGEST + (64 << 10);

/// A file of rates.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RatesBody {
    /// `Date,USD,GBP,…` and a row for each day with the units of a currency for one euro; `N/A` or nothing where there is none.
    csv: String,
}

/// What was kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct RatesKept {
    /// How many rates the file held.
    rates: usize,
}

/// Which rates of a currency are there.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldBody {
    /// ISO 4217.
    currency: String,
    /// As 2026-11-03.
    first_day: String,
    last_day: String,
    /// How many days have one.
    days: i64,
}

/// The currencies with rates.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldPage {
    /// By currency.
    items: Vec<HeldBody>,
    /// Always null: all are there.
    next_cursor: Option<String>,
}

/// Keeps a file of rates, all of it or nothing; a rate that is there already is replaced.
#[utoipa::path(put, path = "/api/v1/exchange-rates", tag = "brain", request_body = RatesBody,
    responses((status = 200, body = RatesKept), (status = 422, body = ErrorBody)))]
pub(super) async fn import(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Body(body): Body<RatesBody>,
) -> Result<Json<RatesKept>, ApiError> {
    Ok(Json(RatesKept { rates: exchange_rate::import(&service, &actor, &body.csv).await? }))
}

/// The rates that are there.
#[utoipa::path(get, path = "/api/v1/exchange-rates", tag = "brain", responses((status = 200, body = HeldPage)))]
pub(super) async fn list(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
) -> Result<Json<HeldPage>, ApiError> {
    let held = exchange_rate::list(&service, &actor).await?.into_iter().map(|held| HeldBody {
        currency: held.currency,
        first_day: held.first.to_string(),
        last_day: held.last.to_string(),
        days: held.days,
    });
    Ok(Json(HeldPage { items: held.collect(), next_cursor: None }))
}
