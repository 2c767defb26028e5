//! What is news among many daily series, day by day, with the share of false news kept small.

use std::collections::BTreeMap;

use time::Date;

use super::{
    Kind, discovery,
    watch::{Alarm, FLOOR, STATISTICS, Verdict, Watch},
};
use crate::{NotEnough, Series};

/// The share of findings that may be false, of those of one day.
pub const FALSE_SHARE: f64 = 0.1;

/// With fewer series what they share cannot be told from what each does: the middle of eight is known to within half an error
/// (1.25 / √8), and one of them that truly moves hardly moves it.
const MANY: usize = 8;

/// A daily series with its name.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// What findings call it.
    pub name: &'a str,
    /// Series of one group may move together on a day, as the orders of all shops do on a holiday.
    pub group: &'a str,
    /// The day of its first value.
    pub first: Date,
    /// One value per day, in any unit.
    pub values: &'a Series,
}

/// Something that happened to a series.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Finding {
    /// The name of the series.
    pub series: String,
    /// The first day of it.
    pub day: Date,
    /// The day on which it could first be told.
    pub found: Date,
    /// What it is.
    pub kind: Kind,
    /// Per day: what was there, in the series' unit.
    pub actual: f64,
    /// What was there less what was expected, in the series' unit.
    pub size: f64,
    /// The same as a share of what was expected; none if that is not above zero.
    pub relative: Option<f64>,
    /// 95 % of such days lie in this range.
    pub expected: (f64, f64),
    /// Chance of a day at least so strange, were nothing changed.
    pub p: f64,
    /// Share of false findings among those of that day that are at least as strange.
    pub q: f64,
}

/// A day on which many series moved together.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Common {
    /// The day.
    pub day: Date,
    /// The series that would have been findings by themselves.
    pub series: Vec<String>,
    /// How many series were judged that day.
    pub of: usize,
}

/// What is said of many series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// By day found, then in the order of the series.
    pub found: Vec<Finding>,
    /// Days on which many series moved together: what they share is told once, here, and not of each of them.
    pub common: Vec<Common>,
    /// Series of which nothing can be said, and why.
    pub silent: Vec<(String, NotEnough)>,
}

