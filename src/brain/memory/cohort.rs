//! What customers are worth: lifetime value of the customers of a month, all at the same age.
//!
//! A cohort is the customers whose first order lies in one calendar month. At an age of n days its value is what its members
//! ordered in their own first n days after their first order (that day is day 0), less what they were paid back in these
//! days, for each member. Cohorts are only comparable at equal age: one whose youngest member is not that old yet is
//! immature, which is said, and has no value.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Serialize;
use time::{Date, Duration};

use crate::{NotEnough, finding::iso_day};

/// The ages in days at which cohorts are compared.
pub const AGES: [i64; 4] = [30, 60, 90, 180];
/// Where older orders are unknown: days after the first known one in which a first order may be no first. Customers who
/// return mostly do so within half a year.
pub const WASHOUT_DAYS: i64 = 180;

/// An order of a shop's books, without test and cancelled ones; all amounts of a list are in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its id.
    pub id: String,
    /// Who ordered, if that is known.
    pub customer: Option<String>,
    /// The day of the books.
    pub day: Date,
    /// Goods after discounts, without taxes and shipping, before refunds.
    pub value: Decimal,
    /// What was paid back, with the day.
    pub refunds: Vec<(Date, Decimal)>,
}

/// The customers of a month.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cohort {
    /// The month's first day.
    #[serde(with = "iso_day")]
    pub month: Date,
    /// How many customers ordered for the first time in it.
    pub customers: usize,
    /// Whether some may have ordered before the known orders begin; such a cohort is not compared.
    pub doubtful: bool,
    /// What they are worth at each of [`AGES`].
    pub worth: [Worth; AGES.len()],
}

/// What a customer of the cohort is worth at an age.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Worth {
    /// All members are at least that old.
    Mature {
        /// Exact: what all of them together are worth.
        total: Decimal,
        /// For each member.
        mean: Decimal,
        /// Standard deviation of the members' worth, in units of the currency; none with a single member.
        deviation: Option<f64>,
    },
    /// Some members are younger.
    Immature {
        /// The first day on which all members are that old.
        #[serde(with = "iso_day")]
        on: Date,
    },
}

/// Cohorts by month, the oldest first; months without a new customer are left out. `known` are the days whose orders are
/// read to their end; `since_opening` says that they begin with the shop's very first order.
///
/// # Errors
/// [`NotEnough::TooFew`] without a customer, [`NotEnough::TooLarge`] if a sum does not fit, [`NotEnough::Duplicate`] if an
/// order is there twice.
pub fn cohorts(orders: &[Order], known: (Date, Date), since_opening: bool) -> Result<Vec<Cohort>, NotEnough> {
    let (first, last) = known;
    let mut of: BTreeMap<&str, Vec<&Order>> = BTreeMap::new();
    let mut ids: Vec<&str> = orders.iter().map(|order| order.id.as_str()).collect();
    ids.sort_unstable();
    if let Some(twice) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(NotEnough::Duplicate { of: twice[0].to_owned() });
    }
    for order in orders.iter().filter(|order| first <= order.day && order.day <= last) {
        if let Some(customer) = &order.customer {
            of.entry(customer).or_default().push(order);
        }
    }
    let mut members: BTreeMap<Date, Vec<(Date, &[&Order])>> = BTreeMap::new();
    for orders in of.values() {
        let Some(born) = orders.iter().map(|order| order.day).min() else { continue };
        let month = born.replace_day(1).unwrap_or(born);
        members.entry(month).or_default().push((born, orders));
    }
    if members.is_empty() {
        return Err(NotEnough::TooFew { of: "customers", has: 0, needs: 1 });
    }
    let sure = first.checked_add(Duration::days(WASHOUT_DAYS)).unwrap_or(Date::MAX);
    let cohort = |(month, members): (Date, Vec<(Date, &[&Order])>)| {
        let mut worth = [Worth::Immature { on: Date::MAX }; AGES.len()];
        for (worth, age) in worth.iter_mut().zip(AGES) {
            *worth = at_age(&members, age, last)?;
        }
        Ok(Cohort { month, customers: members.len(), doubtful: !since_opening && month < sure, worth })
    };
    members.into_iter().map(cohort).collect()
}

