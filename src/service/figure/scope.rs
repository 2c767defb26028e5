//! What the scope of a figure is called. Who may not see all of it gets the answer of what is not there.

use std::collections::BTreeSet;

use model::{
    actor::Actor,
    figure::{PartId, Scope},
    id::ChannelId,
    metric::Level,
};
use store::{TenantTx, ad_entity, channel, client};

use crate::{Error, Result};

/// What nobody but the agency calls a scope.
pub(crate) const EVERYTHING: &str = "All clients in your sight";

/// What a scope is called.
///
/// # Errors
/// Missing where any of it is not in sight.
pub(crate) async fn named(tx: &mut TenantTx, actor: &Actor, scope: &Scope) -> Result<String> {
    Ok(match scope {
        Scope::Agency(id) if *id == actor.organization_id => EVERYTHING.to_owned(),
        Scope::Agency(_) => return Err(Error::Missing),
        Scope::Client(id) => client::get(tx, *id).await?.fields.name,
        Scope::Clients(ids) => {
            let mut names = Vec::new();
            for id in ids {
                names.push(client::get(tx, *id).await?.fields.name);
            }
            names.join(", ")
        }
        Scope::Channel(id) => of_channels(tx, &[*id].into()).await?,
        Scope::Channels(ids) => of_channels(tx, ids).await?,
        Scope::Campaigns(parts) => of_parts(tx, Level::Campaign, parts).await?,
        Scope::Creatives(parts) => of_parts(tx, Level::Ad, parts).await?,
    })
}

async fn of_channels(tx: &mut TenantTx, ids: &BTreeSet<ChannelId>) -> Result<String> {
    let all = channel::list_names(tx).await?;
    let names: Vec<String> =
        all.iter().filter(|called| ids.contains(&called.id)).map(|called| called.called().whole()).collect();
    if names.len() < ids.len() {
        return Err(Error::Missing);
    }
    Ok(names.join(", "))
}

async fn of_parts(tx: &mut TenantTx, level: Level, parts: &BTreeSet<PartId>) -> Result<String> {
    let names = part_names(tx, level, parts).await?;
    if names.len() < parts.len() {
        return Err(Error::Missing);
    }
    Ok(names.into_iter().map(|(_, name)| name).collect::<Vec<_>>().join(", "))
}

/// What campaigns or advertisements are called, those that are in sight. One without a name is called by the platform's id.
///
/// # Errors
/// The database failed.
pub(crate) async fn part_names(
    tx: &mut TenantTx,
    level: Level,
    parts: &BTreeSet<PartId>,
) -> Result<Vec<(PartId, String)>> {
    let channels: BTreeSet<ChannelId> = parts.iter().map(|part| part.channel_id).collect();
    let channels: Vec<ChannelId> = channels.into_iter().collect();
    let ids: Vec<String> = parts.iter().map(|part| part.external_id.clone()).collect();
    // The same id may be one of another channel, too.
    let found = ad_entity::list_placed(tx, &channels, level, &ids, i64::MAX).await?;
    let own = found.into_iter().filter(|placed| parts.contains(&placed.id));
    Ok(own.map(|placed| (placed.id.clone(), called(&placed))).collect())
}

/// What a campaign or an advertisement is called.
pub(crate) fn called(placed: &ad_entity::Placed) -> String {
    let name = placed.entity.name.trim();
    if name.is_empty() { placed.id.external_id.clone() } else { name.to_owned() }
}
