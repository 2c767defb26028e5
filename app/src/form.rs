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

    /// What is wrong with `field`.
    pub fn error(&self, field: &str) -> Option<String> {
        self.error.as_ref().filter(|(name, _)| name == field).map(|(_, message)| message.clone())
    }
}
