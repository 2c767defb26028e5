//! Budgets divided by fitted curves, in worlds whose true curves are known: how much of the possible lift is reached.
//!
//! The limits are those of the product: the total stays, no channel changes by more than a fifth. What is possible is what the
//! same search reaches with the true curves.

use std::time::Instant;

use anyhow::Context as _;
use brain::{
    curiosity::allocation::{Budget, Wanted, allocate},
    response::{self, Curve, Family, Shape, Step},
};

use crate::{
    Figure,
    response::worlds::{self, Truth, World},
};

const WORLDS: u64 = 50;
const SEED: u64 = 1;
/// The product's: no channel changes by more than a fifth at once.
const AT_ONCE: f64 = 0.2;

pub(super) fn run() -> anyhow::Result<Vec<Figure>> {
    let (mut reached, mut possible, mut held, mut lost) = (0.0, 0.0, 0, 0);
    let mut shares = vec![];
    for seed in 0..WORLDS {
        let world = worlds::draw(seed);
        let fit = response::fit(&world.table, SEED).with_context(|| format!("world {seed}"))?;
        let names: Vec<&str> = fit.posterior.channels().collect();
        let truths: Vec<&Truth> = names
            .iter()
            .map(|name| world.truths.iter().find(|truth| truth.name == *name).context("a channel without truth"))
            .collect::<anyhow::Result<_>>()?;
        let spends: Vec<f64> = names
            .iter()
            .map(|name| {
                Ok(fit
                    .channels
                    .iter()
                    .find(|one| one.name == *name)
                    .and_then(|one| one.fitted())
                    .context("no curve")?
                    .current_spend)
            })
            .collect::<anyhow::Result<_>>()?;
        let draws: Vec<Vec<Curve>> = fit.posterior.draws().collect();
        let plan = allocate(&budgets(&names, &spends), &draws, wanted(&spends))?;
        let lift = |then: &[f64]| -> f64 {
            truths
                .iter()
                .zip(then)
                .zip(&spends)
                .map(|((truth, then), now)| truth.curve(*then) - truth.curve(*now))
                .sum()
        };
        let then: Vec<f64> = plan.channels.iter().map(|channel| channel.2).collect();
        let best = lift(&best(&truths, &spends));
        let mean = world.table.target.iter().flatten().sum::<f64>() / world.table.target.len() as f64;
        // Worlds count by the lift as a share of their target, not by their currency.
        (reached, possible) = (reached + lift(&then) / mean, possible + best / mean);
        shares.push(if best > 0.0 { lift(&then) / best } else { 1.0 });
        held += i32::from((plan.interval.0..=plan.interval.1).contains(&lift(&then)));
        lost += i32::from(lift(&then) < 0.0);
    }
    shares.sort_by(f64::total_cmp);
    let (known, took) = known()?;
    let worlds = WORLDS as f64;
    let figure = |key, what, value| Figure { key, what, value };
    Ok(vec![
        figure("reallocation_share", "50 own worlds, fitted curves: reached of the possible lift", reached / possible),
        figure("allocation_ms", "division of a budget over 20 channels and 400 draws", took),
        figure("reallocation_share_median", "the same, the median world", shares[shares.len() / 2]),
        figure("reallocation_share_known", "the same with the true curves, against a fine search", known),
        figure("reallocation_interval", "true lift inside the plan's 80 % interval", f64::from(held) / worlds),
        figure("reallocation_lost", "plans that truly lose", f64::from(lost) / worlds),
    ])
}

fn budgets(names: &[&str], spends: &[f64]) -> Vec<Budget> {
    let budget = |(name, spend): (&&str, &f64)| Budget {
        name: (*name).to_owned(),
        spend: *spend,
        floor: None,
        cap: None,
        held: false,
    };
    names.iter().zip(spends).map(budget).collect()
}

fn wanted(spends: &[f64]) -> Wanted {
    Wanted { total: spends.iter().sum(), periods: 1.0, margin: 1.0, step: Some(AT_ONCE), moving: 0.0 }
}

