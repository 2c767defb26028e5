//! A finding: something that the brain noticed, about what, how large, how sure, how bad, and from which figures.
//!
//! Every method has its own answer; what is worth a person's attention becomes a finding, which can be stored, shown and
//! weighed with others ([`risk`](crate::risk)). To add a kind, add a variant here and map the method's answer to it.

use serde::{Deserialize, Serialize};
use time::Date;

time::serde::format_description!(pub(crate) iso_day, Date, "[year]-[month]-[day]");

/// What was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One day, or a few, far above what was to be expected.
    Spike,
    /// One day, or a few, far below what was to be expected.
    Drop,
    /// A new level that stays.
    LevelShift,
    /// A channel that all but stopped being shown.
    DeliveryCollapse,
    /// A platform that no longer learns of conversions, while people click and buy as before.
    TrackingOutage,
    /// A day from which a series behaves otherwise.
    ChangePoint,
    /// What is to come lies below (or above, where less is better) what was.
    Forecast,
    /// A metric that is worse than in the range it is compared with.
    Worse,
    /// A metric that is better than in the range it is compared with.
    Better,
    /// A creative that people are tired of, or soon will be.
    CreativeFatigue,
    /// A channel that returns less for its money than weeks ago.
    RoiDecay,
    /// New customers that are worth less, or more, than earlier ones were at the same age.
    LtvDrift,
    /// Platforms that claim more than the ledger holds.
    OverClaim,
    /// Ledger revenue that no platform claims.
    Unattributed,
    /// A day on which many series moved together, so that no one of them stands out.
    MovedTogether,
    /// One of several channels or creatives that is better than all the others.
    Winner,
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Entity {
    /// Its id as the caller gave it; the brain only hands it back.
    pub id: String,
    /// How deep it lies.
    pub level: Level,
}

/// How deep something lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// All clients.
    Agency,
    /// A client.
    Client,
    /// A linked account.
    Channel,
    /// A campaign.
    Campaign,
    /// An ad group or ad set.
    Group,
    /// One advertisement.
    Creative,
}

/// In what a size is measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A change as a share of what was before: -0.2 is a fifth less.
    Change,
    /// A share from 0 to 1.
    Share,
    /// Pieces (orders, clicks).
    Count,
    /// An amount in this ISO 4217 currency.
    Money(String),
}

/// How large something is, with the interval that holds the truth with the probability `confidence`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Size {
    /// The most likely size.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The interval's probability, from 0 to 1.
    pub confidence: f64,
    /// What it is measured in.
    pub unit: Unit,
}

/// How bad it is, if it is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing; nothing is lost.
    Info,
    /// Little of the client's money is at stake.
    Low,
    /// Enough is at stake to look at it this week.
    Medium,
    /// Enough is at stake to look at it today.
    High,
}

impl Severity {
    /// One step less bad.
    pub const fn lower(self) -> Self {
        match self {
            Self::High => Self::Medium,
            Self::Medium => Self::Low,
            Self::Low | Self::Info => Self::Info,
        }
    }

    /// By the share of the client's money (spend or revenue) that is at stake, from 0 to 1: how much of it the entity has,
    /// times how much of that is lost. A twentieth is medium, a fifth is high; what is no number is low.
    pub fn of_stake(share: f64) -> Self {
        if share >= 0.20 {
            Self::High
        } else if share >= 0.05 {
            Self::Medium
        } else {
            Self::Low
        }
    }
}

/// One of the figures a finding was made from, so that a page can open the rows behind it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Basis {
    /// What it is (`orders`, `clicks`, `dispersion`).
    pub name: String,
    /// Its value.
    pub value: f64,
    /// The first day of the rows, if it was counted from days.
    #[serde(with = "iso_day::option")]
    pub first: Option<Date>,
    /// The last day of the rows.
    #[serde(with = "iso_day::option")]
    pub last: Option<Date>,
}

impl Basis {
    /// A figure that was counted from the rows of these days, if they are given.
    pub fn new(name: impl Into<String>, value: f64, days: Option<(Date, Date)>) -> Self {
        Self { name: name.into(), value, first: days.map(|days| days.0), last: days.map(|days| days.1) }
    }
}

/// Something that was noticed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What.
    pub kind: Kind,
    /// About what.
    pub entity: Entity,
    /// The channels that an outage covers: one, or several of one client. Empty where the entity says it all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// The metric it shows in (`roas_claimed`, `orders`), if it is about one.
    pub metric: Option<String>,
    /// The first day it is about.
    #[serde(with = "iso_day")]
    pub first: Date,
    /// The last day it is about; the first, if it is about one day.
    #[serde(with = "iso_day")]
    pub last: Date,
    /// The days of the calendar that it falls on (`Christmas`), where shops sell another amount whatever happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// How large it is, where that can be said.
    pub size: Option<Size>,
    /// How probable it is that it is true, from 0 to 1.
    pub probability: f64,
    /// How bad it is if it is true; [`Severity::Info`] if it is good or neutral.
    pub severity: Severity,
    /// From which figures.
    pub basis: Vec<Basis>,
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn a_finding_is_written_and_read_as_it_is() {
        let finding = Finding {
            kind: Kind::CreativeFatigue,
            entity: Entity { id: "a".into(), level: Level::Creative },
            channels: vec!["meta".into(), "tiktok".into()],
            metric: Some("ctr".into()),
            first: date!(2026 - 11 - 01),
            last: date!(2026 - 11 - 07),
            calendar: Some("Advent".into()),
            size: Some(Size { value: -0.3, low: -0.4, high: -0.2, confidence: 0.9, unit: Unit::Change }),
            probability: 0.97,
            severity: Severity::Medium,
            basis: vec![Basis::new("clicks", 812.0, Some((date!(2026 - 11 - 01), date!(2026 - 11 - 07))))],
        };
        let text = serde_json::to_string(&finding).unwrap();
        assert!(text.contains(r#""kind":"creative_fatigue""#) && text.contains(r#""first":"2026-11-01""#), "{text}");
        assert_eq!(serde_json::from_str::<Finding>(&text).unwrap(), finding);
    }

    #[test]
    fn severity_grows_with_the_stake() {
        let at = [f64::NAN, -1.0, 0.049, 0.05, 0.19, 0.2, 3.0].map(Severity::of_stake);
        use Severity::{High, Low, Medium};
        assert_eq!(at, [Low, Low, Low, Medium, Medium, High, High]);
    }
}
