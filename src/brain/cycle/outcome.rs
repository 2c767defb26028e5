//! One thing that a cycle says, and about what.

use serde::Serialize;
use serde_json::Value;

/// What something is about. Ids are the caller's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The client; none for the agency as a whole and for channels without a client.
    pub client: Option<String>,
    /// The channel, if it is about one, or about something in one.
    pub channel: Option<String>,
}

impl About {
    /// About the agency as a whole.
    pub fn agency() -> Self {
        Self::default()
    }

    /// About a client, or what belongs to none.
    pub fn client(client: Option<&str>) -> Self {
        Self { client: client.map(Into::into), channel: None }
    }

    /// About a channel of a client.
    pub fn channel(client: Option<&str>, channel: &str) -> Self {
        Self { client: client.map(Into::into), channel: Some(channel.into()) }
    }
}

/// One thing that is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What it is: `gap`, `figures`, `cohorts`, `reconciliation`, `forecast`, `response`, `fatigue`, `decay`, `risk`, `finding`,
    /// `action`.
    pub kind: &'static str,
    /// About what.
    pub about: About,
    /// What is said, as JSON.
    pub body: String,
}

impl Outcome {
    /// An outcome with this body, in which what is there stands for itself and what is not there is `{"absent": why}`.
    pub(super) fn new(kind: &'static str, about: About, body: &impl Serialize) -> Self {
        // Only a map with keys that are no text cannot be written, and there is none.
        let body = serde_json::to_value(body).map(plain).unwrap_or_default();
        Self { kind, about, body: body.to_string() }
    }
}

/// Rust's way to write results is not for readers of JSON.
fn plain(value: Value) -> Value {
    match value {
        Value::Object(mut map) if map.len() == 1 && map.contains_key("Ok") => {
            plain(map.remove("Ok").unwrap_or_default())
        }
        Value::Object(mut map) if map.len() == 1 && map.contains_key("Err") => {
            serde_json::json!({ "absent": plain(map.remove("Err").unwrap_or_default()) })
        }
        Value::Object(map) => Value::Object(map.into_iter().map(|(key, value)| (key, plain(value))).collect()),
        Value::Array(items) => Value::Array(items.into_iter().map(plain).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_stands_for_itself_and_what_is_not_says_why() {
        let body: (Result<i32, &str>, Vec<Result<i32, &str>>) = (Ok(1), vec![Err("no"), Ok(2)]);
        let outcome = Outcome::new("x", About::agency(), &body);
        assert_eq!(outcome.body, r#"[1,[{"absent":"no"},2]]"#);
    }
}
