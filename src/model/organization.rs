//! The agency itself.

use serde::{Deserialize, Serialize};
use time::Duration;

use crate::{
    id::OrganizationId,
    input::{Invalid, line},
    stage::Thresholds,
};

/// An agency: the tenant that every other row belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name on screen and in mail.
    pub name: String,
    /// An IANA name; days and schedules of the agency follow it.
    pub time_zone: String,
    /// ISO 4217; what totals are shown in.
    pub currency: String,
    /// How long a client may stay in a stage.
    pub thresholds: Thresholds,
    /// Whether everything it holds is simulated.
    pub simulated: bool,
    /// How far its clock is ahead of ours; zero unless it is simulated.
    pub ahead: Duration,
}

/// Parses an agency's name: one line of 1–100 characters.
///
/// # Errors
/// Empty or too long.
pub fn parse_name(text: &str) -> Result<String, Invalid> {
    line("organization", "Agency name", text, 100)
}
