//! The plan of a world: its clients and channels, before any count is drawn. Cheap, so that many worlds can be looked at.

use serde::Serialize;
use time::{Date, Duration};

use crate::{
    account::{self, Account, Platform},
    client::{self, CLIENTS, Client},
    planted::{self, Planted, Role},
    random::Key,
};

/// How many ad accounts and shops there are.
pub const CHANNELS: usize = 26;
/// How many creatives there are.
pub const CREATIVES: usize = 120;

/// An ad account or a shop.
#[derive(Clone, Debug, Serialize)]
pub struct Channel {
    /// Its place among the channels, from 0.
    pub index: usize,
    /// The client's place among the clients.
    pub client: usize,
    /// Where it lives.
    pub platform: Platform,
    /// The platform's id: digits for an ad account, the address for a shop.
    pub external_id: String,
    /// The name its owner gave it.
    pub name: String,
    #[serde(skip)]
    pub(crate) account: Option<Account>,
}

/// Everything that is decided beforehand.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub key: Key,
    pub clients: Vec<Client>,
    pub channels: Vec<Channel>,
    pub planted: Vec<Planted>,
}

const G: Platform = Platform::GoogleAds;
const M: Platform = Platform::MetaAds;
const T: Platform = Platform::TikTokAds;
/// Where each client advertises: 7 accounts at Google, 6 at Meta, 5 at TikTok. Every client has a shop besides.
const ACCOUNTS: [&[Platform]; CLIENTS] = [&[G, M, T], &[G, M, T], &[G, M, T], &[G, M], &[G, T], &[G, M], &[G, M], &[T]];

impl Plan {
    pub fn new(seed: u64, first: Date) -> Self {
        let key = Key::new(seed);
        let mut stream = key.name("roles").stream();
        let mut roles = planted::ROLES;
        stream.shuffle(&mut roles);
        let mut accounts = ACCOUNTS;
        stream.shuffle(&mut accounts);
        let clients = client::all(key, first, &roles.map(|role| role == Role::Null), &roles.map(Role::large));
        let mut channels: Vec<Channel> = Vec::with_capacity(CHANNELS);
        let mut advertised = 0;
        for client in &clients {
            for platform in accounts[client.index].iter().copied().chain([Platform::Shopify]) {
                // 12 accounts with 7 creatives and 6 with 6 make 120.
                let creatives = if advertised % 3 == 2 { 6 } else { 7 };
                advertised += usize::from(platform.ads());
                channels.push(channel(key, channels.len(), platform, client, first, creatives));
            }
        }
        let mut plan = Self { key, clients, channels, planted: vec![] };
        planted::plant(&mut plan, &roles, first);
        plan
    }

    /// The ad accounts of a client.
    pub fn accounts(&self, client: usize) -> impl Iterator<Item = (&Channel, &Account)> {
        let of = self.channels.iter().filter(move |channel| channel.client == client);
        of.filter_map(|channel| channel.account.as_ref().map(|account| (channel, account)))
    }
}

fn channel(key: Key, index: usize, platform: Platform, client: &Client, first: Date, creatives: usize) -> Channel {
    let key = key.name("channel").number(index as u64);
    let digits = |low: i64, high: i64| key.name("id").stream().whole(low, high).to_string();
    let external_id = match platform {
        Platform::GoogleAds => digits(1_000_000_000, 9_999_999_999),
        Platform::MetaAds => digits(100_000_000_000_000, 999_999_999_999_999),
        Platform::TikTokAds => digits(7_000_000_000_000_000_000, 7_400_000_000_000_000_000),
        // No client owns a mailbox of the agency's.
        Platform::Shopify | Platform::Gmail | Platform::Outlook => format!("{}.myshopify.com", client.slug),
    };
    let account = platform.ads().then(|| account::make(key.name("account"), platform, client, first, creatives));
    Channel { index, client: client.index, platform, external_id, name: client.name.clone(), account }
}

/// The first day of the world that `today` is in by default: between 399 and 518 days before.
///
/// It stays the same for 120 days, so that most days only add to the world of the day before. What goes on for longer
/// keeps its own first day.
pub(crate) fn first_day(today: Date) -> Date {
    let latest = today - Duration::days(399);
    latest - Duration::days(i64::from(latest.to_julian_day().rem_euclid(120)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use time::macros::date;

    #[test]
    fn twenty_six_channels_and_a_hundred_and_twenty_creatives_in_every_world() {
        for seed in 0..50 {
            let plan = Plan::new(seed, date!(2025 - 01 - 01));
            assert_eq!(plan.channels.len(), CHANNELS);
            let ads: usize = plan.channels.iter().filter_map(|channel| Some(channel.account.as_ref()?.ads.len())).sum();
            assert_eq!(ads, CREATIVES);
            let ids: BTreeSet<_> = plan.channels.iter().map(|channel| &channel.external_id).collect();
            assert_eq!(ids.len(), CHANNELS);
            for client in 0..CLIENTS {
                assert!((1..=3).contains(&plan.accounts(client).count()));
            }
        }
    }

    #[test]
    fn every_campaign_has_an_ad_that_always_runs() {
        let plan = Plan::new(4, date!(2025 - 01 - 01));
        for account in plan.channels.iter().filter_map(|channel| channel.account.as_ref()) {
            for group in 0..account.groups.len() {
                let mut ads = account.ads.iter().filter(|ad| ad.group == group);
                assert!(ads.any(|ad| ad.launched.is_none() && ad.ended.is_none()));
            }
        }
    }

    #[test]
    fn a_world_has_four_hundred_days_at_least_and_keeps_its_first_for_a_while() {
        for today in crate::clock::days(date!(2026 - 01 - 01), date!(2026 - 12 - 31)) {
            let (first, next) = (first_day(today), first_day(today + Duration::days(1)));
            assert!((399..519).contains(&(today - first).whole_days()));
            assert!(next == first || next - first == Duration::days(120) && (today - first).whole_days() == 518);
        }
    }
}
