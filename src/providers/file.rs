//! Files of daily metrics, for everything that no provider reports: CSV and XLSX through a mapping that a person made
//! once, and the same rows pushed as JSON.
//!
//! Bytes in, rows or row errors out; nothing here knows the database. An import goes:
//! 1. [`preview`] shows how the file can be read. What it proposes is a proposal; what a file does not say (01/02/2026,
//!    1,234) it leaves open, and a person chooses, once for the whole file.
//! 2. The choice is a [`Mapping`], saved as JSON for the next file of the same make.
//! 3. [`check`] reads everything and keeps nothing: rows, days, and what is wrong with which row.
//! 4. Only if that is clean, [`read`] gives the rows again, to be kept in one transaction ([`Rows::batch`]); it judges
//!    them as before, and any problem undoes everything.
//!
//! Rows that are pushed as JSON are [`Row`]s, judged by the same [`Judge`].
//!
//! Nothing is rounded, guessed for a single row, taken for zero or evaluated. Texts that a spreadsheet would take for a
//! formula are kept as they are: whoever writes them to a file uses [`protect`].
//!
//! Limits: a row of 1 MiB, 1000 columns, a million campaigns, groups and ads; of a workbook 64 MiB of shared text and
//! 2 GiB for a sheet, unpacked. The file's own size is limited by whoever receives it.

mod amount;
mod csv;
mod day;
mod encoding;
mod error;
mod field;
mod formula;
mod guess;
mod judge;
mod keys;
mod mapping;
mod preview;
mod read;
mod record;
mod row;
mod sheet;
mod sign;
mod table;
mod workbook;
mod xml;
mod zip;

pub use error::{Problem, Unreadable};
pub use formula::{protect, unprotect};
pub use judge::{Judge, Line, MOST_ENTITIES};
pub use model::import::{
    Chosen, Column, DayForm, Delimiter, Encoding, Fault, Field, Format, Guess, Kind, MOST_COLUMNS, Mapping, NumberForm,
    Preview, Refunds, RowError, Shown,
};
pub use preview::preview;
pub use read::{Checked, Rows, check, read};
pub use row::Row;

#[cfg(test)]
mod tests;
