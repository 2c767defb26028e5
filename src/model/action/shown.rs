//! Actions in words, as their page shows them: made where the rows are, so that what is shown and what is said of it are one
//! thing. A browser reads no moment and no amount by itself.

use serde::{Deserialize, Serialize};

use super::{ActionState, Verdict};
use crate::{
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
    pub made: Vec<String>,
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
    pub evidence: Vec<String>,
    /// What would change our mind.
    pub doubts: Vec<String>,
    /// What to do by hand, in order.
    pub checklist: Vec<String>,
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

/// The actions of what a member sees, or of one client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// The client they are narrowed to.
    pub client: Option<(ClientId, String)>,
    /// The best proposals, or all of them.
    pub proposed: Vec<Card>,
    /// How many proposals are not among these.
    pub more: i64,
    /// What was approved and waits to be done.
    pub approved: Vec<Card>,
    /// What was done and is not measured yet.
    pub done: Vec<Card>,
    /// What was measured, the newest first.
    pub measured: Vec<Card>,
    /// What was dismissed or undone, where that is asked for.
    pub past: Vec<Card>,
    /// How many were dismissed or undone.
    pub past_count: i64,
    /// How often the kinds did what they were done for.
    pub rates: Vec<Rate>,
    /// The last day of which the newest state speaks; none where nothing was thought yet.
    pub day: Option<String>,
    /// Whether the member decides.
    pub may_decide: bool,
}
