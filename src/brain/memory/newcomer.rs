//! New and returning customers of each day, from a shop's orders.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use time::{Date, Duration};

use super::cohort::{Order, WASHOUT_DAYS};

/// Who ordered on a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Newcomers {
    /// Orders of people who had never ordered before.
    pub new: u64,
    /// Orders of people who had.
    pub returning: u64,
    /// Orders of nobody known, and first ones so soon after the oldest known order that an earlier one may be unknown.
    pub unknown: u64,
}

/// Who ordered on each day on which somebody did. `since` is the first day whose orders are known, if the shop is older
/// than that: then a customer without an earlier order is only believed to be new once [`WASHOUT_DAYS`] have passed.
pub fn newcomers(orders: &[Order], since: Option<Date>) -> BTreeMap<Date, Newcomers> {
    let sure = since.map(|since| since.checked_add(Duration::days(WASHOUT_DAYS)).unwrap_or(Date::MAX));
    let mut sorted: Vec<&Order> = orders.iter().collect();
    sorted.sort_by(|a, b| (a.day, &a.id).cmp(&(b.day, &b.id)));
    let (mut known, mut days): (BTreeSet<&str>, BTreeMap<Date, Newcomers>) = Default::default();
    for order in sorted {
        let day = days.entry(order.day).or_default();
        match &order.customer {
            None => day.unknown += 1,
            Some(customer) if !known.insert(customer) => day.returning += 1,
            Some(_) if sure.is_some_and(|sure| order.day < sure) => day.unknown += 1,
            Some(_) => day.new += 1,
        }
    }
    days
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;
    use time::macros::date;

    use super::*;

    #[test]
    fn the_first_order_is_new_the_next_returns_and_nobody_is_unknown() {
        let order = |id: &str, customer: Option<&str>, day| Order {
            id: id.into(),
            customer: customer.map(Into::into),
            day,
            value: Decimal::TEN,
            refunds: vec![],
        };
        let (one, two) = (date!(2026 - 01 - 01), date!(2026 - 08 - 01));
        let orders =
            [order("3", Some("a"), two), order("1", Some("a"), one), order("2", None, one), order("4", Some("b"), two)];
        let whole = newcomers(&orders, None);
        assert_eq!(whole[&one], Newcomers { new: 1, returning: 0, unknown: 1 });
        assert_eq!(whole[&two], Newcomers { new: 1, returning: 1, unknown: 0 });
        let cut = newcomers(&orders, Some(one));
        assert_eq!(cut[&one], Newcomers { new: 0, returning: 0, unknown: 2 });
        assert_eq!(cut[&two], Newcomers { new: 1, returning: 1, unknown: 0 });
    }
}
