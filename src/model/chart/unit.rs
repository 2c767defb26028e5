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

    /// The value where there is little room: `12.4 k`, `12 %`. The currency is said elsewhere.
    pub fn short(&self, value: f64) -> String {
        match self {
            Self::Share => format!("{} %", of_float(value, 2, 0, u32::from(value.abs() < 0.0995))),
            _ => short(value),
        }
    }

    /// A value at an axis whose values are so far apart: with as many decimals as tell them apart.
    pub fn tick(&self, value: f64, step: f64) -> String {
        match self {
            Self::Share => format!("{} %", of_float(value, 2, 0, places(step * 100.0))),
            _ => match scaled(value) {
                Some((shift, letter)) => {
                    format!("{} {letter}", of_float(value, shift, 0, places(step * 10_f64.powi(shift))))
                }
                None => of_float(value, 0, 0, places(step)),
            },
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
    scaled(value).map_or_else(
        || of_float(value, 0, 0, 2),
        |(shift, letter)| format!("{} {letter}", of_float(value, shift, 0, 1)),
    )
}

/// By which power of ten a large number is told, and its letter.
fn scaled(value: f64) -> Option<(i32, char)> {
    let size = value.abs();
    let letters = [(1e12, -12, 'T'), (1e9, -9, 'B'), (1e6, -6, 'M'), (1e4, -3, 'k')];
    letters.into_iter().find(|(from, ..)| size >= *from).map(|(_, shift, letter)| (shift, letter))
}

/// With how many decimals multiples of a step are written.
fn places(step: f64) -> u32 {
    let whole = |places: &u32| {
        let scaled = step * 10_f64.powi(i32::try_from(*places).unwrap_or_default());
        (scaled - scaled.round()).abs() < 1e-6 * scaled.max(1e-9)
    };
    (0..12).find(whole).unwrap_or(12)
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
    fn little_room_has_few_digits() {
        let short = [0.0, 2.5, 9_500.0, 12_400.0, 2_000_000.0, -3.5e9, 1e12].map(|value| Unit::Count.short(value));
        assert_eq!(short, ["0", "2.5", "9,500", "12.4 k", "2 M", "−3.5 B", "1 T"]);
        assert_eq!(
            [0.123, 0.0995, 0.0994, 0.004].map(|value| Unit::Share.short(value)),
            ["12 %", "10 %", "9.9 %", "0.4 %"]
        );
    }

    #[test]
    fn numbers_at_an_axis_are_told_apart() {
        let ticks = |unit: Unit, step: f64, count: [i32; 3]| count.map(|at| unit.tick(f64::from(at) * step, step));
        assert_eq!(ticks(Unit::Count, 250.0, [0, 1, 41]), ["0", "250", "10.25 k"]);
        assert_eq!(ticks(Unit::Ratio, 0.0025, [0, 1, 2]), ["0", "0.0025", "0.005"]);
        assert_eq!(ticks(Unit::Share, 0.0005, [0, 1, 2]), ["0 %", "0.05 %", "0.1 %"]);
        assert_eq!(ticks(Unit::Count, 0.1, [1, 2, 3]), ["0.1", "0.2", "0.3"]);
        assert_eq!(ticks(Unit::Money("EUR".to_owned()), 500_000.0, [-1, 1, 3]), ["−500 k", "500 k", "1.5 M"]);
    }
}
