//! Reading what a program sent: malformed is 400, a wrong content type 415, too large 413, a wrong value 422.

use axum::extract::{FromRequest, FromRequestParts, Path as AxumPath, Request, rejection::JsonRejection};
use http::{StatusCode, request::Parts};
use serde::de::DeserializeOwned;

use crate::api::error::ApiError;

/// A JSON body.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(body)) => Ok(Self(body)),
            Err(rejection) => Err(refuse(&rejection)),
        }
    }
}

fn refuse(rejection: &JsonRejection) -> ApiError {
    match rejection.status() {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", "send the body as application/json")
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the body is too large")
        }
        _ => ApiError::new(StatusCode::BAD_REQUEST, "malformed", rejection.body_text()),
    }
}

/// An id in the path; a malformed one is 400.
pub struct Id<T>(pub T);

impl<T: std::str::FromStr, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let malformed = || ApiError::new(StatusCode::BAD_REQUEST, "malformed_id", "an id is a UUID");
        let AxumPath(text) = AxumPath::<String>::from_request_parts(parts, state).await.map_err(|_| malformed())?;
        text.parse().map(Self).map_err(|_| malformed())
    }
}
