//! Everything at a glance that the pages of the settings show about connections.

use std::collections::HashMap;

use model::{
    access::Action,
    actor::Actor,
    connection::{Channel, Connection, ConnectionState, RunState, SyncRun},
    id::{ClientId, ConnectionId},
};
use store::{channel, client, connection, inbox, provider_switch, sync};
use time::OffsetDateTime;

use crate::{Result, Service, access};

/// A connection with what its page shows first.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The connection.
    pub connection: Connection,
    /// Its newest run, ended or not.
    pub latest: Option<SyncRun>,
    /// Its accounts in one's sight.
    pub accounts: i64,
    /// Those of them that belong to no client.
    pub unmapped: i64,
    /// How many of its messages could not be read, and lie at the provider alone.
    pub missing: i64,
    /// Why the operator has switched its provider off for everybody.
    pub switched_off: Option<String>,
}

impl Overview {
    /// Whether it is being read.
    pub fn running(&self) -> bool {
        self.latest.as_ref().is_some_and(|run| run.state == RunState::Running)
    }

    /// Whether its time has come, so that a run begins as soon as a worker is free.
    pub fn waiting(&self, now: OffsetDateTime) -> bool {
        !self.running()
            && self.connection.state == ConnectionState::Connected
            && self.switched_off.is_none()
            && self.connection.next_sync_at.is_some_and(|at| at <= now)
    }
}

/// The agency's connections, newest first.
///
/// # Errors
/// The rule that forbids it.
pub async fn overview(service: &Service, actor: &Actor) -> Result<Vec<Overview>> {
    access::allow(service, actor, Action::ReadIntegrations).await?;
    let off: HashMap<_, _> = provider_switch::list(&mut service.db.system().await?).await?.into_iter().collect();
    let mut tx = service.db.tenant(actor).await?;
    let counts = channel::count(&mut tx).await?;
    let mut counts: HashMap<_, _> = counts.into_iter().map(|(id, all, unmapped)| (id, (all, unmapped))).collect();
    let mut missing: HashMap<_, _> = inbox::missing(&mut tx).await?.into_iter().collect();
    let mut latest: HashMap<_, _> = sync::list_latest(&mut tx)
        .await?
        .into_iter()
        .map(|run| (run.connection_id, super::discreet(actor, run)))
        .collect();
    let seen = |connection: Connection| {
        let (accounts, unmapped) = counts.remove(&connection.id).unwrap_or_default();
        let missing = missing.remove(&connection.id).unwrap_or_default();
        let (latest, switched_off) = (latest.remove(&connection.id), off.get(&connection.provider).cloned());
        Overview { connection, latest, accounts, unmapped, missing, switched_off }
    };
    let found = connection::list(&mut tx, service.clock.now()).await?;
    Ok(super::sight::named(service, &mut tx, found).await?.into_iter().map(seen).collect())
}

/// The accounts of a connection, and the clients that they can belong to.
#[derive(Clone, Debug)]
pub struct Accounts {
    /// By name.
    pub channels: Vec<Channel>,
    /// The clients in one's sight by name, and whether each is archived.
    pub clients: Vec<(ClientId, String, bool)>,
}

/// The accounts of a connection, and the clients that they can belong to. A Manager sees those of its clients.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub async fn accounts(service: &Service, actor: &Actor, id: ConnectionId) -> Result<Accounts> {
    access::allow(service, actor, Action::ReadIntegrations).await?;
    let mut tx = service.db.tenant(actor).await?;
    connection::get(&mut tx, id, service.clock.now()).await?;
    Ok(Accounts { channels: channel::list(&mut tx, id).await?, clients: client::list_names(&mut tx).await? })
}
