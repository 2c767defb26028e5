//! What goes into a cycle.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use time::{Date, Duration};

use super::Choices;
use crate::{
    NotEnough,
    curiosity::{Hits, Kind},
    memory::{Currency, Days, Measure, Order, Rates, Source},
};

/// Everything that is known of an agency on a day.
#[derive(Clone, Debug)]
pub struct Input {
    /// The last day that had ended for the agency.
    pub day: Date,
    /// The currency in which the agency counts.
    pub display: Currency,
    /// The daily rates.
    pub rates: Rates,
    /// Its clients, and what belongs to none, in an order that does not change.
    pub clients: Vec<Client>,
    /// What was chosen before, by [`choose`](super::choose).
    pub choices: Choices,
    /// How often actions of each kind won and lost so far.
    pub hits: BTreeMap<Kind, Hits>,
    /// Actions that people approved or did, of which it is not known yet what came.
    pub under_way: Vec<UnderWay>,
}

/// An action that somebody approved or did, of which it is not known yet what came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnderWay {
    /// Its key, of which there may be another one at another client.
    pub key: String,
    /// What.
    pub kind: Kind,
    /// The client.
    pub client: String,
    /// The channel, where it is about one or something in one.
    pub channel: Option<String>,
    /// The channels whose budgets it changes.
    pub changes: Vec<String>,
}

/// A client and its channels.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its id; none for the channels that belong to nobody.
    pub id: Option<String>,
    /// The currency in which it counts.
    pub currency: Currency,
    /// What stays of a unit of revenue after goods and delivery, from 0 to 1, if somebody said it.
    pub margin: Option<Decimal>,
    /// Its channels, in an order that does not change.
    pub channels: Vec<Channel>,
}

/// An ad account or shop.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Its id.
    pub id: String,
    /// Whether it is a shop; otherwise it is advertising.
    pub shop: bool,
    /// Its days, or why they make no sense.
    pub days: Result<Source, NotEnough>,
    /// Its advertisements by id, with their days.
    pub creatives: Vec<(String, Result<Source, NotEnough>)>,
    /// A shop's orders.
    pub orders: Vec<Order>,
    /// Experiments: revenue brought by a unit of spend, with its standard error.
    pub lift_tests: Vec<(f64, f64)>,
}

impl Input {
    /// The channels that actions under way change, with these actions: what else is changed there meanwhile makes platforms
    /// learn anew, and of neither it can be told then what it brought. What is about a client as a whole changes all of its
    /// ad accounts; who only looks changes none.
    pub(super) fn busy(&self) -> BTreeMap<&str, Vec<&UnderWay>> {
        let mut busy: BTreeMap<&str, Vec<&UnderWay>> = BTreeMap::new();
        for one in self.under_way.iter().filter(|one| one.kind != Kind::Investigate) {
            let mut channels: Vec<&str> = one.channel.iter().chain(&one.changes).map(|id| &**id).collect();
            if channels.is_empty() {
                let own = self.clients.iter().filter(|client| client.id.as_ref() == Some(&one.client));
                let accounts = own.flat_map(|client| &client.channels).filter(|channel| !channel.shop);
                channels.extend(accounts.map(|channel| &*channel.id));
            }
            for channel in channels {
                busy.entry(channel).or_default().push(one);
            }
        }
        busy
    }

    /// The newest `length` days of which all of these sources know everything, and as many right before them.
    pub(super) fn ranges(sources: &[&Source], day: Date, length: i64) -> Option<(Days, Days)> {
        let last = sources.iter().map(|source| source.read.last).min()?.min(day);
        let first = last.checked_sub(Duration::days(length - 1))?;
        let end = first.previous_day()?;
        let before = Days { first: end.checked_sub(Duration::days(length - 1))?, last: end };
        Some((Days { first, last }, before))
    }
}

/// A channel of which nothing was read for so many days is not what happens today: disconnected, or a file of the past.
pub(super) const CURRENT: i64 = 28;

impl Channel {
    /// Its days, if they make sense and the newest is of the last weeks.
    pub(super) fn current(&self, today: Date) -> Option<&Source> {
        let since = today.saturating_sub(Duration::days(CURRENT - 1));
        self.days.as_ref().ok().filter(|source| source.read.last >= since)
    }
}

impl Client {
    /// The sources of its channels, those that make sense and are read until today.
    pub(super) fn sources(&self, today: Date) -> Vec<&Source> {
        self.channels.iter().filter_map(|channel| channel.current(today)).collect()
    }

    /// The sources of its ad accounts, or of its shops.
    pub(super) fn of(&self, shop: bool, today: Date) -> Vec<&Source> {
        let wanted = self.channels.iter().filter(|channel| channel.shop == shop);
        wanted.filter_map(|channel| channel.current(today)).collect()
    }

    /// Whether any channel reports this measure.
    pub(super) fn reports(&self, measure: Measure, today: Date) -> bool {
        self.sources(today).iter().any(|source| source.reports(measure))
    }
}
