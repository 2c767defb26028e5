//! A shop's orders and refunds, as its books have them.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

/// An order, with the day on which the shop's books have it. Amounts are in the shop's own currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The provider's id.
    pub external_id: String,
    /// What people call it (#1001).
    pub name: String,
    /// The day of `created_at` in the shop's zone.
    pub day: Date,
    /// When it was placed.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// When it was cancelled.
    #[serde(with = "time::serde::rfc3339::option")]
    pub cancelled_at: Option<OffsetDateTime>,
    /// Whether it is a test order, which never counts.
    pub test: bool,
    /// Goods after discounts, without taxes and shipping, before refunds.
    pub goods: Decimal,
    /// Taxes, shipping's taxes included.
    pub taxes: Decimal,
    /// Shipping after discounts, without its taxes.
    pub shipping: Decimal,
    /// The customer's id.
    pub customer_id: Option<String>,
    /// What was paid back.
    pub refunds: Vec<Refund>,
}

/// Money paid back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// The provider's id.
    pub external_id: String,
    /// The day of `created_at` in the shop's zone: refunds stand in the books of their own day.
    pub day: Date,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Goods that were paid back, without taxes and shipping.
    pub goods: Decimal,
    /// Taxes that were paid back.
    pub taxes: Decimal,
    /// Shipping that was paid back.
    pub shipping: Decimal,
}
