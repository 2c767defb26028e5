//! Cursors of newest-first lists: after this moment and id. Equal moments are ordered by id, so that no page skips
//! or repeats a row.

use model::{
    input::Invalid,
    page::{Page, wrong_cursor},
};
use sqlx::types::Uuid;
use time::OffsetDateTime;

/// Where the next page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub(crate) created_at: OffsetDateTime,
    pub(crate) id: Uuid,
}

impl Cursor {
    /// Reads the opaque text of an earlier page.
    ///
    /// # Errors
    /// The text was not made by a list.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let (nanos, id) = text.split_once('_').ok_or_else(wrong_cursor)?;
        let nanos: i128 = nanos.parse().map_err(|_| wrong_cursor())?;
        if nanos < 0 {
            return Err(wrong_cursor());
        }
        Ok(Self {
            created_at: OffsetDateTime::from_unix_timestamp_nanos(nanos).map_err(|_| wrong_cursor())?,
            id: id.parse().map_err(|_| wrong_cursor())?,
        })
    }
}

/// Cuts a list that was asked for one row more than `limit`, and says where the next page begins.
pub(crate) fn page<T>(mut items: Vec<T>, limit: i64, key: impl Fn(&T) -> (OffsetDateTime, Uuid)) -> Page<T> {
    let limit = usize::try_from(limit).unwrap_or_default();
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| more).map(|item| {
        let (created_at, id) = key(item);
        format!("{}_{}", created_at.unix_timestamp_nanos(), id.simple())
    });
    Page { items, next_cursor }
}
