//! What of a connection is for whose eyes: a label may be the name of a shop, and so of a client.

use std::collections::HashSet;

use model::{
    access::{Action, may},
    connection::Connection,
};
use store::{TenantTx, channel};

use crate::{Result, Service};

/// Connections as the transaction's person may read them: whoever does not connect reads the label of those only that have
/// an account of a client in sight, and else the provider's name.
pub(super) async fn named(service: &Service, tx: &mut TenantTx, mut found: Vec<Connection>) -> Result<Vec<Connection>> {
    if may(tx.actor().role, Action::EditIntegrations) {
        return Ok(found);
    }
    let in_sight: HashSet<_> = channel::count(tx).await?.into_iter().map(|(id, ..)| id).collect();
    for connection in found.iter_mut().filter(|connection| !in_sight.contains(&connection.id)) {
        let offer = service.offers.iter().find(|offer| offer.descriptor.key == connection.provider);
        connection.label = offer.map_or_else(|| connection.provider.clone(), |offer| offer.descriptor.name.to_owned());
    }
    Ok(found)
}
