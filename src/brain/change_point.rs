//! When a series changed, by how much, and how surely.
//!
//! Daily values are cleared of their weekday (as a factor where nothing is below zero) and explained by segments, each a
//! straight line or a level, by seeded binary segmentation (Kovács, Bühlmann, Li & Munk 2023: short intervals are looked
//! at too, or a fortnight's change would hide in a year). A split has to lower the sum of squares by more than
//! chance does: the penalty is the modified information criterion for change points (Zhang & Siegmund 2007), in units of the
//! *long-run* variance of the residuals, since errors that follow one another look like change
//! (Romano, Rigaill, Runge & Fearnhead 2022). The probability is that of the model with the change against the one
//! without it, by the same criterion (Schwarz weights); the date's interval holds 90 % of the profile likelihood.

mod fit;

use time::{Date, Duration};

use crate::{NotEnough, Series};
use fit::{Sums, clear_of_weekdays, long_run};

/// Days that a segment has at least: two weeks.
const SEGMENT: usize = 14;
/// Changes that are looked for at most.
const MOST: usize = 20;
/// A change is told from this probability on.
pub(crate) const SURE: f64 = 0.9;

/// How a series changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It jumped to another level.
    LevelShift,
    /// It began to rise or fall at another pace.
    TrendBreak,
}

/// A change of a series.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ChangePoint {
    /// The first day of what is new.
    pub day: Date,
    /// 90 % interval of that day.
    pub between: (Date, Date),
    /// What changed.
    pub kind: Kind,
    /// The jump in the series' unit, or of a trend break the change of the pace per day; with its 90 % interval.
    pub size: f64,
    /// 90 % interval of the size.
    pub interval: (f64, f64),
    /// Size and interval as a share of the level before; none if that is not above zero.
    pub relative: Option<(f64, f64, f64)>,
    /// Probability that there is a change, against none.
    pub probability: f64,
    /// What a level shift is made of.
    pub made: Option<Made>,
}

/// What the size of a level shift is made of: `after - before - sloping`. Weekdays and single far-off days are taken out of all of
/// them.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Made {
    /// The mean of the days before.
    pub before: f64,
    /// The mean of the days since.
    pub after: f64,
    /// How much of the difference goes on from before at its pace; zero where there is none.
    pub sloping: f64,
    /// The first and the last of the days before.
    pub days_before: (Date, Date),
    /// The first and the last of the days since.
    pub days_after: (Date, Date),
}

/// The changes of a daily series that begins on this day, oldest first.
///
/// # Errors
/// [`NotEnough::TooShort`] below four weeks of values, [`NotEnough::Constant`] if every value is the same.
pub fn change_points(series: &Series, first: Date) -> Result<Vec<ChangePoint>, NotEnough> {
    series.at_least(2 * SEGMENT)?;
    let days: Vec<usize> = (0..series.values().len()).filter(|day| series.values()[*day].is_some()).collect();
    let raw: Vec<f64> = series.values().iter().flatten().copied().collect();
    if raw.iter().all(|value| *value == raw[0]) {
        return Err(NotEnough::Constant);
    }
    let largest = raw.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    // In units of the largest value, squares of any input stay finite.
    let scaled: Vec<f64> = raw.iter().map(|value| value / largest).collect();
    let weekdays: Vec<usize> = days.iter().map(|day| day % 7).collect();
    let clear = clear_of_weekdays(&scaled, &weekdays);
    let bounded = fit::bounded(&clear);
    let mut found = Vec::new();
    split(&Sums::new(&days, &bounded), &mut found);
    let date = |at: usize| first.checked_add(Duration::days(days[at] as i64)).unwrap_or(first);
    Ok(found
        .into_iter()
        .map(|one| {
            let share = |size: f64| (one.before > 0.0).then(|| size / one.before);
            let relative = share(one.size).zip(share(one.size - one.error)).zip(share(one.size + one.error));
            let made = (one.kind == Kind::LevelShift).then(|| Made {
                before: one.means.0 * largest,
                after: one.means.1 * largest,
                sloping: (one.means.1 - one.means.0 - one.size) * largest,
                days_before: (date(one.from), date(one.at - 1)),
                days_after: (date(one.at), date(one.to - 1)),
            });
            ChangePoint {
                made,
                day: date(one.at),
                between: (date(one.earliest), date(one.latest)),
                kind: one.kind,
                size: one.size * largest,
                interval: ((one.size - one.error) * largest, (one.size + one.error) * largest),
                relative: relative.map(|((size, low), high)| (size, low, high)).filter(|all| all.0.is_finite()),
                probability: one.probability,
            }
        })
        .filter(|one| one.size.is_finite() && one.interval.0.is_finite() && one.interval.1.is_finite())
        .collect())
}

/// A change in places and units of the largest value.
struct Found {
    at: usize,
    earliest: usize,
    latest: usize,
    kind: Kind,
    size: f64,
    error: f64,
    before: f64,
    /// The part that it was found in, and the means of both sides.
    from: usize,
    to: usize,
    means: (f64, f64),
    probability: f64,
}

