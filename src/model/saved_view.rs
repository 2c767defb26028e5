//! Saved views: what a member asks again and again, kept under a name for itself alone. It is a question about figures, or a choice of
//! conversations.

use form_urlencoded::{Serializer, parse};
use serde::{Deserialize, Serialize};

use crate::{
    analytics::Question,
    conversation::SHOWS,
    id::{ClientId, LabelId, SavedViewId},
    input::{Invalid, line, optional_line},
    moment::Moment,
};

/// The most views of a page that a member keeps.
pub const MOST: i64 = 100;
/// The longest name, in characters.
const LONGEST_NAME: usize = 100;
/// The longest text that conversations are searched for, in characters.
const LONGEST_SEARCH: usize = 500;
/// The names that a choice of conversations is made of, in the order in which the page's address has them.
const CHOICE: [&str; 5] = ["show", "client", "source", "label", "text"];

/// The page that a view is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Page {
    /// Figures.
    #[default]
    Analytics,
    /// Conversations.
    Inbox,
}

impl Page {
    /// The spelling in the database and the API.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Analytics => "analytics",
            Self::Inbox => "inbox",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Analytics, Self::Inbox].into_iter().find(|page| page.key() == text)
    }

    /// The page's address.
    pub const fn href(self) -> &'static str {
        match self {
            Self::Analytics => "/analytics",
            Self::Inbox => "/inbox",
        }
    }
}

/// A question that a member keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedView {
    /// Its id.
    pub id: SavedViewId,
    /// Of which page it is.
    pub page: Page,
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
pub fn query(page: Page, text: &str) -> Result<String, Invalid> {
    match page {
        Page::Analytics => Question::parse(text).strict().map(|question| question.query()),
        Page::Inbox => choice(text),
    }
}

/// A choice of conversations, without where in the list one was.
fn choice(text: &str) -> Result<String, Invalid> {
    let pairs: Vec<_> = parse(text.trim_start_matches('?').as_bytes()).collect();
    let mut kept = Serializer::new(String::new());
    for name in CHOICE {
        let found = pairs.iter().rev().find(|(known, _)| &**known == name);
        let value = optional_line(name, "This choice", found.map_or("", |(_, value)| &**value), LONGEST_SEARCH)?;
        let known = match name {
            _ if value.is_empty() => continue,
            "show" => SHOWS.contains(&value.as_str()),
            "client" => value.parse::<ClientId>().is_ok(),
            "label" => value.parse::<LabelId>().is_ok(),
            _ => true,
        };
        if !known {
            return Err(Invalid::new(name, "the inbox knows no such choice. Choose anew, and keep that"));
        }
        kept.append_pair(name, &value);
    }
    Ok(kept.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_has_a_name_and_a_question_that_makes_sense() {
        let figures = |text: &str| query(Page::Analytics, text);
        assert_eq!(name("  Mondays ").as_deref(), Ok("Mondays"));
        assert_eq!(name(" ").unwrap_err().field, "name");
        assert_eq!(figures("?by=week&page=2").as_deref(), Ok("by=week"));
        assert_eq!(figures("from=2026-11-02&to=2026-11-01").unwrap_err().field, "to");
    }

    #[test]
    fn a_choice_of_conversations_is_kept_without_the_place_in_the_list() {
        let client = "0190a1b2-c3d4-7000-8000-000000000001";
        let chosen = |text: &str| query(Page::Inbox, text);
        let typed = format!("?text=a+%26%20b&cursor=x&show=mine&client={client}&source=gmail&other=1");
        assert_eq!(chosen(&typed), Ok(format!("show=mine&client={client}&source=gmail&text=a+%26+b")));
        assert_eq!(chosen("show=&text=+").as_deref(), Ok(""), "all that is open is a choice, too");
        for (wrong, field) in [("show=soon", "show"), ("client=x", "client"), ("label=urgent", "label")] {
            assert_eq!(chosen(wrong).unwrap_err().field, field);
        }
        assert_eq!(chosen(&format!("text={}", "x".repeat(501))).unwrap_err().field, "text");
    }

    #[test]
    fn pages_are_read_as_they_are_written() {
        for page in [Page::Analytics, Page::Inbox] {
            assert_eq!(Page::parse(page.key()), Some(page));
        }
        assert_eq!(Page::parse("clients"), None);
    }
}
