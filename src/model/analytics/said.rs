//! What the newest brain state says of what is asked for: bands of forecasts, marks of what changed, curves of response, what
//! customers are worth, and which advertisements tire. Every number has the id by which it is opened.

use serde::{Deserialize, Serialize};

use crate::{
    dashboard::Beside,
    id::{BrainStateId, ChannelId, ClientId},
};

/// What is expected of a day, with the intervals that hold it with four fifths and nineteen twentieths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The day, as 2026-11-03.
    pub day: String,
    /// What is expected.
    pub point: Beside,
    /// The ends of the 80 % interval.
    pub within80: (Beside, Beside),
    /// The ends of the 95 % interval.
    pub within95: (Beside, Beside),
}

/// What is to come of a metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreseen {
    /// The metric's spelling in the API.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// Of whom: the agency, a client, a channel.
    pub of: String,
    /// An ISO 4217 code for money, or `count`.
    pub unit: String,
    /// Who says it.
    pub model: String,
    /// How often such 80 % intervals held, and over how many of the last days; none where there was no time to see.
    pub record: Option<(Beside, Beside)>,
    /// The day that those end with, in words, where what came later still grows, as claims do; none where it is the newest.
    pub settled: Option<String>,
    /// The days, nearest first; `Err` says why there are none.
    pub steps: Result<Vec<Step>, String>,
}

/// What a mark tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// A day from which a series behaves otherwise.
    ChangePoint,
    /// Days that are not as was to be expected.
    Anomaly,
}

impl MarkKind {
    /// The spelling in answers.
    pub const fn key(self) -> &'static str {
        match self {
            Self::ChangePoint => "change_point",
            Self::Anomaly => "anomaly",
        }
    }
}

/// Something that was noticed at a place of a drawing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Which kind of mark.
    pub kind: MarkKind,
    /// What was noticed, by its spelling: spike, drop, level_shift…
    pub what: String,
    /// What that is called.
    pub name: String,
    /// The metric it shows in, if it is about one.
    pub metric: Option<String>,
    /// The first and the last day, as 2026-11-03.
    pub days: (String, String),
    /// Of whom: the agency, a client, a channel.
    pub of: String,
    /// The client it is about, if it is about one.
    pub client_id: Option<ClientId>,
    /// The channel it is about, if it is about one.
    pub channel_id: Option<ChannelId>,
    /// How large it is.
    pub size: Option<Beside>,
    /// How probable it is.
    pub probability: Option<Beside>,
}

/// A point of a curve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Steady spend a day.
    pub spend: Beside,
    /// What it brings a day.
    pub brings: Beside,
    /// The ends of its 90 % interval.
    pub within90: (Beside, Beside),
    /// Whether so much was ever spent; otherwise the form of the curve says it, not the data.
    pub seen: bool,
}

/// What the spend of a channel brings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Curve {
    /// The channel.
    pub channel_id: Option<ChannelId>,
    /// What it is called.
    pub name: String,
    /// The mean spend a day of the last four weeks; `Err` says why nothing is known of the channel.
    pub current: Result<Beside, String>,
    /// What one more unit of spend brings there.
    pub marginal: Option<Beside>,
    /// The curve.
    pub points: Vec<CurvePoint>,
}

/// The curves of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Curves {
    /// The client.
    pub client: String,
    /// The currency of its amounts.
    pub currency: String,
    /// The curves; `Err` says why there are none.
    pub curves: Result<Vec<Curve>, String>,
    /// What to know before believing them, a sentence each without its end.
    pub warnings: Vec<String>,
}

/// What a customer of a cohort is worth at an age.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Worth {
    /// All of them are that old.
    Mature(Beside),
    /// Some are younger: all are that old on this day, as 2026-11-03.
    Immature(String),
}

/// The customers of a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cohort {
    /// The month, as 2026-11.
    pub month: String,
    /// How many they are.
    pub customers: Beside,
    /// Whether some may have ordered before the known orders begin.
    pub doubtful: bool,
    /// What each is worth, at the ages of the table.
    pub worth: Vec<Worth>,
}

/// What the customers of a shop are worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cohorts {
    /// The shop.
    pub shop: String,
    /// The currency of its amounts; empty where it has none yet.
    pub currency: String,
    /// The ages, in days.
    pub ages: Vec<i64>,
    /// By month, the oldest first; `Err` says why there are none.
    pub cohorts: Result<Vec<Cohort>, String>,
}

/// Whether people are tired of an advertisement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fatigue {
    /// They are, from this day on as it looks, with this probability.
    Tired(String, Beside),
    /// They are not; so probable it is within a week and within two.
    Fresh(Beside, Beside),
    /// Nothing can be said, and why.
    Unknown(String),
}

/// What a state says of what is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The state; none while nothing was thought.
    pub state_id: Option<BrainStateId>,
    /// The last day that had ended for it, as 2026-11-03.
    pub day: Option<String>,
    /// What is to come: of the agency, the client or the channels that are asked for, each metric by itself.
    pub forecasts: Vec<Foreseen>,
    /// What was noticed in these days.
    pub marks: Vec<Mark>,
    /// Whether too many clients are asked for to tell what spend brings and customers are worth: choose one.
    pub narrow: bool,
    /// What spend brings, client by client.
    pub curves: Vec<Curves>,
    /// What customers are worth, shop by shop.
    pub cohorts: Vec<Cohorts>,
}
