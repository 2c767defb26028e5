//! Days as people read them: the one place that names months.

use time::{Date, Month};

/// The months, from January on.
pub const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// What a month is called.
pub fn month(month: Month) -> &'static str {
    MONTHS[usize::from(u8::from(month)) - 1]
}

/// A day: "3 Nov 2026".
pub fn in_words(day: Date) -> String {
    format!("{} {} {}", day.day(), month(day.month()), day.year())
}

/// Days that follow one another, saying what they share once: "3 to 5 Nov 2026"; a single one is "3 Nov 2026".
pub fn range(first: Date, last: Date) -> String {
    if first == last {
        return in_words(first);
    }
    let start = match (first.year() == last.year(), first.month() == last.month()) {
        (true, true) => first.day().to_string(),
        (true, false) => format!("{} {}", first.day(), month(first.month())),
        (false, _) => in_words(first),
    };
    format!("{start} to {}", in_words(last))
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn days_say_what_they_share_once() {
        let last = date!(2026 - 12 - 05);
        assert_eq!(in_words(date!(2026 - 01 - 31)), "31 Jan 2026");
        assert_eq!(range(last, last), "5 Dec 2026");
        assert_eq!(range(date!(2026 - 12 - 03), last), "3 to 5 Dec 2026");
        assert_eq!(range(date!(2026 - 11 - 30), last), "30 Nov to 5 Dec 2026");
        assert_eq!(range(date!(2025 - 12 - 03), last), "3 Dec 2025 to 5 Dec 2026");
    }
}
