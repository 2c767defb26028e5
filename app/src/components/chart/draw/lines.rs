//! Courses over time, what is foretold of the first and what it is compared with.

use model::chart::{Forecast, Lines, Series, Span, Unit};

use super::{
    super::{
        path::{across, area, down, line},
        scale::Scale,
    },
    Drawing, axis, marks, names, path, stretched,
};

pub(super) fn draw(of: &Lines, unit: &Unit) -> Drawing {
    let spans: Vec<&Span> = of.spans.iter().chain(of.forecast.iter().flat_map(|ahead| &ahead.spans)).collect();
    let count = spans.len();
    let scale = Scale::of(values(of), unit.from_zero());
    let point = |place: usize, value: f64| (across(place, count), down(scale, value));
    let course = |series: &Series| {
        line(series.values.iter().enumerate().map(|(place, value)| value.map(|value| point(place, value))))
    };
    let mut paths = String::new();
    if let Some(ahead) = &of.forecast {
        paths.push_str(&foretold(ahead, of, &point));
    }
    if let Some(before) = &of.before {
        paths.push_str(&path("chart-before", &course(&before.series)));
    }
    for (at, series) in of.lines.iter().enumerate() {
        paths.push_str(&path(&format!("chart-line s{}", at + 1), &course(series)));
    }
    let ends = of.lines.iter().enumerate().filter_map(|(at, series)| {
        let last = series.values.iter().rev().find_map(|value| *value)?;
        Some((down(scale, last), at, series.name.as_str()))
    });
    let (numbers, lines) = axis::values(scale, unit);
    let ends = names(ends.collect());
    let area = [lines, marks(&of.marks, &spans), stretched(&paths), ends, axis::days(&spans)].concat();
    Drawing { axis: numbers, axis_width: axis::NUMBERS, area, height: axis::HEIGHT }
}

/// All values that are drawn.
fn values(of: &Lines) -> impl Iterator<Item = f64> {
    let ahead = of.forecast.iter().flat_map(|ahead| {
        let bands = ahead.bands.iter().flat_map(|band| band.low.iter().chain(&band.high));
        ahead.middle.iter().chain(bands).copied()
    });
    let series = of.lines.iter().chain(of.before.iter().map(|before| &before.series));
    series.flat_map(|series| series.values.iter().filter_map(|value| *value)).chain(ahead)
}

/// Bands, the widest below, and the dashed line; both begin where the course ends.
fn foretold(ahead: &Forecast, of: &Lines, point: &impl Fn(usize, f64) -> (i32, i32)) -> String {
    let known = of.spans.len();
    let last = known.checked_sub(1).and_then(|place| {
        let value = *of.lines.first()?.values.get(place)?;
        value.map(|value| (place, value))
    });
    let mut out = String::new();
    for band in ahead.bands.iter().rev() {
        let edges = band.low.iter().zip(&band.high).enumerate().map(|(at, (low, high))| (known + at, *low, *high));
        let begins = last.map(|(place, value)| (place, value, value));
        let places = begins.into_iter().chain(edges).map(|(place, low, high)| {
            let (x, low) = point(place, low);
            Some((x, low, point(place, high).1))
        });
        out.push_str(&path("chart-band s1", &area(places)));
    }
    let middle = ahead.middle.iter().enumerate().map(|(at, value)| (known + at, *value));
    let dashed = line(last.into_iter().chain(middle).map(|(place, value)| Some(point(place, value))));
    out.push_str(&path("chart-line chart-dashed s1", &dashed));
    out
}

#[cfg(test)]
mod tests {
    use model::chart::{Band, Few, Ids};

    use super::*;

    fn day(number: usize) -> Span {
        Span::day(format!("2026-11-{number:02}"))
    }

    fn lines() -> Lines {
        let series = Series { name: "A & B".to_owned(), values: vec![Some(10.0), None, Some(30.0)], ids: Ids::None };
        let band = |sure, wide| Band {
            sure,
            low: vec![30.0 - wide],
            high: vec![30.0 + wide],
            low_ids: Ids::None,
            high_ids: Ids::None,
        };
        Lines {
            spans: (1..=3).map(day).collect(),
            lines: Few::one(series),
            before: None,
            forecast: Some(Forecast {
                name: "Forecast".to_owned(),
                spans: vec![day(4)],
                middle: vec![30.0],
                ids: Ids::None,
                bands: vec![band(50, 5.0), band(80, 10.0), band(95, 70.0)],
            }),
            marks: vec![],
        }
    }

    #[test]
    fn a_missing_day_is_a_gap_and_what_is_foretold_goes_on_from_the_last() {
        let drawn = draw(&lines(), &Unit::Count);
        assert_eq!(drawn.area.matches("chart-band").count(), 3);
        let course = drawn.area.split(r#"class="chart-line s1" d=""#).nth(1).unwrap();
        assert_eq!(course.split('"').next().unwrap().matches('M').count(), 2, "a gap begins a new piece: {course}");
        let dashed = drawn.area.split(r#"chart-dashed s1" d=""#).nth(1).unwrap();
        assert!(dashed.starts_with("M6250 "), "it begins at the last day: {dashed}");
        assert!(drawn.area.contains("A &amp; B"));
        assert!(!drawn.area.contains("style="));
    }

    #[test]
    fn amounts_begin_at_nothing_and_hold_the_widest_band() {
        let scale = Scale::of(values(&lines()), Unit::Count.from_zero());
        assert!((0.0..=1.0).contains(&scale.share(-40.0)) && (0.0..=1.0).contains(&scale.share(100.0)));
        let mut alone = lines();
        alone.forecast = None;
        assert_eq!(Scale::of(values(&alone), Unit::Count.from_zero()).ticks().0[0], 0.0);
    }
}
