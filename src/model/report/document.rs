//! A report as it is typeset: every text as it is to stand there. Made where the rows are, so that what a report shows and what
//! pages show is one thing; the typesetter counts nothing.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::brand::Logo;

/// A report to be typeset.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it is called.
    pub title: String,
    /// The agency.
    pub author: String,
    /// Whose it is: the client, or the agency.
    pub owner: String,
    /// The colour of lines and marks, as `#1d4ed8`.
    pub accent: String,
    /// The owner's logo.
    pub logo: Option<Logo>,
    /// The days that it is of, in words.
    pub days: String,
    /// What stands across every page.
    pub watermark: Option<String>,
    /// What stands at the foot of every page.
    pub footer: String,
    /// Whether it has a cover with a table of contents.
    pub cover: bool,
    /// What the cover says below the title.
    pub cover_lines: Vec<String>,
    /// Its sections, each on a page of its own.
    pub sections: Vec<Section>,
    /// The moment whose rows it shows.
    pub as_of: OffsetDateTime,
}

/// A section.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Its heading.
    pub heading: String,
    /// What stands in it.
    pub blocks: Vec<Block>,
}

/// Something that stands in a section.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A paragraph.
    Paragraph(String),
    /// A smaller heading.
    Heading(String),
    /// A list.
    Bullets(Vec<String>),
    /// Figures beside each other.
    Figures(Vec<FigureCell>),
    /// A table, whose rows have as many cells as it has columns.
    Table {
        /// Its columns.
        columns: Vec<Column>,
        /// Its rows.
        rows: Vec<Vec<String>>,
        /// What stands below it.
        note: Option<String>,
    },
    /// A drawing of days.
    Chart(Chart),
}

/// A figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FigureCell {
    /// What it is called.
    pub name: String,
    /// As it is shown; none where there is none, and then a note says why.
    pub value: Option<String>,
    /// What it was before, how it changed, what is missing in it.
    pub notes: Vec<String>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its heading.
    pub heading: String,
    /// Whether numbers stand in it, so that it is set to the right.
    pub number: bool,
}

/// A drawing of days.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// What it shows, in a sentence.
    pub words: String,
    /// The first day.
    pub first: String,
    /// The last day.
    pub last: String,
    /// Heights that are written at its side.
    pub marks: Vec<Mark>,
    /// Areas between two lines.
    pub bands: Vec<Band>,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// A height that is written at a drawing's side.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Which.
    pub value: f64,
    /// As it is written.
    pub text: String,
}

/// An area between two lines; a day without both is left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Its lower end, each day's.
    pub low: Vec<Option<f64>>,
    /// Its upper end.
    pub high: Vec<Option<f64>>,
}

/// A line: each day's value, none where there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What it is.
    pub name: String,
    /// The number of its colour.
    pub colour: usize,
    /// Whether it is of days that have not come.
    pub dashed: bool,
    /// Each day's value.
    pub values: Vec<Option<f64>>,
}
