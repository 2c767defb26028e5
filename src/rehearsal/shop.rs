//! A shop's books: orders with their lines, taxes and shipping, customers who come back, refunds and cancellations.
//!
//! Orders of a day are Poisson: those that come by themselves around demand, those that a channel truly brings around its
//! response. What an order is worth is log-normal. Who comes back is taken from those who bought some days before
//! (geometric pause), so that some customers come often. Amounts are whole cents; goods and shipping are without taxes, and
//! what a person pays is their sum with taxes.

use serde::Serialize;
use time::{Date, Duration, OffsetDateTime};

use crate::{
    ads::{History, number},
    client::Client,
    clock::{self, Zone},
    daytime,
    random::{Key, Stream},
};

/// The number of a shop's first order.
const FIRST: u64 = 1001;

/// An order as the shop knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Order {
    /// Its number in this shop, from 1001.
    pub number: u64,
    /// The customer's number in this shop.
    pub customer: u64,
    /// When it was placed, in UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub placed_at: OffsetDateTime,
    /// When it was last changed, in UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// When it was cancelled, in UTC.
    #[serde(with = "time::serde::rfc3339::option")]
    pub cancelled_at: Option<OffsetDateTime>,
    /// Whether somebody only tried the shop out.
    pub test: bool,
    /// What was bought, at least one.
    pub lines: Vec<Line>,
    /// Cents taken off the goods; the lines are what was left.
    pub discount_cents: i64,
    /// Cents for shipping, without taxes.
    pub shipping_cents: i64,
    /// Cents of taxes on shipping.
    pub shipping_tax_cents: i64,
    /// What was paid back, the first first.
    pub refunds: Vec<Refund>,
    /// The channel whose advertising truly brought it; none if it came by itself. Not for the product.
    #[serde(skip)]
    pub(crate) brought_by: Option<usize>,
}

/// A line of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The place of the product in the shop's list of five.
    pub product: usize,
    /// How many.
    pub quantity: u32,
    /// Cents for all of them, after discounts, without taxes.
    pub goods_cents: i64,
    /// Cents of taxes.
    pub tax_cents: i64,
}

/// Money paid back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refund {
    /// Its number in this shop.
    pub number: u64,
    /// When, in UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: OffsetDateTime,
    /// The first line of the order that was paid back; all after it were too.
    pub from_line: usize,
    /// Cents of goods, without taxes.
    pub goods_cents: i64,
    /// Cents of taxes, shipping's included.
    pub tax_cents: i64,
    /// Cents of shipping, without taxes.
    pub shipping_cents: i64,
}

impl Order {
    /// Cents of goods after discounts, without taxes and shipping, before refunds.
    pub fn goods_cents(&self) -> i64 {
        self.lines.iter().map(|line| line.goods_cents).sum()
    }

    /// Cents of taxes, shipping's included, before refunds.
    pub fn tax_cents(&self) -> i64 {
        self.lines.iter().map(|line| line.tax_cents).sum::<i64>() + self.shipping_tax_cents
    }

    /// When it had last changed at a moment; none before it was placed.
    pub(crate) fn changed_at(&self, moment: OffsetDateTime) -> Option<OffsetDateTime> {
        let changes = self.refunds.iter().map(|refund| refund.made_at).chain(self.cancelled_at);
        let known = changes.filter(|at| *at <= moment).fold(self.placed_at, OffsetDateTime::max);
        (self.placed_at <= moment).then_some(known)
    }

    /// The order as it was known at a moment; none before it was placed.
    pub(crate) fn at(&self, moment: OffsetDateTime) -> Option<Self> {
        let updated_at = self.changed_at(moment)?;
        let mut order = Self { updated_at, ..self.clone() };
        order.refunds.retain(|refund| refund.made_at <= moment);
        order.cancelled_at = order.cancelled_at.filter(|at| *at <= moment);
        Some(order)
    }
}

/// A shop's books from the world's first day on. Refunds may lie after its last.
#[derive(Clone, Debug)]
pub(crate) struct Books {
    /// In the order in which they were placed.
    pub orders: Vec<Order>,
    /// For each day, where its orders begin.
    starts: Vec<usize>,
    /// The moment of the last change and the number of every order as of the end of today, sorted.
    pub changes: Vec<(OffsetDateTime, u64)>,
}

impl Books {
    /// Draws the books; `accounts` are the client's ad accounts with the places of their channels.
    pub fn new(key: Key, client: &Client, accounts: &[(usize, &History)], today: Date) -> Self {
        let mut books = Self { orders: vec![], starts: vec![], changes: vec![] };
        // People who had bought before the world began.
        let mut customers = (client.organic * 150.0) as u64;
        let before = customers as usize;
        for (at, day) in clock::days(client.demand.first, today).enumerate() {
            let key = key.number(number(day));
            let drawn = |source: u64, mean: f64| {
                let key = key.number(source);
                let count = key.name("count").stream().poisson(mean);
                (0..count).map(move |order| key.number(order).stream())
            };
            let placing = |(mut stream, by, test): (Stream, Option<usize>, bool)| {
                let time = daytime::draw(&mut stream);
                (time, by, test, stream)
            };
            let mut placed: Vec<_> =
                drawn(0, client.organic * client.demand.on(day)).map(|stream| placing((stream, None, false))).collect();
            for (channel, history) in accounts {
                let bring =
                    |mean: f64| drawn(*channel as u64 + 1, mean).map(|stream| placing((stream, Some(*channel), false)));
                let today = &history.days[at];
                if today.pieces.is_empty() {
                    placed.extend(bring(today.brought));
                }
                // Of each setting what was placed while it held.
                for (piece, next) in today.pieces.iter().zip((1..).map(|next| today.pieces.get(next))) {
                    let holds = |time| {
                        let at = client.zone.moment(day, time);
                        piece.at.is_none_or(|from| from < at) && next.and_then(|next| next.at).is_none_or(|to| at <= to)
                    };
                    placed.extend(bring(piece.brought).filter(|(time, ..)| holds(*time)));
                }
            }
            if key.name("test").stream().chance(0.005) {
                placed.push(placing((key.name("tried out").stream(), None, true)));
            }
            placed.sort_by_key(|(time, ..)| *time);
            books.starts.push(books.orders.len());
            for (time, by, test, mut stream) in placed {
                let customer = books.comes_back(&mut stream, client, at, before).unwrap_or_else(|| {
                    customers += 1;
                    customers - 1
                });
                let number = FIRST + books.orders.len() as u64;
                let order = draw(&mut stream, client, number, customer, client.zone.moment(day, time));
                books.orders.push(Order { test, brought_by: by, ..order });
            }
        }
        books.changes = books.changes_until(clock::end(client.zone, today));
        books
    }

