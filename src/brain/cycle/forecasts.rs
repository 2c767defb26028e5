//! Oracle's forecasts in a cycle: each line four weeks ahead, from the days that will not change any more. What platforms claim of
//! the last two weeks still grows: as if that were all, a forecast would begin with a fall that never was.

use serde::Serialize;
use time::{Date, Duration};

use super::{
    About, Choices, Outcome, choices,
    line::{Line, settled, unsettled},
};
use crate::{
    finding::{Entity, iso_day},
    forecast::{Choice, Forecast, Request, choose, forecast},
    memory::Currency,
};

/// Days ahead: the furthest of 7, 14 and 28.
const AHEAD: usize = 28;
/// Days looked back at: two years show a yearly season, and the third whether it helps to know it.
const BACK: usize = 1_096;
/// What the names of the methods begin with.
const KIND: &str = "forecast:";

#[derive(Serialize)]
struct Told<'a> {
    entity: &'a Entity,
    metric: &'static str,
    currency: Option<Currency>,
    /// The day of the first step.
    #[serde(with = "iso_day")]
    from: Date,
    /// The first day that it knows.
    #[serde(with = "iso_day")]
    since: Date,
    /// The last day that it knows: what came later is not settled.
    #[serde(with = "iso_day")]
    until: Date,
    /// The channels for whose sake it knows no earlier, or no later, days, though others do.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    cut_by: &'a [String],
    forecast: Result<Forecast, serde_json::Value>,
}

/// What is asked of a line: the days that are not settled come before those that are ahead.
fn request(line: &Line) -> Option<Request> {
    Request::new(AHEAD + unsettled(line.measure), &[7, 365]).ok()
}

fn key(line: &Line) -> String {
    format!("{KIND}{}", line.name())
}

/// The names of the methods that cannot be read.
pub(super) fn unreadable(chosen: &Choices) -> Vec<&str> {
    choices::unreadable::<Choice>(chosen, KIND)
}

/// Chooses the methods of these lines: all, or those of which nothing is known, or only for another number of days.
pub(super) fn choose_all(lines: &[Line], anew: bool, before: &Choices, chosen: &mut Choices) {
    for line in lines {
        let Some(request) = request(line) else { continue };
        let (name, days) = (key(line), line.values.present());
        let of_another = choices::read::<Choice>(before, &name).is_ok_and(|choice| choice.fits(&request).is_err());
        if anew || of_another || choices::due::<Choice>(before, &name, days) {
            let (_, values) = settled(line, BACK);
            chosen.insert(name, choices::write(days, &choose(&values, &request)));
        }
    }
}

pub(super) fn add(lines: &[Line], chosen: &Choices, outcomes: &mut Vec<Outcome>) {
    for line in lines {
        let Some(request) = request(line) else { continue };
        let (since, values) = settled(line, BACK);
        let choice = choices::read::<Choice>(chosen, &key(line));
        let told = choice.and_then(|choice| {
            forecast(&values, &request, &choice).map_err(|reason| serde_json::to_value(reason).unwrap_or_default())
        });
        let told = told.map(|mut told: Forecast| {
            told.steps.drain(..unsettled(line.measure).min(told.steps.len()));
            told
        });
        let Some(from) = line.last().next_day() else { continue };
        let known = i64::try_from(values.values().len()).unwrap_or(i64::MAX);
        let body = Told {
            entity: &line.entity,
            metric: line.measure.key(),
            currency: line.currency,
            from,
            since,
            until: since.saturating_add(Duration::days(known - 1)),
            cut_by: &line.cut_by,
            forecast: told,
        };
        let about: About = line.about.clone();
        outcomes.push(Outcome::new("forecast", about, &body));
    }
}
