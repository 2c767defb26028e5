//! `audienceos jobs`: background work that failed, for the operator. Most of it belongs to an agency, whose Admins see it
//! under Settings; mails of sign-ups and of forgotten passwords belong to nobody yet and stand here only.

use clap::Subcommand;
use store::{Db, queue};

/// What can be done with background work.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List what failed at least once: its number, what it does, where it stands, and why it failed.
    List,
    /// Have one tried again at once, with all its attempts.
    Retry {
        /// Its number, as listed.
        id: i64,
    },
}

/// Runs it.
///
/// # Errors
/// There is no such job, it runs just now, or the database failed or is not migrated.
#[expect(clippy::print_stdout, reason = "this is what the command is for")]
pub(crate) async fn run(db: &Db, command: &Command) -> anyhow::Result<()> {
    anyhow::ensure!(db.ready().await, "the migrations are not applied: run `audienceos migrate`");
    let mut tx = db.system().await?;
    match command {
        Command::List => {
            let jobs = queue::list_unfinished(&mut tx).await?;
            if jobs.is_empty() {
                println!("nothing failed");
            }
            for job in jobs {
                let error = job.error.unwrap_or_default().replace(['\n', '\t'], " ");
                println!("{}\t{}\t{} after {} attempts\t{error}", job.id, job.name, job.state.key(), job.attempts);
            }
        }
        Command::Retry { id } => {
            anyhow::ensure!(
                queue::retry_any(&mut tx, *id).await?,
                "there is no job {id} that waits or failed; see `audienceos jobs list`. Nothing was changed"
            );
            println!("{id} is tried again now");
        }
    }
    Ok(tx.commit().await?)
}
