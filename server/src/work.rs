//! `audienceos jobs`: background work that failed, for the operator. Most of it belongs to an agency, whose Admins see it
//! under Settings; mails of sign-ups and of forgotten passwords belong to nobody yet and stand here only.

use clap::Subcommand;
use store::{Db, cursor::Cursor, queue};

/// So many are read from the queue at once.
const PAGE: i64 = 200;

/// What can be done with background work.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List all that failed at least once, what is out of attempts first: its number, what it does, where it stands, and why it failed.
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
            let mut none = true;
            for exhausted in [true, false] {
                let mut cursor = None;
                loop {
                    let page = queue::list_unfinished(&mut tx, exhausted, PAGE, cursor).await?;
                    for job in page.items {
                        none = false;
                        let error = job.error.unwrap_or_default().replace(['\n', '\t'], " ");
                        println!(
                            "{}\t{}\t{} after {} attempts\t{error}",
                            job.id,
                            job.name,
                            job.state.key(),
                            job.attempts
                        );
                    }
                    let Some(next) = page.next_cursor else { break };
                    cursor = Some(Cursor::parse(&next)?);
                }
            }
            if none {
                println!("nothing failed");
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
