//! One thing that a cycle says, and about what.

use serde::Serialize;

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
    /// What it is: `figures`, `cohorts`, `reconciliation`, `forecast`, `finding`, `response`, `risk`.
    pub kind: &'static str,
    /// About what.
    pub about: About,
    /// What is said, as JSON.
    pub body: String,
}

impl Outcome {
    /// An outcome with this body. What cannot be written as JSON (it has no such parts) is said to be so.
    pub(super) fn new(kind: &'static str, about: About, body: &impl Serialize) -> Self {
        let body = serde_json::to_string(body).unwrap_or_else(|error| format!("{{\"unreadable\":\"{error}\"}}"));
        Self { kind, about, body }
    }
}
