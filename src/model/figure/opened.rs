//! What is seen of a figure that was opened: made where the rows are, so that what is shown and what it is made of are one thing.

use serde::{Deserialize, Serialize};

use crate::{
    id::{BrainStateId, ChannelId, ConnectionId, ImportId, SyncRunId},
    moment::Moment,
    page::Page,
};

/// A sum that a figure is made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its word in the formula.
    pub name: String,
    /// Its value, unrounded.
    pub value: String,
    /// As people read it.
    pub shown: String,
    /// The first day that was asked for, as 2026-11-03.
    pub first: String,
    /// The last day.
    pub last: String,
    /// How many rows were added.
    pub rows: i64,
}

/// A day of a channel, as it went into a sum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The sum that it is part of, by its name.
    pub part: String,
    /// The channel.
    pub channel_id: ChannelId,
    /// What its owner called it.
    pub channel: String,
    /// The day in the channel's own zone, as 2026-11-03.
    pub day: String,
    /// What was reported, unrounded.
    pub value: String,
    /// The same as people read it, with its unit.
    pub reported: String,
    /// The channel's currency, where it is an amount of money.
    pub currency: Option<String>,
    /// What of it was added: the same, or converted by the day's rate.
    pub counted: String,
    /// The same as people read it, with its unit.
    pub shown: String,
    /// Of how many stored rows it is made: campaigns and windows of attribution of that day.
    pub stored: i64,
    /// When the newest of them was said.
    pub observed_at: Option<Moment>,
    /// The runs that heard them.
    pub runs: Vec<SyncRunId>,
}

/// A sync run that heard rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its id.
    pub id: SyncRunId,
    /// Why it was begun: manual, schedule, webhook, first or import. None where whoever asks may not see it.
    pub cause: Option<String>,
    /// When it began.
    pub started_at: Option<Moment>,
    /// When it ended.
    pub finished_at: Option<Moment>,
    /// The connection that it read.
    pub connection_id: Option<ConnectionId>,
    /// What people call that.
    pub connection: Option<String>,
    /// The import that it was, if it was one.
    pub import_id: Option<ImportId>,
}

/// The brain state that says a number, or that proposed an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The state.
    pub state_id: BrainStateId,
    /// The last day that had ended for it, as 2026-11-03.
    pub day: String,
    /// It speaks of what was stored by then.
    pub cut_off: Moment,
    /// When it was made.
    pub created_at: Moment,
    /// The version of the code that made it.
    pub code_version: String,
    /// SHA-256 of everything that went in, hexadecimal.
    pub input_hash: String,
    /// Where it stands there: the outcome's number and the place in its body.
    pub place: String,
    /// What it was made of, in words.
    pub made: Vec<String>,
}

/// A figure that was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Its id.
    pub id: String,
    /// What it is.
    pub name: String,
    /// Of whom: "The agency", a client, a channel.
    pub of: String,
    /// The days that it is of, where it is of days.
    pub days: Option<(String, String)>,
    /// As it was known at this moment; now, if none was asked for.
    pub as_of: Option<Moment>,
    /// Its value, unrounded; `Err` says why there is none.
    pub value: Result<String, String>,
    /// As it stands on pages.
    pub shown: Option<String>,
    /// An ISO 4217 code for money, `count`, `ratio`, `share`, `change` or `days`.
    pub unit: String,
    /// How it is made.
    pub formula: String,
    /// The sums it is made from, in the order of the formula; none of what a brain state says.
    pub parts: Vec<Part>,
    /// What belongs into it and is missing, in words.
    pub lacks: Vec<String>,
    /// The rows that were added; of what a brain state says, the daily rows that it was made from, where they are stored.
    pub rows: Page<Row>,
    /// The runs that heard the rows of this page.
    pub runs: Vec<Run>,
    /// The state that says it, if one does.
    pub evidence: Option<Evidence>,
}
