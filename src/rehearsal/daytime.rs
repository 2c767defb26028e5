//! How a day's orders and advertising are spread over its hours, and what is known of a world at a moment.

use time::{Date, OffsetDateTime, Time};

use crate::{client::Client, clock, random::Stream};

/// How likely an order is placed in each hour of the day, as weights. Advertising is shown in the same hours.
const HOURS: [u32; 24] = [6, 3, 2, 1, 1, 2, 5, 10, 16, 20, 23, 24, 26, 24, 22, 22, 23, 25, 28, 34, 38, 36, 26, 14];

/// A time of day.
pub(crate) fn draw(stream: &mut Stream) -> Time {
    let mut at = stream.below(HOURS.iter().sum::<u32>() as usize) as u32;
    let hour = HOURS.iter().position(|weight| {
        let here = at < *weight;
        at = at.saturating_sub(*weight);
        here
    });
    let (minute, second) = (stream.below(60) as u8, stream.below(60) as u8);
    Time::from_hms(hour.unwrap_or(0) as u8, minute, second).unwrap_or(Time::MIDNIGHT)
}

/// How much of a day lies before a time of it, from 0 to 1.
pub(crate) fn share(time: Time) -> f64 {
    let (hour, minute, second) = time.as_hms();
    let before: u32 = HOURS[..usize::from(hour)].iter().sum();
    let within = (u32::from(minute) * 60 + u32::from(second)) * HOURS[usize::from(hour)];
    f64::from(before * 3600 + within) / f64::from(HOURS.iter().sum::<u32>() * 3600)
}

/// How far a client's numbers are known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Known {
    /// The last day of which anything is known, in the client's zone.
    pub day: Date,
    /// How much of that day is over, from 0 to 1.
    pub share: f64,
    /// The moment itself.
    pub until: OffsetDateTime,
    /// Whether the platform has not yet settled what it says of past days: it will be restated.
    pub early: bool,
}

impl Known {
    /// At the end of a day.
    pub fn end_of(client: &Client, day: Date) -> Self {
        Self { day, share: 1.0, until: clock::end(client.zone, day), early: false }
    }

    /// At a moment of no later day than `today`.
    pub fn at(client: &Client, moment: OffsetDateTime, today: Date) -> Self {
        let day = client.zone.day(moment);
        if day > today {
            return Self::end_of(client, today);
        }
        let local = moment.to_offset(client.zone.offset(moment));
        Self { day, share: share(local.time()), until: moment, early: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::time;

    #[test]
    fn a_day_begins_at_nothing_and_only_grows() {
        let times: Vec<_> = (0..24).map(|hour| share(Time::from_hms(hour, 30, 0).unwrap())).collect();
        assert!(times.is_sorted() && times.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(share(Time::MIDNIGHT).to_bits(), 0);
        assert!(share(time!(23:59:59)) < 1.0 && share(time!(23:59:59)) > 0.9999);
    }
}
