//! Creatives that sell far better, or far worse, for their money than the others of their channel.
//!
//! Conversions are counts, more scattered than a Poisson's: how much more is told by the weeks of all creatives of the channel
//! (Pearson's dispersion). Rates are drawn toward the channel's by a gamma prior fitted to its creatives, so that few events
//! make no winner; and as every creative of the agency is looked at, so much surer each has to be.

use statrs::distribution::{ContinuousCDF, Gamma};

use super::{Doubt, Kind, Proposal};
use crate::finding::{Basis, Entity, Level};

/// Weeks looked at.
pub const WEEKS: usize = 8;
/// How many times the others' rate makes a winner; the same the other way a loser.
const FAR: f64 = 1.3;
/// The share of false ones among all creatives that are looked at.
const FALSE: f64 = 0.05;
/// Creatives that a channel needs before one is better than the others.
const LEAST: usize = 3;
/// Of the channel's money a loser must have this share, or it does no harm.
const HARM: f64 = 0.05;

/// A creative's weeks, the newest last: money and conversions.
#[derive(Clone, Debug, PartialEq)]
pub struct Weeks {
    /// Its id.
    pub id: String,
    /// Spend and claimed conversions of each week.
    pub weeks: Vec<(f64, f64)>,
    /// The days they are of.
    pub days: (time::Date, time::Date),
}

/// Proposals for the creatives of a channel, of the `looked_at` in the agency.
pub fn creatives(of: &[Weeks], looked_at: usize, currency: &str) -> Vec<Proposal> {
    let sums: Vec<(f64, f64)> =
        of.iter().map(|one| one.weeks.iter().fold((0.0, 0.0), |sum, week| (sum.0 + week.0, sum.1 + week.1))).collect();
    let spending: Vec<usize> = (0..of.len()).filter(|at| sums[*at].0 > 0.0).collect();
    if spending.len() < LEAST {
        return Vec::new();
    }
    let (spend, events) = spending.iter().fold((0.0, 0.0), |sum, at| (sum.0 + sums[*at].0, sum.1 + sums[*at].1));
    if events <= 0.0 {
        return Vec::new();
    }
    let scatter = dispersion(of, &sums);
    let mut found = Vec::new();
    for at in &spending {
        let (own_spend, own) = sums[*at];
        // The others alone tell what is usual.
        let (rest_spend, rest) = (spend - own_spend, events - own);
        if rest <= 0.0 || rest_spend <= 0.0 {
            continue;
        }
        let usual = rest / rest_spend;
        let Some(posterior) = rate(of, &sums, *at, usual, scatter) else { continue };
        let certain = 1.0 - FALSE / (2.0 * looked_at.max(1) as f64);
        let (better, worse) = (1.0 - posterior.cdf(FAR * usual), posterior.cdf(usual / FAR));
        let share = own_spend / spend;
        let kind = if better >= certain && share < 1.0 / spending.len() as f64 {
            (Kind::Raise, better)
        } else if worse >= certain && share >= HARM {
            (Kind::PauseCreative, worse)
        } else {
            continue;
        };
        let target = Entity { id: of[*at].id.clone(), level: Level::Creative };
        let mut proposal = Proposal::new(kind.0, target, currency);
        proposal.probability = kind.1;
        let days = Some(of[*at].days);
        proposal.basis = vec![
            Basis::new("spend", own_spend, days),
            Basis::new("claimed_conversions", own, days),
            Basis::new("share_of_spend", share, days),
            Basis::new("share_of_conversions", own / events, days),
            Basis::new("cost_per_conversion_of_others", rest_spend / rest, days),
        ];
        proposal.doubts = vec![Doubt::FewEvents, Doubt::Promotion];
        found.push(proposal);
    }
    found
}

/// How many times a Poisson's the variance of a creative's weeks is; one at the least.
fn dispersion(of: &[Weeks], sums: &[(f64, f64)]) -> f64 {
    let (mut pearson, mut freedom) = (0.0, 0.0);
    for (one, (spend, events)) in of.iter().zip(sums) {
        for (week, seen) in &one.weeks {
            let expected = if *spend > 0.0 { events * week / spend } else { 0.0 };
            if expected > 0.0 {
                (pearson, freedom) = (pearson + (seen - expected) * (seen - expected) / expected, freedom + 1.0);
            }
        }
        freedom -= 1.0;
    }
    if freedom >= 1.0 { (pearson / freedom).max(1.0) } else { 1.0 }
}

/// What is known of a creative's rate: its own events, each worth so much less as they scatter more, and a prior about what is
/// usual, as wide as the other creatives differ beyond chance.
fn rate(of: &[Weeks], sums: &[(f64, f64)], at: usize, usual: f64, scatter: f64) -> Option<Gamma> {
    let (mut beyond, mut count) = (0.0, 0.0);
    for other in (0..of.len()).filter(|other| *other != at && sums[*other].0 > 0.0) {
        let expected = usual * sums[other].0;
        // The square of what it is off, less what chance does, as a share.
        beyond +=
            ((sums[other].1 - expected) * (sums[other].1 - expected) - scatter * expected) / (expected * expected);
        count += 1.0;
    }
    // Creatives of one channel differ by a fifth at the least.
    let variance = (beyond / f64::max(count, 1.0)).clamp(0.04, 1.0);
    let (shape, scale) = (1.0 / variance, 1.0 / (variance * usual));
    Gamma::new(shape + sums[at].1 / scatter, scale + sums[at].0 / scatter).ok()
}

#[cfg(test)]
mod tests;
