//! What the brain is fed with, as it is stored. Serialised, the same facts are always the same bytes.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use time::Date;

use crate::{
    id::{ChannelId, ClientId, LiftTestId},
    metric::Measures,
};

/// A channel, whose it is, and which of its days were read to their end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// The client it belongs to, if it was mapped to one.
    pub client_id: Option<ClientId>,
    /// Whether it is a shop; otherwise it is advertising.
    pub shop: bool,
    /// What its owner called it.
    pub name: String,
    /// ISO 4217.
    pub currency: String,
    /// The IANA name of the zone of its days.
    pub time_zone: String,
    /// The provider's key, or that of the platform a file is of.
    pub provider: String,
    /// Whether it is fed by files: then its last day is whole.
    pub file: bool,
    /// The first day that was read.
    pub first_day: Date,
    /// The last day that was read; it had not ended then, unless it came as a file.
    pub last_day: Date,
}

/// A day of an advertisement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdDay {
    /// Where it runs.
    pub channel_id: ChannelId,
    /// The provider's id.
    pub ad_id: String,
    /// The day.
    pub day: Date,
    /// What it cost, in the channel's currency.
    pub spend: Option<Decimal>,
    /// How often it was shown.
    pub impressions: Option<i64>,
    /// How often it was clicked.
    pub clicks: Option<i64>,
    /// Conversions claimed.
    pub conversions: Option<Decimal>,
    /// Revenue claimed.
    pub claimed_revenue: Option<Decimal>,
}

/// An order as the books have it. Test orders are none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// The shop.
    pub channel_id: ChannelId,
    /// The provider's id.
    pub external_id: String,
    /// The customer, as the shop names them, if they are known.
    pub customer_id: Option<String>,
    /// The day in the shop's zone.
    pub day: Date,
    /// Goods after discounts, before refunds, in the shop's currency.
    pub goods: Decimal,
    /// Goods that were paid back, and on which day.
    pub refunds: Vec<(Date, Decimal)>,
}

/// An experiment that showed what a channel brings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiftTest {
    /// Its id.
    pub id: LiftTestId,
    /// The channel.
    pub channel_id: ChannelId,
    /// Its first day.
    pub first_day: Date,
    /// Its last day.
    pub last_day: Date,
    /// Revenue brought by a unit of spend.
    pub roas: Decimal,
    /// How far that may be off.
    pub standard_error: Decimal,
}

/// What was reported of an account on a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DayOf {
    /// The channel.
    pub channel_id: ChannelId,
    /// The day.
    pub day: Date,
    /// The amounts and counts.
    pub measures: Measures,
}

/// A client whose figures are its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// ISO 4217: the currency in which it counts.
    pub currency: String,
    /// What stays of its revenue after goods and delivery, in per cent, if somebody said it.
    pub margin_percent: Option<Decimal>,
}

/// A rate of exchange.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// ISO 4217.
    pub currency: String,
    /// The day it was published for.
    pub day: Date,
    /// Units of the currency for one euro.
    pub per_euro: Decimal,
}
