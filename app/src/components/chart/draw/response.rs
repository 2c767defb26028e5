//! What is brought by what is spent: a curve in its band, dashed where so much was never spent.

use std::fmt::Write;

use model::chart::{Response, ResponsePoint, Unit};

use super::{
    super::{
        path::{FOOT, TOP, area, down, line, percent, share_across},
        scale::Scale,
    },
    Drawing, axis, path, stretched, text,
};

pub(super) fn draw(of: &Response, unit: &Unit) -> Drawing {
    let spends = of.points.iter().map(|point| point.spend);
    let across = Scale::of(spends.chain(of.current.iter().map(|current| current.spend)), true);
    let values = of.points.iter().flat_map(|point| [point.middle, point.low, point.high]);
    let scale = Scale::of(values, unit.from_zero());
    let x = |spend: f64| share_across(across.share(spend));
    let point = |point: &ResponsePoint| (x(point.spend), down(scale, point.middle));
    let band = of.points.iter().map(|at| Some((x(at.spend), down(scale, at.low), down(scale, at.high))));
    // The dashed piece begins at the last point of the other.
    let seen = of.points.iter().take_while(|point| point.seen).count();
    let known = line(of.points[..seen].iter().map(|at| Some(point(at))));
    let beyond = line(of.points[seen.saturating_sub(1)..].iter().map(|at| Some(point(at))));
    let paths = [
        path("chart-band s1", &area(band)),
        path("chart-line chart-dashed s1", if seen < of.points.len() { &beyond } else { "" }),
        path("chart-line s1", &known),
    ]
    .concat();
    let (numbers, mut drawn) = axis::values(scale, unit);
    drawn.push_str(&stretched(&paths));
    let (ticks, step) = across.ticks();
    let last = ticks.len().saturating_sub(1);
    for (at, tick) in ticks.into_iter().enumerate() {
        let anchor = if at == 0 {
            "start"
        } else if at == last {
            "end"
        } else {
            "middle"
        };
        drawn.push_str(&text("chart-text", x(tick), FOOT + 18, anchor, &of.spend_unit.tick(tick, step)));
    }
    let below = match of.spend_unit.axis() {
        "" => of.spend.clone(),
        unit => format!("{}, {unit}", of.spend),
    };
    drawn.push_str(&text("chart-text", 5_000, FOOT + 36, "middle", &below));
    if let Some(current) = &of.current {
        let (x, at) = (x(current.spend), percent(x(current.spend)));
        let _ =
            write!(drawn, r#"<line class="chart-mark chart-mark-now" x1="{at}" x2="{at}" y1="{TOP}" y2="{FOOT}"/>"#);
        let words = format!(" Now: {} ", of.spend_unit.shown(current.spend));
        drawn.push_str(&text("chart-text chart-words", x, TOP + 10, if x > 5_000 { "end" } else { "start" }, &words));
    }
    Drawing { axis: numbers, axis_width: axis::NUMBERS, area: drawn, height: axis::HEIGHT + 18 }
}

#[cfg(test)]
mod tests {
    use model::chart::Current;

    use super::*;

    fn response(seen: usize) -> Response {
        let point = |at: usize| ResponsePoint {
            spend: at as f64 * 100.0,
            middle: at as f64 * 300.0,
            low: at as f64 * 200.0,
            high: at as f64 * 400.0,
            seen: at < seen,
            ids: [None, None, None, None],
        };
        Response {
            spend: "Spend a day".to_owned(),
            spend_unit: Unit::Money("EUR".to_owned()),
            brings: "Revenue a day".to_owned(),
            points: (0..5).map(point).collect(),
            sure: 80,
            current: Some(Current { spend: 200.0, figure: None }),
        }
    }

    #[test]
    fn what_was_never_spent_is_dashed() {
        let drawn = draw(&response(3), &Unit::Money("EUR".to_owned())).area;
        assert!(drawn.contains(r#"class="chart-line s1""#) && drawn.contains("chart-dashed"));
        assert!(drawn.contains("Now: 200.00 EUR"), "{drawn}");
        assert!(drawn.contains("Spend a day, EUR"));
        let whole = draw(&response(5), &Unit::Count).area;
        assert!(!whole.contains("chart-dashed"));
        let none = draw(&response(0), &Unit::Count).area;
        assert!(none.contains("chart-dashed") && !none.contains(r#"class="chart-line s1""#));
    }

    #[test]
    fn no_points_are_no_curve() {
        let empty = Response { points: vec![], current: None, ..response(0) };
        assert!(!draw(&empty, &Unit::Count).area.contains("<path"));
    }
}
