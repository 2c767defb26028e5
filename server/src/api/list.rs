//! What all lists of the API have in common: which page is asked for, and how their parameters are read. A new list takes
//! a [`Slice`] and, for what narrows it, a struct of its own texts read with the functions here.

use std::str::FromStr;

use axum::extract::FromRequestParts;
use http::request::Parts;
use model::{
    input::Invalid,
    page::{parse_day, parse_limit},
};
use serde::Deserialize;
use time::Date;
use utoipa::IntoParams;

use super::{error::ApiError, input::Params};

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
pub struct ListQuery {
    /// 1–100, 25 when absent; more is cut.
    limit: Option<String>,
    /// The `next_cursor` of an earlier page.
    cursor: Option<String>,
}

/// A page of a list, as asked for with [`ListQuery`].
#[derive(Debug)]
pub struct Slice {
    /// How many items at most.
    pub limit: i64,
    /// Where it begins.
    pub cursor: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Slice {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Params(query) = Params::<ListQuery>::from_request_parts(parts, state).await?;
        Ok(Self { limit: parse_limit(query.limit.as_deref())?, cursor: query.cursor })
    }
}

/// Text to search for; blank text searches for nothing.
pub fn search(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// An id among the parameters.
///
/// # Errors
/// 422 for what is no UUID.
pub fn id<T: FromStr>(field: &str, text: Option<&str>) -> Result<Option<T>, Invalid> {
    text.map(|text| text.parse().map_err(|_| Invalid::new(field, format!("{field} is a UUID")))).transpose()
}

/// `true` or `false` among the parameters.
///
/// # Errors
/// 422 for anything else.
pub fn yes_or_no(field: &str, text: Option<&str>) -> Result<Option<bool>, Invalid> {
    match text {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(_) => Err(Invalid::new(field, format!("{field} is true or false"))),
    }
}

/// A day among the parameters, as 2026-11-03.
///
/// # Errors
/// 422 for anything else.
pub fn day(field: &str, text: Option<&str>) -> Result<Option<Date>, Invalid> {
    text.map(|text| parse_day(field, text)).transpose()
}
