//! One renewal at a time for each connection, whatever process it runs in.
//!
//! Who renews holds a lease: a row with an end, written in a transaction of its own and extended while the provider is
//! asked. No transaction and no database connection is held meanwhile, which an advisory lock of the session would need
//! (and a connection pooler in between would break); a killed holder keeps the others waiting for one lease at most. The
//! new tokens are stored in the transaction that gives the lease back, so whoever waited finds them when it looks again.
//!
//! The lease saves calls; that nothing is lost does not rest on it: an answer is stored only while what was sent is still
//! what is stored, so it never replaces what a person connected meanwhile, and it is stored by a task of its own, so that
//! whoever gives up waiting does not lose a refresh token that works only once.

use std::time::Duration;

use model::id::{ConnectionId, OrganizationId};
use store::{SystemTx, connection, credential as rows};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Credential, Opened, Tokens, open, seal};
use crate::{Error, Result, Service};

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Others take over from a holder that was silent for so long.
    pub lease: Duration,
    /// The provider's answer, its client's own retries included.
    pub call: Duration,
    /// For somebody else's renewal.
    pub wait: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { lease: Duration::from_secs(15), call: Duration::from_secs(120), wait: Duration::from_secs(45) }
    }
}

/// Somebody who wants to renew a connection's credential.
#[derive(Clone)]
pub(super) struct Holder {
    pub service: Service,
    pub organization_id: OrganizationId,
    pub connection_id: ConnectionId,
    pub patience: Patience,
    id: Uuid,
}

impl Holder {
    pub fn new(
        service: &Service,
        organization_id: OrganizationId,
        connection_id: ConnectionId,
        patience: Patience,
    ) -> Self {
        let id = store::id::new(service.clock.now());
        Self { service: service.clone(), organization_id, connection_id, patience, id }
    }

    /// Takes the lease; false while somebody else has it.
    pub async fn take(&self, tx: &mut SystemTx) -> Result<bool> {
        let seconds = self.patience.lease.as_secs_f64();
        Ok(rows::take_lease(tx, self.organization_id, self.connection_id, self.id, seconds).await?)
    }

    /// Gives the lease back, with nothing to store.
    pub async fn let_go(&self) -> Result<()> {
        let mut tx = self.service.db.system().await?;
        rows::drop_lease(&mut tx, self.organization_id, self.connection_id, self.id).await?;
        Ok(tx.commit().await?)
    }

    /// What `asked` comes to, the lease being extended meanwhile; `None` when it takes too long.
    pub async fn during<T>(&self, asked: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            answer = tokio::time::timeout(self.patience.call, asked) => answer.ok(),
            never = self.extend() => never,
        }
    }

    async fn extend<T>(&self) -> T {
        let seconds = self.patience.lease.as_secs_f64();
        loop {
            tokio::time::sleep(self.patience.lease / 3).await;
            let extended = async {
                let mut tx = self.service.db.system().await?;
                rows::extend_lease(&mut tx, self.organization_id, self.connection_id, self.id, seconds).await?;
                tx.commit().await
            };
            if let Err(error) = extended.await {
                tracing::warn!(connection = %self.connection_id, %error, "the lease of a renewal was not extended");
            }
        }
    }

    /// The connection's credential as far as it opens; `None` when nothing is stored.
    pub async fn opened(&self, tx: &mut SystemTx) -> Result<Option<Opened>> {
        let sealed = rows::list(tx, self.organization_id, self.connection_id).await?;
        Ok((!sealed.is_empty()).then(|| open(&self.service, self.organization_id, self.connection_id, sealed)))
    }

    /// Has somebody connect again, for the provider's reason, which is returned; `None` when `before` is not what is
    /// stored any more.
    pub async fn give_up(&self, before: &Credential, words: &str) -> Result<Option<String>> {
        let mut tx = self.service.db.system().await?;
        let reason = before.clean(words);
        let present = self.lock(&mut tx, before).await?;
        if present.is_some() {
            connection::set_reconnect_of(&mut tx, self.organization_id, self.connection_id, &reason).await?;
        }
        tx.commit().await?;
        Ok(present.map(|_| reason))
    }

    /// Stores what the provider gave, whether or not the caller still waits, and returns it; `None` when a person
    /// connected or disconnected meanwhile, and the answer is of no more use.
    pub async fn keep(&self, before: Credential, new: Tokens, asked_at: OffsetDateTime) -> Result<Option<Credential>> {
        let this = self.clone();
        let kept = tokio::spawn(async move {
            let mut pause = Duration::from_millis(100);
            loop {
                match this.keep_once(&before, &new, asked_at).await {
                    // A refresh token that works once is lost if this is given up: seven times within 7 s.
                    Err(error) if pause < Duration::from_secs(5) => {
                        tracing::warn!(connection = %this.connection_id, %error, "a renewed credential is not stored yet");
                        tokio::time::sleep(pause).await;
                        pause *= 2;
                    }
                    done => return done,
                }
            }
        });
        kept.await.map_err(|error| Error::Internal(Box::new(error)))?
    }

    async fn keep_once(
        &self,
        before: &Credential,
        new: &Tokens,
        asked_at: OffsetDateTime,
    ) -> Result<Option<Credential>> {
        let mut tx = self.service.db.system().await?;
        let mut present = self.lock(&mut tx, before).await?;
        if let Some(present) = &mut present {
            let sealed = seal(&self.service, self.organization_id, self.connection_id, new, asked_at)?;
            rows::upsert(&mut tx, self.organization_id, self.connection_id, &sealed, asked_at).await?;
            present.renew(new, asked_at);
        }
        tx.commit().await?;
        Ok(present)
    }

    /// The present credential, kept from changing until the transaction ends, if `before` is still what would be renewed.
    /// The lease is given back with the transaction.
    async fn lock(&self, tx: &mut SystemTx, before: &Credential) -> Result<Option<Credential>> {
        let standing = rows::lock_standing(tx, self.organization_id, self.connection_id).await?;
        let present = match standing {
            Some(_) => self.opened(tx).await?.map(|opened| opened.credential),
            None => None,
        };
        rows::drop_lease(tx, self.organization_id, self.connection_id, self.id).await?;
        Ok(present.filter(|present| present.same_grant(before)))
    }
}
