//! From what is stored to what the brain takes, and back.

use std::collections::BTreeMap;

use anyhow::Context as _;
use brain::{
    NotEnough,
    curiosity::Hits,
    cycle::{self, Input},
    memory::{Currency, Day, Days, Measure, Newcomers, Order, Rates, Source, WASHOUT_DAYS, newcomers},
};
use model::{
    brain::Outcome,
    fact::{AdDay, Bits, Buyers, Channel, DayOf, Ledger},
    id::{ChannelId, ClientId},
};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use time::{Date, Duration};

use super::{facts::Facts, figures::IN};

/// Everything of these facts, as the brain takes it.
pub(super) fn of_facts(facts: &Facts) -> anyhow::Result<Input> {
    input(facts, &|channel, orders| newcomers(orders, Some(channel.first_day)))
}

/// What was said, as it is stored.
pub(super) fn stored(outcomes: Vec<cycle::Outcome>) -> anyhow::Result<Vec<Outcome>> {
    let one = |(number, outcome): (usize, cycle::Outcome)| {
        Ok(Outcome {
            number: i32::try_from(number)?,
            kind: outcome.kind.to_owned(),
            client_id: outcome.about.client.map(|id| id.parse::<ClientId>()).transpose()?,
            channel_id: outcome.about.channel.map(|id| id.parse::<ChannelId>()).transpose()?,
            body: outcome.body,
        })
    };
    outcomes.into_iter().enumerate().map(one).collect()
}

/// What is stored for figures alone, as the brain takes it.
pub(super) fn of_ledger(mut ledger: Ledger) -> anyhow::Result<Input> {
    let told = std::mem::take(&mut ledger.buyers);
    let mut buyers: BTreeMap<ChannelId, BTreeMap<Date, &Buyers>> = BTreeMap::new();
    for row in &told {
        buyers.entry(row.channel_id).or_default().insert(row.day, row);
    }
    let new = |channel: &Channel, _: &[Order]| {
        let sure = channel.first_day.saturating_add(Duration::days(WASHOUT_DAYS));
        let count = |count: i64| count.unsigned_abs();
        let who = |(day, row): (&Date, &&Buyers)| {
            // So soon after the first known order an earlier one may be unknown.
            let (new, early) = if *day < sure { (0, row.first) } else { (row.first, 0) };
            let unknown = count(row.unknown) + count(early);
            (*day, Newcomers { new: count(new), returning: count(row.returning), unknown })
        };
        buyers.get(&channel.id).into_iter().flatten().map(who).collect()
    };
    input(&Facts::of_ledger(ledger), &new)
}

/// The campaigns or advertisements of what is stored for figures alone, each as a source of its own that was read as far as its
/// channel: on a day of it without a row nothing happened there.
pub(super) fn of_parts(ledger: &Ledger) -> anyhow::Result<Input> {
    let whole = Ledger { parts: Vec::new(), days: Vec::new(), ..ledger.clone() };
    let mut by: BTreeMap<(ChannelId, &str), Vec<&AdDay>> = BTreeMap::new();
    for row in &ledger.parts {
        by.entry((row.channel_id, &row.ad_id)).or_default().push(row);
    }
    let mut parts = Vec::new();
    for ((channel, part), rows) in by {
        let Some(channel) = ledger.channels.iter().find(|known| known.id == channel) else { continue };
        let currency = Currency::parse(&channel.currency).context("a channel counts in no currency")?;
        let read = Days { first: channel.first_day.max(ledger.from), last: channel.last_day };
        let id = format!("{}{IN}{part}", channel.id);
        let days = Source::new(&id, read, rows.into_iter().map(|row| ad_day(row, currency)).collect());
        let (creatives, orders, lift_tests) = (Vec::new(), Vec::new(), Vec::new());
        parts.push(cycle::Channel { id, shop: channel.shop, days, creatives, orders, lift_tests });
    }
    let mut input = of_ledger(whole)?;
    input.clients = vec![cycle::Client { id: None, currency: input.display, margin: None, channels: parts }];
    Ok(input)
}

/// Who ordered in a shop on each day.
type Orderers<'a> = &'a dyn Fn(&Channel, &[Order]) -> BTreeMap<Date, Newcomers>;

