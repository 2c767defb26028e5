//! The hazard: how probably a creative that is not tired will be after one week, and after the next.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::Date;

use super::{
    creative::{Creative, scatter},
    label::{Early, WEEK, early, onset, sure, tired},
    logistic::{Logistic, expit},
    sign::signs,
};
use crate::NotEnough;

/// Creatives with enough clicks that a hazard needs.
pub const LEAST_CREATIVES: usize = 20;
/// Creatives among them that became tired. Fewer events than this leave even a held regression to chance (Peduzzi et al.
/// 1996 ask for ten; the ridge lets it be fewer).
pub const LEAST_TIRED: usize = 8;
/// Days between two landmarks of a creative.
const STEP: usize = 2;
/// Looking back, a day is only known to be fresh when a week after it is known.
const LATE: usize = WEEK;
/// Rows of a creative that became tired without having been noticed at once.
const UNNOTICED: usize = 2 * WEEK;

/// What was learned of when creatives tire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    weeks: [Logistic; 2],
    /// Factors on the hazard of each channel's creatives.
    channels: BTreeMap<String, f64>,
    /// Creatives it was learned from.
    pub creatives: usize,
    /// How many of them became tired.
    pub tired: usize,
}

#[derive(Default)]
struct Rows<'a> {
    signs: Vec<Vec<f64>>,
    outcomes: Vec<bool>,
    channels: Vec<&'a str>,
}

/// Learns from the days of these creatives until `until`, the last day that is known to its end.
///
/// # Errors
/// [`NotEnough`] with too few creatives of enough clicks ([`LEAST_CREATIVES`]) or too few that tired ([`LEAST_TIRED`]).
pub fn fit(creatives: &[&Creative], until: Date) -> Result<Model, NotEnough> {
    let scatter = scatter(creatives, until);
    let mut weeks = [Rows::default(), Rows::default()];
    let (mut usable, mut tired_ones) = (0, 0);
    for creative in creatives {
        let Some(last) = creative.place(until) else { continue };
        let Some(early) = early(creative, scatter).filter(|early| early.last < last) else { continue };
        usable += 1;
        let onset = onset(creative, &early, last, scatter);
        tired_ones += usize::from(onset.is_some());
        observe(creative, &early, (onset, last), scatter, &mut weeks);
    }
    if usable < LEAST_CREATIVES {
        return Err(NotEnough::TooFew { of: "creatives with enough clicks", has: usable, needs: LEAST_CREATIVES });
    }
    if tired_ones < LEAST_TIRED {
        return Err(NotEnough::TooFew { of: "creatives that became tired", has: tired_ones, needs: LEAST_TIRED });
    }
    // Neighbouring landmarks of a creative tell of the same week: together they count once.
    let weight = STEP as f64 / WEEK as f64;
    let fitted = weeks.each_ref().map(|rows| {
        let weights = vec![weight; rows.signs.len()];
        Logistic::fit(&rows.signs, &rows.outcomes, &weights, 1.0)
    });
    let [Some(first), Some(second)] = fitted else {
        return Err(NotEnough::TooFew { of: "weeks with creatives that became tired", has: 0, needs: 1 });
    };
    let channels = frailty(&first, &weeks[0], weight);
    Ok(Model { weeks: [first, second], channels, creatives: usable, tired: tired_ones })
}

/// Adds a creative's landmarks: every other day on which it is not known to be tired and whose outcome is known.
fn observe<'a>(
    creative: &'a Creative,
    early: &Early,
    (onset, last): (Option<usize>, usize),
    scatter: f64,
    weeks: &mut [Rows<'a>; 2],
) {
    let from = (early.last + 1).max(WEEK - 1);
    let end = onset.map_or(last, |onset| last.min(onset + UNNOTICED));
    for at in (from..=end).step_by(STEP) {
        if at + WEEK + LATE > last || tired(creative, early, at, scatter).is_some_and(sure) {
            continue;
        }
        let by = |days: usize| onset.is_some_and(|onset| onset <= at + days);
        let mut add = |week: usize, signs: Vec<f64>, outcome| {
            weeks[week].signs.push(signs);
            weeks[week].outcomes.push(outcome);
            weeks[week].channels.push(&creative.channel);
        };
        let row = signs(creative, early, at, scatter);
        if !by(WEEK) && at + 2 * WEEK + LATE <= last {
            add(1, row.clone(), by(2 * WEEK));
        }
        add(0, row, by(WEEK));
    }
}

/// How much more often than foretold each channel's creatives tire, drawn to 1: a gamma with as much scatter as the channels
/// show beyond chance (method of moments).
fn frailty(fitted: &Logistic, rows: &Rows<'_>, weight: f64) -> BTreeMap<String, f64> {
    let mut counts: BTreeMap<&str, [f64; 2]> = BTreeMap::new();
    for ((signs, outcome), channel) in rows.signs.iter().zip(&rows.outcomes).zip(&rows.channels) {
        let [seen, expected] = counts.entry(channel).or_default();
        *seen += if *outcome { weight } else { 0.0 };
        *expected += weight * expit(fitted.odds(signs));
    }
    let excess: f64 = counts.values().map(|[seen, expected]| (seen - expected) * (seen - expected) - expected).sum();
    let size: f64 = counts.values().map(|[_, expected]| expected * expected).sum();
    let scatter = if counts.len() > 1 && size > 0.0 { (excess / size).max(0.0) } else { 0.0 };
    let factor = |[seen, expected]: [f64; 2]| (1.0 + scatter * seen) / (1.0 + scatter * expected);
    counts.into_iter().map(|(channel, counts)| (channel.to_owned(), factor(counts))).collect()
}

impl Model {
    /// The probabilities to be tired within 7 and within 14 days.
    pub(super) fn within(&self, creative: &Creative, early: &Early, at: usize, scatter: f64) -> [f64; 2] {
        let row = signs(creative, early, at, scatter);
        let factor = self.channels.get(&creative.channel).copied().unwrap_or(1.0);
        // A factor on the hazard is a power of the chance to stay fresh.
        let stays = self.weeks.each_ref().map(|week| libm::pow(1.0 - expit(week.odds(&row)), factor));
        [1.0 - stays[0], 1.0 - stays[0] * stays[1]]
    }
}
