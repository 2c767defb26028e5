//! What is wrong with a file: with all of it ([`Unreadable`]) or with single rows ([`RowError`]), in words for people.

use std::io;

use model::{import::RowError, input::Invalid};

/// Why a file as a whole cannot be read; nothing of it may be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The storage failed.
    #[error("the file could not be read: {0}")]
    Source(String),
    /// Neither text nor a workbook.
    #[error("this is neither a text file nor an XLSX workbook. Save it as CSV UTF-8 or XLSX")]
    Unknown,
    /// The container of .xls and of encrypted workbooks.
    #[error("this is an older Excel file or one with a password. Save it as XLSX without a password")]
    OldWorkbook,
    /// The workbook is not what the format asks for.
    #[error("the workbook is damaged: {0}")]
    Workbook(String),
    /// A part of a workbook that is larger than what is unpacked.
    #[error("{what} takes more than {limit} MiB when it is unpacked")]
    TooLarge {
        /// Which part.
        what: String,
        /// In MiB.
        limit: u64,
    },
    /// A row that does not end.
    #[error("the row that begins at line {line} has more than 1 MiB. Probably a quotation mark is not closed")]
    RowTooLong {
        /// The line at which it begins.
        line: u64,
    },
    /// A cell that does not end.
    #[error("a quotation mark in the row that begins at line {line} is not closed")]
    Quotation {
        /// The line at which the row begins.
        line: u64,
    },
    /// There is no row with names of columns and a row below.
    #[error("the file holds no rows")]
    Empty,
    /// The sheet is not there.
    #[error("there is no sheet named {0:?}")]
    Sheet(String),
    /// The row of names is not what the mapping was made for.
    #[error("{0}. Look at the preview and map the columns again")]
    Header(String),
    /// The mapping says Windows-1252, every character says UTF-8.
    #[error("the file is UTF-8, but the mapping says Windows-1252. Look at the preview and choose the encoding again")]
    Encoding,
    /// The mapping contradicts itself.
    #[error("the mapping cannot be used: {}", list(.0))]
    Mapping(Vec<Invalid>),
    /// The place where the keys of many rows are written has no room, or is not there.
    #[error(
        "its rows could not be compared with each other on the server ({0}), and nothing was changed. Tell your operator, \
         and try again when there is room"
    )]
    Compare(String),
    /// A column of numbers is mapped as a name.
    #[error("the file names more than {0} campaigns, groups and ads. Probably the wrong column is mapped as one")]
    TooManyEntities(usize),
}

fn list(wrong: &[Invalid]) -> String {
    wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Comes back out of layers that know I/O errors only.
impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()) {
            Some(ours) => ours.clone(),
            None => Self::Source(error.kind().to_string()),
        }
    }
}

impl From<Unreadable> for io::Error {
    fn from(error: Unreadable) -> Self {
        Self::other(error)
    }
}

/// What an iterator over rows stops at, or passes by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// One row is wrong; the next may be read.
    #[error("{0}")]
    Row(RowError),
    /// Nothing follows.
    #[error("{0}")]
    File(#[from] Unreadable),
}
