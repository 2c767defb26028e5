//! Lines whose figures can be opened: made where the rows are, so that pages draw them, mails write them and nobody takes a text
//! apart again.

use serde::{Deserialize, Serialize};

/// A piece of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Piece {
    /// Words, with the days, names and counts of rows in them.
    Words(String),
    /// A figure, by its id, as it is shown.
    Figure(String, String),
}

impl Piece {
    fn text(&self) -> &str {
        match self {
            Self::Words(text) | Self::Figure(_, text) => text,
        }
    }
}

/// A line of words and figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line(Vec<Piece>);

impl Line {
    /// Goes on with words.
    #[must_use]
    pub fn say(mut self, words: &str) -> Self {
        match self.0.last_mut() {
            Some(Piece::Words(before)) => before.push_str(words),
            _ if words.is_empty() => {}
            _ => self.0.push(Piece::Words(words.to_owned())),
        }
        self
    }

    /// Goes on with a figure; with words where it has no id by which it could be opened.
    #[must_use]
    pub fn figure(mut self, id: Option<String>, shown: &str) -> Self {
        match id {
            Some(id) => self.0.push(Piece::Figure(id, shown.to_owned())),
            None => self = self.say(shown),
        }
        self
    }

    /// The same with a capital at its beginning, if it begins with words.
    #[must_use]
    pub fn sentence(mut self) -> Self {
        if let Some(Piece::Words(words)) = self.0.first_mut() {
            *words = sentence(words);
        }
        self
    }

    /// Its pieces in their order.
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// As plain text.
    pub fn text(&self) -> String {
        self.0.iter().map(Piece::text).collect()
    }
}

impl From<&str> for Line {
    fn from(words: &str) -> Self {
        Self::default().say(words)
    }
}

impl From<String> for Line {
    fn from(words: String) -> Self {
        Self::from(words.as_str())
    }
}

/// Words with a capital at their beginning.
pub fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_as_its_text_and_only_figures_with_an_id_open() {
        let line = Line::from("from ").figure(Some("m.x".to_owned()), "5 EUR").say(", ").figure(None, "7").say(" rows");
        let pieces = [
            Piece::Words("From ".to_owned()),
            Piece::Figure("m.x".to_owned(), "5 EUR".to_owned()),
            Piece::Words(", 7 rows".to_owned()),
        ];
        assert_eq!(line.text(), "from 5 EUR, 7 rows");
        assert_eq!(line.sentence().pieces(), pieces);
        assert_eq!(
            (Line::from("").pieces(), sentence("é x"), sentence("")),
            (&[][..], "É x".to_owned(), String::new())
        );
    }
}
