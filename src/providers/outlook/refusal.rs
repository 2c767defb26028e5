//! How Microsoft refuses, and what kind of failure that is.

use serde::Deserialize;

use crate::{Answer, Error, standard};

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
    code: String,
    #[serde(default)]
    message: String,
}

/// A link that is too old, however it is told.
const OUTDATED: [&str; 3] = ["syncStateNotFound", "syncStateInvalid", "resyncRequired"];
/// A mail that is larger than the mailbox may send.
const OVERSIZED: &str = "ErrorMessageSizeExceeded";
/// A person has to consent again; everything else of a token is the operator's registration.
const PERSONS: [&str; 3] = ["invalid_grant", "interaction_required", "consent_required"];

/// The status decides, but for links and tokens.
pub(super) fn fault(answer: &Answer) -> Option<Error> {
    let plain = standard(answer)?;
    Some(match serde_json::from_slice(&answer.body) {
        Ok(Refusal::Call { error }) => error.kind(answer, plain),
        Ok(Refusal::Token { error, error_description }) => {
            // The first line says it; the others are numbers for Microsoft's support.
            let said = error_description.as_deref().and_then(|text| text.lines().next()).unwrap_or_default().trim();
            let words = format!("{said} ({error})");
            match plain {
                passing @ (Error::RateLimited { .. } | Error::Unavailable(_)) => passing,
                _ if PERSONS.contains(&error.as_str()) => Error::Unauthorized(words),
                _ => Error::Rejected(words),
            }
        }
        Err(_) if answer.status.as_u16() == 410 => Error::CursorExpired,
        Err(_) => plain,
    })
}

impl Status {
    fn kind(self, answer: &Answer, plain: Error) -> Error {
        if answer.status.as_u16() == 410 || OUTDATED.iter().any(|code| code.eq_ignore_ascii_case(&self.code)) {
            return Error::CursorExpired;
        }
        let words = format!("{} ({})", self.message, self.code);
        match plain {
            Error::Unauthorized(_) => Error::Unauthorized(words),
            Error::Unavailable(_) => Error::Unavailable(words),
            Error::Rejected(_) if answer.status.as_u16() == 413 || self.code == OVERSIZED => Error::TooLarge(words),
            Error::Rejected(_) => Error::Rejected(words),
            other => other,
        }
    }
}
