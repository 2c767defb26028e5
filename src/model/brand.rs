//! How a client or the agency looks on paper: a logo and a colour.
//!
//! Only what its first bytes say is read here: which kind of picture it is and how large. What a typesetter unpacks is bounded
//! by that.

use serde::{Deserialize, Serialize};

use crate::input::Invalid;

/// The colour where nobody chose one.
pub const ACCENT: &str = "#1d4ed8";
/// The largest logo, in bytes.
pub const LARGEST: usize = 512 * 1024;
/// The widest and highest logo, in points of the picture.
const WIDEST: u32 = 4000;

/// A kind of picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogoKind {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
}

impl LogoKind {
    /// The spelling in the database.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Png, Self::Jpeg].into_iter().find(|kind| kind.key() == text)
    }

    /// What its file is called.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Png => "logo.png",
            Self::Jpeg => "logo.jpg",
        }
    }
}

/// A logo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    /// Which kind of picture.
    pub kind: LogoKind,
    /// The file.
    pub bytes: Vec<u8>,
}

impl Logo {
    /// Takes a file as a logo.
    ///
    /// # Errors
    /// It is too large, or no PNG or JPEG.
    pub fn new(bytes: Vec<u8>) -> Result<Self, Invalid> {
        let wrong = |words: &str| Invalid::new("logo", words);
        if bytes.len() > LARGEST {
            return Err(wrong(
                "the logo is larger than 512 KiB. Save it smaller and choose it again; nothing was changed",
            ));
        }
        let (kind, wide, high) = size(&bytes).ok_or_else(|| {
            wrong("this is no PNG or JPEG picture. Save the logo as one of these and choose it again; nothing was changed")
        })?;
        if wide == 0 || high == 0 || wide > WIDEST || high > WIDEST {
            return Err(wrong(
                "the logo is wider or higher than 4000 pixels. Save it smaller and choose it again; nothing was changed",
            ));
        }
        Ok(Self { kind, bytes })
    }
}

/// What a picture is, how wide and how high, by its own words.
fn size(bytes: &[u8]) -> Option<(LogoKind, u32, u32)> {
    if let Some(rest) = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n") {
        let number = |at: usize| Some(u32::from_be_bytes(rest.get(at..at + 4)?.try_into().ok()?));
        if rest.get(4..8)? != b"IHDR" {
            return None;
        }
        return Some((LogoKind::Png, number(8)?, number(12)?));
    }
    let mut rest = bytes.strip_prefix(&[0xff, 0xd8])?;
    loop {
        let [0xff, mark, high, low, body @ ..] = rest else { return None };
        // A mark may be led by any number of these.
        if *mark == 0xff {
            rest = rest.get(1..)?;
            continue;
        }
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        // The frames that tell the size; 0xc4, 0xc8 and 0xcc are no frames.
        if matches!(*mark, 0xc0..=0xcf) && !matches!(*mark, 0xc4 | 0xc8 | 0xcc) {
            let [_, high_a, high_b, wide_a, wide_b, ..] = body else { return None };
            let number = |a: u8, b: u8| u32::from(u16::from_be_bytes([a, b]));
            return Some((LogoKind::Jpeg, number(*wide_a, *wide_b), number(*high_a, *high_b)));
        }
        rest = rest.get(2 + length.max(2)..)?;
    }
}

/// Reads a colour as `#1d4ed8`; blank is none of its own.
///
/// # Errors
/// It is no colour, or so light that lines of it could not be seen on paper.
pub fn parse_accent(text: &str) -> Result<Option<String>, Invalid> {
    let text = text.trim().to_lowercase();
    if text.is_empty() {
        return Ok(None);
    }
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
    let part = |at: usize| digits.and_then(|digits| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok());
    let (Some(red), Some(green), Some(blue)) = (part(0), part(2), part(4)) else {
        return Err(Invalid::new("accent", "enter a colour as #1d4ed8"));
    };
    if contrast_with_white(red, green, blue) < 3.0 {
        return Err(Invalid::new("accent", "this colour is too light to be seen on white paper. Choose a darker one"));
    }
    Ok(Some(text))
}

/// The contrast to white as WCAG 2 reckons it, from 1 to 21.
fn contrast_with_white(red: u8, green: u8, blue: u8) -> f64 {
    let linear = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    1.05 / (0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue) + 0.05)
}

/// How somebody looks on paper, without the picture itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// The colour that was chosen.
    pub accent: Option<String>,
    /// How many bytes the logo has, if there is one.
    pub logo: Option<i64>,
    /// Whether whoever reads may change it.
    pub may_change: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(wide: u32, high: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        bytes.extend(wide.to_be_bytes());
        bytes.extend(high.to_be_bytes());
        bytes
    }

    #[test]
    fn a_picture_says_what_it_is_and_how_large() {
        assert_eq!(Logo::new(png(120, 40)).unwrap().kind, LogoKind::Png);
        let jpeg = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xff, 0xc2, 0, 11, 8, 0, 40, 0, 120, 3];
        assert_eq!(size(&jpeg), Some((LogoKind::Jpeg, 120, 40)));
        assert_eq!(Logo::new(jpeg.to_vec()).unwrap().kind, LogoKind::Jpeg);
    }

    #[test]
    fn what_is_too_large_or_no_picture_is_refused() {
        for bad in [png(4001, 1), png(0, 10), b"<svg/>".to_vec(), vec![0xff, 0xd8], vec![0xff, 0xd8, 0xff, 0xc0, 0, 4]]
        {
            assert_eq!(Logo::new(bad).unwrap_err().field, "logo");
        }
        let mut large = png(10, 10);
        large.resize(LARGEST + 1, 0);
        assert!(Logo::new(large).is_err());
    }

    #[test]
    fn a_colour_can_be_seen_on_paper() {
        assert_eq!(parse_accent(" #1D4ED8 ").unwrap().as_deref(), Some(ACCENT));
        assert_eq!(parse_accent("").unwrap(), None);
        for bad in ["1d4ed8", "#1d4", "#ffff00", "#gggggg", "#1d4ed8ff", "#ééé"] {
            assert!(parse_accent(bad).is_err(), "{bad}");
        }
    }
}
