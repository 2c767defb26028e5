//! What was counted as one table of rows, each with a metric of some days, so that a spreadsheet can sort and add it.

use model::{
    analytics::{Answer, Breakdown, Period, Series, Total, Value},
    dashboard::{Beside, Lack},
};

use crate::performance::words;

/// A cell of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Words, which may have been typed by anybody.
    Text(String),
    /// A number, unrounded.
    Number(String),
    /// Nothing: it is not known.
    Empty,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// What its columns are called.
    pub columns: Vec<&'static str>,
    /// Its rows.
    pub rows: Vec<Vec<Cell>>,
    /// Whether all of it is simulated, which every row says then.
    pub simulated: bool,
}

const COLUMNS: [&str; 13] = [
    "table",
    "of",
    "metric",
    "name",
    "first",
    "last",
    "value",
    "unit",
    "compared_first",
    "compared_last",
    "compared",
    "change",
    "missing",
];

/// A row of the table before it is cells.
struct Line<'a> {
    table: &'a str,
    of: &'a str,
    metric: &'a str,
    name: &'a str,
    days: (&'a str, &'a str),
    value: Option<&'a str>,
    unit: &'a str,
    compared: Option<(&'a str, &'a str)>,
    before: Option<&'a str>,
    change: Option<&'a str>,
    missing: String,
}

impl Line<'_> {
    fn cells(self, simulated: bool) -> Vec<Cell> {
        let text = |text: &str| if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) };
        let number = |number: Option<&str>| number.map_or(Cell::Empty, |number| Cell::Number(number.to_owned()));
        let (first, last) = self.compared.unwrap_or_default();
        let mut cells = vec![
            text(self.table),
            text(self.of),
            text(self.metric),
            text(self.name),
            text(self.days.0),
            text(self.days.1),
            number(self.value),
            text(self.unit),
            text(first),
            text(last),
            number(self.before),
            number(self.change),
            text(&self.missing),
        ];
        if simulated {
            cells.push(Cell::Text("yes".to_owned()));
        }
        cells
    }
}

/// The answer as a table: totals, their course, and each channel; then campaigns or advertisements, if they were asked for.
pub fn export(answer: &Answer, parts: &[(&str, &Breakdown)]) -> Export {
    let simulated = answer.head.simulated;
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    rows.extend(answer.totals.iter().map(|one| total(answer, one).cells(simulated)));
    for series in &answer.series {
        rows.extend((0..answer.periods.len()).filter_map(|at| Some(step(answer, series, at)?.cells(simulated))));
    }
    for (name, table) in std::iter::once(&("channel", &answer.channels)).chain(parts) {
        for row in &table.rows {
            let lines = table.columns.iter().zip(&row.cells).map(|((key, called), cell)| Line {
                table: name,
                of: &row.name,
                metric: key,
                name: called,
                days: days(answer),
                value: value(&cell.now),
                unit: unit(key, &answer.head.currency, cell.now.is_ok()),
                compared: compared(answer),
                before: None,
                change: cell.change.as_ref().map(|change| change.value.as_str()),
                missing: missing(&cell.now, cell.partial, &[]),
            });
            rows.extend(lines.map(|line| line.cells(simulated)));
        }
    }
    let mut columns = COLUMNS.to_vec();
    if simulated {
        columns.push("simulated");
    }
    Export { columns, rows, simulated }
}

fn total<'a>(answer: &'a Answer, total: &'a Total) -> Line<'a> {
    let figure = &total.figure;
    Line {
        table: "total",
        of: &answer.head.of,
        metric: &figure.key,
        name: &figure.name,
        days: days(answer),
        value: value(&figure.now),
        unit: &figure.unit,
        compared: compared(answer),
        before: figure.before.as_ref().map(|before| before.value.as_str()),
        change: figure.change.as_ref().map(|change| change.value.as_str()),
        missing: missing(&figure.now, figure.partial, &total.lacks),
    }
}

/// A step of a course beside the step of the days before at the same place.
fn step<'a>(answer: &'a Answer, series: &'a Series, at: usize) -> Option<Line<'a>> {
    let pair = |period: &'a Period| (period.first.as_str(), period.last.as_str());
    let of = |values: &'a [Option<Value>]| values.get(at).and_then(Option::as_ref).map(|value| value.value.as_str());
    let (now, before) = (of(&series.now), of(&series.before));
    Some(Line {
        table: "series",
        of: &answer.head.of,
        metric: &series.key,
        name: &series.name,
        days: pair(answer.periods.get(at)?),
        value: now,
        unit: &series.unit,
        compared: answer.compared_periods.get(at).map(pair),
        before,
        change: None,
        missing: if now.is_none() { "not all of it is known".to_owned() } else { String::new() },
    })
}

fn days(answer: &Answer) -> (&str, &str) {
    (&answer.head.days.0, &answer.head.days.1)
}

fn compared(answer: &Answer) -> Option<(&str, &str)> {
    answer.head.compared.as_ref().map(|(first, last)| (first.as_str(), last.as_str()))
}

fn value(now: &Result<Beside, (Lack, String)>) -> Option<&str> {
    now.as_ref().ok().map(|now| now.value.as_str())
}

/// The unit of a cell that has a value.
fn unit<'a>(key: &str, currency: &'a str, there: bool) -> &'a str {
    if there { words::unit(key, currency) } else { "" }
}

fn missing(now: &Result<Beside, (Lack, String)>, partial: bool, lacks: &[String]) -> String {
    match now {
        Err((_, why)) => why.clone(),
        Ok(_) if !lacks.is_empty() => lacks.join("; "),
        Ok(_) if partial => "days or amounts are missing in it".to_owned(),
        Ok(_) => String::new(),
    }
}
