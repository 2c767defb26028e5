//! The signs of coming fatigue on a day, from that day and earlier ones only.

use super::{
    creative::{Creative, Level},
    label::{Early, FALL, WEEK, below},
};

/// Spread of true changes of a rate in logarithms that is thought usual: measured changes are drawn to none by as much as
/// their own variance outweighs it.
const USUAL: f64 = 0.25;

fn drawn(change: f64, variance: f64) -> f64 {
    change * USUAL * USUAL / (USUAL * USUAL + variance)
}

fn change(from: Option<Level>, to: Option<Level>) -> f64 {
    match (from, to) {
        (Some(from), Some(to)) => drawn(to.log - from.log, from.variance + to.variance),
        _ => 0.0,
    }
}

/// One row of the hazard; `at` is at least the day after the early days and the seventh.
pub(super) fn signs(creative: &Creative, early: &Early, at: usize, scatter: f64) -> Vec<f64> {
    let week = (at + 1).saturating_sub(WEEK);
    let recent = creative.clicks(week, at, scatter);
    let fall = change(Some(early.level), recent);
    // How sure the last week lies below the limit; half way between nothing known and no fall, if it is unknown.
    let surely = recent.map_or(-1.0, |recent| below(early, &recent)).clamp(-5.0, 5.0);
    let before = week.checked_sub(WEEK).and_then(|from| creative.clicks(from, week - 1, scatter));
    let slope = change(before, recent);
    // The last three days tell of what has only just begun.
    let latest = change(Some(early.level), creative.clicks((at + 1).saturating_sub(3), at, scatter));
    // All days before the last week know the level better than the first week alone, as long as nothing fell.
    let long = week.checked_sub(1).and_then(|to| creative.clicks(0, to, scatter));
    let late = change(long, recent);
    let latest_late = change(long, creative.clicks((at + 1).saturating_sub(3), at, scatter));
    // Where the level will be in a week if it goes on like this, against the limit.
    let ahead = (fall + slope - libm::log(FALL)).clamp(-1.0, 1.0);
    let [conversions, spend] = creative.told();
    let month = (at + 1).saturating_sub(2 * WEEK).max(early.last + 1);
    let conversion = if conversions && month <= at {
        change(creative.conversions(0, early.last, scatter), creative.conversions(month, at, scatter))
    } else {
        0.0
    };
    let price = |from, to| {
        let [impressions, _, _, cost] = creative.sum(from, to);
        (spend && impressions > 0.0 && cost > 0.0).then(|| libm::log(cost / impressions))
    };
    let price = price(0, early.last).zip(price(week, at)).map_or(0.0, |(early, now)| now - early);
    let shown = creative.sum(0, at)[0];
    // Cumulative frequency, and by how much a week adds to it. Without reach what was shown stands for it.
    let (frequency, pace, known) = match creative.reached(at) {
        Some(reach) => {
            let week = creative.sum(week, at)[0] / reach;
            ((shown / reach).max(1.0), week.min(20.0), 1.0)
        }
        None => (1.0, 0.0, 0.0),
    };
    let unknown = if known > 0.0 { 0.0 } else { libm::log1p(shown) };
    let often = libm::log(frequency);
    vec![
        libm::log((at + 1) as f64),
        often,
        often * often,
        pace,
        known,
        unknown,
        fall,
        latest,
        surely,
        (surely + 1.0).max(0.0),
        slope,
        late,
        latest_late,
        ahead.min(0.0),
        conversion,
        price,
        often * (surely + 1.0).max(0.0),
    ]
}
