//! One reading a day: what is expected of a day and of the last days, given all earlier ones.
//!
//! Counts and amounts are compared after a square root, which makes the spread of counts independent of their level
//! (Anscombe 1948), as level × weekday; a series that knows values below zero as it is, as level + weekday. Level and
//! weekdays follow with bounded steps (Gelper, Fried & Croux 2010, "Robust forecasting with exponential and Holt-Winters
//! smoothing"), at the one of three speeds that lately foretold best. A day is judged by the more sceptical of two
//! tails: the negative binomial of its mean and spread, and what the series itself has done before ([`super::tail`]).
//! The last 3, 7, 14 and 28 days are judged against the level before them by Student's t, their usual error being that
//! of earlier such windows, so that a level that wanders by itself, or errors that follow one another, alarm nobody.

mod level;

use level::Model;
use libm::sqrt;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{
    scale::{Scale, counted},
    tail::Tail,
};

/// Days of a week.
const WEEK: usize = 7;
/// Windows of days, longest last.
pub(super) const WINDOWS: [usize; 4] = [3, 7, 14, 28];
/// The longest window.
pub(super) const LONGEST: usize = 28;
/// Shares of a day's error that the level takes over: a memory of 50, 20 and 7 days.
const SPEEDS: [f64; 3] = [0.02, 0.05, 0.15];
/// Days that errors are learned of, at most.
const MEMORY: f64 = 365.0;
/// Errors beyond this many standard deviations count as this much.
const BOUND: f64 = 2.5;
/// What a variance of errors so bounded has to be multiplied by, were they normal: 1 / E min(z², 2.5²).
const CONSISTENT: f64 = 1.0 / 0.9778;
/// An error adds at most so many standard deviations to a window.
const FARTHEST: f64 = 6.0;
/// The share of days that shapes the tail.
const PEAKS: f64 = 0.05;

/// A day as it was read: its weekday, its value after the root, and the level before it.
#[derive(Clone, Copy, Debug)]
struct Day {
    weekday: usize,
    value: Option<f64>,
    level: f64,
    /// Variance of that level, in variances of a day, while it is young.
    doubt: f64,
}

/// What is expected of a day before it comes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    /// After the root.
    at: f64,
    deviation: f64,
}

/// How the last days differ from the level before them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shift {
    /// Days of the window.
    pub(super) days: usize,
    /// Chance of a difference at least this large in this direction, were nothing changed.
    pub(super) p: f64,
    /// How far out it is, in usual errors, with its sign.
    pub(super) z: f64,
}

/// The state after some days.
#[derive(Clone, Debug)]
pub(super) struct Daily {
    pub(super) scale: Scale,
    models: [Model; 3],
    best: usize,
    /// The last days, at their number modulo the length.
    recent: Vec<Day>,
    days: usize,
    up: Tail,
    down: Tail,
    /// Variance of the differences of each window, bounded, and how many were seen.
    windows: [(f64, f64); 4],
}

impl Daily {
    /// Nothing read yet.
    pub(super) fn new(scale: Scale) -> Self {
        let tail = Tail::new(1.0, PEAKS, 2.0 * MEMORY);
        Self {
            scale,
            models: SPEEDS.map(|speed| Model::new(speed, scale)),
            best: 1,
            recent: vec![Day { weekday: 0, value: None, level: 0.0, doubt: 0.0 }; LONGEST],
            days: 0,
            up: tail.clone(),
            down: tail,
            windows: [(0.0, 0.0); 4],
        }
    }

    /// What is expected of the next day, which is this weekday.
    pub(super) fn expected(&self, weekday: usize) -> Expected {
        let model = &self.models[self.best];
        Expected { at: model.expected(self.scale, weekday), deviation: self.deviation() * sqrt(1.0 + self.doubt()) }
    }

    /// Variance of the level, in variances of a day: what is left of the first days after a start.
    fn doubt(&self) -> f64 {
        let model = &self.models[self.best];
        if model.of * model.speed < 1.0 { 1.0 / model.of.max(1.0) } else { 0.0 }
    }

    /// The same at another level.
    pub(super) fn expected_at(&self, level: f64, weekday: usize) -> Expected {
        let model = Model { level, ..self.models[self.best].clone() };
        Expected { at: model.expected(self.scale, weekday), deviation: self.deviation() }
    }

    fn deviation(&self) -> f64 {
        let deviation = sqrt(self.models[self.best].variance);
        // The root of a count never spreads less than a Poisson's.
        if self.scale == Scale::Count { deviation.max(0.5) } else { deviation }
    }

    /// The level that is followed, after the root.
    pub(super) fn level(&self) -> f64 {
        self.models[self.best].level
    }

