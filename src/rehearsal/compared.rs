//! What changes truly brought: the world with them beside the same world without. Nobody outside of a simulation can know
//! this; what the product finds out by itself is held against it.

use std::ops::RangeInclusive;

use serde::Serialize;
use time::{Date, Duration, OffsetDateTime};

use crate::{rows::Level, world::World, writes::Write};

/// What some days of a client cost and brought, in cents of its currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Brought {
    /// What all of its advertising cost.
    pub spend_cents: i64,
    /// Orders placed in its shop.
    pub orders: i64,
    /// Goods sold less goods paid back, without taxes and shipping, as the shop's books have it.
    pub ledger_cents: i64,
}

/// A client for whom something was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// The client's place.
    pub client: usize,
    /// The days, in the client's zone; both are over.
    #[serde(skip)]
    pub days: RangeInclusive<Date>,
    /// With the changes.
    pub with: Brought,
    /// Without any of them.
    pub without: Brought,
}

impl World {
    /// What the last `days` whole days before `now` brought each client for whom something was changed before they were over;
    /// by the clients' places. Empty where nothing was.
    pub fn compared(&self, now: OffsetDateTime, days: i64) -> Vec<Compared> {
        let mut plain = None;
        let mut all = vec![];
        for client in self.clients() {
            let last = client.zone.day(now).min(self.today()) - Duration::DAY;
            let over = self.end_of(client, last);
            // What is changed in a mailbox costs and brings nothing.
            let of = |write: &Write| self.channels().get(write.channel).map(|channel| channel.client);
            let mine = |write: &Write| of(write) == Some(client.index) && write.at <= over;
            if !self.writes().iter().any(mine) {
                continue;
            }
            let days = (last - Duration::days(days - 1)).max(self.first())..=last;
            let plain: &Self = plain.get_or_insert_with(|| self.with(vec![]));
            let (with, without) = (self.brought(client.index, &days), plain.brought(client.index, &days));
            all.push(Compared { client: client.index, days, with, without });
        }
        all
    }

    /// What the changes that were a part of the same brought their client, beside the same days with all other changes and
    /// without these: from the day on which they were made, `days` days at most of those that are over before `now`. None where
    /// no such change was made, or no such day is over.
    pub fn compared_of(&self, part_of: &str, now: OffsetDateTime, days: i64) -> Option<Compared> {
        let own = |write: &Write| write.part_of.as_deref() == Some(part_of);
        let made = self.writes().iter().find(|write| own(write))?;
        let client = self.client_of(self.channels().get(made.channel)?);
        let first = client.zone.day(made.at);
        let over = client.zone.day(now).min(self.today()) - Duration::DAY;
        let days = first..=over.min(first + Duration::days(days - 1));
        if days.is_empty() {
            return None;
        }
        let others = self.with(self.writes().iter().filter(|write| !own(write)).cloned().collect());
        let (with, without) = (self.brought(client.index, &days), others.brought(client.index, &days));
        Some(Compared { client: client.index, days, with, without })
    }

    fn brought(&self, client: usize, days: &RangeInclusive<Date>) -> Brought {
        let mut brought = Brought::default();
        for channel in self.channels().iter().filter(|channel| channel.client == client) {
            for row in self.ad_rows(channel, days.clone(), Level::Account, self.today()) {
                brought.spend_cents += row.sums.spend_cents;
            }
            for day in self.shop_days(channel).iter().filter(|day| days.contains(&day.day)) {
                brought.orders += day.orders;
                brought.ledger_cents += day.ledger_cents;
            }
        }
        brought
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;
    use crate::Change;

    #[test]
    fn a_change_is_compared_with_the_same_days_without_it() {
        let today = date!(2026 - 06 - 15);
        let now = datetime!(2026-06-15 18:00 UTC);
        let world = World::since(4, today - Duration::days(59), today).unwrap();
        assert_eq!(world.compared(now, 7), [], "nothing was changed");
        let account = world.channels().iter().find(|channel| channel.platform.ads()).unwrap();
        let campaigns = world.entities(account).into_iter().filter(|entity| entity.level == Level::Campaign);
        let ids: Vec<_> = campaigns.map(|entity| entity.external_id).collect();
        let pause = |at| {
            let runs = |id: &String| Change::Runs { level: Level::Campaign, external_id: id.clone(), runs: false };
            world.with(
                ids.iter().map(|id| Write { at, channel: account.index, change: runs(id), part_of: None }).collect(),
            )
        };
        let [one] = pause(datetime!(2026-06-08 09:00 UTC)).compared(now, 7).try_into().unwrap();
        let week = date!(2026 - 06 - 08)..=date!(2026 - 06 - 14);
        assert_eq!((one.client, &one.days), (account.client, &week));
        assert_eq!(one.without, world.brought(account.client, &week));
        assert!(one.with.spend_cents < one.without.spend_cents && one.with.orders < one.without.orders, "{one:?}");
        assert!(one.with.ledger_cents < one.without.ledger_cents, "{one:?}");
        // What is changed today acts on no day that is over.
        assert_eq!(pause(datetime!(2026-06-15 09:00 UTC)).compared(now, 7), []);
    }

    #[test]
    fn what_one_change_brought_is_told_apart_from_others() {
        let today = date!(2026 - 06 - 15);
        let world = World::since(4, today - Duration::days(59), today).unwrap();
        let account = world.channels().iter().find(|channel| channel.platform.ads()).unwrap();
        let campaigns = |channel: &crate::Channel| -> Vec<String> {
            let campaigns = world.entities(channel).into_iter().filter(|entity| entity.level == Level::Campaign);
            campaigns.map(|entity| entity.external_id).collect()
        };
        let write = |at, channel: &crate::Channel, campaign: &str, part_of: Option<&str>| Write {
            at,
            channel: channel.index,
            change: Change::Budget { campaign: campaign.to_owned(), cents: 100 },
            part_of: part_of.map(str::to_owned),
        };
        let (at, now) = (datetime!(2026-06-08 09:00 UTC), datetime!(2026-06-15 18:00 UTC));
        let ids = campaigns(account);
        let others = vec![write(at - Duration::DAY, account, &ids[1], None)];
        let all = [others.clone(), vec![write(at, account, &ids[0], Some("a"))]].concat();
        let (plain, changed) = (world.with(others), world.with(all));
        assert_eq!(changed.compared_of("b", now, 28), None, "nobody made it");
        assert_eq!(changed.compared_of("a", at, 28), None, "no day after it is over");
        let told = changed.compared_of("a", now, 28).unwrap();
        assert_eq!((told.client, &told.days), (account.client, &(date!(2026 - 06 - 08)..=date!(2026 - 06 - 14))));
        assert_eq!(told.without, plain.brought(account.client, &told.days), "the other change stays");
        assert_eq!(told.with, changed.brought(account.client, &told.days));
        assert!(told.with.spend_cents < told.without.spend_cents, "{told:?}");
        assert_eq!(*changed.compared_of("a", now, 3).unwrap().days.end(), date!(2026 - 06 - 10));
    }
}
