//! The way to a provider's page of consent and back (RFC 6749 with PKCE, RFC 7636): one-time, ten minutes, for the
//! member and the session that began it.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD};
use model::{
    access::Action,
    actor::Actor,
    id::{ConnectionId, OAuthStateId, SessionId},
};
use store::{
    connection,
    oauth_state::{self, OAuthState},
    sealed::Row,
};
use time::Duration;

use crate::{Error, Result, Service, access, token};

/// How long a way can be taken.
pub const WAY_LIFETIME: Duration = Duration::minutes(10);

/// What a consent is asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The provider's key.
    pub provider: String,
    /// What was typed before (a shop's address).
    pub fields: BTreeMap<String, String>,
    /// The connection that consents again; none for a new one.
    pub connection_id: Option<ConnectionId>,
}

/// A way to a page of consent.
#[derive(Debug)]
pub struct Way {
    /// What it leads to.
    pub asked: Asked,
    /// Comes back with the code.
    pub state: String,
    /// Proves that who redeems the code has begun the way.
    pub verifier: String,
    /// Its SHA-256 in base64url.
    pub challenge: String,
}

fn way(asked: Asked, state: String, verifier: String) -> Way {
    Way { asked, state, challenge: URL_SAFE_NO_PAD.encode(token::hash(&verifier)), verifier }
}

/// Begins a way.
///
/// # Errors
/// Missing, when the connection that consents again is gone or of another provider; or the rule that forbids it.
pub async fn begin(service: &Service, actor: &Actor, session_id: SessionId, asked: Asked) -> Result<Way> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let now = service.clock.now();
    let id: OAuthStateId = store::id::new(now);
    let (state, verifier) = (token::random()?, token::random()?);
    let mut tx = service.db.tenant(actor).await?;
    if let Some(id) = asked.connection_id {
        let known = connection::get(&mut tx, id, now).await?;
        if known.provider != asked.provider {
            return Err(Error::Missing);
        }
    }
    let row = Row::OAuthVerifier(actor.organization_id, id);
    let new = OAuthState {
        id,
        provider: asked.provider.clone(),
        connection_id: asked.connection_id,
        sealed_verifier: service.vault.seal(&row, verifier.as_bytes())?,
        fields: asked.fields.clone(),
        expires_at: now + WAY_LIFETIME,
    };
    oauth_state::insert(&mut tx, &new, &token::hash(&state), session_id, now).await?;
    tx.commit().await?;
    Ok(way(asked, state, verifier))
}

/// Takes the way with this state, once.
///
/// # Errors
/// A conflict `state_unknown` when this session did not begin it or it was taken before; gone when it has ended; or the
/// rule that forbids it.
pub async fn take(service: &Service, actor: &Actor, session_id: SessionId, state: String) -> Result<Way> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    let taken = oauth_state::take(&mut tx, &token::hash(&state), session_id, now).await?;
    tx.commit().await?;
    let Some(taken) = taken else {
        return Err(Error::Conflict {
            code: "state_unknown",
            message: "this way to connect was not begun in this browser, or was used already. Nothing was stored; \
                      begin again"
                .to_owned(),
        });
    };
    if taken.expires_at <= now {
        return Err(Error::Gone("consenting took longer than ten minutes. Nothing was stored; begin again".to_owned()));
    }
    let row = Row::OAuthVerifier(actor.organization_id, taken.id);
    let verifier = String::from_utf8(service.vault.open(&row, &taken.sealed_verifier)?)
        .map_err(|error| Error::Internal(error.into()))?;
    let asked = Asked { provider: taken.provider, fields: taken.fields, connection_id: taken.connection_id };
    Ok(way(asked, state, verifier))
}
