//! How much people want to buy on a day: weekday, yearly season, trend, holidays, and what was planted.
//!
//! Demand is a factor around 1 on the orders of a usual day. It acts on orders that come by themselves and on those that
//! advertising brings alike, multiplicatively: a log-linear model of a season with calendar regressors, as is usual for
//! daily sales (Harvey 1989; Taylor and Letham 2018, who use the same harmonics and holiday windows).

use std::f64::consts::TAU;

use time::{Date, Duration, Month, Weekday};

use crate::clock::{self, Zone};

/// The demand of one client's customers.
#[derive(Clone, Debug)]
pub struct Demand {
    /// Where they live.
    pub(crate) zone: Zone,
    /// The first day of the world, on which the trend is 1.
    pub(crate) first: Date,
    /// A factor for each weekday, Monday first; their mean is 1.
    pub(crate) week: [f64; 7],
    /// Day of the year of the peak, 0 to 364.
    pub(crate) peak: f64,
    /// Amplitude of the yearly wave, as a share.
    pub(crate) swing: f64,
    /// Amplitude of the half-yearly wave, as a share.
    pub(crate) second: f64,
    /// Growth of the logarithm in a year.
    pub(crate) trend: f64,
    /// How strongly holidays act.
    pub(crate) gift: f64,
    /// Days from which on (and until which) demand is another, and by which factor.
    pub(crate) shifts: Vec<Shift>,
}

/// A planted change of demand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shift {
    pub first: Date,
    /// `None` for a change that stays.
    pub last: Option<Date>,
    pub factor: f64,
}

impl Demand {
    /// The factor of a day, with what was planted.
    pub fn on(&self, day: Date) -> f64 {
        let holds = |shift: &&Shift| shift.first <= day && shift.last.is_none_or(|last| day <= last);
        self.usual(day) * self.shifts.iter().filter(holds).map(|shift| shift.factor).product::<f64>()
    }

    /// The factor of a day as if nothing had been planted.
    pub fn usual(&self, day: Date) -> f64 {
        let weekday = self.week[usize::from(day.weekday().number_days_from_monday())];
        let years = (day - self.first).whole_days() as f64 / 365.25;
        weekday * self.calendar(day) * libm::exp(self.trend * years)
    }

    /// Yearly season and holidays, which people who set budgets know beforehand.
    pub(crate) fn calendar(&self, day: Date) -> f64 {
        self.year(day) * holiday(day, self.zone, self.gift)
    }

    /// The yearly season alone: two harmonics.
    fn year(&self, day: Date) -> f64 {
        let angle = TAU * (f64::from(day.ordinal()) - 1.0 - self.peak) / 365.25;
        1.0 + self.swing * libm::cos(angle) + self.second * libm::cos(2.0 * angle)
    }
}

/// What the calendar does to demand; 1 on a day like any other. `gift` is 1 for a usual present.
fn holiday(day: Date, zone: Zone, gift: f64) -> f64 {
    let year = day.year();
    let thanksgiving = clock::nth(year, Month::November, Weekday::Thursday, 4);
    let since = |from: Date| (day - from).whole_days();
    let bump = match since(thanksgiving) {
        -3..=-1 => 0.18,
        0 => 0.30,
        1 => 1.00, // Black Friday
        2 | 3 => 0.55,
        4 => 0.80, // Cyber Monday
        _ => 0.0,
    };
    let advent = match (day.month(), day.day()) {
        (Month::December, day @ 1..=17) => 0.012 * f64::from(day) + 0.06,
        (Month::December, 18..=20) => 0.12,
        _ => 0.0,
    };
    let quiet = match (day.month(), day.day()) {
        (Month::December, 24..=26) => 0.55,
        (Month::December, 31) | (Month::January, 1) => 0.65,
        _ => 1.0,
    };
    let easter = since(clock::easter(year));
    let local = match zone {
        Zone::Berlin => {
            let closed = [(Month::May, 1), (Month::October, 3)].contains(&(day.month(), day.day()));
            if closed || (-2..=1).contains(&easter) { 0.82 } else { 1.0 }
        }
        _ => {
            let fourth = (day.month(), day.day()) == (Month::July, 4);
            if fourth || easter == 0 { 0.80 } else { 1.0 }
        }
    };
    // Mother's Day is the second Sunday of May in all three zones; presents are bought in the week before.
    let mothers = clock::nth(year, Month::May, Weekday::Sunday, 2) - Duration::days(1);
    let mothers = if (-6..=0).contains(&since(mothers)) { 0.10 } else { 0.0 };
    (1.0 + gift * (bump + advent + mothers)) * quiet * local
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    fn plain() -> Demand {
        let (zone, first) = (Zone::NewYork, date!(2025 - 01 - 01));
        Demand {
            zone,
            first,
            week: [1.0; 7],
            peak: 100.0,
            swing: 0.3,
            second: 0.0,
            trend: 0.0,
            gift: 1.0,
            shifts: vec![],
        }
    }

    #[test]
    fn the_season_peaks_on_its_day_and_averages_to_one() {
        let demand = plain();
        let days: Vec<_> = clock::days(date!(2025 - 01 - 01), date!(2025 - 12 - 31)).collect();
        let best = days.iter().max_by(|one, other| demand.year(**one).total_cmp(&demand.year(**other)));
        assert_eq!(best.map(|day| day.ordinal()), Some(101));
        let mean = days.iter().map(|day| demand.year(*day)).sum::<f64>() / 365.0;
        assert!((mean - 1.0).abs() < 0.001, "{mean}");
    }

    #[test]
    fn holidays_move_with_the_calendar_and_the_country() {
        let on = |day, zone| holiday(day, zone, 1.0);
        assert!((on(date!(2025 - 11 - 28), Zone::NewYork) - 2.0).abs() < 1e-12);
        assert!((on(date!(2026 - 11 - 27), Zone::Berlin) - 2.0).abs() < 1e-12);
        assert!(on(date!(2026 - 10 - 03), Zone::Berlin) < 1.0);
        assert!((on(date!(2026 - 10 - 03), Zone::NewYork) - 1.0).abs() < 1e-12);
        assert!(on(date!(2026 - 04 - 03), Zone::Berlin) < 1.0, "Good Friday");
    }

    #[test]
    fn planted_shifts_hold_from_their_first_day_to_their_last() {
        let shift = Shift { first: date!(2025 - 03 - 10), last: Some(date!(2025 - 03 - 12)), factor: 0.5 };
        let demand = Demand { shifts: vec![shift], ..plain() };
        let factors: Vec<_> = clock::days(date!(2025 - 03 - 09), date!(2025 - 03 - 13))
            .map(|day| demand.on(day) / demand.usual(day))
            .collect();
        assert_eq!(factors, [1.0, 0.5, 0.5, 0.5, 1.0]);
    }
}
