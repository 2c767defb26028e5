//! What was chosen by backtest or fitted once a week, and is only used every day: kept by the caller as texts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

/// What was chosen for each series, curve and model, by its name.
pub type Choices = BTreeMap<String, String>;

/// After so much more history a choice is made anew before its week is over: by a quarter.
const GROWN: f64 = 1.25;

/// Something chosen from so many days, or why nothing could be.
#[derive(Serialize, Deserialize)]
struct Chosen {
    days: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    made: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    absent: Option<Value>,
}

/// The text of what was chosen from so many days.
pub(super) fn write<T: Serialize, E: Serialize>(days: usize, made: &Result<T, E>) -> String {
    let value = |value: Result<Value, serde_json::Error>| value.unwrap_or_default();
    let chosen = match made {
        Ok(made) => Chosen { days, made: Some(value(serde_json::to_value(made))), absent: None },
        Err(reason) => Chosen { days, made: None, absent: Some(value(serde_json::to_value(reason))) },
    };
    serde_json::to_string(&chosen).unwrap_or_default()
}

/// What was chosen under this name.
///
/// # Errors
/// Why nothing is there, as JSON for people.
pub(super) fn read<T: DeserializeOwned>(choices: &Choices, name: &str) -> Result<T, Value> {
    let chosen = choices.get(name).and_then(|text| parse(text));
    chosen.map_or_else(|| Err(serde_json::json!({ "reason": "not_chosen_yet" })), |(_, said)| said)
}

/// From how many days something was chosen, and what, or why nothing was; none where that cannot be read.
fn parse<T: DeserializeOwned>(text: &str) -> Option<(usize, Result<T, Value>)> {
    let chosen: Chosen = serde_json::from_str(text).ok()?;
    let said = match (chosen.made, chosen.absent) {
        (Some(made), _) => Ok(serde_json::from_value(made).ok()?),
        (None, Some(reason)) => Err(reason),
        (None, None) => return None,
    };
    Some((chosen.days, said))
}

/// Whether nothing that can be read was chosen under this name, or from much less history than there is now.
pub(super) fn due<T: DeserializeOwned>(choices: &Choices, name: &str, days: usize) -> bool {
    let chosen = choices.get(name).and_then(|text| parse::<T>(text));
    chosen.is_none_or(|(before, _)| days as f64 >= GROWN * before as f64 && days > before)
}

/// The names beginning with `kind` of what cannot be read.
pub(super) fn unreadable<'a, T: DeserializeOwned>(choices: &'a Choices, kind: &str) -> Vec<&'a str> {
    let broken = choices.iter().filter(|(name, text)| name.starts_with(kind) && parse::<T>(text).is_none());
    broken.map(|(name, _)| name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NotEnough;

    #[test]
    fn what_was_chosen_is_read_as_it_was_and_what_could_not_be_says_why() {
        let short = NotEnough::TooShort { has: 3, needs: 9 };
        let texts = [("a", write(10, &Ok::<_, NotEnough>(vec![1.5]))), ("b", write::<f64, _>(10, &Err(short)))];
        let choices: Choices = texts.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
        assert_eq!(read::<Vec<f64>>(&choices, "a"), Ok(vec![1.5]));
        assert_eq!(read::<Vec<f64>>(&choices, "b").unwrap_err()["reason"], "too_short");
        assert_eq!(read::<Vec<f64>>(&choices, "c").unwrap_err()["reason"], "not_chosen_yet");
        let due = |name: &str, days| due::<Vec<f64>>(&choices, name, days);
        assert!(!due("a", 12) && due("a", 13) && due("c", 1));
    }

    #[test]
    fn what_cannot_be_read_is_due_and_named() {
        let of_another_version = write(10, &Ok::<_, NotEnough>("a word"));
        let texts =
            [("of:a", write(10, &Ok::<_, NotEnough>(1.5))), ("of:b", of_another_version), ("of:c", "{".to_owned())];
        let choices: Choices = texts.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
        assert_eq!(["of:a", "of:b", "of:c"].map(|name| due::<f64>(&choices, name, 10)), [false, true, true]);
        assert_eq!(unreadable::<f64>(&choices, "of:"), ["of:b", "of:c"]);
        assert_eq!(unreadable::<f64>(&choices, "other:"), [""; 0]);
        assert_eq!(read::<f64>(&choices, "of:b").unwrap_err()["reason"], "not_chosen_yet");
    }
}
