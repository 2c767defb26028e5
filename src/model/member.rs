//! Members: the people of an agency who sign in.

use serde::{Deserialize, Serialize};

use crate::{
    email::EmailAddress,
    id::MemberId,
    input::{Invalid, line},
    role::Role,
};

/// A user in an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its id.
    pub id: MemberId,
    /// The person's name.
    pub name: String,
    /// The address it signs in with.
    pub email: EmailAddress,
    /// What it may do.
    pub role: Role,
}

/// Parses a person's name: one line of 1–100 characters.
///
/// # Errors
/// Empty or too long.
pub fn parse_name(text: &str) -> Result<String, Invalid> {
    line("name", "Name", text, 100)
}
