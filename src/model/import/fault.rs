//! What is wrong with single rows of a file, in words for people.
//!
//! Excerpts of cells are foreign text: whoever shows them escapes them, whoever exports them protects them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Field;

/// How much of a cell a message repeats.
const EXCERPT: usize = 60;

/// What is wrong with one row; the row is not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowError {
    /// The physical line at which the row begins, from 1 (CSV); the row of the sheet (XLSX); the place among the rows
    /// (JSON).
    pub line: u64,
    /// Each fault of the row.
    pub faults: Vec<Fault>,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults: Vec<_> = self.faults.iter().map(ToString::to_string).collect();
        write!(f, "line {}: {}", self.line, faults.join("; "))
    }
}

/// What is wrong with one cell, or with the row if it names no column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What the column is mapped to.
    pub field: Option<Field>,
    /// The column's name in the file.
    pub column: Option<String>,
    /// The beginning of the cell.
    pub value: Option<String>,
    /// What is wrong and how to mend it, following the cell's text: "is not a number".
    pub message: String,
}

impl Fault {
    /// A fault of the row.
    pub fn row(message: impl Into<String>) -> Self {
        Self { field: None, column: None, value: None, message: message.into() }
    }

    /// A fault of a field's value.
    pub fn of(field: Field, value: &str, message: impl Into<String>) -> Self {
        Self { field: Some(field), column: None, value: Some(excerpt(value)), message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(column) = self.column.as_deref().or(self.field.map(Field::key)) {
            write!(f, "{column}: ")?;
        }
        match &self.value {
            Some(value) => write!(f, "{value:?} {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// The beginning of a text.
pub fn excerpt(text: &str) -> String {
    let mut characters = text.chars();
    let mut short: String = characters.by_ref().take(EXCERPT).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}
