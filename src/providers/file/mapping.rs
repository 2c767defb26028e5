//! How a file is read: what a person chose once, saved as JSON and used again for files of the same make.
//!
//! Everything that a cell alone cannot say is one choice for the whole file: its encoding, its delimiter, the form of its
//! numbers and of its days. A column is found by its name: where columns have moved it is looked for, and where it is
//! gone or there twice the file is refused.

use std::collections::{BTreeMap, HashMap};

use model::{input::Invalid, metric::Account};
use serde::{Deserialize, Serialize};

use super::{DayForm, Field, Kind, NumberForm, Unreadable, field::Shape, sign};

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

    pub(super) const fn byte(self) -> u8 {
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

    /// Where each field stands in a table with these names, from 0.
    ///
    /// # Errors
    /// A column is not there, or is there twice, or says another currency than the account's.
    pub(super) fn places(&self, names: &[String], account: &Account) -> Result<Vec<Place>, Unreadable> {
        let mut places = Vec::with_capacity(self.columns.len());
        for (field, column) in &self.columns {
            let index = column.number - 1;
            let index = match self.header {
                None => index,
                Some(_) if names.get(index).is_some_and(|name| same(name, &column.name)) => index,
                Some(line) => find(names, &column.name, line)?,
            };
            let code = sign::code_in(&column.name).filter(|code| *code != account.currency);
            if let (Shape::Money, Some(code)) = (field.shape(), code) {
                let words = format!("the column {:?} is in {code}, but the account is in", column.name);
                return Err(Unreadable::Header(format!("{words} {}", account.currency)));
            }
            places.push(Place { field: *field, index, name: column.name.clone() });
        }
        let mut taken = HashMap::new();
        for place in &places {
            if let Some(other) = taken.insert(place.index, &place.name) {
                let words = format!("{:?} and {other:?} are one and the same column", place.name);
                return Err(Unreadable::Header(words));
            }
        }
        Ok(places)
    }
}

/// Where a field stands.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub field: Field,
    /// From 0.
    pub index: usize,
    pub name: String,
}

fn same(one: &str, other: &str) -> bool {
    one.trim() == other.trim()
}

fn find(names: &[String], wanted: &str, line: u64) -> Result<usize, Unreadable> {
    let mut found = names.iter().enumerate().filter(|(_, name)| same(name, wanted)).map(|(index, _)| index);
    match (found.next(), found.next()) {
        (Some(index), None) => Ok(index),
        (None, _) => Err(Unreadable::Header(format!("line {line} has no column named {wanted:?}"))),
        (Some(_), Some(_)) => {
            Err(Unreadable::Header(format!("line {line} has more than one column named {wanted:?}, and it has moved")))
        }
    }
}

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

    fn account() -> Account {
        let text = str::to_owned;
        Account {
            external_id: text("a"),
            name: text("A"),
            currency: text("EUR"),
            time_zone: text("UTC"),
            manager_id: None,
        }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
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

    #[test]
    fn a_moved_column_is_found_by_its_name_only() {
        let mapping = mapping(&[(Field::Day, 1, "Day"), (Field::Spend, 2, "Cost")]);
        let at = |columns: &[&str]| {
            let places = mapping.places(&names(columns), &account());
            places.map(|places| places.iter().map(|place| place.index).collect::<Vec<_>>())
        };
        assert_eq!(at(&["Day", "Cost"]), Ok(vec![0, 1]));
        assert_eq!(at(&["Day", "Clicks", " Cost "]), Ok(vec![0, 2]));
        assert_eq!(at(&["Day", "Cost", "Cost"]), Ok(vec![0, 1]));
        assert!(at(&["Day", "Clicks", "Cost", "Cost"]).is_err());
        assert!(at(&["Day", "cost"]).is_err());
        assert!(at(&["Day"]).is_err());
    }

    #[test]
    fn a_column_in_another_currency_is_refused() {
        let places = |name: &str| {
            mapping(&[(Field::Day, 1, "Day"), (Field::Spend, 2, name)]).places(&names(&["Day", name]), &account())
        };
        assert!(places("Amount spent (EUR)").is_ok());
        assert!(matches!(places("Amount spent (USD)"), Err(Unreadable::Header(_))));
        let clicks = mapping(&[(Field::Day, 1, "Day"), (Field::Clicks, 2, "Clicks (ALL)")]);
        assert!(clicks.places(&names(&["Day", "Clicks (ALL)"]), &account()).is_ok());
    }
}
