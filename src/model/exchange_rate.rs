//! Rates of exchange as the European Central Bank publishes them: units of a currency for one euro, one row a day.
//!
//! The format is that of its historical file (`eurofxref-hist.csv`): a header `Date,USD,JPY,…`, then days in any order, with
//! `N/A` or nothing where there is no rate
//! (<https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/html/index.en.html>).

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::{currency, fact::Rate, input::Invalid, page::parse_day};

/// The largest file that is read, in bytes: the bank's own has less than a megabyte for 27 years.
pub const LARGEST: usize = 5 * 1024 * 1024;

/// Reads a file of rates; nothing of it is taken when a line is wrong.
///
/// # Errors
/// Which line is wrong and why.
pub fn parse(text: &str) -> Result<Vec<Rate>, Invalid> {
    let wrong = |message: String| Invalid::new("file", message);
    let text = text.trim_start_matches('\u{feff}');
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let (_, header) = lines.next().ok_or_else(|| wrong("the file is empty".into()))?;
    let mut names = header.split(',').map(str::trim);
    if !names.next().is_some_and(|first| first.eq_ignore_ascii_case("date")) {
        let message = "the first line must begin with Date and name a currency in each column, as in Date,USD,GBP";
        return Err(wrong(message.into()));
    }
    let names: Vec<&str> = names.collect();
    // The bank ends each line with a comma.
    let known = names.iter().position(|name| !name.is_empty() && !currency::ALL.contains(name) && !is_code(name));
    if let Some(at) = known {
        return Err(wrong(format!("column {}: {:?} is not the code of a currency", at + 2, names[at])));
    }
    let mut rates = BTreeMap::new();
    for (at, line) in lines {
        let line_number = at + 1;
        let mut values = line.split(',').map(str::trim);
        let day = parse_day("file", values.next().unwrap_or_default())
            .map_err(|_| wrong(format!("line {line_number}: the day must be written as 2026-11-03")))?;
        let values: Vec<&str> = values.collect();
        if let Some(more) = values.iter().skip(names.len()).find(|value| !value.is_empty()) {
            let message = format!(
                "line {line_number}: {more:?} stands in a column without a name; amounts are written with a point, as in 1.0534"
            );
            return Err(wrong(message));
        }
        for (name, value) in names.iter().zip(values) {
            if name.is_empty() || value.is_empty() || value.eq_ignore_ascii_case("n/a") {
                continue;
            }
            let per_euro: Decimal = value
                .parse()
                .ok()
                .filter(|rate: &Decimal| *rate > Decimal::ZERO)
                .ok_or_else(|| wrong(format!("line {line_number}, {name}: {value:?} is no rate above zero")))?;
            if rates.insert((*name, day), per_euro).is_some_and(|before| before != per_euro) {
                return Err(wrong(format!("line {line_number}: {name} of {day} is there twice, with two rates")));
            }
        }
    }
    if rates.is_empty() {
        return Err(wrong("the file holds no rate".into()));
    }
    Ok(rates
        .into_iter()
        .map(|((currency, day), per_euro)| Rate { currency: currency.to_owned(), day, per_euro })
        .collect())
}

/// Currencies of the past (DEM) have a code too, and rates.
fn is_code(name: &str) -> bool {
    name.len() == 3 && name.bytes().all(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn the_banks_own_file_is_read() {
        let rates = parse("Date,USD,JPY,CYP,\n2026-11-20,1.0534,162.5,N/A,\n2026-11-19,1.05,,N/A,\n").unwrap();
        let found: Vec<_> = rates.iter().map(|rate| (&*rate.currency, rate.day, rate.per_euro.to_string())).collect();
        let expected = [
            ("JPY", date!(2026 - 11 - 20), "162.5".to_owned()),
            ("USD", date!(2026 - 11 - 19), "1.05".to_owned()),
            ("USD", date!(2026 - 11 - 20), "1.0534".to_owned()),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (text, words) in [
            ("", "empty"),
            ("USD,GBP\n", "Date"),
            ("Date,dollar\n", "column 2"),
            ("Date,USD\n20.11.2026,1.05\n", "line 2"),
            ("Date,USD\n2026-11-20,0\n", "line 2, USD"),
            ("Date,USD\n2026-11-20,-1\n", "line 2, USD"),
            ("Date,USD\n2026-11-20,abc\n", "line 2, USD"),
            ("Date,USD\n2026-11-20,1.0\n2026-11-20,1.1\n", "line 3"),
            ("Date,USD\n2026-11-20,N/A\n", "no rate"),
            ("Date,USD\n2026-11-20,1,0534\n", "line 2: \"0534\""),
        ] {
            let refused = parse(text).unwrap_err();
            assert!(refused.field == "file" && refused.message.contains(words), "{text:?}: {}", refused.message);
        }
    }
}
