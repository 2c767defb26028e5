//! How a file is read: what a person chose once, saved as JSON and used again for files of the same make.
//!
//! Everything that a cell alone cannot say is one choice for the whole file: its encoding, its delimiter, the form of its
//! numbers and of its days. A column is found by its name: where columns have moved it is looked for, and where it is
//! gone or there twice the file is refused.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::{DayForm, Field, Kind, NumberForm};
use crate::input::Invalid;

/// How many columns a table may have.
pub const MOST_COLUMNS: usize = 1000;

/// How a file is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// What the file holds.
    pub kind: Kind,
    /// How its cells are told apart.
    pub format: Format,
    /// The line (CSV) or row (XLSX) with the columns' names, from 1; none if the first line is a row already. What stands
    /// above it is passed by.
    pub header: Option<u64>,
    /// Where each field stands.
    pub columns: BTreeMap<Field, Column>,
    /// How numbers are written in texts; cells that are numbers to the spreadsheet need no form.
    pub numbers: NumberForm,
    /// How days are written in texts; cells that are days to the spreadsheet need no form.
    pub days: DayForm,
    /// How refunds are written.
    #[serde(default)]
    pub refunds: Refunds,
    /// Texts that begin like a formula have an apostrophe in front, as our own exports write them: it is taken off.
    #[serde(default)]
    pub protected: bool,
    /// Rows whose first cell that is not empty begins so are left out and counted: "Total".
    #[serde(default)]
    pub leave_out: Vec<String>,
}

/// How cells are told apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "format", rename_all = "snake_case", deny_unknown_fields)]
pub enum Format {
    /// Text.
    Csv {
        /// A byte order mark outranks it.
        encoding: Encoding,
        /// What stands between cells.
        delimiter: Delimiter,
    },
    /// A workbook.
    Xlsx {
        /// The name of the sheet.
        sheet: String,
    },
}

/// How a text's characters are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// With or without a byte order mark.
    Utf8,
    /// Little end first.
    Utf16Le,
    /// Big end first.
    Utf16Be,
    /// Western European, as older Windows programs write it. Any bytes are such a text: it is never certain.
    Windows1252,
}

/// What stands between cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delimiter {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// A tab.
    Tab,
    /// `|`
    Bar,
}

impl Delimiter {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Bar];

    /// The character itself.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Bar => b'|',
        }
    }
}

/// A column of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its place, from 1.
    pub number: usize,
    /// Its name; empty in files without names.
    pub name: String,
}

/// How a file writes what was paid back. In the database it is above zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refunds {
    /// 12.50; an amount below zero is a row error.
    #[default]
    AboveZero,
    /// -12.50, as Shopify's reports do; an amount above zero is a row error.
    BelowZero,
}

