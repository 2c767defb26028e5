//! What the brain says of what is asked, as the API writes it.

use model::{
    analytics::{Cohort, Cohorts, Curve, CurvePoint, Curves, Fatigue, Foreseen, Mark, Step, Worth},
    dashboard::Beside,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::dashboard::NumberBody;

/// Whether people are tired of an advertisement.
#[derive(Debug, Serialize, ToSchema)]
pub struct FatigueBody {
    /// tired, fresh or unknown.
    state: &'static str,
    /// Since when it looks tired.
    since: Option<String>,
    /// How probable that is.
    probability: Option<NumberBody>,
    /// How probable it is to tire within 7 days.
    within_7: Option<NumberBody>,
    within_14: Option<NumberBody>,
    /// Why nothing can be said.
    absent: Option<String>,
}

/// What is to come of a metric.
#[derive(Debug, Serialize, ToSchema)]
pub struct ForeseenBody {
    key: String,
    name: String,
    of: String,
    unit: String,
    model: String,
    /// How often its 80 % intervals held.
    held80: Option<NumberBody>,
    /// Over how many of the last days.
    held_over: Option<NumberBody>,
    steps: Vec<StepBody>,
    /// Why there are none.
    absent: Option<String>,
}

/// What is expected of a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepBody {
    day: String,
    point: NumberBody,
    lo80: NumberBody,
    hi80: NumberBody,
    lo95: NumberBody,
    hi95: NumberBody,
}

/// Something that was noticed in these days.
#[derive(Debug, Serialize, ToSchema)]
pub struct MarkBody {
    /// change_point or anomaly.
    kind: &'static str,
    what: String,
    name: String,
    metric: Option<String>,
    first: String,
    last: String,
    of: String,
    client_id: Option<Uuid>,
    channel_id: Option<Uuid>,
    size: Option<NumberBody>,
    probability: Option<NumberBody>,
}

/// What spend brings a client.
#[derive(Debug, Serialize, ToSchema)]
pub struct CurvesBody {
    client: String,
    currency: String,
    curves: Vec<CurveBody>,
    /// What to know before believing them.
    warnings: Vec<String>,
    absent: Option<String>,
}

/// What the spend of a channel brings.
#[derive(Debug, Serialize, ToSchema)]
pub struct CurveBody {
    channel_id: Option<Uuid>,
    name: String,
    /// A day, of the last four weeks.
    current_spend: Option<NumberBody>,
    /// What one more unit of spend brings there.
    marginal: Option<NumberBody>,
    absent: Option<String>,
    points: Vec<CurvePointBody>,
}

/// A point of a curve.
#[derive(Debug, Serialize, ToSchema)]
pub struct CurvePointBody {
    spend: NumberBody,
    brings: NumberBody,
    low: NumberBody,
    high: NumberBody,
    /// Whether so much was ever spent.
    seen: bool,
}

/// What the customers of a shop are worth.
#[derive(Debug, Serialize, ToSchema)]
pub struct CohortsBody {
    shop: String,
    currency: String,
    /// In days.
    ages: Vec<i64>,
    cohorts: Vec<CohortBody>,
    absent: Option<String>,
}

/// The customers of a month.
#[derive(Debug, Serialize, ToSchema)]
pub struct CohortBody {
    month: String,
    customers: NumberBody,
    /// Whether some may have ordered before the known orders begin.
    doubtful: bool,
    /// At each of the ages.
    worth: Vec<WorthBody>,
}

/// What a customer is worth at an age.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorthBody {
    value: Option<NumberBody>,
    /// The day on which all of them are that old, where some are younger.
    mature_on: Option<String>,
}

/// What is there, or why it is not.
fn either<T, B: From<T>>(found: Result<Vec<T>, String>) -> (Vec<B>, Option<String>) {
    match found {
        Ok(all) => (all.into_iter().map(Into::into).collect(), None),
        Err(why) => (Vec::new(), Some(why)),
    }
}

impl From<Fatigue> for FatigueBody {
    fn from(fatigue: Fatigue) -> Self {
        let nothing =
            |state| Self { state, since: None, probability: None, within_7: None, within_14: None, absent: None };
        match fatigue {
            Fatigue::Tired(since, probability) => {
                Self { since: Some(since), probability: Some(probability.into()), ..nothing("tired") }
            }
            Fatigue::Fresh(week, two) => {
                Self { within_7: Some(week.into()), within_14: Some(two.into()), ..nothing("fresh") }
            }
            Fatigue::Unknown(why) => Self { absent: Some(why), ..nothing("unknown") },
        }
    }
}

impl From<Foreseen> for ForeseenBody {
    fn from(foreseen: Foreseen) -> Self {
        let (steps, absent) = either(foreseen.steps);
        let Foreseen { key, name, of, unit, model, record, .. } = foreseen;
        let (held80, held_over) = record.map(|(held, over)| (held.into(), over.into())).unzip();
        Self { key, name, of, unit, model, held80, held_over, steps, absent }
    }
}

impl From<Step> for StepBody {
    fn from(step: Step) -> Self {
        let number = |beside: Beside| NumberBody::from(beside);
        Self {
            day: step.day,
            point: number(step.point),
            lo80: number(step.within80.0),
            hi80: number(step.within80.1),
            lo95: number(step.within95.0),
            hi95: number(step.within95.1),
        }
    }
}

impl From<Mark> for MarkBody {
    fn from(mark: Mark) -> Self {
        Self {
            kind: mark.kind.key(),
            what: mark.what,
            name: mark.name,
            metric: mark.metric,
            first: mark.days.0,
            last: mark.days.1,
            of: mark.of,
            client_id: mark.client_id.map(|id| id.0),
            channel_id: mark.channel_id.map(|id| id.0),
            size: mark.size.map(Into::into),
            probability: mark.probability.map(Into::into),
        }
    }
}

impl From<Curves> for CurvesBody {
    fn from(curves: Curves) -> Self {
        let (found, absent) = either(curves.curves);
        Self { client: curves.client, currency: curves.currency, curves: found, warnings: curves.warnings, absent }
    }
}

impl From<Curve> for CurveBody {
    fn from(curve: Curve) -> Self {
        let (current_spend, absent) = match curve.current {
            Ok(current) => (Some(current.into()), None),
            Err(why) => (None, Some(why)),
        };
        Self {
            channel_id: curve.channel_id.map(|id| id.0),
            name: curve.name,
            current_spend,
            marginal: curve.marginal.map(Into::into),
            absent,
            points: curve.points.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<CurvePoint> for CurvePointBody {
    fn from(point: CurvePoint) -> Self {
        let CurvePoint { spend, brings, within90: (low, high), seen } = point;
        Self { spend: spend.into(), brings: brings.into(), low: low.into(), high: high.into(), seen }
    }
}

impl From<Cohorts> for CohortsBody {
    fn from(cohorts: Cohorts) -> Self {
        let (found, absent) = either(cohorts.cohorts);
        Self { shop: cohorts.shop, currency: cohorts.currency, ages: cohorts.ages, cohorts: found, absent }
    }
}

impl From<Cohort> for CohortBody {
    fn from(cohort: Cohort) -> Self {
        Self {
            month: cohort.month,
            customers: cohort.customers.into(),
            doubtful: cohort.doubtful,
            worth: cohort.worth.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Worth> for WorthBody {
    fn from(worth: Worth) -> Self {
        match worth {
            Worth::Mature(value) => Self { value: Some(value.into()), mature_on: None },
            Worth::Immature(day) => Self { value: None, mature_on: Some(day) },
        }
    }
}