fn at_age(members: &[(Date, &[&Order])], age: i64, last: Date) -> Result<Worth, NotEnough> {
    let youngest = members.iter().map(|(born, _)| *born).max().unwrap_or(Date::MAX);
    let on = youngest.checked_add(Duration::days(age)).unwrap_or(Date::MAX);
    // The day on which the youngest reaches the age is over when the next begins.
    if on > last {
        return Ok(Worth::Immature { on });
    }
    let mut total = Decimal::ZERO;
    let mut values = Vec::with_capacity(members.len());
    for (born, orders) in members {
        let until = born.checked_add(Duration::days(age)).unwrap_or(Date::MAX);
        let mut worth = Decimal::ZERO;
        for order in orders.iter().filter(|order| order.day <= until) {
            worth = worth.checked_add(order.value).ok_or(NotEnough::TooLarge)?;
            for (_, refund) in order.refunds.iter().filter(|(day, _)| *day <= until) {
                worth = worth.checked_sub(*refund).ok_or(NotEnough::TooLarge)?;
            }
        }
        total = total.checked_add(worth).ok_or(NotEnough::TooLarge)?;
        values.push(f64::try_from(worth).map_err(|_| NotEnough::TooLarge)?);
    }
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let deviation = (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt());
    let mean = total.checked_div(Decimal::from(values.len())).ok_or(NotEnough::TooLarge)?.normalize();
    Ok(Worth::Mature { total, mean, deviation })
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    fn order(id: &str, customer: &str, day: Date, value: i64) -> Order {
        Order { id: id.into(), customer: Some(customer.into()), day, value: Decimal::new(value, 2), refunds: vec![] }
    }

    #[test]
    fn members_count_at_their_own_age_and_refunds_in_time() {
        let mut refunded = order("3", "b", date!(2026 - 01 - 20), 5_000);
        refunded.refunds =
            vec![(date!(2026 - 02 - 19), Decimal::new(1_000, 2)), (date!(2026 - 02 - 20), Decimal::new(1, 2))];
        let orders = [
            order("1", "a", date!(2026 - 01 - 10), 3_000),
            // Day 30 of "a" counts, day 31 does not.
            order("2", "a", date!(2026 - 02 - 09), 700),
            order("4", "a", date!(2026 - 02 - 10), 9_000),
            refunded,
        ];
        let known = (date!(2026 - 01 - 01), date!(2026 - 02 - 19));
        let found = cohorts(&orders, known, true).unwrap();
        assert_eq!((found.len(), found[0].customers, found[0].doubtful), (1, 2, false));
        let Worth::Mature { total, mean, .. } = found[0].worth[0] else { panic!("{:?}", found[0]) };
        assert_eq!((total, mean), (Decimal::new(7_700, 2), Decimal::new(3_850, 2)));
        assert_eq!(found[0].worth[1], Worth::Immature { on: date!(2026 - 03 - 21) });
    }

    #[test]
    fn customers_near_the_beginning_of_a_cut_history_are_doubtful() {
        let orders = [order("1", "a", date!(2026 - 01 - 10), 1), order("2", "b", date!(2026 - 08 - 10), 1)];
        let found = cohorts(&orders, (date!(2026 - 01 - 01), date!(2026 - 09 - 30)), false).unwrap();
        assert_eq!(found.iter().map(|cohort| cohort.doubtful).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn nobody_and_twice_are_said() {
        let known = (date!(2026 - 01 - 01), date!(2026 - 09 - 30));
        assert!(matches!(cohorts(&[], known, true), Err(NotEnough::TooFew { .. })));
        let one = order("1", "a", date!(2026 - 01 - 10), 1);
        assert!(matches!(cohorts(&[one.clone(), one], known, true), Err(NotEnough::Duplicate { .. })));
    }
}
