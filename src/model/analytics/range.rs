//! Which days a question is about, with which it compares them, and in which steps they are drawn.

use serde::{Deserialize, Serialize};
use time::{Date, Duration, Month};

use crate::{input::Invalid, metric::Days};

/// The most days that one question is about: ten years. The same days of the year before may be one more.
pub const LONGEST: i64 = 3_653;
/// So many days are drawn one by one.
const BY_DAY: i64 = 92;
/// So many days are drawn week by week.
const BY_WEEK: i64 = 400;

macro_rules! presets {
    ($($(#[$doc:meta])* $name:ident: $key:literal, $words:literal;)+) => {
        /// Days that have a name. They end with the last day that has ended, for of a day under way no figure is whole; a month, a
        /// quarter or a year on whose first day it still is is that day alone.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Preset {
            $($(#[$doc])* $name,)+
        }

        impl Preset {
            /// All of them, in the order of the page.
            pub const ALL: [Self; 10] = [$(Self::$name),+];

            /// The spelling in addresses.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)+ }
            }

            /// What it is called.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $words,)+ }
            }
        }
    };
}

presets! {
    /// The day that is under way.
    Today: "today", "Today";
    /// The last day that has ended.
    Yesterday: "yesterday", "Yesterday";
    /// The last week of days.
    Last7: "last_7", "Last 7 days";
    /// Two weeks of days.
    Last14: "last_14", "Last 14 days";
    /// Four weeks of days.
    #[default]
    Last28: "last_28", "Last 28 days";
    /// Ninety days.
    Last90: "last_90", "Last 90 days";
    /// From the first day of this month on.
    ThisMonth: "this_month", "This month";
    /// The whole month before this one.
    LastMonth: "last_month", "Last month";
    /// From the first day of this quarter of the year on.
    Quarter: "quarter", "This quarter";
    /// From the first day of this year on.
    YearToDate: "year_to_date", "Year to date";
}

impl Preset {
    /// Reads the spelling in addresses.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.key() == text)
    }

    /// The days, on the day that is `today`.
    pub fn days(self, today: Date) -> Days {
        let ended = today.previous_day().unwrap_or(today);
        let last = |count: i64| Days { first: ended.saturating_sub(Duration::days(count - 1)), last: ended };
        // On its first day no day of it has ended.
        let since = |first: Date| Days { first, last: ended.max(first) };
        let month = first_of(today.year(), today.month(), today);
        match self {
            Self::Today => Days { first: today, last: today },
            Self::Yesterday => Days { first: ended, last: ended },
            Self::Last7 => last(7),
            Self::Last14 => last(14),
            Self::Last28 => last(28),
            Self::Last90 => last(90),
            Self::ThisMonth => since(month),
            Self::LastMonth => {
                let end = month.previous_day().unwrap_or(month);
                Days { first: first_of(end.year(), end.month(), end), last: end }
            }
            Self::Quarter => {
                let begins = [Month::January, Month::April, Month::July, Month::October];
                let at = usize::from((u8::from(today.month()) - 1) / 3);
                since(first_of(today.year(), begins.get(at).copied().unwrap_or(Month::January), today))
            }
            Self::YearToDate => since(first_of(today.year(), Month::January, today)),
        }
    }
}

fn first_of(year: i32, month: Month, otherwise: Date) -> Date {
    Date::from_calendar_date(year, month, 1).unwrap_or(otherwise)
}

/// Which days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Range {
    /// Some that have a name.
    Preset(Preset),
    /// These.
    Custom(Days),
}

impl Default for Range {
    fn default() -> Self {
        Self::Preset(Preset::default())
    }
}

impl Range {
    /// From one day to another, both included.
    ///
    /// # Errors
    /// The last day is before the first, or there are more than [`LONGEST`] of them.
    pub fn custom(first: Date, last: Date) -> Result<Self, Invalid> {
        let days = Days { first, last };
        if days.count() < 1 {
            return Err(Invalid::new("to", "the last day must not be before the first"));
        }
        if days.count() > LONGEST {
            return Err(Invalid::new("to", format!("ask for at most {LONGEST} days at once, which are ten years")));
        }
        Ok(Self::Custom(days))
    }

    /// The days, on the day that is `today`.
    pub fn days(self, today: Date) -> Days {
        match self {
            Self::Preset(preset) => preset.days(today),
            Self::Custom(days) => days,
        }
    }
}

/// With which days others are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// With none.
    None,
    /// With as many right before.
    #[default]
    Previous,
    /// With the same days of the year before.
    LastYear,
}

impl Comparison {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 3] = [Self::Previous, Self::LastYear, Self::None];

    /// The spelling in addresses.
    pub const fn key(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Previous => "previous",
            Self::LastYear => "last_year",
        }
    }

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "No comparison",
            Self::Previous => "The days before",
            Self::LastYear => "The year before",
        }
    }

    /// Reads the spelling in addresses.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|comparison| comparison.key() == text)
    }

    /// The days that these are compared with; none where none are asked for, or there are none. The year before has no 29th of
    /// February: there it is the 28th.
    pub fn days(self, days: Days) -> Option<Days> {
        match self {
            Self::None => None,
            Self::Previous => {
                let last = days.first.previous_day()?;
                Some(Days { first: last.checked_sub(Duration::days(days.count() - 1))?, last })
            }
            Self::LastYear => Some(Days { first: year_before(days.first)?, last: year_before(days.last)? }),
        }
    }
}

