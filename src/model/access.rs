//! Who may do what: one table, used by the services, the pages, the API's answers, the docs and the tests.
//!
//! The database enforces the same for rows (policies in `migrations/`): a client outside one's sight is simply not
//! there. This table decides actions and names the rule that decided, so that a refusal can be explained.

use serde::{Deserialize, Serialize};

use crate::{actor::Actor, role::Role};

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident: $rule:literal, $least:ident, $words:literal;)+) => {
        /// Something a member may or may not do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Action {
            $($(#[$doc])* $name,)+
        }

        impl Action {
            /// Every action, in the order of the docs page.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The rule's name in answers, audit rows and docs.
            pub const fn rule(self) -> &'static str {
                match self { $(Self::$name => $rule,)+ }
            }

            /// The lowest role that may.
            pub const fn least_role(self) -> Role {
                match self { $(Self::$name => Role::$least,)+ }
            }

            /// The rule in words.
            pub const fn explanation(self) -> &'static str {
                match self { $(Self::$name => $words,)+ }
            }
        }
    };
}

actions! {
    /// Read the clients in one's sight.
    ReadClients: "clients.read", Member, "everybody reads the clients in their sight; Managers and Members see those assigned to them";
    /// Change a client in one's sight: its fields, contacts and stage.
    EditClient: "clients.edit", Manager, "Members read their clients; changing one needs a Manager, Admin or Owner";
    /// Read the conversations of the clients in one's sight.
    ReadConversations: "conversations.read", Member, "everybody reads the conversations of the clients in their sight; those that wait for a client are read by Admins and Owners, private ones by the members named";
    /// Answer, assign, close and mark conversations of the clients in one's sight, and put them to a client.
    EditConversations: "conversations.edit", Manager, "Members read the conversations of their clients; answering and changing one needs a Manager, Admin or Owner";
    /// Acknowledge alerts of the clients in one's sight, let them wait, and open them again.
    EditAlerts: "alerts.edit", Manager, "Members read the alerts of their clients; seeing to one needs a Manager, Admin or Owner";
    /// Make, schedule and remove reports of the clients in one's sight.
    EditReports: "reports.edit", Manager, "Members read the reports of their clients; making, scheduling and removing one needs a Manager, Admin or Owner";
    /// Make, schedule and remove reports of the agency as a whole.
    AgencyReports: "reports.agency", Admin, "only an Admin or Owner makes reports of all clients together";
    /// Add a client to the agency.
    CreateClient: "clients.create", Admin, "only an Admin or Owner adds clients";
    /// Take a client out of the lists, or back in.
    ArchiveClient: "clients.archive", Admin, "only an Admin or Owner archives clients";
    /// List the members and invitations of the agency.
    ReadMembers: "members.read", Admin, "only an Admin or Owner sees the list of members";
    /// Invite, change, deactivate and remove members, and assign clients to them.
    EditMembers: "members.edit", Admin, "only an Admin or Owner changes members, roles and assignments";
    /// Read the agency's settings.
    ReadSettings: "settings.read", Admin, "only an Admin or Owner reads the agency's settings";
    /// Change the agency's settings, stages included.
    EditSettings: "settings.edit", Admin, "only an Admin or Owner changes the agency's settings";
    /// Read who did what and who was refused what.
    ReadAudit: "audit.read", Admin, "only an Admin or Owner reads the audit log";
    /// See background jobs and the mails of the agency, and have failed ones tried again.
    RunJobs: "jobs.run", Admin, "only an Admin or Owner sees the agency's mails and background work";
    /// See the connections to providers, and what their runs did.
    ReadIntegrations: "integrations.read", Manager, "Managers, Admins and Owners see what is connected";
    /// Connect, sync, map and disconnect providers.
    EditIntegrations: "integrations.edit", Admin, "only an Admin or Owner connects and disconnects providers";
    /// Have the brain think now, and see its runs.
    RunBrain: "brain.run", Admin, "only an Admin or Owner has the brain think; it does so by itself after every reading";
    /// Read and change one's own profile, sessions and sign-in.
    EditSelf: "self.edit", Member, "everybody keeps their own profile and sign-in";
}

/// Beside the table: rules that can refuse, too, and what happens before somebody is signed in.
const FURTHER_RULES: [&str; 6] =
    ["members.rank", "members.self", "members.join", "sign_in", "sign_in.code", TOKEN_SCOPE];

/// The rule of what an access token may not: one that was made for reading changes nothing, and none is a session.
pub const TOKEN_SCOPE: &str = "tokens.scope";

/// The names of all rules, for choosing among them.
pub fn rules() -> impl Iterator<Item = &'static str> {
    Action::ALL.iter().map(|action| action.rule()).chain(FURTHER_RULES)
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

/// Whether a member with `role` may do `action`; for showing and hiding controls.
pub fn may(role: Role, action: Action) -> bool {
    role >= action.least_role()
}

/// Decides whether `actor` may do `action`.
///
/// # Errors
/// A [`Refusal`] that names the rule.
pub fn check(actor: &Actor, action: Action) -> Result<(), Refusal> {
    if may(actor.role, action) {
        Ok(())
    } else {
        Err(Refusal { rule: action.rule().to_owned(), message: action.explanation().to_owned() })
    }
}

/// Decides whether `actor` may give somebody `granted`, or change somebody who holds it: nobody reaches above
/// their own role.
///
/// # Errors
/// A [`Refusal`] that names the rule.
pub fn check_rank(actor: &Actor, granted: Role) -> Result<(), Refusal> {
    if actor.role >= granted {
        Ok(())
    } else {
        Err(Refusal {
            rule: "members.rank".to_owned(),
            message: "nobody grants or changes a role above their own".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_have_names_of_their_own() {
        let mut rules: Vec<_> = Action::ALL.iter().map(|action| action.rule()).collect();
        rules.sort_unstable();
        rules.dedup();
        assert_eq!(rules.len(), Action::ALL.len());
    }

    #[test]
    fn an_owner_may_everything_and_a_member_only_reads_and_keeps_itself() {
        assert!(Action::ALL.iter().all(|action| may(Role::Owner, *action)));
        let allowed: Vec<_> = Action::ALL.iter().filter(|action| may(Role::Member, **action)).collect();
        assert_eq!(allowed, [&Action::ReadClients, &Action::ReadConversations, &Action::EditSelf]);
    }
}
