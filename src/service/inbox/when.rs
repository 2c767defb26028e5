//! Moments that lie ahead, as forms say them: a word for what is chosen most, or a day, or a day and a time in the agency's zone.

use model::{actor::Actor, input::Invalid, page::parse_day};
use store::organization;
use time::{Date, Duration, OffsetDateTime, Weekday, format_description::well_known::Rfc3339};

use crate::{Result, Service, moment};

/// When the working day begins.
const MORNING: i8 = 8;
/// How far away "later today" is.
const LATER: Duration = Duration::hours(3);

/// A moment that lies ahead.
///
/// # Errors
/// It is no moment, or past; `field` is where it was said.
pub(super) async fn ahead(service: &Service, actor: &Actor, field: &str, text: &str) -> Result<OffsetDateTime> {
    let zone = organization::get(&mut service.db.tenant(actor).await?).await?.time_zone;
    let now = service.clock.now();
    let found = read(text.trim(), &zone, now).filter(|at| *at > now);
    Ok(found.ok_or_else(|| Invalid::new(field, "choose a moment that lies ahead, such as 2026-11-03 14:30"))?)
}

fn read(text: &str, zone: &str, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let today = moment::day(zone, now).unwrap_or_else(|| now.date());
    match text {
        "later" => Some(now + LATER),
        "tomorrow" => moment::hour_of(zone, today.next_day()?, MORNING),
        "week" => moment::hour_of(zone, monday_after(today)?, MORNING),
        _ => OffsetDateTime::parse(text, &Rfc3339).ok().or_else(|| local(text, zone)),
    }
}

/// The Monday that comes next, a week from now on Mondays.
fn monday_after(today: Date) -> Option<Date> {
    let mut days = (1..=7).filter_map(|days| today.checked_add(Duration::days(days)));
    days.find(|day| day.weekday() == Weekday::Monday)
}

/// A day, in its morning, or a day and a time, as browsers write it.
fn local(text: &str, zone: &str) -> Option<OffsetDateTime> {
    let (day, clock) = text.split_once(['T', ' ']).unwrap_or((text, ""));
    let day = parse_day("at", day).ok()?;
    if clock.is_empty() {
        return moment::hour_of(zone, day, MORNING);
    }
    let (hour, minute) = clock.split_once(':')?;
    let hour: i8 = hour.parse().ok().filter(|hour| (0..24).contains(hour))?;
    let minute: i64 = minute.split(':').next()?.parse().ok().filter(|minute| (0..60).contains(minute))?;
    Some(moment::hour_of(zone, day, hour)? + Duration::minutes(minute))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn what_is_chosen_is_a_moment_of_the_agencys_zone() {
        // A Sunday evening in Berlin.
        let now = datetime!(2026-11-01 21:30 UTC);
        let at = |text: &str| read(text, "Europe/Berlin", now);
        assert_eq!(at("later"), Some(datetime!(2026-11-02 00:30 UTC)));
        assert_eq!(at("tomorrow"), Some(datetime!(2026-11-02 07:00 UTC)));
        assert_eq!(at("week"), Some(datetime!(2026-11-02 07:00 UTC)));
        assert_eq!(at("2026-11-10"), Some(datetime!(2026-11-10 07:00 UTC)));
        assert_eq!(at("2026-11-10T14:35"), Some(datetime!(2026-11-10 13:35 UTC)));
        assert_eq!(at("2026-07-10 14:35:00"), Some(datetime!(2026-07-10 12:35 UTC)));
        assert_eq!(at("2026-11-10T13:35:00Z"), Some(datetime!(2026-11-10 13:35 UTC)));
        for wrong in ["", "soon", "2026-11-31", "2026-11-10T24:00", "2026-11-10T10", "2026-11-10T10:61"] {
            assert_eq!(at(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn on_mondays_next_week_is_a_week_away() {
        let monday = datetime!(2026-11-02 12:00 UTC).date();
        assert_eq!(monday_after(monday), Some(datetime!(2026-11-09 12:00 UTC).date()));
    }
}
