//! A report as the template reads it: every text as it is to stand there, every drawing as points.

use model::{
    brand::Logo,
    report::document::{Block, Column, Document, FigureCell},
};
use serde::Serialize;

use crate::chart::{self, Drawing};

/// What the template reads as `report.json`.
#[derive(Serialize)]
pub(crate) struct Sheet<'a> {
    title: &'a str,
    author: &'a str,
    owner: &'a str,
    accent: &'a str,
    logo: Option<&'static str>,
    days: &'a str,
    watermark: Option<&'a str>,
    footer: &'a str,
    cover: bool,
    cover_lines: &'a [String],
    words: Words,
    sections: Vec<Section<'a>>,
}

#[derive(Serialize)]
struct Words {
    contents: &'static str,
}

#[derive(Serialize)]
struct Section<'a> {
    heading: &'a str,
    blocks: Vec<Part<'a>>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Part<'a> {
    Paragraph { text: &'a str },
    Heading { text: &'a str },
    Bullets { items: &'a [String] },
    Figures { figures: &'a [FigureCell] },
    Table { columns: &'a [Column], rows: &'a [Vec<String>], note: Option<&'a str> },
    Chart(Drawing<'a>),
}

impl<'a> Sheet<'a> {
    pub(crate) fn new(document: &'a Document, logo: Option<&Logo>) -> Self {
        Self {
            title: &document.title,
            author: &document.author,
            owner: &document.owner,
            accent: &document.accent,
            logo: logo.map(|logo| logo.kind.file_name()),
            days: &document.days,
            watermark: document.watermark.as_deref(),
            footer: &document.footer,
            cover: document.cover,
            cover_lines: &document.cover_lines,
            words: Words { contents: "Contents" },
            sections: document
                .sections
                .iter()
                .map(|section| Section {
                    heading: &section.heading,
                    blocks: section.blocks.iter().filter_map(part).collect(),
                })
                .collect(),
        }
    }
}

/// A block as it is set; none for a list or a drawing of nothing.
fn part(block: &Block) -> Option<Part<'_>> {
    Some(match block {
        Block::Paragraph(text) => Part::Paragraph { text },
        Block::Heading(text) => Part::Heading { text },
        Block::Bullets(items) if items.is_empty() => return None,
        Block::Bullets(items) => Part::Bullets { items },
        Block::Figures(figures) if figures.is_empty() => return None,
        Block::Figures(figures) => Part::Figures { figures },
        Block::Table { columns, rows, note } => Part::Table { columns, rows, note: note.as_deref() },
        Block::Chart(chart) => Part::Chart(chart::draw(chart)?),
    })
}
