//! Reading what a program sent: malformed JSON or id is 400, a wrong content type 415, too large 413, a wrong value
//! 422 with its field. Nothing of a value in a body is repeated (`quiet`).

pub(crate) mod quiet;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
};
use http::{HeaderMap, StatusCode, header, request::Parts};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use crate::api::error::ApiError;

/// A JSON body.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let JsonBytes(bytes) = JsonBytes::from_request(request, state).await?;
        parse(&bytes).map(Self)
    }
}

/// A JSON body as it was sent, for those who read it themselves with [`parse`].
pub struct JsonBytes(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for JsonBytes {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                "send the body as application/json",
            ));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the body is too large")
            }
            _ => ApiError::new(StatusCode::BAD_REQUEST, "malformed", "the body could not be read to its end"),
        })?;
        Ok(Self(bytes))
    }
}

/// Reads JSON.
///
/// # Errors
/// 400 for what is no JSON, 422 with the field for a wrong value.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let body = serde_path_to_error::deserialize(&mut json).map_err(|error| refuse(&error))?;
    json.end().map_err(|error| malformed(&error))?;
    Ok(body)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.ends_with("+json")
}

fn malformed(error: &serde_json::Error) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "malformed", format!("this is not JSON: {error}"))
}

fn refuse(error: &serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    let inner = error.inner();
    if !inner.is_data() {
        return malformed(inner);
    }
    let (message, path) = (quiet::words(&inner.to_string()), quiet::place(error.path()));
    let field = match message.split('`').nth(1) {
        Some(name) if message.starts_with("missing field") && path == "." => name.to_owned(),
        Some(name) if message.starts_with("missing field") => format!("{path}.{name}"),
        _ => path,
    };
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", quiet::plain(&message)).at(field)
}

/// An id in the path; a malformed one is 400.
pub struct Id<T>(pub T);

impl<T: std::str::FromStr, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| malformed_id())?;
        text.parse().map(Self).map_err(|_| malformed_id())
    }
}

/// Two ids in the path; a malformed one is 400.
pub struct Ids<A, B>(pub A, pub B);

impl<A: std::str::FromStr, B: std::str::FromStr, S: Send + Sync> FromRequestParts<S> for Ids<A, B> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path((a, b)) =
            Path::<(String, String)>::from_request_parts(parts, state).await.map_err(|_| malformed_id())?;
        Ok(Self(a.parse().map_err(|_| malformed_id())?, b.parse().map_err(|_| malformed_id())?))
    }
}

/// Any text in the path; what is no text is 400.
pub struct Part(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Part {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::new(StatusCode::BAD_REQUEST, "malformed", "the address holds what is no text"))?;
        Ok(Self(text))
    }
}

/// The parameters after the question mark; what cannot be read, or stands there twice, is 400.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Query(query) = Query::<T>::from_request_parts(parts, state).await.map_err(|rejection| {
            let cause = rejection.body_text();
            let cause = cause.split_once("query string: ").map_or(cause.as_str(), |(_, cause)| cause);
            let said = quiet::parameter(cause, quiet::plain);
            ApiError::new(StatusCode::BAD_REQUEST, "malformed", format!("the parameters cannot be read: {said}"))
        })?;
        Ok(Self(query))
    }
}

fn malformed_id() -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "malformed_id", "an id is a UUID")
}

/// A field that may be absent (stays), null (cleared) or given.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}
