//! Credentials of connections: sealed when a person connects, opened for jobs, and kept fresh ([`fresh`], [`renewed`]).
//!
//! What is here knows no provider: jobs bring the call that renews a token. Nothing of a credential is ever written to a
//! trace or shown to a person; access is checked by the action that connects or disconnects.

mod lease;
mod renewal;

use std::{collections::BTreeMap, time::Duration};

use model::id::{ConnectionId, OrganizationId};
pub use renewal::{NotRenewed, Unusable, fresh, renewed};
use secrecy::{ExposeSecret, SecretString};
use store::{TenantTx, credential::Field, sealed::Row};
use time::OffsetDateTime;

use crate::{Error, Result, Service};

const ACCESS: &str = "access_token";
const REFRESH: &str = "refresh_token";
const UNREADABLE: &str = "the stored credential cannot be read any more";
/// Before the names of typed fields and of what the provider said at consent, so that none can pass for a token.
const TYPED: &str = "field:";

/// What a person typed or a provider gave, to be sealed.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    /// Sent with each call; none where typed fields do it.
    pub access_token: Option<SecretString>,
    /// Gets the next access token. When a renewal brings none, the one before stays.
    pub refresh_token: Option<SecretString>,
    /// How long the access token works from now on; none is "until it is taken back".
    pub expires_in: Option<Duration>,
    /// Everything else that a call needs, by the field's name.
    pub fields: BTreeMap<String, SecretString>,
}

/// A connection's opened credential.
#[derive(Clone, Debug, Default)]
pub struct Credential {
    /// Sent with each call; none where typed fields do it.
    pub access_token: Option<SecretString>,
    /// Gets the next access token.
    pub refresh_token: Option<SecretString>,
    /// When the access token ends; none is "until it is taken back".
    pub expires_at: Option<OffsetDateTime>,
    /// Everything else that a call needs, by the field's name.
    pub fields: BTreeMap<String, SecretString>,
}

impl Tokens {
    /// When the access token that came at `now` ends; one that lasts beyond the calendar does not.
    fn ends_at(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        now.checked_add(self.expires_in?.try_into().ok()?)
    }
}

/// Seals and stores what a connection was given, in the place of all it had. The connection's row is to be inserted or
/// updated first in the same transaction.
///
/// # Errors
/// The database failed, or the connection is not the actor's to change.
pub async fn set(service: &Service, tx: &mut TenantTx, connection_id: ConnectionId, new: &Tokens) -> Result<()> {
    let now = service.clock.now();
    let fields = seal(service, tx.actor().organization_id, connection_id, new, now)?;
    Ok(store::credential::set(tx, connection_id, &fields, now).await?)
}

/// Opens a connection's credential as it is, also an ended one, for taking the permission back; `None` when nothing is
/// stored. What does not open is absent.
///
/// # Errors
/// The database failed.
pub async fn find(
    service: &Service,
    organization_id: OrganizationId,
    connection_id: ConnectionId,
) -> Result<Option<Credential>> {
    let mut tx = service.db.system().await?;
    let sealed = store::credential::list(&mut tx, organization_id, connection_id).await?;
    Ok((!sealed.is_empty()).then(|| open(service, organization_id, connection_id, sealed).credential))
}

/// Seals what is there, in the order of the fields' names.
fn seal(
    service: &Service,
    organization_id: OrganizationId,
    connection_id: ConnectionId,
    new: &Tokens,
    now: OffsetDateTime,
) -> Result<Vec<Field>> {
    let tokens = [(ACCESS, &new.access_token), (REFRESH, &new.refresh_token)];
    let tokens = tokens.into_iter().filter_map(|(name, token)| Some((name.to_owned(), token.as_ref()?)));
    let typed = new.fields.iter().map(|(name, value)| (format!("{TYPED}{name}"), value));
    let plain: BTreeMap<_, _> = tokens.chain(typed).collect();
    let seal = |(name, value): (String, &SecretString)| {
        let row = Row::Credential(organization_id, connection_id, name.clone());
        let sealed = service.vault.seal(&row, value.expose_secret().as_bytes())?;
        let expires_at = new.ends_at(now).filter(|_| name == ACCESS);
        Ok(Field { name, sealed, expires_at })
    };
    plain.into_iter().map(seal).collect()
}

