//! Better, worse, or too close to call: from the posterior probability, never from a ratio alone.

use serde::{Deserialize, Serialize};

use super::{
    hierarchy::{Centre, Posterior, highest, pool},
    noise::{Family, Level, Noise, Seen},
};
use crate::NotEnough;

/// From this probability on a metric is called better or worse. Where nothing changed that would be one in ten by chance, for
/// there are two sides, if every change were as likely as none; that most things do not change is known beforehand
/// (the prior of the hierarchy), which leaves far less than one in twenty (the tests count).
pub const CALLED: f64 = 0.95;
/// From this probability on something is called so of which nothing is known beforehand: a winner, a drift.
pub const CERTAIN: f64 = 0.975;
/// Effective events that the two windows must have together before they are compared.
pub(super) const LEAST: f64 = 20.0;
/// Days that each window needs: a week, so that no window is all weekend.
pub(super) const LEAST_DAYS: usize = 7;

/// What became of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is better now.
    Better,
    /// It is worse now.
    Worse,
    /// Chance alone would explain the difference.
    TooClose,
}

/// A change as a share of what was before: -0.2 is a fifth less.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The median.
    pub value: f64,
    /// The lower end of the interval that holds the truth with 95 % probability.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// What became of a metric, and how sure that is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// In a word.
    pub status: Status,
    /// The probability that it is better, from 0 to 1.
    pub better: f64,
    /// How much the metric's true rate changed, drawn toward what its siblings did.
    pub change: Change,
    /// Effective independent events before and now.
    pub effective: [f64; 2],
    /// How many times a Poisson's the variance of days is; in units of money for money.
    pub dispersion: f64,
}

/// The two windows of one entity, and days before both that show how much it scatters.
#[derive(Clone, Debug, Default)]
pub(super) struct Windows {
    pub past: Vec<Seen>,
    pub before: Vec<Seen>,
    pub now: Vec<Seen>,
    /// The least dispersion there can be.
    pub floor: f64,
}

/// Whether all the days can be a share's.
pub(super) fn family<'a>(wanted: Family, days: impl IntoIterator<Item = &'a Seen>) -> Family {
    let shares = days.into_iter().all(|seen| 0.0 <= seen.events && seen.events <= seen.exposure);
    if wanted == Family::Share && shares { Family::Share } else { Family::Rate }
}

/// A window must have a week of days.
fn week(days: &[Seen]) -> Result<(), NotEnough> {
    let has = days.len();
    if has < LEAST_DAYS { Err(NotEnough::TooShort { has, needs: LEAST_DAYS }) } else { Ok(()) }
}

fn levels(windows: &Windows, wanted: Family) -> Result<(Noise, [Level; 2]), NotEnough> {
    week(&windows.before)?;
    week(&windows.now)?;
    let Windows { past, before, now, floor } = windows;
    let family = family(wanted, past.iter().chain(before).chain(now));
    let noise = Noise::measure(&[past, before, now], family, *floor)?;
    let levels = [noise.level(before, family)?, noise.level(now, family)?];
    let effective = levels[0].effective + levels[1].effective;
    if effective < LEAST {
        return Err(NotEnough::TooFew { of: "effective events", has: effective as usize, needs: LEAST as usize });
    }
    Ok((noise, levels))
}

/// What became of each of these siblings (channels of one client, creatives of one channel). Each is drawn toward their
/// common change by as much as it is uncertain; one that is alone, toward none. `sign` is 1 if more events for an
/// exposure are better, -1 if they are worse; `turned` says that the metric is exposure for an event (a cost).
pub(super) fn verdicts(
    siblings: &[Windows],
    wanted: Family,
    more_is_better: bool,
    turned: bool,
) -> Vec<Result<Verdict, NotEnough>> {
    let levels: Vec<_> = siblings.iter().map(|windows| levels(windows, wanted)).collect();
    let sign = if turned { -1.0 } else { 1.0 };
    let change = |[before, now]: &[Level; 2]| (sign * (now.log - before.log), before.variance + now.variance);
    let values: Vec<_> = levels.iter().flatten().map(|(_, levels)| change(levels)).collect();
    let centre = if values.len() > 1 { Centre::NearZero } else { Centre::Zero };
    let mut posteriors = pool(&values, centre).into_iter();
    levels
        .into_iter()
        .map(|found| {
            let (noise, [before, now]) = found?;
            let posterior = posteriors.next().ok_or(NotEnough::Constant)?;
            let above = posterior.above(0.0);
            let better = if more_is_better { above } else { 1.0 - above };
            let status = if better >= CALLED {
                Status::Better
            } else if better <= 1.0 - CALLED {
                Status::Worse
            } else {
                Status::TooClose
            };
            let share = |probability| libm::expm1(posterior.quantile(probability));
            let change = Change { value: share(0.5), low: share(0.025), high: share(0.975) };
            let effective = [before.effective, now.effective];
            Ok(Verdict { status, better, change, effective, dispersion: noise.dispersion })
        })
        .collect()
}

/// Who of several is the best and who the worst, with the probability of each to be so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ranking {
    /// The place of the one that is best, if that is certain enough.
    pub best: Option<usize>,
    /// The place of the one that is worst, if that is certain enough.
    pub worst: Option<usize>,
    /// Of each the probability that it is the best; `None` where it has too little to be compared.
    pub chances: Vec<Option<f64>>,
}

/// Ranks siblings by the level of one window each.
pub(super) fn rank(
    siblings: &[(Vec<Seen>, f64)],
    wanted: Family,
    more_is_better: bool,
    turned: bool,
) -> Result<Ranking, NotEnough> {
    // Odds and rates cannot be compared with each other: one that is no share makes all of them rates.
    let family = family(wanted, siblings.iter().flat_map(|(days, _)| days));
    let level = |(days, floor): &(Vec<Seen>, f64)| -> Result<Level, NotEnough> {
        week(days)?;
        let level = Noise::measure(&[days], family, *floor)?.level(days, family)?;
        let (has, needs) = (level.effective as usize, LEAST as usize);
        if level.effective < LEAST { Err(NotEnough::TooFew { of: "effective events", has, needs }) } else { Ok(level) }
    };
    let levels: Vec<Option<Level>> = siblings.iter().map(|sibling| level(sibling).ok()).collect();
    let has = levels.iter().flatten().count();
    if has < 2 {
        return Err(NotEnough::TooFew { of: "entities with enough events", has, needs: 2 });
    }
    let sign = if more_is_better == turned { -1.0 } else { 1.0 };
    let chances = |sign: f64| -> Vec<Option<f64>> {
        let values: Vec<_> = levels.iter().flatten().map(|level| (sign * level.log, level.variance)).collect();
        let posteriors: Vec<Posterior> = pool(&values, Centre::Free);
        let mut chances = highest(&posteriors).into_iter();
        levels.iter().map(|level| level.and_then(|_| chances.next())).collect()
    };
    let certain =
        |chances: &[Option<f64>]| chances.iter().position(|chance| chance.is_some_and(|chance| chance >= CERTAIN));
    let (best, worst) = (chances(sign), chances(-sign));
    Ok(Ranking { best: certain(&best), worst: certain(&worst), chances: best })
}
