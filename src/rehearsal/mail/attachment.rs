//! Files that people send along: pictures and lists, drawn by the program.

use crate::{
    random::{Key, Stream},
    talk::Message,
};

/// A file beside a letter.
#[derive(Debug)]
pub(super) struct File {
    pub name: &'static str,
    pub kind: &'static str,
    pub bytes: Vec<u8>,
}

/// What is sent along with a letter: what it speaks of, or now and then a list.
pub(super) fn draw(key: Key, message: &Message) -> Vec<File> {
    let mut stream = key.name("files").stream();
    // Who answers sends nothing along.
    if message.in_reply_to.is_some() {
        return vec![];
    }
    if message.subject.starts_with("New pictures") {
        let one = |name| File { name, kind: "image/png", bytes: picture(&mut stream) };
        return ["picture-1.png", "picture-2.png"].into_iter().map(one).collect();
    }
    if stream.chance(0.12) {
        return vec![File { name: "list.csv", kind: "text/csv", bytes: list(&mut stream) }];
    }
    vec![]
}

/// Names and counts, as a table's program writes them.
fn list(stream: &mut Stream) -> Vec<u8> {
    let rows: String = (1..=12).map(|number| format!("{number};{}\r\n", stream.whole(1, 90))).collect();
    format!("Number;Pieces\r\n{rows}").into_bytes()
}

const WIDTH: u32 = 64;
const HEIGHT: u32 = 48;

/// A small picture of coloured stripes and a disc, as PNG with a palette.
fn picture(stream: &mut Stream) -> Vec<u8> {
    let palette: Vec<u8> = (0..12).map(|_| stream.whole(30, 240) as u8).collect();
    let (x, y, radius, wide) = (stream.whole(16, 48), stream.whole(12, 36), stream.whole(6, 12), stream.whole(5, 15));
    let mut rows = vec![];
    for row in 0..i64::from(HEIGHT) {
        rows.push(0); // not filtered
        for column in 0..i64::from(WIDTH) {
            let inside = (column - x).pow(2) + (row - y).pow(2) <= radius.pow(2);
            rows.push(if inside { 3 } else { ((column + row) / wide % 3) as u8 });
        }
    }
    let mut header = [WIDTH.to_be_bytes(), HEIGHT.to_be_bytes()].concat();
    header.extend([8, 3, 0, 0, 0]); // eight bits, a palette
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, data) in [(b"IHDR", header), (b"PLTE", palette), (b"IDAT", stored(&rows)), (b"IEND", vec![])] {
        let named = [name.as_slice(), data.as_slice()].concat();
        png.extend((data.len() as u32).to_be_bytes());
        png.extend(&named);
        png.extend(crc(&named).to_be_bytes());
    }
    png
}

/// In zlib's form (RFC 1950), not made smaller: fewer than 65536 bytes.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let length = bytes.len() as u16;
    let mut all = vec![0x78, 0x01, 0x01];
    all.extend(length.to_le_bytes());
    all.extend((!length).to_le_bytes());
    all.extend(bytes);
    let (mut one, mut two) = (1_u32, 0_u32);
    for byte in bytes {
        one = (one + u32::from(*byte)) % 65521;
        two = (two + one) % 65521;
    }
    all.extend(((two << 16) | one).to_be_bytes());
    all
}

/// CRC-32 as PNG has it.
fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_their_standards_and_pictures_differ() {
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::ZlibDecoder::new(&stored(b"123456789")[..]), &mut text)
            .unwrap();
        assert_eq!(text, "123456789");
        let picture = |seed| picture(&mut Key::new(seed).stream());
        assert!(picture(1).starts_with(b"\x89PNG") && picture(1).len() < 4000);
        assert_ne!(picture(1), picture(2));
        assert_eq!(picture(1), picture(1));
    }
}
