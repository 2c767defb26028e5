//! Where the columns of a mapping stand in a file: a column is found by its name.

use std::collections::HashMap;

use model::{
    import::{Field, Mapping, Shape},
    metric::Account,
};

use super::{Unreadable, sign};

/// Where each field stands in a table with these names, from 0.
///
/// # Errors
/// A column is not there, or is there twice, or says another currency than the account's.
pub(super) fn places(mapping: &Mapping, names: &[String], account: &Account) -> Result<Vec<Place>, Unreadable> {
    let mut places = Vec::with_capacity(mapping.columns.len());
    for (field, column) in &mapping.columns {
        let index = column.number - 1;
        let index = match mapping.header {
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
    use model::import::{Column, DayForm, Delimiter, Encoding, Format, Kind, NumberForm, Refunds};

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
    fn a_moved_column_is_found_by_its_name_only() {
        let mapping = mapping(&[(Field::Day, 1, "Day"), (Field::Spend, 2, "Cost")]);
        let at = |columns: &[&str]| {
            let places = places(&mapping, &names(columns), &account());
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
            super::places(
                &mapping(&[(Field::Day, 1, "Day"), (Field::Spend, 2, name)]),
                &names(&["Day", name]),
                &account(),
            )
        };
        assert!(places("Amount spent (EUR)").is_ok());
        assert!(matches!(places("Amount spent (USD)"), Err(Unreadable::Header(_))));
        let clicks = mapping(&[(Field::Day, 1, "Day"), (Field::Clicks, 2, "Clicks (ALL)")]);
        assert!(super::places(&clicks, &names(&["Day", "Clicks (ALL)"]), &account()).is_ok());
    }
}
