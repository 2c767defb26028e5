//! Days, zones and holidays of the world. Nothing here reads the machine's clock.
//!
//! Zones carry their rules of summer time themselves (European Union 1996, United States 2007), so that the world does not
//! change with a time zone database. The rules hold from 2007 on.

use serde::{Serialize, Serializer};
use time::{Date, Duration, Month, OffsetDateTime, Time, UtcOffset, Weekday};

/// The zone in which a client and its channels count their days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Zone {
    /// One hour east of Greenwich.
    #[serde(rename = "Europe/Berlin")]
    Berlin,
    /// Five hours west.
    #[serde(rename = "America/New_York")]
    NewYork,
    /// Eight hours west.
    #[serde(rename = "America/Los_Angeles")]
    LosAngeles,
}

impl Zone {
    /// The IANA name.
    pub const fn iana(self) -> &'static str {
        match self {
            Self::Berlin => "Europe/Berlin",
            Self::NewYork => "America/New_York",
            Self::LosAngeles => "America/Los_Angeles",
        }
    }

    const fn winter_hours(self) -> i8 {
        match self {
            Self::Berlin => 1,
            Self::NewYork => -5,
            Self::LosAngeles => -8,
        }
    }

    /// Hours east of Greenwich on the clocks of that moment.
    pub fn offset(self, at: OffsetDateTime) -> UtcOffset {
        let (at, winter) = (at.to_offset(UtcOffset::UTC), self.winter_hours());
        let year = at.year();
        let hours = |day: Date, hour: i8| day.midnight().assume_utc() + Duration::hours(i64::from(hour));
        let (begins, ends) = match self {
            Self::Berlin => (hours(last_sunday(year, Month::March), 1), hours(last_sunday(year, Month::October), 1)),
            _ => (
                hours(nth(year, Month::March, Weekday::Sunday, 2), 2 - winter),
                hours(nth(year, Month::November, Weekday::Sunday, 1), 1 - winter),
            ),
        };
        let summer = begins <= at && at < ends;
        UtcOffset::from_hms(winter + i8::from(summer), 0, 0).unwrap_or(UtcOffset::UTC)
    }

    /// The moment at which clocks show this. An hour that spring leaves out is taken as the one after it; of an hour that
    /// autumn has twice it is the second.
    pub fn moment(self, day: Date, clock: Time) -> OffsetDateTime {
        let shown = day.with_time(clock).assume_utc();
        let winter = shown - Duration::hours(i64::from(self.winter_hours()));
        let summer = winter - Duration::hours(1);
        let holds = |at: OffsetDateTime| at.to_offset(self.offset(at)).time() == clock;
        if holds(winter) || !holds(summer) { winter } else { summer }
    }

    /// The day on the clocks of that moment.
    pub fn day(self, at: OffsetDateTime) -> Date {
        at.to_offset(self.offset(at)).date()
    }
}

/// The last second of a day.
pub(crate) fn end(zone: Zone, day: Date) -> OffsetDateTime {
    zone.moment(day, Time::from_hms(23, 59, 59).unwrap_or(Time::MIDNIGHT))
}

/// Writes a day as 2026-11-03. What `time` does by itself depends on its features, which others choose.
pub(crate) fn iso<S: Serializer>(day: &Date, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(day)
}

/// Writes a day, or nothing.
pub(crate) fn iso_option<S: Serializer>(day: &Option<Date>, to: S) -> Result<S::Ok, S::Error> {
    day.map(|day| day.to_string()).serialize(to)
}

/// `first` and the days after it, `last` included.
pub fn days(first: Date, last: Date) -> impl Iterator<Item = Date> {
    (first.to_julian_day()..=last.to_julian_day()).filter_map(|day| Date::from_julian_day(day).ok())
}

fn first_of(year: i32, month: Month) -> Date {
    Date::from_calendar_date(year, month, 1).unwrap_or(Date::MIN)
}

/// The `n`th such weekday of a month.
pub fn nth(year: i32, month: Month, weekday: Weekday, n: i64) -> Date {
    let first = first_of(year, month);
    let ahead = (weekday.number_days_from_monday() + 7 - first.weekday().number_days_from_monday()) % 7;
    first + Duration::days(i64::from(ahead) + 7 * (n - 1))
}

fn last_sunday(year: i32, month: Month) -> Date {
    let last = first_of(year, month) + Duration::days(i64::from(month.length(year)) - 1);
    last - Duration::days(i64::from(last.weekday().number_days_from_sunday()))
}

/// Easter Sunday (the "anonymous" Gregorian computus of 1876).
pub fn easter(year: i32) -> Date {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e, f) = (b / 4, b % 4, (b + 8) / 25);
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let l = (32 + 2 * e + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let days = h + l - 7 * m + 21; // after the first of March
    first_of(year, Month::March) + Duration::days(i64::from(days))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime, time};

    #[test]
    fn zones_change_their_clocks_on_the_known_nights() {
        let hours = |zone: Zone, at| zone.offset(at).whole_hours();
        assert_eq!(hours(Zone::Berlin, datetime!(2026-03-29 00:59:59 UTC)), 1);
        assert_eq!(hours(Zone::Berlin, datetime!(2026-03-29 01:00 UTC)), 2);
        assert_eq!(hours(Zone::Berlin, datetime!(2026-10-25 00:59:59 UTC)), 2);
        assert_eq!(hours(Zone::Berlin, datetime!(2026-10-25 01:00 UTC)), 1);
        assert_eq!(hours(Zone::NewYork, datetime!(2026-03-08 06:59:59 UTC)), -5);
        assert_eq!(hours(Zone::NewYork, datetime!(2026-03-08 07:00 UTC)), -4);
        assert_eq!(hours(Zone::LosAngeles, datetime!(2026-11-01 08:59:59 UTC)), -7);
        assert_eq!(hours(Zone::LosAngeles, datetime!(2026-11-01 09:00 UTC)), -8);
    }

    #[test]
    fn clocks_and_moments_agree() {
        assert_eq!(Zone::Berlin.moment(date!(2026 - 07 - 01), time!(00:30)), datetime!(2026-06-30 22:30 UTC));
        assert_eq!(Zone::NewYork.moment(date!(2026 - 01 - 01), time!(21:00)), datetime!(2026-01-02 02:00 UTC));
        assert_eq!(Zone::Berlin.moment(date!(2026 - 03 - 29), time!(02:30)), datetime!(2026-03-29 01:30 UTC));
        for zone in [Zone::Berlin, Zone::NewYork, Zone::LosAngeles] {
            for day in days(date!(2025 - 12 - 25), date!(2027 - 01 - 05)) {
                for clock in [time!(00:00), time!(03:10), time!(23:59:59)] {
                    assert_eq!(zone.day(zone.moment(day, clock)), day);
                }
            }
        }
    }

    #[test]
    fn moving_days_are_known() {
        let known = [date!(2024 - 03 - 31), date!(2025 - 04 - 20), date!(2026 - 04 - 05), date!(2027 - 03 - 28)];
        assert_eq!(known.map(|day| easter(day.year())), known);
        assert_eq!(nth(2025, Month::November, Weekday::Thursday, 4), date!(2025 - 11 - 27));
        assert_eq!(nth(2026, Month::June, Weekday::Monday, 1), date!(2026 - 06 - 01));
    }
}
