//! One row of a table as it stands in the file, whatever the format: cells in one buffer that is used again for each row,
//! so that a long file takes no more memory than its longest row.

use std::borrow::Cow;

use time::Date;

use super::MOST_COLUMNS;

/// The most bytes that one row may have.
pub(super) const LONGEST_ROW: usize = 1 << 20;

/// A cell. Nothing in it is ever evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell<'a> {
    Text(&'a str),
    /// A number to the spreadsheet, as it stands in the file.
    Number(&'a str),
    /// A day to the spreadsheet.
    Day(Date),
    /// What is wrong with it, following the cell's text.
    Wrong(&'a str),
}

#[derive(Clone, Copy, Debug)]
enum Sort {
    Text,
    Number,
    Day(Date),
    Wrong,
}

/// A row.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// Where it begins, from 1.
    pub line: u64,
    /// What is wrong with the row as a whole.
    pub wrong: Option<&'static str>,
    /// How many cells it has; only the first [`MOST_COLUMNS`] are kept.
    pub width: usize,
    text: Vec<u8>,
    cells: Vec<(Sort, usize)>,
}

impl Record {
    pub fn begin(&mut self, line: u64) {
        (self.line, self.wrong, self.width) = (line, None, 0);
        self.text.clear();
        self.cells.clear();
    }

    /// Adds bytes to the cell that is being written.
    pub fn extend(&mut self, bytes: &[u8]) {
        if self.width < MOST_COLUMNS {
            self.text.extend_from_slice(bytes);
        }
    }

    /// How many bytes its cells have.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Ends a cell of text.
    pub fn end_text(&mut self) {
        self.end(Sort::Text);
    }

    /// Adds cells without anything, until the next one is the column with this index.
    pub fn skip_to(&mut self, index: usize) {
        while self.width < index.min(MOST_COLUMNS) {
            self.end(Sort::Text);
        }
        self.width = self.width.max(index);
    }

    /// Adds a whole cell; the text of a `Wrong` one is what is wrong.
    pub fn push(&mut self, cell: Cell<'_>) {
        let (text, sort) = match cell {
            Cell::Text(text) => (text, Sort::Text),
            Cell::Number(text) => (text, Sort::Number),
            Cell::Day(day) => ("", Sort::Day(day)),
            Cell::Wrong(words) => (words, Sort::Wrong),
        };
        self.extend(text.as_bytes());
        self.end(sort);
    }

    fn end(&mut self, sort: Sort) {
        if self.width < MOST_COLUMNS {
            self.cells.push((sort, self.text.len()));
        }
        self.width += 1;
    }

    fn bytes(&self, index: usize) -> Option<(Sort, &[u8])> {
        let (sort, end) = *self.cells.get(index)?;
        let start = if index == 0 { 0 } else { self.cells[index - 1].1 };
        Some((sort, &self.text[start..end]))
    }

    /// The cell in the column with this index; none if the row ends before it.
    pub fn cell(&self, index: usize) -> Option<Cell<'_>> {
        let (sort, bytes) = self.bytes(index)?;
        let damaged = "holds bytes that are no UTF-8. Choose the file's encoding in the mapping";
        Some(match (sort, std::str::from_utf8(bytes)) {
            (Sort::Day(day), _) => Cell::Day(day),
            (_, Err(_)) => Cell::Wrong(damaged),
            (_, Ok(text)) if text.contains('\u{fffd}') => {
                Cell::Wrong("holds characters that were lost when it was written in another encoding")
            }
            (Sort::Text, Ok(text)) => Cell::Text(text),
            (Sort::Number, Ok(text)) => Cell::Number(text),
            (Sort::Wrong, Ok(words)) => Cell::Wrong(words),
        })
    }

    /// The cell as people see it.
    pub fn shown(&self, index: usize) -> Cow<'_, str> {
        match self.bytes(index) {
            Some((Sort::Day(day), _)) => Cow::Owned(day.to_string()),
            Some((_, bytes)) => String::from_utf8_lossy(bytes),
            None => Cow::Borrowed(""),
        }
    }

    /// Every cell as people see it.
    pub fn all_shown(&self) -> impl Iterator<Item = Cow<'_, str>> {
        (0..self.cells.len()).map(|index| self.shown(index))
    }

    /// Whether there is nothing in it.
    pub fn blank(&self) -> bool {
        self.all_shown().all(|cell| cell.trim().is_empty())
    }
}
