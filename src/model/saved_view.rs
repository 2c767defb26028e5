//! Saved views: questions about figures that a member keeps under a name, for itself alone.

use serde::{Deserialize, Serialize};

use crate::{
    analytics::Question,
    id::SavedViewId,
    input::{Invalid, line},
    moment::Moment,
};

/// The most views that a member keeps.
pub const MOST: i64 = 100;
/// The longest name, in characters.
const LONGEST_NAME: usize = 100;

/// A question that a member keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedView {
    /// Its id.
    pub id: SavedViewId,
    /// What its member calls it.
    pub name: String,
    /// The question, as it stands in an address. Days that have a name are those of the moment when it is opened.
    pub query: String,
    /// When it was last changed.
    pub changed_at: Moment,
}

/// A name as it is kept.
///
/// # Errors
/// It is empty, too long, or holds what nobody sees.
pub fn name(text: &str) -> Result<String, Invalid> {
    line("name", "Name", text, LONGEST_NAME)
}

/// A question as it is kept: all of it must make sense by itself. What it names may be gone when it is opened.
///
/// # Errors
/// What of it makes no sense.
pub fn query(text: &str) -> Result<String, Invalid> {
    Question::parse(text).strict().map(|question| question.query())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_has_a_name_and_a_question_that_makes_sense() {
        assert_eq!(name("  Mondays ").as_deref(), Ok("Mondays"));
        assert_eq!(name(" ").unwrap_err().field, "name");
        assert_eq!(query("?by=week&page=2").as_deref(), Ok("by=week"));
        assert_eq!(query("from=2026-11-02&to=2026-11-01").unwrap_err().field, "to");
    }
}
