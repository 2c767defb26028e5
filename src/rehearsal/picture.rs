//! Pictures of advertisements, drawn by the program: a flat poster of a few shapes, the product and a line of text.
//!
//! SVG of about a kilobyte, without scripts, fonts or anything outside of it. All coordinates are whole numbers.

use std::fmt::Write;

use crate::random::Stream;

/// Background, large shape, small shapes, text.
const PALETTES: [[&str; 4]; 8] = [
    ["#f4ede4", "#d9825b", "#3f5e5a", "#2b2b2b"],
    ["#e8f1f2", "#1b7f9c", "#f2b134", "#10333d"],
    ["#fdf6e3", "#7a9e3f", "#c94f3d", "#33401a"],
    ["#f3eafa", "#7d5ba6", "#f2a65a", "#35234b"],
    ["#eef2e6", "#3d7c47", "#e0b84c", "#1f3524"],
    ["#fbe9e7", "#c2455d", "#2f4b7c", "#3a1420"],
    ["#e9ecf5", "#44578f", "#e88d67", "#1c2541"],
    ["#fff4d6", "#e07a1f", "#4a6c6f", "#3b2a10"],
];

/// The width and height of a picture, in pixels.
pub const SIDE: u32 = 480;

/// Draws the poster of an advertisement.
pub(crate) fn draw(stream: &mut Stream, title: &str, line: &str) -> String {
    let [ground, large, small, ink] = stream.pick(&PALETTES);
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{SIDE}" height="{SIDE}" viewBox="0 0 {SIDE} {SIDE}">"#
    );
    let mut put = |piece: std::fmt::Arguments<'_>| {
        // Writing into a text cannot fail.
        let _ = svg.write_fmt(piece);
    };
    put(format_args!(r#"<rect width="{SIDE}" height="{SIDE}" fill="{ground}"/>"#));
    let (x, y, size) = (stream.whole(150, 330), stream.whole(130, 220), stream.whole(80, 140));
    match stream.below(4) {
        0 => put(format_args!(r#"<circle cx="{x}" cy="{y}" r="{size}" fill="{large}"/>"#)),
        1 => put(format_args!(
            r#"<rect x="{}" y="{}" width="{}" height="{}" rx="24" fill="{large}"/>"#,
            x - size,
            y - size * 3 / 4,
            2 * size,
            size * 3 / 2
        )),
        2 => put(format_args!(
            r#"<path d="M{} {}L{x} {}L{} {}Z" fill="{large}"/>"#,
            x - size,
            y + size,
            y - size,
            x + size,
            y + size
        )),
        _ => put(format_args!(r#"<ellipse cx="{x}" cy="{y}" rx="{size}" ry="{}" fill="{large}"/>"#, size * 2 / 3)),
    }
    for _ in 0..stream.whole(3, 7) {
        let (x, y, size) = (stream.whole(20, 460), stream.whole(20, 330), stream.whole(6, 26));
        if stream.chance(0.5) {
            put(format_args!(r#"<circle cx="{x}" cy="{y}" r="{size}" fill="{small}" fill-opacity="0.8"/>"#));
        } else {
            let turn = stream.whole(0, 89);
            put(format_args!(
                r#"<rect x="{x}" y="{y}" width="{size}" height="{size}" fill="{small}" transform="rotate({turn} {x} {y})"/>"#
            ));
        }
    }
    for (y, size, text) in [(400, 34, title), (444, 20, line)] {
        put(format_args!(
            r#"<text x="240" y="{y}" font-family="sans-serif" font-size="{size}" text-anchor="middle" fill="{ink}">{}</text>"#,
            escaped(text)
        ));
    }
    put(format_args!("</svg>"));
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Key;
    use std::collections::BTreeSet;

    #[test]
    fn pictures_are_small_closed_and_differ() {
        let draw = |seed| draw(&mut Key::new(seed).stream(), "Oil & Wax", "a < b");
        let pictures: BTreeSet<_> = (0..120).map(draw).collect();
        assert_eq!(pictures.len(), 120);
        for picture in pictures {
            assert!(picture.len() < 2500 && picture.ends_with("</svg>"));
            assert!(picture.contains("Oil &amp; Wax") && picture.contains("a &lt; b"));
            assert_eq!(picture.matches('<').count(), picture.matches('>').count());
        }
    }
}
