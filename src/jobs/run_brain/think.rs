//! From what is stored to what the brain takes, and back.

use std::collections::BTreeMap;

use anyhow::Context as _;
use brain::{
    NotEnough,
    cycle::{self, Input},
    memory::{Currency, Day, Days, Measure, Newcomers, Order, Rates, Source, newcomers},
};
use model::{
    brain::Outcome,
    fact::{AdDay, Channel, DayOf},
    id::{ChannelId, ClientId},
};
use rust_decimal::Decimal;
use time::Date;

use super::facts::Facts;

/// What the brain says of these facts, in order.
pub(super) fn think(facts: &Facts) -> anyhow::Result<Vec<Outcome>> {
    let outcomes = cycle::run(&input(facts)?);
    outcomes.into_iter().enumerate().map(|(number, outcome)| stored(number, outcome)).collect()
}

fn stored(number: usize, outcome: cycle::Outcome) -> anyhow::Result<Outcome> {
    let client: Option<ClientId> = outcome.about.client.map(|id| id.parse()).transpose()?;
    let channel: Option<ChannelId> = outcome.about.channel.map(|id| id.parse()).transpose()?;
    Ok(Outcome {
        number: i32::try_from(number)?,
        kind: outcome.kind.to_owned(),
        client_id: client,
        channel_id: channel,
        body: outcome.body,
    })
}

/// Everything that is stored, as the brain takes it.
pub(super) fn input(facts: &Facts) -> anyhow::Result<Input> {
    let currency = |code: &str| Currency::parse(code).with_context(|| format!("{code} is no currency"));
    let rates = facts.rates.iter().map(|rate| Ok((rate.day, currency(&rate.currency)?, rate.per_euro)));
    let rates = Rates::new(currency("EUR")?, rates.collect::<anyhow::Result<Vec<_>>>()?)?;
    let of = By::new(facts);
    let display = currency(&facts.currency)?;
    let mut clients = Vec::new();
    for client in &facts.clients {
        clients.push(cycle::Client {
            id: Some(client.id.to_string()),
            currency: currency(&client.currency)?,
            margin: client.margin_percent.map(|percent| percent / Decimal::ONE_HUNDRED),
            channels: channels(facts, &of, |of| of == Some(client.id))?,
        });
    }
    // Channels of nobody, and of clients that are archived.
    let known = |id: Option<ClientId>| facts.clients.iter().any(|client| Some(client.id) == id);
    let rest = channels(facts, &of, |of| !known(of))?;
    if !rest.is_empty() {
        clients.push(cycle::Client { id: None, currency: display, margin: None, channels: rest });
    }
    Ok(Input { day: facts.day, display, rates, clients })
}

/// The rows of each channel.
struct By<'a> {
    days: BTreeMap<ChannelId, Vec<&'a DayOf>>,
    ads: BTreeMap<(ChannelId, &'a str), Vec<&'a AdDay>>,
    orders: BTreeMap<ChannelId, Vec<Order>>,
}

impl<'a> By<'a> {
    fn new(facts: &'a Facts) -> Self {
        let mut by = Self { days: BTreeMap::new(), ads: BTreeMap::new(), orders: BTreeMap::new() };
        for day in &facts.days {
            by.days.entry(day.channel_id).or_default().push(day);
        }
        for ad in &facts.ads {
            by.ads.entry((ad.channel_id, &ad.ad_id)).or_default().push(ad);
        }
        for order in &facts.orders {
            by.orders.entry(order.channel_id).or_default().push(Order {
                id: order.external_id.clone(),
                customer: order.customer_id.clone(),
                day: order.day,
                value: order.goods,
                refunds: order.refunds.clone(),
            });
        }
        by
    }
}

fn channels(
    facts: &Facts,
    of: &By<'_>,
    belongs: impl Fn(Option<ClientId>) -> bool,
) -> anyhow::Result<Vec<cycle::Channel>> {
    facts.channels.iter().filter(|channel| belongs(channel.client_id)).map(|found| channel(found, of)).collect()
}

fn channel(found: &Channel, of: &By<'_>) -> anyhow::Result<cycle::Channel> {
    let currency = Currency::parse(&found.currency).context("a channel counts in no currency")?;
    let read = Days { first: found.first_day, last: found.last_day };
    let mut orders = of.orders.get(&found.id).cloned().unwrap_or_default();
    orders.retain(|order| read.contains(order.day));
    let new = newcomers(&orders, Some(read.first));
    let rows = of.days.get(&found.id).into_iter().flatten();
    let days = rows.map(|row| day(row, currency, new.get(&row.day), !orders.is_empty())).collect();
    let id = found.id.to_string();
    let ads = of.ads.range((found.id, "")..).take_while(|((channel, _), _)| *channel == found.id);
    let creatives = ads.map(|((_, ad), rows)| ((*ad).to_owned(), creative(ad, read, rows, currency))).collect();
    Ok(cycle::Channel { days: Source::new(&id, read, days), id, shop: found.shop, creatives, orders })
}

fn day(row: &DayOf, currency: Currency, new: Option<&Newcomers>, known: bool) -> Day {
    let said = &row.measures;
    // A day whose orders' customers are not all known tells neither.
    let new = known.then(|| new.copied().unwrap_or_default()).filter(|new| new.unknown == 0);
    Day::new(row.day, currency)
        .with(Measure::Spend, said.spend)
        .with(Measure::Impressions, said.impressions.map(Into::into))
        .with(Measure::Clicks, said.clicks.map(Into::into))
        .with(Measure::ClaimedConversions, said.conversions)
        .with(Measure::ClaimedRevenue, said.claimed_revenue)
        .with(Measure::Orders, said.orders.map(Into::into))
        .with(Measure::LedgerRevenue, said.ledger_revenue)
        .with(Measure::Refunds, said.refunds)
        .with(Measure::NewOrders, new.map(|new| new.new.into()))
        .with(Measure::ReturningOrders, new.map(|new| new.returning.into()))
}

/// An advertisement's days, from its first one on: before that there was none.
fn creative(id: &str, read: Days, rows: &[&AdDay], currency: Currency) -> Result<Source, NotEnough> {
    let first: Date = rows.first().map_or(read.first, |row| row.day);
    let days = rows.iter().map(|row| {
        Day::new(row.day, currency)
            .with(Measure::Spend, row.spend)
            .with(Measure::Impressions, row.impressions.map(Into::into))
            .with(Measure::Clicks, row.clicks.map(Into::into))
            .with(Measure::ClaimedConversions, row.conversions)
            .with(Measure::ClaimedRevenue, row.claimed_revenue)
    });
    Source::new(id, Days { first: first.max(read.first), last: read.last }, days.collect())
}