    /// Chances of a value at least this low and at least this high.
    pub(super) fn tails(&self, expected: &Expected, value: f64) -> (f64, f64) {
        let z = self.distance(expected, value);
        if z.abs() < 1.5 {
            return (1.0, 1.0);
        }
        let seen = (super::chance(self.down.surprise(-z)), super::chance(self.up.surprise(z)));
        if self.scale != Scale::Count {
            return seen;
        }
        let (mean, variance) = self.moments(expected);
        let (low, high) = counted(mean, variance, value);
        (seen.0.max(low), seen.1.max(high))
    }

    /// In standard deviations, 1000 at most.
    pub(super) fn distance(&self, expected: &Expected, value: f64) -> f64 {
        let difference = self.scale.to(value) - expected.at;
        if difference == 0.0 { 0.0 } else { (difference / expected.deviation.max(1e-300)).clamp(-1000.0, 1000.0) }
    }

    /// Mean and variance of a day in the series' own unit.
    pub(super) fn moments(&self, expected: &Expected) -> (f64, f64) {
        let (at, spread) = (expected.at, expected.deviation * expected.deviation);
        match self.scale {
            Scale::Count => {
                let mean = (at * at + spread - 0.375).max(0.0);
                (mean, mean * (4.0 * spread).max(1.0))
            }
            Scale::Amount => (at * at + spread, 4.0 * at * at * spread + 2.0 * spread * spread),
            Scale::Signed => (at, spread),
        }
    }

    /// The middle and the ends of the range that holds 95 % of such days.
    pub(super) fn range(&self, expected: &Expected) -> (f64, f64, f64) {
        let ends = [-1.96, 0.0, 1.96].map(|z| {
            let at = expected.at + z * expected.deviation;
            match self.scale {
                Scale::Signed => at,
                Scale::Amount => at.max(0.0) * at.max(0.0),
                Scale::Count => (at.max(0.0) * at.max(0.0) - 0.375).max(0.0),
            }
        });
        (ends[0], self.moments(expected).0, ends[2])
    }

    /// Reads a day; says how the windows that end with it differ.
    pub(super) fn learn(&mut self, weekday: usize, value: Option<f64>, judge: bool) -> [Option<Shift>; 4] {
        let rooted = value.map(|value| self.scale.to(value));
        if let Some(value) = value {
            let expected = self.expected(weekday);
            let z = self.distance(&expected, value);
            if self.days >= 2 * WEEK && self.deviation() > 0.0 {
                // Only a distance that is far out can be a surprise that ought to teach less.
                let surprise = |tail: &Tail, z: f64| if z > 2.5 { tail.surprise(z) } else { 0.0 };
                let (up, down) = (surprise(&self.up, z), surprise(&self.down, -z));
                self.up.learn(z, up);
                self.down.learn(-z, down);
            }
        }
        let at = self.days % LONGEST;
        self.recent[at] = Day { weekday, value: rooted, level: self.level(), doubt: self.doubt() };
        self.days += 1;
        let shifts = self.shifts(judge && value.is_some());
        if let Some(value) = rooted {
            self.models.iter_mut().for_each(|model| model.learn(self.scale, weekday, value));
            for (i, model) in self.models.iter().enumerate() {
                if model.variance < 0.98 * self.models[self.best].variance {
                    self.best = i;
                }
            }
        }
        shifts
    }

    /// The day so many days ago; 0 is the last one read.
    fn ago(&self, days: usize) -> &Day {
        &self.recent[(self.days + LONGEST - 1 - days) % LONGEST]
    }

