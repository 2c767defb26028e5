//! Input that is wrong: which field, and what to do about it, in words for the person who typed it.

use serde::{Deserialize, Serialize};

/// One field that cannot be accepted as typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{field}: {message}")]
pub struct Invalid {
    /// The field's name as in the form and the API.
    pub field: String,
    /// What is wrong and how to mend it.
    pub message: String,
    /// What else is wrong with the same form, so that nobody mends it one field at a time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Invalid>,
}

impl Invalid {
    /// Says that `field` cannot be accepted and why.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into(), others: Vec::new() }
    }

    /// This field and all others that are wrong, the first first.
    pub fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.others)
    }
}

/// Gathers what is wrong with a form while its fields are read.
#[derive(Debug, Default)]
pub struct Wrong(Vec<Invalid>);

impl Wrong {
    /// What was read from a field; nothing of one that cannot be accepted, which is remembered.
    pub fn note<T>(&mut self, read: Result<T, Invalid>) -> Option<T> {
        read.map_err(|invalid| self.add(Some(invalid))).ok()
    }

    /// Remembers what is wrong with a field that is used once everything is known to be right.
    pub fn check<T>(&mut self, read: &Result<T, Invalid>) {
        self.add(read.as_ref().err().cloned());
    }

    /// Remembers what is wrong, if anything is.
    pub fn add(&mut self, invalid: Option<Invalid>) {
        self.0.extend(invalid);
    }

    /// Whether everything can be accepted.
    ///
    /// # Errors
    /// Every field that cannot, as one.
    pub fn end(self) -> Result<(), Invalid> {
        let mut all = self.0.into_iter().flat_map(|mut invalid| {
            let others = std::mem::take(&mut invalid.others);
            std::iter::once(invalid).chain(others)
        });
        match all.next() {
            None => Ok(()),
            Some(first) => Err(Invalid { others: all.collect(), ..first }),
        }
    }
}

/// Both parts of a form.
///
/// # Errors
/// Everything that is wrong with either, as one.
pub fn both<A, B>(one: Result<A, Invalid>, other: Result<B, Invalid>) -> Result<(A, B), Invalid> {
    let mut wrong = Wrong::default();
    wrong.check(&one);
    wrong.check(&other);
    wrong.end()?;
    Ok((one?, other?))
}

/// A trimmed, required line of at most `max` characters.
///
/// # Errors
/// Empty after trimming, too long, or with characters that cannot be seen.
pub fn line(field: &str, label: &str, text: &str, max: usize) -> Result<String, Invalid> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Invalid::new(field, format!("{label} is required")));
    }
    optional_line(field, label, text, max)
}

/// A trimmed line of at most `max` characters that may be empty.
///
/// # Errors
/// Too long, or with characters that cannot be seen.
pub fn optional_line(field: &str, label: &str, text: &str, max: usize) -> Result<String, Invalid> {
    let text = text.trim();
    if text.chars().count() > max {
        return Err(Invalid::new(field, format!("{label} can have at most {max} characters")));
    }
    if has_invisible(text) {
        let words = "must be one line without characters that cannot be seen. Type it instead of pasting it";
        return Err(Invalid::new(field, format!("{label} {words}")));
    }
    Ok(text.to_owned())
}

/// Whether a line holds what nobody sees: control characters, zero-width ones, fillers, and those that turn the
/// direction of writing. Two names that look the same would not be. Joiners stay where scripts and signs need them:
/// between characters that are not ASCII.
pub(crate) fn has_invisible(line: &str) -> bool {
    let mut before = None;
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        let hidden = match c {
            '\u{200c}' | '\u{200d}' => {
                let beyond_ascii = |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && !is_hidden(c));
                !(beyond_ascii(before) && beyond_ascii(characters.peek().copied()))
            }
            other => other.is_control() || is_hidden(other),
        };
        if hidden {
            return true;
        }
        before = Some(c);
    }
    false
}

/// Zero-width characters, fillers, line separators and marks of direction.
const fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Trimmed text of any number of lines, at most `max` characters. Lines end as on every machine: with a line feed.
///
/// # Errors
/// Too long, or with control characters other than line breaks and tabs.
pub fn text(field: &str, label: &str, text: &str, max: usize) -> Result<String, Invalid> {
    let text = text.trim().replace("\r\n", "\n").replace('\r', "\n");
    if text.chars().count() > max {
        return Err(Invalid::new(field, format!("{label} can have at most {max} characters")));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        return Err(Invalid::new(field, format!("{label} must not hold control characters")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_trimmed_and_bounded() {
        assert_eq!(line("name", "Name", "  Acme & Söhne ", 20).as_deref(), Ok("Acme & Söhne"));
        assert_eq!(line("name", "Name", " \t ", 20).unwrap_err().message, "Name is required");
        assert_eq!(line("name", "Name", "abcdef", 5).unwrap_err().field, "name");
        assert!(line("name", "Name", "a\0b", 20).is_err());
        assert_eq!(optional_line("tag", "Tag", "  ", 5).as_deref(), Ok(""));
        assert_eq!(text("notes", "Notes", "a\r\nb\rc", 20).as_deref(), Ok("a\nb\nc"));
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let mut wrong = Wrong::default();
        assert_eq!(wrong.note(line("name", "Name", "Acme", 9)).as_deref(), Some("Acme"));
        assert_eq!(wrong.note(line("industry", "Industry", "", 9)), None);
        let mut inner = Wrong::default();
        inner.add(Some(Invalid::new("website", "no address")));
        inner.add(Some(Invalid::new("tags", "too many")));
        wrong.note(inner.end());
        let told = wrong.end().unwrap_err();
        assert_eq!(told.all().map(|one| one.field.as_str()).collect::<Vec<_>>(), ["industry", "website", "tags"]);
        assert!(told.others.iter().all(|other| other.others.is_empty()), "one list, however it was gathered");
        assert_eq!(Wrong::default().end(), Ok(()));
        let bad = || line("b", "B", "", 9);
        let nested = both(both(bad(), line("a", "A", "a", 9)), bad()).unwrap_err();
        assert_eq!(nested.all().map(|one| one.field.as_str()).collect::<Vec<_>>(), ["b", "b"]);
        assert_eq!(both(Ok(1), Ok("2")), Ok((1, "2")));
    }

    #[test]
    fn what_nobody_sees_is_refused_and_what_scripts_need_is_kept() {
        for bad in [
            "Ac\u{200b}me",
            "\u{200b}",
            "\u{feff}Acme",
            "Ac\u{200d}me",
            "\u{202e}emcA",
            "a\u{7f}b",
            "\u{3164}",
            "é\u{200d}",
        ] {
            assert!(line("name", "Name", bad, 20).is_err(), "{bad:?}");
        }
        for good in ["نرم\u{200c}افزار", "👩\u{200d}💻 Studio", "Zoë", "Müller & Söhne", "日本"] {
            assert_eq!(line("name", "Name", good, 20).as_deref(), Ok(good));
        }
    }
}
