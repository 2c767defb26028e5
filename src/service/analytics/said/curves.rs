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
        let warnings = response["warnings"].as_array().into_iter().flatten().filter_map(|one| self.warning(one));
        Some(Curves {
            client: client.clone(),
            currency: body["currency"].as_str()?.to_owned(),
            warnings: warnings.collect(),
            curves,
        })
    }

    /// A reason for care in plain words; none where it is about channels that are not asked for.
    fn warning(&self, warning: &Value) -> Option<String> {
        let name = |key: &str| {
            let id: ChannelId = warning[key].as_str()?.parse().ok()?;
            Some(self.resolved.channel_name(id)).filter(|name| !name.is_empty())
        };
        let of = || name("channel");
        Some(match warning["kind"].as_str()? {
            "move_together" => {
                let (one, other) = (of(), name("with"));
                let known = one.clone().or_else(|| other.clone())?;
                let beside = one.and(other).unwrap_or_else(|| "another channel of the client".to_owned());
                format!(
                    "{known} and {beside} move together: what both bring is known better than what each does. Vary one alone, or enter an experiment"
                )
            }
            "follows_season" => format!("{} moves with trend and season, so that its effect may be theirs", of()?),
            "follows_demand" => {
                format!("{} was spent more after revenue had risen: part of its return may be demand", of()?)
            }
            "control_missing" => {
                "what is left unexplained lasts: a price, a promotion or another cause is not known here".to_owned()
            }
            "does_not_last" => {
                "what is left unexplained is no chance, but does not last: look whether revenue is booked late"
                    .to_owned()
            }
            "history_short" => "there are less than two years of days: season and trend are known badly".to_owned(),
            "hardly_varies" => {
                format!("{} hardly varied: what it brings is hardly told apart from what comes by itself", of()?)
            }
            "extrapolates" => {
                format!(
                    "{} never came near saturation: above what was spent the curve's form says it, not the data",
                    of()?
                )
            }
            "unsettled" => format!("the estimate of {} has not settled: do not rely on its interval", of()?),
            _ => return None,
        })
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