    fn shifts(&mut self, judge: bool) -> [Option<Shift>; 4] {
        let mut found = [None; 4];
        let deviation = self.deviation();
        for (at, length) in WINDOWS.into_iter().enumerate() {
            if self.days < 2 * WEEK + length {
                continue;
            }
            let Day { level, doubt, .. } = *self.ago(length - 1);
            let model = &self.models[self.best];
            let (mut sum, mut present) = (0.0, 0.0);
            // The two lowest and the two highest errors: the outermost count as the ones next to them, since one day alone
            // is no shift, however far out it is.
            let (mut low, mut high) = ((f64::MAX, f64::MAX), (f64::MIN, f64::MIN));
            for day in (0..length).map(|days| self.ago(days)) {
                let Some(value) = day.value else { continue };
                let weekday = model.weekdays[day.weekday];
                let expected = if self.scale == Scale::Signed { level + weekday } else { level * weekday };
                let error = (value - expected).clamp(-FARTHEST * deviation, FARTHEST * deviation);
                low = if error < low.0 { (error, low.0) } else { (low.0, low.1.min(error)) };
                high = if error > high.0 { (error, high.0) } else { (high.0, high.1.max(error)) };
                sum += error;
                present += 1.0;
            }
            sum += low.1 - low.0 + high.1 - high.0;
            if present < 3.0 || 2.0 * present <= length as f64 || deviation <= 0.0 {
                continue;
            }
            let mean = sum / present / deviation;
            let (variance, seen) = &mut self.windows[at];
            let least = 1.0 / present;
            let error = variance.max(least);
            if judge && *seen >= 2.0 * length as f64 {
                let freedom = (*seen / length as f64).clamp(2.0, 100.0);
                let z = mean / sqrt(error * (1.0 + 1.0 / freedom) + doubt);
                // The tail is only worth its arithmetic where it may matter.
                let p =
                    if z.abs() > 2.5 { StudentsT::new(0.0, 1.0, freedom).map_or(1.0, |t| t.sf(z.abs())) } else { 1.0 };
                found[at] = Some(Shift { days: length, p, z });
            }
            *seen += 1.0;
            let bound = BOUND * sqrt(error);
            *variance += (mean.clamp(-bound, bound).powi(2) * CONSISTENT - *variance) / seen.min(2.0 * MEMORY);
        }
        found
    }

    /// Whether whole numbers are so few that repeats mean nothing: fewer than 20 within a standard deviation.
    pub(super) fn coarse(&self) -> bool {
        2.0 * self.level() * self.deviation() < 20.0
    }

    /// The level before the last so many days.
    pub(super) fn level_ago(&self, days: usize) -> f64 {
        self.ago(days - 1).level
    }

    /// Whether two levels can hardly be told apart: less than 1.5 standard deviations of a day between them.
    pub(super) fn near(&self, one: f64, other: f64) -> bool {
        (one - other).abs() <= 1.5 * self.deviation()
    }

    /// The level of the last so many days alone: the middle of what they imply.
    pub(super) fn level_of(&self, days: usize) -> f64 {
        let model = &self.models[self.best];
        let mut implied: Vec<f64> = (0..days)
            .filter_map(|days| {
                let Day { weekday, value, .. } = *self.ago(days);
                let weekday = model.weekdays[weekday];
                value.map(|value| if self.scale == Scale::Signed { value - weekday } else { value / weekday.max(0.1) })
            })
            .collect();
        implied.sort_by(f64::total_cmp);
        match implied.len() {
            0 => self.level(),
            n if n % 2 == 0 => (implied[n / 2 - 1] + implied[n / 2]) / 2.0,
            n => implied[n / 2],
        }
    }

    /// Takes this for the level from now on, learned of so many days.
    pub(super) fn adopt(&mut self, level: f64, of: usize) {
        let signed = self.scale == Scale::Signed;
        for model in &mut self.models {
            // How much a higher level varies is not known yet: as much more as it is higher, until days tell.
            if !signed && model.level > 0.0 {
                model.variance *= (level / model.level).clamp(1.0, 10.0).powi(2);
            }
            (model.level, model.of) = (level, of as f64);
        }
        let doubt = self.doubt();
        self.recent.iter_mut().for_each(|day| (day.level, day.doubt) = (level, doubt));
        // What lies before belongs to another level: it is forgotten, and no window ends in it.
        self.recent.iter_mut().for_each(|day| day.value = None);
    }

    /// How a change of level best explains the last days: (days since it began, as a ramp rather than as a step).
    pub(super) fn shape(&self, length: usize) -> (usize, bool) {
        let level = self.ago(length - 1).level;
        let model = &self.models[self.best];
        let (mut sum, mut best) = (0.0, (0.0, 1, false));
        let errors: Vec<f64> = (0..length)
            .map(|days| {
                let day = self.ago(days);
                let weekday = model.weekdays[day.weekday];
                let expected = if self.scale == Scale::Signed { level + weekday } else { level * weekday };
                day.value.map_or(0.0, |value| value - expected)
            })
            .collect();
        for (days, error) in errors.iter().enumerate() {
            sum += error;
            let gain = sum * sum / (days + 1) as f64;
            if gain > best.0 {
                best = (gain, days + 1, false);
            }
            let onset = (days + 1) as f64;
            let (mut along, mut square) = (0.0, 0.0);
            for (day, error) in errors[..=days].iter().enumerate() {
                let height = onset - day as f64;
                along += height * error;
                square += height * height;
            }
            let gain = along * along / square;
            if days >= 6 && gain > best.0 {
                best = (gain, days + 1, true);
            }
        }
        (best.1, best.2)
    }
}
