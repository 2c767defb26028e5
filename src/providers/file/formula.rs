//! Texts that a spreadsheet would take for a formula (OWASP, CSV injection).
//!
//! Reading never evaluates anything: such a text is a text. It is dangerous only on its way out, in a file that a person
//! opens in a spreadsheet: exports write [`protect`]ed texts, in quotation marks, and an import of such a file takes the
//! apostrophe off again ([`super::Mapping::protected`]).

use std::borrow::Cow;

/// What begins a formula, in the widths that spreadsheets know.
const STARTS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－'];

/// Whether a spreadsheet could take the text for a formula: at its beginning, or behind blanks, apostrophes and separators
/// at which a program may split it.
fn risky(text: &str) -> bool {
    let inner = text.trim_start_matches([' ', '\u{a0}', '\'', ';', ',', '|', '；', '，']);
    inner.starts_with(STARTS) || inner.starts_with('＠')
}

/// The text as it is written to a file that a spreadsheet may open: with an apostrophe in front if it could be taken for
/// a formula. [`unprotect`] gives back exactly what it was. Not for numbers, which are written as they are.
pub fn protect(text: &str) -> Cow<'_, str> {
    if risky(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The text that was [`protect`]ed.
pub fn unprotect(text: &str) -> &str {
    text.strip_prefix('\'').filter(|inner| risky(inner)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_like_a_formula_is_protected_and_comes_back() {
        for text in ["=1+1", "+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "'=1+1", "''=1", "；=1+1", " =1", "＝1", "＠x"]
        {
            let safe = protect(text);
            assert!(safe.starts_with('\'') && safe.len() == text.len() + 1, "{text:?}");
            assert_eq!(unprotect(&safe), text);
        }
    }

    #[test]
    fn other_texts_stay() {
        for text in ["", "Spring", "'Spring'", "'s Hertogenbosch", "a=b", "1-2", "'"] {
            assert_eq!(protect(text), text);
            assert_eq!(unprotect(text), text);
        }
    }
}
