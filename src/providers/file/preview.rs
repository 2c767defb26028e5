//! How a file can be read, before anybody has chosen: its first rows and proposals from a sample.
//!
//! A proposal is made only where the sample allows one reading. Where it allows several, all of them are said with a cell
//! that they read differently; where it allows none, with a cell that contradicts the others. A person chooses.

use std::io::{Read, Seek};

use super::{
    Chosen, Column, DayForm, Delimiter, Encoding, Field, Format, Guess, MOST_COLUMNS, Preview, Refunds, Shown,
    Unreadable, amount, day,
    encoding::{self, Finding},
    formula::unprotect,
    guess::{self, Row},
    table::{Container, container},
    workbook::{Limits, Workbook},
};

/// How many rows are shown, and how many characters of a cell.
const SHOWN: usize = 20;
const SHOWN_CELL: usize = 200;

/// Looks at a file. Encoding is judged by all of it, everything else by its first rows.
///
/// # Errors
/// It is no text or workbook, holds no rows, or has no sheet with the chosen name.
pub fn preview<R: Read + Seek>(mut source: R, chosen: &Chosen) -> Result<Preview, Unreadable> {
    let (mut fallback, mut delimiters, mut sheets) = (false, None, Vec::new());
    let format = match container(&mut source)? {
        Container::Workbook => {
            let tabs = Workbook::open(&mut source, Limits::USUAL)?.tabs;
            let (seen, hidden): (Vec<_>, Vec<_>) = tabs.into_iter().partition(|tab| tab.visible);
            sheets = seen.into_iter().chain(hidden).map(|tab| tab.name).collect();
            match &chosen.format {
                Some(format @ Format::Xlsx { .. }) => format.clone(),
                _ => Format::Xlsx { sheet: sheets.first().cloned().ok_or(Unreadable::Empty)? },
            }
        }
        Container::Text => {
            let marked = encoding::mark(&mut source)?;
            let found = if marked.is_some() { Finding::Utf8 } else { encoding::find(&mut source)? };
            match (&chosen.format, marked, found) {
                (Some(format @ Format::Csv { .. }), ..) => format.clone(),
                (_, None, Finding::Binary) => return Err(Unreadable::Unknown),
                (_, marked, found) => {
                    fallback = found == Finding::Other;
                    let encoding = if fallback { Encoding::Windows1252 } else { Encoding::Utf8 };
                    let encoding = marked.unwrap_or(encoding);
                    let open = guess::delimiter(&mut source, encoding)?;
                    let delimiter = open.fits.first().copied().unwrap_or(Delimiter::Comma);
                    delimiters = Some(open);
                    Format::Csv { encoding, delimiter }
                }
            }
        }
    };
    let sample = guess::sample(&mut source, &format, guess::SAMPLE)?;
    let names = match chosen.header {
        Some(0) => None,
        Some(line) => sample.iter().position(|row| row.line == line),
        None => guess::header(&sample),
    };
    let rows = &sample[names.map_or(0, |at| at + 1)..];
    let width = sample.iter().map(|row| row.cells.len()).max().unwrap_or(0).min(MOST_COLUMNS);
    let name = |index: usize| names.and_then(|at| sample[at].cells.get(index));
    let columns: Vec<Column> = (0..width)
        .map(|index| Column { number: index + 1, name: name(index).map_or("", |name| name.trim()).to_owned() })
        .collect();
    let kind = chosen.kind.or_else(|| guess::kind(&columns));
    let fields = chosen.columns.clone().unwrap_or_else(|| guess::fields(&columns, kind));
    let texts = |field: Field| guess::texts(rows, fields.get(&field));
    let (numbers, protected) = (guess::numbers(&fields, texts), rows.iter().any(Row::protected));
    let readable = |cell: &str, form| day::parse(unprotect(cell), form).ok();
    let days = match texts(Field::Day) {
        cells if cells.is_empty() && fields.contains_key(&Field::Day) => Guess::only(DayForm::YearFirst),
        cells => Guess::of(&DayForm::ALL, &cells, readable),
    };
    let below = |cell: &&str| cell.trim_start_matches(['\'', '$', '€', '£', ' ']).starts_with(['-', '−', '(']);
    let refunds = rows.iter().filter_map(|row| row.cells.get(fields.get(&Field::Refunds)?.number - 1));
    let below = refunds.map(String::as_str).filter(|cell| !amount::absent(cell)).any(|cell| below(&cell));
    let shown = |row: &Row| Shown {
        line: row.line,
        cells: row.cells.iter().map(|cell| cell.chars().take(SHOWN_CELL).collect()).collect(),
    };
    Ok(Preview {
        format,
        fallback,
        delimiters,
        sheets,
        header: names.map(|at| sample[at].line),
        rows: rows.iter().take(SHOWN).map(shown).collect(),
        columns,
        kind,
        numbers,
        days,
        refunds: if below { Refunds::BelowZero } else { Refunds::AboveZero },
        protected,
        fields,
    })
}
