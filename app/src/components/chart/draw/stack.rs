//! Parts of a whole over time, one on the other; what is less than nothing hangs below.

use model::chart::{Shape, Span, Stack, Unit};

use super::{
    super::{
        path::{across, area, bar, down},
        scale::Scale,
    },
    Drawing, axis, marks, names, path, stretched,
};

pub(super) fn draw(of: &Stack, unit: &Unit) -> Drawing {
    let spans: Vec<&Span> = of.spans.iter().collect();
    let count = spans.len();
    let piled = piled(of);
    let edges = piled.iter().flatten().flatten().flat_map(|(from, to)| [*from, *to]);
    let scale = Scale::of(edges, true);
    let half = across(0, count) * 7 / 10;
    let mut paths = String::new();
    for (at, part) in piled.iter().enumerate() {
        let places = part
            .iter()
            .enumerate()
            .map(|(place, edges)| edges.map(|(from, to)| (across(place, count), down(scale, from), down(scale, to))));
        let drawn: String = match of.shape {
            Shape::Areas => area(places),
            Shape::Bars => places.flatten().map(|(x, from, to)| bar(x - half, x + half, from, to)).collect(),
        };
        paths.push_str(&path(&format!("chart-part s{}", at + 1), &drawn));
    }
    let ends = of.parts.iter().zip(&piled).enumerate().filter_map(|(at, (series, part))| {
        let (from, to) = part.iter().rev().find_map(|edges| *edges)?;
        Some((down(scale, f64::midpoint(from, to)) + 40, at, series.name.as_str()))
    });
    let (numbers, lines) = axis::values(scale, unit);
    // Bars have their names in the legend: at their end they would hide the last.
    let ends = if of.shape == Shape::Areas { names(ends.collect()) } else { String::new() };
    let area = [lines, stretched(&paths), marks(&of.marks, &spans), ends, axis::days(&spans)].concat();
    Drawing { axis: numbers, axis_width: axis::NUMBERS, area, height: axis::HEIGHT }
}

/// From where to where each part reaches at each place, upwards and downwards each by itself.
fn piled(of: &Stack) -> Vec<Vec<Option<(f64, f64)>>> {
    let mut heights = vec![(0.0_f64, 0.0_f64); of.spans.len()];
    let mut pile = |place: usize, value: f64| {
        let (up, down) = heights.get_mut(place)?;
        let height = if value < 0.0 { down } else { up };
        let from = *height;
        *height += value;
        Some((from, *height))
    };
    of.parts
        .iter()
        .map(|part| part.values.iter().enumerate().map(|(place, value)| pile(place, (*value)?)).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use model::chart::{Ids, Series};

    use super::*;

    fn stack(shape: Shape) -> Stack {
        let series = |name: &str, values: Vec<Option<f64>>| Series { name: name.to_owned(), values, ids: Ids::None };
        let parts =
            vec![series("A", vec![Some(10.0), None, Some(-5.0)]), series("B", vec![Some(20.0), Some(7.0), Some(1.0)])];
        Stack {
            spans: (1..=3).map(|day| Span::day(format!("2026-11-0{day}"))).collect(),
            parts: parts.try_into().unwrap(),
            shape,
            marks: vec![],
        }
    }

    #[test]
    fn parts_lie_on_each_other_and_what_is_missing_is_no_nothing() {
        let piled = piled(&stack(Shape::Bars));
        assert_eq!(piled[0], [Some((0.0, 10.0)), None, Some((0.0, -5.0))]);
        assert_eq!(piled[1], [Some((10.0, 30.0)), Some((0.0, 7.0)), Some((0.0, 1.0))]);
    }

    #[test]
    fn each_bar_is_one_and_an_area_breaks_at_a_gap() {
        let bars = draw(&stack(Shape::Bars), &Unit::Count).area;
        assert_eq!(
            bars.split(r#"chart-part s1" d=""#).nth(1).unwrap().split('"').next().unwrap().matches('Z').count(),
            2
        );
        let areas = draw(&stack(Shape::Areas), &Unit::Count).area;
        assert_eq!(
            areas.split(r#"chart-part s1" d=""#).nth(1).unwrap().split('"').next().unwrap().matches('Z').count(),
            2
        );
        assert_eq!(
            areas.split(r#"chart-part s2" d=""#).nth(1).unwrap().split('"').next().unwrap().matches('Z').count(),
            1
        );
    }
}
