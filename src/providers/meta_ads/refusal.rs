//! How Meta refuses, and what kind of failure that is.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;

use crate::{Answer, Error, standard};

#[derive(Deserialize)]
struct Refusal {
    error: Words,
}

/// What Meta says of an error, in an answer or of a report that failed.
#[derive(Deserialize)]
pub(super) struct Words {
    pub code: i64,
    #[serde(rename = "error_subcode")]
    pub subcode: Option<i64>,
    pub message: Option<String>,
    #[serde(rename = "error_user_msg")]
    pub user_message: Option<String>,
    #[serde(default)]
    pub is_transient: bool,
}

/// The code decides, whatever the status; without one, the status does.
pub(super) fn fault(answer: &Answer) -> Option<Error> {
    let plain = standard(answer)?;
    let Ok(Refusal { error }) = serde_json::from_slice(&answer.body) else { return Some(plain) };
    Some(error.kind(|| pause(answer), plain))
}

impl Words {
    /// Its kind, `otherwise` where only a refusal or the status is left.
    pub fn kind(&self, pause: impl FnOnce() -> Option<Duration>, otherwise: Error) -> Error {
        let said = self.user_message.as_ref().or(self.message.as_ref());
        let subcode = self.subcode.map_or_else(String::new, |subcode| format!("/{subcode}"));
        let words = format!("{} (code {}{subcode})", said.map_or("", String::as_str), self.code);
        match (self.code, self.subcode) {
            (4 | 17 | 32 | 341 | 613 | 80_000..=80_014, _) => Error::limited(pause()),
            (102 | 190 | 2500, _) => Error::Unauthorized(words),
            // -2 is a report that could not be made, 100 with this subcode one that took too long.
            (-2 | 1 | 2, _) | (100, Some(1_504_018)) => Error::Unavailable(words),
            _ if self.is_transient => Error::Unavailable(words),
            _ => match otherwise {
                passing @ (Error::RateLimited { .. } | Error::Unavailable(_)) => passing,
                _ => Error::Rejected(words),
            },
        }
    }
}

/// The longest of the pauses that the headers name: minutes for a business, seconds for an account.
fn pause(answer: &Answer) -> Option<Duration> {
    #[derive(Deserialize)]
    struct Business {
        estimated_time_to_regain_access: Option<u64>,
    }
    #[derive(Deserialize)]
    struct Account {
        reset_time_duration: Option<u64>,
    }
    let header = |name: &str| answer.headers.get(name).map(http::HeaderValue::as_bytes);
    let businesses: Option<BTreeMap<String, Vec<Business>>> =
        header("x-business-use-case-usage").and_then(|text| serde_json::from_slice(text).ok());
    let minutes = businesses
        .into_iter()
        .flatten()
        .flat_map(|(_, uses)| uses)
        .filter_map(|usage| usage.estimated_time_to_regain_access);
    let account: Option<Account> = header("x-ad-account-usage").and_then(|text| serde_json::from_slice(text).ok());
    let seconds = account.and_then(|account| account.reset_time_duration);
    let named = minutes.map(|minutes| minutes.saturating_mul(60)).chain(seconds).max().filter(|seconds| *seconds > 0);
    named.map(Duration::from_secs).or_else(|| answer.retry_after())
}
