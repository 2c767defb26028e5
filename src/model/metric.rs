//! What a provider reports of a day: amounts and counts exactly as said, with what was not said left out.
//!
//! Absent is not zero: a measure that the provider did not report is `None` all the way to the screen. Platform-claimed
//! revenue (what an ad platform says its ads sold) and ledger revenue (what a shop's books say was sold) are separate
//! fields and are never added.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use time::Date;

/// An ad account or shop, as the provider names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The provider's id; always a text.
    pub external_id: String,
    /// The name its owner gave it.
    pub name: String,
    /// ISO 4217; all its amounts are in it.
    pub currency: String,
    /// The IANA name of the zone in which the provider counts its days.
    pub time_zone: String,
    /// Through which other account it is reached, if it is not reached by itself.
    pub manager_id: Option<String>,
}

/// How deep a figure looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The whole ad account or shop.
    Account,
    /// A campaign.
    Campaign,
    /// An ad group or ad set.
    Group,
    /// One advertisement.
    Ad,
}

impl Level {
    /// The spelling in the database and in answers.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Campaign => "campaign",
            Self::Group => "group",
            Self::Ad => "ad",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Account, Self::Campaign, Self::Group, Self::Ad].into_iter().find(|level| level.key() == text)
    }
}

/// A campaign, group or ad, so that figures have a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// Which of them it is.
    pub level: Level,
    /// The provider's id.
    pub external_id: String,
    /// What it belongs to.
    pub parent_id: Option<String>,
    /// Its name.
    pub name: String,
    /// The provider's word for its state.
    pub status: String,
    /// What the advertisement shows, if the provider said it: an address or a text.
    pub creative: Option<String>,
}

/// What was reported of one entity on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayRow {
    /// The day in the account's own zone.
    pub day: Date,
    /// How deep it looks.
    pub level: Level,
    /// The provider's id of the entity; the account's own at [`Level::Account`].
    pub entity_id: String,
    /// The attribution window by which conversions were counted, as the provider spells it; empty where it has none.
    pub attribution: String,
    /// The amounts and counts.
    pub measures: Measures,
}

/// Amounts in the account's currency and counts. `None` is "not reported".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measures {
    /// What the advertising cost.
    pub spend: Option<Decimal>,
    /// How often it was shown.
    pub impressions: Option<i64>,
    /// How often it was clicked.
    pub clicks: Option<i64>,
    /// Conversions that the platform claims; platforms count in fractions.
    pub conversions: Option<Decimal>,
    /// Revenue that the platform claims.
    pub claimed_revenue: Option<Decimal>,
    /// Orders in the shop's books.
    pub orders: Option<i64>,
    /// Revenue in the shop's books: after discounts and refunds, without taxes and shipping.
    pub ledger_revenue: Option<Decimal>,
    /// What was paid back on that day.
    pub refunds: Option<Decimal>,
    /// Taxes of that day's orders.
    pub taxes: Option<Decimal>,
    /// Shipping paid with that day's orders.
    pub shipping: Option<Decimal>,
}

impl Measures {
    /// Whether nothing at all was reported.
    pub fn nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Days from `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Days {
    /// The first day.
    pub first: Date,
    /// The last day.
    pub last: Date,
}

impl Days {
    /// How many days.
    pub fn count(self) -> i64 {
        (self.last - self.first).whole_days() + 1
    }

    /// Whether `day` is one of them.
    pub fn contains(self, day: Date) -> bool {
        self.first <= day && day <= self.last
    }

    /// As many days right before; none where there are none.
    pub fn before(self) -> Option<Self> {
        let last = self.first.previous_day()?;
        Some(Self { first: last.checked_sub(time::Duration::days(self.count() - 1))?, last })
    }

    /// The same days in pieces of at most `length`, newest first.
    pub fn newest_first(self, length: u16) -> impl Iterator<Item = Self> {
        let mut last = Some(self.last).filter(|last| self.first <= *last);
        std::iter::from_fn(move || {
            let end = last?;
            let start = (end - time::Duration::days(i64::from(length.max(1)) - 1)).max(self.first);
            last = start.previous_day().filter(|day| self.first <= *day);
            Some(Self { first: start, last: end })
        })
    }
}

/// A metric's or figure's key as people read it: `roas_claimed` is "ROAS claimed".
pub fn spelled(key: &str) -> String {
    let word = |word: &str| if ABBREVIATED.contains(&word) { word.to_uppercase() } else { word.to_owned() };
    key.split('_').map(word).collect::<Vec<_>>().join(" ")
}

/// What is written in capitals.
const ABBREVIATED: [&str; 10] = ["aov", "cac", "cpa", "cpc", "cpm", "ctr", "cvr", "ltv", "mer", "roas"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abbreviations_are_spelled_in_capitals() {
        let spelled = ["roas_claimed", "marginal_roas", "ctr", "ltv_90", "spend_per_day", "across"].map(spelled);
        assert_eq!(spelled, ["ROAS claimed", "marginal ROAS", "CTR", "LTV 90", "spend per day", "across"]);
    }
    use time::macros::date;

    #[test]
    fn pieces_cover_every_day_once_and_begin_with_the_newest() {
        let days = Days { first: date!(2026 - 01 - 01), last: date!(2026 - 01 - 10) };
        let pieces: Vec<_> = days.newest_first(4).collect();
        let piece = |first, last| Days { first, last };
        let expected = [
            piece(date!(2026 - 01 - 07), date!(2026 - 01 - 10)),
            piece(date!(2026 - 01 - 03), date!(2026 - 01 - 06)),
            piece(date!(2026 - 01 - 01), date!(2026 - 01 - 02)),
        ];
        assert_eq!(pieces, expected);
        assert_eq!(pieces.iter().map(|piece| piece.count()).sum::<i64>(), days.count());
    }

    #[test]
    fn no_days_make_no_pieces() {
        assert_eq!(Days { first: date!(2026 - 01 - 02), last: date!(2026 - 01 - 01) }.newest_first(7).count(), 0);
    }
}
