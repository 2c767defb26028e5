//! The container of a workbook (PKWARE APPNOTE 6.3), read with a limit on everything that a file only claims.
//!
//! Opened here and not by a crate, because what arrives is an upload: the crates allocate what the directory announces
//! (`zip`), or what an attribute does (`calamine` reserves `uniqueCount` strings: one line in a file of a kilobyte ends
//! the process). A part is inflated as it is read, up to a limit, and its checksum must be right.

use std::io::{self, Read, Seek, SeekFrom};

use flate2::{Crc, read::DeflateDecoder};

use super::Unreadable;

/// The directory of a workbook has some dozens of entries of about 100 bytes.
const LARGEST_DIRECTORY: u64 = 4 << 20;
/// The end record and the longest comment behind it.
const TAIL: u64 = 22 + 0xffff;

/// The parts of a container.
pub(super) struct Archive(Vec<Entry>);

struct Entry {
    name: String,
    method: u16,
    encrypted: bool,
    checksum: u32,
    packed: u64,
    start: u64,
}

fn damaged(words: &str) -> Unreadable {
    Unreadable::Workbook(words.to_owned())
}

/// A little-endian number; zero where the bytes end, as every length is checked against what is there.
fn number(bytes: &[u8], at: usize, length: usize) -> u64 {
    bytes.get(at..at + length).unwrap_or_default().iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

fn at<R: Read + Seek>(source: &mut R, start: u64, length: u64) -> Result<Vec<u8>, Unreadable> {
    source.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    source.by_ref().take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(damaged("it ends too early")) }
}

impl Archive {
    /// Reads the directory.
    pub fn open<R: Read + Seek>(source: &mut R) -> Result<Self, Unreadable> {
        let length = source.seek(SeekFrom::End(0))?;
        let start = length.saturating_sub(TAIL);
        let tail = at(source, start, length - start)?;
        let end = (0..tail.len().saturating_sub(21)).rev().find(|at| {
            tail[*at..].starts_with(b"PK\x05\x06") && *at as u64 + 22 + number(&tail, at + 20, 2) == tail.len() as u64
        });
        let end = end.ok_or_else(|| damaged("it ends too early"))?;
        let (mut count, mut size, mut offset) =
            (number(&tail, end + 10, 2), number(&tail, end + 12, 4), number(&tail, end + 16, 4));
        if count == 0xffff || size == 0xffff_ffff || offset == 0xffff_ffff {
            let locator = end.checked_sub(20).filter(|at| tail[*at..].starts_with(b"PK\x06\x07"));
            let locator = locator.ok_or_else(|| damaged("its directory cannot be found"))?;
            let record = at(source, number(&tail, locator + 8, 8), 56)?;
            (count, size, offset) = (number(&record, 32, 8), number(&record, 40, 8), number(&record, 48, 8));
        }
        if size > LARGEST_DIRECTORY {
            return Err(Unreadable::TooLarge {
                what: "the workbook's directory".into(),
                limit: LARGEST_DIRECTORY >> 20,
            });
        }
        let directory = at(source, offset, size)?;
        let (mut entries, mut rest) = (Vec::new(), &directory[..]);
        for _ in 0..count {
            let (entry, length) = entry(rest).ok_or_else(|| damaged("its directory cannot be read"))?;
            entries.push(entry);
            rest = &rest[length..];
        }
        Ok(Self(entries))
    }

    /// Opens the part with this name for reading at most `limit` bytes; none if there is no such part.
    pub fn part<R: Read + Seek>(&self, mut source: R, name: &str, limit: u64) -> Result<Option<Part<R>>, Unreadable> {
        let name = name.trim_start_matches('/');
        let Some(entry) = self.0.iter().find(|entry| entry.name.eq_ignore_ascii_case(name)) else { return Ok(None) };
        if entry.encrypted {
            return Err(Unreadable::OldWorkbook);
        }
        let header = at(&mut source, entry.start, 30)?;
        if !header.starts_with(b"PK\x03\x04") {
            return Err(damaged("its directory does not fit its parts"));
        }
        source.seek(SeekFrom::Current(i64::try_from(number(&header, 26, 2) + number(&header, 28, 2)).unwrap_or(0)))?;
        let packed = source.take(entry.packed);
        let body = match entry.method {
            0 => Body::Stored(packed),
            8 => Body::Deflated(Box::new(DeflateDecoder::new(packed))),
            _ => return Err(damaged("a part is compressed in a way that spreadsheets do not use")),
        };
        Ok(Some(Part { body, name: name.to_owned(), limit, left: limit, checksum: entry.checksum, found: Crc::new() }))
    }
}

/// One entry of the directory and its length.
fn entry(bytes: &[u8]) -> Option<(Entry, usize)> {
    let lengths = [28, 30, 32].map(|at| usize::try_from(number(bytes, at, 2)).unwrap_or(0));
    let length = 46 + lengths.iter().sum::<usize>();
    if !bytes.starts_with(b"PK\x01\x02") || bytes.len() < length {
        return None;
    }
    let [name, extra, _] = lengths;
    let (mut packed, size, mut start) = (number(bytes, 20, 4), number(bytes, 24, 4), number(bytes, 42, 4));
    // What does not fit into four bytes stands, in this order, in the extra field 1 (4.5.3).
    let mut extra = &bytes[46 + name..46 + name + extra];
    while extra.len() >= 4 {
        let (id, length) = (number(extra, 0, 2), usize::try_from(number(extra, 2, 2)).ok()?);
        let body = extra.get(4..4 + length)?;
        if id == 1 {
            let mut at = if size == 0xffff_ffff { 8 } else { 0 };
            for value in [&mut packed, &mut start] {
                if *value == 0xffff_ffff {
                    *value = number(body, at, 8);
                    at += 8;
                }
            }
        }
        extra = &extra[4 + length..];
    }
    let entry = Entry {
        name: String::from_utf8_lossy(&bytes[46..46 + name]).replace('\\', "/"),
        method: u16::try_from(number(bytes, 10, 2)).ok()?,
        encrypted: number(bytes, 8, 2) & 1 == 1,
        checksum: u32::try_from(number(bytes, 16, 4)).ok()?,
        packed,
        start,
    };
    Some((entry, length))
}

enum Body<R> {
    Stored(io::Take<R>),
    Deflated(Box<DeflateDecoder<io::Take<R>>>),
}

/// A part that is being read.
pub(super) struct Part<R> {
    body: Body<R>,
    name: String,
    limit: u64,
    left: u64,
    checksum: u32,
    found: Crc,
}

impl<R: Read> Read for Part<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = match &mut self.body {
            Body::Stored(body) => body.read(buffer),
            Body::Deflated(body) => body.read(buffer),
        };
        let length = length.map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                damaged("a part cannot be unpacked").into()
            }
            _ => error,
        })?;
        let Some(left) = self.left.checked_sub(length as u64) else {
            return Err(Unreadable::TooLarge { what: self.name.clone(), limit: self.limit >> 20 }.into());
        };
        self.left = left;
        self.found.update(&buffer[..length]);
        if length == 0 && !buffer.is_empty() && self.found.sum() != self.checksum {
            return Err(damaged("a part's checksum is wrong").into());
        }
        Ok(length)
    }
}
