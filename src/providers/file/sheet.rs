//! The rows of a workbook's sheet, one after the other in constant memory.
//!
//! - A number is what stands in the file, not what a format shows of it; see [`super::amount::of_sheet`].
//! - A formula is never computed. What the spreadsheet stored as its result is read; without one the cell is wrong.
//! - A day is a number with a format that shows a day, counted from 1900 (with Lotus' 29 February 1900) or 1904.
//! - Hidden rows and columns are read as well. Of merged cells, the first has the value.

use std::io::{Read, Seek};

use time::{Date, Duration, Month};

use super::{
    MOST_COLUMNS, Unreadable, amount, day,
    record::{Cell, LONGEST_ROW, Record},
    workbook::{Shown, Workbook},
    xml::{Element, Node, Xml},
    zip::Part,
};

/// The rows of a sheet.
pub(super) struct Sheet<R: Read> {
    book: Workbook,
    xml: Xml<Part<R>>,
    row: u64,
    ended: bool,
}

/// A cell while it is read.
#[derive(Default)]
struct Draft {
    column: usize,
    sort: String,
    shown: Shown,
    value: String,
    formula: bool,
}

/// Which text of a cell is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Nothing,
    Value,
    Inline,
    Phonetic,
}

fn damaged(words: &str) -> Unreadable {
    Unreadable::Workbook(words.to_owned())
}

impl<R: Read + Seek> Sheet<R> {
    pub fn open(book: Workbook, source: R, name: &str) -> Result<Self, Unreadable> {
        let xml = book.sheet(source, name)?;
        Ok(Self { book, xml, row: 0, ended: false })
    }

    /// Reads the next row that has a cell; false at the end.
    pub fn next(&mut self, record: &mut Record) -> Result<bool, Unreadable> {
        while !self.ended {
            match self.xml.next()? {
                Node::Start(element) if element.name() == "row" => {
                    let said = element.attribute("r")?.map(|row| row.parse::<u64>());
                    let row = said.transpose().map_err(|_| damaged("a row has no number"))?.unwrap_or(self.row + 1);
                    if row <= self.row {
                        return Err(damaged("its rows are not in order"));
                    }
                    self.row = row;
                    record.begin(row);
                    self.cells(record)?;
                    if record.width > 0 {
                        return Ok(true);
                    }
                }
                Node::End(name) if name == "sheetData" => self.end()?,
                Node::Eof => return Err(damaged("a sheet ends too early")),
                _ => {}
            }
        }
        Ok(false)
    }

    fn end(&mut self) -> Result<(), Unreadable> {
        self.ended = true;
        self.xml.finish()
    }

    /// Reads the cells of a row to its end.
    fn cells(&mut self, record: &mut Record) -> Result<(), Unreadable> {
        let (mut draft, mut within, mut next) = (Draft::default(), Within::Nothing, 0);
        loop {
            match self.xml.next()? {
                Node::Start(element) => match element.name() {
                    "c" => {
                        draft = begin(&element, &self.book, next)?;
                        if draft.column < next {
                            return Err(damaged("its cells are not in order"));
                        }
                    }
                    "v" => within = Within::Value,
                    "t" if within != Within::Phonetic => within = Within::Inline,
                    "rPh" => within = Within::Phonetic,
                    "f" => draft.formula = true,
                    _ => {}
                },
                Node::Text(text) => match within {
                    Within::Value if draft.sort != "inlineStr" => draft.value.push_str(&text),
                    Within::Inline if draft.sort == "inlineStr" => draft.value.push_str(&text),
                    _ => {}
                },
                Node::End(name) => match &*name {
                    "row" => return Ok(()),
                    "v" | "rPh" => within = Within::Nothing,
                    "t" if within == Within::Inline => within = Within::Nothing,
                    "c" => {
                        next = draft.column + 1;
                        if draft.column < MOST_COLUMNS {
                            record.skip_to(draft.column);
                            self.push(&draft, record);
                        }
                        draft = Draft::default();
                    }
                    _ => {}
                },
                Node::Eof => return Err(damaged("a sheet ends too early")),
            }
            if record.len() + draft.value.len() > LONGEST_ROW {
                return Err(Unreadable::RowTooLong { line: record.line });
            }
        }
    }