fn year_before(day: Date) -> Option<Date> {
    let year = day.year() - 1;
    Date::from_calendar_date(year, day.month(), day.day())
        .or_else(|_| Date::from_calendar_date(year, day.month(), day.day() - 1))
        .ok()
}

/// In which steps days are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Granularity {
    /// One by one.
    Day,
    /// Weeks from Monday on (ISO 8601).
    Week,
    /// Months of the calendar.
    Month,
}

impl Granularity {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// The spelling in addresses.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "Days",
            Self::Week => "Weeks",
            Self::Month => "Months",
        }
    }

    /// Reads the spelling in addresses.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|granularity| granularity.key() == text)
    }

    /// The one in which so many days can be read.
    pub const fn usual(days: i64) -> Self {
        if days <= BY_DAY {
            Self::Day
        } else if days <= BY_WEEK {
            Self::Week
        } else {
            Self::Month
        }
    }

    /// The first and the last step may be cut by the ends of the days.
    pub fn periods(self, days: Days) -> Vec<Days> {
        let mut periods = Vec::new();
        let mut first = days.first;
        while first <= days.last {
            let end = match self {
                Self::Day => first,
                Self::Week => {
                    let left = 7 - i64::from(first.weekday().number_from_monday());
                    first.saturating_add(Duration::days(left))
                }
                Self::Month => first.replace_day(first.month().length(first.year())).unwrap_or(first),
            };
            let last = end.min(days.last);
            periods.push(Days { first, last });
            let Some(next) = last.next_day() else { break };
            first = next;
        }
        periods
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    fn days(first: Date, last: Date) -> Days {
        Days { first, last }
    }

    #[test]
    fn days_with_a_name_end_with_the_last_that_has_ended() {
        let of = |preset: Preset| preset.days(date!(2026 - 11 - 22));
        let ended = date!(2026 - 11 - 21);
        assert_eq!(of(Preset::Today), days(date!(2026 - 11 - 22), date!(2026 - 11 - 22)));
        assert_eq!(of(Preset::Yesterday), days(ended, ended));
        assert_eq!(of(Preset::Last7), days(date!(2026 - 11 - 15), ended));
        assert_eq!([of(Preset::Last14), of(Preset::Last28), of(Preset::Last90)].map(Days::count), [14, 28, 90]);
        assert_eq!(of(Preset::ThisMonth), days(date!(2026 - 11 - 01), ended));
        assert_eq!(of(Preset::LastMonth), days(date!(2026 - 10 - 01), date!(2026 - 10 - 31)));
        assert_eq!(of(Preset::Quarter), days(date!(2026 - 10 - 01), ended));
        assert_eq!(of(Preset::YearToDate), days(date!(2026 - 01 - 01), ended));
        let new_year = date!(2026 - 01 - 01);
        assert_eq!(Preset::YearToDate.days(new_year), days(new_year, new_year));
        assert_eq!(Preset::LastMonth.days(new_year), days(date!(2025 - 12 - 01), date!(2025 - 12 - 31)));
    }

    #[test]
    fn days_are_the_right_way_round_and_not_of_a_lifetime() {
        let refused = |first, last| Range::custom(first, last).unwrap_err();
        assert_eq!(refused(date!(2026 - 11 - 02), date!(2026 - 11 - 01)).field, "to");
        let long = refused(date!(1976 - 11 - 01), date!(2026 - 11 - 01));
        assert!(long.message.contains("3653"), "{long}");
        let day = date!(2026 - 11 - 01);
        assert_eq!(Range::custom(day, day), Ok(Range::Custom(days(day, day))));
    }

    #[test]
    fn the_days_before_are_as_many_and_the_year_before_has_the_same_dates() {
        let now = days(date!(2028 - 02 - 01), date!(2028 - 02 - 29));
        assert_eq!(Comparison::Previous.days(now), Some(days(date!(2028 - 01 - 03), date!(2028 - 01 - 31))));
        assert_eq!(Comparison::LastYear.days(now), Some(days(date!(2027 - 02 - 01), date!(2027 - 02 - 28))));
        assert_eq!(Comparison::None.days(now), None);
    }

    #[test]
    fn weeks_begin_on_monday_and_periods_cover_each_day_once() {
        let week = days(date!(2026 - 10 - 23), date!(2026 - 11 - 03));
        let weeks = Granularity::Week.periods(week);
        let expected = [
            days(date!(2026 - 10 - 23), date!(2026 - 10 - 25)),
            days(date!(2026 - 10 - 26), date!(2026 - 11 - 01)),
            days(date!(2026 - 11 - 02), date!(2026 - 11 - 03)),
        ];
        assert_eq!(weeks, expected);
        for granularity in Granularity::ALL {
            let counted: i64 = granularity.periods(week).into_iter().map(Days::count).sum();
            assert_eq!(counted, week.count(), "{granularity:?}");
        }
        assert_eq!(Granularity::Month.periods(week).len(), 2);
        assert_eq!([28, 93, 500].map(Granularity::usual), [Granularity::Day, Granularity::Week, Granularity::Month]);
    }

    #[test]
    fn spellings_are_read_as_they_are_written() {
        assert!(Preset::ALL.into_iter().all(|one| Preset::parse(one.key()) == Some(one)));
        assert!(Comparison::ALL.into_iter().all(|one| Comparison::parse(one.key()) == Some(one)));
        assert!(Granularity::ALL.into_iter().all(|one| Granularity::parse(one.key()) == Some(one)));
    }
}
