//! Rows of a series that are news: how strange each one is, given the rows before it alone.
//!
//! [`Scorer`] reads one series row by row, at a constant cost. One reading a day is judged against level, weekday and
//! the spread of counts (`daily`, `watch`), several a day against the course of the day and the week (`stream`). An
//! alarm is a row that is as strange as one in a thousand, whatever the series; [`findings`] looks at many series at
//! once and keeps the share of false ones among them below a tenth. Nothing is said of the first four weeks. To add a
//! kind of anomaly, give it a variant of [`Kind`] and the test that tells it apart in `watch`.

pub mod csv;
mod daily;
mod discovery;
mod findings;
pub mod outage;
mod scale;
mod stream;
mod tail;
mod watch;

pub use discovery::q_values;
pub use findings::{Common, FALSE_SHARE, Finding, Findings, Named, findings};

use crate::NotEnough;

/// Surprise (−log10 of a chance) from which on a row is an alarm: one row in a thousand.
const ALARM: f64 = 3.0;

fn chance(surprise: f64) -> f64 {
    libm::pow(10.0, -surprise)
}

/// What kind of news a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A row far above what was expected.
    Spike,
    /// A row far below it.
    Drop,
    /// A row with nothing, or as good as nothing, where much was expected.
    DropOut,
    /// Several rows at another level.
    LevelShift,
    /// Several rows that lead away from the level.
    TrendBreak,
    /// Several rows with at most a fifth of what was expected.
    DeliveryCollapse,
    /// The same value again and again, of a series that does not do so.
    FlatLine,
}

impl Kind {
    /// What lasts is graver than a day, and what is gone graver than what moved.
    fn gravity(self) -> u8 {
        match self {
            Self::Spike | Self::Drop => 0,
            Self::DropOut | Self::FlatLine => 1,
            Self::TrendBreak | Self::LevelShift => 2,
            Self::DeliveryCollapse => 3,
        }
    }

    /// The word in files and answers.
    pub fn word(self) -> &'static str {
        match self {
            Self::Spike => "spike",
            Self::Drop => "drop",
            Self::DropOut => "drop_out",
            Self::LevelShift => "level_shift",
            Self::TrendBreak => "trend_break",
            Self::DeliveryCollapse => "delivery_collapse",
            Self::FlatLine => "flat_line",
        }
    }
}

/// What is said of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// From 0 (as usual, or not judged) to 1, which no row reaches; an alarm is 0.5 or more. It is s / (s + 3), where 10⁻ˢ is
    /// the chance of a row at least this strange, less what was told of the same anomaly before.
    pub score: f64,
    /// What it is, if it is news.
    pub kind: Option<Kind>,
}

impl Score {
    const NONE: Self = Self { score: 0.0, kind: None };

    fn of(surprise: f64, kind: Option<Kind>) -> Self {
        Self { score: surprise / (surprise + ALARM), kind }
    }
}

/// Rows that are read before it is known how far apart they are.
const FIRST: usize = 9;

/// Reads one series, oldest row first.
#[derive(Clone, Debug)]
pub struct Scorer {
    first: Vec<(i64, Option<f64>)>,
    by: Option<By>,
}

#[derive(Clone, Debug)]
enum By {
    Day { watch: Box<watch::Watch>, gap: i64, last: Option<i64> },
    Row(Box<stream::Stream>),
}

impl Default for Scorer {
    fn default() -> Self {
        Self::new()
    }
}

impl Scorer {
    /// Nothing read yet.
    pub fn new() -> Self {
        Self { first: Vec::new(), by: None }
    }

    /// Reads a row: its moment in seconds (of any epoch whose day 0 begins a day), and its value in any unit; a value
    /// that is missing or no finite number is passed over.
    pub fn next(&mut self, at: i64, value: Option<f64>) -> Score {
        self.judge(at, value).unwrap_or(Score::NONE)
    }

    /// The same, and why the row was not judged if it was not.
    ///
    /// # Errors
    /// Too few values so far, this one included; or all of them the same.
    pub fn judge(&mut self, at: i64, value: Option<f64>) -> Result<Score, NotEnough> {
        let value = value.filter(|value| value.is_finite());
        if let Some(by) = &mut self.by {
            return by.judge(at, value);
        }
        self.first.push((at, value));
        let has = self.first.iter().filter(|(_, value)| value.is_some()).count();
        if self.first.len() == FIRST {
            let mut gaps: Vec<i64> = self.first.windows(2).map(|rows| rows[1].0.saturating_sub(rows[0].0)).collect();
            gaps.sort_unstable();
            let gap = gaps[gaps.len() / 2];
            // Rows 20 hours apart and more are days, whatever a change of the clock does.
            let mut by = if gap >= stream::DAY / 6 * 5 {
                By::Day { watch: Box::new(watch::Watch::new()), gap: gap.max(stream::DAY), last: None }
            } else {
                By::Row(Box::new(stream::Stream::new(gap)))
            };
            for (at, value) in std::mem::take(&mut self.first) {
                // What is judged begins with the next row: only now is it known how far apart rows are.
                let _ = by.judge(at, value);
            }
            self.by = Some(by);
        }
        Err(NotEnough::TooShort { has, needs: FIRST + 1 })
    }
}

impl By {
    fn judge(&mut self, at: i64, value: Option<f64>) -> Result<Score, NotEnough> {
        match self {
            Self::Day { watch, gap, last } => {
                let weekday = |day: i64| if *gap < 2 * stream::DAY { day.rem_euclid(7) as usize } else { 0 };
                let day = at.div_euclid(stream::DAY);
                // Days without a row are missing days; more than the longest memory of days are as good as that many.
                let missing = last.map_or(0, |last| day.saturating_sub(last).saturating_sub(1) / (*gap / stream::DAY));
                for back in (1..=missing.clamp(0, daily::LONGEST as i64)).rev() {
                    watch.next(weekday(day.saturating_sub(back)), None, false);
                }
                *last = Some(day);
                let weekday = weekday(day);
                let verdict = watch.next(weekday, value, true);
                let verdict = verdict.ok_or(NotEnough::TooShort { has: watch.present(), needs: watch::FLOOR + 1 })?;
                let kind = verdict.alarm.filter(|alarm| alarm.news).map(|alarm| alarm.kind);
                Ok(Score::of(verdict.surprise, kind))
            }
            Self::Row(stream) => {
                let value = value.ok_or(NotEnough::TooShort { has: 0, needs: 1 })?;
                let (surprise, kind) = stream.next(at, value).ok_or(NotEnough::Constant)?;
                Ok(Score::of(surprise, kind))
            }
        }
    }
}

#[cfg(test)]
mod tests;
