//! A connection's opened credential in use: renewed in time, and once more when the provider refuses it.

use std::{collections::BTreeMap, future::Future, pin::Pin};

use model::{
    actor::Actor,
    id::{ConnectionId, OrganizationId},
};
use providers::{Call, Error, Http, Mode, Provider};
use secrecy::{ExposeSecret, SecretString};
use service::credential::{self, NotRenewed, Tokens, Unusable};
use store::organization;
use time::Duration;

use super::Stop;
use crate::Context;

/// A token that ends sooner is renewed first.
const MARGIN: Duration = Duration::minutes(5);

type Calling<'c, T> = Pin<Box<dyn Future<Output = providers::Result<T>> + Send + 'c>>;

/// The provider with this key.
pub(crate) fn provider_of(key: &str) -> anyhow::Result<&'static dyn Provider> {
    providers::find(key).ok_or_else(|| anyhow::anyhow!("this program knows no provider {key}"))
}

/// Whose providers an organization's connections speak to.
pub(crate) async fn mode(context: &Context, actor: &Actor) -> Result<Mode, store::Error> {
    let organization = organization::get(&mut context.service.db.tenant(actor).await?).await?;
    Ok(if organization.simulated { Mode::Simulated(organization.id) } else { Mode::Live })
}

/// The way to a connection's provider.
pub(crate) struct Access<'a> {
    context: &'a Context,
    organization_id: OrganizationId,
    connection_id: ConnectionId,
    provider: &'static dyn Provider,
    mode: Mode,
    stored: credential::Credential,
    credential: providers::Credential,
    http: Http,
}

impl<'a> Access<'a> {
    /// Opens the credential.
    ///
    /// # Errors
    /// Reconnect, when somebody must connect again.
    pub(crate) async fn open(
        context: &'a Context,
        actor: &Actor,
        connection_id: ConnectionId,
        provider: &'static dyn Provider,
    ) -> Result<Self, Stop> {
        let organization_id = actor.organization_id;
        let found = credential::find(&context.service, organization_id, connection_id).await?.unwrap_or_default();
        let mode = mode(context, actor).await?;
        let hosts = context.outside.hosts(provider, &plain(&found.fields), mode)?;
        let mut access = Self {
            context,
            organization_id,
            connection_id,
            provider,
            mode,
            stored: found,
            credential: providers::Credential::default(),
            http: context.outside.bound(provider, connection_id, hosts.api, mode),
        };
        access.freshen().await?;
        Ok(access)
    }

    /// Makes a call; one that is refused is made once more with a renewed token.
    ///
    /// # Errors
    /// The provider's, or Reconnect.
    pub(crate) async fn call<T: Send>(
        &mut self,
        call: impl for<'c> Fn(&'c Call<'c>) -> Calling<'c, T> + Send + Sync,
    ) -> Result<T, Stop> {
        if self.stored.expires_at.is_some_and(|at| at <= self.context.service.clock.now() + MARGIN) {
            self.freshen().await?;
        }
        let words = match self.make(&call).await {
            Err(Error::Unauthorized(words)) => words,
            result => return Ok(result?),
        };
        let (context, provider, mode, tokens) = (self.context, self.provider, self.mode, self.tokens()?);
        let renewed = credential::renewed(
            &context.service,
            self.organization_id,
            self.connection_id,
            &self.stored,
            &words,
            |refresh_token| renew(context, provider, mode, &tokens, refresh_token),
        );
        self.take(renewed.await)?;
        match self.make(&call).await {
            Err(Error::Unauthorized(words)) => Err(Stop::Reconnect(words)),
            result => Ok(result?),
        }
    }

    async fn make<T>(
        &self,
        call: &(impl for<'c> Fn(&'c Call<'c>) -> Calling<'c, T> + Send + Sync),
    ) -> providers::Result<T> {
        let settings = self.context.outside.settings(self.mode);
        call(&Call { http: &self.http, credential: &self.credential, settings }).await
    }

    async fn freshen(&mut self) -> Result<(), Stop> {
        let (context, provider, mode, tokens) = (self.context, self.provider, self.mode, self.tokens()?);
        let fresh =
            credential::fresh(&context.service, self.organization_id, self.connection_id, MARGIN, |refresh_token| {
                renew(context, provider, mode, &tokens, refresh_token)
            });
        let fresh = fresh.await;
        self.take(fresh)
    }

    fn tokens(&self) -> Result<Http, Stop> {
        let hosts = self.context.outside.hosts(self.provider, &plain(&self.stored.fields), self.mode)?;
        Ok(self.context.outside.once(self.provider, hosts.tokens, self.mode))
    }

    fn take(&mut self, opened: Result<credential::Credential, Unusable<Error>>) -> Result<(), Stop> {
        self.stored = opened.map_err(|error| match error {
            Unusable::Missing => Stop::Reconnect("no credential is stored for it".to_owned()),
            Unusable::Reconnect(words) => Stop::Reconnect(words),
            Unusable::Late => Stop::Provider(Error::Unavailable("the access was not renewed in time".to_owned())),
            Unusable::Failed(error) => Stop::Provider(error),
            Unusable::Internal(error) => Stop::Ours(error.into()),
        })?;
        self.credential = used(&self.stored);
        Ok(())
    }
}

/// A credential as providers take it.
pub(crate) fn used(given: &credential::Credential) -> providers::Credential {
    providers::Credential { access_token: given.access_token.clone().unwrap_or_default(), fields: plain(&given.fields) }
}

fn plain(fields: &BTreeMap<String, SecretString>) -> BTreeMap<String, String> {
    fields.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned())).collect()
}

async fn renew(
    context: &Context,
    provider: &'static dyn Provider,
    mode: Mode,
    http: &Http,
    refresh_token: SecretString,
) -> Result<Tokens, NotRenewed<Error>> {
    let Some(oauth) = provider.oauth() else {
        return Err(NotRenewed::Refused("the provider gives nothing to renew".to_owned()));
    };
    match oauth.refresh(http, context.outside.settings(mode), &refresh_token).await {
        Ok(tokens) => Ok(stored(tokens)),
        Err(Error::Unauthorized(words)) => Err(NotRenewed::Refused(words)),
        Err(error) => Err(NotRenewed::Failed(error)),
    }
}

/// What a provider gave, as the vault takes it.
pub fn stored(tokens: providers::Tokens) -> Tokens {
    Tokens {
        access_token: Some(tokens.access_token),
        refresh_token: tokens.refresh_token,
        expires_in: tokens.expires_in,
        fields: tokens.fields.into_iter().map(|(name, value)| (name, SecretString::from(value))).collect(),
    }
}