    /// What had changed until a moment, sorted by when.
    pub fn changes_until(&self, moment: OffsetDateTime) -> Vec<(OffsetDateTime, u64)> {
        let known = self.orders.iter().filter_map(|order| Some((order.changed_at(moment)?, order.number)));
        let mut changes: Vec<_> = known.collect();
        changes.sort_unstable();
        changes
    }

    /// The order with a number.
    pub fn order(&self, number: u64) -> Option<&Order> {
        self.orders.get(usize::try_from(number.checked_sub(FIRST)?).ok()?)
    }

    /// The orders of a day, the `at`th of the world.
    pub fn day(&self, at: usize) -> &[Order] {
        let from = self.starts.get(at).copied().unwrap_or(self.orders.len());
        let to = self.starts.get(at + 1).copied().unwrap_or(self.orders.len());
        &self.orders[from..to]
    }

    /// Somebody who bought before, if this is one of them.
    fn comes_back(&self, stream: &mut Stream, client: &Client, at: usize, before: usize) -> Option<u64> {
        if !stream.chance(client.trade.loyalty) {
            return None;
        }
        let pause = 1 + stream.geometric(1.0 / client.trade.pause) as usize;
        let Some(then) = at.checked_sub(pause) else { return Some(stream.below(before) as u64) };
        let then = self.day(then);
        (!then.is_empty()).then(|| stream.pick(then).customer)
    }
}

/// Rates of sales tax in the states where customers live.
const SALES_TAXES: [f64; 6] = [0.0, 0.04, 0.0625, 0.07, 0.0825, 0.08875];

fn taxed(cents: i64, rate: f64) -> i64 {
    (cents as f64 * rate).round() as i64
}

fn draw(stream: &mut Stream, client: &Client, number: u64, customer: u64, placed_at: OffsetDateTime) -> Order {
    let value = (stream.log_normal(client.order_value, client.trade.spread) * 100.0).round().max(100.0) as i64;
    let included = client.zone == Zone::Berlin;
    let rate = if included { client.trade.vat } else { *stream.pick(&SALES_TAXES) };
    let mut left = value;
    let count = 1 + stream.below(10).saturating_sub(6).min(2);
    let mut lines = Vec::with_capacity(count);
    for rest in (0..count).rev() {
        let share = if rest == 0 { 1.0 } else { stream.between(0.3, 0.7) };
        let goods_cents = if rest == 0 { left } else { (left as f64 * share) as i64 };
        left -= goods_cents;
        let quantity = 1 + stream.geometric(0.85).min(3);
        lines.push(Line { product: stream.below(5), quantity, goods_cents, tax_cents: taxed(goods_cents, rate) });
    }
    let discount_cents = if stream.chance(0.12) { (value as f64 / 9.0).round() as i64 } else { 0 };
    let (fee, free) = if included { (412, 6000) } else { (695, 7500) };
    let shipping_cents = if value >= free { 0 } else { fee };
    let shipping_tax_cents = if included { taxed(shipping_cents, 0.19) } else { 0 };
    let mut order = Order {
        number,
        customer,
        placed_at,
        updated_at: placed_at,
        cancelled_at: None,
        test: false,
        lines,
        discount_cents,
        shipping_cents,
        shipping_tax_cents,
        refunds: vec![],
        brought_by: None,
    };
    let later = |stream: &mut Stream, days: i64| {
        placed_at + Duration::days(days) + Duration::seconds(stream.whole(600, 40_000))
    };
    if stream.chance(0.008) {
        let at = later(stream, 0);
        order.cancelled_at = Some(at);
        order.refunds.push(pay_back(&order, at, 0, true));
    } else if stream.chance(client.trade.returned) {
        let days = 4 + i64::from(stream.geometric(1.0 / 9.0));
        let at = later(stream, days);
        let from = if stream.chance(0.4) { order.lines.len() - 1 } else { 0 };
        let with_shipping = from == 0 && stream.chance(0.3);
        order.refunds.push(pay_back(&order, at, from, with_shipping));
    }
    order
}

fn pay_back(order: &Order, made_at: OffsetDateTime, from_line: usize, with_shipping: bool) -> Refund {
    let lines = &order.lines[from_line..];
    let (shipping_cents, shipping_tax) =
        if with_shipping { (order.shipping_cents, order.shipping_tax_cents) } else { (0, 0) };
    Refund {
        number: order.number * 10 + 1,
        made_at,
        from_line,
        goods_cents: lines.iter().map(|line| line.goods_cents).sum(),
        tax_cents: lines.iter().map(|line| line.tax_cents).sum::<i64>() + shipping_tax,
        shipping_cents,
    }
}
