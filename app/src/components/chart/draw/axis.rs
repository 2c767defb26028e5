//! Axes: lines across at round numbers, and days below.

use std::fmt::Write;

use model::{
    chart::{Span, Unit},
    day::MONTHS,
};

use super::{
    super::{
        path::{FOOT, across, down},
        scale::Scale,
    },
    escaped, text,
};

/// How wide the numbers of an axis are, in pixels.
pub(super) const NUMBERS: u32 = 56;
/// How high a drawing with one line of words below is.
pub(super) const HEIGHT: u32 = 244;
/// Days that are named at most.
const NAMED: usize = 5;

/// The numbers beside the area, and the lines through it.
pub(super) fn values(scale: Scale, unit: &Unit) -> (String, String) {
    let (mut numbers, mut lines) = (String::new(), String::new());
    let (ticks, step) = scale.ticks();
    for tick in ticks {
        let y = down(scale, tick) / 10;
        let _ = write!(
            numbers,
            r#"<text class="chart-text" x="{}" y="{}" text-anchor="end">{}</text>"#,
            NUMBERS - 8,
            y + 4,
            escaped(&unit.tick(tick, step))
        );
        let _ = write!(lines, r#"<line class="chart-grid" x1="0" x2="100%" y1="{y}" y2="{y}"/>"#);
    }
    (numbers, lines)
}

/// Some of the days, below.
pub(super) fn days(spans: &[&Span]) -> String {
    let count = spans.len();
    let stride = count.div_ceil(NAMED).max(1);
    let year = |span: &Span| span.first.get(..4).map(str::to_owned);
    let years = spans.first().zip(spans.last()).is_some_and(|(first, last)| year(first) != year(last));
    let named = spans.iter().enumerate().step_by(stride);
    named
        .map(|(place, span)| {
            let anchor = if place == 0 { "start" } else { "middle" };
            let x = if place == 0 { 0 } else { across(place, count) };
            // The last may stand too near to the edge for half of its words.
            let (x, anchor) = if x > 9_300 { (10_000, "end") } else { (x, anchor) };
            text("chart-text", x, FOOT + 18, anchor, &day(&span.first, years))
        })
        .collect()
}

/// `2026-11-03` as `3 Nov`, or `Nov 2026`.
pub(super) fn day(day: &str, years: bool) -> String {
    let mut parts = day.splitn(3, '-');
    let (year, month, number) = (parts.next(), parts.next(), parts.next());
    let name = month.and_then(|month| MONTHS.get(month.parse::<usize>().ok()?.checked_sub(1)?));
    match (year, name, number) {
        (Some(year), Some(name), Some(_)) if years => format!("{name} {year}"),
        (Some(_), Some(name), Some(number)) => format!("{} {name}", number.trim_start_matches('0')),
        _ => day.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_told_as_people_say_them() {
        assert_eq!(day("2026-11-03", false), "3 Nov");
        assert_eq!(day("2026-11-30", true), "Nov 2026");
        assert_eq!(day("soon", false), "soon");
        assert_eq!(day("2026-13-01", false), "2026-13-01");
    }

    #[test]
    fn a_year_of_days_has_few_names() {
        let spans: Vec<Span> = (1..=28).map(|day| Span::day(format!("2026-02-{day:02}"))).collect();
        let drawn = days(&spans.iter().collect::<Vec<_>>());
        assert!((2..=NAMED).contains(&drawn.matches("<text").count()), "{drawn}");
        assert!(drawn.contains(">1 Feb<"));
        assert_eq!(days(&[]), "");
    }

    #[test]
    fn each_round_number_has_its_line() {
        let scale = Scale::of([0.0, 930.0].into_iter(), true);
        let (numbers, lines) = values(scale, &Unit::Money("EUR".to_owned()));
        assert_eq!((numbers.matches("<text").count(), lines.matches("<line").count()), (5, 5));
        assert!(numbers.contains(">1,000<") && numbers.contains(">250<"), "{numbers}");
    }
}
