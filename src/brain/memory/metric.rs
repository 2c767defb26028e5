//! The metrics: from which measures each is made, and how.

use serde::{Deserialize, Serialize};

use super::Measure;

/// A total or rate that is shown of a source, a client or the agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// What the advertising cost.
    Spend,
    /// Revenue that platforms claim.
    ClaimedRevenue,
    /// Revenue in the books.
    LedgerRevenue,
    /// Conversions that platforms claim.
    ClaimedConversions,
    /// Orders in the books.
    Orders,
    /// How often it was shown.
    Impressions,
    /// How often it was clicked.
    Clicks,
    /// What was paid back.
    Refunds,
    /// Orders of new customers, which is also how many customers are new.
    NewCustomers,
    /// Orders of customers who had ordered before.
    ReturningOrders,
    /// Clicks for an impression.
    Ctr,
    /// Claimed conversions for a click.
    Cvr,
    /// Cost of a click.
    Cpc,
    /// Cost of a thousand impressions.
    Cpm,
    /// Cost of a claimed conversion.
    Cpa,
    /// Ledger revenue of an order, refunds of the range taken off.
    Aov,
    /// Claimed revenue for what it cost.
    RoasClaimed,
    /// Ledger revenue for the cost of the advertising, of a client or of the agency. There is none of a channel by itself: the
    /// books do not say which advertisement an order came from.
    RoasLedger,
    /// Ledger revenue of all shops for the cost of all advertising (marketing efficiency ratio).
    Mer,
    /// Ledger revenue times the margin, less the cost of the advertising.
    ContributionMargin,
    /// Cost of a new customer.
    Cac,
    /// Refunds for the revenue before them.
    RefundShare,
}

/// How a metric is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Formula {
    /// A sum.
    Sum(Measure),
    /// One sum divided by another, times a number.
    Ratio {
        over: Measure,
        under: Measure,
        times: u32,
        /// Whether only sources that report both count: one without the other would bend the quotient.
        own: bool,
    },
    /// Revenue times margin less cost.
    Margin,
    /// Refunds divided by revenue before refunds.
    Refunds,
}

impl Metric {
    /// All, in the order of pages.
    pub const ALL: [Self; 22] = [
        Self::Spend,
        Self::ClaimedRevenue,
        Self::LedgerRevenue,
        Self::ClaimedConversions,
        Self::Orders,
        Self::Impressions,
        Self::Clicks,
        Self::Refunds,
        Self::NewCustomers,
        Self::ReturningOrders,
        Self::Ctr,
        Self::Cvr,
        Self::Cpc,
        Self::Cpm,
        Self::Cpa,
        Self::Aov,
        Self::RoasClaimed,
        Self::RoasLedger,
        Self::Mer,
        Self::ContributionMargin,
        Self::Cac,
        Self::RefundShare,
    ];

    /// Its spelling in answers, with its formula.
    const fn spec(self) -> (&'static str, &'static str, Formula) {
        use Measure as M;
        const fn own(over: Measure, under: Measure) -> Formula {
            Formula::Ratio { over, under, times: 1, own: true }
        }
        const fn all(over: Measure, under: Measure) -> Formula {
            Formula::Ratio { over, under, times: 1, own: false }
        }
        match self {
            Self::Spend => ("spend", "spend", Formula::Sum(M::Spend)),
            Self::ClaimedRevenue => ("claimed_revenue", "claimed_revenue", Formula::Sum(M::ClaimedRevenue)),
            Self::LedgerRevenue => ("ledger_revenue", "ledger_revenue", Formula::Sum(M::LedgerRevenue)),
            Self::ClaimedConversions => {
                ("claimed_conversions", "claimed_conversions", Formula::Sum(M::ClaimedConversions))
            }
            Self::Orders => ("orders", "orders", Formula::Sum(M::Orders)),
            Self::Impressions => ("impressions", "impressions", Formula::Sum(M::Impressions)),
            Self::Clicks => ("clicks", "clicks", Formula::Sum(M::Clicks)),
            Self::Refunds => ("refunds", "refunds", Formula::Sum(M::Refunds)),
            Self::NewCustomers => ("new_customers", "new_orders", Formula::Sum(M::NewOrders)),
            Self::ReturningOrders => ("returning_orders", "returning_orders", Formula::Sum(M::ReturningOrders)),
            Self::Ctr => ("ctr", "clicks / impressions", own(M::Clicks, M::Impressions)),
            Self::Cvr => ("cvr", "claimed_conversions / clicks", own(M::ClaimedConversions, M::Clicks)),
            Self::Cpc => ("cpc", "spend / clicks", own(M::Spend, M::Clicks)),
            Self::Cpm => (
                "cpm",
                "1000 × spend / impressions",
                Formula::Ratio { over: M::Spend, under: M::Impressions, times: 1000, own: true },
            ),
            Self::Cpa => ("cpa", "spend / claimed_conversions", own(M::Spend, M::ClaimedConversions)),
            Self::Aov => ("aov", "ledger_revenue / orders", own(M::LedgerRevenue, M::Orders)),
            Self::RoasClaimed => ("roas_claimed", "claimed_revenue / spend", own(M::ClaimedRevenue, M::Spend)),
            Self::RoasLedger => ("roas_ledger", "ledger_revenue / spend", all(M::LedgerRevenue, M::Spend)),
            Self::Mer => ("mer", "ledger_revenue / spend", all(M::LedgerRevenue, M::Spend)),
            Self::ContributionMargin => ("contribution_margin", "ledger_revenue × margin − spend", Formula::Margin),
            Self::Cac => ("cac", "spend / new_orders", all(M::Spend, M::NewOrders)),
            Self::RefundShare => ("refund_share", "refunds / (ledger_revenue + refunds)", Formula::Refunds),
        }
    }

    /// Its spelling in answers.
    pub const fn key(self) -> &'static str {
        self.spec().0
    }

    /// How it is made, in words.
    pub const fn formula(self) -> &'static str {
        self.spec().1
    }

    pub(super) const fn made(self) -> Formula {
        self.spec().2
    }

    /// Whether more of it is better (`Some(true)`), worse, or neither by itself.
    pub const fn more_is_better(self) -> Option<bool> {
        match self {
            Self::Spend | Self::Impressions | Self::ReturningOrders => None,
            Self::Refunds | Self::Cpc | Self::Cpm | Self::Cpa | Self::Cac | Self::RefundShare => Some(false),
            _ => Some(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_those_of_the_answers_and_once() {
        for metric in Metric::ALL {
            assert_eq!(serde_json::to_value(metric).unwrap(), metric.key());
            assert_eq!(Metric::ALL.iter().filter(|other| other.key() == metric.key()).count(), 1);
        }
    }
}
