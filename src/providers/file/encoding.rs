//! The characters of a text: UTF-8, UTF-16 by its byte order mark, Windows-1252 by a person's choice.
//!
//! Any bytes are Windows-1252, so it is never a finding, only what is left: the preview says so, and a file in which
//! every character is UTF-8 is not read with it.

use std::io::{Read, Seek, SeekFrom};

use encoding_rs::{Decoder, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::{Encoding, Unreadable};

const CHUNK: usize = 32 << 10;
/// Where bytes that no text has are looked for.
const HEAD: u64 = 64 << 10;

/// The encoding that a byte order mark says; the source stands behind it afterwards, or at its beginning.
pub(super) fn mark<R: Read + Seek>(source: &mut R) -> Result<Option<Encoding>, Unreadable> {
    source.rewind()?;
    let mut head = Vec::with_capacity(3);
    source.by_ref().take(3).read_to_end(&mut head)?;
    let (encoding, length) = match head[..] {
        [0xef, 0xbb, 0xbf] => (Some(Encoding::Utf8), 3),
        [0xff, 0xfe, ..] => (Some(Encoding::Utf16Le), 2),
        [0xfe, 0xff, ..] => (Some(Encoding::Utf16Be), 2),
        _ => (None, 0),
    };
    source.seek(SeekFrom::Start(length))?;
    Ok(encoding)
}

/// What the bytes of a text without a mark say about themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// Nothing but ASCII: every encoding reads it alike.
    Ascii,
    /// Characters beyond ASCII, all of them UTF-8.
    Utf8,
    /// Something else.
    Other,
    /// No text at all.
    Binary,
}

/// Looks at the whole source, in constant memory.
pub(super) fn find<R: Read + Seek>(source: &mut R) -> Result<Finding, Unreadable> {
    source.rewind()?;
    let mut head = Vec::new();
    source.by_ref().take(HEAD).read_to_end(&mut head)?;
    if head.contains(&0) {
        return Ok(Finding::Binary);
    }
    source.rewind()?;
    let (mut buffer, mut kept, mut ascii) = (vec![0; CHUNK], 0, true);
    loop {
        let length = kept + source.read(&mut buffer[kept..])?;
        let end = length == kept;
        ascii &= buffer[..length].is_ascii();
        match std::str::from_utf8(&buffer[..length]) {
            Ok(_) if end => return Ok(if ascii { Finding::Ascii } else { Finding::Utf8 }),
            Ok(_) => kept = 0,
            Err(error) if error.error_len().is_some() || end => return Ok(Finding::Other),
            Err(error) => {
                // A character that the next chunk ends.
                buffer.copy_within(error.valid_up_to()..length, 0);
                kept = length - error.valid_up_to();
            }
        }
    }
}

/// The source as UTF-8. What UTF-16 does not allow becomes U+FFFD; UTF-8 passes as it is, to be judged cell by cell.
pub(super) struct Decoded<R> {
    source: R,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    text: Vec<u8>,
    position: usize,
    ended: bool,
}

impl<R: Read + Seek> Decoded<R> {
    /// Reads from behind the mark, which outranks `chosen`.
    pub fn new(mut source: R, chosen: Encoding) -> Result<Self, Unreadable> {
        let marked = mark(&mut source)?;
        if marked.is_none() && chosen == Encoding::Windows1252 {
            if find(&mut source)? == Finding::Utf8 {
                return Err(Unreadable::Encoding);
            }
            source.rewind()?;
        }
        let decoder = match marked.unwrap_or(chosen) {
            Encoding::Utf8 => None,
            Encoding::Utf16Le => Some(UTF_16LE),
            Encoding::Utf16Be => Some(UTF_16BE),
            Encoding::Windows1252 => Some(WINDOWS_1252),
        };
        debug_assert!(decoder != Some(UTF_8));
        let decoder = decoder.map(encoding_rs::Encoding::new_decoder_without_bom_handling);
        let raw = if decoder.is_some() { vec![0; CHUNK] } else { Vec::new() };
        Ok(Self { source, decoder, raw, text: Vec::new(), position: 0, ended: false })
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let Some(decoder) = &mut self.decoder else { return self.source.read(buffer) };
        while self.position == self.text.len() && !self.ended {
            let length = self.source.read(&mut self.raw)?;
            self.ended = length == 0;
            let room = decoder.max_utf8_buffer_length(length).unwrap_or(4 * CHUNK);
            self.text.resize(room, 0);
            let (_, _, written, _) = decoder.decode_to_utf8(&self.raw[..length], &mut self.text, self.ended);
            self.text.truncate(written);
            self.position = 0;
        }
        let length = buffer.len().min(self.text.len() - self.position);
        buffer[..length].copy_from_slice(&self.text[self.position..self.position + length]);
        self.position += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    fn read(bytes: &[u8], encoding: Encoding) -> String {
        let mut text = String::new();
        Decoded::new(Cursor::new(bytes), encoding).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn a_mark_outranks_the_choice() {
        let text = "Grüße, 😀 €";
        let marked = format!("\u{feff}{text}");
        let little = utf16(&marked, u16::to_le_bytes);
        let big = utf16(&marked, u16::to_be_bytes);
        for bytes in [marked.as_bytes(), &little, &big] {
            for chosen in [Encoding::Utf8, Encoding::Utf16Le, Encoding::Windows1252] {
                assert_eq!(read(bytes, chosen), text);
            }
        }
        assert_eq!(read(text.as_bytes(), Encoding::Utf8), text);
        assert_eq!(read(&utf16(text, u16::to_le_bytes), Encoding::Utf16Le), text);
        assert_eq!(read(b"Gr\xfc\xdfe \x80", Encoding::Windows1252), "Grüße €");
    }

    #[test]
    fn characters_at_every_boundary_of_chunks_are_read_whole() {
        for shift in 0..4 {
            let text = format!("{}{}", "x".repeat(shift), "ä€😀".repeat(CHUNK / 3));
            let marked = format!("\u{feff}{text}");
            assert!(read(&utf16(&marked, u16::to_le_bytes), Encoding::Utf8) == text);
            assert_eq!(find(&mut Cursor::new(&text)).unwrap(), Finding::Utf8);
        }
    }

    #[test]
    fn what_is_found_is_certain_or_said_to_be_open() {
        let find = |bytes: &[u8]| find(&mut Cursor::new(bytes)).unwrap();
        assert_eq!(find(b"abc"), Finding::Ascii);
        assert_eq!(find("Grüße".as_bytes()), Finding::Utf8);
        assert_eq!(find(b"Gr\xfc\xdfe"), Finding::Other);
        assert_eq!(find("Grüße".as_bytes().split_last().unwrap().1), Finding::Utf8);
        assert_eq!(find(b"Gr\xc3"), Finding::Other);
        assert_eq!(find(&utf16("abc", u16::to_le_bytes)), Finding::Binary);
        let mut late = vec![b'a'; 3 * CHUNK];
        late.push(0xfc);
        assert_eq!(find(&late), Finding::Other);
    }

    #[test]
    fn a_text_that_is_all_utf8_is_not_read_as_windows_1252() {
        let decoded = Decoded::new(Cursor::new("Müller"), Encoding::Windows1252);
        assert_eq!(decoded.err(), Some(Unreadable::Encoding));
        assert_eq!(read(b"Muller", Encoding::Windows1252), "Muller");
    }
}
