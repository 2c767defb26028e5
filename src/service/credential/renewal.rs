//! Tokens that are renewed in time, once however many want them, and what happens when they cannot be.

use std::{fmt, result::Result as StdResult, time::Duration};

use model::id::{ConnectionId, OrganizationId};
use secrecy::SecretString;
use store::{SystemTx, credential as rows};
use tokio::time::Instant;

use super::{
    Credential, Opened, Tokens, UNREADABLE,
    lease::{Holder, Patience},
};
use crate::{Error, Result, Service};

const ENDED: &str = "the access has ended, and the provider gave nothing to renew it with";

/// Why a provider did not renew a token.
#[derive(Debug)]
pub enum NotRenewed<E> {
    /// It no longer accepts the refresh token, in its words.
    Refused(String),
    /// Anything else; the token may be renewed later.
    Failed(E),
}

/// Why there is no credential to work with.
#[derive(Debug, thiserror::Error)]
pub enum Unusable<E> {
    /// The connection is disconnected, was never there, or has no credential.
    #[error("the connection has no credential")]
    Missing,
    /// Somebody must connect it again, for this reason.
    #[error("the account must be connected again: {0}")]
    Reconnect(String),
    /// A renewal did not end in time; it is worth trying again.
    #[error("the access could not be renewed in time")]
    Late,
    /// The provider failed; its error decides what happens.
    #[error("the access could not be renewed: {0}")]
    Failed(E),
    /// Something of ours failed.
    #[error(transparent)]
    Internal(#[from] Error),
}

impl<E> From<store::Error> for Unusable<E> {
    fn from(error: store::Error) -> Self {
        Self::Internal(error.into())
    }
}

/// The connection's credential, renewed by `refresh` when its access ends within `margin`. However many ask at the same
/// time, in however many processes, `refresh` is called once, and all get what it brought. While the present access still
/// works, a provider that fails is no error.
///
/// # Errors
/// See [`Unusable`]. When the provider refuses, the connection waits for "Reconnect" with its words.
pub async fn fresh<E, F, Fut>(
    service: &Service,
    organization_id: OrganizationId,
    connection_id: ConnectionId,
    margin: time::Duration,
    refresh: F,
) -> StdResult<Credential, Unusable<E>>
where
    E: fmt::Display + Send,
    F: FnMut(SecretString) -> Fut + Send,
    Fut: Future<Output = StdResult<Tokens, NotRenewed<E>>> + Send,
{
    let holder = Holder::new(service, organization_id, connection_id, Patience::default());
    Renewal { holder, margin: Some(margin), seen: None, words: ENDED }.run(refresh).await
}

/// The connection's credential after a provider refused `refused` with `words`: what somebody else renewed meanwhile, or
/// what `refresh` brings now.
///
/// # Errors
/// As [`fresh`]; without a refresh token the connection waits for "Reconnect" with `words`.
pub async fn renewed<E, F, Fut>(
    service: &Service,
    organization_id: OrganizationId,
    connection_id: ConnectionId,
    refused: &Credential,
    words: &str,
    refresh: F,
) -> StdResult<Credential, Unusable<E>>
where
    E: fmt::Display + Send,
    F: FnMut(SecretString) -> Fut + Send,
    Fut: Future<Output = StdResult<Tokens, NotRenewed<E>>> + Send,
{
    let holder = Holder::new(service, organization_id, connection_id, Patience::default());
    Renewal { holder, margin: None, seen: Some(refused.clone()), words }.run(refresh).await
}

/// A wish for a credential that works.
pub(super) struct Renewal<'a> {
    pub holder: Holder,
    /// How long the access must still work; none when [`Self::seen`] was refused by the provider.
    pub margin: Option<time::Duration>,
    /// What is not good enough: anything else that still works was renewed meanwhile.
    pub seen: Option<Credential>,
    /// Why somebody must connect again when nothing can be renewed.
    pub words: &'a str,
}

enum Look {
    Usable(Credential),
    /// To be renewed with this refresh token.
    Stale(Credential, SecretString),
    /// To be renewed, and nothing to do it with.
    Ended(Credential),
    Reconnect(String),
    Missing,
}

