//! Moments in words, in an agency's time zone, and the zones there are.
//!
//! The rules of the zones are part of the program, so that every server says the same. A zone that they do not know
//! (the database may know more names) is shown in UTC, and says so.

use jiff::{
    Timestamp,
    tz::{TimeZone, TimeZoneDatabase},
};
use model::{actor::Actor, input::Invalid, moment::Moment};
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{Result, Service};

/// Writes the moments of one answer: the same zone and the same present for all of them.
#[derive(Clone, Debug)]
pub struct Words {
    zone: TimeZone,
    name: String,
    now: OffsetDateTime,
}

impl Words {
    /// In the time zone of the actor's agency.
    ///
    /// # Errors
    /// The database failed.
    pub async fn of(service: &Service, actor: &Actor) -> Result<Self> {
        let agency = store::organization::get(&mut service.db.tenant(actor).await?).await?;
        Ok(Self::new(&agency.time_zone, service.clock.now()))
    }

    /// In this zone; one that nobody knows is UTC, and says so.
    pub(crate) fn in_zone(zone: &str, now: OffsetDateTime) -> Self {
        Self::new(zone, now)
    }

    fn new(zone: &str, now: OffsetDateTime) -> Self {
        match TimeZoneDatabase::bundled().get(zone) {
            Ok(known) => Self { zone: known, name: zone.to_owned(), now },
            Err(_) => Self { zone: TimeZone::UTC, name: "UTC".to_owned(), now },
        }
    }

    /// The present, as these words see it.
    pub const fn now(&self) -> OffsetDateTime {
        self.now
    }

    /// A moment: relative up to a day away, then its day.
    pub fn write(&self, at: OffsetDateTime) -> Moment {
        let stamp = stamp(at);
        let local = stamp.to_zoned(self.zone.clone());
        Moment {
            at: stamp.to_string(),
            words: near(self.now - at).unwrap_or_else(|| local.strftime("%-d %b %Y").to_string()),
            clock: local.strftime("%Y-%m-%d %H:%M").to_string(),
            zone: self.name.clone(),
        }
    }
}

/// How long ago, or how far ahead, within a day.
fn near(age: time::Duration) -> Option<String> {
    let (minutes, ahead) = (age.whole_minutes().abs(), age.is_negative());
    let span = match minutes {
        0 => return Some("just now".to_owned()),
        1..60 => format!("{minutes} min"),
        60..1440 => format!("{} h", minutes / 60),
        _ => return None,
    };
    Some(if ahead { format!("in {span}") } else { format!("{span} ago") })
}

/// Reads a moment of the past that somebody asks for: RFC 3339, or as a browser writes it without a zone, which is UTC. Blank is
/// now.
///
/// # Errors
/// It is no moment.
pub fn parse(text: &str) -> std::result::Result<Option<OffsetDateTime>, Invalid> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let read = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    let found = read(text).or_else(|| read(&format!("{text}Z"))).or_else(|| read(&format!("{text}:00Z")));
    found.map(Some).ok_or_else(|| Invalid::new("as_of", "enter a moment as 2026-11-03T12:00:00Z"))
}

/// The day in a zone at a moment; none for a zone that nobody knows.
pub fn day(zone: &str, at: OffsetDateTime) -> Option<Date> {
    let local = stamp(at).to_zoned(TimeZoneDatabase::bundled().get(zone).ok()?);
    let month = time::Month::try_from(local.month().unsigned_abs()).ok()?;
    Date::from_calendar_date(local.year().into(), month, local.day().unsigned_abs()).ok()
}

/// A time of day and its zone, as "14:05 Europe/Berlin"; a zone that nobody knows is UTC.
pub fn time_of_day(zone: &str, at: OffsetDateTime) -> String {
    let Words { zone, name, .. } = Words::new(zone, at);
    format!("{} {name}", stamp(at).to_zoned(zone).strftime("%H:%M"))
}

/// When it last was this full hour in a zone; a zone that nobody knows is UTC.
pub fn last_hour(zone: &str, hour: i8, now: OffsetDateTime) -> OffsetDateTime {
    hours(zone, hour, now).filter(|at| *at <= now).max().unwrap_or(now)
}

/// When it will be this full hour in a zone next; a zone that nobody knows is UTC.
pub fn next_hour(zone: &str, hour: i8, now: OffsetDateTime) -> OffsetDateTime {
    hours(zone, hour, now).filter(|at| *at > now).min().unwrap_or(now)
}

/// This full hour of the days around now. Where the clock skips it, what the clock shows then.
fn hours(zone: &str, hour: i8, now: OffsetDateTime) -> impl Iterator<Item = OffsetDateTime> {
    let zone = TimeZoneDatabase::bundled().get(zone).unwrap_or(TimeZone::UTC);
    let today = stamp(now).to_zoned(zone.clone()).date();
    (-2..=2).filter_map(move |days| {
        let day = today.checked_add(jiff::Span::new().days(days)).ok()?;
        let at = day.at(hour, 0, 0, 0).to_zoned(zone.clone()).ok()?;
        OffsetDateTime::from_unix_timestamp(at.timestamp().as_second()).ok()
    })
}

