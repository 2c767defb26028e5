//! Imports: files of daily metrics, and rows that programs push, as sources of figures like any account.
//!
//! A source stands for an account that no provider reports; a person names it and maps it to a client. An import brings
//! rows into one source, all that were accepted or none, and can be undone. How a file is read is in the files below.

/// The spelling of each variant, as serde writes it, in forms and answers.
macro_rules! keys {
    ($name:ident { $($variant:ident = $key:literal),+ $(,)? }) => {
        impl $name {
            /// The spelling in forms and answers.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key),+ }
            }

            /// Reads the spelling.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($key => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

mod fault;
mod field;
mod form;
mod mapping;
mod preview;

pub use fault::{Fault, RowError, excerpt};
pub use field::{Field, Kind, Shape};
pub use form::{DayForm, NumberForm};
pub use mapping::{Column, Delimiter, Encoding, Format, MOST_COLUMNS, Mapping, Refunds};
pub use preview::{Chosen, Guess, Preview, Shown};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    connection::Channel,
    id::{ChannelId, ImportId, ImportMappingId, MemberId},
    metric::Days,
};

/// How many wrong rows are kept with an import; the others are counted.
pub const MOST_ERRORS: usize = 1000;

/// An account whose figures come by import: a channel of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The channel: its name, currency, zone and client.
    pub channel: Channel,
    /// What its rows are.
    pub holds: Kind,
    /// The key of the provider whose figures they are; none for everything else.
    pub platform: Option<String>,
    /// Since when it is there.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// A mapping under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedMapping {
    /// Its id.
    pub id: ImportMappingId,
    /// What people call it.
    pub name: String,
    /// How files are read with it.
    pub mapping: Mapping,
    /// When it was last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// Where an import came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// A person gave a file.
    File,
    /// A program pushed rows.
    Push,
}

/// Where an import stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The file is looked at.
    Reading,
    /// It waits for somebody to say how it is read.
    Open,
    /// Every row is read with the mapping, and none kept.
    Checking,
    /// It waits for somebody to start it.
    Checked,
    /// Its rows are kept.
    Importing,
    /// All accepted rows are kept.
    Done,
    /// It is taken back.
    Undoing,
    /// It was taken back.
    Undone,
    /// Nothing of it was kept, for the reason that it says.
    Failed,
    /// Nobody started it.
    GivenUp,
}

impl State {
    /// Each of them.
    pub const ALL: [Self; 10] = [
        Self::Reading,
        Self::Open,
        Self::Checking,
        Self::Checked,
        Self::Importing,
        Self::Done,
        Self::Undoing,
        Self::Undone,
        Self::Failed,
        Self::GivenUp,
    ];

    /// The spelling in the database and in answers.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Open => "open",
            Self::Checking => "checking",
            Self::Checked => "checked",
            Self::Importing => "importing",
            Self::Done => "done",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
            Self::Failed => "failed",
            Self::GivenUp => "given_up",
        }
    }

    /// The words on screen.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Reading => "Being read",
            Self::Open => "Waits for its columns",
            Self::Checking => "Being checked",
            Self::Checked => "Ready to import",
            Self::Importing => "Being imported",
            Self::Done => "Imported",
            Self::Undoing => "Being undone",
            Self::Undone => "Undone",
            Self::Failed => "Failed",
            Self::GivenUp => "Given up",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == text)
    }

    /// Whether a job works on it now.
    pub const fn at_work(self) -> bool {
        matches!(self, Self::Reading | Self::Checking | Self::Importing | Self::Undoing)
    }

    /// Whether its file is still needed.
    pub const fn needs_file(self) -> bool {
        matches!(self, Self::Reading | Self::Open | Self::Checking | Self::Checked | Self::Importing)
    }

    /// Whether a person may still say how it is read, start it or give it up.
    pub const fn open(self) -> bool {
        matches!(self, Self::Reading | Self::Open | Self::Checking | Self::Checked)
    }
}

/// What reading the whole file found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Rows that can be kept.
    pub rows: i64,
    /// Rows that are wrong.
    pub wrong: i64,
    /// Rows that the mapping leaves out.
    pub left_out: i64,
    /// From the first day to the last among the rows that can be kept.
    pub days: Option<Days>,
}

/// An import.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Import {
    /// Its id.
    pub id: ImportId,
    /// Into which source.
    pub source_id: ChannelId,
    /// What the source is called.
    pub source: String,
    /// Where it came from.
    pub way: Way,
    /// Where it stands.
    pub state: State,
    /// The name of the file as it was given, or of the pushing provider's key.
    pub file_name: String,
    /// In bytes.
    pub size: i64,
    /// SHA-256 of the file or of the pushed body, in hexadecimal digits.
    pub hash: String,
    /// Who gave it.
    pub created_by: MemberId,
    /// That member's name.
    pub member: String,
    /// When it was given.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// How the file can be read; none before it was looked at, or for pushed rows.
    pub preview: Option<Preview>,
    /// How it is read; none before somebody said so, or for pushed rows.
    pub mapping: Option<Mapping>,
    /// Why the file cannot be read, or why nothing was kept.
    pub fault: Option<String>,
    /// What reading all of it found; none before.
    pub found: Option<Found>,
    /// Wrong rows, the first of them; filled for one import, not in lists.
    pub errors: Vec<RowError>,
    /// Whether wrong rows are left out: a person chose so.
    pub skip_wrong: bool,
    /// Rows that the job has passed.
    pub rows_done: i64,
    /// Rows that were not there before.
    pub rows_new: i64,
    /// Rows with other values than before.
    pub rows_changed: i64,
    /// Rows as before.
    pub rows_unchanged: i64,
    /// When the job that works on it began.
    #[serde(with = "time::serde::rfc3339::option")]
    pub begun_at: Option<OffsetDateTime>,
    /// When its rows were kept.
    #[serde(with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
    /// Who took it back.
    pub undone_by: Option<String>,
    /// When it was taken back.
    #[serde(with = "time::serde::rfc3339::option")]
    pub undone_at: Option<OffsetDateTime>,
    /// When the same file was last imported into the same source with the same mapping, if it was and was not undone.
    #[serde(with = "time::serde::rfc3339::option")]
    pub same_at: Option<OffsetDateTime>,
}