impl Renewal<'_> {
    pub async fn run<E, F, Fut>(mut self, mut refresh: F) -> StdResult<Credential, Unusable<E>>
    where
        E: fmt::Display + Send,
        F: FnMut(SecretString) -> Fut + Send,
        Fut: Future<Output = StdResult<Tokens, NotRenewed<E>>> + Send,
    {
        let begun = Instant::now();
        let mut pause = Duration::from_millis(25);
        loop {
            let mut tx = self.holder.service.db.system().await?;
            let (before, token) = match self.look(&mut tx).await? {
                Look::Usable(credential) => return Ok(credential),
                Look::Missing => return Err(Unusable::Missing),
                Look::Reconnect(reason) => return Err(Unusable::Reconnect(reason)),
                Look::Stale(credential, token) => (credential, token),
                Look::Ended(credential) => {
                    drop(tx);
                    match self.holder.give_up(&credential, self.words).await? {
                        Some(reason) => return Err(Unusable::Reconnect(reason)),
                        None => continue,
                    }
                }
            };
            self.seen.get_or_insert_with(|| before.clone());
            if !self.holder.take(&mut tx).await? {
                drop(tx);
                if begun.elapsed() >= self.holder.patience.wait {
                    return self.still_working(before).ok_or(Unusable::Late);
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_millis(500));
                continue;
            }
            // Between the look and the lease somebody may have renewed it; a transaction that is dropped takes no lease.
            match self.look(&mut tx).await? {
                Look::Stale(now, _) if now.same_grant(&before) => tx.commit().await?,
                _ => continue,
            }
            let asked_at = self.holder.service.clock.now();
            match self.holder.during(refresh(token)).await {
                Some(Ok(tokens)) => {
                    if let Some(credential) = self.holder.keep(before, tokens, asked_at).await? {
                        return Ok(credential);
                    }
                }
                Some(Err(NotRenewed::Refused(words))) => {
                    if let Some(reason) = self.holder.give_up(&before, &words).await? {
                        return Err(Unusable::Reconnect(reason));
                    }
                }
                Some(Err(NotRenewed::Failed(error))) => {
                    self.holder.let_go().await?;
                    tracing::warn!(connection = %self.holder.connection_id, "{}", before.clean(&error.to_string()));
                    return self.still_working(before).ok_or(Unusable::Failed(error));
                }
                None => {
                    self.holder.let_go().await?;
                    return self.still_working(before).ok_or(Unusable::Late);
                }
            }
        }
    }

    async fn look(&self, tx: &mut SystemTx) -> Result<Look> {
        let Holder { organization_id, connection_id, .. } = self.holder;
        match rows::find_standing(tx, organization_id, connection_id).await? {
            None => return Ok(Look::Missing),
            Some(rows::Standing { reconnect_reason: Some(reason) }) => return Ok(Look::Reconnect(reason)),
            Some(_) => {}
        }
        let Some(opened) = self.holder.opened(tx).await? else { return Ok(Look::Missing) };
        if opened.unreadable() {
            // The ring may lack a key by mistake, so this is not written into the connection.
            return Ok(Look::Reconnect(UNREADABLE.to_owned()));
        }
        let Opened { credential, broken, .. } = opened;
        Ok(match &credential.refresh_token {
            _ if !broken && self.good(&credential) => Look::Usable(credential),
            Some(token) => Look::Stale(credential.clone(), token.clone()),
            None => match self.still_working(credential.clone()) {
                Some(credential) => Look::Usable(credential),
                None => Look::Ended(credential),
            },
        })
    }

    fn good(&self, credential: &Credential) -> bool {
        let now = self.holder.service.clock.now();
        let renewed = self.seen.as_ref().is_some_and(|seen| !seen.same_access(credential));
        let there = credential.access_token.is_some() || credential.refresh_token.is_none();
        let lasting = self.margin.is_some_and(|margin| credential.works(now + margin));
        there && (lasting || renewed && credential.works(now))
    }

    /// The credential, if it may be used although it is to be renewed.
    fn still_working(&self, credential: Credential) -> Option<Credential> {
        let works = credential.access_token.is_some() && credential.works(self.holder.service.clock.now());
        Some(credential).filter(|_| works && self.margin.is_some())
    }
}
