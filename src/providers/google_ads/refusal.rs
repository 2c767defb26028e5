//! How Google refuses, and what kind of failure that is.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;

use crate::{Answer, Error, google};

/// A refusal: of a call, of a stream, or of a token.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Refusal {
    Call { error: Status },
    Stream([Envelope; 1]),
    Token { error: String, error_description: Option<String> },
}

#[derive(Deserialize)]
pub(super) struct Envelope {
    error: Status,
}

impl Refusal {
    pub fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    pub fn error(&self, answer: &Answer) -> Error {
        match self {
            Self::Call { error } | Self::Stream([Envelope { error }]) => error.error(answer),
            Self::Token { error, error_description } => google::refused(error, error_description.as_deref(), answer),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Status {
    code: u16,
    #[serde(default)]
    message: String,
    #[serde(default)]
    details: Vec<Detail>,
}

/// `GoogleAdsFailure` has errors, `ErrorInfo` a reason.
#[derive(Deserialize)]
struct Detail {
    #[serde(default)]
    errors: Vec<Failure>,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    #[serde(default)]
    error_code: BTreeMap<String, String>,
    #[serde(default)]
    message: String,
    details: Option<FailureDetails>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FailureDetails {
    quota_error_details: Option<QuotaDetails>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QuotaDetails {
    retry_delay: Option<String>,
}

/// Faults of the operator's own registration or of one account, which Google counts among those of the person's token.
const NOT_THE_PERSONS: [&str; 6] = [
    "CLIENT_CUSTOMER_ID_INVALID",
    "CUSTOMER_NOT_FOUND",
    "DEVELOPER_TOKEN_INVALID",
    "ORGANIZATION_NOT_APPROVED",
    "ORGANIZATION_NOT_ASSOCIATED_WITH_DEVELOPER_TOKEN",
    "ORGANIZATION_NOT_RECOGNIZED",
];

impl Status {
    fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.details.iter().flat_map(|detail| &detail.errors)
    }

    /// Google's words: the exact ones where it has them.
    fn words(&self) -> String {
        let said = |failure: &Failure| {
            let codes: Vec<_> = failure.error_code.values().map(String::as_str).collect();
            format!("{} ({})", failure.message, codes.join(", "))
        };
        let words: Vec<_> = self.failures().map(said).collect();
        if words.is_empty() { self.message.clone() } else { words.join("; ") }
    }

    fn pause(&self) -> Option<Duration> {
        let quota = |failure: &Failure| failure.details.as_ref()?.quota_error_details.as_ref()?.retry_delay.clone();
        let seconds = |text: String| Duration::try_from_secs_f64(text.strip_suffix('s')?.parse().ok()?).ok();
        self.failures().filter_map(quota).filter_map(seconds).max()
    }

    /// The code decides: in the middle of a stream the answer's status is 200.
    pub fn error(&self, answer: &Answer) -> Error {
        let is = |code: &&str| self.failures().any(|failure| failure.error_code.values().any(|said| said == code));
        let reason = |said: &str| self.details.iter().any(|detail| detail.reason.as_deref() == Some(said));
        match self.code {
            401 if !NOT_THE_PERSONS.iter().any(is) => Error::Unauthorized(self.words()),
            403 if reason("ACCESS_TOKEN_SCOPE_INSUFFICIENT") => Error::Unauthorized(self.words()),
            429 => Error::limited(self.pause().or_else(|| answer.retry_after())),
            408 | 499..=599 => Error::Unavailable(self.words()),
            _ => Error::Rejected(self.words()),
        }
    }
}
