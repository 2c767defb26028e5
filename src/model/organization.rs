//! The agency itself.

use serde::{Deserialize, Serialize};

use crate::{
    id::OrganizationId,
    input::{Invalid, line},
};

/// An agency: the tenant that every other row belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name on screen and in mail.
    pub name: String,
}

/// Parses an agency's name: one line of 1–100 characters.
///
/// # Errors
/// Empty or too long.
pub fn parse_name(text: &str) -> Result<String, Invalid> {
    line("organization", "Agency name", text, 100)
}
