//! Pages of a list: a bounded number of items and an opaque cursor to the next.

use serde::{Deserialize, Serialize};
use time::{Date, Month};

use crate::input::Invalid;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The items of this page, in the list's order.
    pub items: Vec<T>,
    /// Pass as `cursor` to get what follows; absent on the last page.
    pub next_cursor: Option<String>,
}

/// How many items a page holds when nothing is asked: 25.
pub const DEFAULT_LIMIT: i64 = 25;
/// The most a page holds; asking for more gives this many.
pub const MAX_LIMIT: i64 = 100;

/// Parses a `limit` parameter.
///
/// # Errors
/// Not a whole number, or less than 1.
pub fn parse_limit(text: Option<&str>) -> Result<i64, Invalid> {
    let Some(text) = text else { return Ok(DEFAULT_LIMIT) };
    match text.parse::<i64>() {
        Ok(limit) if limit >= 1 => Ok(limit.min(MAX_LIMIT)),
        _ => Err(Invalid::new("limit", "limit must be a whole number of at least 1")),
    }
}

/// The refusal of a `cursor` that no list gave.
pub fn wrong_cursor() -> Invalid {
    Invalid::new("cursor", "cursor must be the next_cursor of an earlier page")
}

impl<T> Page<T> {
    /// A page of a list that is made anew each time: its cursor says how many items came before.
    ///
    /// # Errors
    /// A cursor that no such list gave.
    pub fn of(all: Vec<T>, limit: i64, cursor: Option<&str>) -> Result<Self, Invalid> {
        let from = cursor.map_or(Ok(0), str::parse::<usize>).map_err(|_| wrong_cursor())?;
        let to = from.saturating_add(usize::try_from(limit).unwrap_or_default());
        let next_cursor = (to < all.len()).then(|| to.to_string());
        Ok(Self { items: all.into_iter().take(to).skip(from).collect(), next_cursor })
    }
}

/// Parses a day such as 2026-11-03.
///
/// # Errors
/// No such day, or another way to write it.
pub fn parse_day(field: &str, text: &str) -> Result<Date, Invalid> {
    let wrong = || Invalid::new(field, "enter a day as 2026-11-03");
    let mut parts = text.trim().splitn(3, '-').map(|part| part.bytes().all(|b| b.is_ascii_digit()).then_some(part));
    let mut part = |digits: usize| parts.next().flatten().filter(|part| part.len() == digits).ok_or_else(wrong);
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    let month = month.parse::<u8>().ok().and_then(|month| Month::try_from(month).ok()).ok_or_else(wrong)?;
    let (year, day) = (year.parse().map_err(|_| wrong())?, day.parse().map_err(|_| wrong())?);
    Date::from_calendar_date(year, month, day).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_cut_or_refused() {
        assert_eq!(parse_limit(None), Ok(25));
        assert_eq!(parse_limit(Some("150")), Ok(100));
        for bad in ["0", "-5", "abc", ""] {
            assert!(parse_limit(Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn pages_of_a_list_hold_each_item_once_and_end() {
        let all = || (0..5).collect::<Vec<_>>();
        let (mut seen, mut cursor) = (Vec::new(), None::<String>);
        for _ in 0..3 {
            let page = Page::of(all(), 2, cursor.as_deref()).unwrap();
            seen.extend(page.items);
            cursor = page.next_cursor;
        }
        assert_eq!((seen, cursor), (all(), None));
        assert_eq!(Page::of(all(), 2, Some("9")).unwrap(), Page { items: Vec::new(), next_cursor: None });
        for wrong in ["", "-1", "x", "99999999999999999999999"] {
            assert_eq!(Page::of(all(), 2, Some(wrong)).unwrap_err(), wrong_cursor(), "{wrong}");
        }
    }

    #[test]
    fn days_are_of_the_calendar() {
        assert_eq!(parse_day("from", "2026-11-03").unwrap().to_string(), "2026-11-03");
        for bad in
            ["", "2026-02-30", "2026-13-01", "3.11.2026", "2026-1-1", "2026-11-03T00:00", "-026-11-03", "+026-11-03"]
        {
            assert_eq!(parse_day("from", bad).unwrap_err().field, "from", "{bad}");
        }
    }
}
