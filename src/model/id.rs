//! Typed ids: one newtype over UUID v7 for each noun, so that a client's id cannot be passed for a member's.
//!
//! Ids are made in `store::id`, where the clock is; here they are only carried, parsed and shown.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )+};
}

ids! {
    /// An agency.
    OrganizationId,
    /// A user in an organization.
    MemberId,
    /// A click that has a summary mailed.
    SummaryMailId,
    /// A sign-up that waits for its address to be verified.
    SignUpId,
    /// A signed-in browser.
    SessionId,
    /// A customer of the agency.
    ClientId,
    /// A column of the board.
    StageId,
    /// What was written to and fro about one thing.
    ConversationId,
    /// Something that was done to a conversation.
    ConversationChangeId,
    /// A message that came or went.
    MessageId,
    /// A message that is to go, goes, or went: its effect key.
    OutgoingId,
    /// What a member says to the others about a conversation.
    NoteId,
    /// A word that conversations are marked with.
    LabelId,
    /// A text that is written often.
    TemplateId,
    /// A file that is to go with a message.
    UploadId,
    /// A person at a client.
    ContactId,
    /// A member's sight of a client.
    AssignmentId,
    /// A person asked to join.
    InvitationId,
    /// An entry of the audit log.
    AuditEventId,
    /// A program's way to act for a member.
    AccessTokenId,
    /// A request to choose a new password.
    PasswordResetId,
    /// A sign-in that waits for a code.
    LoginStepId,
    /// A way to Google and back.
    GoogleAttemptId,
    /// A linked provider account.
    ConnectionId,
    /// A consent that was begun.
    OAuthStateId,
    /// An ad account, shop or mailbox.
    ChannelId,
    /// One reading of a connection.
    SyncRunId,
    /// One run of the brain.
    BrainCycleId,
    /// What the brain said of what was stored at a moment.
    BrainStateId,
    /// Something that the brain proposes to do.
    ActionId,
    /// An event that the brain noticed.
    AlertId,
    /// A rule of who hears of which alerts.
    AlertRuleId,
    /// A mail about alerts.
    AlertMailId,
    /// An experiment that showed what a channel brings.
    LiftTestId,
    /// A file, or rows that were pushed, on their way into a source.
    ImportId,
    /// A saved way to read files.
    ImportMappingId,
    /// A question about figures that a member keeps.
    SavedViewId,
    /// A report.
    ReportId,
    /// When reports are made by themselves.
    ReportScheduleId,
}
