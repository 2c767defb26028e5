//! Where a page of a report begins, and what is asked for at each level.

use std::fmt;

use model::metric::{Days, Level};

/// More days than this are reported in the background.
pub(super) const LONGEST_SYNC: i64 = 7;

/// What is asked for at one level.
pub(super) struct Depth {
    pub level: Level,
    pub name: &'static str,
    pub report_fields: &'static str,
    /// Every state that an object of this level can have.
    pub states: &'static [&'static str],
    pub edge: &'static str,
    pub object_fields: &'static str,
}

impl Depth {
    pub fn deeper(&self) -> Option<&'static Self> {
        DEPTHS.iter().find(|next| next.level > self.level)
    }
}

/// In the order in which a piece is read.
pub(super) static DEPTHS: [Depth; 3] = [
    Depth {
        level: Level::Campaign,
        name: "campaign",
        report_fields: "campaign_id,campaign_name",
        states: &["ACTIVE", "ARCHIVED", "DELETED", "IN_PROCESS", "PAUSED", "WITH_ISSUES"],
        edge: "campaigns",
        object_fields: "id,name,effective_status",
    },
    Depth {
        level: Level::Group,
        name: "adset",
        report_fields: "campaign_id,adset_id,adset_name",
        states: &["ACTIVE", "ARCHIVED", "CAMPAIGN_PAUSED", "DELETED", "IN_PROCESS", "PAUSED", "WITH_ISSUES"],
        edge: "adsets",
        object_fields: "id,name,effective_status,campaign_id",
    },
    Depth {
        level: Level::Ad,
        name: "ad",
        report_fields: "adset_id,ad_id,ad_name",
        states: &[
            "ACTIVE",
            "ADSET_PAUSED",
            "ARCHIVED",
            "CAMPAIGN_PAUSED",
            "DELETED",
            "DISAPPROVED",
            "IN_PROCESS",
            "PAUSED",
            "PENDING_BILLING_INFO",
            "PENDING_REVIEW",
            "PREAPPROVED",
            "WITH_ISSUES",
        ],
        edge: "ads",
        object_fields: "id,name,effective_status,adset_id,creative{body,title,link_url}",
    },
];

/// Where a page begins. As a text: the level, the step's name, and what the step needs (`group result 6023920149050 MTAw`).
pub(super) struct Place {
    pub depth: &'static Depth,
    pub step: Step,
}

pub(super) enum Step {
    /// A page of a report that is made at once.
    Sync { after: String },
    /// A report is to be made in the background; how often it was begun before.
    Start { starts: u32 },
    /// It is being made.
    Wait(Waiting),
    /// A page of what came of it.
    Result { run: String, after: String },
    /// A page of the list of objects.
    List { after: String },
}

pub(super) struct Waiting {
    pub run: String,
    /// How many calls waited for it.
    pub calls: u32,
    pub starts: u32,
}

impl Place {
    /// Where a level begins.
    pub fn first(depth: &'static Depth, days: Days) -> Self {
        let long = days.count() > LONGEST_SYNC;
        Self { depth, step: if long { Step::Start { starts: 0 } } else { Step::Sync { after: String::new() } } }
    }

    pub fn read(page: &str) -> Option<Self> {
        let (level, rest) = page.split_once(' ')?;
        let level = Level::parse(level)?;
        let depth = DEPTHS.iter().find(|depth| depth.level == level)?;
        let (name, rest) = rest.split_once(' ')?;
        let step = match name {
            "sync" => Step::Sync { after: rest.to_owned() },
            "start" => Step::Start { starts: rest.parse().ok()? },
            "wait" => {
                let mut parts = rest.splitn(3, ' ');
                let run = parts.next()?.to_owned();
                Step::Wait(Waiting { run, calls: parts.next()?.parse().ok()?, starts: parts.next()?.parse().ok()? })
            }
            "result" => rest
                .split_once(' ')
                .map(|(run, after)| Step::Result { run: run.to_owned(), after: after.to_owned() })?,
            "list" => Step::List { after: rest.to_owned() },
            _ => return None,
        };
        Some(Self { depth, step })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = self.depth.level.key();
        match &self.step {
            Step::Sync { after } => write!(f, "{level} sync {after}"),
            Step::Start { starts } => write!(f, "{level} start {starts}"),
            Step::Wait(Waiting { run, calls, starts }) => write!(f, "{level} wait {run} {calls} {starts}"),
            Step::Result { run, after } => write!(f, "{level} result {run} {after}"),
            Step::List { after } => write!(f, "{level} list {after}"),
        }
    }
}
