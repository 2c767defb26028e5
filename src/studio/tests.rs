use model::report::document::{Block, Chart, Column, Document, FigureCell, Line, Mark, Section};
use time::macros::datetime;

use crate::pdf;

fn document() -> Document {
    let rows = |count: usize| (0..count).map(|row| vec![format!("Channel {row}"), format!("{row}.50 EUR")]).collect();
    let columns = ["Channel", "Spend"].map(|heading| Column { heading: heading.into(), number: heading == "Spend" });
    let figures = vec![
        FigureCell { name: "Spend".into(), value: Some("1,234.50 EUR".into()), notes: vec!["+12 %".into()] },
        FigureCell { name: "MER".into(), value: None, notes: vec!["no connected source reports revenue".into()] },
    ];
    let chart = Chart {
        words: "Spend a day.".into(),
        first: "1 Nov 2026".into(),
        last: "4 Nov 2026".into(),
        marks: vec![Mark { value: 2.0, text: "2 EUR".into() }],
        bands: Vec::new(),
        lines: vec![Line {
            name: "Spend".into(),
            colour: 0,
            dashed: true,
            values: vec![Some(1.0), None, Some(2.0), Some(1.5)],
        }],
    };
    let blocks = |count: usize| {
        vec![
            Block::Paragraph("What #strong[it] says & <b>$x$</b> stands as it is.".into()),
            Block::Heading("More".into()),
            Block::Bullets(vec!["one".into(), "two".into()]),
            Block::Figures(figures.clone()),
            Block::Table { columns: columns.to_vec(), rows: rows(count), note: Some("A note".into()) },
            Block::Chart(chart.clone()),
        ]
    };
    let section = |heading: &str| Section { heading: heading.into(), blocks: blocks(30) };
    Document {
        title: "Bakery *November*".into(),
        author: "Acme".into(),
        owner: "Bakery".into(),
        accent: "#1d4ed8".into(),
        logo: None,
        days: "1 Nov 2026 to 4 Nov 2026".into(),
        watermark: None,
        footer: "Acme".into(),
        cover: true,
        cover_lines: vec!["For the CMO".into()],
        sections: ["A", "B", "C", "D", "E"].map(section).to_vec(),
        as_of: datetime!(2026-11-05 06:00 UTC),
    }
}

#[test]
fn the_same_report_is_the_same_bytes() {
    let first = pdf(&document()).unwrap();
    assert!(first.bytes.starts_with(b"%PDF-1."));
    // The cover, and two pages each.
    assert!(first.pages > 5, "{} pages", first.pages);
    // Not what is remembered of the first.
    typst::comemo::evict(0);
    assert!(first.bytes == pdf(&document()).unwrap().bytes, "the bytes differ");
    let other = Document { as_of: datetime!(2026-11-05 06:01 UTC), ..document() };
    assert!(first.bytes != pdf(&other).unwrap().bytes, "another moment is another file");
}

#[test]
fn a_logo_that_cannot_be_unpacked_leaves_the_name() {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x0a\0\0\0\x0a".to_vec();
    bytes.extend([0; 40]);
    let broken = model::brand::Logo::new(bytes).unwrap();
    let made = pdf(&Document { logo: Some(broken), ..document() }).unwrap();
    assert!(made.logo_left_out);
    assert!(made.bytes == pdf(&document()).unwrap().bytes);
}

#[test]
fn a_report_without_a_cover_and_without_sections_is_one_page() {
    let made = pdf(&Document { cover: false, sections: Vec::new(), ..document() }).unwrap();
    assert_eq!(made.pages, 1);
}
