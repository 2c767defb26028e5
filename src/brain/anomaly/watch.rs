//! One daily series under watch: which days are alarms, of which kind, and when an alarm is over.
//!
//! A day is an alarm if its chance, all tests of the day counted, is at most one in a thousand: less than one false
//! alarm per series in two years. Half of that goes to the day itself, half to the four windows (a weighted
//! Bonferroni correction; the windows overlap, so it errs on the quiet side). After a shift the new level is what is
//! expected, but for four weeks a return to the old one is no news.

use libm::log10;

use super::{
    ALARM, Kind, chance,
    daily::{Daily, LONGEST, WINDOWS},
    scale::Scale,
};

/// Days that have to be there before one is judged: four of each weekday.
pub(super) const FLOOR: usize = 28;
/// A fall to at most this share of the expected is nothing left: the rest is returns, late bookings, rounding.
const NOTHING: f64 = 0.05;
/// A lasting fall to at most this share is a collapse.
const COLLAPSE: f64 = 0.2;
/// What lasts so many days stays; what is shorter may be a promotion or an outage.
const LASTING: usize = 7;
/// Days without an alarm after which the next one is another anomaly.
const OVER: usize = 7;

/// What a day that is judged is like.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Verdict {
    /// Chance of a day at least so strange, were nothing changed.
    pub(super) p: f64,
    /// What is strange, if that chance is small enough.
    pub(super) alarm: Option<Alarm>,
    /// Surprise beyond what was told.
    pub(super) surprise: f64,
    /// How far out the day and the windows that end with it are, in usual errors, with their signs.
    pub(super) leans: [Option<f64>; STATISTICS],
    /// Which of them is the strangest.
    pub(super) by: usize,
}

/// The day itself and four windows.
pub(super) const STATISTICS: usize = 5;

/// What is strange about a day.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Alarm {
    pub(super) kind: Kind,
    pub(super) up: bool,
    /// Days that it lasts, this one included.
    pub(super) lasts: usize,
    /// What was there, per day, and what had been expected.
    pub(super) actual: f64,
    pub(super) expected: (f64, f64, f64),
    /// Whether it is another anomaly, or turned out to be of a graver kind.
    pub(super) news: bool,
    /// Alarms of one number are one anomaly.
    pub(super) episode: usize,
}

/// An anomaly that may be going on.
#[derive(Clone, Copy, Debug)]
struct Episode {
    number: usize,
    up: bool,
    shift: bool,
    last: usize,
    told: f64,
}

/// The state after some days.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    daily: Daily,
    history: Vec<(usize, Option<f64>)>,
    present: usize,
    episode: Option<Episode>,
    /// The level before the last shift, and the day of the shift.
    before: Option<(f64, usize)>,
    /// How many times in a row the last value came, how often a value was the one before.
    same: (usize, usize),
}

impl Watch {
    /// Nothing read yet.
    pub(super) fn new() -> Self {
        let (daily, history) = (Daily::new(Scale::Count), Vec::new());
        Self { daily, history, present: 0, episode: None, before: None, same: (1, 0) }
    }

    /// How many days with a value were read.
    pub(super) fn present(&self) -> usize {
        self.present
    }

