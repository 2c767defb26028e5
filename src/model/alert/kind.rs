//! Kinds of findings: how each is spelled, what rules call it, and what it is called in a sentence. A new one is a line of `kinds!`
//! and a title in `service`.

use serde::{Deserialize, Serialize};

/// The enum of kinds, from a line for each: its spelling, its word where kinds are chosen, and as a thing in a sentence.
macro_rules! kinds {
    ($($(#[$of:meta])* $variant:ident: $key:literal, $label:literal, $noun:literal;)+) => {
        words! {
            /// What was noticed.
            FindingKind { $($(#[$of])* $variant: $key, $label;)+ }
        }

        impl FindingKind {
            /// What it is called in a sentence.
            pub const fn noun(self) -> &'static str {
                match self { $(Self::$variant => $noun,)+ }
            }
        }
    };
}

kinds! {
    /// Days far above what was to be expected.
    Spike: "spike", "Jumps", "a spike";
    /// Days far below what was to be expected.
    Drop: "drop", "Falls", "a drop";
    /// A new level that stays.
    LevelShift: "level_shift", "New levels", "a new level";
    /// A channel that all but stopped being shown.
    DeliveryCollapse: "delivery_collapse", "Delivery that stopped", "a collapse of delivery";
    /// A platform that no longer learns of conversions.
    TrackingOutage: "tracking_outage", "Counting that broke", "an outage of tracking";
    /// A day from which a series behaves otherwise.
    ChangePoint: "change_point", "Changes that stay", "a lasting change";
    /// What is to come differs from what was.
    Forecast: "forecast", "What is to come", "a forecast off course";
    /// A metric that is worse than before.
    Worse: "worse", "Worse than before", "a turn for the worse";
    /// A metric that is better than before.
    Better: "better", "Better than before", "a turn for the better";
    /// A creative that people are tired of, or soon will be.
    CreativeFatigue: "creative_fatigue", "Ads that tire", "fatigue";
    /// A channel that returns less for its money than weeks ago.
    RoiDecay: "roi_decay", "Returns that fall", "a falling return";
    /// New customers that are worth less, or more, than earlier ones.
    LtvDrift: "ltv_drift", "Worth of new customers", "a drift of what new customers are worth";
    /// Platforms that claim more than the books hold.
    OverClaim: "over_claim", "Claims above the books", "claims beyond the books";
    /// Revenue that no platform claims.
    Unattributed: "unattributed", "Revenue that nobody claims", "revenue that nobody claims";
    /// A day on which many series moved together.
    MovedTogether: "moved_together", "Days on which much moved", "many series that moved together";
    /// One of several that is better than all the others.
    Winner: "winner", "Winners", "a winner";
}

impl FindingKind {
    /// Those that the brain's cycle looks for, which rules are offered. The others are read and have words: a stored rule may name
    /// them.
    pub const OFFERED: &[Self] = &[
        Self::Spike,
        Self::Drop,
        Self::LevelShift,
        Self::DeliveryCollapse,
        Self::TrackingOutage,
        Self::ChangePoint,
        Self::CreativeFatigue,
        Self::RoiDecay,
        Self::LtvDrift,
        Self::MovedTogether,
    ];

    /// Whether what has begun goes on under later days. The days of a change and of a day on which much moved are where it lies.
    pub const fn goes_on(self) -> bool {
        matches!(self, Self::Spike | Self::Drop | Self::LevelShift | Self::DeliveryCollapse | Self::TrackingOutage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_brain_looks_for_is_offered_and_every_kind_is_read() {
        let never: Vec<&str> = FindingKind::ALL
            .iter()
            .filter(|kind| !FindingKind::OFFERED.contains(kind))
            .map(|kind| kind.key())
            .collect();
        assert_eq!(never, ["forecast", "worse", "better", "over_claim", "unattributed", "winner"]);
        assert!(FindingKind::ALL.iter().all(|kind| FindingKind::parse(kind.key()) == Some(*kind)));
        assert!(FindingKind::OFFERED.is_sorted(), "they stand in one order everywhere");
    }
}
