//! `audienceos keys`: makes keys for the vault, says what lies under which, and puts everything under the first.
//!
//! It works beside running servers, also on the private cluster that one of them runs.

use clap::Subcommand;
use service::{
    Clock, Vault,
    keys::{self, Usage},
    vault,
};
use store::Db;

use crate::config::Config;

/// How many secrets that do not open are named; the rest are counted.
const NAMED: usize = 10;

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print a new key for `AUDIENCEOS_KEYS`.
    New,
    /// Say how many secrets lie under which key.
    Status,
    /// Put every secret under the first key, while servers and workers run. Can be stopped and run again at any time.
    Rotate,
}

/// Prints a key that nobody else has.
///
/// # Errors
/// The system gives no randomness.
#[expect(clippy::print_stdout, reason = "this is what the command is for")]
pub(crate) fn print_new() -> anyhow::Result<()> {
    println!("{}", vault::new_key(Clock::default().now().date())?);
    Ok(())
}

/// Runs what needs the database.
///
/// # Errors
/// The database failed or is not migrated, or secrets were found that do not open.
pub(crate) async fn run(config: &Config, db: &Db, command: &Command) -> anyhow::Result<()> {
    anyhow::ensure!(db.ready().await, "the migrations are not applied: run `audienceos migrate`");
    let vault = config.vault()?;
    match command {
        Command::New => print_new(),
        Command::Status => status(db, &vault).await,
        Command::Rotate => rotate(db, &vault).await,
    }
}

#[expect(clippy::print_stdout, reason = "this is what the command is for")]
async fn status(db: &Db, vault: &Vault) -> anyhow::Result<()> {
    let usage = keys::list(db, vault).await?;
    for Usage { key, in_ring, seals, secrets } in &usage {
        let role = match (in_ring, seals) {
            (_, true) => "seals",
            (true, false) => "opens",
            (false, false) => "missing",
        };
        println!("{key:<20}  {role:<7}  {secrets}");
    }
    let lost = usage.iter().filter(|usage| !usage.in_ring);
    let lost: Vec<_> = lost.map(|usage| usage.key.as_str()).collect();
    anyhow::ensure!(
        lost.is_empty(),
        "not in AUDIENCEOS_KEYS: {}. What lies under a key that is missing cannot be opened",
        lost.join(", ")
    );
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is what the command is for")]
async fn rotate(db: &Db, vault: &Vault) -> anyhow::Result<()> {
    let first = vault.sealing();
    let done = keys::rotate(db, vault, |done| println!("{done} so far")).await?;
    println!("put under {first}: {}", done.resealed);
    if !done.unreadable.is_empty() {
        let named: Vec<_> = done.unreadable.iter().take(NAMED).map(|row| format!("\n  {row}")).collect();
        anyhow::bail!(
            "what does not open stays as it is; keep every key until that is settled. {} in all:{}",
            done.unreadable.len(),
            named.concat()
        );
    }
    for usage in keys::list(db, vault).await?.into_iter().filter(|usage| !usage.seals) {
        match (usage.secrets, usage.key) {
            (0, key) if key == vault::INSTALLATION => println!("nothing lies under the installation's secret"),
            (0, key) => println!(
                "nothing lies under {key} any more: when {first} is the first key of every server and worker, take {key} \
                 out of AUDIENCEOS_KEYS. Keep it with the backups that were made before"
            ),
            (secrets, key) => println!(
                "under {key} lie {secrets} that were sealed meanwhile, by a server or worker whose first key is not {first}. \
                 Start it with the present AUDIENCEOS_KEYS, and rotate again"
            ),
        }
    }
    Ok(())
}

/// Writes into the log what lies under keys that are not there: it works for nobody, and everything else does.
///
/// # Errors
/// The database failed.
pub(crate) async fn report_lost(db: &Db, vault: &Vault) -> anyhow::Result<()> {
    for usage in keys::list(db, vault).await?.iter().filter(|usage| !usage.in_ring) {
        tracing::error!(
            "sealed under the key {1}, which is not in AUDIENCEOS_KEYS, and cannot be opened: {0}",
            usage.secrets,
            usage.key
        );
    }
    Ok(())
}
