//! `audienceos providers`: the operator's switch for a whole provider, while servers and workers run. Nothing is lost: what
//! was read stays, and reading goes on where it stopped once the provider is on again.

use clap::Subcommand;
use service::Clock;
use store::{Db, provider_switch};

/// What can be done with providers.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say which providers are on and which are off.
    List,
    /// Switch a provider off for everybody: no sync of it begins, and running ones stop at their next page.
    Off {
        /// Its key, for instance `google_ads`.
        provider: String,
        /// What people read on the page of integrations.
        #[arg(long)]
        reason: String,
    },
    /// Switch a provider on again.
    On {
        /// Its key.
        provider: String,
    },
}

/// Runs it.
///
/// # Errors
/// An unknown provider, or the database failed or is not migrated.
#[expect(clippy::print_stdout, reason = "this is what the command is for")]
pub(crate) async fn run(db: &Db, command: &Command) -> anyhow::Result<()> {
    anyhow::ensure!(db.ready().await, "the migrations are not applied: run `audienceos migrate`");
    let mut tx = db.system().await?;
    match command {
        Command::List => {
            let off = provider_switch::list(&mut tx).await?;
            for provider in providers::all() {
                let key = provider.descriptor().key;
                match off.iter().find(|(off, _)| off == key) {
                    Some((_, reason)) => println!("{key}\toff\t{reason}"),
                    None => println!("{key}\ton"),
                }
            }
        }
        Command::Off { provider, reason } => {
            let key = known(provider)?;
            anyhow::ensure!(!reason.trim().is_empty(), "say why, so that people know: --reason");
            provider_switch::insert(&mut tx, key, reason.trim(), Clock::default().now()).await?;
            println!("{key} is off: {}", reason.trim());
        }
        Command::On { provider } => {
            let key = known(provider)?;
            let was_off = provider_switch::remove(&mut tx, key).await?;
            println!("{key} is on{}", if was_off { "" } else { ", as it was" });
        }
    }
    Ok(tx.commit().await?)
}

fn known(key: &str) -> anyhow::Result<&'static str> {
    crate::connect::provider(key)
        .map(|provider| provider.descriptor().key)
        .map_err(|invalid| anyhow::anyhow!("there is no provider {key}: {}. Nothing was changed", invalid.message))
}
