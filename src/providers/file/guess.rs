//! What a sample of rows allows: one reading, several, or none. Nothing here chooses.

use std::{
    collections::BTreeMap,
    io::{Read, Seek},
};

use model::import::{Shape, excerpt};

use super::{
    Column, DayForm, Delimiter, Encoding, Field, Format, Guess, Kind, NumberForm, Unreadable, amount, day,
    field::likeness,
    formula::unprotect,
    record::{Cell, Record},
    table::Table,
};

/// How many rows proposals are made from, and how many bytes of them.
pub(super) const SAMPLE: usize = 1000;
const SAMPLE_BYTES: usize = 4 << 20;
/// How many rows a delimiter is tried on.
const TRIAL: usize = 200;
/// How far down the names of columns may stand, below a title.
const DEEPEST_HEADER: usize = 50;

/// The rows that proposals are made from.
pub(super) struct Row {
    pub line: u64,
    pub cells: Vec<String>,
    /// Which of them are texts: numbers and days of a spreadsheet need no form.
    texts: Vec<bool>,
}

impl Row {
    /// How many cells hold something.
    fn full(&self) -> usize {
        self.cells.iter().filter(|cell| !cell.trim().is_empty()).count()
    }

    /// Whether an apostrophe stands in front of a formula.
    pub fn protected(&self) -> bool {
        self.cells.iter().any(|cell| unprotect(cell) != cell)
    }
}

/// The first rows of the file that hold something.
pub(super) fn sample<R: Read + Seek>(source: &mut R, format: &Format, most: usize) -> Result<Vec<Row>, Unreadable> {
    let mut table = Table::open(source, format)?;
    let (mut record, mut rows, mut bytes) = (Record::default(), Vec::new(), 0);
    while rows.len() < most && bytes < SAMPLE_BYTES && table.next(&mut record)? {
        bytes += record.len();
        if !record.blank() {
            let cells: Vec<String> = record.all_shown().map(|cell| cell.into_owned()).collect();
            let texts = (0..cells.len()).map(|index| matches!(record.cell(index), Some(Cell::Text(_)))).collect();
            rows.push(Row { line: record.line, cells, texts });
        }
    }
    if rows.is_empty() { Err(Unreadable::Empty) } else { Ok(rows) }
}

/// Delimiters that cut the most rows into one number of cells; rows with a decimal comma in each are cut alike by it, but
/// their header is not.
pub(super) fn delimiter<R: Read + Seek>(source: &mut R, encoding: Encoding) -> Result<Guess<Delimiter>, Unreadable> {
    let mut tried = Vec::new();
    for delimiter in Delimiter::ALL {
        let rows = match sample(source, &Format::Csv { encoding, delimiter }, TRIAL) {
            Ok(rows) => rows,
            Err(Unreadable::Quotation { .. } | Unreadable::RowTooLong { .. }) => continue,
            Err(error) => return Err(error),
        };
        let width = usual(&rows);
        let alike = rows.iter().filter(|row| row.cells.len() == width).count();
        if width > 1 {
            tried.push((alike * 1000 / rows.len(), width, delimiter));
        }
    }
    let best = tried.iter().map(|(alike, ..)| *alike).max();
    tried.retain(|(alike, ..)| Some(*alike) == best);
    tried.sort_by_key(|(_, width, _)| std::cmp::Reverse(*width));
    Ok(Guess { fits: tried.into_iter().map(|(.., delimiter)| delimiter).collect(), example: None })
}

/// The number of cells that most rows have.
fn usual(rows: &[Row]) -> usize {
    let mut widths = BTreeMap::new();
    for row in rows {
        *widths.entry(row.cells.len()).or_insert(0_usize) += 1;
    }
    widths.into_iter().max_by_key(|(_, count)| *count).map_or(0, |(width, _)| width)
}

