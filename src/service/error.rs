//! Why an action was not done, in kinds that pages and API turn into words and statuses.

use model::{access::Refusal, input::Invalid};

/// The result of an action.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an action was not done. Nothing was changed in any of these cases.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody is signed in.
    #[error("sign in to go on")]
    SignedOut,
    /// The address or the password is wrong; it is not said which.
    #[error("the e-mail address or the password is wrong")]
    WrongCredentials,
    /// The password is right, but the address was never verified.
    #[error("verify your e-mail address first: open the link in the mail we sent you")]
    EmailUnverified,
    /// A rule forbids it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no such thing in the actor's sight.
    #[error("there is nothing here")]
    Missing,
    /// A field cannot be accepted.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The present state forbids it.
    #[error("{message}")]
    Conflict {
        /// Stable, for programs.
        code: &'static str,
        /// For people.
        message: String,
    },
    /// Too often in too short a time.
    #[error("{message}")]
    TooMany {
        /// For people.
        message: String,
        /// When it is worth trying again.
        retry_after: time::Duration,
    },
    /// A link that has ended or was used.
    #[error("{0}")]
    Gone(String),
    /// Something of ours failed; details go to the log only.
    #[error("something failed on our side")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Missing => Self::Missing,
            other => Self::Internal(Box::new(other)),
        }
    }
}
