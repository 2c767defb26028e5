//! Days as files write them, in one form for the whole file: 01/02/2026 is two different days, and nothing in the cell
//! says which.

use model::{import::DayForm, metric::Days};
use time::{Date, Month};

/// Reads a day. A time behind it must be midnight: what has another time is not the total of a day.
///
/// # Errors
/// What is wrong, following the text.
pub(super) fn parse(text: &str, form: DayForm) -> Result<Date, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("is empty: every row needs its day".to_owned());
    }
    let (day, time) = match text.find(['T', ' ']) {
        Some(at) => (&text[..at], text[at + 1..].trim()),
        None => (text, ""),
    };
    if !time.is_empty() && !midnight(time) {
        return Err("has a time of day: rows hold the totals of whole days".to_owned());
    }
    let [year, month, number] =
        parts(day, form).ok_or_else(|| format!("is not a day written like {}", form.example()))?;
    let month = u8::try_from(month).ok().and_then(|month| Month::try_from(month).ok());
    let date = month.zip(u8::try_from(number).ok());
    let date = date.and_then(|(month, number)| Date::from_calendar_date(i32::from(year), month, number).ok());
    let date = date.ok_or_else(|| format!("is no day of the calendar when it is read like {}", form.example()))?;
    plausible(date)
}

/// Refuses years that are typing errors: no web advertising is older than its first years.
///
/// # Errors
/// What is wrong, following the text.
pub(super) fn plausible(date: Date) -> Result<Date, String> {
    if (1990..2100).contains(&date.year()) { Ok(date) } else { Err("is not in the years 1990 to 2099".to_owned()) }
}

fn midnight(time: &str) -> bool {
    let time = time.strip_suffix('Z').or_else(|| time.strip_suffix("+00:00")).unwrap_or(time);
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    matches!(clock, "00:00" | "0:00" | "00:00:00" | "0:00:00") && fraction.bytes().all(|byte| byte == b'0')
}

/// Year, month and day.
fn parts(text: &str, form: DayForm) -> Option<[u16; 3]> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if form == DayForm::YearFirst && text.len() == 8 && digits(text) {
        return Some([text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?]);
    }
    let separator = text.chars().find(|c| matches!(c, '-' | '/' | '.'))?;
    let mut pieces = text.split(separator);
    let (first, second, third) = (pieces.next()?, pieces.next()?, pieces.next()?);
    let [year, month, day] = match form {
        DayForm::YearFirst => [first, second, third],
        DayForm::DayFirst => [third, second, first],
        DayForm::MonthFirst => [third, first, second],
    };
    let short = |text: &str| (1..=2).contains(&text.len()) && digits(text);
    if pieces.next().is_some() || year.len() != 4 || !digits(year) || !short(month) || !short(day) {
        return None;
    }
    Some([year.parse().ok()?, month.parse().ok()?, day.parse().ok()?])
}

/// The days from the first to the last, with one more.
pub(super) fn extend(days: Option<Days>, day: Date) -> Days {
    days.map_or(Days { first: day, last: day }, |days| Days { first: days.first.min(day), last: days.last.max(day) })
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn one_text_is_another_day_in_each_form() {
        assert_eq!(parse("01/02/2026", DayForm::DayFirst), Ok(date!(2026 - 02 - 01)));
        assert_eq!(parse("01/02/2026", DayForm::MonthFirst), Ok(date!(2026 - 01 - 02)));
        assert!(parse("01/02/2026", DayForm::YearFirst).is_err());
    }

    #[test]
    fn forms_take_their_spellings() {
        for text in ["2026-02-01", "2026/2/1", "20260201", "2026-02-01T00:00:00Z", "2026-02-01 00:00", " 2026.02.01 "] {
            assert_eq!(parse(text, DayForm::YearFirst), Ok(date!(2026 - 02 - 01)), "{text}");
        }
        for text in ["1.2.2026", "01-02-2026", "01.02.2026 00:00:00.000"] {
            assert_eq!(parse(text, DayForm::DayFirst), Ok(date!(2026 - 02 - 01)), "{text}");
        }
        assert_eq!(parse("12/31/2025", DayForm::MonthFirst), Ok(date!(2025 - 12 - 31)));
        assert_eq!(parse("29.02.2024", DayForm::DayFirst), Ok(date!(2024 - 02 - 29)));
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in [
            "",
            "2026-02-30",
            "2026-13-01",
            "26-02-01",
            "2026-02",
            "2026-02-01-01",
            "2026-02-01 13:45",
            "45000",
            "=1+1",
            "0202-02-01",
            "2026-02/01",
            "２０２６-02-01",
            "2026-02-01T00:00:00+02:00",
            "20260230",
            "-02-01-2026",
        ] {
            assert!(parse(text, DayForm::YearFirst).is_err(), "{text}");
        }
        for text in ["31.04.2026", "1.2.26", "29.02.2025", "12/31/2025"] {
            assert!(parse(text, DayForm::DayFirst).is_err(), "{text}");
        }
        assert!(parse("31/12/2025", DayForm::MonthFirst).is_err());
    }
}