/// Finds what is news from `since` on, each day with no more knowledge than that day had.
///
/// A series needs 28 values before its first day that is judged; one without any such day is silent. All series that are
/// judged on a day are one family, [`FALSE_SHARE`] of whose findings may be false.
pub fn findings(series: &[Named<'_>], since: Date) -> Findings {
    let mut answer = Findings::default();
    // (day, series, verdict): one family per day.
    let mut judged: Vec<(Date, usize, Verdict)> = Vec::new();
    for (at, one) in series.iter().enumerate() {
        let before = judged.len();
        let mut watch = Watch::new();
        let mut day = Some(one.first);
        for value in one.values.values() {
            let Some(today) = day else { break };
            let weekday = usize::from(today.weekday().number_days_from_monday());
            if let Some(verdict) = watch.next(weekday, *value, today >= since) {
                judged.push((today, at, verdict));
            }
            day = today.next_day();
        }
        if judged.len() == before {
            let has = one.values.present();
            answer.silent.push((one.name.to_owned(), NotEnough::TooShort { has, needs: FLOOR + 1 }));
        }
    }
    judged.sort_by_key(|(day, at, _)| (*day, *at));
    let mut open: Vec<Option<(usize, usize)>> = vec![None; series.len()];
    for family in judged.chunk_by(|a, b| a.0 == b.0) {
        let mut groups: BTreeMap<&str, Vec<&Verdict>> = BTreeMap::new();
        for (_, at, verdict) in family {
            groups.entry(series[*at].group).or_default().push(verdict);
        }
        let shared: BTreeMap<&str, Shared> =
            groups.iter().map(|(group, verdicts)| (*group, Shared::of(verdicts.iter().copied()))).collect();
        let p: Vec<f64> = family.iter().map(|(_, at, verdict)| shared[series[*at].group].p(verdict)).collect();
        let q = discovery::q_values(&p);
        let mut together = Vec::new();
        for ((day, at, verdict), (p, q)) in family.iter().zip(p.into_iter().zip(q)) {
            let Some(alarm) = &verdict.alarm else { continue };
            if super::ALARM > -libm::log10(p) {
                together.push(series[*at].name.to_owned());
                continue;
            }
            if q > FALSE_SHARE {
                continue;
            }
            match open[*at].filter(|(episode, _)| *episode == alarm.episode) {
                Some((_, place)) => {
                    let known: &mut Finding = &mut answer.found[place];
                    if alarm.kind.gravity() > known.kind.gravity() {
                        let found = known.found;
                        *known = finding(series[*at].name, *day, alarm, p, q);
                        known.found = found;
                        known.day = known.day.min(found);
                    }
                }
                None => {
                    open[*at] = Some((alarm.episode, answer.found.len()));
                    answer.found.push(finding(series[*at].name, *day, alarm, p, q));
                }
            }
        }
        let chance = by_chance(together.len(), family.len());
        if let Some((day, ..)) = family.first().filter(|_| chance < super::chance(super::ALARM)) {
            answer.common.push(Common { day: *day, series: together, of: family.len() });
        }
    }
    answer
}

/// The chance that at least so many of all series that were judged are alarms on a day on which nothing changed.
fn by_chance(moved: usize, of: usize) -> f64 {
    let one = super::chance(super::ALARM);
    // The chances of none, one, two …: each from the one before it.
    let mut exactly = libm::pow(1.0 - one, of as f64);
    let mut fewer = 0.0;
    for count in 0..moved {
        fewer += exactly;
        exactly *= (of - count) as f64 / (count + 1) as f64 * one / (1.0 - one);
    }
    (1.0 - fewer).max(0.0)
}

/// What the series of one group share on a day: middle and spread of each statistic over all of them.
///
/// A holiday moves every shop. The null is therefore not that nothing moved, but that a series moved like the others: Efron's
/// empirical null (2004, "Large-scale simultaneous hypothesis testing: the choice of a null hypothesis"), of the bulk
/// of the series by median and quartiles, and never narrower than the theoretical one.
struct Shared([(f64, f64); STATISTICS]);

impl Shared {
    fn of<'a>(family: impl Iterator<Item = &'a Verdict> + Clone) -> Self {
        Self(std::array::from_fn(|at| {
            let mut leans: Vec<f64> = family.clone().filter_map(|verdict| verdict.leans[at]).collect();
            if leans.len() < MANY {
                return (0.0, 1.0);
            }
            leans.sort_by(f64::total_cmp);
            let share = |part: f64| leans[((leans.len() - 1) as f64 * part).round() as usize];
            // The quartiles of a normal distribution are 1.349 standard deviations apart.
            (share(0.5), ((share(0.75) - share(0.25)) / 1.349).max(1.0))
        }))
    }

    /// The chance of this verdict given what is shared: its surprise shrinks as its distance does.
    fn p(&self, verdict: &Verdict) -> f64 {
        let (middle, spread) = self.0[verdict.by];
        match verdict.leans[verdict.by] {
            Some(lean) if lean != 0.0 => libm::pow(verdict.p, ((lean - middle) / spread / lean).clamp(0.0, 1.0)),
            _ => verdict.p,
        }
    }
}

fn finding(name: &str, found: Date, alarm: &Alarm, p: f64, q: f64) -> Finding {
    let (low, middle, high) = alarm.expected;
    let day = found.saturating_sub(time::Duration::days(alarm.lasts as i64 - 1));
    let size = alarm.actual - middle;
    Finding {
        series: name.to_owned(),
        day,
        found,
        kind: alarm.kind,
        actual: alarm.actual,
        size,
        relative: (middle > 0.0).then(|| size / middle).filter(|share| share.is_finite()),
        expected: (low, high),
        p,
        q,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_many_is_chance_and_several_on_one_day_are_not() {
        assert_eq!(by_chance(0, 130), 1.0);
        assert!((by_chance(1, 130) - (1.0 - libm::pow(0.999, 130.0))).abs() < 1e-12);
        assert!(by_chance(2, 130) > 0.001 && by_chance(12, 130) < 1e-9);
        assert!(by_chance(8, 8) < 1e-12);
    }
}