    /// Reads the next day, 0 to 6 its weekday, and judges it if that is wanted and enough days are there.
    pub(super) fn next(&mut self, weekday: usize, value: Option<f64>, judge: bool) -> Option<Verdict> {
        let Some(value) = value else {
            self.history.push((weekday, None));
            self.daily.learn(weekday, None, false);
            return None;
        };
        let scale = self.daily.scale.with(value);
        if scale != self.daily.scale {
            self.daily = Daily::new(scale);
            for (weekday, value) in &self.history {
                self.daily.learn(*weekday, *value, false);
            }
            self.before = None;
        }
        let today = self.history.len();
        let last = self.history.iter().rev().find_map(|(_, value)| *value);
        let repeats = last == Some(value);
        self.same = if repeats { (self.same.0 + 1, self.same.1 + 1) } else { (1, self.same.1) };
        self.history.push((weekday, Some(value)));
        self.present += 1;
        let judge = judge && self.present > FLOOR;
        let expected = self.daily.expected(weekday);
        let old = self.before.filter(|(_, since)| today - since <= LONGEST);
        let tails = judge.then(|| {
            let (low, high) = self.daily.tails(&expected, value);
            let (old_low, old_high) =
                old.map_or((0.0, 0.0), |(level, _)| self.daily.tails(&self.daily.expected_at(level, weekday), value));
            (low.max(old_low), high.max(old_high))
        });
        let (range, lean) = (self.daily.range(&expected), self.daily.distance(&expected, value));
        let shifts = self.daily.learn(weekday, Some(value), judge);
        let (low, high) = tails?;
        let (point, up) = if low < high { (low, false) } else { (high, true) };
        let point = (4.0 * point).min(1.0);
        let shift = shifts.into_iter().flatten().min_by(|a, b| a.p.total_cmp(&b.p));
        let mut leans = [Some(lean), None, None, None, None];
        leans[1..].iter_mut().zip(&shifts).for_each(|(lean, shift)| *lean = shift.map(|shift| shift.z));
        let lasting = shift.map_or(1.0, |shift| (4.0 * shift.p).min(1.0));
        let flat = if value == 0.0 { 1.0 } else { self.flat() };
        let p = point.min(lasting).min(flat);
        let surprise = -log10(p.max(1e-300));
        let window = shift.and_then(|shift| WINDOWS.iter().position(|days| *days == shift.days));
        let by = if lasting < point { window.map_or(0, |window| window + 1) } else { 0 };
        let mut verdict = Verdict { p, alarm: None, surprise, leans, by };
        if surprise < ALARM {
            return Some(verdict);
        }
        let mut alarm =
            Alarm { kind: Kind::Spike, up, lasts: 1, actual: value, expected: range, news: true, episode: today };
        if -log10(lasting.max(1e-300)) >= ALARM
            && let Some(shift) = shift
        {
            let (lasts, ramp) = self.daily.shape(shift.days);
            let then = self.daily.range(&self.daily.expected_at(self.daily.level_ago(shift.days), weekday));
            let now = self.daily.range(&self.daily.expected_at(self.daily.level_of(lasts), weekday)).1;
            alarm = Alarm { up: shift.z > 0.0, lasts, actual: now, expected: then, ..alarm };
            let gone = shift.z < 0.0 && scale != Scale::Signed && lasts > 1 && now <= COLLAPSE * then.1;
            if let Some((old, _)) = old
                && self.daily.near(old, self.daily.level_of(lasts))
            {
                // Back where it was before the last shift: what was to be told of it has been told.
                self.daily.adopt(old, lasts);
                (self.before, self.episode) = (None, None);
                verdict.surprise = ALARM - 1e-9;
                verdict.p = chance(verdict.surprise);
                return Some(verdict);
            }
            let passing = lasts < LASTING;
            alarm.kind = match () {
                () if gone => Kind::DeliveryCollapse,
                () if passing && alarm.up => Kind::Spike,
                () if passing => Kind::Drop,
                () if ramp => Kind::TrendBreak,
                () => Kind::LevelShift,
            };
            if !passing {
                self.before = Some((self.daily.level_ago(shift.days), today));
                self.daily.adopt(self.daily.level_of(lasts), lasts);
            }
        } else if -log10(point.max(1e-300)) >= ALARM {
            let left = if scale == Scale::Signed { 1.0 } else { value / range.1.max(1e-300) };
            alarm.kind = match () {
                () if up => Kind::Spike,
                () if left <= NOTHING => Kind::DropOut,
                () => Kind::Drop,
            };
        } else {
            (alarm.kind, alarm.lasts) = (Kind::FlatLine, self.same.0);
        }
        let shift = matches!(alarm.kind, Kind::LevelShift | Kind::TrendBreak | Kind::DeliveryCollapse);
        let going_on = self.episode.filter(|episode| today - episode.last <= OVER && episode.up == alarm.up);
        alarm.news = going_on.is_none_or(|episode| shift && !episode.shift);
        if let Some(episode) = going_on
            && !alarm.news
        {
            verdict.surprise = (surprise - episode.told).clamp(0.0, ALARM - 1e-9);
        }
        alarm.episode = going_on.map_or(today, |episode| episode.number);
        let told = going_on.map_or(surprise, |episode| episode.told.max(surprise));
        let shift = shift || going_on.is_some_and(|episode| episode.shift);
        self.episode = Some(Episode { number: alarm.episode, up: alarm.up, shift, last: today, told });
        verdict.alarm = Some(alarm);
        Some(verdict)
    }

    /// Chance of one value so many times in a row, where a repeat is usual as often as it was before the run.
    fn flat(&self) -> f64 {
        let (run, repeats) = self.same;
        if run < 3 || self.daily.scale == Scale::Count && self.daily.coarse() {
            return 1.0;
        }
        let before = (self.present - run) as f64;
        let share = (repeats - (run - 1)) as f64;
        libm::pow((share + 1.0) / (before + 2.0), (run - 1) as f64)
    }
}
