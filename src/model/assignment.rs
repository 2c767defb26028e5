//! Assignments: which clients a Manager or Member sees.

use serde::{Deserialize, Serialize};

use crate::id::{AssignmentId, ClientId, MemberId};

/// A client that is assigned to a member, as those see it who assign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sight {
    /// The assignment.
    pub id: AssignmentId,
    /// The client.
    pub client_id: ClientId,
    /// Its name.
    pub client: String,
    /// Whether it is archived.
    pub archived: bool,
}

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
