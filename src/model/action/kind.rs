//! Kinds of actions: how each is spelled, and what it is called. A new one is a line of `kinds!`, and in `service` what to do by
//! hand.

use serde::{Deserialize, Serialize};

/// The enum of kinds, from a line for each: its spelling, its title, as a thing in a sentence, and as something to do.
macro_rules! kinds {
    ($($(#[$of:meta])* $variant:ident: $key:literal, $title:literal, $noun:literal, $deed:literal;)+) => {
        /// What is proposed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ActionKind { $($(#[$of])* $variant,)+ }

        impl ActionKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The spelling in the database and in answers.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)+ }
            }

            /// What to do, as a title.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// What it is called in a sentence: as a thing, and as something to do.
            pub const fn words(self) -> (&'static str, &'static str) {
                match self { $(Self::$variant => ($noun, $deed),)+ }
            }

            /// Reads the spelling.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.key() == text)
            }
        }
    };
}

kinds! {
    /// Take from some channels of a client and give to others; the total stays.
    MoveBudget: "move_budget", "Move budget between channels", "a shift of budget", "move budget";
    /// Spend more on one channel.
    Raise: "raise", "Raise spend", "a larger budget", "raise the budget";
    /// Spend less on one channel.
    Lower: "lower", "Lower spend", "a smaller budget", "lower the budget";
    /// Stop an advertisement.
    PauseCreative: "pause_creative", "Pause a creative", "a pause of a creative", "pause the creative";
    /// Replace an advertisement that people are tired of, or soon will be.
    RefreshCreative: "refresh_creative", "Replace a creative", "a fresh creative", "replace the creative";
    /// Repair what counts conversions.
    FixTracking: "fix_tracking", "Repair tracking", "a repair of tracking", "repair the tracking";
    /// Win back those who bought before.
    RetentionPush: "retention_push", "Win back earlier customers", "a push for returning customers", "win back earlier customers";
    /// Find out why something moved; nothing is changed yet.
    Investigate: "investigate", "Find out why", "a closer look", "find out what moved";
}
