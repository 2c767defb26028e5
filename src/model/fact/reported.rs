//! Which measures a channel reports at all: what tells an account without clicks from one that never says any.

use rust_decimal::Decimal;

use crate::{
    id::ChannelId,
    metric::{Days, Measures},
};

/// Measures, a bit each, as the database keeps them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bits(i32);

impl Bits {
    /// What the advertising cost.
    pub const SPEND: Self = Self(1);
    /// How often it was shown.
    pub const IMPRESSIONS: Self = Self(2);
    /// How often it was clicked.
    pub const CLICKS: Self = Self(4);
    /// Conversions claimed.
    pub const CONVERSIONS: Self = Self(8);
    /// Revenue claimed.
    pub const CLAIMED_REVENUE: Self = Self(16);
    /// Orders in the books.
    pub const ORDERS: Self = Self(32);
    /// Revenue in the books.
    pub const LEDGER_REVENUE: Self = Self(64);
    /// What was paid back.
    pub const REFUNDS: Self = Self(128);
    /// Taxes.
    pub const TAXES: Self = Self(256);
    /// Shipping.
    pub const SHIPPING: Self = Self(512);
    /// That a cost or a count was below zero, which cannot be: nothing is added up of such a channel.
    pub const BELOW_ZERO: Self = Self(1024);

    /// The bits as they are stored.
    pub const fn stored(bits: i32) -> Self {
        Self(bits)
    }

    /// Those of a day.
    pub fn of(said: &Measures) -> Self {
        let Measures {
            spend,
            impressions,
            clicks,
            conversions,
            claimed_revenue,
            orders,
            ledger_revenue,
            refunds,
            taxes,
            shipping,
        } = said;
        let below = [spend, conversions, refunds].into_iter().flatten().any(|amount| *amount < Decimal::ZERO)
            || [impressions, clicks, orders].into_iter().flatten().any(|count| *count < 0);
        let all = [
            (Self::SPEND, spend.is_some()),
            (Self::IMPRESSIONS, impressions.is_some()),
            (Self::CLICKS, clicks.is_some()),
            (Self::CONVERSIONS, conversions.is_some()),
            (Self::CLAIMED_REVENUE, claimed_revenue.is_some()),
            (Self::ORDERS, orders.is_some()),
            (Self::LEDGER_REVENUE, ledger_revenue.is_some()),
            (Self::REFUNDS, refunds.is_some()),
            (Self::TAXES, taxes.is_some()),
            (Self::SHIPPING, shipping.is_some()),
            (Self::BELOW_ZERO, below),
        ];
        all.into_iter().filter(|(_, there)| *there).fold(Self::default(), |sum, (bit, _)| sum.and(bit))
    }

    /// These and others.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` are among these.
    pub const fn holds(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// What a channel reports on any of some days, of which not all rows were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reported {
    /// The channel.
    pub channel_id: ChannelId,
    /// The days.
    pub days: Days,
    /// The measures.
    pub measures: Bits,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measure_is_reported_where_it_is_zero_and_not_where_it_is_missing() {
        let said = Measures { spend: Some(0.into()), clicks: Some(-1), ..Measures::default() };
        let bits = Bits::of(&said);
        assert!(bits.holds(Bits::SPEND) && bits.holds(Bits::CLICKS) && bits.holds(Bits::BELOW_ZERO));
        assert!(!bits.holds(Bits::ORDERS) && !bits.holds(Bits::SPEND.and(Bits::ORDERS)));
        let lost = Measures { ledger_revenue: Some((-1).into()), ..Measures::default() };
        assert_eq!(Bits::of(&lost), Bits::LEDGER_REVENUE, "books may lose: refunds of other days");
    }
}
