//! How often somebody may try to sign in to an account, or have mail sent to it, over all servers.
//!
//! Each account has a bucket for each network that asks, and a larger one as a whole: one stranger who tries an account
//! is stopped without locking its owner out from elsewhere, and many strangers together are stopped too. It does not
//! matter whether there is such an account.

use model::email::EmailAddress;
use store::sign_in_attempt::{self, Bucket};
use time::Duration;

use crate::{Error, Result, Service};

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Signing in with a password.
    Login,
    /// Signing up.
    SignUp,
    /// Asking for a link to choose a new password.
    Reset,
    /// Asking for a new link to verify an address.
    Verify,
}

impl Kind {
    const fn key(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::SignUp => "signup",
            Self::Reset => "reset",
            Self::Verify => "verify",
        }
    }

    /// How many times more an account takes from all networks than from one: of what sends mail to it, little more.
    const fn wide(self) -> u32 {
        match self {
            Self::Login => 5,
            Self::SignUp | Self::Reset | Self::Verify => 2,
        }
    }
}

/// Counts an attempt on the account of `email` from `network`, of which so many `a_minute` are taken. What is no address
/// has no account.
///
/// # Errors
/// `TooMany`, with how long to wait.
pub async fn count(service: &Service, kind: Kind, email: &str, network: &str, a_minute: u32) -> Result<()> {
    let Ok(email) = EmailAddress::parse("email", email) else { return Ok(()) };
    let key = |rest: &str| service.token_key.derive("attempt", format_args!("{}\0{email}\0{rest}", kind.key()));
    let narrow = Bucket { key: key(network), a_minute };
    let wide = Bucket { key: key(""), a_minute: a_minute.saturating_mul(kind.wide()) };
    let mut tx = service.db.system().await?;
    let wait = sign_in_attempt::take(&mut tx, &narrow, &wide, service.clock.now()).await?;
    tx.commit().await?;
    match wait {
        None => Ok(()),
        Some(wait) => Err(Error::TooMany {
            message: "too many requests. Wait a little and try again; nothing was changed".into(),
            // Whole seconds, and not too early.
            retry_after: Duration::seconds(wait.whole_seconds() + 1),
        }),
    }
}
