//! What a column can be mapped to.
//!
//! To add a field: a variant, its key, label and shape here, its names in exports and its line in a row in `providers`.

use serde::{Deserialize, Serialize};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What advertising cost and brought, as the platform claims.
    Ads,
    /// What a shop's books say.
    Shop,
}

impl Kind {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Ads, Self::Shop];

    /// The spelling in the database and in answers.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Ads => "ads",
            Self::Shop => "shop",
        }
    }

    /// The words on screen.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Ads => "Advertising",
            Self::Shop => "A shop's books",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == text)
    }
}

/// What a column can be mapped to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The day; the only field that every file needs.
    Day,
    /// The campaign's id.
    CampaignId,
    /// The campaign's name.
    Campaign,
    /// The ad group's or ad set's id.
    GroupId,
    /// The ad group's or ad set's name.
    Group,
    /// The ad's id.
    AdId,
    /// The ad's name.
    Ad,
    /// The attribution window, as the platform spells it.
    Attribution,
    /// The currency; it must be the channel's.
    Currency,
    /// What the advertising cost.
    Spend,
    /// How often it was shown.
    Impressions,
    /// How often it was clicked.
    Clicks,
    /// Conversions that the platform claims.
    Conversions,
    /// Revenue that the platform claims.
    ClaimedRevenue,
    /// Orders in the shop's books.
    Orders,
    /// Revenue in the shop's books: after discounts and refunds, without taxes and shipping.
    LedgerRevenue,
    /// What was paid back on that day.
    Refunds,
    /// Taxes of that day's orders.
    Taxes,
    /// Shipping paid with that day's orders.
    Shipping,
}

/// How the cells of a field are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A day.
    Day,
    /// An id, which is a text.
    Id,
    /// A text.
    Text,
    /// A whole number.
    Count,
    /// A number that may have a fraction and is no money.
    Number,
    /// Money in the account's currency.
    Money,
}

impl Field {
    /// Each of them, as a form lists them.
    pub const ALL: [Self; 19] = [
        Self::Day,
        Self::CampaignId,
        Self::Campaign,
        Self::GroupId,
        Self::Group,
        Self::AdId,
        Self::Ad,
        Self::Attribution,
        Self::Currency,
        Self::Spend,
        Self::Impressions,
        Self::Clicks,
        Self::Conversions,
        Self::ClaimedRevenue,
        Self::Orders,
        Self::LedgerRevenue,
        Self::Refunds,
        Self::Taxes,
        Self::Shipping,
    ];

    /// The spelling in the database, in answers and in rows that are pushed as JSON.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::CampaignId => "campaign_id",
            Self::Campaign => "campaign",
            Self::GroupId => "group_id",
            Self::Group => "group",
            Self::AdId => "ad_id",
            Self::Ad => "ad",
            Self::Attribution => "attribution",
            Self::Currency => "currency",
            Self::Spend => "spend",
            Self::Impressions => "impressions",
            Self::Clicks => "clicks",
            Self::Conversions => "conversions",
            Self::ClaimedRevenue => "claimed_revenue",
            Self::Orders => "orders",
            Self::LedgerRevenue => "ledger_revenue",
            Self::Refunds => "refunds",
            Self::Taxes => "taxes",
            Self::Shipping => "shipping",
        }
    }

    /// The label on screen.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Day => "Day",
            Self::CampaignId => "Campaign ID",
            Self::Campaign => "Campaign",
            Self::GroupId => "Ad group ID",
            Self::Group => "Ad group",
            Self::AdId => "Ad ID",
            Self::Ad => "Ad",
            Self::Attribution => "Attribution window",
            Self::Currency => "Currency",
            Self::Spend => "Spend",
            Self::Impressions => "Impressions",
            Self::Clicks => "Clicks",
            Self::Conversions => "Conversions",
            Self::ClaimedRevenue => "Claimed revenue",
            Self::Orders => "Orders",
            Self::LedgerRevenue => "Ledger revenue",
            Self::Refunds => "Refunds",
            Self::Taxes => "Taxes",
            Self::Shipping => "Shipping",
        }
    }

    /// Whether a file of this kind can hold it.
    pub const fn within(self, kind: Kind) -> bool {
        match self {
            Self::Day | Self::Currency => true,
            Self::Orders | Self::LedgerRevenue | Self::Refunds | Self::Taxes | Self::Shipping => {
                matches!(kind, Kind::Shop)
            }
            _ => matches!(kind, Kind::Ads),
        }
    }

    /// Whether it is an amount or a count.
    pub const fn measure(self) -> bool {
        matches!(self.shape(), Shape::Count | Shape::Number | Shape::Money)
    }

    /// How its cells are read.
    pub const fn shape(self) -> Shape {
        match self {
            Self::Day => Shape::Day,
            Self::CampaignId | Self::GroupId | Self::AdId => Shape::Id,
            Self::Campaign | Self::Group | Self::Ad | Self::Attribution | Self::Currency => Shape::Text,
            Self::Impressions | Self::Clicks | Self::Orders => Shape::Count,
            Self::Conversions => Shape::Number,
            Self::Spend | Self::ClaimedRevenue | Self::LedgerRevenue | Self::Refunds | Self::Taxes | Self::Shipping => {
                Shape::Money
            }
        }
    }
}
