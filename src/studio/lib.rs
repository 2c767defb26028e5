//! Documents: a typed report in, the bytes of a PDF out. No SQL, no HTTP, no clock: the same report is the same bytes on every
//! machine, as the typeface and the template are part of the program and the only moment in it is the report's own. Only letters
//! that the typeface has not are set as each installation can: see [`typefaces`].
//!
//! The template is `report.typ`; what it sets is `model::report::document::Document`. To add a kind of block, add it there, to
//! `sheet` and to the template.

mod chart;
mod sheet;
mod world;

use model::report::document::Document;
use sha2::{Digest, Sha256};
use typst::{
    diag::{SourceDiagnostic, Warned},
    foundations::{Datetime, Smart},
};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, Timestamp};
use world::World;

/// Why a report could not be typeset.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The typesetter refused the template with this report.
    #[error("the report could not be typeset: {0}")]
    Typesetter(String),
    /// The report could not be written down for the typesetter.
    #[error("the report could not be handed to the typesetter")]
    Sheet(#[from] serde_json::Error),
    /// The typeface in the program cannot be read.
    #[error("the typeface in the program cannot be read")]
    Typeface,
}

/// A typeset report.
#[derive(Clone, Debug)]
pub struct Pdf {
    /// The file.
    pub bytes: Vec<u8>,
    /// How many pages it has.
    pub pages: usize,
    /// Whether the logo could not be read, so that the name stands in its place.
    pub logo_left_out: bool,
}

/// Takes an installation's own typefaces, for letters that the one in the program has not, before the first report is made. Files
/// that are none are left out; gives how many typefaces each of them holds.
pub fn typefaces(files: Vec<Vec<u8>>) -> Vec<usize> {
    world::keep(files)
}

/// How many typesettings a remembered piece of layout may lie unused before it is forgotten: a server that makes reports for
/// months keeps no more than its newest ones.
const REMEMBERED: usize = 2;

/// Typesets a report: tagged, so that screen readers find headings, lists and tables.
///
/// # Errors
/// The typesetter refuses it.
pub fn pdf(document: &Document) -> Result<Pdf, Error> {
    let made = match typeset(document, true) {
        Err(_) if document.logo.is_some() => typeset(document, false),
        made => made,
    };
    typst::comemo::evict(REMEMBERED);
    made
}

fn typeset(document: &Document, with_logo: bool) -> Result<Pdf, Error> {
    let logo = document.logo.as_ref().filter(|_| with_logo);
    let sheet = serde_json::to_vec(&sheet::Sheet::new(document, logo))?;
    let ident = hex::encode(Sha256::digest(&sheet));
    let world = World::new(sheet, logo)?;
    let Warned { output, .. } = typst::compile::<PagedDocument>(&world);
    let paged = output.map_err(|errors| Error::Typesetter(words(&errors)))?;
    let options = PdfOptions {
        ident: Smart::Custom(ident),
        creator: Smart::Custom(Some("AudienceOS".to_owned())),
        timestamp: moment(document).map(Timestamp::new_utc),
        ..PdfOptions::default()
    };
    let bytes = typst_pdf::pdf(&paged, &options).map_err(|errors| Error::Typesetter(words(&errors)))?;
    Ok(Pdf { bytes, pages: paged.pages().len(), logo_left_out: document.logo.is_some() && logo.is_none() })
}

/// What the typesetter says, for a log.
fn words(errors: &[SourceDiagnostic]) -> String {
    errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("; ")
}

/// The moment that the report shows, as the file says when it was made: the same whenever it is typeset.
fn moment(document: &Document) -> Option<Datetime> {
    let at = document.as_of.to_offset(time::UtcOffset::UTC);
    Datetime::from_ymd_hms(at.year(), at.month().into(), at.day(), at.hour(), at.minute(), at.second())
}

#[cfg(test)]
mod tests;
