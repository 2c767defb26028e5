//! Text with delimiters (RFC 4180): cells in quotation marks may hold delimiters, line breaks and doubled marks; lines end
//! with LF, CR LF or CR.
//!
//! Split here and not by a crate, for what the crate `csv` does to a row's line number after empty lines and at CR LF
//! (it is too small), and for what it takes without a word: a mark that is never closed, or text behind a closed one,
//! which can swallow whole rows. It is the judge in the tests, where both must agree. A row has at most
//! [`LONGEST_ROW`] bytes, whatever the file's size.

use std::io::Read;

use super::{
    Unreadable,
    record::{LONGEST_ROW, Record},
};

const CHUNK: usize = 64 << 10;

/// Reads rows from UTF-8; a cell that is none is told by [`Record::cell`].
pub(super) struct Csv<R> {
    source: R,
    delimiter: u8,
    chunk: Vec<u8>,
    /// Which part of the chunk is still to be read.
    rest: std::ops::Range<usize>,
    /// The line of the next byte, from 1.
    line: u64,
    after_return: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first byte of a cell.
    Start,
    Plain,
    Quoted,
    /// Behind a mark in a quoted cell: its end, or the first of two.
    Mark,
}

impl<R: Read> Csv<R> {
    pub fn new(source: R, delimiter: u8) -> Self {
        Self { source, delimiter, chunk: vec![0; CHUNK], rest: 0..0, line: 1, after_return: false }
    }

    /// The rest of the chunk, or the next one; empty at the end.
    fn chunk(&mut self) -> Result<&[u8], Unreadable> {
        if self.rest.is_empty() {
            let length = loop {
                match self.source.read(&mut self.chunk) {
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    other => break other?,
                }
            };
            self.rest = 0..length;
        }
        Ok(&self.chunk[self.rest.clone()])
    }

    fn count(&mut self, byte: u8) {
        if byte == b'\r' || (byte == b'\n' && !self.after_return) {
            self.line += 1;
        }
        self.after_return = byte == b'\r';
    }

