//! The world: what a seed and a day give. Parts are drawn when they are asked for and then kept.
//!
//! Nothing after `today` exists. A later `today` adds days and changes nothing before, but for what platforms report late.

use std::{
    ops::RangeInclusive,
    sync::{Arc, OnceLock},
};

use time::{Date, OffsetDateTime};

use crate::{
    ads::History,
    client::Client,
    clock,
    plan::{self, Channel, Plan},
    planted::Planted,
    shop::{Books, Order},
    talk::Message,
    writes::{self, Cut, Set, Write},
};

/// A world cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Rules of holidays and summer time are known for these years only.
    #[error("the world's days lie between 2008 and 2099")]
    Year,
    /// It would begin after its end, or take too long to draw.
    #[error("a world has between 1 and 2000 days")]
    Length,
}

/// A simulated agency on a day.
#[derive(Debug)]
pub struct World {
    seed: u64,
    first: Date,
    today: Date,
    pub(crate) plan: Plan,
    writes: Vec<Write>,
    histories: Vec<OnceLock<Arc<History>>>,
    books: Vec<OnceLock<Arc<Books>>>,
    letters: Vec<OnceLock<Arc<Vec<Message>>>>,
}

impl World {
    /// The world of a seed on a day. It begins 399 to 518 days before, so that it has 400 days at least; the first day
    /// moves every 120 days only. What goes on for longer keeps [`World::first`] and uses [`World::since`].
    ///
    /// # Errors
    /// Days lie outside the years that are known.
    pub fn new(seed: u64, today: Date) -> Result<Self, Error> {
        if !(2000..=2099).contains(&today.year()) {
            return Err(Error::Year);
        }
        Self::since(seed, plan::first_day(today), today)
    }

    /// The world of a seed that began on `first`, on the day `today`.
    ///
    /// # Errors
    /// Days lie outside the years that are known, or it would have none or too many.
    pub fn since(seed: u64, first: Date, today: Date) -> Result<Self, Error> {
        if first.year() < 2008 || today.year() > 2099 {
            return Err(Error::Year);
        }
        if !(0..2000).contains(&(today - first).whole_days()) {
            return Err(Error::Length);
        }
        let plan = Plan::new(seed, first);
        let histories = plan.channels.iter().map(|_| OnceLock::new()).collect();
        let books = plan.channels.iter().map(|_| OnceLock::new()).collect();
        let letters = plan.clients.iter().map(|_| OnceLock::new()).collect();
        Ok(Self { seed, first, today, plan, writes: vec![], histories, books, letters })
    }

    /// The same world, in which people made these changes and no others. What they do not touch is not drawn again.
    #[must_use]
    pub fn with(&self, writes: Vec<Write>) -> Self {
        let mine = |writes: &[Write], channel: usize| -> Vec<_> {
            writes.iter().filter(|write| write.channel == channel).cloned().collect()
        };
        let same = |channel: &Channel| mine(&writes, channel.index) == mine(&self.writes, channel.index);
        // A shop sells what all of its client's advertising brings.
        let quiet = |shop: &Channel| self.plan.accounts(shop.client).all(|(channel, _)| same(channel));
        let mut histories: Vec<OnceLock<_>> = self.histories.clone();
        let mut books: Vec<OnceLock<_>> = self.books.clone();
        for channel in self.channels() {
            if !same(channel) {
                histories[channel.index] = OnceLock::new();
            }
            if !quiet(channel) {
                books[channel.index] = OnceLock::new();
            }
        }
        // What people write by themselves follows from no change.
        Self { writes, histories, books, letters: self.letters.clone(), plan: self.plan.clone(), ..*self }
    }

    /// What people changed.
    pub fn writes(&self) -> &[Write] {
        &self.writes
    }

    /// What it was made from.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Its first day, in every client's zone.
    pub const fn first(&self) -> Date {
        self.first
    }

    /// Its last day, in every client's zone; complete.
    pub const fn today(&self) -> Date {
        self.today
    }

    /// The agency's clients, by their places.
    pub fn clients(&self) -> &[Client] {
        &self.plan.clients
    }

    /// Ad accounts and shops, by their places.
    pub fn channels(&self) -> &[Channel] {
        &self.plan.channels
    }

    /// The client whose channel this is.
    pub fn client_of(&self, channel: &Channel) -> &Client {
        &self.plan.clients[channel.client]
    }

