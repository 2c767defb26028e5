//! Creatives that sell far better, or far worse, for their money than the others of their channel.
//!
//! Conversions are counts, more scattered than a Poisson's: how much more is told by the weeks of all creatives of the channel
//! (Pearson's dispersion). A rate is drawn toward that of the others in the same weeks by a gamma prior, so that few events make
//! no winner; and of what is found among all creatives of the agency only so many may be false (Benjamini & Hochberg 1995).
//!
//! This is looked for every day, and nothing is set off for that: what is believed of a rate does not depend on how often it was
//! looked at (Deng, Lu & Chen 2016, "Continuous monitoring of A/B tests without pain"), and creatives that are alike lie a fifth
//! inside of what would be told.

use statrs::distribution::{ContinuousCDF, Gamma};

use super::{Doubt, Kind, Proposal};
use crate::{
    anomaly::{FALSE_SHARE, q_values},
    finding::{Basis, Entity, Level},
};

/// Weeks looked at: half a year.
pub const WEEKS: usize = 26;
/// Weeks that a creative needs.
const FOUR: usize = 4;
/// How many times the others' rate makes a winner; the same the other way a loser. Less is not worth a change.
const FAR: f64 = 1.2;
/// Creatives of one channel differ by about half before anything is known of them.
const VARIANCE: f64 = 0.25;
/// Creatives that a channel needs before one is better than the others.
const LEAST: usize = 3;
/// Who has half of the channel's money has no more to get.
const RICH: f64 = 0.5;
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

impl Weeks {
    /// Spend and conversions of the newest weeks.
    fn sum(&self, newest: usize) -> (f64, f64) {
        let skip = self.weeks.len().saturating_sub(newest);
        self.weeks[skip..].iter().fold((0.0, 0.0), |sum, week| (sum.0 + week.0, sum.1 + week.1))
    }
}

/// One creative against the others of its channel.
struct Held<'a> {
    channel: usize,
    one: &'a Weeks,
    spend: f64,
    events: f64,
    rest_spend: f64,
    rest: f64,
    /// The probability that it is no winner, and no loser.
    p: [f64; 2],
}

/// Proposals for the creatives of these channels, with the channel's place; the currency is the caller's to say.
pub fn creatives(channels: &[Vec<Weeks>]) -> Vec<(usize, Proposal)> {
    let held: Vec<Held<'_>> = channels.iter().enumerate().flat_map(|(at, own)| hold(at, own)).collect();
    let q = |side: usize| q_values(&held.iter().map(|one| one.p[side]).collect::<Vec<_>>());
    let (winners, losers) = (q(0), q(1));
    let mut found = Vec::new();
    for (at, one) in held.iter().enumerate() {
        let share = one.spend / (one.spend + one.rest_spend);
        let (kind, p) = if winners[at] <= FALSE_SHARE && share < RICH {
            (Kind::Raise, one.p[0])
        } else if losers[at] <= FALSE_SHARE && share >= HARM {
            (Kind::PauseCreative, one.p[1])
        } else {
            continue;
        };
        let target = Entity { id: one.one.id.clone(), level: Level::Creative };
        let mut proposal = Proposal::new(kind, target, "");
        proposal.probability = 1.0 - p;
        let days = Some(one.one.days);
        proposal.basis = vec![
            Basis::new("spend", one.spend, days),
            Basis::new("claimed_conversions", one.events, days),
            Basis::new("share_of_spend", share, days),
            Basis::new("share_of_conversions", one.events / (one.events + one.rest), days),
            Basis::new("cost_per_conversion_of_others", one.rest_spend / one.rest, days),
        ];
        proposal.doubts = vec![Doubt::FewEvents, Doubt::Promotion];
        found.push((one.channel, proposal));
    }
    found
}

/// Each creative of a channel against all others in the same weeks.
fn hold(channel: usize, of: &[Weeks]) -> Vec<Held<'_>> {
    let spending = of.iter().filter(|one| one.sum(WEEKS).0 > 0.0).count();
    if spending < LEAST {
        return Vec::new();
    }
    let scatter = dispersion(of);
    let old = of.iter().enumerate().filter(|(_, one)| one.weeks.len() >= FOUR);
    let held = |(at, one): (usize, &'_ Weeks)| {
        let newest = one.weeks.len();
        let (spend, events) = one.sum(newest);
        let others = of.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| other.sum(newest));
        let (rest_spend, rest) = others.fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        (spend > 0.0 && rest_spend > 0.0 && rest > 0.0).then_some(())?;
        let usual = rest / rest_spend;
        // What is usual is known from so many events only.
        let variance = VARIANCE + scatter / rest;
        let (shape, rate) = (1.0 / variance + events / scatter, 1.0 / (variance * usual) + spend / scatter);
        let posterior = Gamma::new(shape, rate).ok()?;
        let p = [posterior.cdf(FAR * usual), 1.0 - posterior.cdf(usual / FAR)];
        Some((at, spend, events, rest_spend, rest, p))
    };
    old.filter_map(held)
        .map(|(at, spend, events, rest_spend, rest, p)| Held {
            channel,
            one: &of[at],
            spend,
            events,
            rest_spend,
            rest,
            p,
        })
        .collect()
}

/// How many times a Poisson's the variance of a creative's weeks is; one at the least.
fn dispersion(of: &[Weeks]) -> f64 {
    let (mut pearson, mut freedom) = (0.0, 0.0);
    for one in of {
        let (spend, events) = one.sum(WEEKS);
        for (week, seen) in &one.weeks {
            let expected = if spend > 0.0 { events * week / spend } else { 0.0 };
            if expected > 0.0 {
                (pearson, freedom) = (pearson + (seen - expected) * (seen - expected) / expected, freedom + 1.0);
            }
        }
        freedom -= 1.0;
    }
    if freedom >= 1.0 { (pearson / freedom).max(1.0) } else { 1.0 }
}

#[cfg(test)]
mod tests;
