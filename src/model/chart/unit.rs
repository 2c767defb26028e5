//! What the values of a chart are, and how one stands beside it and in its table.

use serde::{Deserialize, Serialize};

use crate::{currency, number::of_float};

/// What values are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// An amount in this currency: ISO 4217.
    Money(String),
    /// How many.
    Count,
    /// So many times: revenue by spend.
    Ratio,
    /// A part of one, told in per cent.
    Share,
}

impl Unit {
    /// The value with its unit: `1,234.50 EUR`, `12.30 %`.
    pub fn shown(&self, value: f64) -> String {
        match self {
            Self::Money(currency) => {
                let places = currency::places(currency);
                format!("{} {currency}", of_float(value, 0, places, places))
            }
            Self::Count => of_float(value, 0, 0, 2),
            Self::Ratio => of_float(value, 0, 2, 2),
            Self::Share => format!("{} %", of_float(value, 2, 2, 2)),
        }
    }

    /// The value on an axis, where there is little room: `12.4 k`, `12 %`. The axis says the currency.
    pub fn short(&self, value: f64) -> String {
        match self {
            Self::Share => format!("{} %", of_float(value, 2, 0, 2)),
            _ => short(value),
        }
    }

    /// What the axis is called: the currency.
    pub fn axis(&self) -> &str {
        if let Self::Money(currency) = self { currency } else { "" }
    }

    /// Whether values are told apart by how far they are from nothing, so that the axis begins there.
    pub const fn from_zero(&self) -> bool {
        matches!(self, Self::Money(_) | Self::Count)
    }
}

/// A number in few letters.
fn short(value: f64) -> String {
    let size = value.abs();
    for (from, shift, letter) in [(1e12, -12, "T"), (1e9, -9, "B"), (1e6, -6, "M"), (1e4, -3, "k")] {
        if size >= from {
            return format!("{} {letter}", of_float(value, shift, 0, 1));
        }
    }
    of_float(value, 0, 0, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_with_their_unit_and_its_decimals() {
        let money = |code: &str| Unit::Money(code.to_owned());
        assert_eq!(money("EUR").shown(1234.5), "1,234.50 EUR");
        assert_eq!(money("JPY").shown(1234.5), "1,235 JPY");
        assert_eq!(money("EUR").shown(-0.001), "0.00 EUR");
        assert_eq!(Unit::Count.shown(12.0), "12");
        assert_eq!(Unit::Count.shown(12.25), "12.25");
        assert_eq!(Unit::Ratio.shown(3.0), "3.00");
        assert_eq!(Unit::Share.shown(0.0705), "7.05 %");
        assert_eq!(Unit::Share.shown(-1.5), "−150.00 %");
    }

    #[test]
    fn an_axis_has_little_room() {
        let short = [0.0, 2.5, 9_500.0, 12_400.0, 2_000_000.0, -3.5e9, 1e12].map(|value| Unit::Count.short(value));
        assert_eq!(short, ["0", "2.5", "9,500", "12.4 k", "2 M", "−3.5 B", "1 T"]);
        assert_eq!(Unit::Share.short(0.125), "12.5 %");
    }
}
