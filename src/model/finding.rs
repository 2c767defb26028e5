//! Findings: everything that a state noticed, with the alert by which people see to each. How they are spelled is in `alert`.

use time::{Date, OffsetDateTime};

use crate::{
    alert::{Alert, AlertState, FindingKind, Severity},
    id::{BrainStateId, ChannelId, ClientId},
};

/// Something that a state noticed.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The state.
    pub state_id: BrainStateId,
    /// Its place there.
    pub number: i32,
    /// What was noticed.
    pub kind: FindingKind,
    /// How bad it is, if it is true.
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
    /// The client; none for the agency as a whole and for channels without a client.
    pub client_id: Option<ClientId>,
    /// The client's name.
    pub client: Option<String>,
    /// The channel.
    pub channel_id: Option<ChannelId>,
    /// The channel's name.
    pub channel: Option<String>,
    /// The names of the channels that an outage covers.
    pub channels: Vec<String>,
    /// The finding as JSON, as the state says it.
    pub body: String,
    /// The alert that it is; none of a state that alerts did not follow.
    pub alert: Option<Alert>,
}

impl Finding {
    /// Where it stands at a moment: as its alert does.
    pub fn standing(&self, now: OffsetDateTime) -> AlertState {
        self.alert.as_ref().map_or(AlertState::Open, |alert| alert.state(now))
    }
}
