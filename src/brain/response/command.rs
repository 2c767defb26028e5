//! `audienceos brain response`: a table as CSV in, curves as JSON out.

use std::io::Read;

use serde::Serialize;
use time::{Date, format_description::well_known::Iso8601};

use super::{Column, LiftTest, Response, Step, Table, Unusable, fit};

/// Which column is what.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// Column of the target.
    pub target: String,
    /// Column of the day, as `2026-01-31`.
    pub date: String,
    /// Columns of spend.
    pub spend: Vec<String>,
    /// Columns of controls.
    pub controls: Vec<String>,
    /// Experiments.
    pub lift_tests: Vec<LiftTest>,
}

/// Why there is no answer. Lines count from 1, the heading included.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Refusal {
    /// The text is no CSV.
    #[error("line {line}: {problem}")]
    Unreadable {
        /// The line, 0 when unknown.
        line: u64,
        /// What the reader said.
        problem: String,
    },
    /// A named column is not there.
    #[error("there is no column {column}")]
    NoColumn {
        /// The name asked for.
        column: String,
    },
    /// A named column is there twice.
    #[error("there are two columns {column}")]
    ColumnTwice {
        /// The name asked for.
        column: String,
    },
    /// A cell is empty where only the target may be.
    #[error("line {line}: {column} is empty; write 0 where there was none")]
    Empty {
        /// The line.
        line: u64,
        /// The column.
        column: String,
    },
    /// A cell is no finite number.
    #[error("line {line}: {column} is no number: {value}")]
    NoNumber {
        /// The line.
        line: u64,
        /// The column.
        column: String,
        /// What it holds, cut short.
        value: String,
    },
    /// A cell is no day.
    #[error("line {line}: {column} is no day like 2026-01-31: {value}")]
    NoDay {
        /// The line.
        line: u64,
        /// The column.
        column: String,
        /// What it holds, cut short.
        value: String,
    },
    /// A day is there twice.
    #[error("line {line}: {column} {day} is there twice")]
    DayTwice {
        /// The later line.
        line: u64,
        /// The column.
        column: String,
        /// The day.
        day: String,
    },
    /// The rows are neither daily nor weekly, or some are missing.
    #[error(
        "line {line}: {column} {day} does not follow the day before it by one day or one week, as the first rows do"
    )]
    Gap {
        /// The line after the gap.
        line: u64,
        /// The column.
        column: String,
        /// Its day.
        day: String,
    },
    /// A lift test that cannot be read.
    #[error("the lift test {given} is not like channel:1.8:0.2 (channel, target per unit of spend, standard error)")]
    LiftTest {
        /// What was given.
        given: String,
    },
    /// The table was read and cannot be fitted.
    #[error("{0}")]
    Unusable(Unusable),
}

/// Reads `channel:return:standard error`; the channel may hold colons.
///
/// # Errors
/// [`Refusal::LiftTest`] when it is not like that or a number is not finite or the error not above zero.
pub fn parse_lift_test(given: &str) -> Result<LiftTest, Refusal> {
    let refuse = || Refusal::LiftTest { given: short(given) };
    let mut parts = given.rsplitn(3, ':');
    let mut number = || parts.next().and_then(|part| part.trim().parse::<f64>().ok()).filter(|part| part.is_finite());
    let (error, roas) = (number().filter(|error| *error > 0.0), number());
    let channel = parts.next().filter(|channel| !channel.is_empty());
    match (channel, roas, error) {
        (Some(channel), Some(roas), Some(error)) => Ok(LiftTest { channel: channel.to_owned(), roas, error }),
        _ => Err(refuse()),
    }
}

/// Reads the CSV, fits, and writes one JSON object with a line's end.
///
/// # Errors
/// [`Refusal`] names column and line.
pub fn run(query: &Query, input: impl Read, seed: u64) -> Result<String, Refusal> {
    let response = fit(&read(query, input)?, seed).map_err(Refusal::Unusable)?;
    Ok(written(&response))
}

