//! ROI decay: a channel that returns less for its money from week to week, on average and for the next unit.
//!
//! The average return's logarithm follows a line over the weeks. Where spend moved enough, a second regression holds spend
//! fixed: what then still falls is decay proper, and the elasticity tells what the next unit returns (marginal return =
//! elasticity × average return). Intervals are Student's, widened where neighbouring weeks move together. The season and the
//! client's demand are in the average return too: a finding says that it fell, not why.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};
use time::Date;

use super::logistic::solve;
use crate::{
    NotEnough,
    finding::{Basis, Entity, Finding, Kind, Severity, Size, Unit, iso_day},
    memory::{CERTAIN, Change, Status},
};

/// Weeks that a line needs.
const LEAST: usize = 8;
/// Standard deviation of the spend's logarithm beside its trend, from which it is known what spend does: a tenth.
const MOVES: f64 = 0.1;

/// A channel's week.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Week {
    /// Its first day.
    pub first: Date,
    /// What was spent.
    pub spend: f64,
    /// What came back: claimed or ledger revenue in the same currency, never both.
    pub revenue: f64,
}

/// How a channel's return moves.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decay {
    /// The first day of the first week.
    #[serde(with = "iso_day")]
    pub first: Date,
    /// The first day of the last week.
    #[serde(with = "iso_day")]
    pub last: Date,
    /// The weeks that have spend and revenue.
    pub weeks: usize,
    /// The change of the average return from the first week to the last, with its 95 % interval.
    pub average: Change,
    /// The probability that it rises.
    pub better: f64,
    /// In a word.
    pub status: Status,
    /// The same change if spend had stayed as it was, or why that cannot be told.
    pub at_same_spend: Result<Change, NotEnough>,
    /// What the next unit of spend returns in the last week, with its 95 % interval, in units of revenue.
    pub marginal: Result<Size, NotEnough>,
}

/// How the return of these weeks moves; a week without spend or revenue is left out.
///
/// # Errors
/// [`NotEnough`] with fewer than eight weeks, a week twice, or an amount that is no number or below zero.
pub fn decay(weeks: &[Week]) -> Result<Decay, NotEnough> {
    for (at, week) in weeks.iter().enumerate() {
        if !(week.spend.is_finite() && week.revenue.is_finite()) {
            return Err(NotEnough::NotFinite { at });
        }
        if week.spend < 0.0 || week.revenue < 0.0 {
            return Err(NotEnough::Negative { at });
        }
    }
    let mut weeks: Vec<Week> = weeks.iter().copied().filter(|week| week.spend > 0.0 && week.revenue > 0.0).collect();
    weeks.sort_by_key(|week| week.first);
    if let Some(twice) = weeks.windows(2).find(|pair| pair[0].first == pair[1].first) {
        return Err(NotEnough::Duplicate { of: twice[0].first.to_string() });
    }
    if weeks.len() < LEAST {
        return Err(NotEnough::TooShort { has: weeks.len(), needs: LEAST });
    }
    let (first, last) = (weeks[0].first, weeks[weeks.len() - 1].first);
    let all = (last - first).whole_days() as f64;
    let time: Vec<f64> = weeks.iter().map(|week| (week.first - first).whole_days() as f64 / all - 0.5).collect();
    let spend: Vec<f64> = weeks.iter().map(|week| libm::log(week.spend)).collect();
    let revenue: Vec<f64> = weeks.iter().map(|week| libm::log(week.revenue)).collect();
    let returns: Vec<f64> = revenue.iter().zip(&spend).map(|(revenue, spend)| revenue - spend).collect();

    let average = Fit::new(&[&time], &returns)?;
    let (value, reach) = average.coefficient(1);
    let better = average.student.cdf(value / average.deviation(1));
    let status = match better {
        better if better >= CERTAIN => Status::Better,
        better if better <= 1.0 - CERTAIN => Status::Worse,
        _ => Status::TooClose,
    };
    let change = |value: f64, reach: f64| Change {
        value: libm::expm1(value),
        low: libm::expm1(value - reach),
        high: libm::expm1(value + reach),
    };
    let moved = Fit::new(&[&time], &spend).map(|fit| fit.scatter.sqrt());
    let held = match moved {
        Ok(moved) if moved >= MOVES => Fit::new(&[&time, &spend], &revenue),
        Ok(_) | Err(NotEnough::Constant) => Err(NotEnough::Unusable { what: "spend that hardly moved" }),
        Err(reason) => Err(reason),
    };
    let now = libm::exp(average.weights[0] + value * 0.5);
    let at_same_spend = held.as_ref().map(|fit| fit.coefficient(1)).map(|(value, reach)| change(value, reach));
    let marginal = held.as_ref().map(|fit| fit.coefficient(2)).map(|(value, reach)| Size {
        value: value * now,
        low: (value - reach) * now,
        high: (value + reach) * now,
        confidence: 2.0 * CERTAIN - 1.0,
        unit: Unit::Share,
    });
    Ok(Decay {
        first,
        last,
        weeks: weeks.len(),
        average: change(value, reach),
        better,
        status,
        at_same_spend: at_same_spend.map_err(Clone::clone),
        marginal: marginal.map_err(Clone::clone),
    })
}

