//! The orders of a shop: what is asked for, and what an order is.

use std::time::Duration;

use async_trait::async_trait;
use rust_decimal::Decimal;
use time::OffsetDateTime;

use crate::{Call, Page, Result};

/// Orders of a shop.
#[async_trait]
pub trait Shop: Send + Sync {
    /// One page of the orders that changed since `since`, oldest change first.
    ///
    /// # Errors
    /// The kinds of [`Error`](crate::Error).
    async fn orders(&self, call: &Call<'_>, since: OffsetDateTime, page: Option<&str>) -> Result<Page<Vec<Order>>>;
    /// The same orders as one file that the provider makes, for a first reading: asked for, waited for, read in pieces.
    ///
    /// Without a `place` a file that is being made, or was made of late, is found again before another is asked for: who
    /// waits for it keeps nothing. For that `since` must move with the clock. A place names the file and where in it the
    /// next piece begins.
    ///
    /// # Errors
    /// The kinds of [`Error`](crate::Error); CursorExpired when the file of `place` is gone: ask again without one.
    async fn bulk(&self, call: &Call<'_>, since: OffsetDateTime, place: Option<&str>) -> Result<Bulk> {
        let _ = (call, since, place);
        Ok(Bulk::Pages("the provider makes no file of them".into()))
    }
}

/// What became of a file of orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bulk {
    /// The provider makes it: come again.
    Waits {
        /// When.
        after: Duration,
        /// How many orders it holds so far.
        ready: u64,
    },
    /// A piece of it, in no order of change.
    Piece {
        /// What is in the piece, each order with its refunds as they are now.
        orders: Vec<Order>,
        /// How many orders were read by its end.
        read: u64,
        /// How many the file holds.
        of: u64,
        /// When the provider began with it: what changed later is to be read in pages.
        as_of: OffsetDateTime,
        /// Where the next piece begins; none on the last.
        next: Option<String>,
    },
    /// There is none, for this reason: the orders are to be read in pages.
    Pages(String),
}

/// An order as the shop's books have it. Amounts are in the shop's own currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The provider's id.
    pub external_id: String,
    /// What people call it (#1001).
    pub name: String,
    /// When it was placed.
    pub created_at: OffsetDateTime,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
    /// When it was cancelled.
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// The provider's id.
    pub external_id: String,
    /// When.
    pub created_at: OffsetDateTime,
    /// Goods that were paid back, without taxes and shipping.
    pub goods: Decimal,
    /// Taxes that were paid back.
    pub taxes: Decimal,
    /// Shipping that was paid back.
    pub shipping: Decimal,
}
