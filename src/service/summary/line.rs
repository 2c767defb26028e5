//! Sentences that cannot hold a number that is no figure: they are put together from words of the program, figures, days and
//! names, and from nothing else.

use model::summary::{Figure, Sentence};

/// A day, as 2026-11-03.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Day(String);

impl Day {
    /// Reads a day as a state writes it; nothing else is one.
    pub fn parse(text: &str) -> Option<Self> {
        model::page::parse_day("day", text).ok().filter(|day| day.to_string() == text).map(|_| Self(text.to_owned()))
    }

    pub fn text(&self) -> &str {
        &self.0
    }
}

/// What somebody called something, or the id that a platform gave it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name(String);

impl Name {
    /// A name on one line; none where nothing can be read.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then_some(Self(text))
    }
}

/// A sentence in the making.
#[derive(Debug)]
pub(super) struct Line {
    text: String,
    figures: Vec<Figure>,
    /// Whether it begins with a name, which is written as it is.
    named: bool,
}

/// Begins a sentence.
pub(super) fn line() -> Line {
    Line { text: String::new(), figures: Vec::new(), named: false }
}

impl Line {
    /// Words of the program, which hold no number.
    pub fn say(mut self, words: &'static str) -> Self {
        debug_assert!(!words.contains(|c: char| c.is_numeric()), "a number that is no figure: {words}");
        self.text.push_str(words);
        self
    }

    pub fn figure(mut self, figure: &Figure) -> Self {
        let at = self.text.chars().count();
        self.text.push_str(&figure.shown);
        self.figures.push(Figure { at, ..figure.clone() });
        self
    }

    pub fn day(mut self, day: &Day) -> Self {
        self.text.push_str(&day.0);
        self
    }

    pub fn name(mut self, name: &Name) -> Self {
        self.named |= self.text.is_empty();
        self.text.push_str(&name.0);
        self
    }

    /// All of these, with these words between them.
    pub fn each<T>(self, items: &[T], between: &'static str, one: impl Fn(Self, &T) -> Self) -> Self {
        items.iter().enumerate().fold(self, |line, (at, item)| one(if at > 0 { line.say(between) } else { line }, item))
    }

    /// What is there, if it is there.
    pub fn with<T>(self, item: Option<&T>, one: impl FnOnce(Self, &T) -> Self) -> Self {
        match item {
            Some(item) => one(self, item),
            None => self,
        }
    }

    /// Ends the sentence.
    pub fn end(mut self) -> Sentence {
        if !self.named
            && let Some(first) = self.text.get_mut(..1)
        {
            first.make_ascii_uppercase();
        }
        self.text.push('.');
        Sentence { text: self.text, figures: self.figures }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_stands_where_it_says() {
        let figure = Figure {
            key: "spend".into(),
            value: "7".into(),
            unit: "EUR".into(),
            shown: "7.00 EUR".into(),
            at: 0,
            outcome: 1,
            path: "/x".into(),
            first: None,
            last: None,
            made: Vec::new(),
        };
        let sentence = line().name(&Name::new(" é 24\n ").unwrap()).say(" spent ").figure(&figure).end();
        assert_eq!((sentence.text.as_str(), sentence.figures[0].at), ("é 24 spent 7.00 EUR.", 11));
        assert_eq!(line().say("there").end().text, "There.");
        assert_eq!((Name::new(" "), Day::parse("2026-02-30"), Day::parse("7")), (None, None, None));
    }

    #[test]
    #[should_panic(expected = "a number that is no figure")]
    fn words_with_a_number_are_refused() {
        drop(line().say("80 % of it"));
    }
}
