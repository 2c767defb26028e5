//! Does in the simulated accounts of an agency what an approved action says, as a person would at the platforms: once, however
//! often it is asked; and sets it back when it is taken back. No live account is ever reached from here.

use std::{collections::BTreeMap, sync::Arc};

use model::{
    action::{Action, ActionKind},
    actor::Actor,
    id::{ActionId, ChannelId, OrganizationId},
};
use rehearsal::{Change, Channel, Level, World, Write, server::Rehearsal};
use service::{Error, action::Called};
use time::Duration;

use super::{Worlds, internal};

/// The days by whose spend the campaigns of an account share its budget; those by which the brain says what is spent now.
const LATELY: i64 = 28;

impl Worlds {
    /// Does an action in the accounts of the simulated agency of who asks, and says that it was done today.
    pub(super) async fn does(self: Arc<Self>, actor: &Actor, id: ActionId) -> Result<(), Error> {
        service::action::check_simulated(&self.service, actor, id).await?;
        let agency = actor.organization_id;
        let world = self.find(agency).await.map_err(internal)?.ok_or(Error::Missing)?;
        let worlds = Arc::clone(&self);
        let set = move |action, channels| async move { worlds.set(agency, world, action, channels).await };
        service::action::carry_out(&self.service, actor, id, set).await.map(|_| ())
    }

    async fn set(
        &self,
        agency: OrganizationId,
        world: Arc<Rehearsal>,
        action: Action,
        channels: Vec<Called>,
    ) -> Result<(), Error> {
        let set = move || {
            let desk = world.desk().map_err(|error| internal(error.into()))?;
            let changes = changes(&desk.world, &action, &channels).map_err(refused)?;
            world.change_once(&action.id.to_string(), &changes).map_err(|error| internal(error.into()))?;
            Ok::<_, Error>(world.writes())
        };
        self.change(agency, set).await
    }

    /// Says that what was done was taken back, once everything that was set for it in simulated accounts is set back there. In
    /// a live agency there is nothing to set back.
    pub(crate) async fn takes_back(
        self: Arc<Self>,
        actor: &Actor,
        id: ActionId,
        reason: &str,
    ) -> Result<Action, Error> {
        let agency = actor.organization_id;
        let world = self.find(agency).await.map_err(internal)?;
        let worlds = Arc::clone(&self);
        let set_back = move |_: Action| async move {
            let Some(world) = world else { return Ok(()) };
            let back = move || {
                world.take_back(&id.to_string()).map_err(|error| internal(error.into()))?;
                Ok::<_, Error>(world.writes())
            };
            worlds.change(agency, back).await
        };
        service::action::take_back(&self.service, actor, id, reason, set_back).await
    }

    /// Changes a world and keeps everything that was changed in it, since it may not have been kept when an earlier try failed.
    async fn change(
        &self,
        agency: OrganizationId,
        change: impl FnOnce() -> Result<Vec<Write>, Error> + Send + 'static,
    ) -> Result<(), Error> {
        let writes = tokio::task::spawn_blocking(change).await.map_err(|error| internal(error.into()))??;
        self.keep(agency, &writes).await.map_err(internal)
    }
}

fn refused(why: String) -> Error {
    Error::Conflict { code: "not_there", message: format!("{why}. Nothing was changed") }
}

/// What an action sets in which accounts; `Err` says why it cannot be set there.
fn changes<'a>(world: &'a World, action: &Action, channels: &[Called]) -> Result<Vec<(&'a Channel, Change)>, String> {
    let proposal = &action.proposal;
    let account = |id: ChannelId| {
        let called = channels.iter().find(|called| called.id == id);
        let there = |called: &Called| world.channels().iter().find(|one| one.external_id == called.external_id);
        called.and_then(there).ok_or_else(|| "its account is none of the simulated ones".to_owned())
    };
    if proposal.kind == ActionKind::PauseCreative {
        let account = account(action.channel_id.ok_or_else(|| "it names no account".to_owned())?)?;
        // At Google an ad is named within its group.
        let id = proposal.target.id.rsplit('~').next().unwrap_or_default();
        let is = |one: &rehearsal::Entity| one.level == Level::Ad && one.external_id == id;
        if !world.entities(account).iter().any(is) {
            return Err("the simulated account has no such advertisement".to_owned());
        }
        return Ok(vec![(account, Change::Runs { level: Level::Ad, external_id: id.to_owned(), runs: false })]);
    }
    if proposal.changes.is_empty() {
        return Err("this names neither a budget nor an advertisement to stop, so there is nothing to set".to_owned());
    }
    let mut changes = Vec::new();
    for change in &proposal.changes {
        let account = account(change.channel)?;
        let currency = world.client_of(account).currency;
        if currency != proposal.currency {
            return Err(format!(
                "its budgets are in {}, and the simulated account is in {currency}",
                proposal.currency
            ));
        }
        let set = budgets(world, account, change.to)?;
        changes.extend(set.into_iter().map(|(campaign, cents)| (account, Change::Budget { campaign, cents })));
    }
    Ok(changes)
}

