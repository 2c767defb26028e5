//! What is said of each creative today.

use serde::Serialize;
use time::{Date, Duration};

use super::{
    FALL, Model,
    creative::{Creative, scatter},
    label::{Early, RECENT_CLICKS, WEEK, early, sure, tired},
};
use crate::{
    NotEnough,
    finding::{Basis, Entity, Finding, Kind, Level, Severity, Size, Unit, iso_day},
};

/// A creative's state and what is to come.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outlook {
    /// Tired or not.
    pub state: State,
    /// The last week's click rate against the early level: -0.3 is three tenths less, with a 90 % interval.
    pub change: Size,
    /// The first and last of the days the early level is from.
    #[serde(serialize_with = "pair")]
    pub early: (Date, Date),
    /// The first and last day of the last week.
    #[serde(serialize_with = "pair")]
    pub recent: (Date, Date),
    /// Impressions for each person reached until now, if the platform tells.
    pub frequency: Option<f64>,
    /// Clicks of the early days and of the last week.
    pub clicks: [f64; 2],
}

fn pair<S: serde::Serializer>(days: &(Date, Date), to: S) -> Result<S::Ok, S::Error> {
    [days.0.to_string(), days.1.to_string()].serialize(to)
}

/// Whether a creative is tired.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Its click rate surely lies below the limit.
    Tired {
        /// The day from which it is lower, as it looks from here.
        #[serde(with = "iso_day")]
        since: Date,
        /// The probability that it lies below the limit.
        probability: f64,
    },
    /// It does not, or not surely.
    Fresh {
        /// The probability to be tired within 7 and 14 days, or why there is none.
        within: Result<[f64; 2], NotEnough>,
    },
}

/// What is to be said of each of these creatives on `today`, the last day that is known to its end, in their order. `model`
/// is what was learned before ([`fit`](super::fit)), or why nothing could be.
pub fn outlook(
    creatives: &[&Creative],
    today: Date,
    model: Result<&Model, NotEnough>,
) -> Vec<Result<Outlook, NotEnough>> {
    let scatter = scatter(creatives, today);
    creatives.iter().map(|creative| one(creative, today, &model, scatter)).collect()
}

fn one(
    creative: &Creative,
    today: Date,
    model: &Result<&Model, NotEnough>,
    scatter: f64,
) -> Result<Outlook, NotEnough> {
    let days = |has| NotEnough::TooShort { has, needs: 2 * WEEK };
    let at = usize::try_from((today - creative.first).whole_days()).map_err(|_| days(0))?;
    if at >= creative.len() + WEEK {
        return Err(NotEnough::TooFew { of: "impressions in the last week", has: 0, needs: 1 });
    }
    let last = at.min(creative.len() - 1);
    let clicks =
        |clicks: f64| NotEnough::TooFew { of: "effective clicks", has: clicks as usize, needs: RECENT_CLICKS as usize };
    let early =
        early(creative, scatter).filter(|early| early.last <= last).ok_or_else(|| clicks(creative.sum(0, last)[1]))?;
    let from = (at + 1).saturating_sub(WEEK);
    if from <= early.last {
        return Err(days(last + 1));
    }
    let recent = creative.clicks(from, at, scatter).ok_or_else(|| clicks(0.0))?;
    if recent.effective < RECENT_CLICKS {
        return Err(clicks(recent.effective));
    }
    let probability = tired(creative, &early, at, scatter).unwrap_or_default();
    let state = if sure(probability) {
        State::Tired { since: creative.first + Duration::days(since(creative, &early, at) as i64), probability }
    } else {
        State::Fresh { within: model.clone().map(|model| model.within(creative, &early, last, scatter)) }
    };
    let (log, deviation) = (recent.log - early.level.log, (recent.variance + early.level.variance).sqrt());
    let end = |z: f64| libm::expm1(log + z * deviation);
    let day = |at: usize| creative.first + Duration::days(at as i64);
    let change =
        Size { value: end(0.0), low: end(-1.644_854), high: end(1.644_854), confidence: 0.9, unit: Unit::Change };
    Ok(Outlook {
        state,
        change,
        early: (day(0), day(early.last)),
        recent: (day(from), day(at)),
        frequency: creative.reached(at).map(|reach| creative.sum(0, at)[0] / reach),
        clicks: [creative.sum(0, early.last)[1], creative.sum(from, at)[1]],
    })
}

/// Days that are searched for the beginning of a fall; one that is older began then at the latest.
const LOOK_BACK: usize = 90;

/// The day from which the click rate falls, as it looks from day `at`: of all days that from which a steady fall from the
/// early level down to a floor makes the clicks most probable (Poisson).
fn since(creative: &Creative, early: &Early, at: usize) -> usize {
    let rate = {
        let [shown, clicked, ..] = creative.sum(0, early.last);
        clicked / shown
    };
    let from = (early.last + 1).max((at + 1).saturating_sub(LOOK_BACK));
    let days: Vec<[f64; 4]> = (from..=at).map(|day| creative.sum(day, day)).collect();
    let mut best = (f64::NEG_INFINITY, from);
    for half in [4.0, 8.0, 14.0, 24.0, 40.0] {
        for floor in [0.3, 0.5, 0.7] {
            // What is left of the rate on each day of the fall, with its logarithm.
            let left = (1..=days.len()).map(|past| libm::exp2(-(past as f64) / half).max(floor));
            let left: Vec<(f64, f64)> = left.map(|left| (left, libm::log(left))).collect();
            for start in 0..days.len() {
                // Against no fall at all: the days before it are the same for both.
                let day = |([shown, clicked, ..], (left, log)): (&[f64; 4], &(f64, f64))| {
                    clicked * log - rate * shown * (left - 1.0)
                };
                let likelihood: f64 = days[start..].iter().zip(&left).map(day).sum();
                if likelihood > best.0 {
                    best = (likelihood, from + start);
                }
            }
        }
    }
    best.1
}

impl Outlook {
    /// The finding about the creative `id`, if it is tired or more likely than not will be within 14 days. `share` is which
    /// part of the client's spend the creative has.
    pub fn finding(&self, id: &str, share: f64) -> Option<Finding> {
        let (probability, first) = match &self.state {
            State::Tired { since, probability } => (*probability, *since),
            State::Fresh { within: Ok([_, fortnight]) } if *fortnight >= 0.5 => (*fortnight, self.recent.0),
            State::Fresh { .. } => return None,
        };
        // What is lost: what its rate has fallen by, or will have when it is tired.
        let lost = (-self.change.value).max(1.0 - FALL);
        let mut basis = vec![
            Basis::new("early_clicks", self.clicks[0], Some(self.early)),
            Basis::new("recent_clicks", self.clicks[1], Some(self.recent)),
        ];
        basis.extend(
            self.frequency.map(|frequency| Basis::new("frequency", frequency, Some((self.early.0, self.recent.1)))),
        );
        Some(Finding {
            kind: Kind::CreativeFatigue,
            entity: Entity { id: id.to_owned(), level: Level::Creative },
            channels: Vec::new(),
            metric: Some("ctr".into()),
            first,
            last: self.recent.1,
            calendar: None,
            size: Some(self.change.clone()),
            probability,
            severity: Severity::of_stake(share * lost),
            basis,
        })
    }
}