    /// What the cell is; its kinds are those of 18.18.11.
    fn push(&self, draft: &Draft, record: &mut Record) {
        let value = draft.value.as_str();
        record.push(match draft.sort.as_str() {
            "s" => match value.trim().parse().ok().and_then(|index| self.book.texts.get(index)) {
                Some(text) => Cell::Text(text),
                None => Cell::Wrong("refers to a text that the workbook does not hold"),
            },
            "e" => return record.push(Cell::Wrong(&format!("holds the error {value} of the spreadsheet"))),
            "b" => Cell::Text(if value.trim() == "1" { "TRUE" } else { "FALSE" }),
            "d" => match day::parse(value, super::DayForm::YearFirst) {
                Ok(day) => Cell::Day(day),
                Err(words) => return record.push(Cell::Wrong(&words)),
            },
            "str" | "inlineStr" => Cell::Text(value),
            _ if value.is_empty() && draft.formula => {
                Cell::Wrong("holds a formula without a result. Open the file in a spreadsheet and save it again")
            }
            _ if value.is_empty() => Cell::Text(""),
            _ => match draft.shown {
                Shown::Number => Cell::Number(value.trim()),
                Shown::Percentage => Cell::Wrong("is a percentage, not an amount or a count"),
                Shown::NoDay => Cell::Wrong("shows a time or a month: rows hold the totals of whole days"),
                Shown::Day => match of_serial(value, self.book.late) {
                    Ok(day) => Cell::Day(day),
                    Err(words) => Cell::Wrong(words),
                },
            },
        });
    }
}

fn begin(element: &Element<'_>, book: &Workbook, next: usize) -> Result<Draft, Unreadable> {
    let place = element.attribute("r")?;
    let column = place.as_deref().map_or(Some(next), column).ok_or_else(|| damaged("a cell has no place"))?;
    let sort = element.attribute("t")?.unwrap_or_default();
    Ok(Draft { column, sort, shown: book.shown(element.attribute("s")?.as_deref()), ..Draft::default() })
}

/// The column of `AB12`, from 0; XFD is the last of a sheet.
fn column(place: &str) -> Option<usize> {
    let letters = place.bytes().take_while(u8::is_ascii_alphabetic).map(|letter| letter.to_ascii_uppercase());
    let column = letters.take(4).fold(0, |column, letter| column * 26 + usize::from(letter - b'A') + 1);
    (1..=16_384).contains(&column).then(|| column - 1)
}

/// The day with this number.
fn of_serial(text: &str, late: bool) -> Result<Date, &'static str> {
    let number = amount::plain(text.trim()).ok_or("is not the number of a day")?;
    if !number.fract().is_zero() {
        return Err("has a time of day: rows hold the totals of whole days");
    }
    let number = i64::try_from(number).map_err(|_| "is not the number of a day")?;
    // Counted from 1900, day 60 is a 29 February that never was; after it, everything is one more.
    let (year, shift) = match (late, number) {
        (true, _) => (1904, 0),
        (false, 60) => return Err("is not the number of a day"),
        (false, ..60) => (1900, -1),
        (false, _) => (1900, -2),
    };
    let first = Date::from_calendar_date(year, Month::January, 1).map_err(|_| "is not the number of a day")?;
    let day = first.checked_add(Duration::days(number.clamp(-1_000_000, 4_000_000) + shift));
    day.ok_or("is not the number of a day")
        .and_then(|day| day::plausible(day).map_err(|_| "is not in the years 1990 to 2099"))
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn numbers_of_days_are_counted_from_both_years() {
        assert_eq!(of_serial("46054", false), Ok(date!(2026 - 02 - 01)));
        assert_eq!(of_serial("44592", true), Ok(date!(2026 - 02 - 01)));
        assert_eq!(of_serial("32874.0", false), Ok(date!(1990 - 01 - 01)));
        for text in ["46054.5", "60", "1", "0", "-5", "99999999999", "abc", "1E300", ""] {
            assert!(of_serial(text, false).is_err(), "{text}");
        }
    }

    #[test]
    fn places_have_columns() {
        assert_eq!(
            [column("A1"), column("z9"), column("AB12"), column("XFD1")],
            [Some(0), Some(25), Some(27), Some(16_383)]
        );
        assert_eq!([column("XFE1"), column("12"), column(""), column("AAAAAAAA1")], [None; 4]);
    }
}
