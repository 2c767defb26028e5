//! Actions: what the brain proposes to do, what was promised of it, what people decided, and what came of it.
//!
//! A proposal comes from a brain state and changes with every state until somebody approves it; from then on its prediction is
//! registered and never changes. An action that was done is measured against what would have happened without it, and the
//! outcome is held against the prediction. Machines propose, people decide and act.

mod kind;
mod proposal;
mod shown;

use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

pub use self::{
    kind::ActionKind,
    proposal::{Change, Doubt, Prediction, Proposal, Target, Unpredicted},
    shown::{Came, Card, Group, Ledger, Rate, Stand, Step, Worth},
};
use crate::id::{ActionId, BrainStateId, ChannelId, ClientId, MemberId};

time::serde::format_description!(iso_day, Date, "[year]-[month]-[day]");

/// Where an action stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionState {
    /// The newest state proposes it, and nobody has decided.
    Proposed,
    /// The newest state does not propose it any more, and nobody had decided.
    Withdrawn,
    /// Somebody wants it done; its prediction is registered.
    Approved,
    /// Somebody does not want it, and said why.
    Dismissed,
    /// Somebody did it.
    Done,
    /// It was done, and what came of it is known as far as it can be.
    Measured,
    /// It was done and taken back.
    Undone,
}

impl ActionState {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Proposed, Self::Withdrawn, Self::Approved, Self::Dismissed, Self::Done, Self::Measured, Self::Undone];

    /// The spelling in the database and in answers.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Withdrawn => "withdrawn",
            Self::Approved => "approved",
            Self::Dismissed => "dismissed",
            Self::Done => "done",
            Self::Measured => "measured",
            Self::Undone => "undone",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == text)
    }
}

/// What came of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Better than without it, beyond what chance does.
    Won,
    /// Worse.
    Lost,
    /// The interval holds zero.
    CannotTell,
}

impl Verdict {
    /// The spelling in answers.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Won => "won",
            Self::Lost => "lost",
            Self::CannotTell => "cannot_tell",
        }
    }
}

/// How often actions of a kind did what they were done for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HitRate {
    /// The kind.
    pub kind: ActionKind,
    /// How many won.
    pub won: u32,
    /// How many lost.
    pub lost: u32,
    /// Of how many it cannot be told, those included that could not be measured.
    pub cannot_tell: u32,
}

/// What happened against what would have happened, over the horizon, in the proposal's currency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// What is measured: `net_contribution`, `ledger_revenue`, `claimed_conversions`…
    pub metric: String,
    /// The first day measured, that of the action.
    #[serde(with = "iso_day")]
    pub first: Date,
    /// The last day measured.
    #[serde(with = "iso_day")]
    pub last: Date,
    /// What happened.
    pub actual: f64,
    /// What a forecast made of the days before says would have happened.
    pub expected: f64,
    /// The effect: actual less expected.
    pub effect: f64,
    /// The lower end of its 80 % interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// What that means.
    pub verdict: Verdict,
    /// Who made the forecast ("ETS + Theta").
    pub model: String,
    /// The keys of other actions done in these days at the same client: the effect is of all of them together.
    pub together_with: Vec<String>,
}

/// Something that was decided or done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionEvent {
    /// Where the action stood from then on.
    pub state: ActionState,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who; none for the brain.
    pub member_id: Option<MemberId>,
    /// That person's name.
    pub member_name: Option<String>,
    /// What they said.
    pub reason: Option<String>,
}

/// How sure it must be that an action helped, or harmed, before it is called won, or lost; in per cent.
pub const SURE_PERCENT: u8 = 99;

/// A channel that an action names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Its id.
    pub id: ChannelId,
    /// What it is called beside its client.
    pub name: String,
    /// What its owner called it there.
    pub account: String,
    /// The provider's key, or that of the platform a file is of.
    pub provider: String,
}