impl Decay {
    /// The finding about the channel, if its return surely fell. `share` is which part of the client's spend it has.
    pub fn finding(&self, entity: Entity, metric: &str, share: f64) -> Option<Finding> {
        if self.status != Status::Worse {
            return None;
        }
        let Change { value, low, high } = self.average;
        let days = Some((self.first, self.last));
        let mut basis = vec![Basis::new("weeks", self.weeks as f64, days)];
        basis.extend(self.at_same_spend.iter().map(|change| Basis::new("change_at_same_spend", change.value, days)));
        basis.extend(self.marginal.iter().map(|marginal| Basis::new("marginal_return", marginal.value, days)));
        Some(Finding {
            kind: Kind::RoiDecay,
            entity,
            channels: Vec::new(),
            metric: Some(metric.to_owned()),
            first: self.first,
            last: self.last,
            calendar: None,
            size: Some(Size { value, low, high, confidence: 2.0 * CERTAIN - 1.0, unit: Unit::Change }),
            probability: 1.0 - self.better,
            severity: Severity::of_stake(share * -value),
            basis,
        })
    }
}

/// A least-squares fit with an intercept.
struct Fit {
    weights: Vec<f64>,
    /// Diagonal of the inverse of the columns' products.
    inverse: Vec<f64>,
    /// Variance of what is left.
    scatter: f64,
    widened: f64,
    student: StudentsT,
}

impl Fit {
    fn new(columns: &[&[f64]], values: &[f64]) -> Result<Self, NotEnough> {
        let (count, size) = (values.len(), columns.len() + 1);
        let row =
            |at: usize| -> Vec<f64> { std::iter::once(1.0).chain(columns.iter().map(|column| column[at])).collect() };
        let (mut products, mut right) = (vec![0.0; size * size], vec![0.0; size]);
        for (at, value) in values.iter().enumerate() {
            let row = row(at);
            for a in 0..size {
                right[a] += row[a] * value;
                for b in 0..=a {
                    products[a * size + b] += row[a] * row[b];
                }
            }
        }
        let solved = |right: Vec<f64>| solve(&mut products.clone(), right).ok_or(NotEnough::Constant);
        let weights = solved(right)?;
        let unit = |at: usize| {
            let mut right = vec![0.0; size];
            right[at] = 1.0;
            Ok(solved(right)?[at])
        };
        let inverse = (0..size).map(unit).collect::<Result<Vec<f64>, NotEnough>>()?;
        let fitted = |at: usize| row(at).iter().zip(&weights).map(|(a, b)| a * b).sum::<f64>();
        let left: Vec<f64> = values.iter().enumerate().map(|(at, value)| value - fitted(at)).collect();
        let freedom = (count - size) as f64;
        let squares: f64 = left.iter().map(|left| left * left).sum();
        if squares <= 1e-18 * count as f64 {
            return Err(NotEnough::Constant);
        }
        let neighbours: f64 = left.windows(2).map(|pair| pair[0] * pair[1]).sum();
        let together = (neighbours / squares + size as f64 / count as f64).clamp(0.0, 0.8);
        let student = StudentsT::new(0.0, 1.0, freedom).map_err(|_| NotEnough::Constant)?;
        let widened = (1.0 + together) / (1.0 - together);
        Ok(Self { weights, inverse, scatter: squares / freedom, widened, student })
    }

