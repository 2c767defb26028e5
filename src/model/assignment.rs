//! Assignments: which clients a Manager or Member sees.

use serde::{Deserialize, Serialize};

use crate::id::{AssignmentId, ClientId, MemberId};

/// A member's sight of a client. It does not limit those whose role sees every client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Its id.
    pub id: AssignmentId,
    /// The client.
    pub client_id: ClientId,
    /// Who sees it.
    pub member_id: MemberId,
}
