//! The small drawing of a figure's days: the path of a line 100 wide and 24 high, drawn on the server, so that it is there before
//! anything runs in the browser.

use std::fmt::Write as _;

use rust_decimal::{Decimal, prelude::ToPrimitive};

const WIDE: f64 = 100.0;
/// From the line's top to its bottom, with room for its own width above and below.
const HIGH: f64 = 20.0;
const TOP: f64 = 2.0;

/// The path: from zero, so that heights can be compared; days without a value are gaps. Empty where fewer than two days have one.
pub(super) fn path(days: &[Option<Decimal>]) -> String {
    let values: Vec<Option<f64>> = days.iter().map(|value| value.and_then(|value| value.to_f64())).collect();
    if values.iter().flatten().count() < 2 {
        return String::new();
    }
    let least = values.iter().flatten().copied().fold(0.0, f64::min);
    let most = values.iter().flatten().copied().fold(0.0, f64::max);
    // Nothing but zeros lies on the ground.
    let most = if most > least { most } else { 1.0 };
    let height = most - least;
    let last = (values.len() - 1).max(1) as f64;
    let mut path = String::new();
    for (at, value) in values.iter().enumerate() {
        let Some(value) = value else { continue };
        let (x, y) = (WIDE * at as f64 / last, TOP + HIGH * (most - value) / height);
        let here = |at: Option<usize>| at.and_then(|at| values.get(at)).is_some_and(Option::is_some);
        let letter = if here(at.checked_sub(1)) { 'L' } else { 'M' };
        // Writing into a text never fails.
        let _ = write!(path, "{letter}{x:.1} {y:.1}");
        if letter == 'M' && !here(Some(at + 1)) {
            path.push_str("h0");
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(days: &[Option<i64>]) -> String {
        path(&days.iter().map(|value| value.map(Decimal::from)).collect::<Vec<_>>())
    }

    #[test]
    fn a_line_begins_at_zero_and_has_gaps() {
        assert_eq!(drawn(&[Some(0), Some(10), Some(5)]), "M0.0 22.0L50.0 2.0L100.0 12.0");
        assert_eq!(drawn(&[Some(10), None, Some(10), Some(10)]), "M0.0 2.0h0M66.7 2.0L100.0 2.0");
        assert_eq!(drawn(&[Some(-10), Some(10)]), "M0.0 22.0L100.0 2.0");
        assert_eq!(drawn(&[Some(0), Some(0)]), "M0.0 22.0L100.0 22.0");
    }

    #[test]
    fn one_day_is_no_line() {
        assert_eq!([drawn(&[]), drawn(&[None, None]), drawn(&[Some(1), None])], [""; 3]);
    }
}
