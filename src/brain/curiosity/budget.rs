//! What to do with a client's daily budgets: move money between channels, or spend more or less on one.
//!
//! All is reckoned on whole draws of the client's curves, so that what hangs together wins or loses together, and no channel is
//! in two proposals at once: moves are looked for first, and what is left is looked at by itself.

use super::{
    Change, Doubt, HORIZON, Kind, LOSS, Prediction, Proposal, Unpredicted,
    allocation::{Budget, Plan, Wanted, allocate},
};
use crate::{
    finding::{Basis, Entity, Level},
    response::{Concern, Curve, Response},
};

/// The largest share of its spend by which a channel changes at once: larger jumps make platforms learn anew.
pub const AT_ONCE: f64 = 0.2;
/// What moving a unit of daily money costs, in days of it: platforms take about a week to learn, in which a tenth is lost.
const MOVING: f64 = 0.7;
/// Of hardly a shop's revenue less stays after goods and delivery.
pub(crate) const HALF: f64 = 0.5;
/// A change by less than this share of a channel's spend is not worth a person's minute: the channel stays as it is.
const SLIGHT: f64 = 0.01;
/// Spend that moved by more than this share within the last fortnight is being learned: less than a step of our own.
const LEARNING: f64 = 0.15;
/// The days in which a change of spend is learned.
const FORTNIGHT: usize = 14;
/// A step must be larger than so many of its standard errors: it is looked for on each day of the fortnight, so that two would
/// often be chance.
const BEYOND: f64 = 3.0;

/// A client's channels with curves, in the order of the posterior.
#[derive(Clone, Debug)]
pub struct Setting<'a> {
    /// The client's id.
    pub client: &'a str,
    /// The currency of spend and target.
    pub currency: &'a str,
    /// What stays of a unit of the target, if somebody said it.
    pub margin: Option<f64>,
    /// The fit, of days.
    pub response: &'a Response,
    /// Daily spend of each channel with its name, oldest first, to the last day of the fit.
    pub spend: &'a [(String, Vec<f64>)],
    /// Channels that stay as they are, because an action under way changes them.
    pub held: &'a [&'a str],
    /// The place of the fit among the outcomes.
    pub place: usize,
}

/// Proposals for a client's budgets, none if nothing is sure enough.
pub fn budgets(setting: &Setting<'_>) -> Vec<Proposal> {
    let budgets: Vec<Budget> = setting.response.posterior.channels().filter_map(|name| budget(setting, name)).collect();
    let draws: Vec<Vec<Curve>> = setting.response.posterior.draws().collect();
    if draws.first().is_none_or(|draw| draw.len() != budgets.len() || draw.is_empty()) {
        return Vec::new();
    }
    let mut proposals = Vec::new();
    let mut touched: Vec<&str> = Vec::new();
    if let Some(plan) = moved(setting.margin, &budgets, &draws) {
        let changes = changes(&plan);
        touched = budgets
            .iter()
            .map(|budget| &*budget.name)
            .filter(|name| changes.iter().any(|one| one.channel == *name))
            .collect();
        proposals.push(move_of(setting, &plan, changes));
    }
    for (at, budget) in budgets.iter().enumerate() {
        if !budget.held && budget.spend > 0.0 && !touched.contains(&&*budget.name) {
            proposals.extend(alone(setting, budget, &draws, at));
        }
    }
    proposals
}

/// What a channel spends, and whether it has to stay as it is.
fn budget(setting: &Setting<'_>, name: &str) -> Option<Budget> {
    let fitted = setting.response.channels.iter().find(|channel| channel.name == name)?.fitted()?;
    let (_, days) = setting.spend.iter().find(|(channel, _)| channel == name)?;
    let held = learning(days) || setting.held.contains(&name);
    Some(Budget { name: name.to_owned(), spend: fitted.current_spend, floor: None, cap: None, held })
}

/// Whether a platform is learning the channel's spend, oldest day first: it moved from the fortnight before to the last one, or
/// there is a step on one of the last days beyond what days scatter.
fn learning(days: &[f64]) -> bool {
    let mean = |days: &[f64]| if days.is_empty() { 0.0 } else { days.iter().sum::<f64>() / days.len() as f64 };
    (1..=FORTNIGHT).any(|since| {
        let (older, newer) = days.split_at(days.len().saturating_sub(since));
        let older = &older[older.len().saturating_sub(FORTNIGHT)..];
        let (last, before) = (mean(newer), mean(older));
        let moved = (last - before).abs();
        let whole = since == FORTNIGHT;
        let variance = mean(&older.iter().map(|day| (day - before) * (day - before)).collect::<Vec<_>>());
        let error = (variance * (1.0 / since as f64 + 1.0 / FORTNIGHT as f64)).sqrt();
        if whole && (before <= 0.0 || last <= 0.0) {
            return true;
        }
        moved > LEARNING * before && (whole || moved > BEYOND * error)
    })
}

/// The best division in which each channel changes by enough to be done, or stays. What would change slightly is held where it
/// is and the rest divided again: so that what is predicted is the worth of the changes that are told, and the total stays.
fn moved(margin: Option<f64>, budgets: &[Budget], draws: &[Vec<Curve>]) -> Option<Plan> {
    let wanted = Wanted {
        total: budgets.iter().map(|budget| budget.spend).sum(),
        periods: f64::from(HORIZON),
        // The total stays: without a margin the same division is best, and revenue is what is told of it.
        margin: margin.unwrap_or(1.0),
        step: Some(AT_ONCE),
        moving: MOVING,
    };
    let mut budgets = budgets.to_vec();
    let plan = loop {
        let plan = allocate(&budgets, draws, wanted).ok()?;
        let mut whole = true;
        for (budget, (_, from, to)) in budgets.iter_mut().zip(&plan.channels) {
            if from != to && (to - from).abs() <= SLIGHT * from {
                (budget.held, whole) = (true, false);
            }
        }
        if whole {
            break plan;
        }
    };
    (plan.loss <= LOSS && plan.interval.0 > 0.0 && !changes(&plan).is_empty()).then_some(plan)
}

