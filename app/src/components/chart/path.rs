//! Paths of a drawing that is as wide as the page lets it be: across it measures ten thousand, down ten to a pixel.

use std::fmt::Write;

use super::scale::Scale;

/// How wide the drawing of paths is, whatever its width on the page.
pub(super) const WIDE: i32 = 10_000;
/// Where the highest value lies, in pixels.
pub(super) const TOP: i32 = 8;
/// Where the lowest lies.
pub(super) const FOOT: i32 = 220;

/// The middle of a place of an axis with so many.
pub(super) fn across(place: usize, count: usize) -> i32 {
    share_across((place as f64 + 0.5) / count.max(1) as f64)
}

/// A share of the width.
pub(super) fn share_across(share: f64) -> i32 {
    (share * f64::from(WIDE)).round() as i32
}

/// How far down a value lies.
pub(super) fn down(scale: Scale, value: f64) -> i32 {
    let share = scale.share(value).clamp(0.0, 1.0);
    (f64::from(TOP * 10) + (1.0 - share) * f64::from((FOOT - TOP) * 10)).round() as i32
}

/// A share of the width as an attribute: `12.5%`.
pub(super) fn percent(across: i32) -> String {
    format!("{}.{:02}%", across / 100, across % 100)
}

/// A line through the points; a gap where there is none. A point between two gaps is a dot.
pub(super) fn line(points: impl Iterator<Item = Option<(i32, i32)>>) -> String {
    let mut path = String::new();
    let mut drawn = false;
    for point in points {
        if let Some((x, y)) = point {
            let _ = if drawn { write!(path, "L{x} {y}") } else { write!(path, "M{x} {y}h0") };
        }
        drawn = point.is_some();
    }
    path
}

/// What lies between two lines: places, and there from where to where. A gap ends a piece, and the next begins anew.
pub(super) fn area(places: impl Iterator<Item = Option<(i32, i32, i32)>>) -> String {
    let mut path = String::new();
    let mut piece: Vec<(i32, i32, i32)> = Vec::new();
    for place in places.chain(std::iter::once(None)) {
        match place {
            Some(place) => piece.push(place),
            None => {
                close(&mut path, &piece);
                piece.clear();
            }
        }
    }
    path
}

fn close(path: &mut String, piece: &[(i32, i32, i32)]) {
    let there = piece.iter().map(|(x, _, to)| (x, to));
    let back = piece.iter().rev().map(|(x, from, _)| (x, from));
    for (at, (x, y)) in there.chain(back).enumerate() {
        let _ = write!(path, "{}{x} {y}", if at == 0 { 'M' } else { 'L' });
    }
    if !piece.is_empty() {
        path.push('Z');
    }
}

/// A bar around a place.
pub(super) fn bar(from_x: i32, to_x: i32, from: i32, to: i32) -> String {
    format!("M{from_x} {from}H{to_x}V{to}H{from_x}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_breaks_the_line_and_a_lone_point_is_a_dot() {
        let points = [Some((0, 5)), Some((10, 6)), None, Some((30, 7)), None];
        assert_eq!(line(points.into_iter()), "M0 5h0L10 6M30 7h0");
        assert_eq!(line([None, None].into_iter()), "");
    }

    #[test]
    fn a_gap_breaks_the_area() {
        let places = [Some((0, 9, 5)), Some((10, 9, 6)), None, Some((30, 9, 7))];
        assert_eq!(area(places.into_iter()), "M0 5L10 6L10 9L0 9ZM30 7L30 9Z");
        assert_eq!(area([None].into_iter()), "");
    }

    #[test]
    fn the_highest_value_is_at_the_top() {
        let scale = Scale::of([0.0, 100.0].into_iter(), true);
        assert_eq!((down(scale, 100.0), down(scale, 0.0)), (TOP * 10, FOOT * 10));
        assert_eq!(down(scale, 50.0), (TOP + FOOT) * 5);
        assert_eq!((across(0, 4), across(3, 4)), (1250, 8750));
        assert_eq!((percent(1250), percent(5), percent(10_000)), ("12.50%".into(), "0.05%".into(), "100.00%".into()));
    }
}
