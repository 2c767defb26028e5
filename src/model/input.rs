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
}

impl Invalid {
    /// Says that `field` cannot be accepted and why.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// A trimmed, required line of at most `max` characters.
///
/// # Errors
/// Empty after trimming, too long, or with control characters.
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
/// Too long, or with control characters.
pub fn optional_line(field: &str, label: &str, text: &str, max: usize) -> Result<String, Invalid> {
    let text = text.trim();
    if text.chars().count() > max {
        return Err(Invalid::new(field, format!("{label} can have at most {max} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(Invalid::new(field, format!("{label} must be one line without control characters")));
    }
    Ok(text.to_owned())
}

/// Trimmed text of any number of lines, at most `max` characters.
///
/// # Errors
/// Too long, or with control characters other than line breaks and tabs.
pub fn text(field: &str, label: &str, text: &str, max: usize) -> Result<String, Invalid> {
    let text = text.trim();
    if text.chars().count() > max {
        return Err(Invalid::new(field, format!("{label} can have at most {max} characters")));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Invalid::new(field, format!("{label} must not hold control characters")));
    }
    Ok(text.to_owned())
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
    }
}
