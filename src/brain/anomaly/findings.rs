//! What is news among many daily series, day by day, with the share of false news kept small.

use time::Date;

use super::{
    Kind, discovery,
    watch::{Alarm, FLOOR, Verdict, Watch},
};
use crate::{NotEnough, Series};

/// The share of findings that may be false, of those of one day.
pub const FALSE_SHARE: f64 = 0.1;

/// A daily series with its name.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    /// What findings call it.
    pub name: &'a str,
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

/// What is said of many series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// By day found, then in the order of the series.
    pub found: Vec<Finding>,
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
        let q = discovery::q_values(&family.iter().map(|(_, _, verdict)| verdict.p).collect::<Vec<_>>());
        for ((day, at, verdict), q) in family.iter().zip(q) {
            let Some(alarm) = verdict.alarm.as_ref().filter(|_| q <= FALSE_SHARE) else { continue };
            match open[*at].filter(|(episode, _)| *episode == alarm.episode) {
                Some((_, place)) => {
                    let known: &mut Finding = &mut answer.found[place];
                    if alarm.kind.gravity() > known.kind.gravity() {
                        let found = known.found;
                        *known = finding(series[*at].name, *day, alarm, verdict.p, q);
                        known.found = found;
                        known.day = known.day.min(found);
                    }
                }
                None => {
                    open[*at] = Some((alarm.episode, answer.found.len()));
                    answer.found.push(finding(series[*at].name, *day, alarm, verdict.p, q));
                }
            }
        }
    }
    answer
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
