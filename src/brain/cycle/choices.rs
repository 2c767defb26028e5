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
    let unchosen = || serde_json::json!({ "reason": "not_chosen_yet" });
    let text = choices.get(name).ok_or_else(unchosen)?;
    let chosen: Chosen = serde_json::from_str(text).map_err(|_| unchosen())?;
    match (chosen.made, chosen.absent) {
        (Some(made), _) => serde_json::from_value(made).map_err(|_| unchosen()),
        (None, Some(reason)) => Err(reason),
        (None, None) => Err(unchosen()),
    }
}

/// Whether nothing was chosen under this name, or from much less history than there is now.
pub(super) fn due(choices: &Choices, name: &str, days: usize) -> bool {
    let chosen = choices.get(name).and_then(|text| serde_json::from_str::<Chosen>(text).ok());
    chosen.is_none_or(|chosen| days as f64 >= GROWN * chosen.days as f64 && days > chosen.days)
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
        assert!(!due(&choices, "a", 12) && due(&choices, "a", 13) && due(&choices, "c", 1));
    }
}
