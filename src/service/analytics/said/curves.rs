//! What spend brings, and what customers are worth.

use model::{
    analytics::{Cohort, Cohorts, Curve, CurvePoint, Curves, Worth},
    brain::Outcome,
    id::ChannelId,
};
use serde_json::Value;

use super::{Reader, absent};
use crate::summary::{self, Numbers};

impl Reader<'_> {
    /// The curves of a client.
    pub(super) fn curves(&self, outcome: &Outcome) -> Option<Curves> {
        let numbers = Numbers::of(outcome)?;
        let body = numbers.body();
        let response = &body["response"];
        let curves = match absent(response) {
            Some(why) => Err(why),
            None => {
                let channels = response["channels"].as_array()?.iter().enumerate();
                Ok(channels.filter_map(|(at, channel)| self.curve(&numbers, at, channel)).collect())
            }
        };
        let client = self.resolved.clients.get(&outcome.client_id?)?;
        Some(Curves { client: client.clone(), currency: body["currency"].as_str()?.to_owned(), curves })
    }

    /// The curve of a channel that is asked for.
    fn curve(&self, numbers: &Numbers<'_>, at: usize, channel: &Value) -> Option<Curve> {
        let id: ChannelId = channel["name"].as_str()?.parse().ok()?;
        self.resolved.meant.iter().find(|called| called.id == id)?;
        let of = |path: &str| self.at(numbers, &format!("/response/channels/{at}/{path}"));
        let point = |point: usize, said: &Value| {
            let of = |path: &str| of(&format!("curve/{point}/{path}"));
            Some(CurvePoint {
                spend: of("spend")?,
                brings: of("target/mean")?,
                within90: (of("target/low")?, of("target/high")?),
                seen: said["seen"].as_bool()?,
            })
        };
        let points = channel["curve"].as_array().map(Vec::as_slice).unwrap_or_default();
        let reason = channel["not_enough"]["reason"].as_str().unwrap_or_default();
        Some(Curve {
            channel_id: Some(id),
            name: self.resolved.channel_name(id),
            current: of("current_spend").ok_or_else(|| summary::absent(reason).to_owned()),
            marginal: of("marginal_roas/mean"),
            points: points.iter().enumerate().filter_map(|(at, said)| point(at, said)).collect(),
        })
    }

    /// What the customers of a shop are worth.
    pub(super) fn cohorts(&self, outcome: &Outcome) -> Option<Cohorts> {
        let numbers = Numbers::of(outcome)?;
        let body = numbers.body();
        let mut ages: Vec<i64> = body["drifts"].as_object()?.keys().filter_map(|age| age.parse().ok()).collect();
        ages.sort_unstable();
        let cohorts = match absent(&body["cohorts"]) {
            Some(why) => Err(why),
            None => {
                let all = body["cohorts"].as_array()?.iter().enumerate();
                Ok(all.filter_map(|(at, cohort)| self.cohort(&numbers, at, cohort)).collect())
            }
        };
        let currency = body["currency"].as_str().unwrap_or_default().to_owned();
        Some(Cohorts { shop: self.of(outcome), currency, ages, cohorts })
    }

    fn cohort(&self, numbers: &Numbers<'_>, at: usize, cohort: &Value) -> Option<Cohort> {
        let worth = |(age, said): (usize, &Value)| match said["state"].as_str()? {
            "mature" => Some(Worth::Mature(self.at(numbers, &format!("/cohorts/{at}/worth/{age}/mean"))?)),
            _ => Some(Worth::Immature(said["on"].as_str()?.to_owned())),
        };
        // A cohort is a whole row of the table, or none.
        let worth: Option<Vec<Worth>> = cohort["worth"].as_array()?.iter().enumerate().map(worth).collect();
        Some(Cohort {
            month: cohort["month"].as_str()?.get(..7)?.to_owned(),
            customers: self.at(numbers, &format!("/cohorts/{at}/customers"))?,
            doubtful: cohort["doubtful"].as_bool()?,
            worth: worth?,
        })
    }
}
