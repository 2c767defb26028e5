//! The way out for one process: the pool of connections, the server's settings, and the replaced hosts of tests and
//! proxies. Each connection has one rate, however many jobs use it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use model::{id::ConnectionId, provider::Descriptor};
use url::Url;

use crate::{Client, Hosts, Http, Provider, Result, Settings};

/// The way to all providers.
#[derive(Debug)]
pub struct Outside {
    client: Client,
    settings: Settings,
    replaced: BTreeMap<String, Url>,
    bound: Mutex<HashMap<(ConnectionId, Url), Http>>,
}

impl Outside {
    /// With the server's settings; `replaced` holds other hosts by the provider's key.
    ///
    /// # Errors
    /// The system's certificates cannot be read.
    pub fn new(settings: Settings, replaced: BTreeMap<String, Url>) -> Result<Self> {
        Ok(Self { client: Client::new()?, settings, replaced, bound: Mutex::default() })
    }

    /// The server's settings.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The settings that a provider needs and that the operator has not set.
    pub fn missing(&self, descriptor: &Descriptor) -> Vec<&'static str> {
        let unset = |variable: &&str| !self.settings.0.contains_key(*variable);
        descriptor.settings.iter().map(|setting| setting.variable).filter(unset).collect()
    }

    /// Where a provider is spoken to for a connection with these fields.
    ///
    /// # Errors
    /// Rejected, saying what is wrong with a field.
    pub fn hosts(&self, provider: &dyn Provider, fields: &BTreeMap<String, String>) -> Result<Hosts> {
        provider.hosts_for(fields, self.replaced.get(provider.descriptor().key))
    }

    /// The client for what has no connection yet, or for hosts that give tokens.
    pub fn once(&self, provider: &dyn Provider, base: Url) -> Http {
        self.client.bind(base, provider.limit(), provider.fault())
    }

    /// The client of a connection.
    pub fn bound(&self, provider: &dyn Provider, connection: ConnectionId, base: Url) -> Http {
        let mut bound = self.bound.lock().unwrap_or_else(PoisonError::into_inner);
        bound.entry((connection, base)).or_insert_with_key(|(_, base)| self.once(provider, base.clone())).clone()
    }
}