/// Why nobody can use what is stored of a connection before somebody connects it again, as far as that is seen without asking
/// its provider.
///
/// # Errors
/// The database failed.
pub async fn unreadable(
    service: &Service,
    organization_id: OrganizationId,
    connection_id: ConnectionId,
) -> Result<Option<&'static str>> {
    let mut tx = service.db.system().await?;
    let sealed = store::credential::list(&mut tx, organization_id, connection_id).await?;
    Ok(open(service, organization_id, connection_id, sealed).unreadable().then_some(UNREADABLE))
}

/// A credential as far as it opens.
struct Opened {
    credential: Credential,
    /// Whether the access token or another field does not open.
    broken: bool,
    /// Whether a field that no renewal brings back does not open.
    lost: bool,
}

impl Opened {
    /// Whether neither what is there works, nor a renewal brings what does.
    fn unreadable(&self) -> bool {
        self.lost || self.broken && self.credential.refresh_token.is_none()
    }
}

fn open(service: &Service, organization_id: OrganizationId, connection_id: ConnectionId, sealed: Vec<Field>) -> Opened {
    let mut opened = Opened { credential: Credential::default(), broken: false, lost: false };
    for Field { name, sealed, expires_at } in sealed {
        let row = Row::Credential(organization_id, connection_id, name.clone());
        let plain = service.vault.open(&row, &sealed).and_then(|plain| {
            String::from_utf8(plain).map_err(|_| Error::Internal(format!("the secret of {row} is not text").into()))
        });
        let plain = match plain {
            Ok(plain) => Some(SecretString::from(plain)),
            Err(error) => {
                let why = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                tracing::error!("{why}");
                opened.broken |= name != REFRESH;
                opened.lost |= name.starts_with(TYPED);
                None
            }
        };
        match (name.as_str(), plain) {
            (ACCESS, plain) => (opened.credential.access_token, opened.credential.expires_at) = (plain, expires_at),
            (REFRESH, plain) => opened.credential.refresh_token = plain,
            (other, Some(plain)) => {
                let name = other.strip_prefix(TYPED).unwrap_or(other);
                opened.credential.fields.insert(name.to_owned(), plain);
            }
            (_, None) => {}
        }
    }
    opened
}

impl Credential {
    /// Whether a provider would see the same in a call.
    fn same_access(&self, other: &Self) -> bool {
        match (&self.access_token, &other.access_token) {
            (None, None) => {
                let plain =
                    |of: &Self| of.fields.values().map(|value| value.expose_secret().to_owned()).collect::<Vec<_>>();
                self.fields.keys().eq(other.fields.keys()) && plain(self) == plain(other)
            }
            (one, two) => same(one.as_ref(), two.as_ref()),
        }
    }

    /// Whether a renewal would send the same; without a refresh token, whether the access is the same.
    fn same_grant(&self, other: &Self) -> bool {
        match (&self.refresh_token, &other.refresh_token) {
            (None, None) => self.same_access(other),
            (one, two) => same(one.as_ref(), two.as_ref()),
        }
    }

    /// Takes over what a renewal at `asked_at` brought.
    fn renew(&mut self, new: &Tokens, asked_at: OffsetDateTime) {
        if let Some(token) = &new.access_token {
            self.access_token = Some(token.clone());
            self.expires_at = new.ends_at(asked_at);
        }
        if let Some(token) = &new.refresh_token {
            self.refresh_token = Some(token.clone());
        }
        self.fields.extend(new.fields.clone());
    }

    /// Whether the access has not ended at `now`.
    fn works(&self, now: OffsetDateTime) -> bool {
        self.expires_at.is_none_or(|at| at > now)
    }

    /// A provider's words without what is secret, short enough to be shown.
    fn clean(&self, words: &str) -> String {
        const SHORTEST_SECRET: usize = 6;
        const SHOWN: usize = 300;
        let secrets = [&self.access_token, &self.refresh_token].into_iter().flatten().chain(self.fields.values());
        let clean = secrets.map(ExposeSecret::expose_secret).filter(|secret| secret.len() >= SHORTEST_SECRET);
        let clean = clean.fold(words.to_owned(), |words, secret| words.replace(secret, "…"));
        clean.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SHOWN).collect()
    }
}

fn same(one: Option<&SecretString>, two: Option<&SecretString>) -> bool {
    one.map(ExposeSecret::expose_secret) == two.map(ExposeSecret::expose_secret)
}

#[cfg(test)]
mod tests;
