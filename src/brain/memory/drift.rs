//! Whether newer customers are worth less than older ones were at the same age.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};
use time::Date;

use super::{
    AGES, Change, Cohort, Worth,
    status::{CERTAIN, Status},
};
use crate::{
    NotEnough,
    finding::{Basis, Entity, Finding, Kind, Severity, Size, Unit, iso_day},
};

/// Mature cohorts that a drift needs: with three, a line has one degree of freedom.
const LEAST_COHORTS: usize = 4;
/// Members that a cohort needs for its mean to be roughly normal.
const LEAST_CUSTOMERS: usize = 30;
/// Cohorts that are looked at, the newest: a year.
const COHORTS: usize = 12;

/// How the worth of customers moves from cohort to cohort.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drift {
    /// At which age, in days.
    pub age: i64,
    /// The month of the first cohort.
    #[serde(with = "iso_day")]
    pub first: Date,
    /// The month of the last cohort.
    #[serde(with = "iso_day")]
    pub last: Date,
    /// The cohorts compared.
    pub cohorts: usize,
    /// The change of a month, with its 95 % interval.
    pub monthly: Change,
    /// The change from the first cohort to the last, with its 95 % interval.
    pub over_all: Change,
    /// The probability that worth grows, from 0 to 1.
    pub better: f64,
    /// In a word.
    pub status: Status,
}

/// The drift at the `age`, one of [`AGES`]: a line through the logarithms of the mature cohorts' worth. Each cohort is
/// weighed by its members' scatter and by how much cohorts differ beyond it (measured as DerSimonian and Laird 1986 do); the
/// interval is Student's (Knapp and Hartung 2003), so that few cohorts say little.
///
/// # Errors
/// [`NotEnough`] with fewer than four comparable cohorts of at least thirty customers, or worth that is not above zero.
pub fn drift(cohorts: &[Cohort], age: i64) -> Result<Drift, NotEnough> {
    let place = AGES.iter().position(|known| *known == age).ok_or(NotEnough::Unusable { what: "this age" })?;
    let point = |cohort: &Cohort| {
        let Worth::Mature { mean, deviation: Some(deviation), .. } = cohort.worth[place] else { return None };
        let mean = f64::try_from(mean).ok().filter(|mean| *mean > 0.0)?;
        let relative = deviation / mean;
        let usable = !cohort.doubtful && cohort.customers >= LEAST_CUSTOMERS && relative.is_finite();
        let at = f64::from(cohort.month.year()) * 12.0 + f64::from(u8::from(cohort.month.month()));
        // Members who all bought the same once still differ: the variance is never taken for zero.
        let variance = (relative * relative).max(1e-6) / cohort.customers as f64;
        usable.then_some((cohort.month, at, libm::log(mean), variance))
    };
    let mut points: Vec<_> = cohorts.iter().filter_map(point).collect();
    points.sort_by_key(|point| point.0);
    let points = &points[points.len().saturating_sub(COHORTS)..];
    if points.len() < LEAST_COHORTS {
        return Err(NotEnough::TooFew { of: "comparable cohorts", has: points.len(), needs: LEAST_COHORTS });
    }
    let freedom = points.len() as f64 - 2.0;
    let plain = Line::through(points, 0.0);
    // The expected value of the weighted squares when cohorts differ by `between` (method of moments).
    let between = ((plain.squares - freedom) / plain.spare).max(0.0);
    let line = Line::through(points, between);
    let scale = (line.squares / freedom).max(1.0);
    let deviation = (line.variance * scale).sqrt();
    let student = StudentsT::new(0.0, 1.0, freedom).map_err(|_| NotEnough::Constant)?;
    let better = student.cdf(line.slope / deviation);
    let reach = student.inverse_cdf(CERTAIN) * deviation;
    if !(better.is_finite() && reach.is_finite()) {
        return Err(NotEnough::TooLarge);
    }
    let months = points[points.len() - 1].1 - points[0].1;
    let change = |months: f64| Change {
        value: libm::expm1(line.slope * months),
        low: libm::expm1((line.slope - reach) * months),
        high: libm::expm1((line.slope + reach) * months),
    };
    let status = match better {
        better if better >= CERTAIN => Status::Better,
        better if better <= 1.0 - CERTAIN => Status::Worse,
        _ => Status::TooClose,
    };
    let (first, last) = (points[0].0, points[points.len() - 1].0);
    let (monthly, over_all) = (change(1.0), change(months));
    Ok(Drift { age, first, last, cohorts: points.len(), monthly, over_all, better, status })
}

