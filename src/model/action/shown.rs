//! Actions in words, as their page shows them: made where the rows are, so that what is shown and what is said of it are one
//! thing. A browser reads no moment and no amount by itself.

use serde::{Deserialize, Serialize};

use super::{ActionState, Verdict};
use crate::{
    figure::Line,
    id::{ActionId, ClientId},
    moment::Moment,
};

/// A daily budget before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The channel's name.
    pub channel: String,
    /// What is spent a day now.
    pub from: String,
    /// What would be.
    pub to: String,
    /// The change in per cent with its sign, where anything is spent now.
    pub change: Option<String>,
}

/// What is expected of an action, in money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worth {
    /// Net contribution over the horizon, with its sign.
    pub value: String,
    /// The 80 % interval.
    pub low: String,
    /// Its upper end.
    pub high: String,
    /// The probability that it loses, in per cent.
    pub loss: String,
    /// What was taken off the value for the days in which platforms learn: its place in the basis, and as it is shown. None of
    /// what moves no money, or was proposed before that was named.
    pub learning: Option<(usize, String)>,
}

/// What came of an action, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Came {
    /// What that means.
    pub verdict: Verdict,
    /// The effect with its sign.
    pub effect: String,
    /// The 80 % interval.
    pub low: String,
    /// Its upper end.
    pub high: String,
    /// What is measured, of which days, against what, and with which other actions together.
    pub made: Vec<Line>,
}

/// How often actions of a kind did what they were done for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// The kind.
    pub title: String,
    /// "3 won, 1 lost, 2 cannot be told".
    pub words: String,
}

/// An action as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// Its id.
    pub id: ActionId,
    /// What of it was read, for those who decide about it.
    pub version: String,
    /// Where it stands.
    pub state: ActionState,
    /// What to do: "Move budget".
    pub title: String,
    /// The client.
    pub client_id: ClientId,
    /// The client's name.
    pub client: String,
    /// The channel or creative it is about, by name.
    pub about: Option<String>,
    /// Budgets before and after.
    pub steps: Vec<Step>,
    /// The horizon: "the 28 days after".
    pub horizon: String,
    /// What is expected; `Err` says why that cannot be said in money.
    pub worth: Result<Worth, String>,
    /// How probable it is that its grounds are true: "92 %".
    pub sure: String,
    /// A person's time: "15 min".
    pub effort: String,
    /// What it rests on, with days.
    pub evidence: Vec<Line>,
    /// What would change our mind.
    pub doubts: Vec<String>,
    /// What to do by hand, in order.
    pub checklist: Vec<Line>,
    /// Whether its accounts are simulated, and then whether it can be done in them from here.
    pub simulated: Option<bool>,
    /// The day of its client's zone on which it came to stand so; as 2026-11-03.
    pub since: String,
    /// The day today there: nothing is done later.
    pub today: String,
    /// The day it was done.
    pub done_on: Option<String>,
    /// The last day of what is measured, once it was done.
    pub due: Option<String>,
    /// What came of it; `Err` says why that cannot be said.
    pub came: Option<Result<Came, String>>,
    /// What happened to it, the newest last: words and when.
    pub history: Vec<(String, Moment)>,
}

impl Card {
    /// What is read of it before it is decided about, without what stands on the page of actions alone.
    #[must_use]
    pub fn at_a_glance(self) -> Self {
        Self { doubts: Vec::new(), checklist: Vec::new(), history: Vec::new(), ..self }
    }
}

/// A list of actions that stand alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stand {
    /// What nobody decided about.
    Proposed,
    /// What waits to be done.
    Approved,
    /// What waits to be measured.
    Done,
    /// What came of it.
    Measured,
    /// What was dismissed or undone.
    Past,
}

impl Stand {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 5] = [Self::Proposed, Self::Approved, Self::Done, Self::Measured, Self::Past];

    /// The spelling in addresses.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Done => "done",
            Self::Measured => "measured",
            Self::Past => "past",
        }
    }

    /// What those in it are called.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Proposed => "Proposed",
            Self::Approved => "To do",
            Self::Done => "Waiting to be measured",
            Self::Measured => "Measured",
            Self::Past => "Dismissed or taken back",
        }
    }

    /// Reads the spelling.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stand| stand.key() == text)
    }

    /// The states of those in it.
    pub const fn states(self) -> &'static [ActionState] {
        match self {
            Self::Proposed => &[ActionState::Proposed],
            Self::Approved => &[ActionState::Approved],
            Self::Done => &[ActionState::Done],
            Self::Measured => &[ActionState::Measured],
            Self::Past => &[ActionState::Dismissed, ActionState::Undone],
        }
    }
}

/// Actions that stand alike, from some place of their list on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// They themselves.
    pub cards: Vec<Card>,
    /// Where the list goes on; none where all are there.
    pub more: Option<String>,
}

/// The actions of what a member sees, or of one client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// The client they are narrowed to.
    pub client: Option<(ClientId, String)>,
    /// The clients in sight that they can be narrowed to, by name.
    pub clients: Vec<(ClientId, String)>,
    /// The best proposals, or all of them.
    pub proposed: Group,
    /// How many proposals there are beside the best; 0 where all are asked for.
    pub others: i64,
    /// What was approved and waits to be done, the best first.
    pub approved: Group,
    /// What was done and is not measured yet, the newest first.
    pub done: Group,
    /// What was measured, the newest first.
    pub measured: Group,
    /// What was dismissed or undone, the newest first, where that is asked for.
    pub past: Group,
    /// How many were dismissed or undone.
    pub past_count: i64,
    /// How often the kinds did what they were done for.
    pub rates: Vec<Rate>,
    /// The last day of which the newest state speaks; none where nothing was thought yet.
    pub day: Option<String>,
    /// Whether the member decides.
    pub may_decide: bool,
}
