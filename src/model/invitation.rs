//! Invitations: people asked to join the agency.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{email::EmailAddress, id::InvitationId, role::Role};

/// A person asked to join.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Who is asked.
    pub email: EmailAddress,
    /// What they will be.
    pub role: Role,
    /// Where it stands at the moment of asking.
    pub state: State,
    /// Whether its mail went out, waits or failed.
    pub email_status: EmailStatus,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When its link ends.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}

/// Where an invitation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Its link works.
    Pending,
    /// The person joined.
    Accepted,
    /// Its link has ended.
    Expired,
    /// It was taken back.
    Cancelled,
}

impl State {
    /// The spelling in answers and on screen.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}

/// How the mail of an invitation went, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EmailStatus {
    /// It waits to be sent.
    Queued,
    /// It went out.
    Sent,
    /// The last attempt failed; it is tried again.
    Failed,
}

impl EmailStatus {
    /// The spelling in answers and on screen.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}
