//! What a question can be narrowed to.

use model::{
    access::Action,
    actor::Actor,
    analytics::{Asked, Choice, Options},
    figure::Scope,
    id::{ChannelId, ClientId},
    metric::Level,
};
use store::{ad_entity, channel, client};

use super::{Manner, question};
use crate::{Result, Service, access, figure::scope::called};

/// So many campaigns or advertisements are offered.
const OFFERED: i64 = 200;

/// What can be chosen: clients in sight that are not archived, the channels of the chosen ones, and the campaigns and
/// advertisements of the chosen channels, by name.
///
/// # Errors
/// The rule that forbids it.
pub async fn options(service: &Service, actor: &Actor, asked: &Asked) -> Result<Options> {
    access::allow(service, actor, Action::ReadClients).await?;
    let mut tx = service.db.tenant(actor).await?;
    let resolved = question::resolve(service, &mut tx, actor, asked, Manner::Lenient).await?;
    let chosen = &resolved.question.filters.clients;
    let clients = client::list_names(&mut tx).await?;
    let clients = clients.into_iter().filter(|(.., archived)| !archived);
    let mut offered = Options {
        clients: clients.map(|(id, name, _)| Choice { id: id.to_string(), name, of: String::new() }).collect(),
        ..Options::default()
    };
    let client = |id: ClientId| resolved.clients.get(&id).cloned();
    let mut channels: Vec<_> = channel::list_names(&mut tx).await?;
    channels.retain(|called| chosen.is_empty() || called.client_id.is_some_and(|id| chosen.contains(&id)));
    channels.sort_by_key(|one| (one.name.to_lowercase(), one.id));
    let choice = |called: &channel::Called| {
        let of = called.client_id.and_then(client).unwrap_or_default();
        Choice { id: called.id.to_string(), name: called.called().beside(Some(&*of)), of }
    };
    offered.channels = channels.iter().map(choice).collect();
    if !matches!(resolved.scope, Scope::Agency(_)) {
        let filters = &resolved.question.filters;
        let channels: Vec<ChannelId> = resolved.meant.iter().map(|called| called.id).collect();
        for (level, list) in [(Level::Campaign, &mut offered.campaigns), (Level::Ad, &mut offered.creatives)] {
            let mut found = ad_entity::list_placed(&mut tx, &channels, level, &[], OFFERED).await?;
            found.retain(|placed| {
                let own = |id: &String| {
                    let here = |part: &&model::figure::PartId| part.channel_id == placed.id.channel_id;
                    filters.campaigns.iter().filter(here).any(|part| part.external_id == *id)
                };
                level == Level::Campaign || filters.campaigns.is_empty() || placed.campaign_id.as_ref().is_some_and(own)
            });
            let choice = |placed: &ad_entity::Placed| Choice {
                id: placed.id.to_string(),
                name: called(placed),
                of: resolved.channel_name(placed.id.channel_id),
            };
            list.extend(found.iter().map(choice));
        }
    }
    Ok(offered)
}
