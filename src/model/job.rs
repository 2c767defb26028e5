//! Background work: one enum, matched exhaustively by the runner, so that a job without a handler does not compile.
//!
//! A job carries ids and re-reads state when it runs. It is enqueued in the transaction of the change that
//! causes it. Retire a variant only when no queue holds one any more.

use serde::{Deserialize, Serialize};

use time::OffsetDateTime;

use crate::id::{
    BrainCycleId, ConnectionId, ImportId, InvitationId, MemberId, OrganizationId, OutgoingId, PasswordResetId,
    ReportId, SignUpId, SummaryMailId, SyncRunId,
};

/// Everything the background runner can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum Job {
    /// Mails the person who signed up: a verification link, or word that the address has an account already.
    MailSignUp {
        /// The sign-up.
        sign_up_id: SignUpId,
    },
    /// Mails the person who is asked to join.
    MailInvitation {
        /// The agency.
        organization_id: OrganizationId,
        /// The invitation.
        invitation_id: InvitationId,
    },
    /// Mails a link to choose a new password.
    MailPasswordReset {
        /// The request.
        password_reset_id: PasswordResetId,
    },
    /// Reads a connection.
    SyncConnection {
        /// The agency.
        organization_id: OrganizationId,
        /// What is read.
        connection_id: ConnectionId,
        /// Whether a person waits for it: it need not wait for those whose time has come.
        #[serde(default)]
        asked: bool,
    },
    /// Queues the connections whose time has come; comes by itself every minute and after each run.
    QueueDue,
    /// Asks a provider whether a connection works.
    TestConnection {
        /// The agency.
        organization_id: OrganizationId,
        /// What is asked about.
        connection_id: ConnectionId,
    },
    /// Has a provider take its permission back, and throws the credential away, whatever the provider says.
    RevokeConnection {
        /// The agency.
        organization_id: OrganizationId,
        /// What was disconnected.
        connection_id: ConnectionId,
        /// The provider's key.
        provider: String,
        /// Who disconnected it, and reads what is left to do.
        #[serde(default)]
        member_id: Option<MemberId>,
    },
    /// Mails those who run the agency that a connection's run failed.
    MailSyncFailure {
        /// The agency.
        organization_id: OrganizationId,
        /// The run.
        sync_run_id: SyncRunId,
    },
    /// Mails those who run the agency that a connection was not read for a day.
    MailStale {
        /// The agency.
        organization_id: OrganizationId,
        /// What was not read.
        connection_id: ConnectionId,
    },
    /// Does what an import waits for: looks at its file, checks it, keeps its rows, or takes them back.
    RunImport {
        /// The agency.
        organization_id: OrganizationId,
        /// The import.
        import_id: ImportId,
    },
    /// Has the brain think about what is stored of an agency.
    RunBrain {
        /// The agency.
        organization_id: OrganizationId,
        /// The cycle.
        brain_cycle_id: BrainCycleId,
    },
    /// Mails a member the alerts that wait for them, in one mail.
    MailAlert {
        /// The agency.
        organization_id: OrganizationId,
        /// Who gets it.
        member_id: MemberId,
    },
    /// Mails a member their digest of the week.
    MailDigest {
        /// The agency.
        organization_id: OrganizationId,
        /// Who gets it.
        member_id: MemberId,
    },
    /// Has the mails about alerts sent again that were set aside for a member. It stands among the failed jobs until a person asks
    /// for it.
    MailAlertAgain {
        /// The agency.
        organization_id: OrganizationId,
        /// Who gets them.
        member_id: MemberId,
    },
    /// Mails a member a summary that somebody asked for.
    MailSummary {
        /// The agency.
        organization_id: OrganizationId,
        /// The click that asked for it.
        summary_mail_id: SummaryMailId,
        /// Who gets it.
        member_id: MemberId,
    },
    /// Makes a report and keeps its file.
    MakeReport {
        /// The agency.
        organization_id: OrganizationId,
        /// The report.
        report_id: ReportId,
    },
    /// Mails a report that is made to those whom it goes to.
    MailReport {
        /// The agency.
        organization_id: OrganizationId,
        /// The report.
        report_id: ReportId,
    },
    /// Sends a message that somebody wrote, once.
    SendMessage {
        /// The agency.
        organization_id: OrganizationId,
        /// What is sent.
        outgoing_id: OutgoingId,
    },
    /// Throws away what has ended and is of no more use; comes by itself once a day.
    PurgeEnded,
}

