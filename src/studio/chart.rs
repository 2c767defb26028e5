//! Charts as points between 0 and 1, which the template stretches to the width of the page. Amounts begin at zero, so that heights
//! can be compared; days without a value are gaps.

use model::report::document::{self, Chart};
use serde::Serialize;

/// A chart as the template draws it.
#[derive(Debug, Serialize)]
pub(crate) struct Drawing<'a> {
    words: &'a str,
    first: &'a str,
    last: &'a str,
    marks: Vec<Mark<'a>>,
    bands: Vec<Band>,
    lines: Vec<Drawn<'a>>,
}

#[derive(Debug, Serialize)]
struct Mark<'a> {
    at: f64,
    text: &'a str,
}

#[derive(Debug, Serialize)]
struct Band {
    upper: Vec<[f64; 2]>,
    lower: Vec<[f64; 2]>,
}

#[derive(Debug, Serialize)]
struct Drawn<'a> {
    name: &'a str,
    colour: usize,
    dashed: bool,
    runs: Vec<Vec<[f64; 2]>>,
}

/// Where a value stands.
struct Scale {
    low: f64,
    high: f64,
    /// How many days lie between the first and the last.
    steps: f64,
}

impl Scale {
    fn height(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    fn point(&self, day: usize, value: f64) -> [f64; 2] {
        [day as f64 / self.steps, self.height(value)]
    }

    /// The values in runs without gaps.
    fn runs(&self, values: &[Option<f64>]) -> Vec<Vec<[f64; 2]>> {
        let mut runs = vec![Vec::new()];
        for (day, value) in values.iter().enumerate() {
            match (value, runs.last_mut()) {
                (Some(value), Some(run)) => run.push(self.point(day, *value)),
                _ => runs.push(Vec::new()),
            }
        }
        runs.retain(|run| !run.is_empty());
        runs
    }
}

/// Draws a chart; none where there is nothing to draw.
pub(crate) fn draw(chart: &Chart) -> Option<Drawing<'_>> {
    let lines = || chart.lines.iter().flat_map(|line| line.values.iter());
    let bands = || chart.bands.iter().flat_map(|band| band.low.iter().chain(&band.high));
    let marks = || chart.marks.iter().map(|mark| &mark.value);
    let values = || lines().chain(bands()).flatten().chain(marks()).copied().filter(|value| value.is_finite());
    lines().flatten().next()?;
    let low = values().fold(0.0, f64::min);
    let high = values().fold(low, f64::max);
    let days = chart.lines.iter().map(|line| line.values.len()).max().unwrap_or_default();
    let scale =
        Scale { low, high: if high > low { high } else { low + 1.0 }, steps: days.saturating_sub(1).max(1) as f64 };
    let band = |band: &document::Band| {
        let both = band.low.iter().zip(&band.high).enumerate();
        let points: Vec<_> = both.filter_map(|(day, (low, high))| Some((day, (*low)?, (*high)?))).collect();
        Band {
            upper: points.iter().map(|(day, _, high)| scale.point(*day, *high)).collect(),
            lower: points.iter().map(|(day, low, _)| scale.point(*day, *low)).collect(),
        }
    };
    Some(Drawing {
        words: &chart.words,
        first: &chart.first,
        last: &chart.last,
        marks: chart.marks.iter().map(|mark| Mark { at: scale.height(mark.value), text: &mark.text }).collect(),
        bands: chart.bands.iter().map(band).filter(|band| band.upper.len() > 1).collect(),
        lines: chart
            .lines
            .iter()
            .map(|line| Drawn {
                name: &line.name,
                colour: line.colour,
                dashed: line.dashed,
                runs: scale.runs(&line.values),
            })
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use model::report::document::{Line, Mark as Tick};

    use super::*;

    fn chart(values: Vec<Option<f64>>) -> Chart {
        Chart {
            words: "Spend a day".into(),
            first: "1 Nov".into(),
            last: "5 Nov".into(),
            marks: vec![Tick { value: 20.0, text: "20".into() }],
            bands: Vec::new(),
            lines: vec![Line { name: "Spend".into(), colour: 0, dashed: false, values }],
        }
    }

    #[test]
    fn a_line_begins_at_zero_and_has_gaps() {
        let chart = chart(vec![Some(0.0), Some(10.0), None, Some(5.0), Some(20.0)]);
        let drawn = draw(&chart).unwrap();
        let runs = [vec![[0.0, 0.0], [0.25, 0.5]], vec![[0.75, 0.25], [1.0, 1.0]]];
        assert_eq!(drawn.lines[0].runs, runs);
        assert!((drawn.marks[0].at - 1.0).abs() < 1e-12);
    }

    #[test]
    fn days_that_nobody_knows_are_no_chart() {
        assert!(draw(&chart(vec![None, None])).is_none());
    }
}
