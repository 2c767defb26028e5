//! Background work: the runner over the Postgres queue, and one file for each job: load → call → decide → save.
//!
//! A job re-reads state and may run twice; it never holds a transaction across a call to the outside. To add one:
//! a variant in `model::job::Job`, a file here, an arm in [`runner`].

mod gone;
mod import;
mod listen;
mod mail_alert;
mod mail_alert_again;
mod mail_invitation;
mod mail_password_reset;
mod mail_report;
mod mail_sign_up;
mod mail_stale;
mod mail_summary;
mod mail_sync_failure;
pub mod mailer;
mod make_report;
pub mod permission;
pub mod pulse;
mod purge_ended;
mod queue_due;
mod revoke_connection;
mod run_brain;
pub mod runner;
mod send_message;
mod sync;
pub mod test_connection;

use std::{sync::Arc, time::Duration};

use mailer::Mailer;
use providers::Outside;
use service::Service;
pub use studio::typefaces;

/// What every job needs, cheap to clone.
#[derive(Clone, Debug)]
pub struct Context {
    /// What people do; jobs use the same functions.
    pub service: Service,
    /// Sends mail.
    pub mailer: Arc<Mailer>,
    /// Where people reach the product, without a slash at the end; links in mail begin with it.
    pub public_url: String,
    /// The way to the providers.
    pub outside: Arc<Outside>,
    /// A run's worker that says nothing for so long is believed dead.
    pub lease: Duration,
    /// How many connections of one organization are read at once.
    pub share: i64,
    /// Longer nobody waits for a provider that is to take a permission back.
    pub revoking: Duration,
    /// How many mailboxes this process listens to.
    pub listeners: usize,
}

pub use make_report::draw as draw_report;
pub use run_brain::Memory;
pub use sync::stored;
