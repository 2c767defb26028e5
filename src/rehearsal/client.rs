//! Clients of the simulated agency: who they are, what they sell and how much people want it.

use serde::Serialize;
use time::Date;

use crate::{
    clock::Zone,
    random::Key,
    season::Demand,
    trade::{NAMES, TRADES, Trade},
};

/// How many clients the agency has.
pub const CLIENTS: usize = 8;
/// How many times what others sell a large client does, and the orders a day that it has by themselves at the least.
const LARGE: (f64, f64) = (2.3, 30.0);

/// A client of the agency.
#[derive(Clone, Debug, Serialize)]
pub struct Client {
    /// Its place among the clients, from 0.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// The first part of its domain and of its shop's address: small letters and dashes.
    pub slug: String,
    /// ISO 4217; all amounts of all its channels are in it.
    pub currency: &'static str,
    /// Where its days begin.
    pub zone: Zone,
    #[serde(skip)]
    pub(crate) trade: &'static Trade,
    #[serde(skip)]
    pub(crate) demand: Demand,
    /// Orders a day that come without advertising, on a day with demand 1.
    #[serde(skip)]
    pub(crate) organic: f64,
    /// What an order's goods are worth on average, in currency units.
    #[serde(skip)]
    pub(crate) order_value: f64,
    /// Whether nothing is planted here.
    #[serde(skip)]
    pub(crate) quiet: bool,
}

impl Client {
    /// The domain of its web shop and mail, under `.example`, which nobody can own.
    pub fn domain(&self) -> String {
        format!("{}.example", self.slug)
    }

    /// What it is in the trade of, as a title: "Pet food".
    pub fn trade(&self) -> String {
        let mut letters = self.trade.key.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
    }

    /// What stays of its revenue after goods and delivery, in per cent.
    pub const fn margin(&self) -> u8 {
        self.trade.margin
    }
}

/// All clients of a world. `quiet` says for each whether nothing happens there, `large` whether it is one of the agency's
/// large ones.
pub(crate) fn all(world: Key, first: Date, quiet: &[bool; CLIENTS], large: &[bool; CLIENTS]) -> Vec<Client> {
    let mut stream = world.name("clients").stream();
    let mut trades: Vec<_> = TRADES.iter().collect();
    stream.shuffle(&mut trades);
    let mut names = NAMES;
    stream.shuffle(&mut names);
    let (berlin, york, angeles) = (Zone::Berlin, Zone::NewYork, Zone::LosAngeles);
    let mut zones = [berlin, berlin, berlin, berlin, york, york, angeles, angeles];
    stream.shuffle(&mut zones);
    let of = |index: usize| {
        one(world, index, (names[index], trades[index], zones[index]), first, (quiet[index], large[index]))
    };
    (0..CLIENTS).map(of).collect()
}

type Identity = (&'static str, &'static Trade, Zone);

fn one(world: Key, index: usize, (name, trade, zone): Identity, first: Date, (quiet, large): (bool, bool)) -> Client {
    let mut stream = world.name("client").number(index as u64).stream();
    let name = format!("{name} {}", trade.firm);
    let order_value = trade.order_value * stream.between(0.85, 1.2);
    let mut week = std::array::from_fn(|day| {
        let usual = if day >= 5 { 1.0 + trade.weekend } else { 1.0 };
        usual * stream.between(0.94, 1.06)
    });
    let mean = week.iter().sum::<f64>() / 7.0;
    week.iter_mut().for_each(|day| *day /= mean);
    let demand = Demand {
        zone,
        first,
        week,
        peak: trade.peak + stream.between(-8.0, 8.0),
        swing: trade.swing * stream.between(0.8, 1.15),
        second: trade.swing * stream.between(0.0, 0.2),
        trend: if quiet { 0.0 } else { stream.between(-0.04, 0.30) },
        gift: trade.gift * stream.between(0.85, 1.15),
        shifts: vec![],
    };
    // Dear goods sell seldom; below 8 a day even a collapse would hide in chance.
    let organic = (stream.between(700.0, 1600.0) / order_value).max(8.0);
    Client {
        index,
        slug: slug(&name),
        name,
        currency: if zone == Zone::Berlin { "EUR" } else { "USD" },
        zone,
        trade,
        demand,
        organic: if large { (LARGE.0 * organic).max(LARGE.1) } else { organic },
        order_value,
        quiet,
    }
}

/// Small letters, digits and single dashes.
pub(crate) fn slug(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use time::macros::date;

    #[test]
    fn eight_clients_in_different_trades_two_currencies_and_three_zones() {
        for seed in 0..50 {
            let clients = all(Key::new(seed), date!(2025 - 01 - 01), &[false; CLIENTS], &[false; CLIENTS]);
            let different = |of: fn(&Client) -> &str| clients.iter().map(of).collect::<BTreeSet<_>>().len();
            assert_eq!(different(|client| client.trade.key), CLIENTS);
            assert_eq!(different(|client| &client.slug), CLIENTS);
            assert_eq!(different(|client| client.currency), 2);
            assert_eq!(different(|client| client.zone.iana()), 3);
        }
    }

    #[test]
    fn large_clients_sell_more_and_are_the_same_otherwise() {
        for seed in 0..50 {
            let of = |large| all(Key::new(seed), date!(2025 - 01 - 01), &[false; CLIENTS], &[large; CLIENTS]);
            for (usual, large) in of(false).iter().zip(of(true)) {
                assert!(large.organic >= 30.0 && large.organic / usual.organic > 2.29, "seed {seed}");
                let same = |one: &Client| (one.name.clone(), one.currency, one.order_value.to_bits());
                assert_eq!(same(usual), same(&large));
            }
        }
    }

    #[test]
    fn slugs_are_fit_for_addresses() {
        assert_eq!(slug("Harbour & Pine Toy Workshop"), "harbour-pine-toy-workshop");
    }
}
