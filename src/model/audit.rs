//! The audit log: who did what, and who was refused what.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::id::{AuditEventId, MemberId};

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// Its id.
    pub id: AuditEventId,
    /// Who acted.
    pub member_id: MemberId,
    /// That member's name at the time.
    pub member: String,
    /// The rule that allowed or refused it.
    pub action: String,
    /// Whether it was done.
    pub allowed: bool,
    /// What it was done to.
    pub resource_id: Option<String>,
    /// Its name at the time: a client's, a member's…
    pub resource: String,
    /// What exactly, as JSON.
    pub detail: String,
    /// The request's method.
    pub method: String,
    /// The request's path.
    pub path: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}
