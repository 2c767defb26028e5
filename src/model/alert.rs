//! Alerts: what the brain noticed and people should hear of once. Who hears of what is in `rule`, what can be noticed in `kind`.
//!
//! A finding comes again with every cycle; an alert is the event behind it. It is open until somebody acknowledges it, lets it
//! wait, or the brain does not find it any more.

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use crate::id::{AlertId, BrainStateId, ChannelId, ClientId};

/// An enum of words that are spelled alike in the database, in answers and in addresses.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident: $key:literal, $label:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$of])* $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The spelling in the database, in answers and in addresses.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)+ }
            }

            /// The word on screen.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)+ }
            }

            /// Reads the spelling.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.key() == text)
            }
        }
    };
}

mod kind;
mod rule;

pub use self::{
    kind::FindingKind,
    rule::{AlertSettings, MAX_NAMED, MAX_RULE_NAME, Quiet, Rule, RuleFields, Way, default_rules},
};

words! {
    /// How bad a finding is, if it is true; the least first.
    Severity {
        /// Worth knowing; nothing is lost.
        Info: "info", "Info";
        /// Little of the client's money is at stake.
        Low: "low", "Low";
        /// Enough is at stake to look at it this week.
        Medium: "medium", "Medium";
        /// Enough is at stake to look at it today.
        High: "high", "High";
    }
}

words! {
    /// Where an alert stands.
    AlertState {
        /// It is found, and nobody has said anything.
        Open: "open", "Open";
        /// Somebody has seen to it.
        Acknowledged: "acknowledged", "Acknowledged";
        /// It waits until a moment that somebody chose.
        Snoozed: "snoozed", "Snoozed";
        /// It is not found any more.
        Ended: "ended", "Ended";
    }
}

/// A finding of a state, as far as alerts need it.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Its place in the state.
    pub number: i32,
    /// What was noticed.
    pub kind: FindingKind,
    /// How deep lies what it is about: `client`, `channel`, `creative`…
    pub level: String,
    /// The id of what it is about, at that depth.
    pub entity: String,
    /// The metric it shows in, if it is about one.
    pub metric: Option<String>,
    /// The first day it is about.
    pub first: Date,
    /// The last day it is about.
    pub last: Date,
    /// How large it is, in whatever unit, if that can be said; below zero is less than before.
    pub size: Option<f64>,
    /// How probable it is that it is true, from 0 to 1.
    pub probability: f64,
    /// How bad it is if it is true.
    pub severity: Severity,
    /// The client; none for the agency as a whole and for channels without a client.
    pub client_id: Option<ClientId>,
    /// The channel that it is about or lies in, or those that an outage covers; none for clients and the agency as a whole.
    pub channels: Vec<ChannelId>,
    /// The finding as JSON, as the state holds it.
    pub body: String,
}

impl Found {
    /// The channel, if it is about one alone, or about something in one.
    pub fn channel(&self) -> Option<ChannelId> {
        if let [one] = self.channels[..] { Some(one) } else { None }
    }
}

/// What somebody did to an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// The moment: of acknowledging, or until which it waits.
    pub at: OffsetDateTime,
    /// Who, by the name of the time.
    pub by: String,
}

/// One event that the brain noticed, over all cycles that found it.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Its id.
    pub id: AlertId,
    /// What was noticed, as the newest state says.
    pub kind: FindingKind,
    /// How bad it is, as the newest state says.
    pub severity: Severity,
    /// How deep lies what it is about.
    pub level: String,
    /// The id of what it is about, at that depth.
    pub entity: String,
    /// The name of an ad, where it is about one whose name is known.
    pub entity_name: Option<String>,
    /// The first day it is about.
    pub first_day: Date,
    /// The last day it is about.
    pub last_day: Date,
    /// The client.
    pub client_id: Option<ClientId>,
    /// The client's name.
    pub client: Option<String>,
    /// The channel.
    pub channel_id: Option<ChannelId>,
    /// The channel's name.
    pub channel: Option<String>,
    /// The names of the channels that an outage covers, as the newest state that has it says.
    pub channels: Vec<String>,
    /// The finding as JSON, as the newest state that has it says it.
    pub body: String,
    /// The state that found it first.
    pub first_state_id: BrainStateId,
    /// The newest state that has it.
    pub state_id: BrainStateId,
    /// Where in that state its finding stands; none of one that was found before that was kept.
    pub number: Option<i32>,
    /// When it was found first.
    pub first_seen_at: OffsetDateTime,
    /// When it was found last.
    pub last_seen_at: OffsetDateTime,
    /// When it was not found any more.
    pub ended_at: Option<OffsetDateTime>,
    /// When and by whom it was acknowledged.
    pub acknowledged: Option<Deed>,
    /// Until when it waits, and by whom; also when that has passed.
    pub snoozed: Option<Deed>,
}

impl Alert {
    /// Where it stands at a moment.
    pub fn state(&self, now: OffsetDateTime) -> AlertState {
        match self {
            Self { ended_at: Some(_), .. } => AlertState::Ended,
            Self { acknowledged: Some(_), .. } => AlertState::Acknowledged,
            Self { snoozed: Some(until), .. } if until.at > now => AlertState::Snoozed,
            _ => AlertState::Open,
        }
    }
}
