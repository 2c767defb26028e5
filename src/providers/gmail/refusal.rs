//! How Gmail refuses, and what kind of failure that is.

use serde::Deserialize;

use crate::{Answer, Error, google, standard};

/// A refusal: of a call, or of a token.
#[derive(Deserialize)]
#[serde(untagged)]
enum Refusal {
    Call { error: Status },
    Token { error: String, error_description: Option<String> },
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<Reason>,
    #[serde(default)]
    details: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    reason: Option<String>,
}

/// Limits that Google tells with status 403.
const LIMITS: [&str; 5] =
    ["rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded", "quotaExceeded", "RATE_LIMIT_EXCEEDED"];
/// What consenting again gives.
const SCOPES: [&str; 2] = ["insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"];

/// The status decides; of 403 the reason does.
pub(super) fn fault(answer: &Answer) -> Option<Error> {
    let plain = standard(answer)?;
    let status = match serde_json::from_slice(&answer.body) {
        Ok(Refusal::Call { error }) => error,
        Ok(Refusal::Token { error, error_description }) => {
            return Some(google::refused(&error, error_description.as_deref(), answer));
        }
        Err(_) => return Some(plain),
    };
    let named = |names: &[&str]| {
        let mut reasons = status.errors.iter().chain(&status.details).filter_map(|said| said.reason.as_deref());
        reasons.any(|reason| names.contains(&reason))
    };
    Some(match plain {
        Error::Rejected(_) if named(&LIMITS) => Error::limited(answer.retry_after()),
        Error::Rejected(_) if named(&SCOPES) => Error::Unauthorized(status.message),
        Error::Rejected(_) => Error::Rejected(status.message),
        Error::Unauthorized(_) => Error::Unauthorized(status.message),
        Error::Unavailable(_) => Error::Unavailable(status.message),
        other => other,
    })
}