impl Mapping {
    /// Looks for contradictions.
    ///
    /// # Errors
    /// Each of them, by the name of the field.
    pub fn check(&self) -> Result<(), Vec<Invalid>> {
        let mut wrong = Vec::new();
        if !self.columns.contains_key(&Field::Day) {
            wrong.push(Invalid::new("day", "Choose the column that holds the day"));
        }
        if !self.columns.keys().any(|field| field.measure()) {
            wrong.push(Invalid::new("columns", "Choose at least one column with an amount or a count"));
        }
        if self.header == Some(0) {
            wrong.push(Invalid::new("header", "Lines are counted from 1"));
        }
        if self.leave_out.iter().any(|text| text.trim().is_empty()) {
            wrong.push(Invalid::new("leave_out", "What begins the rows to leave out cannot be empty"));
        }
        let mut taken = HashMap::new();
        for (field, column) in &self.columns {
            if !field.within(self.kind) {
                wrong.push(Invalid::new(field.key(), format!("{} does not belong into such a file", field.label())));
            }
            if !(1..=MOST_COLUMNS).contains(&column.number) {
                wrong.push(Invalid::new(field.key(), format!("Columns have the numbers 1 to {MOST_COLUMNS}")));
            }
            if let Some(other) = taken.insert(column.number, field.label()) {
                wrong.push(Invalid::new(field.key(), format!("The same column is chosen for {other}")));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }
}

keys!(Encoding { Utf8 = "utf8", Utf16Le = "utf16_le", Utf16Be = "utf16_be", Windows1252 = "windows1252" });
keys!(Delimiter { Comma = "comma", Semicolon = "semicolon", Tab = "tab", Bar = "bar" });
keys!(Refunds { AboveZero = "above_zero", BelowZero = "below_zero" });

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(columns: &[(Field, usize, &str)]) -> Mapping {
        let column = |(field, number, name): &(Field, usize, &str)| {
            (*field, Column { number: *number, name: (*name).to_owned() })
        };
        Mapping {
            kind: Kind::Ads,
            format: Format::Csv { encoding: Encoding::Utf8, delimiter: Delimiter::Comma },
            header: Some(1),
            columns: columns.iter().map(column).collect(),
            numbers: NumberForm::Point,
            days: DayForm::YearFirst,
            refunds: Refunds::default(),
            protected: false,
            leave_out: Vec::new(),
        }
    }

    #[test]
    fn a_mapping_is_saved_as_json_and_comes_back() {
        let saved = mapping(&[(Field::Day, 1, "Day"), (Field::ClaimedRevenue, 2, "Value")]);
        let text = serde_json::to_string(&saved).unwrap();
        assert!(text.contains(r#""claimed_revenue":{"number":2,"name":"Value"}"#), "{text}");
        assert!(text.contains(r#""format":{"format":"csv","encoding":"utf8","delimiter":"comma"}"#), "{text}");
        assert_eq!(serde_json::from_str::<Mapping>(&text).unwrap(), saved);
        assert!(serde_json::from_str::<Mapping>(&text.replace("protected", "protect")).is_err());
    }

    #[test]
    fn spellings_are_those_of_the_json() {
        fn json<T: Serialize>(value: &T) -> String {
            serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
        }
        for form in NumberForm::ALL {
            assert_eq!((json(&form), NumberForm::parse(form.key())), (form.key().to_owned(), Some(form)));
        }
        for form in DayForm::ALL {
            assert_eq!((json(&form), DayForm::parse(form.key())), (form.key().to_owned(), Some(form)));
        }
        for delimiter in Delimiter::ALL {
            assert_eq!(
                (json(&delimiter), Delimiter::parse(delimiter.key())),
                (delimiter.key().to_owned(), Some(delimiter))
            );
        }
        for encoding in [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Windows1252] {
            assert_eq!((json(&encoding), Encoding::parse(encoding.key())), (encoding.key().to_owned(), Some(encoding)));
        }
        for refunds in [Refunds::AboveZero, Refunds::BelowZero] {
            assert_eq!((json(&refunds), Refunds::parse(refunds.key())), (refunds.key().to_owned(), Some(refunds)));
        }
    }

    #[test]
    fn contradictions_are_named() {
        let wrong = |columns: &[(Field, usize, &str)]| {
            let wrong = mapping(columns).check().unwrap_err();
            wrong.into_iter().map(|wrong| wrong.field).collect::<Vec<_>>()
        };
        assert_eq!(wrong(&[(Field::Spend, 1, "x")]), ["day"]);
        assert_eq!(wrong(&[(Field::Day, 1, "x")]), ["columns"]);
        assert_eq!(wrong(&[(Field::Day, 1, "x"), (Field::Orders, 2, "y")]), ["orders"]);
        assert_eq!(wrong(&[(Field::Day, 1, "x"), (Field::Spend, 1, "x")]), ["spend"]);
        assert_eq!(wrong(&[(Field::Day, 0, "x"), (Field::Spend, 1001, "y")]), ["day", "spend"]);
        assert!(mapping(&[(Field::Day, 1, "x"), (Field::Spend, 2, "y")]).check().is_ok());
    }
}