/// Puts changes one by one where they help most, then judges each against its neighbours.
fn split(sums: &Sums, found: &mut Vec<Found>) {
    let n = sums.len();
    let mut places: Vec<usize> = Vec::new();
    loop {
        let bounds = bounds(&places, n);
        let variance = long_run(sums, &bounds);
        let best = bounds
            .windows(2)
            .flat_map(|part| seeds(part[0], part[1]))
            .filter_map(|(from, to)| best_split(sums, from, to, variance))
            .max_by(|a, b| a.gain.total_cmp(&b.gain));
        match best {
            Some(best) if places.len() < MOST && best.gain > 0.0 => {
                places.push(best.at);
                places.sort_unstable();
            }
            _ => break,
        }
    }
    // What helped when there was nothing else may not help beside its neighbours: each is judged between them, and the
    // weakest dropped.
    loop {
        let all = bounds(&places, n);
        let variance = long_run(sums, &all);
        let mut judged = Vec::new();
        for at in 1..all.len() - 1 {
            judged.push(best_split(sums, all[at - 1], all[at + 1], variance));
        }
        let weakest = judged
            .iter()
            .enumerate()
            .map(|(at, one)| (at, one.as_ref().map_or(f64::MIN, |one| one.probability())))
            .min_by(|a, b| a.1.total_cmp(&b.1));
        match weakest {
            Some((at, probability)) if probability < SURE => {
                places.remove(at);
            }
            _ => {
                found.extend(judged.into_iter().flatten().map(|one| one.told(sums, variance)));
                return;
            }
        }
    }
}

fn bounds(places: &[usize], n: usize) -> Vec<usize> {
    std::iter::once(0).chain(places.iter().copied()).chain([n]).collect()
}

/// A part, and the halves, quarters … of it with their overlaps.
fn seeds(from: usize, to: usize) -> Vec<(usize, usize)> {
    let mut seeds = vec![(from, to)];
    let mut length = (to - from) / 2;
    while length >= 4 * SEGMENT {
        let step = (length / 2).max(1);
        seeds.extend((from..=to - length).step_by(step).map(|start| (start, start + length)));
        length /= 2;
    }
    seeds
}

/// The best single change within a part.
struct Split {
    from: usize,
    to: usize,
    at: usize,
    kind: Kind,
    /// Half the sum of squares that it saves, in variances, less the penalty: a log Bayes factor.
    gain: f64,
    /// The same at every place, for the date's interval.
    profile: Vec<(usize, f64)>,
}

fn best_split(sums: &Sums, from: usize, to: usize, variance: f64) -> Option<Split> {
    if to - from < 2 * SEGMENT || variance <= 0.0 {
        return None;
    }
    let n = (to - from) as f64;
    let (flat, line) = (sums.level(from, to), sums.line(from, to));
    // A place is one of all days, also where only a part is looked at.
    let log = (sums.len() as f64).ln();
    // Without a change: a level, or a line if that is worth its slope.
    let none = (flat / variance).min(line / variance + log);
    let mut best: Option<Split> = None;
    for kind in [Kind::LevelShift, Kind::TrendBreak] {
        let mut profile = Vec::new();
        for at in from + SEGMENT..=to - SEGMENT {
            let (left, right) = ((at - from) as f64, (to - at) as f64);
            let (squares, free) = match kind {
                // Two levels; or one line with a jump.
                Kind::LevelShift => {
                    let steps = (sums.level(from, at) + sums.level(at, to)) / variance;
                    let sloped = sums.stepped(from, at, to) / variance + log;
                    (steps.min(sloped), 1.0)
                }
                Kind::TrendBreak => (sums.bent(from, at, to) / variance + log, 1.0),
            };
            // Zhang & Siegmund: a place costs log n, an effect costs the log of the days it is learned of.
            let penalty = free * (left * right / n).ln().max(0.0) + 2.0 * log;
            profile.push((at, 0.5 * (none - squares - penalty)));
        }
        let top = profile.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1))?;
        if best.as_ref().is_none_or(|best| top.1 > best.gain) {
            best = Some(Split { from, to, at: top.0, kind, gain: top.1, profile });
        }
    }
    best
}

impl Split {
    fn probability(&self) -> f64 {
        1.0 / (1.0 + (-self.gain).exp())
    }

    fn told(self, sums: &Sums, variance: f64) -> Found {
        let weights: Vec<f64> = self.profile.iter().map(|(_, gain)| (gain - self.gain).exp()).collect();
        let all: f64 = weights.iter().sum();
        let (mut sum, mut earliest, mut latest) = (0.0, self.at, self.at);
        let mut begun = false;
        for ((at, _), weight) in self.profile.iter().zip(&weights) {
            sum += weight / all;
            if !begun && sum > 0.05 {
                (begun, earliest) = (true, *at);
            }
            latest = *at;
            if sum >= 0.95 {
                break;
            }
        }
        let (size, error) = match self.kind {
            Kind::LevelShift => sums.jump(self.from, self.at, self.to, variance),
            Kind::TrendBreak => sums.bend(self.from, self.at, self.to, variance),
        };
        Found {
            at: self.at,
            earliest: earliest.min(self.at),
            latest: latest.max(self.at),
            kind: self.kind,
            size,
            // 90 % of a normal distribution lie within 1.645 standard errors.
            error: 1.645 * error,
            before: sums.before(self.from, self.at),
            from: self.from,
            to: self.to,
            means: sums.means(self.from, self.at, self.to),
            probability: self.probability(),
        }
    }
}

#[cfg(test)]
mod tests;