impl Job {
    /// Two jobs with the same key are one job while the first still waits.
    pub fn key(&self) -> String {
        match self {
            Self::MailSignUp { sign_up_id } => format!("mail_sign_up:{sign_up_id}"),
            Self::MailInvitation { invitation_id, .. } => format!("mail_invitation:{invitation_id}"),
            Self::MailPasswordReset { password_reset_id } => format!("mail_password_reset:{password_reset_id}"),
            Self::SyncConnection { connection_id, .. } => format!("sync_connection:{connection_id}"),
            Self::QueueDue => "queue_due".to_owned(),
            Self::TestConnection { connection_id, .. } => format!("test_connection:{connection_id}"),
            Self::RevokeConnection { connection_id, .. } => format!("revoke_connection:{connection_id}"),
            Self::MailStale { connection_id, .. } => format!("mail_stale:{connection_id}"),
            Self::MailSyncFailure { sync_run_id, .. } => format!("mail_sync_failure:{sync_run_id}"),
            Self::RunImport { import_id, .. } => format!("run_import:{import_id}"),
            Self::RunBrain { brain_cycle_id, .. } => format!("run_brain:{brain_cycle_id}"),
            Self::MailAlert { member_id, .. } => format!("mail_alert:{member_id}"),
            Self::MailDigest { member_id, .. } => format!("mail_digest:{member_id}"),
            Self::MailAlertAgain { member_id, .. } => format!("mail_alert_again:{member_id}"),
            Self::MailSummary { summary_mail_id, member_id, .. } => {
                format!("mail_summary:{summary_mail_id}:{member_id}")
            }
            Self::MakeReport { report_id, .. } => format!("make_report:{report_id}"),
            Self::MailReport { report_id, .. } => format!("mail_report:{report_id}"),
            Self::SendMessage { outgoing_id, .. } => format!("send_message:{outgoing_id}"),
            Self::PurgeEnded => "purge_ended".to_owned(),
        }
    }

    /// The agency that the job is about; none where it is about none yet, or about all.
    pub fn organization_id(&self) -> Option<OrganizationId> {
        match self {
            Self::MailInvitation { organization_id, .. }
            | Self::SyncConnection { organization_id, .. }
            | Self::TestConnection { organization_id, .. }
            | Self::RevokeConnection { organization_id, .. }
            | Self::MailSyncFailure { organization_id, .. }
            | Self::MailStale { organization_id, .. }
            | Self::RunImport { organization_id, .. }
            | Self::RunBrain { organization_id, .. }
            | Self::MailAlert { organization_id, .. }
            | Self::MailDigest { organization_id, .. }
            | Self::MailAlertAgain { organization_id, .. }
            | Self::MailSummary { organization_id, .. }
            | Self::MakeReport { organization_id, .. }
            | Self::MailReport { organization_id, .. }
            | Self::SendMessage { organization_id, .. } => Some(*organization_id),
            Self::MailSignUp { .. } | Self::MailPasswordReset { .. } | Self::QueueDue | Self::PurgeEnded => None,
        }
    }
}

/// A job that is not done, as those who run the agency see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedJob {
    /// Its number in the queue.
    pub id: i64,
    /// The job's name.
    pub name: String,
    /// How often it was tried.
    pub attempts: i32,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// Where it stands.
    pub state: JobState,
    /// When it is tried next.
    #[serde(with = "time::serde::rfc3339")]
    pub run_at: OffsetDateTime,
    /// When it was enqueued.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// How many jobs of an organization stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobCounts {
    /// Not tried yet.
    pub waiting: i64,
    /// Being done.
    pub running: i64,
    /// Failed, and tried again later.
    pub retrying: i64,
    /// Out of attempts.
    pub failed: i64,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Not tried yet.
    Waiting,
    /// Being done.
    Running,
    /// Failed, and tried again later.
    Retrying,
    /// Out of attempts; it waits for a person.
    Failed,
}

impl JobState {
    /// The spelling in answers and on screen.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Retrying => "retrying",
            Self::Failed => "failed",
        }
    }
}
