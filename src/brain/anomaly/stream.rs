//! Scores of a series that is read many times a day.
//!
//! Three baselines run side by side: a level of two weeks, the usual course of a day, the usual course of a week. The
//! one that lately came closest is the one a row is compared with. The difference, in units of its usual size, is
//! averaged over windows of 1, 4, 16 … rows up to a day, and each average is as surprising as the past of that same
//! average makes it ([`super::tail`]), upward and downward apart. A row's surprise is the largest of them, less what was
//! told of the same day before: an anomaly is news once, and again only when it is as much rarer again.
//!
//! Nothing here is fitted to a data set: lengths of time are whole days and weeks, because that is how people's
//! business runs. Cost per row is constant.

use libm::exp;

use super::{ALARM, Kind, tail::Tail};

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;
/// A profile has so many steps a day at most: finer than half an hour the steps have too few rows each.
const STEPS: i64 = 48;
/// How long the level and the usual size of a difference are remembered, and how long a day's course is, in days.
const FORTNIGHT: f64 = 14.0;
/// How many weeks the course of a week is remembered, and the past of every average.
const WEEKS: f64 = 4.0;
/// The share of the past that shapes the tail.
const PEAKS: f64 = 0.02;
/// Differences beyond this many times their usual size count as this much (Huber's bound for the baselines, in mean
/// absolute deviations: 3 of them are 2.4 standard deviations).
const BOUND: f64 = 3.0;
/// As far out as a row can be, in usual sizes: beyond it rarity says nothing any more.
const FARTHEST: f64 = 30.0;

/// What is expected of a row by the same step of earlier periods.
#[derive(Clone, Debug)]
struct Baseline {
    /// One value per step, and in how many periods it was seen.
    steps: Vec<(f64, f64)>,
    /// Seconds of one step.
    step: i64,
    /// Periods that are remembered (rows, if there is but one step).
    memory: f64,
    /// Mean absolute difference, bounded, and the rows it was learned of.
    size: f64,
    rows: f64,
    /// The step that is being read, the sum of its rows and their number.
    open: (i64, f64, f64),
}

impl Baseline {
    fn new(period: i64, steps: i64, memory: f64) -> Self {
        let open = (i64::MIN, 0.0, 0.0);
        Self { steps: vec![(0.0, 0.0); steps as usize], step: period / steps, memory, size: 0.0, rows: 0.0, open }
    }

    fn place(&self, step: i64) -> usize {
        step.rem_euclid(self.steps.len() as i64) as usize
    }

    fn expected(&self, at: i64) -> Option<f64> {
        let (value, seen) = self.steps[self.place(at.div_euclid(self.step))];
        (seen > 0.0).then_some(value)
    }

    /// Whether it has seen a whole period again.
    fn ready(&self) -> bool {
        self.rows > self.steps.len() as f64 && self.size > 0.0
    }

    fn learn(&mut self, at: i64, value: f64, memory: f64) {
        let step = at.div_euclid(self.step);
        // A step is learned when it is over: within it, its own rows would make it look as if it could foresee them.
        if self.steps.len() > 1 && step != self.open.0 {
            self.close();
            self.open.0 = step;
        }
        let mut bounded = value;
        if let Some(expected) = self.expected(at) {
            let difference = value - expected;
            self.rows += 1.0;
            if self.size == 0.0 {
                self.size = difference.abs();
            }
            self.size += (difference.abs().min((BOUND + 1.0) * self.size) - self.size) / self.rows.min(memory);
            bounded = expected + difference.clamp(-BOUND * self.size, BOUND * self.size);
        }
        self.open.1 += bounded;
        self.open.2 += 1.0;
        if self.steps.len() == 1 {
            self.close();
        }
    }

    fn close(&mut self) {
        let (step, sum, rows) = self.open;
        if rows > 0.0 {
            let place = self.place(step);
            let (value, seen) = &mut self.steps[place];
            *seen += 1.0;
            *value += (sum / rows - *value) / seen.min(self.memory);
        }
        self.open = (step, 0.0, 0.0);
    }
}

/// The average of the last rows, and the past of such averages.
#[derive(Clone, Debug)]
struct Window {
    ring: Vec<f64>,
    sum: f64,
    up: Tail,
    down: Tail,
}

/// The state after some rows.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    baselines: [Baseline; 3],
    windows: Vec<Window>,
    /// Rows of a day.
    day: f64,
    rows: usize,
    /// The surprise that was told last, fading over a day.
    told: f64,
}

impl Stream {
    /// Nothing read yet, of rows so many seconds apart.
    pub(super) fn new(gap: i64) -> Self {
        let per_day = (DAY / gap.max(1)).max(1);
        let (day, steps) = (per_day as f64, largest_divisor(per_day.min(STEPS)));
        let baselines = [
            Baseline::new(1, 1, FORTNIGHT * day),
            Baseline::new(DAY, steps, FORTNIGHT),
            Baseline::new(7 * DAY, 7 * steps, WEEKS),
        ];
        let lengths = std::iter::successors(Some(1_usize), |length| Some(length * 4));
        let windows = lengths.take_while(|length| *length as f64 <= day).map(|length| {
            let tail = Tail::new(length as f64, PEAKS, 7.0 * WEEKS * day);
            Window { ring: vec![0.0; length], sum: 0.0, up: tail.clone(), down: tail }
        });
        Self { baselines, windows: windows.collect(), day, rows: 0, told: 0.0 }
    }

    /// How surprising this row is beyond what was told, as −log10 of a chance, and what it is if it is an alarm; none while
    /// there is nothing that it could be compared with, as nothing ever differed.
    pub(super) fn next(&mut self, at: i64, value: f64) -> Option<(f64, Option<Kind>)> {
        // Sums of what is beyond would not be finite.
        let value = value.clamp(-1e150, 1e150);
        let ready = self.baselines.iter().filter(|baseline| baseline.ready());
        let nearest = ready.min_by(|a, b| a.size.total_cmp(&b.size));
        let (mut surprise, mut kind) = (0.0, Kind::Spike);
        let compared = nearest.and_then(|nearest| Some(((value - nearest.expected(at)?) / nearest.size, nearest)));
        let judged = compared.is_some();
        if let Some((difference, _)) = compared {
            let difference = difference.clamp(-FARTHEST, FARTHEST);
            for window in &mut self.windows {
                let length = window.ring.len();
                let oldest = std::mem::replace(&mut window.ring[self.rows % length], difference);
                window.sum += difference - oldest;
                let mean = window.sum / length as f64;
                for (tail, mean, single) in [(&mut window.up, mean, Kind::Spike), (&mut window.down, -mean, Kind::Drop)]
                {
                    let here = tail.surprise(mean);
                    tail.learn(mean, here);
                    if here > surprise {
                        (surprise, kind) = (here, if length > 4 { Kind::LevelShift } else { single });
                    }
                }
            }
            if value == 0.0 && kind == Kind::Drop {
                kind = Kind::DropOut;
            }
            self.rows += 1;
        }
        self.baselines.iter_mut().for_each(|baseline| baseline.learn(at, value, FORTNIGHT * self.day));
        self.told *= exp(-1.0 / self.day);
        let news = (surprise - self.told).max(0.0);
        if news <= ALARM {
            return judged.then_some((news, None));
        }
        self.told = surprise;
        Some((news, Some(kind)))
    }
}

/// The largest number of equal steps of a day that is not above this.
fn largest_divisor(most: i64) -> i64 {
    (1..=most.max(1)).rev().find(|steps| DAY % steps == 0).unwrap_or(1)
}
