//! `audienceos rehearsal`: the simulated agency on the command line. Nothing of it needs the database or settings.

use std::io::Write;

use clap::Subcommand;
use rehearsal::World;
use service::Clock;
use time::Date;

/// What can be asked of the simulated agency.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print what is really true of a simulated world, as JSON, to judge what the product makes of it.
    Truth {
        /// Which world.
        #[arg(long)]
        seed: u64,
        /// The world's day, such as 2026-11-03; the machine's day in UTC if left out.
        #[arg(long, value_parser = day)]
        today: Option<Date>,
        /// The world's first day, for a world that went on for longer; 399 to 518 days earlier if left out.
        #[arg(long, value_parser = day)]
        since: Option<Date>,
    },
}

fn day(text: &str) -> Result<Date, String> {
    model::page::parse_day("today", text).map_err(|invalid| invalid.message)
}

/// Runs the command.
///
/// # Errors
/// There is no such world, or nobody reads what is printed.
pub(crate) fn run(command: &Command) -> anyhow::Result<()> {
    let Command::Truth { seed, today, since } = command;
    let today = today.unwrap_or_else(|| Clock::default().now().date());
    let world = match since {
        Some(first) => World::since(*seed, *first, today)?,
        None => World::new(*seed, today)?,
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    serde_json::to_writer(&mut out, &world.truth())?;
    writeln!(out)?;
    Ok(out.flush()?)
}
