//! Numbers as they stand in a sentence: rounded so that they can be read, never to nothing.

use model::number::grouped;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::performance::words::{WHOLE, probability};

/// From here on pieces and amounts are told without a fraction.
const LARGE: Decimal = Decimal::ONE_HUNDRED;
/// Decimals that are looked at for the first digit of a small number.
const SMALLEST: u32 = 8;

/// A value with its unit; none if it is too large to be written. Of what is all but sure or impossible only that is said.
pub(super) fn shown(value: Decimal, unit: &str, key: &str) -> Option<String> {
    let large = value.abs() >= LARGE;
    Some(match unit {
        "days" if value == Decimal::ONE => "1 day".to_owned(),
        "days" => format!("{} days", grouped(value, 0, 0)),
        "count" => grouped(value, 0, places(value, if large { 0 } else { 2 })),
        "ratio" => grouped(value, 2, places(value, 2)),
        "share" | "change" => {
            if key == "probability" || key == "loss" {
                return Some(probability(value));
            }
            let percent = value.checked_mul(Decimal::ONE_HUNDRED)?;
            let sign = if unit == "change" && percent > Decimal::ZERO { "+" } else { "" };
            format!("{sign}{} %", grouped(percent, 0, places(percent, u32::from(percent.abs() < Decimal::TEN))))
        }
        currency => {
            let least = if large || WHOLE.contains(&currency) { 0 } else { 2 };
            format!("{} {currency}", grouped(value, least, places(value, least)))
        }
    })
}

/// So many decimals, or more where the number would be rounded to nothing.
fn places(value: Decimal, usual: u32) -> u32 {
    let nothing = |places: &u32| {
        value.round_dp_with_strategy(*places, RoundingStrategy::MidpointAwayFromZero).is_zero() && !value.is_zero()
    };
    (usual..SMALLEST).find(|places| !nothing(places)).unwrap_or(SMALLEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_small_ones_are_not_nothing() {
        let of = |text: &str, unit: &str| shown(text.parse().unwrap(), unit, "x").unwrap();
        assert_eq!(of("12345.6", "EUR"), "12,346 EUR");
        assert_eq!(of("-12.345", "EUR"), "−12.35 EUR");
        assert_eq!(of("12.345", "JPY"), "12 JPY");
        assert_eq!(of("0.2", "JPY"), "0.2 JPY");
        assert_eq!(of("0", "EUR"), "0.00 EUR");
        assert_eq!(of("0.0004", "ratio"), "0.0004");
        assert_eq!(of("3.14159", "ratio"), "3.14");
        assert_eq!(of("0.25", "change"), "+25 %");
        assert_eq!(of("-0.0251", "change"), "−2.5 %");
        assert_eq!(of("1234.5", "count"), "1,235");
        let sure = |text: &str| shown(text.parse().unwrap(), "share", "probability").unwrap();
        assert_eq!([sure("0.9999"), sure("0.97"), sure("0.001")], ["over 99 %", "97 %", "under 1 %"]);
    }
}
