//! How far each folder of a mailbox was read, as it is kept between two readings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{session::Status, uids::Uids};
use crate::{Error, Result};

/// How far the folders of a mailbox were read, by the server's names of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    pub(super) folders: BTreeMap<String, Read>,
}

impl Cursor {
    /// # Errors
    /// CursorExpired: it is none of ours.
    pub(super) fn read(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|_| Error::CursorExpired)
    }

    /// # Errors
    /// Never in practice.
    pub(super) fn text(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| Error::Malformed(error.to_string()))
    }

    /// How far this folder was read; from its beginning, when it is new or its numbers have become others' numbers.
    pub(super) fn folder(&mut self, name: &str, status: &Status) -> &mut Read {
        let read = self.folders.entry(name.to_owned()).or_insert_with(|| Read::begin(status));
        if read.validity != status.validity {
            *read = Read::begin(status);
        }
        read
    }
}

/// How far a folder was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Read {
    /// As long as this stays, a number means the same message.
    pub(super) validity: u32,
    /// Messages from this number on have come since.
    pub(super) next: u32,
    /// While what was there at first is read: those below this number are still to be read.
    pub(super) below: Option<u32>,
    /// Changes of what is known, after this one, are still to be told.
    pub(super) modseq: Option<u64>,
    /// What is known.
    pub(super) known: Uids,
    /// Those of them that were unseen, where the server does not tell changes.
    pub(super) unseen: Uids,
    /// The number of messages, and the next one's number, when it was last looked whether any are gone.
    pub(super) settled: Option<(u32, u32)>,
}

impl Read {
    fn begin(status: &Status) -> Self {
        Self {
            validity: status.validity,
            next: status.next,
            below: Some(status.next),
            modseq: status.modseq,
            known: Uids::default(),
            unseen: Uids::default(),
            settled: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(validity: u32) -> Status {
        Status { validity, next: 58, exists: 40, modseq: Some(1 << 40) }
    }

    #[test]
    fn a_cursor_is_kept_as_it_is() {
        let mut cursor = Cursor::default();
        let read = cursor.folder("INBOX", &status(7));
        read.known = (1..=57).collect();
        read.unseen.insert(3);
        read.below = None;
        read.settled = Some((40, 58));
        assert_eq!(Cursor::read(&cursor.text().unwrap()), Ok(cursor));
        for other in ["", "{}", "12345", r#"{"folders":{"INBOX":{"validity":"x"}}}"#] {
            assert_eq!(Cursor::read(other), Err(Error::CursorExpired), "{other}");
        }
    }

    #[test]
    fn a_folder_with_other_numbers_begins_anew_and_no_other_does() {
        let mut cursor = Cursor::default();
        for name in ["INBOX", "Sent"] {
            cursor.folder(name, &status(7)).below = None;
        }
        assert_eq!(cursor.folder("INBOX", &status(7)).below, None);
        let again = cursor.folder("INBOX", &status(8));
        assert_eq!((again.validity, again.below, again.known.span()), (8, Some(58), None));
        assert_eq!(cursor.folder("Sent", &status(7)).below, None);
    }
}