    /// What was planted, also what lies after today in a world of less than 400 days. For judges only: nothing that answers
    /// as a provider may show it.
    pub fn planted(&self) -> &[Planted] {
        &self.plan.planted
    }

    /// The end of the day in the zone of a client.
    pub fn end_of(&self, client: &Client, day: Date) -> OffsetDateTime {
        clock::end(client.zone, day)
    }

    /// What an ad account did; none for a shop.
    pub(crate) fn history(&self, channel: &Channel) -> Option<&History> {
        let account = channel.account.as_ref()?;
        let client = self.client_of(channel);
        let key = self.plan.key.name("history").number(channel.index as u64);
        let draw = || Arc::new(History::new(key, account, client, self.today, &self.cuts(channel)));
        Some(self.histories[channel.index].get_or_init(draw))
    }

    /// How an account was set from when on.
    fn cuts(&self, channel: &Channel) -> Vec<Cut> {
        let Some(account) = &channel.account else { return vec![] };
        writes::cuts(account, self.client_of(channel), channel.index, &self.writes)
    }

    /// How an account is set after everything that was changed.
    pub(crate) fn set_now(&self, channel: &Channel) -> Set {
        self.cuts(channel).pop().map(|cut| cut.set).unwrap_or_default()
    }

    /// A shop's books; none for an ad account.
    pub(crate) fn books(&self, channel: &Channel) -> Option<&Books> {
        if channel.platform.ads() {
            return None;
        }
        let client = self.client_of(channel);
        Some(self.books[channel.index].get_or_init(|| {
            let accounts = self.plan.accounts(channel.client);
            let accounts: Vec<_> = accounts.filter_map(|(of, _)| Some((of.index, self.history(of)?))).collect();
            let key = self.plan.key.name("shop").number(channel.client as u64);
            Arc::new(Books::new(key, client, &accounts, self.today))
        }))
    }

    /// What is written from and to a client, the first first, also what comes after today.
    pub(crate) fn letters(&self, client: &Client) -> &[Message] {
        self.letters[client.index].get_or_init(|| Arc::new(self.drawn_letters(client)))
    }

    /// The orders of a shop that changed from `since` to `until` (both included), as they were at `until` and no later
    /// than the end of today; by the moment of the change, then by number. Empty for an ad account.
    pub fn orders(&self, channel: &Channel, since: OffsetDateTime, until: OffsetDateTime) -> Vec<Order> {
        self.orders_after(channel, (since, 0), until, usize::MAX)
    }

    /// The same from a place in the order of changes on, that order included, and no more than `limit`.
    pub fn orders_after(
        &self,
        channel: &Channel,
        from: (OffsetDateTime, u64),
        until: OffsetDateTime,
        limit: usize,
    ) -> Vec<Order> {
        let Some(books) = self.books(channel) else { return vec![] };
        let until = until.min(self.end_of(self.client_of(channel), self.today));
        // What changed again after `until` stands where it stood then.
        let (known, later) = books.changes.split_at(books.changes.partition_point(|(at, _)| *at <= until));
        let mut earlier: Vec<_> =
            later.iter().filter_map(|(_, number)| Some((books.order(*number)?.changed_at(until)?, *number))).collect();
        earlier.retain(|change| *change >= from);
        let known = &known[known.partition_point(|change| *change < from)..];
        earlier.extend(known.iter().take(limit));
        earlier.sort_unstable();
        earlier.iter().take(limit).filter_map(|(_, number)| books.order(*number)?.at(until)).collect()
    }

    /// The order with this number as it is at the end of today.
    pub fn order(&self, channel: &Channel, number: u64) -> Option<Order> {
        self.order_at(channel, number, self.end_of(self.client_of(channel), self.today))
    }

    /// The order with this number as it was at a moment; none before it was placed.
    pub(crate) fn order_at(&self, channel: &Channel, number: u64, until: OffsetDateTime) -> Option<Order> {
        self.books(channel)?.order(number)?.at(until)
    }

    /// The days from the first to today that lie in `days`, with their places.
    pub(crate) fn within(&self, days: &RangeInclusive<Date>) -> std::ops::Range<usize> {
        let place = |day: Date| usize::try_from((day - self.first).whole_days()).unwrap_or(0);
        let last = (*days.end()).min(self.today);
        if last < self.first || last < *days.start() { 0..0 } else { place(*days.start())..place(last) + 1 }
    }
}