/// This full hour of a day in a zone, none for a day that nobody can count; a zone that nobody knows is UTC. Where the clock
/// skips the hour, what the clock shows then.
pub fn hour_of(zone: &str, day: Date, hour: i8) -> Option<OffsetDateTime> {
    let zone = TimeZoneDatabase::bundled().get(zone).unwrap_or(TimeZone::UTC);
    let (year, month) = (i16::try_from(day.year()).ok()?, i8::try_from(u8::from(day.month())).ok()?);
    let day = jiff::civil::Date::new(year, month, i8::try_from(day.day()).ok()?).ok()?;
    let at = day.at(hour, 0, 0, 0).to_zoned(zone).ok()?;
    OffsetDateTime::from_unix_timestamp(at.timestamp().as_second()).ok()
}

fn stamp(at: OffsetDateTime) -> Timestamp {
    Timestamp::from_second(at.unix_timestamp()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The time zones that an agency or a client can choose: `Area/City` and UTC, by name.
pub fn zones() -> Vec<String> {
    const AREAS: [&str; 10] =
        ["Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];
    let place = |name: &str| name == "UTC" || name.split_once('/').is_some_and(|(area, _)| AREAS.contains(&area));
    let mut names: Vec<String> =
        TimeZoneDatabase::bundled().available().map(|name| name.to_string()).filter(|name| place(name)).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use time::{
        Duration,
        macros::{date, datetime},
    };

    use super::*;

    #[test]
    fn a_time_of_day_is_told_in_a_zone_and_names_it() {
        let at = datetime!(2026-07-01 22:05 UTC);
        assert_eq!(time_of_day("Europe/Berlin", at), "00:05 Europe/Berlin");
        assert_eq!(time_of_day("Mars/Olympus", at), "22:05 UTC");
    }

    const NOW: OffsetDateTime = datetime!(2026-11-03 13:05:30 UTC);

    #[test]
    fn near_moments_are_relative_and_far_ones_are_days_of_the_agency() {
        let berlin = Words::new("Europe/Berlin", NOW);
        let words = |ago| berlin.write(NOW - ago).words;
        assert_eq!(words(Duration::seconds(20)), "just now");
        assert_eq!(words(Duration::minutes(4)), "4 min ago");
        assert_eq!(words(Duration::hours(23)), "23 h ago");
        assert_eq!(words(Duration::minutes(-5)), "in 5 min");
        assert_eq!(words(Duration::hours(24)), "2 Nov 2026");
        let late = datetime!(2026-07-31 22:30 UTC);
        assert_eq!(berlin.write(late).clock, "2026-08-01 00:30");
        assert_eq!(berlin.write(late).words, "1 Aug 2026");
        assert_eq!(Words::new("America/New_York", NOW).write(late).clock, "2026-07-31 18:30");
    }

    #[test]
    fn an_unknown_zone_is_shown_in_utc_and_says_so() {
        let moment = Words::new("Mars/Olympus", NOW).write(NOW);
        assert_eq!((moment.clock.as_str(), moment.zone.as_str()), ("2026-11-03 13:05", "UTC"));
        assert_eq!(moment.at, "2026-11-03T13:05:30Z");
    }

    #[test]
    fn a_day_and_an_hour_are_those_of_the_zone() {
        let late = datetime!(2026-03-01 23:30 UTC);
        assert_eq!(day("Asia/Tokyo", late), Some(date!(2026 - 03 - 02)));
        assert_eq!(day("America/New_York", late), Some(date!(2026 - 03 - 01)));
        assert_eq!(day("Mars/Olympus", late), None);
        assert_eq!(last_hour("Asia/Tokyo", 2, late), datetime!(2026-03-01 17:00 UTC));
        assert_eq!(next_hour("Asia/Tokyo", 2, late), datetime!(2026-03-02 17:00 UTC));
        assert_eq!(last_hour("Asia/Tokyo", 2, datetime!(2026-03-01 17:00 UTC)), datetime!(2026-03-01 17:00 UTC));
        // On 29 March 2026 the clocks of Berlin go from 2 to 3.
        assert_eq!(next_hour("Europe/Berlin", 2, datetime!(2026-03-29 00:00 UTC)), datetime!(2026-03-29 01:00 UTC));
        assert_eq!(next_hour("Europe/Berlin", 2, datetime!(2026-03-29 12:00 UTC)), datetime!(2026-03-30 00:00 UTC));
        assert_eq!(hour_of("Europe/Berlin", date!(2026 - 11 - 03), 8), Some(datetime!(2026-11-03 07:00 UTC)));
        assert_eq!(hour_of("Europe/Berlin", date!(2026 - 03 - 29), 2), Some(datetime!(2026-03-29 01:00 UTC)));
        assert_eq!(hour_of("Mars/Olympus", date!(2026 - 11 - 03), 8), Some(datetime!(2026-11-03 08:00 UTC)));
    }

    #[test]
    fn a_moment_is_read_as_programs_and_browsers_write_it() {
        let noon = Ok(Some(datetime!(2026-11-03 12:00 UTC)));
        for text in ["2026-11-03T12:00:00Z", "2026-11-03T13:00:00+01:00", "2026-11-03T12:00", " 2026-11-03T12:00:00 "] {
            assert_eq!(parse(text), noon, "{text}");
        }
        assert_eq!(parse(" "), Ok(None));
        for wrong in ["yesterday", "2026-11-03", "2026-13-03T12:00"] {
            assert_eq!(parse(wrong).unwrap_err().field, "as_of", "{wrong}");
        }
    }

    #[test]
    fn the_zones_are_places_and_utc() {
        let zones = zones();
        assert!(
            ["UTC", "Europe/Berlin", "America/Argentina/Ushuaia"].iter().all(|zone| zones.iter().any(|z| z == zone))
        );
        assert!(!zones.iter().any(|zone| zone.starts_with("Etc/") || zone == "EST5EDT"));
    }
}
