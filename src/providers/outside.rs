//! The way out for one process: the pool of connections, the server's settings, and the replaced hosts of tests and
//! proxies. Each connection has one rate, however many jobs use it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use model::{
    id::{ConnectionId, OrganizationId},
    provider::Descriptor,
};
use url::Url;

use crate::{Client, Error, Hosts, Http, Limit, Provider, Result, Settings};

/// Simulated providers answer on this machine: nobody is spared by asking them slowly.
const NEAR: Limit = Limit { per_second: 500, burst: 1000 };

/// Whose providers are spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The real ones.
    Live,
    /// Those of the simulated world that belongs to this organization.
    Simulated(OrganizationId),
}

/// Where simulated worlds answer, and what they know this server by.
#[derive(Clone, Debug)]
pub struct Simulated {
    /// Before each organization's own part.
    pub base: Url,
    /// The mail servers, as the provider that speaks to such names them. They tell the organizations apart by the user's name.
    pub mail: Url,
    /// What stands in for the operator's settings.
    pub settings: Settings,
}

/// The way to all providers.
#[derive(Debug)]
pub struct Outside {
    client: Client,
    settings: Settings,
    replaced: BTreeMap<String, Url>,
    simulated: Option<Simulated>,
    nothing: Settings,
    bound: Mutex<HashMap<(ConnectionId, Url), Http>>,
}

impl Outside {
    /// With the server's settings; `replaced` holds other hosts by the provider's key, `largest` the bytes of the largest
    /// answer that is read. Without `simulated` there are no simulated providers.
    ///
    /// # Errors
    /// The system's certificates cannot be read.
    pub fn new(
        settings: Settings,
        replaced: BTreeMap<String, Url>,
        simulated: Option<Simulated>,
        largest: usize,
    ) -> Result<Self> {
        let (client, bound, nothing) = (Client::new()?.reading(largest), Mutex::default(), Settings::default());
        Ok(Self { client, settings, replaced, simulated, nothing, bound })
    }

    /// The server's settings, or what stands in for them.
    pub fn settings(&self, mode: Mode) -> &Settings {
        match mode {
            Mode::Live => &self.settings,
            Mode::Simulated(_) => self.simulated.as_ref().map_or(&self.nothing, |simulated| &simulated.settings),
        }
    }

    /// The settings that a provider needs and that the operator has not set.
    pub fn missing(&self, descriptor: &Descriptor, mode: Mode) -> Vec<&'static str> {
        let set = &self.settings(mode).0;
        let unset = |variable: &&str| !set.contains_key(*variable);
        descriptor.settings.iter().map(|setting| setting.variable).filter(unset).collect()
    }

    /// Where a provider is spoken to for a connection with these fields.
    ///
    /// # Errors
    /// Rejected, saying what is wrong with a field, or that there are no simulated providers.
    pub fn hosts(&self, provider: &dyn Provider, fields: &BTreeMap<String, String>, mode: Mode) -> Result<Hosts> {
        let Mode::Simulated(organization_id) = mode else {
            return provider.hosts_for(fields, self.replaced.get(provider.descriptor().key));
        };
        let none = || Error::Unavailable("no simulated providers run on this server. Ask your operator".to_owned());
        let simulated = self.simulated.as_ref().ok_or_else(none)?;
        let base = match provider.base().starts_with("http") {
            true => simulated.base.join(&format!("{organization_id}/")).map_err(|_| none())?,
            false => simulated.mail.clone(),
        };
        provider.hosts_for(fields, Some(&base))
    }

    /// The client for what has no connection yet, or for hosts that give tokens.
    pub fn once(&self, provider: &dyn Provider, base: Url, mode: Mode) -> Http {
        let limit = match mode {
            Mode::Live => provider.limit(),
            Mode::Simulated(_) => NEAR,
        };
        self.client.bind(base, limit, provider.fault())
    }

    /// The client of a connection.
    pub fn bound(&self, provider: &dyn Provider, connection: ConnectionId, base: Url, mode: Mode) -> Http {
        let mut bound = self.bound.lock().unwrap_or_else(PoisonError::into_inner);
        bound.entry((connection, base)).or_insert_with_key(|(_, base)| self.once(provider, base.clone(), mode)).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulated_mail_servers_are_those_that_the_operator_set_and_nobody_elses() {
        let simulated = Simulated {
            base: "http://127.0.0.1:1/".parse().unwrap(),
            mail: "imap-plain://127.0.0.1:2/?smtp=smtp-plain://127.0.0.1:3".parse().unwrap(),
            settings: Settings::default(),
        };
        let outside = Outside::new(Settings::default(), BTreeMap::new(), Some(simulated), 1 << 20).unwrap();
        let id = "018f0000-0000-7000-8000-000000000000";
        let typed = [("address", "o@acme.test"), ("imap_host", "mail.acme.test"), ("smtp_host", "mail.acme.test")];
        let typed: BTreeMap<_, _> = typed.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let host = |key: &str, mode| {
            let provider = crate::find(key).unwrap();
            outside.hosts(provider, &typed, mode).unwrap().api.to_string()
        };
        let mode = Mode::Simulated(id.parse().unwrap());
        assert_eq!(host("gmail", mode), format!("http://127.0.0.1:1/{id}/"));
        assert_eq!(host("imap", mode), "imap-plain://127.0.0.1:2/?smtp=smtp-plain://127.0.0.1:3#replaced");
        assert!(host("imap", Mode::Live).starts_with("imaps://mail.acme.test"), "a live mailbox is spoken to over TLS");
    }
}
