//! Currencies and the daily rates between them, as the European Central Bank publishes them.
//!
//! A rate says how many units of a currency one unit of the base (the euro) buys on a day. There is none on weekends and
//! closing days; then the last earlier one holds, for at most [`LOOK_BACK_DAYS`] days. After that it is missing, which is
//! said: no older and no later rate takes its place.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use time::Date;

use crate::NotEnough;

/// How many days old a rate may be. The longest run of days without a rate is Easter (Good Friday to Easter Monday: four),
/// or Christmas with a weekend (four); seven leaves room for one lost day on each side and not for a lost month.
pub const LOOK_BACK_DAYS: i64 = 7;

/// An ISO 4217 code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// Reads three capital letters; nothing else is a code.
    pub fn parse(text: &str) -> Option<Self> {
        let code: [u8; 3] = text.as_bytes().try_into().ok()?;
        code.iter().all(u8::is_ascii_uppercase).then_some(Self(code))
    }

    /// The code.
    pub fn code(&self) -> &str {
        // Made of capital letters only, so it is always text.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl std::fmt::Debug for Currency {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(self.code())
    }
}

impl TryFrom<String> for Currency {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("{text:?} is not a currency code"))
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

/// Daily rates against one base.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    base: Option<Currency>,
    of: BTreeMap<Currency, BTreeMap<Date, Decimal>>,
}

impl Rates {
    /// Rates as units of a currency for one unit of `base`.
    ///
    /// # Errors
    /// [`NotEnough::Duplicate`] if a day and currency has two different rates, [`NotEnough::Unusable`] if one is not above
    /// zero.
    pub fn new(base: Currency, rows: impl IntoIterator<Item = (Date, Currency, Decimal)>) -> Result<Self, NotEnough> {
        let mut of: BTreeMap<Currency, BTreeMap<Date, Decimal>> = BTreeMap::new();
        for (day, currency, rate) in rows {
            if rate <= Decimal::ZERO {
                return Err(NotEnough::Unusable { what: "a rate of zero or less" });
            }
            if of.entry(currency).or_default().insert(day, rate).is_some_and(|before| before != rate) {
                return Err(NotEnough::Duplicate { of: format!("{} of {day}", currency.code()) });
            }
        }
        Ok(Self { base: Some(base), of })
    }

    /// How many units of `to` one unit of `from` is worth on `day`, as a multiplication and a division that must be done in
    /// this order to lose nothing: by the rate of the day or the last of the [`LOOK_BACK_DAYS`] days before. `None` if a
    /// rate is missing.
    pub fn on(&self, day: Date, from: Currency, to: Currency) -> Option<(Decimal, Decimal)> {
        if from == to {
            return Some((Decimal::ONE, Decimal::ONE));
        }
        Some((self.of_base(day, to)?, self.of_base(day, from)?))
    }

    fn of_base(&self, day: Date, currency: Currency) -> Option<Decimal> {
        if self.base == Some(currency) {
            return Some(Decimal::ONE);
        }
        let (said, rate) = self.of.get(&currency)?.range(..=day).next_back()?;
        ((day - *said).whole_days() <= LOOK_BACK_DAYS).then_some(*rate)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    fn code(text: &str) -> Currency {
        Currency::parse(text).unwrap()
    }

    #[test]
    fn only_three_capitals_are_a_code() {
        assert_eq!(code("EUR").code(), "EUR");
        assert!(["", "eur", "EURO", "E1R", "Ä1"].iter().all(|text| Currency::parse(text).is_none()));
        assert!(serde_json::from_str::<Currency>("\"usd\"").is_err());
    }

    #[test]
    fn a_rate_holds_until_the_next_but_not_for_long_and_never_before() {
        let friday = date!(2026 - 11 - 06);
        let rates = Rates::new(code("EUR"), [(friday, code("USD"), Decimal::new(125, 2))]).unwrap();
        let on = |day| rates.on(day, code("USD"), code("EUR"));
        let expected = Some((Decimal::ONE, Decimal::new(125, 2)));
        assert_eq!(on(friday), expected);
        assert_eq!(on(friday + time::Duration::days(7)), expected);
        assert_eq!(on(friday + time::Duration::days(8)), None);
        assert_eq!(on(date!(2026 - 11 - 05)), None);
        assert_eq!(rates.on(friday, code("EUR"), code("GBP")), None);
        assert_eq!(Rates::default().on(friday, code("GBP"), code("GBP")), Some((Decimal::ONE, Decimal::ONE)));
    }

    #[test]
    fn rates_that_contradict_or_are_none_are_refused() {
        let day = date!(2026 - 11 - 06);
        let row = |rate| (day, code("USD"), Decimal::new(rate, 0));
        assert!(Rates::new(code("EUR"), [row(1), row(1)]).is_ok());
        assert!(matches!(Rates::new(code("EUR"), [row(1), row(2)]), Err(NotEnough::Duplicate { .. })));
        assert!(matches!(Rates::new(code("EUR"), [row(0)]), Err(NotEnough::Unusable { .. })));
    }
}