/// The row with the columns' names: the first with several cells, and none of them a number or a day.
pub(super) fn header(rows: &[Row]) -> Option<usize> {
    let usual = usual(rows);
    let named = |row: &Row| {
        let data = |(cell, text): (&String, &bool)| {
            let number = |form| amount::amount(cell, form).is_ok_and(|number| number.is_some());
            let day = |form| day::parse(cell, form).is_ok();
            !text || NumberForm::SIGNED.into_iter().any(number) || DayForm::ALL.into_iter().any(day)
        };
        row.full() >= 2 && row.full() * 2 >= usual && !row.cells.iter().zip(&row.texts).any(data)
    };
    rows.iter().take(DEEPEST_HEADER).position(named)
}

/// What the columns' names say.
pub(super) fn kind(columns: &[Column]) -> Option<Kind> {
    let found = |kind| {
        let other = if kind == Kind::Ads { Kind::Shop } else { Kind::Ads };
        let only = |field: &Field| field.measure() && field.within(kind) && !field.within(other);
        let named = |field: Field| columns.iter().any(|column| likeness(field, &column.name).is_some());
        Field::ALL.iter().filter(|field| only(field) && named(**field)).count()
    };
    match (found(Kind::Ads), found(Kind::Shop)) {
        (ads, shop) if ads > shop => Some(Kind::Ads),
        (ads, shop) if shop > ads => Some(Kind::Shop),
        _ => None,
    }
}

/// The best column for each field of the kind.
pub(super) fn fields(columns: &[Column], kind: Option<Kind>) -> BTreeMap<Field, Column> {
    let mut fields: BTreeMap<Field, Column> = BTreeMap::new();
    for field in Field::ALL.into_iter().filter(|field| kind.map_or(*field == Field::Day, |kind| field.within(kind))) {
        let free = columns.iter().filter(|column| fields.values().all(|taken| taken.number != column.number));
        let likely = free.filter_map(|column| Some((likeness(field, &column.name)?, column)));
        if let Some((_, column)) = likely.min_by_key(|(likeness, column)| (*likeness, column.number)) {
            fields.insert(field, column.clone());
        }
    }
    fields
}

/// The texts in a column.
pub(super) fn texts<'a>(rows: &'a [Row], column: Option<&Column>) -> Vec<&'a str> {
    let Some(index) = column.and_then(|column| column.number.checked_sub(1)) else { return Vec::new() };
    let text = |row: &'a Row| row.texts.get(index)?.then(|| row.cells[index].as_str());
    rows.iter().filter_map(text).filter(|cell| !cell.trim().is_empty()).collect()
}

/// How numbers are written, by all columns of numbers. Digits alone need no form.
pub(super) fn numbers<'a>(
    fields: &BTreeMap<Field, Column>,
    texts: impl Fn(Field) -> Vec<&'a str>,
) -> Guess<NumberForm> {
    let read = |cell: &str, form, shape| {
        let cell = unprotect(cell);
        match shape {
            Shape::Count => amount::count(cell, form).ok().flatten(),
            _ => amount::amount(cell, form).ok().flatten().map(|number| number.value),
        }
    };
    let mut guess = Guess::only(NumberForm::Digits);
    for field in fields.keys().copied().filter(|field| field.measure()) {
        let mut cells = texts(field);
        cells.retain(|cell| !amount::absent(cell) && read(cell, NumberForm::Digits, field.shape()).is_none());
        let here = Guess::of(&NumberForm::SIGNED, &cells, |cell, form| read(cell, form, field.shape()));
        if cells.is_empty() || (here.fits.len() == NumberForm::SIGNED.len() && here.example.is_none()) {
            continue;
        }
        if guess.sure() == Some(NumberForm::Digits) {
            guess = here;
            continue;
        }
        let example = here.example.or_else(|| cells.first().map(|cell| excerpt(cell)));
        let both: Vec<_> = guess.fits.iter().copied().filter(|form| here.fits.contains(form)).collect();
        // Two columns that contradict each other: neither form reads the file.
        let open = both.len() != 1;
        guess = Guess { fits: both, example: if open { guess.example.or(example) } else { None } };
    }
    guess
}