    /// Reads the next row that is no empty line; false at the end.
    pub fn next(&mut self, record: &mut Record) -> Result<bool, Unreadable> {
        while let Some(byte) = self.chunk()?.first().copied().filter(|byte| matches!(byte, b'\r' | b'\n')) {
            self.count(byte);
            self.rest.start += 1;
        }
        record.begin(self.line);
        let (mut state, mut length) = (State::Start, 0);
        loop {
            let delimiter = self.delimiter;
            let chunk = self.chunk()?;
            let Some(byte) = chunk.first().copied() else {
                if length == 0 {
                    return Ok(false);
                }
                if state == State::Quoted {
                    return Err(Unreadable::Quotation { line: record.line });
                }
                record.end_text();
                return Ok(true);
            };
            // Most bytes of most cells mean nothing: they are taken at once.
            let plain = match state {
                State::Plain => chunk.iter().position(|b| *b == delimiter || matches!(b, b'\r' | b'\n')),
                State::Quoted => chunk.iter().position(|b| matches!(b, b'"' | b'\r' | b'\n')),
                State::Start | State::Mark => Some(0),
            };
            let plain = plain.unwrap_or(chunk.len());
            length += plain.max(1);
            if length > LONGEST_ROW {
                return Err(Unreadable::RowTooLong { line: record.line });
            }
            if plain > 0 {
                record.extend(&chunk[..plain]);
                self.rest.start += plain;
                self.after_return = false;
                continue;
            }
            self.count(byte);
            self.rest.start += 1;
            state = match (state, byte) {
                (State::Start, b'"') => State::Quoted,
                (State::Quoted, b'"') => State::Mark,
                (State::Mark, b'"') => {
                    record.extend(b"\"");
                    State::Quoted
                }
                (State::Quoted, _) => {
                    record.extend(&[byte]);
                    State::Quoted
                }
                (_, b'\r' | b'\n') => {
                    record.end_text();
                    return Ok(true);
                }
                (_, byte) if byte == delimiter => {
                    record.end_text();
                    State::Start
                }
                (State::Mark, byte) => {
                    record.wrong = Some("text stands behind a closed quotation mark. Marks within a cell are doubled");
                    record.extend(&[byte]);
                    State::Plain
                }
                (State::Start | State::Plain, byte) => {
                    record.extend(&[byte]);
                    State::Plain
                }
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng, rngs::StdRng};

    use super::*;

    /// A reader that gives a byte at a time, so that every boundary of chunks is met.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let length = self.0.len().min(1);
            buffer[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    type Rows = Vec<(u64, Vec<String>)>;

    fn rows_of(source: impl Read) -> Result<Rows, Unreadable> {
        let (mut csv, mut record, mut rows) = (Csv::new(source, b','), Record::default(), Vec::new());
        while csv.next(&mut record)? {
            rows.push((record.line, record.all_shown().map(|cell| cell.into_owned()).collect()));
        }
        Ok(rows)
    }

    fn rows(text: &str) -> Result<Rows, Unreadable> {
        let whole = rows_of(text.as_bytes());
        assert_eq!(rows_of(Drip(text.as_bytes())), whole, "{text:?}");
        whole
    }

    fn expect(text: &str, expected: &[(u64, &[&str])]) {
        let expected: Rows = expected
            .iter()
            .map(|(line, cells)| (*line, cells.iter().map(|cell| (*cell).to_owned()).collect()))
            .collect();
        assert_eq!(rows(text), Ok(expected), "{text:?}");
    }

    #[test]
    fn lines_are_those_that_an_editor_shows() {
        for end in ["\n", "\r\n", "\r"] {
            let text = "a,b\n\n\nc,\"x\n\ny\"\n\nd,e".replace('\n', end);
            let middle = format!("x{end}{end}y");
            expect(&text, &[(1, &["a", "b"]), (4, &["c", &middle]), (8, &["d", "e"])]);
        }
    }

    #[test]
    fn quotation_marks_hold_what_would_end_a_cell() {
        expect("\"a,b\",\"c\"\"d\",e\"f,\"\"\n,", &[(1, &["a,b", "c\"d", "e\"f", ""]), (2, &["", ""])]);
        expect("", &[]);
        expect("\n\r\n", &[]);
        expect("a", &[(1, &["a"])]);
        expect("\"\"", &[(1, &[""])]);
    }

    #[test]
    fn a_mark_that_is_not_closed_is_never_taken_for_the_end() {
        assert_eq!(rows("a\nb,\"c\nd,e\n"), Err(Unreadable::Quotation { line: 2 }));
        assert_eq!(rows("\""), Err(Unreadable::Quotation { line: 1 }));
        let mut record = Record::default();
        let mut csv = Csv::new("a,\"b\nc,\"d\ne,f\n".as_bytes(), b',');
        assert!(csv.next(&mut record).unwrap() && record.wrong.is_some());
        assert!(csv.next(&mut record).unwrap() && record.wrong.is_none() && record.line == 3);
    }

    #[test]
    fn a_row_without_end_is_refused_before_it_fills_the_memory() {
        let endless = "1,2\n3,\"".as_bytes().chain(std::io::repeat(b'x'));
        assert_eq!(rows_of(endless), Err(Unreadable::RowTooLong { line: 2 }));
        assert_eq!(rows_of(std::io::repeat(b',')), Err(Unreadable::RowTooLong { line: 1 }));
        assert_eq!(rows_of(std::io::repeat(b'"')), Err(Unreadable::RowTooLong { line: 1 }));
    }

    /// The crate `csv` writes the cells, and reads the same from them as we do.
    #[test]
    fn any_cells_come_back_as_they_were_written() {
        let mut random = StdRng::seed_from_u64(7);
        let alphabet = ["a", "ü", ",", ";", "\"", "\n", "\r", "\r\n", " ", "=", "€", ""];
        for case in 0..200 {
            let width = random.random_range(1..5);
            let mut cell = || (0..random.random_range(0..6)).map(|_| alphabet[random.random_range(0..12)]).collect();
            let written: Vec<Vec<String>> = (0..4).map(|_| (0..width).map(|_| cell()).collect()).collect();
            let end = if case % 2 == 0 { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
            let mut writer = csv::WriterBuilder::new().terminator(end).from_writer(Vec::new());
            written.iter().for_each(|row| writer.write_record(row).unwrap());
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let ours: Vec<_> = rows(&text).unwrap().into_iter().map(|(_, cells)| cells).collect();
            assert_eq!(ours, written, "{text:?}");
            let judge = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let judge: Vec<Vec<String>> = judge.into_deserialize().map(Result::unwrap).collect();
            assert_eq!(ours, judge, "{text:?}");
        }
    }
}
