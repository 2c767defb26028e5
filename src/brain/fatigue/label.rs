//! What tired means: by the creative's own early level, as known on a day, and as known when looking back.

use super::creative::{Creative, Level};
use crate::memory::phi;

/// A creative is tired when its click rate stays below this part of its early level. A fifth less is what an agency acts
/// on, and more than the platforms' own weekly swings.
pub const FALL: f64 = 0.8;
/// The probability from which a fall counts as sure.
const SURE: f64 = 0.95;
/// Days of a window; a whole week, so that weekdays do not matter.
pub(super) const WEEK: usize = 7;
/// Effective clicks of the early days: a standard deviation of 14 % of the level that all is measured by.
const EARLY_CLICKS: f64 = 50.0;
/// The early days are at most so many; later the level may already have fallen.
const EARLY_DAYS: usize = 21;
/// Effective clicks of a week, without which nothing is said of it.
pub(super) const RECENT_CLICKS: f64 = 15.0;

/// The early level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Early {
    pub level: Level,
    /// Its last day.
    pub last: usize,
}

/// The early level: the first week, or as many days more as it takes to have enough clicks. None if three weeks have not.
pub(super) fn early(creative: &Creative, scatter: f64) -> Option<Early> {
    (WEEK - 1..EARLY_DAYS.min(creative.len())).find_map(|last| {
        let level = creative.clicks(0, last, scatter)?;
        (level.effective >= EARLY_CLICKS).then_some(Early { level, last })
    })
}

/// How far a level lies under the limit, in standard deviations.
pub(super) fn below(early: &Early, level: &Level) -> f64 {
    (libm::log(FALL) + early.level.log - level.log) / (early.level.variance + level.variance).sqrt()
}

/// The probability that the creative is tired on day `at`, by its last week alone; none if that week is too thin or is part
/// of the early days.
pub(super) fn tired(creative: &Creative, early: &Early, at: usize, scatter: f64) -> Option<f64> {
    let from = (at + 1).checked_sub(WEEK).filter(|from| *from > early.last)?;
    let level = creative.clicks(from, at, scatter).filter(|level| level.effective >= RECENT_CLICKS)?;
    Some(phi(below(early, &level)))
}

/// Whether that is sure enough.
pub(super) fn sure(probability: f64) -> bool {
    probability >= SURE
}

/// The day on which it became tired, looking back from `last`: the first around which the week's rate lies below the limit
/// and whose next two weeks (one at least) surely do. None if there is no such day yet.
pub(super) fn onset(creative: &Creative, early: &Early, last: usize, scatter: f64) -> Option<usize> {
    (early.last + 1..).take_while(|at| at + WEEK - 1 <= last).find(|&at| {
        let around = creative.clicks(at.saturating_sub(3).max(early.last + 1), (at + 3).min(last), scatter);
        let next = creative.clicks(at, (at + 2 * WEEK - 1).min(last), scatter);
        around.is_some_and(|level| level.log < early.level.log + libm::log(FALL))
            && next.is_some_and(|level| level.effective >= RECENT_CLICKS && sure(phi(below(early, &level))))
    })
}
