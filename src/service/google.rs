//! Signing in with Google: the way there and back, and who an address that Google has verified is here. What Google's
//! pages and answers look like is none of this file's business.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD};
use model::{email::EmailAddress, id::GoogleAttemptId};
use store::{
    google_attempt::{self, GoogleAttempt},
    sign_in,
};
use time::Duration;

use crate::{
    Error, Result, Service,
    session::{self, Entry, Visitor},
    token,
};

/// How long a way to Google can be taken.
pub const WAY_LIFETIME: Duration = Duration::minutes(10);

/// What a way to Google needs: the browser keeps `browser`, Google is told the rest.
#[derive(Debug)]
pub struct Way {
    /// For a cookie, so that nobody else's browser comes back on this way.
    pub browser: String,
    /// Comes back from Google with the code.
    pub state: String,
    /// Comes back from Google inside the signed token.
    pub nonce: String,
    /// Proves that who redeems the code has begun the way (PKCE); Google gets its hash first.
    pub verifier: String,
    /// That hash: SHA-256 in base64url.
    pub challenge: String,
    /// A path of ours to go to after signing in.
    pub redirect: String,
}

fn way(service: &Service, attempt: GoogleAttempt, browser: String, state: String) -> Way {
    let verifier = service.token_key.derive("google_verifier", attempt.id);
    Way {
        browser,
        state,
        nonce: service.token_key.derive("google_nonce", attempt.id),
        challenge: URL_SAFE_NO_PAD.encode(token::hash(&verifier)),
        verifier,
        redirect: attempt.redirect,
    }
}

/// Begins a way to Google that leads to `redirect`, a path that the caller has checked.
///
/// # Errors
/// The database failed.
pub async fn begin(service: &Service, redirect: &str) -> Result<Way> {
    let now = service.clock.now();
    let id: GoogleAttemptId = store::id::new(now);
    let (browser, state) = (token::random()?, token::random()?);
    let attempt = GoogleAttempt { id, redirect: redirect.to_owned() };
    let mut tx = service.db.system().await?;
    let hashes = (token::hash(&state), token::hash(&browser));
    google_attempt::insert(&mut tx, &attempt, &hashes.0, &hashes.1, now, now + WAY_LIFETIME).await?;
    tx.commit().await?;
    Ok(way(service, attempt, browser, state))
}

/// Takes the way that this browser began with this state, once; `None` when there is none, or no more.
///
/// # Errors
/// The database failed.
pub async fn take(service: &Service, state: String, browser: String) -> Result<Option<Way>> {
    let mut tx = service.db.system().await?;
    let hashes = (token::hash(&state), token::hash(&browser));
    let taken = google_attempt::take(&mut tx, &hashes.0, &hashes.1, service.clock.now()).await?;
    tx.commit().await?;
    Ok(taken.map(|attempt| way(service, attempt, browser, state)))
}

/// Takes the first step of signing in for the member with an address that Google has verified.
///
/// # Errors
/// `UnknownAddress` when nobody active signs in with it.
pub async fn sign_in(service: &Service, verified_email: &str, visitor: &Visitor) -> Result<Entry> {
    let email = EmailAddress::parse("email", verified_email)?;
    let mut tx = service.db.system().await?;
    let known = sign_in::find(&mut tx, &email).await?.filter(|known| !known.deactivated);
    let known = known.ok_or(Error::UnknownAddress)?;
    let now = service.clock.now();
    let entry = session::enter(&mut tx, known.organization_id, known.member_id, visitor, "google", now).await?;
    tx.commit().await?;
    Ok(entry)
}
