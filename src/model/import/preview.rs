//! A file before anybody has chosen how it is read: its first rows, and proposals that a person confirms.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Column, DayForm, Delimiter, Field, Format, Kind, Mapping, NumberForm, Refunds, excerpt};

/// What a person has chosen already; the rest is proposed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Chosen {
    /// What the file holds.
    pub kind: Option<Kind>,
    /// The encoding and delimiter, or the sheet.
    pub format: Option<Format>,
    /// The line with the columns' names; 0 if there is none.
    pub header: Option<u64>,
    /// Where each field stands.
    pub columns: Option<BTreeMap<Field, Column>>,
}

/// A file before anybody has chosen how it is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// How its cells are told apart: as chosen, or as proposed.
    pub format: Format,
    /// Windows-1252 is all that is left: the person looks at the names and chooses.
    pub fallback: bool,
    /// What may stand between cells; none in a workbook.
    pub delimiters: Option<Guess<Delimiter>>,
    /// The sheets with cells, visible ones first.
    pub sheets: Vec<String>,
    /// The line with the columns' names.
    pub header: Option<u64>,
    /// The columns, with or without names.
    pub columns: Vec<Column>,
    /// The first rows below the names, or from the top.
    pub rows: Vec<Shown>,
    /// What it seems to hold.
    pub kind: Option<Kind>,
    /// Where each field seems to stand.
    pub fields: BTreeMap<Field, Column>,
    /// How numbers in texts are written.
    pub numbers: Guess<NumberForm>,
    /// How days in texts are written.
    pub days: Guess<DayForm>,
    /// How refunds are written.
    pub refunds: Refunds,
    /// Whether texts seem to have an apostrophe in front of formulas.
    pub protected: bool,
}

/// A row as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Where it begins.
    pub line: u64,
    /// The beginning of each cell.
    pub cells: Vec<String>,
}

impl Preview {
    /// The mapping that is proposed; none while anything is open.
    pub fn mapping(&self) -> Option<Mapping> {
        if self.fallback || self.delimiters.as_ref().is_some_and(|guess| guess.sure().is_none()) {
            return None;
        }
        let mapping = Mapping {
            kind: self.kind?,
            format: self.format.clone(),
            header: self.header,
            columns: self.fields.clone(),
            numbers: self.numbers.sure()?,
            days: self.days.sure()?,
            refunds: self.refunds,
            protected: self.protected,
            leave_out: Vec::new(),
        };
        mapping.check().is_ok().then_some(mapping)
    }
}

/// What the sample allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guess<T> {
    /// Every reading that fits the sample, the likeliest first.
    pub fits: Vec<T>,
    /// A cell that they read differently, or one that fits with none of the others.
    pub example: Option<String>,
}

impl<T: Copy + PartialEq> Guess<T> {
    /// The reading, if there is one only.
    pub fn sure(&self) -> Option<T> {
        if let [only] = self.fits[..] { Some(only) } else { None }
    }

    /// There is one reading.
    pub fn only(fit: T) -> Self {
        Self { fits: vec![fit], example: None }
    }

    /// What all cells allow together. Cells that no form can read say nothing: they are notes or totals.
    pub fn of<V: PartialEq>(forms: &[T], cells: &[&str], read: impl Fn(&str, T) -> Option<V>) -> Self {
        let mut fits = forms.to_vec();
        for cell in cells {
            let can: Vec<T> = forms.iter().copied().filter(|form| read(cell, *form).is_some()).collect();
            if can.is_empty() {
                continue;
            }
            fits.retain(|form| can.contains(form));
            if fits.is_empty() {
                return Self { fits, example: Some(excerpt(cell)) };
            }
        }
        let differ = |cell: &&&str| {
            let mut values = fits.iter().map(|form| read(cell, *form));
            let first = values.next();
            values.any(|value| Some(value) != first)
        };
        let example = cells.iter().find(differ).map(|cell| excerpt(cell));
        Self { fits, example }
    }
}
