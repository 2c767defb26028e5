//! How a budget is best divided among channels whose curves are known as far as they are: what is expected of each division,
//! how uncertain that is, and how likely it loses.
//!
//! The expected net contribution is the mean over the joint draws of the curves, so the best division is the best under what
//! is known, not under one guess (Smith & Winkler 2006, "The optimizer's curse", on why a plan on point estimates
//! disappoints). Curves may have a threshold, which makes greedy marginal rules fail (Hill, n > 1), so the division is found by
//! dynamic programming over steps of money (Bellman 1957), exact up to the step, and then smoothed between pairs.
//! What is said of a plan keeps whole draws together: channels whose curves hang together win or lose together.

use serde::Serialize;

use crate::response::Curve;

/// Steps that the whole of the budget that can move is cut into.
const STEPS: usize = 600;
/// Draws that the search looks at; what is said of the plan uses all.
const LOOKED_AT: usize = 100;
/// Rounds of smoothing between pairs of channels, each with half the amount of the one before.
const ROUNDS: usize = 6;

/// A channel that may get more or less.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// Its name.
    pub name: String,
    /// What it spends per period now.
    pub spend: f64,
    /// It gets at least so much.
    pub floor: Option<f64>,
    /// It gets at most so much.
    pub cap: Option<f64>,
    /// It stays as it is: platforms learn anew after a change, or somebody wants it so.
    pub held: bool,
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wanted {
    /// What all channels together spend per period.
    pub total: f64,
    /// Periods that the plan is made for.
    pub periods: f64,
    /// What stays of a unit of the target after goods and delivery, from 0 to 1.
    pub margin: f64,
    /// The largest share of its spend by which a channel may change; none: as much as it takes.
    pub step: Option<f64>,
    /// What it costs to move a unit of money, in units of money: changes must be worth it.
    pub moving: f64,
}

/// Why there is no plan. Nothing is proposed then.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Unplanned {
    /// There is nothing to divide.
    #[error("the budget is zero")]
    NoBudget,
    /// No channel may change.
    #[error("no channel has a curve and may change")]
    NothingMoves,
    /// The limits leave no room for this total.
    #[error("the limits allow {}, not {}", room(*.least, *.most, *.total), amount(*.total))]
    Unmeetable {
        /// The least that the limits allow.
        least: f64,
        /// The most.
        most: f64,
        /// What was wanted.
        total: f64,
    },
    /// A floor above a cap.
    #[error("{name}: the floor is above the cap")]
    Crossed {
        /// The channel.
        name: String,
    },
    /// Something that is no number, or below zero.
    #[error("{what} must be a number at or above zero")]
    Senseless {
        /// What.
        what: String,
    },
    /// Fewer curves than channels, or none.
    #[error("there must be a curve of each channel in every draw")]
    NoCurves,
}

/// A division and what is expected of it against what is spent now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// Name, spend per period now, and then.
    pub channels: Vec<(String, f64, f64)>,
    /// Expected net contribution of the change over all periods: margin times the target, less the money and what moving costs.
    pub expected: f64,
    /// Its 80 % interval.
    pub interval: (f64, f64),
    /// The probability that it is below zero.
    pub loss: f64,
    /// Expected target (revenue) of the change over all periods, before margin and money.
    pub target: f64,
    /// Its 80 % interval.
    pub target_interval: (f64, f64),
}

/// The side of the limits on which the total lies.
fn room(least: f64, most: f64, total: f64) -> String {
    if total < least { format!("at least {}", amount(least)) } else { format!("at most {}", amount(most)) }
}

