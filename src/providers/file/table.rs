//! A file as a table of rows, whatever its format.

use std::io::{Read, Seek};

use super::{
    Format, Unreadable,
    csv::Csv,
    encoding::Decoded,
    record::Record,
    sheet::Sheet,
    workbook::{Limits, Workbook},
};

/// What a file's first bytes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Text,
    Workbook,
}

/// Looks at the first bytes.
pub(super) fn container<R: Read + Seek>(source: &mut R) -> Result<Container, Unreadable> {
    source.rewind()?;
    let mut head = Vec::with_capacity(8);
    source.by_ref().take(8).read_to_end(&mut head)?;
    source.rewind()?;
    match head[..] {
        [] => Err(Unreadable::Empty),
        [b'P', b'K', 3, 4, ..] => Ok(Container::Workbook),
        // The compound file of .xls and of encrypted workbooks (MS-CFB 2.2).
        [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1] => Err(Unreadable::OldWorkbook),
        _ => Ok(Container::Text),
    }
}

/// The rows of a file.
pub(super) enum Table<R: Read> {
    Csv(Csv<Decoded<R>>),
    Sheet(Box<Sheet<R>>),
}

impl<R: Read + Seek> Table<R> {
    pub fn open(mut source: R, format: &Format) -> Result<Self, Unreadable> {
        match (container(&mut source)?, format) {
            (Container::Text, Format::Csv { encoding, delimiter }) => {
                Ok(Self::Csv(Csv::new(Decoded::new(source, *encoding)?, delimiter.byte())))
            }
            (Container::Workbook, Format::Xlsx { sheet }) => {
                let book = Workbook::open(&mut source, Limits::USUAL)?;
                Ok(Self::Sheet(Box::new(Sheet::open(book, source, sheet)?)))
            }
            (Container::Text, Format::Xlsx { .. }) => {
                Err(Unreadable::Header("the mapping is for an XLSX workbook, but this is a text file".to_owned()))
            }
            (Container::Workbook, Format::Csv { .. }) => {
                Err(Unreadable::Header("the mapping is for a text file, but this is an XLSX workbook".to_owned()))
            }
        }
    }

    /// Reads the next row that is no empty line; false at the end.
    pub fn next(&mut self, record: &mut Record) -> Result<bool, Unreadable> {
        match self {
            Self::Csv(csv) => csv.next(record),
            Self::Sheet(sheet) => sheet.next(record),
        }
    }

    /// Whether rows say how many cells they have; a sheet leaves out empty ones.
    pub fn counted(&self) -> bool {
        matches!(self, Self::Csv(_))
    }
}
