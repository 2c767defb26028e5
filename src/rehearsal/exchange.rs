//! What a euro costs in dollars: clients of two currencies can only be added up with rates of exchange, and those of the real
//! world are no part of a simulated one.

use std::fmt::Write;

use time::{Date, Duration, Weekday};

use crate::{World, random::Key};

/// Dollars for one euro, in the long run.
const USUAL: f64 = 1.10;
/// The part of a distance from the usual rate that is left on the next day.
const LEFT: f64 = 0.985;
/// Standard deviation of a day's change of the rate's logarithm: that of the two currencies, roughly.
const CHANGE: f64 = 0.004;

impl World {
    /// Dollars for one euro on every weekday from a week before its first day to `last`, in the form of the European Central Bank's
    /// historical file. A later `last` adds days and changes none.
    pub fn exchange_rates(&self, last: Date) -> String {
        let days = Key::new(self.seed()).name("exchange rate");
        let (mut file, mut away, mut day) = (String::from("Date,USD\n"), 0.0, self.first() - Duration::WEEK);
        while day <= last {
            if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
                let number = u64::from(day.to_julian_day().unsigned_abs());
                away = away * LEFT + days.number(number).stream().normal() * CHANGE;
                // Writing to a text cannot fail.
                let _ = writeln!(file, "{day},{:.4}", USUAL * libm::exp(away));
            }
            day += Duration::DAY;
        }
        file
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn every_weekday_has_a_rate_and_a_later_day_changes_none_before() {
        let world = World::new(1, date!(2026 - 06 - 15)).unwrap();
        let file = world.exchange_rates(world.today());
        let rates = model::exchange_rate::parse(&file).unwrap();
        assert!(rates.iter().any(|rate| rate.day < world.first()), "the first day may be a Sunday");
        let all = (world.today() - rates[0].day).whole_days() + 1;
        assert!((all * 5 / 7 - 4..=all * 5 / 7 + 4).contains(&i64::try_from(rates.len()).unwrap()), "{}", rates.len());
        let near = |rate: &model::fact::Rate| (0.8..1.5).contains(&f64::try_from(rate.per_euro).unwrap());
        assert!(rates.iter().all(near) && rates.windows(2).any(|two| two[0].per_euro != two[1].per_euro));
        assert!(world.exchange_rates(world.today() + Duration::days(90)).starts_with(&file));
        assert_ne!(World::new(2, world.today()).unwrap().exchange_rates(world.today()), file);
    }
}
