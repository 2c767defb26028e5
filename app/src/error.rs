//! What a page is told when an action was not done. Internals are logged once, here, with the reference that the
//! person sees.

mod wire;

use leptos::prelude::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};

use crate::codec::JsonText;

/// Why an action was not done, in words for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(from = "wire::Wire", into = "wire::Wire")]
pub enum AppError {
    /// The session has ended.
    #[error("your session has ended, and nothing was changed")]
    SignedOut,
    /// A rule forbids it.
    #[error("{message}")]
    Forbidden {
        /// The rule's name.
        rule: String,
        /// The rule in words.
        message: String,
    },
    /// There is no such thing in one's sight.
    #[error("there is nothing here")]
    Missing,
    /// A field cannot be accepted.
    #[error("{message}")]
    Invalid {
        /// The field's name.
        field: String,
        /// What to do about it.
        message: String,
        /// The other fields of the form that cannot be accepted, each with what to do about it.
        others: Vec<(String, String)>,
    },
    /// The present state forbids it.
    #[error("{0}")]
    Conflict(String),
    /// Somebody else changed the same fields after they were read.
    #[error("{message}")]
    Changed {
        /// In words.
        message: String,
        /// The fields, what each holds now as a form would, and words about it.
        held: Vec<(String, String, String)>,
    },
    /// The server could not be reached.
    #[error("the server could not be reached. Look whether the change is there before you try again")]
    Unreachable,
    /// Something of ours failed.
    #[error("something failed on our side. Nothing was changed; try again, and name {reference} if it stays")]
    Internal {
        /// Stands in the log beside the cause.
        reference: String,
    },
}

impl AppError {
    /// One field cannot be accepted.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), message: message.into(), others: Vec::new() }
    }

    /// The message for `field`, if this error is about it.
    pub fn at(&self, name: &str) -> Option<&str> {
        match self {
            Self::Invalid { field, message, .. } if field == name => Some(message),
            Self::Invalid { others, .. } => {
                others.iter().find(|(field, _)| field == name).map(|(_, message)| message.as_str())
            }
            Self::Changed { held, .. } => {
                held.iter().find(|(field, ..)| field == name).map(|(_, _, words)| words.as_str())
            }
            _ => None,
        }
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonText;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Self::Unreachable,
            #[cfg(feature = "ssr")]
            bad @ (ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::Deserialization(_)) => unreadable(&bad),
            other => internal(&other),
        }
    }
}

/// A request that no page of ours sends: nobody's fault here.
#[cfg(feature = "ssr")]
fn unreadable(error: &ServerFnErrorErr) -> AppError {
    let large = error.to_string().contains("length limit exceeded");
    tracing::debug!(%error, "a page's request could not be read");
    let (status, words) = if large {
        (http::StatusCode::PAYLOAD_TOO_LARGE, "this is larger than is accepted here, so nothing was changed. Send less")
    } else {
        let words = "this request could not be read, so nothing was changed. Reload the page and try again";
        (http::StatusCode::BAD_REQUEST, words)
    };
    crate::server::set_status(status);
    AppError::Conflict(words.to_owned())
}

#[cfg(feature = "ssr")]
fn internal(error: &(dyn std::error::Error + 'static)) -> AppError {
    let reference = uuid::Uuid::now_v7().simple().to_string()[20..].to_owned();
    let mut cause = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        cause = format!("{cause}: {error}");
        next = error.source();
    }
    tracing::error!(reference, cause, "a page's action failed");
    AppError::Internal { reference }
}

#[cfg(not(feature = "ssr"))]
fn internal(error: &(dyn std::error::Error + 'static)) -> AppError {
    AppError::Internal { reference: format!("browser: {error}") }
}

#[cfg(feature = "ssr")]
impl From<service::Error> for AppError {
    fn from(error: service::Error) -> Self {
        use http::StatusCode as S;
        use service::Error as E;
        crate::server::set_status(match &error {
            E::SignedOut | E::WrongCredentials | E::WrongCode => S::UNAUTHORIZED,
            E::Refused(_) | E::EmailUnverified | E::UnknownAddress => S::FORBIDDEN,
            E::Missing => S::NOT_FOUND,
            E::Invalid(_) => S::UNPROCESSABLE_ENTITY,
            E::Conflict { .. } | E::ChangedMeanwhile(_) | E::Renewed(_) | E::ReassignmentRequired(_) => S::CONFLICT,
            E::TooMany { .. } => S::TOO_MANY_REQUESTS,
            E::TooLarge(_) => S::PAYLOAD_TOO_LARGE,
            E::NoRoom(_) => S::INSUFFICIENT_STORAGE,
            E::Gone(_) => S::GONE,
            E::Unavailable => S::SERVICE_UNAVAILABLE,
            E::Internal(_) => S::INTERNAL_SERVER_ERROR,
        });
        let words = error.to_string();
        match error {
            E::SignedOut => Self::SignedOut,
            E::Refused(refusal) => Self::Forbidden { rule: refusal.rule, message: refusal.message },
            E::Missing => Self::Missing,
            E::Invalid(invalid) => {
                let others = invalid.others.into_iter().map(|other| (other.field, other.message)).collect();
                Self::Invalid { field: invalid.field, message: invalid.message, others }
            }
            E::ChangedMeanwhile(held) => {
                let field = |held: service::Held| {
                    let now = held.sentence();
                    (held.field.to_owned(), held.typed, now)
                };
                Self::Changed { message: words, held: held.into_iter().map(field).collect() }
            }
            E::Renewed(_) | E::ReassignmentRequired(_) => Self::Conflict(words),
            E::Conflict { message, .. }
            | E::TooMany { message, .. }
            | E::TooLarge(message)
            | E::NoRoom(message)
            | E::Gone(message) => Self::Conflict(message),
            other @ (E::WrongCredentials | E::EmailUnverified | E::WrongCode | E::UnknownAddress) => {
                Self::Conflict(other.to_string())
            }
            E::Unavailable => Self::Conflict(words),
            other @ E::Internal(_) => internal(&other),
        }
    }
}

#[cfg(feature = "ssr")]
impl From<model::input::Invalid> for AppError {
    fn from(invalid: model::input::Invalid) -> Self {
        service::Error::from(invalid).into()
    }
}