impl Drift {
    /// The finding about `entity`, if the worth moves for certain. `share` is which part of the revenue new customers are.
    pub fn finding(&self, entity: Entity, share: f64) -> Option<Finding> {
        if self.status == Status::TooClose {
            return None;
        }
        let worse = self.status == Status::Worse;
        let stake = share * -self.over_all.value;
        let days = Some((self.first, self.last));
        Some(Finding {
            kind: Kind::LtvDrift,
            entity,
            channels: Vec::new(),
            metric: Some(format!("ltv_{}", self.age)),
            first: self.first,
            last: self.last,
            calendar: None,
            size: Some(Size {
                value: self.over_all.value,
                low: self.over_all.low,
                high: self.over_all.high,
                confidence: 2.0 * CERTAIN - 1.0,
                unit: Unit::Change,
            }),
            probability: if worse { 1.0 - self.better } else { self.better },
            severity: if worse { Severity::of_stake(stake) } else { Severity::Info },
            basis: vec![
                Basis::new("cohorts", self.cohorts as f64, days),
                Basis::new("monthly_change", self.monthly.value, days),
            ],
        })
    }
}

/// A cohort: its month, the month's number, the logarithm of its worth and that one's variance.
type Point = (Date, f64, f64, f64);

struct Line {
    slope: f64,
    variance: f64,
    squares: f64,
    spare: f64,
}

impl Line {
    fn through(points: &[Point], between: f64) -> Self {
        let weights: Vec<f64> = points.iter().map(|point| 1.0 / (point.3 + between)).collect();
        let all: f64 = weights.iter().sum();
        let mean = |of: &dyn Fn(&Point) -> f64| {
            points.iter().zip(&weights).map(|(point, weight)| weight * of(point)).sum::<f64>() / all
        };
        let (x, y) = (mean(&|point| point.1), mean(&|point| point.2));
        let sxx = all * mean(&|point| (point.1 - x) * (point.1 - x));
        let slope = all * mean(&|point| (point.1 - x) * (point.2 - y)) / sxx;
        let left = |point: &Point| point.2 - y - slope * (point.1 - x);
        let squares = all * mean(&|point| left(point) * left(point));
        // Trace of the weights less what the line takes of them.
        let doubled: f64 = weights.iter().map(|weight| weight * weight).sum();
        let leaned: f64 =
            points.iter().zip(&weights).map(|(point, weight)| weight * weight * (point.1 - x) * (point.1 - x)).sum();
        Self { slope, variance: 1.0 / sxx, squares, spare: all - doubled / all - leaned / sxx }
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;
    use time::Month;

    use super::*;
    use crate::{
        draw,
        memory::{Order, cohorts},
        random::stream,
    };

    /// Twelve months of customers who are worth `step` times as much from month to month, read until the year after.
    fn world(name: &str, step: f64) -> Vec<Cohort> {
        let mut random = stream(2, name);
        let mut orders = vec![];
        for month in 0..12_u8 {
            let first = Date::from_calendar_date(2025, Month::January.nth_next(month), 1).unwrap();
            // Months differ a little beyond their members.
            let usual = 60.0 * libm::pow(step, f64::from(month)) * libm::exp(0.02 * draw::normal(&mut random));
            for customer in 0..300 {
                let born = first + time::Duration::days(draw::between(&mut random, 0.0, 28.0) as i64);
                for again in 0..=draw::poisson(&mut random, 0.4) {
                    orders.push(Order {
                        id: format!("{month}-{customer}-{again}"),
                        customer: Some(format!("{month}-{customer}")),
                        day: born + time::Duration::days(again as i64 * 11),
                        value: Decimal::new(draw::gamma(&mut random, 2.0, usual * 100.0) as i64, 2),
                        refunds: vec![],
                    });
                }
            }
        }
        let known = (time::macros::date!(2025 - 01 - 01), time::macros::date!(2026 - 06 - 30));
        cohorts(&orders, known, true).unwrap()
    }

    #[test]
    fn customers_alike_have_no_drift_in_nineteen_of_twenty_worlds() {
        let worlds = (0..60).map(|world_| drift(&world(&format!("alike {world_}"), 1.0), 60).unwrap());
        let said = worlds.filter(|drift| drift.status != Status::TooClose).count();
        // 5 % of 60 is 3; more than 7 has a probability below 2 %.
        assert!(said <= 7, "{said} of 60");
    }

    #[test]
    fn customers_who_are_worth_less_each_month_are_found_with_the_size() {
        let mut inside = 0;
        for at in 0..20 {
            let found = drift(&world(&format!("less {at}"), 0.97), 60).unwrap();
            assert_eq!(found.status, Status::Worse, "world {at}: {found:?}");
            inside += usize::from(found.monthly.low <= -0.03 && -0.03 <= found.monthly.high);
            let entity = Entity { id: "c".into(), level: crate::finding::Level::Client };
            let finding = found.finding(entity, 0.5).unwrap();
            assert!(finding.probability > 0.97 && finding.severity >= Severity::Medium);
        }
        assert!(inside >= 16, "{inside} of 20");
    }

    #[test]
    fn immature_doubtful_and_small_cohorts_are_not_compared() {
        let mut few = world("few", 1.0);
        assert!(matches!(drift(&few[..3], 60), Err(NotEnough::TooFew { has: 3, .. })));
        few.iter_mut().for_each(|cohort| cohort.doubtful = true);
        assert!(matches!(drift(&few, 60), Err(NotEnough::TooFew { has: 0, .. })));
        assert!(matches!(drift(&few, 61), Err(NotEnough::Unusable { .. })));
    }
}
