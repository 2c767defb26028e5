//! From a file to rows, through a mapping: once to check everything, once to keep it.
//!
//! Both passes judge alike, so that what was checked is what is kept; memory is that of the longest row and of
//! [`Judge`]'s keys. Blocking: to be run where blocking is allowed.

use std::{
    io::{Read, Seek},
    path::Path,
};

use model::{
    import::{Shape, excerpt},
    metric::{Account, Days},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use time::Date;

use super::{
    Fault, Field, Judge, Line, Mapping, Problem, Refunds, Row, RowError, Unreadable, amount, day,
    formula::unprotect,
    mapping::{Place, places},
    record::{Cell, Record},
    sign,
    table::Table,
};

/// What reading the whole file found. Nothing may be kept unless it is [`clean`](Self::clean).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// Rows that can be kept.
    pub rows: u64,
    /// Rows that the mapping leaves out.
    pub left_out: u64,
    /// From the first day to the last among the rows that can be kept.
    pub days: Option<Days>,
    /// Rows that are wrong.
    pub wrong: u64,
    /// What is wrong with the first of them.
    pub errors: Vec<RowError>,
}

impl Checked {
    /// Whether there is something to keep and nothing is wrong.
    pub const fn clean(&self) -> bool {
        self.wrong == 0 && self.rows > 0
    }
}

/// Reads the whole file and keeps nothing. `errors` is how many row errors are listed; the others are counted.
///
/// # Errors
/// The file as a whole cannot be read.
pub fn check<R: Read + Seek>(
    source: R,
    mapping: &Mapping,
    account: &Account,
    today: Date,
    errors: usize,
) -> Result<Checked, Unreadable> {
    let mut rows = read(source, mapping, account, today)?;
    let mut checked = Checked::default();
    for line in rows.by_ref() {
        match line {
            Ok(line) => {
                checked.rows += 1;
                checked.days = Some(day::extend(checked.days, line.row.day));
            }
            Err(Problem::Row(error)) => {
                checked.wrong += 1;
                if checked.errors.len() < errors {
                    checked.errors.push(error);
                }
            }
            Err(Problem::File(error)) => return Err(error),
        }
    }
    checked.left_out = rows.left_out;
    Ok(checked)
}

/// Begins to read the file.
///
/// # Errors
/// The mapping contradicts itself or does not fit the file, or the file cannot be read.
pub fn read<R: Read + Seek>(
    source: R,
    mapping: &Mapping,
    account: &Account,
    today: Date,
) -> Result<Rows<R>, Unreadable> {
    mapping.check().map_err(Unreadable::Mapping)?;
    let mut table = Table::open(source, &mapping.format)?;
    let mut record = Record::default();
    let mut names = Vec::new();
    if let Some(line) = mapping.header {
        while record.line < line {
            if !table.next(&mut record)? {
                return Err(Unreadable::Header(format!("the file ends before line {line}, the names of the columns")));
            }
        }
        if record.line > line {
            return Err(Unreadable::Header(format!("line {line} does not hold the names of the columns")));
        }
        names.extend(record.all_shown().map(|name| unquoted(mapping, &name).trim().to_owned()));
    }
    let places = places(mapping, &names, account)?;
    let width = if mapping.header.is_some() { Some(record.width) } else { None }.filter(|_| table.counted());
    Ok(Rows {
        table,
        record,
        mapping: mapping.clone(),
        currency: account.currency.clone(),
        places,
        width,
        judge: Judge::new(mapping.kind, account, today),
        left_out: 0,
        ended: false,
    })
}

fn unquoted<'a>(mapping: &Mapping, text: &'a str) -> &'a str {
    if mapping.protected { unprotect(text) } else { text }
}

/// The rows of a file: an iterator in which a wrong row is an error and the next may follow.
pub struct Rows<R: Read> {
    table: Table<R>,
    record: Record,
    mapping: Mapping,
    currency: String,
    places: Vec<Place>,
    /// How many columns have a name, where rows say how many cells they have.
    width: Option<usize>,
    judge: Judge,
    /// How many rows the mapping has left out so far.
    pub left_out: u64,
    ended: bool,
}

