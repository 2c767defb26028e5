//! Looks every figure of a sentence up again in the bodies of the state, by another way than it was made.

use std::{collections::BTreeMap, sync::OnceLock};

use model::{
    brain::Outcome,
    summary::{Figure, Sentence},
};
use serde_json::Value;

/// A sum of so many rounded numbers may be off by this share.
const ROUNDING: f64 = 1e-9;

/// The bodies of a state's outcomes by their numbers. Sentences tell of few of them: each is read when it is looked into.
#[derive(Debug)]
pub struct Bodies(BTreeMap<i32, (String, OnceLock<Option<Value>>)>);

impl Bodies {
    /// Those of these outcomes; one that is no JSON holds no figure.
    pub fn read(outcomes: &[Outcome]) -> Self {
        let one = |outcome: &Outcome| (outcome.number, (outcome.body.clone(), OnceLock::new()));
        Self(outcomes.iter().map(one).collect())
    }

    fn get(&self, number: i32) -> Option<&Value> {
        let (body, read) = self.0.get(&number)?;
        read.get_or_init(|| serde_json::from_str(body).ok()).as_ref()
    }
}

/// Why a sentence must not be shown: a figure of it is not what the state says, or stands elsewhere than it says. None if
/// all is as it should be.
pub fn unfounded(sentence: &Sentence, bodies: &Bodies) -> Option<String> {
    let characters: Vec<char> = sentence.text.chars().collect();
    sentence.figures.iter().find_map(|figure| {
        let shown: Vec<char> = figure.shown.chars().collect();
        let there = characters.get(figure.at..figure.at + shown.len());
        if there != Some(&shown[..]) {
            return Some(format!("{} does not stand where it should", figure.shown));
        }
        let Some(said) = bodies.get(figure.outcome).and_then(|body| stored(body, figure)) else {
            return Some(format!("nothing stands at {} of {}", figure.path, figure.outcome));
        };
        let Ok(value) = figure.value.parse::<f64>() else { return Some(format!("{} is no number", figure.value)) };
        if (said - value).abs() > ROUNDING * said.abs() {
            return Some(format!("{} of {} is {said} and not {value}", figure.path, figure.outcome));
        }
        (!rounded(figure, value)).then(|| format!("{} is not {value}", figure.shown))
    })
}

/// What the state says at a figure's place.
fn stored(body: &Value, figure: &Figure) -> Option<f64> {
    let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.parse().ok());
    let path = figure.path.as_str();
    if let Some((list, item)) = path.split_once("/*") {
        return body.pointer(list)?.as_array()?.iter().map(|one| one.pointer(item).and_then(number)).sum();
    }
    let at = body.pointer(path)?;
    match (figure.key.as_str(), at) {
        ("interval", _) => number(at).map(|_| 0.8),
        ("days", Value::Array(items)) => Some(items.len() as f64),
        ("days", Value::Object(_)) => {
            let day = |name: &str| model::page::parse_day("day", at[name].as_str()?).ok();
            Some(((day("last")? - day("first")?).whole_days() + 1) as f64)
        }
        _ => number(at),
    }
}

/// Whether what is shown is the value to the last digit that is shown.
fn rounded(figure: &Figure, value: f64) -> bool {
    let percent = matches!(figure.unit.as_str(), "share" | "change");
    let value = if percent { 100.0 * value } else { value };
    if let Some(least) = figure.shown.strip_prefix("over ") {
        return least == "99 %" && value > 99.0;
    }
    if let Some(most) = figure.shown.strip_prefix("under ") {
        return most == "1 %" && value < 1.0;
    }
    let digits = figure.shown.trim_end_matches(|c: char| !c.is_ascii_digit()).replace(',', "").replace('−', "-");
    let places = digits.split_once('.').map_or(0, |(_, part)| part.len());
    let half = 0.5 * 0.1_f64.powi(i32::try_from(places).unwrap_or(i32::MAX));
    digits.parse::<f64>().is_ok_and(|shown| (shown - value).abs() <= half * (1.0 + ROUNDING) + ROUNDING * value.abs())
}
