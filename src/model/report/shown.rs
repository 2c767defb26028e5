//! Reports and schedules in words, as their pages show them. A browser reads no moment and no day by itself.

use serde::{Deserialize, Serialize};

use super::{Every, ReportMail, ReportState, SectionKind};
use crate::{
    id::{ClientId, ReportId, ReportScheduleId},
    moment::Moment,
    summary::Persona,
};

/// A report as pages show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Its id.
    pub id: ReportId,
    /// What it is called.
    pub title: String,
    /// The client, if it is of one.
    pub client: Option<(ClientId, String)>,
    /// The days, in words.
    pub days: String,
    /// For whom.
    pub persona: Persona,
    /// What its sections are called.
    pub sections: Vec<String>,
    /// Where it stands.
    pub state: ReportState,
    /// How many of its sections are there.
    pub done: usize,
    /// How large its file is, in words; none until it is made.
    pub file: Option<String>,
    /// Why it could not be made.
    pub fault: Option<String>,
    /// The moment whose rows it shows.
    pub as_of: Moment,
    /// The name of who asked for it.
    pub created_by: String,
    /// When that was.
    pub created_at: Moment,
    /// To whom it goes.
    pub mails: Vec<ReportMail>,
    /// Whether whoever reads may remove it and have it tried again.
    pub may_change: bool,
}

/// A schedule as pages show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownSchedule {
    /// Its id.
    pub id: ReportScheduleId,
    /// What its reports are called.
    pub title: String,
    /// The client, if it is of one.
    pub client: Option<(ClientId, String)>,
    /// For whom its reports are.
    pub persona: Persona,
    /// Their sections.
    pub sections: Vec<SectionKind>,
    /// How often they come.
    pub every: Every,
    /// On which day of the week, from Monday (1), or of the month.
    pub on_day: i16,
    /// At which hour.
    pub hour: i16,
    /// All of that in words.
    pub when: String,
    /// To whom.
    pub recipients: Vec<String>,
    /// Whether it is switched on.
    pub enabled: bool,
    /// The last day on which one came of it.
    pub done_on: Option<String>,
    /// Whether whoever reads may change it.
    pub may_change: bool,
}

/// What the page of reports shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Board {
    /// Reports, newest first.
    pub reports: Vec<Shown>,
    /// Where the next ones begin.
    pub more: Option<String>,
    /// Schedules, by title.
    pub schedules: Vec<ShownSchedule>,
    /// Whose reports whoever reads can make: clients by name.
    pub clients: Vec<(ClientId, String)>,
    /// Whether those of the agency as a whole, too.
    pub may_agency: bool,
    /// Whether they may make any.
    pub may_make: bool,
    /// The days that are offered: the month before this one.
    pub days: (String, String),
    /// The agency's time zone, in which schedules are.
    pub zone: String,
}
