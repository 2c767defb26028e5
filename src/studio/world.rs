//! What the typesetter may read: the template, one report, its logo, one typeface, and those of the installation for letters that
//! this one has not. There is no file system, no network, no package and no clock behind it.

use std::sync::{LazyLock, OnceLock};

use model::brand::Logo;
use typst::{
    Library, LibraryExt,
    diag::{FileError, FileResult},
    foundations::{Bytes, Datetime, Duration},
    syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot},
    text::{Font, FontBook},
    utils::LazyHash,
};

use crate::Error;

const TEMPLATE: &str = include_str!("report.typ");
/// Inter 4.1 with its weights and optical sizes (SIL Open Font License 1.1, see `fonts/OFL.txt`).
static INTER: &[u8] = include_bytes!("fonts/Inter.ttf");

/// What the installation has beside it.
static OTHERS: OnceLock<Vec<Font>> = OnceLock::new();

/// Keeps the typefaces of these files, and tells how many each of them holds. What comes after the first ones changes nothing.
pub(crate) fn keep(files: Vec<Vec<u8>>) -> Vec<usize> {
    let fonts: Vec<Vec<Font>> = files.into_iter().map(|file| Font::iter(Bytes::new(file)).collect()).collect();
    let many = fonts.iter().map(Vec::len).collect();
    OTHERS.get_or_init(|| fonts.into_iter().flatten().collect());
    many
}

/// What every report shares, read once.
struct Shared {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
}

static SHARED: LazyLock<Option<Shared>> = LazyLock::new(|| {
    let mut fonts = vec![Font::new(Bytes::new(INTER), 0)?];
    fonts.extend(OTHERS.get().into_iter().flatten().cloned());
    Some(Shared {
        library: LazyHash::new(Library::builder().build()),
        book: LazyHash::new(FontBook::from_fonts(&fonts)),
        fonts,
    })
});

/// What one report is made of.
pub(crate) struct World {
    shared: &'static Shared,
    main: Source,
    sheet: (FileId, Bytes),
    logo: Option<(FileId, Bytes)>,
}

impl World {
    pub(crate) fn new(sheet: Vec<u8>, logo: Option<&Logo>) -> Result<Self, Error> {
        let shared = SHARED.as_ref().ok_or(Error::Typeface)?;
        let main = Source::new(file("report.typ")?, TEMPLATE.to_owned());
        let sheet = (file("report.json")?, Bytes::new(sheet));
        let logo = match logo {
            Some(logo) => Some((file(logo.kind.file_name())?, Bytes::new(logo.bytes.clone()))),
            None => None,
        };
        Ok(Self { shared, main, sheet, logo })
    }
}

fn file(name: &str) -> Result<FileId, Error> {
    let path = VirtualPath::new(name).map_err(|_| Error::Typesetter(format!("{name} is no path")))?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

impl typst::World for World {
    fn library(&self) -> &LazyHash<Library> {
        &self.shared.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.shared.book
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() { Ok(self.main.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let files = [Some(&self.sheet), self.logo.as_ref()];
        let found = files.into_iter().flatten().find(|(known, _)| *known == id);
        found.map(|(_, bytes)| bytes.clone()).ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.shared.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
