//! Pictures of others, made anew: what is shown are the pixels, and nothing else that came in the file.
//!
//! A picture is read under limits of its pixels and of memory, turned as its camera held it, made no larger than a page shows, and
//! written again. Of one that moves the first moment is shown. What is none of the kinds below is no picture.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use tokio::sync::Semaphore;

use crate::{Error, Result};

/// The largest file that is looked at, in bytes.
pub const LARGEST: usize = 25 << 20;
/// The longest side of what is read, in pixels.
const LONGEST_SIDE: u32 = 12_000;
/// The most pixels of what is read.
const MOST_PIXELS: u64 = 50_000_000;
/// The most memory that reading takes, in bytes.
const MEMORY: u64 = 256 << 20;
/// The longest side of what is shown, in pixels.
const SHOWN: u32 = 1_600;

/// Each takes much memory, so few are made at a time.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// A picture that can be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its kind: PNG or JPEG.
    pub content_type: &'static str,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Makes a picture anew; none where the file is no picture that can be shown.
///
/// # Errors
/// Internal: its work was broken off.
pub async fn anew(bytes: Vec<u8>) -> Result<Option<Picture>> {
    let _turn = AT_ONCE.acquire().await.map_err(|error| Error::Internal(Box::new(error)))?;
    tokio::task::spawn_blocking(move || made(&bytes)).await.map_err(|error| Error::Internal(Box::new(error)))
}

fn made(bytes: &[u8]) -> Option<Picture> {
    let kinds = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP];
    let kind = image::guess_format(bytes).ok().filter(|kind| kinds.contains(kind) && bytes.len() <= LARGEST)?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), kind);
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_SIDE);
    limits.max_image_height = Some(LONGEST_SIDE);
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_PIXELS || decoder.total_bytes() > MEMORY {
        return None;
    }
    let orientation = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder).ok()?;
    if let Some(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    if picture.width() > SHOWN || picture.height() > SHOWN {
        picture = picture.thumbnail(SHOWN, SHOWN);
    }
    // What can be seen through stays so; a photograph would be large otherwise.
    let (picture, kind, content_type) = if picture.color().has_alpha() || kind == ImageFormat::Gif {
        (DynamicImage::ImageRgba8(picture.into_rgba8()), ImageFormat::Png, "image/png")
    } else {
        (DynamicImage::ImageRgb8(picture.into_rgb8()), ImageFormat::Jpeg, "image/jpeg")
    };
    let mut written = Cursor::new(Vec::new());
    picture.write_to(&mut written, kind).ok()?;
    Some(Picture { content_type, bytes: written.into_inner() })
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    fn written(picture: DynamicImage, kind: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, kind).unwrap();
        bytes.into_inner()
    }

    #[test]
    fn pictures_are_written_anew_and_nothing_else_of_the_file_stays() {
        let red = DynamicImage::ImageRgb8(RgbImage::from_pixel(40, 30, Rgb([200, 0, 0])));
        for kind in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            let mut file = written(red.clone(), kind);
            file.extend_from_slice(b"<script>alert(1)</script>");
            let shown = made(&file).unwrap();
            assert_eq!(shown.content_type, "image/jpeg");
            assert!(!shown.bytes.windows(7).any(|part| part == b"<script"), "{kind:?}");
            let read = image::load_from_memory(&shown.bytes).unwrap();
            assert_eq!((read.width(), read.height()), (40, 30));
        }
        let clear = DynamicImage::ImageRgba8(RgbaImage::from_pixel(4, 4, Rgba([0, 0, 0, 0])));
        assert_eq!(made(&written(clear, ImageFormat::Png)).unwrap().content_type, "image/png");
    }

    #[test]
    fn large_ones_are_made_smaller_and_too_large_ones_are_not_read() {
        let wide = DynamicImage::ImageRgb8(RgbImage::new(4_000, 100));
        let shown = made(&written(wide, ImageFormat::Png)).unwrap();
        let read = image::load_from_memory(&shown.bytes).unwrap();
        assert_eq!((read.width(), read.height()), (1_600, 40));
        let too_wide = DynamicImage::ImageRgb8(RgbImage::new(LONGEST_SIDE + 1, 1));
        assert!(made(&written(too_wide, ImageFormat::Png)).is_none());
    }

    #[test]
    fn what_is_no_picture_is_not_shown() {
        for file in ["", "<svg xmlns='http://www.w3.org/2000/svg'/>", "%PDF-1.7", "GIF89a", "\u{89}PNG"] {
            assert!(made(file.as_bytes()).is_none(), "{file}");
        }
    }
}
