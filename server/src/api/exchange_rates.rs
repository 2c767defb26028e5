//! `/api/v1/exchange-rates`: daily rates between currencies, as the European Central Bank publishes them.

use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, Request, State},
};
use http::{StatusCode, header};
use model::input::Invalid;
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

/// A file of rates as it is, or as a text in JSON; and the field that is named when it is wrong.
pub(super) struct RatesFile {
    text: String,
    field: &'static str,
}

impl<S: Send + Sync> FromRequest<S> for RatesFile {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let kind =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if kind == "text/csv" {
            let bytes = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => {
                    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the file is too large")
                }
                _ => ApiError::new(StatusCode::BAD_REQUEST, "malformed", "the file could not be read to its end"),
            })?;
            return Ok(Self { text: text_of(bytes.to_vec())?, field: "file" });
        }
        match Body::<RatesBody>::from_request(request, state).await {
            Ok(Body(body)) => Ok(Self { text: body.csv, field: "csv" }),
            Err(error) if error.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                let words = "send the file as text/csv, or as application/json: {\"csv\": \"…\"}";
                Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_csv", words))
            }
            Err(error) => Err(error),
        }
    }
}

/// The bytes of a file of rates as a text.
///
/// # Errors
/// Invalid at `file`: they are none, or those of an archive.
pub(crate) fn text_of(bytes: Vec<u8>) -> Result<String, Invalid> {
    if bytes.starts_with(b"PK\x03\x04") {
        return Err(Invalid::new("file", "this is a zip archive. Take the CSV file out of it and send that"));
    }
    String::from_utf8(bytes).map_err(|_| Invalid::new("file", "this is no text in UTF-8, so it is not the bank's file"))
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

/// Keeps a file of rates, all of it or nothing; a rate that is there already is replaced. The bank's `eurofxref-hist.csv` is taken
/// as it is.
#[utoipa::path(put, path = "/api/v1/exchange-rates", tag = "brain",
    request_body(content((RatesBody = "application/json"), (String = "text/csv"))),
    responses((status = 200, body = RatesKept), (status = 422, body = ErrorBody)))]
pub(super) async fn import(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    RatesFile { text, field }: RatesFile,
) -> Result<Json<RatesKept>, ApiError> {
    let rates = exchange_rate::import(&service, &actor, &text).await.map_err(|error| match error {
        service::Error::Invalid(invalid) => ApiError::from(Invalid::new(field, invalid.message)),
        other => other.into(),
    })?;
    Ok(Json(RatesKept { rates }))
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
