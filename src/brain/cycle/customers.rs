//! Customers in a cycle: what those of each shop are worth, and whether that moves.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::Serialize;
use time::{Date, Duration};

use super::{About, Input, Outcome, news::Found};
use crate::{
    NotEnough,
    anomaly::{FALSE_SHARE, q_values},
    finding::{Entity, Level},
    memory::{AGES, Cohort, Currency, Drift, Order, cohorts, drift},
};

/// What a shop's customers are worth, in its own currency.
#[derive(Serialize)]
struct Customers {
    currency: Option<Currency>,
    cohorts: Result<Vec<Cohort>, NotEnough>,
    /// By age in days.
    drifts: BTreeMap<i64, Result<Drift, NotEnough>>,
}

/// What they are worth, month by month, and whether newer ones are worth less.
pub(super) fn add(input: &Input, outcomes: &mut Vec<Outcome>, found: &mut Vec<Found>) {
    let mut moved: Vec<(About, Drift, f64)> = Vec::new();
    for client in &input.clients {
        for channel in client.channels.iter().filter(|channel| channel.shop && !channel.orders.is_empty()) {
            let Ok(source) = &channel.days else { continue };
            // Orders may be known from before the days that are looked at; whether the shop is older than what was read is
            // not, so early first orders are doubtful.
            let oldest = channel.orders.iter().map(|order| order.day).min().unwrap_or(source.read.first);
            let read = (source.read.first.min(oldest), source.read.last);
            let cohorts = cohorts(&channel.orders, read, false);
            let of = |age| cohorts.clone().and_then(|cohorts| drift(&cohorts, age));
            let drifts: BTreeMap<_, _> = AGES.into_iter().map(|age| (age, of(age))).collect();
            let about = About::channel(client.id.as_deref(), &channel.id);
            if channel.current(input.day).is_some() {
                let share = new_share(&channel.orders, source.read.last);
                let told = drifts.values().filter_map(|drift| drift.as_ref().ok());
                moved.extend(told.map(|drift| (about.clone(), drift.clone(), share)));
            }
            outcomes.push(Outcome::new("cohorts", about, &Customers { currency: source.currency(), cohorts, drifts }));
        }
    }
    // All ages of all shops are one family, of whose findings only so many may be false.
    let p: Vec<f64> = moved.iter().map(|(_, drift, _)| 2.0 * drift.better.min(1.0 - drift.better)).collect();
    for ((about, drift, share), q) in moved.into_iter().zip(q_values(&p)) {
        let entity = Entity { id: about.channel.clone().unwrap_or_default(), level: Level::Channel };
        if let Some(finding) = drift.finding(entity, share).filter(|_| q <= FALSE_SHARE) {
            found.push((about, finding));
        }
    }
}

/// Which part of a shop's revenue of the last four weeks came with first orders, from 0 to 1.
fn new_share(orders: &[Order], last: Date) -> f64 {
    let since = last.saturating_sub(Duration::days(27));
    let mut first: BTreeMap<&str, (Date, &str)> = BTreeMap::new();
    for order in orders {
        let Some(customer) = &order.customer else { continue };
        let this = (order.day, &*order.id);
        first.entry(customer).and_modify(|known| *known = this.min(*known)).or_insert(this);
    }
    let is_first = |order: &&Order| {
        order.customer.as_deref().and_then(|customer| first.get(customer)) == Some(&(order.day, &*order.id))
    };
    let recent = || orders.iter().filter(|order| since <= order.day && order.day <= last);
    let plus = |sum: Decimal, order: &Order| sum.checked_add(order.value);
    let new = recent().filter(is_first).try_fold(Decimal::ZERO, plus);
    let all = recent().try_fold(Decimal::ZERO, plus);
    new.zip(all).and_then(|(new, all)| new.checked_div(all)?.to_f64()).unwrap_or_default().clamp(0.0, 1.0)
}