/// The best division of the same total within the same limits, found by moving ever smaller amounts between pairs of true
/// curves from many beginnings; the curves need not be concave.
fn best(truths: &[&Truth], spends: &[f64]) -> Vec<f64> {
    let total: f64 = spends.iter().sum();
    let worth = |then: &[f64]| -> f64 { truths.iter().zip(then).map(|(truth, then)| truth.curve(*then)).sum() };
    let mut best = spends.to_vec();
    for begin in 0..=spends.len() {
        let mut then = spends.to_vec();
        let mut amount = AT_ONCE * total;
        while amount > 1e-6 * total {
            let mut moved = false;
            for turn in 0..spends.len() * spends.len() {
                // Every beginning goes through the pairs in another order.
                let turn = turn + begin * spends.len();
                let (from, to) = ((turn / spends.len()) % spends.len(), turn % spends.len());
                let most = (then[from] - (1.0 - AT_ONCE) * spends[from]).min((1.0 + AT_ONCE) * spends[to] - then[to]);
                let by = amount.min(most);
                if from == to || by <= 0.0 {
                    continue;
                }
                let before = truths[from].curve(then[from]) + truths[to].curve(then[to]);
                if truths[from].curve(then[from] - by) + truths[to].curve(then[to] + by) > before {
                    (then[from], then[to], moved) = (then[from] - by, then[to] + by, true);
                }
            }
            if !moved {
                amount /= 2.0;
            }
        }
        if worth(&then) > worth(&best) {
            best = then;
        }
    }
    best
}

/// With curves that are known, and how long twenty channels take, in milliseconds.
fn known() -> anyhow::Result<(f64, f64)> {
    let World { truths, .. } = worlds::sized(7, Step::Daily, 400, 20);
    let names: Vec<&str> = truths.iter().map(|truth| &*truth.name).collect();
    // Any curve with a half point; what is measured is the search.
    let curve = |at: usize| Curve {
        shape: Shape {
            adstock: 0.3,
            family: [Family::Logistic, Family::Exponential, Family::MichaelisMenten, Family::Hill][at % 4],
            half: 50.0 + 13.0 * at as f64,
            slope: 1.0 + 0.1 * (at % 9) as f64,
        },
        limit: 400.0 + 57.0 * ((at * 7) % 20) as f64,
    };
    let one: Vec<Curve> = (0..20).map(curve).collect();
    let draws: Vec<Vec<Curve>> = (0..400)
        .map(|draw| {
            one.iter().map(|curve| Curve { limit: curve.limit * (0.8 + 0.001 * f64::from(draw)), ..*curve }).collect()
        })
        .collect();
    let spends: Vec<f64> = (0..20).map(|at| 40.0 + 11.0 * ((at * 3) % 20) as f64).collect();
    let begun = Instant::now();
    let plan = allocate(&budgets(&names, &spends), &draws, wanted(&spends))?;
    let took = 1e3 * begun.elapsed().as_secs_f64();
    let worth = |then: &[f64]| -> f64 { one.iter().zip(then).map(|(curve, then)| curve.at(*then)).sum() };
    let then: Vec<f64> = plan.channels.iter().map(|channel| channel.2).collect();
    let fine = {
        let mut then = spends.clone();
        let mut amount = 10.0;
        while amount > 1e-4 {
            let marginal = |at: usize, by: f64| one[at].at(then[at] + by) - one[at].at(then[at]);
            let room = |at: usize, by: f64| (then[at] + by - spends[at]).abs() <= AT_ONCE * spends[at] + 1e-9;
            let pairs = (0..20).flat_map(|from| (0..20).map(move |to| (from, to))).filter(|(from, to)| from != to);
            let best = pairs
                .filter(|(from, to)| room(*from, -amount) && room(*to, amount))
                .map(|(from, to)| (marginal(from, -amount) + marginal(to, amount), from, to))
                .max_by(|a, b| a.0.total_cmp(&b.0));
            match best {
                Some((gain, from, to)) if gain > 0.0 => {
                    then[from] -= amount;
                    then[to] += amount;
                }
                _ => amount /= 2.0,
            }
        }
        then
    };
    let lift = |then: &[f64]| worth(then) - worth(&spends);
    Ok((lift(&then) / lift(&fine), took))
}
