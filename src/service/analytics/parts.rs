//! Campaigns and advertisements with their figures, and whether people are tired of them.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    access::Action,
    actor::Actor,
    analytics::{Asked, Breakdown},
    fact::Wide,
    figure::{PartId, Scope},
    id::ChannelId,
    metric::{Days, Level},
};
use store::{
    TenantTx,
    ad_entity::{self, Placed},
    brain as states,
};

use super::{
    Manner, metrics, question, said,
    table::{Known, Rows},
};
use crate::{Result, Service, access, figure::counted};

/// What is told of each campaign and advertisement.
const OF_PARTS: [&str; 9] =
    ["spend", "impressions", "clicks", "ctr", "claimed_conversions", "cvr", "cpa", "claimed_revenue", "roas_claimed"];

/// What is told apart below channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Campaigns.
    Campaigns,
    /// Advertisements.
    Creatives,
}

/// The campaigns or advertisements that a question is about, or those of the channels it is about, with their figures.
///
/// # Errors
/// The rule that forbids it; of a strict question also what of it makes no sense, or missing for what is not in sight.
pub async fn parts(service: &Service, actor: &Actor, asked: &Asked, depth: Depth, manner: Manner) -> Result<Breakdown> {
    access::allow(service, actor, Action::ReadClients).await?;
    let mut tx = service.db.tenant(actor).await?;
    states::freeze(&mut tx).await?;
    let mut resolved = question::resolve(service, &mut tx, actor, asked, manner).await?;
    resolved.channels.retain(|channel| !channel.shop);
    if resolved.channels.is_empty() {
        return Ok(Breakdown::default());
    }
    let level = if depth == Depth::Creatives { Level::Ad } else { Level::Campaign };
    let Some(scope) = scope(&mut tx, &resolved.scope, level).await? else { return Ok(Breakdown::default()) };
    let told = metrics(&OF_PARTS);
    let wide = |days: Days| Wide {
        scope: scope.clone(),
        currency: resolved.currency.clone(),
        days,
        metrics: Vec::new(),
        periods: Vec::new(),
        each: told.clone(),
        stacks: Vec::new(),
        most: 0,
    };
    let asked = std::iter::once(resolved.days).chain(resolved.compared).map(wide).collect();
    let read = (resolved.channels.as_slice(), resolved.ended);
    let known = counted::read_for(&mut tx, &resolved.agency, read, asked).await?;
    let channels: Vec<ChannelId> = resolved.channels.iter().map(|channel| channel.id).collect();
    let placed = ad_entity::list_placed(&mut tx, &channels, level, &[], i64::MAX).await?;
    let mut placed: BTreeMap<PartId, Placed> = placed.into_iter().map(|one| (one.id.clone(), one)).collect();
    if level == Level::Ad {
        narrow(&mut placed, &resolved.scope);
    }
    let fatigue = if level == Level::Ad { said::fatigue(&mut tx, &resolved).await? } else { BTreeMap::new() };
    drop(tx);
    let mut spreads = counted::spread(service, known).await?.into_iter();
    let now = spreads.next().unwrap_or_default().each;
    let earlier = resolved.compared.zip(spreads.next().map(|spread| spread.each));
    let rows = Rows { resolved: &resolved, told: &told };
    let before = earlier.as_ref().map(|(days, each)| (*days, each.as_slice()));
    Ok(rows.parts(&now, before, &Known { level, placed: &placed, fatigue: &fatigue }))
}

/// Of which campaigns or advertisements days are read: of those that are asked for, of the campaigns of the advertisements that are
/// asked for, or of all in the channels. None where the platform did not say of which campaigns advertisements are.
async fn scope(tx: &mut TenantTx, asked: &Scope, level: Level) -> Result<Option<Scope>> {
    Ok(Some(match (asked, level) {
        (Scope::Campaigns(_), Level::Campaign) | (Scope::Creatives(_), Level::Ad) => asked.clone(),
        (Scope::Creatives(ads), _) => {
            let channels: Vec<_> = ads.iter().map(|part| part.channel_id).collect();
            let ids: Vec<String> = ads.iter().map(|part| part.external_id.clone()).collect();
            let found = ad_entity::list_placed(tx, &channels, Level::Ad, &ids, i64::MAX).await?;
            let own = found.into_iter().filter(|placed| ads.contains(&placed.id));
            let campaigns: BTreeSet<PartId> =
                own.filter_map(|placed| Some(PartId::new(placed.id.channel_id, placed.campaign_id?))).collect();
            if campaigns.is_empty() {
                return Ok(None);
            }
            Scope::Campaigns(campaigns)
        }
        (_, Level::Ad) => Scope::Creatives(BTreeSet::new()),
        _ => Scope::Campaigns(BTreeSet::new()),
    }))
}

/// Leaves the advertisements of other campaigns out, where campaigns are asked for.
fn narrow(placed: &mut BTreeMap<PartId, Placed>, asked: &Scope) {
    let Scope::Campaigns(campaigns) = asked else { return };
    placed.retain(|part, placed| {
        let campaign = placed.campaign_id.as_ref().map(|id| PartId::new(part.channel_id, id.as_str()));
        campaign.is_some_and(|campaign| campaigns.contains(&campaign))
    });
}