fn written(response: &Response) -> String {
    // Plain structures with text keys always have JSON.
    let mut text = serde_json::to_string_pretty(response).unwrap_or_default();
    text.push('\n');
    text
}

/// Reads the CSV into a table: rows in any order, days or weeks without a gap, the target alone may be empty.
///
/// # Errors
/// [`Refusal`] names column and line.
pub fn read(query: &Query, input: impl Read) -> Result<Table, Refusal> {
    let mut reader = csv::ReaderBuilder::new().from_reader(input);
    let unreadable = |problem: csv::Error| Refusal::Unreadable {
        line: problem.position().map_or(0, csv::Position::line),
        problem: problem.to_string(),
    };
    let headings = reader.headers().map_err(unreadable)?.clone();
    let place = |column: &String| {
        let mut places = headings.iter().enumerate().filter(|(at, heading)| {
            let heading = if *at == 0 { heading.trim_start_matches('\u{feff}') } else { heading };
            heading.trim() == column
        });
        match (places.next(), places.next()) {
            (Some((at, _)), None) => Ok(at),
            (None, _) => Err(Refusal::NoColumn { column: column.clone() }),
            _ => Err(Refusal::ColumnTwice { column: column.clone() }),
        }
    };
    let (date, target) = (place(&query.date)?, place(&query.target)?);
    let numbers: Vec<(usize, &String)> =
        query.spend.iter().chain(&query.controls).map(|name| Ok((place(name)?, name))).collect::<Result<_, _>>()?;
    let mut rows: Vec<(Date, u64, Option<f64>, Vec<f64>)> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |at: usize| record.get(at).unwrap_or_default().trim();
        let number = |at: usize, column: &String| match cell(at) {
            "" => Ok(None),
            text => text
                .parse::<f64>()
                .ok()
                .filter(|value| value.is_finite())
                .map(Some)
                .ok_or_else(|| Refusal::NoNumber { line, column: column.clone(), value: short(text) }),
        };
        // A moment's day is its day; the time of day and the zone are the client's business.
        let text = cell(date);
        let day = Date::parse(text.get(..10).unwrap_or(text), &Iso8601::DATE).map_err(|_| Refusal::NoDay {
            line,
            column: query.date.clone(),
            value: short(text),
        })?;
        let values = numbers
            .iter()
            .map(|(at, name)| number(*at, name)?.ok_or_else(|| Refusal::Empty { line, column: (*name).clone() }));
        rows.push((day, line, number(target, &query.target)?, values.collect::<Result<_, _>>()?));
    }
    rows.sort_by_key(|(day, line, ..)| (*day, *line));
    let step = step(&query.date, &rows)?;
    let column = |(at, name): (usize, &String)| Column {
        name: name.clone(),
        values: rows.iter().map(|(.., values)| values[at]).collect(),
    };
    let mut columns: Vec<Column> = numbers.iter().map(|(_, name)| *name).enumerate().map(column).collect();
    let controls = columns.split_off(query.spend.len());
    Ok(Table {
        step,
        // Without rows the fit says that there are too few.
        start: rows.first().map_or(Date::MIN, |(day, ..)| *day),
        target: rows.iter().map(|(_, _, target, _)| *target).collect(),
        channels: columns,
        controls,
        lift_tests: query.lift_tests.clone(),
    })
}

fn step(column: &str, rows: &[(Date, u64, Option<f64>, Vec<f64>)]) -> Result<Step, Refusal> {
    let mut step = Step::Daily;
    for (at, pair) in rows.windows(2).enumerate() {
        let (day, line) = (pair[1].0, pair[1].1);
        let days = (day - pair[0].0).whole_days();
        if days == 0 {
            return Err(Refusal::DayTwice { line, column: column.to_owned(), day: day.to_string() });
        }
        if at == 0 && days == 7 {
            step = Step::Weekly;
        }
        if days != i64::from(step.days()) {
            return Err(Refusal::Gap { line, column: column.to_owned(), day: day.to_string() });
        }
    }
    Ok(step)
}

/// The first 40 characters.
fn short(text: &str) -> String {
    text.chars().take(40).collect()
}