fn changes(plan: &Plan) -> Vec<Change> {
    let of = |(name, from, to): &(String, f64, f64)| Change { channel: name.clone(), from: *from, to: *to };
    plan.channels.iter().map(of).filter(|one| one.from != one.to).collect()
}

fn move_of(setting: &Setting<'_>, plan: &Plan, changes: Vec<Change>) -> Proposal {
    let target = Entity { id: setting.client.to_owned(), level: Level::Client };
    let mut proposal = Proposal::new(Kind::MoveBudget, target, setting.currency);
    let prediction = Prediction { value: plan.expected, low: plan.interval.0, high: plan.interval.1, loss: plan.loss };
    proposal.probability = 1.0 - plan.loss;
    let moved: f64 = changes.iter().map(|one| (one.to - one.from).max(0.0)).sum();
    proposal.basis.push(Basis::new("moved_per_day", moved, None));
    proposal.basis.push(Basis::new("expected_revenue", plan.target, None));
    proposal.basis.push(Basis::new("expected_revenue_low", plan.target_interval.0, None));
    proposal.basis.push(Basis::new("expected_revenue_high", plan.target_interval.1, None));
    complete(setting, &mut proposal, prediction, changes);
    proposal
}

/// Spending a fifth more or less on one channel, if that is worth it by itself.
fn alone(setting: &Setting<'_>, budget: &Budget, draws: &[Vec<Curve>], at: usize) -> Option<Proposal> {
    // Without a margin that somebody said: more only where it pays even if half of the revenue goes, less only where it pays
    // even if all of it stays.
    let margin = |kind| setting.margin.unwrap_or(if kind == Kind::Raise { HALF } else { 1.0 });
    let days = f64::from(HORIZON);
    let told = [(Kind::Raise, 1.0 + AT_ONCE), (Kind::Lower, 1.0 - AT_ONCE)].into_iter();
    told.filter_map(|(kind, times)| {
        let margin = margin(kind);
        let to = times * budget.spend;
        let mut nets: Vec<f64> = draws
            .iter()
            .map(|curves| days * (margin * (curves[at].at(to) - curves[at].at(budget.spend)) - (to - budget.spend)))
            .map(|net| net - MOVING * (to - budget.spend).abs())
            .collect();
        nets.sort_by(f64::total_cmp);
        let quantile = |part: f64| nets[((nets.len() - 1) as f64 * part).round() as usize];
        let prediction = Prediction {
            value: nets.iter().sum::<f64>() / nets.len() as f64,
            low: quantile(0.1),
            high: quantile(0.9),
            loss: nets.iter().filter(|net| **net < 0.0).count() as f64 / nets.len() as f64,
        };
        (prediction.loss <= LOSS && prediction.low > 0.0).then(|| {
            let target = Entity { id: budget.name.clone(), level: Level::Channel };
            let mut proposal = Proposal::new(kind, target, setting.currency);
            proposal.probability = 1.0 - prediction.loss;
            let marginal =
                draws.iter().map(|curves| curves[at].marginal(budget.spend)).sum::<f64>() / draws.len() as f64;
            proposal.basis.push(Basis::new("marginal_roas", marginal, None));
            if marginal > 0.0 {
                proposal.basis.push(Basis::new("break_even_margin", 1.0 / marginal, None));
            }
            let changes = vec![Change { channel: budget.name.clone(), from: budget.spend, to }];
            complete(setting, &mut proposal, prediction, changes);
            proposal
        })
    })
    .next()
}

/// What every proposal about budgets has.
fn complete(setting: &Setting<'_>, proposal: &mut Proposal, prediction: Prediction, changes: Vec<Change>) {
    match setting.margin {
        Some(_) => (proposal.prediction, proposal.unpredicted) = (Some(prediction), None),
        None => proposal.unpredicted = Some(Unpredicted::NoMargin),
    }
    // It is in the prediction, so it is named: what is expected less what is spent does not make that number without it.
    let moved: f64 = changes.iter().map(|change| (change.to - change.from).abs()).sum();
    proposal.basis.push(Basis::new("cost_while_platforms_learn", MOVING * moved, None));
    if let Some(margin) = setting.margin {
        proposal.basis.push(Basis::new("share_of_revenue_that_stays", margin, None));
    }
    proposal.because.push(setting.place);
    let unseen = changes.iter().any(|change| {
        let fitted =
            setting.response.channels.iter().find(|one| one.name == change.channel).and_then(|one| one.fitted());
        fitted.is_some_and(|fitted| change.to > fitted.seen_spend)
    });
    let together = setting.response.warnings.iter().any(|warning| match &warning.concern {
        Concern::MoveTogether { channel, with, .. } => {
            changes.iter().any(|change| change.channel == *channel || change.channel == *with)
        }
        _ => false,
    });
    proposal.doubts.push(Doubt::LiftTest);
    if together {
        proposal.doubts.push(Doubt::MovedTogether);
    }
    if unseen {
        proposal.doubts.push(Doubt::Unseen);
    }
    proposal.doubts.push(Doubt::Promotion);
    proposal.changes = changes;
}

#[cfg(test)]
mod tests;
