//! Who may do what: one table, used by the services, the pages, the API's answers, the docs and the tests.
//!
//! The database enforces the same for rows (policies in `migrations/`); this table decides actions and names the
//! rule that decided, so that a refusal can be explained.

use serde::{Deserialize, Serialize};

use crate::{actor::Actor, role::Role};

/// Something a member may or may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Read the clients in one's sight.
    ReadClients,
    /// Add a client to the agency.
    CreateClient,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 2] = [Self::ReadClients, Self::CreateClient];

    /// The lowest role that may.
    pub const fn least_role(self) -> Role {
        match self {
            Self::ReadClients => Role::Member,
            Self::CreateClient => Role::Admin,
        }
    }

    /// The rule's name in answers, audit rows and docs.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::ReadClients => "clients.read",
            Self::CreateClient => "clients.create",
        }
    }

    /// The rule in words.
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::ReadClients => "every member reads the clients in their sight",
            Self::CreateClient => "only an Owner or Admin can add clients",
        }
    }
}

/// A refusal that names its rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The rule's name.
    pub rule: String,
    /// The rule in words.
    pub message: String,
}

/// Decides whether `actor` may do `action`.
///
/// # Errors
/// A [`Refusal`] that names the rule.
pub fn check(actor: &Actor, action: Action) -> Result<(), Refusal> {
    if actor.role >= action.least_role() {
        Ok(())
    } else {
        Err(Refusal { rule: action.rule().to_owned(), message: action.explanation().to_owned() })
    }
}
