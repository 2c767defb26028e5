//! The rows that a sum was made from, so that people can open it and add them up again.

use rust_decimal::Decimal;
use time::Date;

use super::{Day, Measure, Part, Setting, Source, total::Money};

/// A day of a source that went into a sum.
#[derive(Clone, Debug, PartialEq)]
pub struct Row<'a> {
    /// The source's id.
    pub source: &'a str,
    /// The day.
    pub day: Date,
    /// What the source reported, in its own currency.
    pub value: Decimal,
    /// What of it was added: the same, or converted by the day's rate.
    pub counted: Decimal,
}

/// The rows of a part of a figure of these sources, in the order in which they were added: what was counted is its value,
/// added up.
pub fn rows<'a>(part: &Part, sources: &[&'a Source], setting: &Setting<'_>) -> Vec<Row<'a>> {
    let money = Money { display: setting.display, rates: setting.rates, named: true };
    let own: Vec<&'a Source> = sources.iter().copied().filter(|source| part.sources.contains(&source.id)).collect();
    let paid = part.measure.money() || part.beside.is_some_and(Measure::money);
    let to = if paid { money.currency(&own, part.days).ok().flatten() } else { None };
    let known = |row: &Day, measure| money.value(row, measure, to).ok().flatten();
    let mut rows = Vec::with_capacity(part.rows);
    for source in own {
        for row in source.rows(part.days) {
            if part.beside.is_some_and(|beside| known(row, beside).is_none()) {
                continue;
            }
            if let (Some(value), Some(counted)) = (row.get(part.measure), known(row, part.measure)) {
                rows.push(Row { source: &source.id, day: row.day, value, counted });
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;
    use crate::memory::{Currency, Days, Metric, Rates, report::figure};

    #[test]
    fn what_was_counted_adds_up_and_what_has_no_rate_is_not_there() {
        let code = |text| Currency::parse(text).unwrap();
        let (monday, tuesday) = (date!(2026 - 11 - 02), date!(2026 - 11 - 03));
        let days = Days { first: monday, last: tuesday };
        let source = |id: &str, currency, spend: [i64; 2]| {
            let day = |day, spend| Day::new(day, currency).with(Measure::Spend, Some(Decimal::new(spend, 2)));
            Source::new(id, days, vec![day(monday, spend[0]), day(tuesday, spend[1])]).unwrap()
        };
        let (euros, dollars, pounds) = (
            source("a", code("EUR"), [1000, 333]),
            source("b", code("USD"), [250, 125]),
            source("c", code("GBP"), [1, 1]),
        );
        let rates = Rates::new(code("EUR"), [(monday, code("USD"), Decimal::new(3, 0))]).unwrap();
        let setting = Setting { display: Some(code("EUR")), rates: &rates, margin: None };
        let sources = [&euros, &dollars, &pounds];
        let made = figure(Metric::Spend, &sources, days, &setting).unwrap();
        let rows = rows(&made.parts[0], &sources, &setting);
        assert_eq!(rows.iter().map(|row| row.counted).sum::<Decimal>(), made.parts[0].value);
        let told: Vec<_> = rows.iter().map(|row| (row.source, row.day, row.value)).collect();
        let expected = [("a", monday, 1000), ("a", tuesday, 333), ("b", monday, 250), ("b", tuesday, 125)];
        assert_eq!(told, expected.map(|(id, day, cents)| (id, day, Decimal::new(cents, 2))));
        assert!(rows[2].counted < rows[2].value, "converted by the rate of the day");
    }
}
