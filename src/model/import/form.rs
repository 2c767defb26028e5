//! How numbers and days are written: one form for a whole file, because a cell alone does not say which it is.

use serde::{Deserialize, Serialize};

/// Which sign parts whole and fraction. Groups of digits may stand apart by the other sign, a space or an apostrophe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberForm {
    /// 1,234.56
    Point,
    /// 1.234,56
    Comma,
    /// 1234 or 1 234: a point or a comma is refused, as nobody has said what it means.
    Digits,
}

impl NumberForm {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Point, Self::Comma, Self::Digits];
    /// Those that say what a point and a comma mean.
    pub const SIGNED: [Self; 2] = [Self::Point, Self::Comma];

    /// The sign of the fraction and that of groups.
    pub const fn signs(self) -> Option<(char, char)> {
        match self {
            Self::Point => Some(('.', ',')),
            Self::Comma => Some((',', '.')),
            Self::Digits => None,
        }
    }

    /// How the form writes a number.
    pub const fn example(self) -> &'static str {
        match self {
            Self::Point => "1,234.56",
            Self::Comma => "1.234,56",
            Self::Digits => "1234, with digits only",
        }
    }
}

/// The order of day, month and year. Parts stand between `-`, `/` or `.`; the year has four digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayForm {
    /// 2026-02-01, 2026/2/1, 20260201.
    YearFirst,
    /// 01.02.2026, 1/2/2026.
    DayFirst,
    /// 02/01/2026, 2-1-2026.
    MonthFirst,
}

impl DayForm {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::YearFirst, Self::DayFirst, Self::MonthFirst];

    /// How the form writes 31 January.
    pub const fn example(self) -> &'static str {
        match self {
            Self::YearFirst => "2026-01-31",
            Self::DayFirst => "31.01.2026",
            Self::MonthFirst => "01/31/2026",
        }
    }
}

keys!(NumberForm { Point = "point", Comma = "comma", Digits = "digits" });
keys!(DayForm { YearFirst = "year_first", DayFirst = "day_first", MonthFirst = "month_first" });