/// An action in the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// Its id.
    pub id: ActionId,
    /// The client.
    pub client_id: ClientId,
    /// The client's name.
    pub client_name: String,
    /// The channel, where it is about one or something in one.
    pub channel_id: Option<ChannelId>,
    /// That channel and those whose budgets change, as far as they are known by name.
    pub channels: Vec<Named>,
    /// The name of the creative, where it is about one that the platform named.
    pub creative_name: Option<String>,
    /// The state that proposed it: the newest that did before anybody decided.
    pub state_id: BrainStateId,
    /// Where it stands.
    pub state: ActionState,
    /// The day on which it came to stand so, in the client's zone.
    #[serde(with = "iso_day")]
    pub since: Date,
    /// What is proposed; it does not change once somebody approved it.
    pub proposal: Proposal,
    /// When it was first proposed.
    #[serde(with = "time::serde::rfc3339")]
    pub proposed_at: OffsetDateTime,
    /// When somebody said that it was done.
    #[serde(with = "time::serde::rfc3339::option")]
    pub done_at: Option<OffsetDateTime>,
    /// The day on which it was done, in the client's zone.
    #[serde(with = "iso_day::option")]
    pub done_on: Option<Date>,
    /// What came of it, once the horizon and the days in which figures still grow have passed.
    pub measured: Option<Measured>,
    /// Why that cannot be said, where it was tried and cannot.
    pub unmeasured: Option<String>,
    /// What happened to it, the newest last.
    pub events: Vec<ActionEvent>,
}

impl Action {
    /// The last day that is measured, once it was done; none for what changes nothing by itself.
    pub fn due(&self) -> Option<Date> {
        let measured = self.proposal.kind != ActionKind::Investigate;
        self.done_on.filter(|_| measured).map(|day| self.proposal.last_day(day))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn days_of_an_outcome_are_written_as_days() {
        let measured = Measured {
            metric: "ledger_revenue".into(),
            first: date!(2026 - 11 - 03),
            last: date!(2026 - 11 - 30),
            actual: 12.5,
            expected: 10.0,
            effect: 2.5,
            low: -1.0,
            high: 6.0,
            verdict: Verdict::CannotTell,
            model: "ETS".into(),
            together_with: vec!["raise:x".into()],
        };
        let json = serde_json::to_value(&measured).unwrap();
        assert_eq!((&json["first"], &json["verdict"]), (&"2026-11-03".into(), &"cannot_tell".into()));
        assert_eq!(serde_json::from_value::<Measured>(json).unwrap(), measured);
    }

    #[test]
    fn an_action_is_measured_from_its_day_on_for_as_many_days_as_its_horizon_has() {
        let id = "01890000-0000-7000-8000-000000000000";
        let action = |kind: &str, done_on: Option<&str>| -> Action {
            // As it was written before margins were registered.
            let proposal = serde_json::json!({ "key": "k", "kind": kind, "target": { "id": "t", "level": "channel" }, "currency": "EUR",
                "changes": [], "horizon_days": 28, "prediction": null, "unpredicted": null, "probability": 1.0, "effort_minutes": 1,
                "score": null, "because": [], "basis": [], "doubts": [] });
            let action = serde_json::json!({ "id": id, "client_id": id, "client_name": "c", "channel_id": null, "channels": [],
                "creative_name": null, "state_id": id, "state": "done", "since": "2026-11-01", "proposal": proposal,
                "proposed_at": "2026-11-01T00:00:00Z", "done_at": null, "done_on": done_on, "measured": null,
                "unmeasured": null, "events": [] });
            serde_json::from_value(action).unwrap()
        };
        let raised = action("raise", Some("2026-11-01"));
        assert_eq!((raised.due(), raised.proposal.margin), (Some(date!(2026 - 11 - 28)), None));
        assert_eq!(raised.proposal.last_day(date!(2026 - 11 - 01)), date!(2026 - 11 - 28));
        assert_eq!(action("investigate", Some("2026-11-01")).due(), None, "it is never measured");
        assert_eq!(action("raise", None).due(), None);
    }

    #[test]
    fn every_kind_and_state_is_read_as_it_is_written() {
        for kind in ActionKind::ALL.iter().copied() {
            assert_eq!(ActionKind::parse(kind.key()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.key());
        }
        for state in ActionState::ALL {
            assert_eq!(ActionState::parse(state.key()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.key());
        }
        assert_eq!((ActionKind::parse("Raise"), ActionState::parse("")), (None, None));
        for stand in Stand::ALL {
            assert_eq!(Stand::parse(stand.key()), Some(stand));
        }
    }
}
