//! Who acts: the signed-in member on whose behalf every tenant transaction runs.

use serde::{Deserialize, Serialize};

use crate::{
    id::{MemberId, OrganizationId},
    role::Role,
};

/// A signed-in, active member with the role it holds right now (read from the database at every request).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The agency whose rows this actor can reach.
    pub organization_id: OrganizationId,
    /// The member itself.
    pub member_id: MemberId,
    /// What it may do.
    pub role: Role,
    /// The request it acts through, for the audit log.
    pub origin: Origin,
}

impl Actor {
    /// The product itself, at work for an agency in the background: nobody's account.
    pub fn machine(organization_id: OrganizationId) -> Self {
        let origin = Origin { method: "job".to_owned(), path: String::new() };
        Self { organization_id, member_id: MemberId(uuid::Uuid::nil()), role: Role::Owner, origin }
    }
}

/// The request that an action came through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// GET, POST…
    pub method: String,
    /// The path without its query.
    pub path: String,
}