/// Cents a day for each campaign of an account, so that together `to` are spent, each its part of what they spent lately.
fn budgets(world: &World, account: &Channel, to: f64) -> Result<Vec<(String, i64)>, String> {
    let last = world.today() - Duration::DAY;
    let days = last - Duration::days(LATELY - 1)..=last;
    let mut spent: BTreeMap<String, i64> = BTreeMap::new();
    for row in world.ad_rows(account, days, Level::Campaign, last) {
        *spent.entry(row.external_id).or_default() += row.sums.spend_cents;
    }
    let all: i64 = spent.values().sum();
    if all <= 0 {
        return Err(format!(
            "{} spent nothing in the last four weeks, so nothing tells its campaigns' parts",
            account.name
        ));
    }
    let part = |cents: i64| (to * 100.0 * cents as f64 / all as f64).round() as i64;
    Ok(spent.into_iter().map(|(campaign, cents)| (campaign, part(cents))).collect())
}

#[cfg(test)]
mod tests {
    use rehearsal::Platform;
    use time::macros::date;

    use super::*;

    #[test]
    fn budgets_keep_the_parts_that_campaigns_spent_and_add_up() {
        let world = World::since(1, date!(2026 - 04 - 01), date!(2026 - 06 - 15)).unwrap();
        for account in world.channels().iter().filter(|channel| channel.platform.ads()) {
            let set = budgets(&world, account, 123.45).unwrap();
            let cents: i64 = set.iter().map(|(_, cents)| cents).sum();
            assert!(set.len() > 1 && (cents - 12_345).unsigned_abs() <= set.len() as u64, "{set:?}");
            let twice = budgets(&world, account, 246.9).unwrap();
            for ((campaign, cents), (same, doubled)) in set.iter().zip(&twice) {
                assert_eq!(campaign, same);
                assert!((doubled - 2 * cents).abs() <= 1, "{campaign}: {cents} {doubled}");
            }
        }
        let shop = world.channels().iter().find(|channel| !channel.platform.ads()).unwrap();
        assert!(budgets(&world, shop, 10.0).unwrap_err().contains("spent nothing"));
    }

    /// An action about an advertisement of an account, by the product's ids.
    fn about(kind: &str, channel: ChannelId, advertisement: &str) -> Action {
        let id = "01890000-0000-7000-8000-000000000000";
        let proposal = serde_json::json!({ "key": "k", "kind": kind, "target": { "id": advertisement, "level": "creative" },
            "currency": "EUR", "changes": [], "horizon_days": 28, "prediction": null, "unpredicted": null, "probability": 1.0,
            "effort_minutes": 1, "score": null, "because": [], "basis": [], "doubts": [] });
        let action = serde_json::json!({ "id": id, "client_id": id, "client_name": "c", "channel_id": channel, "channels": [],
            "creative_name": null, "state_id": id, "state": "approved", "since": "2026-06-01", "proposal": proposal,
            "proposed_at": "2026-06-01T00:00:00Z", "done_at": null, "done_on": null, "measured": null, "unmeasured": null,
            "events": [] });
        serde_json::from_value(action).unwrap()
    }

    #[test]
    fn an_advertisement_is_stopped_in_its_account_and_in_no_other() {
        let world = World::since(1, date!(2026 - 04 - 01), date!(2026 - 06 - 15)).unwrap();
        for platform in [Platform::GoogleAds, Platform::MetaAds, Platform::TikTokAds] {
            let account = world.channels().iter().find(|channel| channel.platform == platform).unwrap();
            let entities = world.entities(account);
            let ad = entities.iter().find(|one| one.level == Level::Ad).unwrap();
            let id = ChannelId(uuid::Uuid::now_v7());
            let channels = [Called {
                id,
                client_id: None,
                name: account.name.clone(),
                external_id: account.external_id.clone(),
                provider: platform.key().to_owned(),
                file: false,
            }];
            let group = ad.parent_id.as_deref().unwrap();
            let named = match platform {
                Platform::GoogleAds => format!("{group}~{}", ad.external_id),
                _ => ad.external_id.clone(),
            };
            let [(there, change)] =
                changes(&world, &about("pause_creative", id, &named), &channels).unwrap().try_into().unwrap();
            assert_eq!(there.index, account.index);
            let stopped = Change::Runs { level: Level::Ad, external_id: ad.external_id.clone(), runs: false };
            assert_eq!(change, stopped);
            let refused = |action: &Action, channels: &[Called]| changes(&world, action, channels).unwrap_err();
            assert!(refused(&about("pause_creative", id, "1"), &channels).contains("no such advertisement"));
            assert!(refused(&about("pause_creative", id, &named), &[]).contains("none of the simulated ones"));
            assert!(refused(&about("refresh_creative", id, &named), &channels).contains("neither a budget"));
        }
    }
}
