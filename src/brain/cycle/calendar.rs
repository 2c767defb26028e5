//! Days on which shops sell another amount whatever is spent, by the calendar: controls of the response curves and of what came
//! of actions, and what is said of an anomaly on such a day.
//!
//! Without them what such a day brings is noise, or worse, is taken for the effect of what was spent on it or done before it.
//! Each is a column of ones and zeros whose height the data say; where a calendar means nothing to a shop's customers, that is
//! about none. A day is here because shops of most countries know it, as in the holiday windows of Taylor & Letham (2018). To add
//! one, add a line to [`KNOWN`].

use time::{Date, Duration, Month, Weekday};

use crate::response::Column;

/// A name, whether shops sell more then (or less), and the days of a year from which to which it lasts.
type Known = (&'static str, bool, fn(i32) -> Option<(Date, Date)>);

const KNOWN: [Known; 6] = [
    ("before Black Friday", true, |year| Some((thanksgiving(year)? - Duration::days(3), thanksgiving(year)?))),
    ("Black Friday to Cyber Monday", true, |year| {
        Some((thanksgiving(year)? + Duration::days(1), thanksgiving(year)? + Duration::days(4)))
    }),
    ("Advent", true, |year| Some((on(year, Month::December, 1)?, on(year, Month::December, 20)?))),
    ("Christmas", false, |year| Some((on(year, Month::December, 24)?, on(year, Month::December, 26)?))),
    ("New Year", false, |year| Some((on(year - 1, Month::December, 31)?, on(year, Month::January, 1)?))),
    ("Easter", false, |year| Some((easter(year)? - Duration::days(2), easter(year)? + Duration::days(1)))),
];

/// A column for each that is among these days, which follow one another.
pub(super) fn columns(first: Date, days: usize) -> Vec<Column> {
    let day = |at: usize| first.saturating_add(Duration::days(i64::try_from(at).unwrap_or(i64::MAX)));
    let column = |(name, _, known): &Known| {
        let among = |day: Date| {
            // The New Year of a year begins in the one before.
            let years = [day.year(), day.year() + 1];
            years.iter().filter_map(|year| known(*year)).any(|(first, last)| (first..=last).contains(&day))
        };
        let values: Vec<f64> = (0..days).map(|at| f64::from(u8::from(among(day(at))))).collect();
        values.contains(&1.0).then(|| Column { name: (*name).to_owned(), values })
    };
    KNOWN.iter().filter_map(column).collect()
}

/// Which of these that explains a rise, or a fall, any of the days from the first to the last is among; the first that is known,
/// if there are several. Without a direction, whichever.
pub(super) fn named(first: Date, last: Date, rise: Option<bool>) -> Option<&'static str> {
    let meets = |known: &fn(i32) -> Option<(Date, Date)>| {
        let mut years = first.year()..=last.year() + 1;
        years.any(|year| known(year).is_some_and(|(from, to)| from <= last && first <= to))
    };
    let explains = |more: bool| rise.is_none_or(|rise| rise == more);
    KNOWN.iter().find(|(_, more, known)| explains(*more) && meets(known)).map(|(name, ..)| *name)
}

fn on(year: i32, month: Month, day: u8) -> Option<Date> {
    Date::from_calendar_date(year, month, day).ok()
}

/// The fourth Thursday of November.
fn thanksgiving(year: i32) -> Option<Date> {
    let last = on(year, Month::October, 31)?;
    Some(last.next_occurrence(Weekday::Thursday) + Duration::weeks(3))
}

/// Easter Sunday of the Gregorian calendar, by the anonymous algorithm (Meeus 1991, chapter 8).
fn easter(year: i32) -> Option<Date> {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let sum = h + l - 7 * m + 114;
    let month = Month::try_from(u8::try_from(sum / 31).ok()?).ok()?;
    on(year, month, u8::try_from(sum % 31 + 1).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn days_that_move_are_found_in_every_year() {
        // Tables of the United States Naval Observatory.
        for (year, sunday) in
            [(2024, date!(2024 - 03 - 31)), (2025, date!(2025 - 04 - 20)), (2038, date!(2038 - 04 - 25))]
        {
            assert_eq!(easter(year), Some(sunday));
        }
        assert_eq!(thanksgiving(2025), Some(date!(2025 - 11 - 27)));
        assert_eq!(thanksgiving(2029), Some(date!(2029 - 11 - 22)));
    }

    #[test]
    fn days_are_called_as_shops_know_them() {
        assert_eq!(named(date!(2026 - 12 - 25), date!(2026 - 12 - 25), None), Some("Christmas"));
        assert_eq!(named(date!(2026 - 12 - 31), date!(2026 - 12 - 31), None), Some("New Year"));
        assert_eq!(named(date!(2027 - 01 - 01), date!(2027 - 01 - 03), None), Some("New Year"));
        assert_eq!(named(date!(2026 - 11 - 25), date!(2026 - 11 - 25), None), Some("before Black Friday"));
        assert_eq!(named(date!(2026 - 11 - 30), date!(2026 - 11 - 30), None), Some("Black Friday to Cyber Monday"));
        assert_eq!(named(date!(2027 - 03 - 28), date!(2027 - 03 - 28), None), Some("Easter"));
        // A fall while shops sell more is no matter of the calendar, nor a rise while they rest.
        assert_eq!(named(date!(2026 - 11 - 25), date!(2026 - 11 - 25), Some(false)), None);
        assert_eq!(named(date!(2026 - 12 - 25), date!(2026 - 12 - 25), Some(true)), None);
        assert_eq!(named(date!(2026 - 12 - 25), date!(2026 - 12 - 25), Some(false)), Some("Christmas"));
        assert_eq!(named(date!(2026 - 10 - 11), date!(2026 - 10 - 14), None), None);
    }

    #[test]
    fn a_column_has_its_days_and_what_is_not_among_them_has_none() {
        let marked = |first: Date, days| -> Vec<(String, Vec<Date>)> {
            let of = |column: Column| {
                let days = column.values.iter().enumerate().filter(|(_, value)| **value == 1.0);
                (column.name.clone(), days.map(|(at, _)| first + Duration::days(at as i64)).collect())
            };
            columns(first, days).into_iter().map(of).collect()
        };
        assert_eq!(
            marked(date!(2025 - 11 - 28), 34),
            [
                (
                    "Black Friday to Cyber Monday".to_owned(),
                    (28..=30)
                        .map(|day| Date::from_calendar_date(2025, Month::November, day).unwrap())
                        .chain([date!(2025 - 12 - 01)])
                        .collect()
                ),
                (
                    "Advent".to_owned(),
                    (1..=20).map(|day| Date::from_calendar_date(2025, Month::December, day).unwrap()).collect()
                ),
                ("Christmas".to_owned(), vec![date!(2025 - 12 - 24), date!(2025 - 12 - 25), date!(2025 - 12 - 26)]),
                ("New Year".to_owned(), vec![date!(2025 - 12 - 31)]),
            ]
        );
        assert_eq!(marked(date!(2026 - 06 - 01), 60), []);
        assert_eq!(marked(date!(2026 - 01 - 01), 1), [("New Year".to_owned(), vec![date!(2026 - 01 - 01)])]);
    }
}
