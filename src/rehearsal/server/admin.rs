//! What people and tests say to the rehearsal itself, under `/rehearsal`: what is there, faults, time.
//!
//! | call | what it does |
//! |---|---|
//! | `GET /rehearsal` | tells the world's seed, days, moment, channels and what was changed |
//! | `GET /rehearsal/faults` | tells the rules and the faults that requests met |
//! | `POST /rehearsal/faults` | sets `{"rules": [...]}`, each a [`Rule`]; an empty list ends all faults |
//! | `GET /rehearsal/truth` | tells what is really true, with what was changed; `?changes=none` of the world without |
//! | `GET /rehearsal/pictures/1.svg` | shows the picture of a creative, by its id |
//! | `POST /rehearsal/forward` | moves the clock on by `{"days": 7, "hours": 0, "minutes": 0}` |

use serde::Deserialize;
use serde_json::{Value, json};
use time::{Duration, format_description::well_known::Rfc3339};

use super::Rehearsal;
use crate::{
    fault::{Met, Rule},
    protocol::{Answer, Question, hold},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Forward {
    #[serde(default)]
    days: u16,
    #[serde(default)]
    hours: u16,
    #[serde(default)]
    minutes: u16,
}

pub(super) fn answer(rehearsal: &Rehearsal, path: &str, question: &Question) -> Answer {
    let picture = path.strip_prefix("/pictures/").and_then(|file| file.strip_suffix(".svg"));
    if let Some(shown) = picture.and_then(|creative| picture_of(rehearsal, creative)) {
        return shown;
    }
    let told = match (question.method.as_str(), path) {
        ("GET", "" | "/") => about(rehearsal),
        ("GET", "/truth") => truth(rehearsal, question),
        ("GET", "/faults") => Ok(faults(rehearsal)),
        ("POST", "/faults") => read::<Rules>(question).and_then(|Rules { rules }| {
            if rules.iter().any(|rule| rule.chance.is_some_and(|chance| !(0.0..=1.0).contains(&chance))) {
                return Err("chance is from 0 to 1".into());
            }
            rehearsal.set_faults(rules);
            Ok(faults(rehearsal))
        }),
        ("POST", "/forward") => read::<Forward>(question).and_then(|by| {
            let by = Duration::days(by.days.into())
                + Duration::hours(by.hours.into())
                + Duration::minutes(by.minutes.into());
            let (today, now) = rehearsal.forward(by).map_err(|error| error.to_string())?;
            Ok(json!({ "today": today.to_string(), "now": now.format(&Rfc3339).unwrap_or_default() }))
        }),
        _ => return Answer::json(404, &json!({ "error": "nothing is here" })),
    };
    match told {
        Ok(told) => Answer::json(200, &told),
        Err(words) => Answer::json(422, &json!({ "error": words })),
    }
}

fn read<'a, T: Deserialize<'a>>(question: &'a Question) -> Result<T, String> {
    serde_json::from_slice(&question.body).map_err(|error| error.to_string())
}

fn faults(rehearsal: &Rehearsal) -> Value {
    let faults = hold(&rehearsal.faults);
    let (rules, met): (Vec<&Rule>, Vec<&Met>) = (faults.1.rules().collect(), faults.1.met().collect());
    json!({ "rules": rules, "met": met, "requests": faults.0 })
}

/// For judges, who compare the world with itself: nothing that the product does may come from here.
fn truth(rehearsal: &Rehearsal, question: &Question) -> Result<Value, String> {
    let (desk, _) = rehearsal.now().map_err(|error| error.to_string())?;
    let without = question.query.get("changes").is_some_and(|changes| changes == "none");
    let truth = if without { desk.world.with(vec![]).truth() } else { desk.world.truth() };
    serde_json::to_value(truth).map_err(|error| error.to_string())
}

fn picture_of(rehearsal: &Rehearsal, creative: &str) -> Option<Answer> {
    let (desk, _) = rehearsal.now().ok()?;
    let mut all = desk.world.channels().iter().flat_map(|channel| desk.world.creatives(channel));
    let body = all.find(|one| one.external_id == creative)?.picture;
    Some(Answer { status: 200, headers: vec![("content-type", "image/svg+xml".into())], body })
}

fn about(rehearsal: &Rehearsal) -> Result<Value, String> {
    let (desk, now) = rehearsal.now().map_err(|error| error.to_string())?;
    let world = &desk.world;
    Ok(json!({
        "seed": world.seed(), "first": world.first().to_string(), "today": world.today().to_string(),
        "now": now.format(&Rfc3339).unwrap_or_default(), "clients": world.clients(), "channels": world.channels(),
        "writes": world.writes(),
    }))
}