    fn deviation(&self, at: usize) -> f64 {
        (self.scatter * self.inverse[at] * self.widened).sqrt()
    }

    /// A coefficient and half the width of its 95 % interval.
    fn coefficient(&self, at: usize) -> (f64, f64) {
        (self.weights[at], self.student.inverse_cdf(CERTAIN) * self.deviation(at))
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration, macros::date};

    use super::*;
    use crate::{draw, finding::Level, random::stream};

    /// Weeks whose revenue is `spend^elasticity`, falling by `fall` of its logarithm a week, with a scatter of a tenth.
    fn weeks(name: &str, count: i64, elasticity: f64, fall: f64) -> Vec<Week> {
        let mut random = stream(4, name);
        let week = |at: i64| {
            let spend = 1000.0 * libm::exp(0.4 * draw::normal(&mut random));
            let noise = 0.1 * draw::normal(&mut random) - fall * at as f64;
            let revenue = 3000.0 * libm::pow(spend / 1000.0, elasticity) * libm::exp(noise);
            Week { first: date!(2026 - 01 - 05) + Duration::weeks(at), spend, revenue }
        };
        (0..count).map(week).collect()
    }

    #[test]
    fn a_steady_return_is_not_called_falling() {
        let found = (0..200).map(|at| decay(&weeks(&format!("steady {at}"), 16, 0.7, 0.0)).unwrap());
        let said = found.filter(|decay| decay.status != Status::TooClose).count();
        // Of 200, 5 % are 10; more than 20 has a probability below 0.2 %.
        assert!(said <= 20, "{said} of 200");
    }

    #[test]
    fn a_falling_return_is_found_with_its_size_and_what_the_next_unit_returns() {
        let (mut found, mut inside) = (0, 0);
        for at in 0..100 {
            let decay = decay(&weeks(&format!("falling {at}"), 16, 0.6, 0.04)).unwrap();
            found += usize::from(decay.status == Status::Worse);
            let held = decay.at_same_spend.clone().unwrap();
            let truth = libm::expm1(-0.04 * 15.0);
            let marginal = decay.marginal.clone().unwrap();
            let next = 0.6 * 3.0 * libm::exp(-0.04 * 15.0);
            inside +=
                usize::from(held.low <= truth && truth <= held.high && marginal.low < next && next < marginal.high);
            if let Some(finding) = decay.finding(Entity { id: "a".into(), level: Level::Channel }, "roas_claimed", 0.5)
            {
                assert!(finding.probability >= CERTAIN && finding.severity >= Severity::Medium);
            }
        }
        assert!(found >= 90 && inside >= 80, "{found} {inside}");
    }

    #[test]
    fn spend_that_does_not_move_tells_nothing_of_the_next_unit() {
        let mut still = weeks("still", 12, 0.7, 0.0);
        still.iter_mut().for_each(|week| week.spend = 1000.0);
        let found = decay(&still).unwrap();
        assert!(matches!(found.marginal, Err(NotEnough::Unusable { .. })) && found.at_same_spend.is_err());
        assert!(matches!(decay(&still[..7]), Err(NotEnough::TooShort { has: 7, needs: 8 })));
        still[3].revenue = f64::NAN;
        assert_eq!(decay(&still), Err(NotEnough::NotFinite { at: 3 }));
        still.iter_mut().for_each(|week| week.revenue = 7.0);
        assert_eq!(decay(&still), Err(NotEnough::Constant));
    }
}
