//! What was noticed in the days that are asked for, as marks on a drawing.

use model::{
    alert::FindingKind,
    analytics::{Mark, MarkKind},
    brain::Outcome,
    metric::Days,
    page::parse_day,
};

use super::Reader;
use crate::summary::Numbers;

impl Reader<'_> {
    /// A finding of these days that is about a place in time; none of what is about something else.
    pub(super) fn mark(&self, outcome: &Outcome) -> Option<Mark> {
        let numbers = Numbers::of(outcome)?;
        let body = numbers.body();
        let what = body["kind"].as_str()?;
        let found = FindingKind::parse(what)?;
        let kind = match found {
            FindingKind::ChangePoint => MarkKind::ChangePoint,
            FindingKind::Spike
            | FindingKind::Drop
            | FindingKind::LevelShift
            | FindingKind::DeliveryCollapse
            | FindingKind::TrackingOutage
            | FindingKind::MovedTogether => MarkKind::Anomaly,
            _ => return None,
        };
        let day = |end: &str| parse_day("day", body[end].as_str()?).ok();
        let days = Days { first: day("first")?, last: day("last")? };
        let asked = self.resolved.days;
        if days.last < asked.first || asked.last < days.first {
            return None;
        }
        Some(Mark {
            kind,
            what: what.to_owned(),
            name: found.noun().to_owned(),
            metric: body["metric"].as_str().map(str::to_owned),
            days: (days.first.to_string(), days.last.to_string()),
            of: self.of(outcome),
            client_id: outcome.client_id,
            channel_id: outcome.channel_id,
            size: self.at(&numbers, "/size/value"),
            probability: self.at(&numbers, "/probability"),
        })
    }
}
