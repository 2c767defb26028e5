//! Clients: the customers of the agency.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{
    id::ClientId,
    input::{Invalid, line},
};

/// A customer of the agency as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// Its name, exactly as typed.
    pub name: String,
    /// When it was created.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// A client to be created, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewClient {
    /// Its name: one line of 1–200 characters.
    pub name: String,
}

impl NewClient {
    /// Parses what a person typed.
    ///
    /// # Errors
    /// The first field that cannot be accepted.
    pub fn parse(name: &str) -> Result<Self, Invalid> {
        Ok(Self { name: line("name", "Name", name, 200)? })
    }
}
