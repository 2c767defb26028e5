//! What a posted form gets back when it cannot be accepted: the same page with what was typed and what is wrong.
//!
//! Pages without WASM post to the server, which renders the page again with a [`Form`] in its context.

use std::collections::BTreeMap;

/// A form that came back. Passwords are never among the values.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// What was typed, by field.
    pub values: BTreeMap<String, String>,
    /// The field that is wrong and why; an empty field name stands for the form as a whole.
    pub error: Option<(String, String)>,
    /// The other fields that are wrong, and why.
    pub others: Vec<(String, String)>,
    /// Something that went well.
    pub notice: Option<String>,
}

impl Form {
    /// The form of this page: as it came back, or empty.
    pub fn of_page() -> Self {
        leptos::prelude::use_context().unwrap_or_default()
    }

    /// What was typed into `field`.
    pub fn value(&self, field: &str) -> String {
        self.values.get(field).cloned().unwrap_or_default()
    }

    /// Whether the page opens with the focus in `field`: the wrong one, or the `first` of a form that came back without.
    pub fn focus(&self, field: &str, first: &str) -> bool {
        match &self.error {
            Some((name, _)) if !name.is_empty() => name == field,
            _ => field == first,
        }
    }

    /// What is wrong with `field`.
    pub fn error(&self, field: &str) -> Option<String> {
        self.error
            .iter()
            .chain(&self.others)
            .find(|(name, _)| name == field)
            .map(|(_, message)| crate::components::notice::sentence(message))
    }
}

/// `path?name=target` with the target encoded: a way that leads on to another page of ours.
pub fn leading_to(path: &str, name: &str, target: &str) -> String {
    format!("{path}?{name}={}", encoded(target))
}

/// A text as it stands in an address, alike on the server and in browsers.
pub fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte))
            }
            other => {
                encoded.push('%');
                for digit in [other >> 4, other & 15] {
                    encoded.push(char::from_digit(u32::from(digit), 16).unwrap_or('0').to_ascii_uppercase());
                }
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_carries_its_target_encoded() {
        assert_eq!(leading_to("/login", "redirect", "/clients?a=b"), "/login?redirect=/clients%3Fa%3Db");
        assert_eq!(leading_to("/login", "redirect", "/"), "/login?redirect=/");
        assert_eq!(leading_to("/login", "redirect", "/ö"), "/login?redirect=/%C3%B6");
    }
}