/// An amount without what a sum of fractions adds to it.
fn amount(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The best division of the total. `draws` holds the curves of the channels, in their order, in each draw.
///
/// # Errors
/// [`Unplanned`] says why there is none.
pub fn allocate(budgets: &[Budget], draws: &[Vec<Curve>], wanted: Wanted) -> Result<Plan, Unplanned> {
    check(budgets, draws, wanted)?;
    let limits: Vec<(f64, f64)> = budgets.iter().map(|budget| limits(budget, wanted.step)).collect();
    if let Some(at) = limits.iter().position(|(low, high)| low > high) {
        return Err(Unplanned::Crossed { name: budgets[at].name.clone() });
    }
    let least: f64 = limits.iter().map(|limit| limit.0).sum();
    let most: f64 = limits.iter().map(|limit| limit.1).sum();
    let slack = 1e-9 * wanted.total;
    if wanted.total < least - slack || wanted.total > most + slack {
        return Err(Unplanned::Unmeetable { least, most, total: wanted.total });
    }
    if limits.iter().all(|(low, high)| high - low <= slack) {
        return Err(Unplanned::NothingMoves);
    }
    let every = draws.len().div_ceil(LOOKED_AT).max(1);
    let few: Vec<&Vec<Curve>> = draws.iter().step_by(every).collect();
    // Worth of a channel at a spend, per period: what is expected to stay, less what moving costs.
    let worth = |at: usize, spend: f64| -> f64 {
        let mean = few.iter().map(|curves| curves[at].at(spend)).sum::<f64>() / few.len() as f64;
        wanted.margin * mean - wanted.moving * (spend - budgets[at].spend).abs() / wanted.periods
    };
    let mut then = divide(&limits, (wanted.total - least).max(0.0), &worth);
    smooth(&mut then, &limits, wanted.total / STEPS as f64, &worth);
    Ok(told(budgets, draws, wanted, &then))
}

fn check(budgets: &[Budget], draws: &[Vec<Curve>], wanted: Wanted) -> Result<(), Unplanned> {
    let sensible = |what: &str, value: f64| match value.is_finite() && value >= 0.0 {
        true => Ok(()),
        false => Err(Unplanned::Senseless { what: what.to_owned() }),
    };
    for (what, value) in [("the total", wanted.total), ("the margin", wanted.margin), ("moving", wanted.moving)] {
        sensible(what, value)?;
    }
    if !(wanted.periods.is_finite() && wanted.periods > 0.0) {
        return Err(Unplanned::Senseless { what: "the number of periods".to_owned() });
    }
    sensible("the step", wanted.step.unwrap_or_default())?;
    for budget in budgets {
        for value in [Some(budget.spend), budget.floor, budget.cap].into_iter().flatten() {
            sensible(&format!("an amount of {}", budget.name), value)?;
        }
    }
    if wanted.total <= 0.0 {
        return Err(Unplanned::NoBudget);
    }
    if draws.is_empty() || draws.iter().any(|curves| curves.len() != budgets.len()) {
        return Err(Unplanned::NoCurves);
    }
    Ok(())
}

/// The least and the most that a channel may get.
fn limits(budget: &Budget, step: Option<f64>) -> (f64, f64) {
    if budget.held {
        return (budget.spend, budget.spend);
    }
    let (low, high) = match step {
        Some(step) => ((1.0 - step).max(0.0) * budget.spend, (1.0 + step) * budget.spend),
        None => (0.0, f64::MAX),
    };
    (low.max(budget.floor.unwrap_or_default()), high.min(budget.cap.unwrap_or(f64::MAX)))
}

/// Divides what is `left` above the least amounts, in equal steps, so that the sum of worths is the largest.
fn divide(limits: &[(f64, f64)], left: f64, worth: &dyn Fn(usize, f64) -> f64) -> Vec<f64> {
    let step = left / STEPS as f64;
    if step <= 0.0 {
        return limits.iter().map(|limit| limit.0).collect();
    }
    // best[k]: the largest worth of the channels so far with k steps; taken[channel][k]: how many of them it took.
    let mut best = vec![f64::NEG_INFINITY; STEPS + 1];
    best[0] = 0.0;
    let mut taken: Vec<Vec<usize>> = Vec::with_capacity(limits.len());
    for (at, (low, high)) in limits.iter().enumerate() {
        let most = (((high - low) / step + 1e-9).floor() as usize).min(STEPS);
        let worths: Vec<f64> = (0..=most).map(|steps| worth(at, low + steps as f64 * step)).collect();
        let mut next = vec![f64::NEG_INFINITY; STEPS + 1];
        let mut took = vec![0; STEPS + 1];
        for (before, so_far) in best.iter().enumerate().filter(|(_, so_far)| so_far.is_finite()) {
            for (steps, worth) in worths.iter().enumerate().take(STEPS + 1 - before) {
                if so_far + worth > next[before + steps] {
                    (next[before + steps], took[before + steps]) = (so_far + worth, steps);
                }
            }
        }
        best = next;
        taken.push(took);
    }
    // Limits that are no whole steps may leave a part of one over: it is given where there is room.
    let mut rest = (0..=STEPS).rev().find(|steps| best[*steps].is_finite()).unwrap_or(0);
    let over = left - rest as f64 * step;
    let mut then = vec![0.0; limits.len()];
    for at in (0..limits.len()).rev() {
        let steps = taken[at][rest];
        then[at] = limits[at].0 + steps as f64 * step;
        rest -= steps;
    }
    let mut over = over.max(0.0);
    for (spend, (_, high)) in then.iter_mut().zip(limits) {
        let more = over.min((high - *spend).max(0.0));
        (*spend, over) = (*spend + more, over - more);
    }
    then
}

/// Moves ever smaller amounts from one channel to another while that is worth it.
fn smooth(then: &mut [f64], limits: &[(f64, f64)], amount: f64, worth: &dyn Fn(usize, f64) -> f64) {
    let mut amount = amount;
    for _ in 0..ROUNDS {
        amount /= 2.0;
        // The best to take from and the best to give to, one pair at a time: at most one move for each channel and round.
        for _ in 0..then.len() {
            let now: Vec<f64> = then.iter().enumerate().map(|(at, spend)| worth(at, *spend)).collect();
            let room = |at: usize, by: f64| limits[at].0 <= then[at] + by && then[at] + by <= limits[at].1;
            let gain = |by: f64| -> Vec<Option<f64>> {
                (0..then.len()).map(|at| room(at, by).then(|| worth(at, then[at] + by) - now[at])).collect()
            };
            let (more, less) = (gain(amount), gain(-amount));
            let pairs = (0..then.len()).flat_map(|to| (0..then.len()).map(move |from| (to, from)));
            let best = pairs
                .filter(|(to, from)| to != from)
                .filter_map(|(to, from)| Some((more[to]? + less[from]?, to, from)))
                .max_by(|a, b| a.0.total_cmp(&b.0));
            match best {
                Some((gain, to, from)) if gain > 0.0 => {
                    then[to] += amount;
                    then[from] -= amount;
                }
                _ => break,
            }
        }
    }
}

fn told(budgets: &[Budget], draws: &[Vec<Curve>], wanted: Wanted, then: &[f64]) -> Plan {
    let now: f64 = budgets.iter().map(|budget| budget.spend).sum();
    let more = (then.iter().sum::<f64>() - now) * wanted.periods;
    let changed: f64 = budgets.iter().zip(then).map(|(budget, then)| (then - budget.spend).abs()).sum();
    let cost = more + wanted.moving * changed;
    let mut targets: Vec<f64> = draws
        .iter()
        .map(|curves| {
            let change = |at: usize| curves[at].at(then[at]) - curves[at].at(budgets[at].spend);
            (0..then.len()).map(change).sum::<f64>() * wanted.periods
        })
        .collect();
    let mut nets: Vec<f64> = targets.iter().map(|target| wanted.margin * target - cost).collect();
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    let (expected, target) = (mean(&nets), mean(&targets));
    let interval = |of: &mut [f64]| {
        of.sort_by(f64::total_cmp);
        let quantile = |part: f64| of[((of.len() - 1) as f64 * part).round() as usize];
        (quantile(0.1), quantile(0.9))
    };
    let (interval, target_interval) = (interval(&mut nets), interval(&mut targets));
    let loss = nets.iter().filter(|net| **net < 0.0).count() as f64 / nets.len() as f64;
    let channels = budgets.iter().zip(then).map(|(budget, then)| (budget.name.clone(), budget.spend, *then)).collect();
    Plan { channels, expected, interval, loss, target, target_interval }
}

#[cfg(test)]
mod tests;
