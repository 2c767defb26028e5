//! The closed kinds of failure. The kind alone decides what happens; nobody looks at a message to decide.
//!
//! | kind | what happens |
//! |---|---|
//! | `Unauthorized` | the token is refreshed once, then the connection waits for "Reconnect" |
//! | `RateLimited` | the job comes again after the pause, at most ten minutes |
//! | `Unavailable` | the job is tried again with growing pauses |
//! | `Malformed` | the run fails with the reason; totals stay what they were |
//! | `TooLarge` | the same is asked for in smaller pieces; what cannot be smaller fails the run, and a mail that is to be sent |
//! | `CursorExpired` | the stream is read again from its beginning |
//! | `Rejected` | the run fails with the provider's words |

use std::time::Duration;

/// The longest pause that a provider can ask for.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// The result of a call.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a provider did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The credential is no longer accepted, for the provider's reason.
    #[error("the provider no longer accepts the connection: {0}")]
    Unauthorized(String),
    /// Too much was asked; `after` is capped at [`LONGEST_PAUSE`].
    #[error("the provider asks to wait {} s", after.as_secs())]
    RateLimited {
        /// How long to wait.
        after: Duration,
    },
    /// Nobody answered, or the provider has a fault of its own.
    #[error("the provider could not be reached: {0}")]
    Unavailable(String),
    /// The answer is not what the provider documents.
    #[error("the provider's answer could not be read: {0}")]
    Malformed(String),
    /// The answer is longer than what is read at once, or what is to be sent is more than the provider takes.
    #[error("too much for one answer: {0}")]
    TooLarge(String),
    /// A cursor is too old.
    #[error("the provider no longer knows where we stopped")]
    CursorExpired,
    /// The provider refuses, in its own words.
    #[error("the provider refuses: {0}")]
    Rejected(String),
}

impl Error {
    /// A pause that the provider asks for, capped.
    pub fn limited(after: Option<Duration>) -> Self {
        Self::RateLimited {
            after: after.unwrap_or(Duration::from_secs(60)).clamp(Duration::from_secs(1), LONGEST_PAUSE),
        }
    }

    /// The spelling in the database and in answers.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Unauthorized(_) => "unauthorized",
            Self::RateLimited { .. } => "rate_limited",
            Self::Unavailable(_) => "unavailable",
            Self::Malformed(_) => "malformed",
            Self::TooLarge(_) => "too_large",
            Self::CursorExpired => "cursor_expired",
            Self::Rejected(_) => "rejected",
        }
    }

    /// What a person can do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Unauthorized(_) => "Reconnect the account",
            Self::RateLimited { .. } => "Nothing: it goes on by itself after the pause",
            Self::Unavailable(_) => "Nothing: it is tried again by itself",
            Self::Malformed(_) => "Try again later; if it stays, tell your operator",
            Self::TooLarge(_) => "Ask your operator to let larger answers be read: AUDIENCEOS_LARGEST_ANSWER",
            Self::CursorExpired => "Nothing: everything is read again",
            Self::Rejected(_) => "Look at the provider's words; permissions or the account's state may be the cause",
        }
    }
}
