//! What the product would know of a simulated agency on a day, as `jobs` gives it to the brain: nothing of later.

use std::collections::BTreeMap;

use anyhow::Context as _;
use brain::{
    NotEnough,
    cycle::{Channel, Choices, Client, Input},
    memory::{Currency, Day, Days, Measure, Order, Rates, Source, newcomers},
};
use rehearsal::{AdRow, Level, World};
use rust_decimal::Decimal;
use time::{Date, Duration};

/// How far back advertisements are looked at, in days; the product looks further, at 400.
const ADS_LOOK_BACK: i64 = 180;

/// The id of a client.
pub(crate) fn client_id(client: usize) -> String {
    format!("client {client}")
}

/// The id of a channel.
pub(crate) fn channel_id(channel: usize) -> String {
    format!("channel {channel}")
}

/// Everything that was known at the end of a day: claims that came later are missing, so are refunds.
pub(crate) fn on(world: &World, day: Date, choices: Choices) -> anyhow::Result<Input> {
    let euro = currency("EUR")?;
    // The agency counts in euros; one rate for all days moves nothing.
    let dollar = (world.first(), currency("USD")?, Decimal::new(108, 2));
    let rates =
        (0..=(day - world.first()).whole_days()).map(|at| (world.first() + Duration::days(at), dollar.1, dollar.2));
    let rates = Rates::new(euro, rates)?;
    let mut clients = Vec::new();
    for client in world.clients() {
        let own = world.channels().iter().filter(|channel| channel.client == client.index);
        let channels = own
            .map(|channel| if channel.platform.ads() { ads(world, channel, day) } else { shop(world, channel, day) })
            .collect::<anyhow::Result<_>>()?;
        let (id, currency) = (Some(client_id(client.index)), currency(client.currency)?);
        clients.push(Client { id, currency, margin: None, channels });
    }
    Ok(Input { day, display: euro, rates, clients, choices, hits: Default::default(), under_way: Vec::new() })
}

fn currency(code: &str) -> anyhow::Result<Currency> {
    Currency::parse(code).with_context(|| format!("{code} is no currency"))
}

fn ads(world: &World, channel: &rehearsal::Channel, day: Date) -> anyhow::Result<Channel> {
    let id = channel_id(channel.index);
    let currency = currency(world.client_of(channel).currency)?;
    let read = Days { first: world.first(), last: day };
    let rows = |days, level| world.ad_rows(channel, days, level, day);
    let days = rows(read.first..=day, Level::Account).iter().map(|row| of_ads(row, currency)).collect();
    let since = read.first.max(day - Duration::days(ADS_LOOK_BACK - 1));
    let mut ads: BTreeMap<String, Vec<Day>> = BTreeMap::new();
    for row in rows(since..=day, Level::Ad) {
        ads.entry(row.external_id.clone()).or_default().push(of_ads(&row, currency));
    }
    let creative = |(ad, rows): (String, Vec<Day>)| {
        let first = rows.first().map_or(read.first, |row| row.day);
        let source: Result<Source, NotEnough> = Source::new(&ad, Days { first, last: day }, rows);
        (ad, source)
    };
    let creatives = ads.into_iter().map(creative).collect();
    let days = Source::new(&id, read, days);
    Ok(Channel { id, shop: false, days, creatives, orders: Vec::new(), lift_tests: Vec::new() })
}

fn of_ads(row: &AdRow, currency: Currency) -> Day {
    let sums = row.sums;
    let hundredths = |value: i64| Some(Decimal::new(value, 2));
    Day::new(row.day, currency)
        .with(Measure::Spend, hundredths(sums.spend_cents))
        .with(Measure::Impressions, Some(sums.impressions.into()))
        .with(Measure::Clicks, Some(sums.clicks.into()))
        .with(Measure::ClaimedConversions, hundredths(sums.conversions_hundredths))
        .with(Measure::ClaimedRevenue, hundredths(sums.revenue_cents))
}

fn shop(world: &World, channel: &rehearsal::Channel, day: Date) -> anyhow::Result<Channel> {
    let (id, client) = (channel_id(channel.index), world.client_of(channel));
    let currency = currency(client.currency)?;
    let read = Days { first: world.first(), last: day };
    let since = world.end_of(client, world.first()) - Duration::days(2);
    let mut found = world.orders(channel, since, world.end_of(client, day));
    found.retain(|order| !order.test);
    let orders: Vec<Order> = found
        .iter()
        .map(|order| Order {
            id: order.number.to_string(),
            customer: Some(order.customer.to_string()),
            day: client.zone.day(order.placed_at),
            value: Decimal::new(order.goods_cents(), 2),
            refunds: order
                .refunds
                .iter()
                .map(|refund| (client.zone.day(refund.made_at), Decimal::new(refund.goods_cents, 2)))
                .collect(),
        })
        .collect();
    // Orders, goods and refunds of a day; a refund stands on its own day.
    let mut books: BTreeMap<Date, (i64, Decimal, Decimal)> = BTreeMap::new();
    for order in &orders {
        let placed = books.entry(order.day).or_default();
        (placed.0, placed.1) = (placed.0 + 1, placed.1 + order.value);
        for (day, amount) in &order.refunds {
            books.entry(*day).or_default().2 += amount;
        }
    }
    let new = newcomers(&orders, Some(read.first));
    let rows = books
        .iter()
        .map(|(day, (count, goods, refunds))| {
            let new = Some(new.get(day).copied().unwrap_or_default()).filter(|new| new.unknown == 0);
            Day::new(*day, currency)
                .with(Measure::Orders, Some((*count).into()))
                .with(Measure::LedgerRevenue, Some(goods - refunds))
                .with(Measure::Refunds, Some(*refunds))
                .with(Measure::NewOrders, new.map(|new| new.new.into()))
                .with(Measure::ReturningOrders, new.map(|new| new.returning.into()))
        })
        .collect();
    let days = Source::new(&id, read, rows);
    Ok(Channel { id, shop: true, days, creatives: Vec::new(), orders, lift_tests: Vec::new() })
}