impl<R: Read + Seek> Iterator for Rows<R> {
    type Item = Result<Line, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            match self.table.next(&mut self.record) {
                Ok(true) => {}
                Ok(false) => self.ended = true,
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error.into()));
                }
            }
            if self.ended || self.record.blank() {
                continue;
            }
            if self.omitted() {
                self.left_out += 1;
                continue;
            }
            let line = self.record.line;
            let row = self.row().map_err(|faults| Problem::Row(RowError { line, faults }));
            let judged = row.and_then(|row| self.judge.line(line, &row)).map_err(|problem| self.named(problem));
            self.ended = matches!(judged, Err(Problem::File(_)));
            return Some(judged);
        }
        None
    }
}

impl<R: Read + Seek> Rows<R> {
    /// The same, with what is needed to compare many rows in a file in `folder`, so that memory does not grow with them.
    #[must_use]
    pub fn spill_into(mut self, folder: &Path) -> Self {
        self.judge.spill_into(folder);
        self
    }

    /// The next rows, at most `size`; empty at the end. For the second pass: it stops at anything wrong.
    ///
    /// # Errors
    /// A row is wrong or the file cannot be read on: then it is not the file that was checked.
    pub fn batch(&mut self, size: usize) -> Result<Vec<Line>, Problem> {
        self.by_ref().take(size).collect()
    }

    /// Whether the mapping leaves the row out.
    fn omitted(&self) -> bool {
        let starts = &self.mapping.leave_out;
        !starts.is_empty()
            && self.record.all_shown().find(|cell| !cell.trim().is_empty()).is_some_and(|first| {
                let first = unquoted(&self.mapping, &first).trim_start();
                starts.iter().any(|start| first.starts_with(start.trim()))
            })
    }

    /// Says the columns' names in faults of the judge, who knows fields only.
    fn named(&self, mut problem: Problem) -> Problem {
        if let Problem::Row(error) = &mut problem {
            for fault in &mut error.faults {
                let place = self.places.iter().find(|place| Some(place.field) == fault.field);
                fault.column = place.map(|place| place.name.clone()).filter(|name| !name.is_empty());
            }
        }
        problem
    }

    /// The record as a row, or every fault of it.
    fn row(&self) -> Result<Row, Vec<Fault>> {
        if let Some(words) = self.record.wrong {
            return Err(vec![Fault::row(words)]);
        }
        if let Some(width) = self.width.filter(|width| self.surplus(*width)) {
            let found = self.record.width;
            let words =
                format!("there are {found} cells under {width} columns. Is a cell with a delimiter in it not quoted?");
            return Err(vec![Fault::row(words)]);
        }
        let (mut row, mut faults, mut has_day) = (Row::of(Date::MIN), Vec::new(), false);
        for place in &self.places {
            let cell = match self.record.cell(place.index) {
                Some(cell) => cell,
                None if self.table.counted() => {
                    faults.push(fault(place, None, "is missing: the row ends before this column"));
                    continue;
                }
                None => Cell::Text(""),
            };
            match self.set(&mut row, place.field, cell) {
                Ok(()) => has_day |= place.field == Field::Day,
                Err(words) => {
                    // A cell that a spreadsheet could not fill has no text but what is wrong with it.
                    let value = self.record.shown(place.index);
                    faults.push(fault(place, Some(value.as_ref()).filter(|value| *value != words), words));
                }
            }
        }
        if faults.is_empty() && has_day { Ok(row) } else { Err(faults) }
    }

    /// Whether there is something in a cell behind the last column with a name.
    fn surplus(&self, width: usize) -> bool {
        (width..self.record.width).any(|index| !self.record.shown(index).trim().is_empty())
    }

