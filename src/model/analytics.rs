//! Analytics: a question about any days of anything in sight, which stands in an address as it is, and its answer.
//!
//! The question is read leniently: what of it makes no sense is told with its field, and the rest of it still holds. To add a
//! part to it, add it to [`Question`], and to what `query` reads and writes.

mod answer;
mod query;
mod range;
mod said;

use serde::{Deserialize, Serialize};

pub use self::{
    answer::{Answer, Breakdown, Cell, Choice, Head, Options, Period, Row, Series, Stack, Total, Value},
    query::Asked,
    range::{Comparison, Granularity, LONGEST, Preset, Range},
    said::{Cohort, Cohorts, Curve, CurvePoint, Curves, Fatigue, Foreseen, Mark, MarkKind, Said, Step, Worth},
};
use crate::{
    figure::PartId,
    id::{ChannelId, ClientId},
};

/// Of what the days are; of everything in sight where nothing is named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filters {
    /// Only of these clients.
    pub clients: Vec<ClientId>,
    /// Only of these channels.
    pub channels: Vec<ChannelId>,
    /// Only of these campaigns.
    pub campaigns: Vec<PartId>,
    /// Only of these advertisements.
    pub creatives: Vec<PartId>,
}

impl Filters {
    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Question {
    /// Which days.
    pub range: Range,
    /// With which days they are compared.
    pub comparison: Comparison,
    /// In which steps they are drawn; by their number, if nothing is asked.
    pub granularity: Option<Granularity>,
    /// Of what.
    pub filters: Filters,
}
