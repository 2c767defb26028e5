//! The four roles, ordered by power.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What a member is in the organization. `Owner > Admin > Manager > Member`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads the clients assigned to them.
    Member,
    /// Edits the clients assigned to them.
    Manager,
    /// Runs the organization, all clients included.
    Admin,
    /// An admin who also holds billing and the organization itself.
    Owner,
}

impl Role {
    /// All roles, most powerful first.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Manager, Self::Member];

    /// The stored spelling.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Member => "member",
        }
    }

    /// The spelling on screen.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Admin => "Admin",
            Self::Manager => "Manager",
            Self::Member => "Member",
        }
    }

    /// Whether every client is visible without an assignment.
    pub const fn sees_every_client(self) -> bool {
        matches!(self, Self::Owner | Self::Admin)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// The text is none of the four roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a role is owner, admin, manager or member")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.key() == text).ok_or(UnknownRole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_ordered_by_power_and_read_back() {
        assert!(Role::Owner > Role::Admin && Role::Admin > Role::Manager && Role::Manager > Role::Member);
        for role in Role::ALL {
            assert_eq!(role.key().parse(), Ok(role));
        }
        assert_eq!("root".parse::<Role>(), Err(UnknownRole));
    }
}