    /// Reads one cell into its field.
    fn set(&self, row: &mut Row, field: Field, cell: Cell<'_>) -> Result<(), String> {
        let cell = match cell {
            Cell::Text(text) => Cell::Text(unquoted(&self.mapping, text)),
            Cell::Wrong(words) => return Err(words.to_owned()),
            other => other,
        };
        match (field.shape(), cell) {
            (Shape::Day, Cell::Day(day)) => row.day = day,
            (Shape::Day, Cell::Text(text)) => row.day = day::parse(text, self.mapping.days)?,
            (Shape::Day, Cell::Number(text)) => {
                // 20260201 is a day; 46054 is one only with a format that says so.
                row.day = day::parse(text, self.mapping.days)
                    .map_err(|_| "is a number, not a day. Format the column as a date".to_owned())?;
            }
            (Shape::Id, Cell::Text(text)) => row.set_text(field, id(text)?),
            (Shape::Id, Cell::Number(text)) => row.set_text(field, whole_id(text)?),
            // Where a name's column is mapped, every row has one, so that all rows are at one level.
            (Shape::Text, Cell::Text(text)) if field == Field::Attribution && text.trim().is_empty() => {}
            (Shape::Text, Cell::Text(text)) => row.set_text(field, text.to_owned()),
            (Shape::Text, Cell::Number(text)) => {
                let number = amount::of_sheet(text).ok_or("is not a text")?;
                row.set_text(field, number.to_string());
            }
            (Shape::Id | Shape::Text, Cell::Day(_)) => {
                return Err("is a day to the spreadsheet. Format the column as text".to_owned());
            }
            (_, Cell::Day(_)) => return Err("is a day, not an amount or a count".to_owned()),
            (shape, Cell::Number(text)) => {
                let number = amount::of_sheet(text).ok_or("is not a number")?;
                self.set_number(row, field, shape, number)?;
            }
            (shape, Cell::Text(text)) => {
                let form = self.mapping.numbers;
                let number = match shape {
                    Shape::Count => amount::count(text, form)?,
                    Shape::Number => match amount::amount(text, form)? {
                        Some(number) if number.currency.is_some() => {
                            return Err("is an amount of money, not a count".to_owned());
                        }
                        number => number.map(|number| number.value),
                    },
                    _ => match amount::amount(text, form)? {
                        Some(number) if number.currency.is_some_and(|sign| !sign::fits(sign, &self.currency)) => {
                            return Err(format!("is not in the account's currency, {}", self.currency));
                        }
                        number => number.map(|number| number.value),
                    },
                };
                if let Some(number) = number {
                    self.set_number(row, field, shape, number)?;
                }
            }
            (_, Cell::Wrong(words)) => return Err(words.to_owned()),
        }
        Ok(())
    }

    fn set_number(&self, row: &mut Row, field: Field, shape: Shape, number: Decimal) -> Result<(), String> {
        let number = match (field, self.mapping.refunds) {
            (Field::Refunds, Refunds::BelowZero) if number.is_sign_positive() && !number.is_zero() => {
                return Err("is above zero, but the mapping says that refunds are written below".to_owned());
            }
            (Field::Refunds, Refunds::BelowZero) => number.abs(),
            _ => number,
        };
        if row.set_number(field, number) {
            Ok(())
        } else if shape == Shape::Count && number.fract().is_zero() {
            Err("is too large for a count".to_owned())
        } else {
            Err("is not a whole number".to_owned())
        }
    }
}

fn fault(place: &Place, value: Option<&str>, message: impl Into<String>) -> Fault {
    let column = Some(place.name.clone()).filter(|name| !name.is_empty());
    Fault { field: Some(place.field), column, value: value.map(excerpt), message: message.into() }
}

const SHORTENED: &str = "was shortened by a spreadsheet. Format the column as text there and fetch the ids again";

/// An id as text: what a spreadsheet has shortened is another's, or nobody's.
fn id(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.contains(['e', 'E']) && text.contains(['+', '.', ',']) && amount::plain(&text.replace(',', ".")).is_some() {
        return Err(SHORTENED.to_owned());
    }
    Ok(text.to_owned())
}

/// An id that is a number to the spreadsheet, which keeps fifteen digits of it unless a program wrote all.
fn whole_id(text: &str) -> Result<String, String> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    let number = amount::of_sheet(text).filter(|number| number.fract().is_zero() && number.is_sign_positive());
    let number = number.ok_or("is not an id")?.normalize().to_string();
    // With fifteen digits or more nobody can tell how many are lost.
    if number.len() < 15 { Ok(number) } else { Err(SHORTENED.to_owned()) }
}