/// Everything that is stored, as the brain takes it.
fn input(facts: &Facts, new: Orderers<'_>) -> anyhow::Result<Input> {
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
            channels: channels(facts, &of, new, |of| of == Some(client.id))?,
        });
    }
    // Channels of nobody, and of clients that are archived.
    let known = |id: Option<ClientId>| facts.clients.iter().any(|client| Some(client.id) == id);
    let rest = channels(facts, &of, new, |of| !known(of))?;
    if !rest.is_empty() {
        clients.push(cycle::Client { id: None, currency: display, margin: None, channels: rest });
    }
    // Kinds that are proposed no more count for nothing.
    let kind = |key: &String| serde_json::from_value(serde_json::Value::String(key.clone())).ok();
    let hits = facts.hits.iter().filter_map(|(key, (won, lost))| Some((kind(key)?, Hits { won: *won, lost: *lost })));
    let under_way = facts.under_way.iter().filter_map(|one| {
        Some(cycle::UnderWay {
            key: one.key.clone(),
            kind: kind(&one.kind.key().to_owned())?,
            client: one.client_id.to_string(),
            channel: one.channel_id.map(|id| id.to_string()),
            changes: one.changes.iter().map(ToString::to_string).collect(),
        })
    });
    Ok(Input {
        day: facts.day,
        display,
        rates,
        clients,
        choices: facts.choices.clone(),
        under_way: under_way.collect(),
        hits: hits.collect(),
    })
}

/// The rows of each channel.
struct By<'a> {
    reported: &'a BTreeMap<ChannelId, Bits>,
    days: BTreeMap<ChannelId, Vec<&'a DayOf>>,
    ads: BTreeMap<(ChannelId, &'a str), Vec<&'a AdDay>>,
    orders: BTreeMap<ChannelId, Vec<Order>>,
}

impl<'a> By<'a> {
    fn new(facts: &'a Facts) -> Self {
        let mut by =
            Self { reported: &facts.reported, days: BTreeMap::new(), ads: BTreeMap::new(), orders: BTreeMap::new() };
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
    new: Orderers<'_>,
    belongs: impl Fn(Option<ClientId>) -> bool,
) -> anyhow::Result<Vec<cycle::Channel>> {
    let own = facts.channels.iter().filter(|channel| belongs(channel.client_id));
    own.map(|found| {
        let mut channel = channel(found, of, new, facts.from)?;
        let tests = facts.lift_tests.iter().filter(|test| test.channel_id == found.id);
        channel.lift_tests = tests.filter_map(|test| test.roas.to_f64().zip(test.standard_error.to_f64())).collect();
        Ok(channel)
    })
    .collect()
}

fn channel(found: &Channel, of: &By<'_>, new: Orderers<'_>, from: Date) -> anyhow::Result<cycle::Channel> {
    let currency = Currency::parse(&found.currency).context("a channel counts in no currency")?;
    let read = Days { first: found.first_day, last: found.last_day };
    let mut orders = of.orders.get(&found.id).cloned().unwrap_or_default();
    orders.retain(|order| read.contains(order.day));
    let new = new(found, &orders);
    let rows = of.days.get(&found.id).into_iter().flatten();
    let days = rows.map(|row| day(row, currency, new.get(&row.day), !new.is_empty())).collect();
    let id = found.id.to_string();
    let reported = of.reported.get(&found.id).copied().unwrap_or_default();
    let ads = of.ads.range((found.id, "")..).take_while(|((channel, _), _)| *channel == found.id);
    let creatives = ads.map(|((_, ad), rows)| ((*ad).to_owned(), creative(ad, read, rows, currency))).collect();
    Ok(cycle::Channel {
        days: Source::new(&id, Days { first: read.first.max(from), last: read.last }, days)
            .and_then(|source| beside(source, reported)),
        id,
        shop: found.shop,
        creatives,
        orders,
        lift_tests: Vec::new(),
    })
}

/// A source, with what it reports on days whose rows were not read.
fn beside(source: Source, reported: Bits) -> Result<Source, NotEnough> {
    if reported.holds(Bits::BELOW_ZERO) {
        return Err(NotEnough::Negative { at: 0 });
    }
    let told = [
        (Bits::SPEND, Measure::Spend),
        (Bits::IMPRESSIONS, Measure::Impressions),
        (Bits::CLICKS, Measure::Clicks),
        (Bits::CONVERSIONS, Measure::ClaimedConversions),
        (Bits::CLAIMED_REVENUE, Measure::ClaimedRevenue),
        (Bits::ORDERS, Measure::Orders),
        (Bits::LEDGER_REVENUE, Measure::LedgerRevenue),
        (Bits::REFUNDS, Measure::Refunds),
    ];
    Ok(source.reporting(told.into_iter().filter(|(bit, _)| reported.holds(*bit)).map(|(_, measure)| measure)))
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
    let days = rows.iter().map(|row| ad_day(row, currency)).collect();
    Source::new(id, Days { first: first.max(read.first), last: read.last }, days)
}

fn ad_day(row: &AdDay, currency: Currency) -> Day {
    Day::new(row.day, currency)
        .with(Measure::Spend, row.spend)
        .with(Measure::Impressions, row.impressions.map(Into::into))
        .with(Measure::Clicks, row.clicks.map(Into::into))
        .with(Measure::ClaimedConversions, row.conversions)
        .with(Measure::ClaimedRevenue, row.claimed_revenue)
}
