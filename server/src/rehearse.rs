//! `audienceos rehearsal`: the simulated agency on the command line, its providers behind one address or its truth as JSON.
//! Nothing of it needs the database or settings.

use std::{
    io::Write,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use anyhow::Context;
use clap::Subcommand;
use rehearsal::{
    World,
    fault::Rule,
    protocol::App,
    server::{Clock as Logical, Rehearsal, Speech, serve},
};
use service::Clock;
use time::{Date, Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::net::TcpListener;

/// The simulated agency: without a command its providers are served on this machine until Ctrl-C.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Which world.
    #[arg(long, required = true)]
    seed: Option<u64>,
    /// Where to listen, on 127.0.0.1, with the mail server at the two ports behind it; 0 for any ports that are free. The addresses
    /// are printed.
    #[arg(long, required = true)]
    port: Option<u16>,
    /// The world stands at the end of this day, such as 2026-11-03, until it is moved; without it, it runs with the machine.
    #[arg(long, value_parser = day)]
    today: Option<Date>,
    /// The world stands at this moment, such as 2026-11-03T09:00:00Z, until it is moved.
    #[arg(long, value_parser = moment, conflicts_with = "today")]
    at: Option<OffsetDateTime>,
    /// The world's first day, for a world that went on for longer; 399 to 518 days earlier if left out.
    #[arg(long, value_parser = day)]
    since: Option<Date>,
    /// Where the product is: the only place to which consent leads back.
    #[arg(long, default_value = "http://localhost:3000")]
    app: String,
    /// The app's id at every provider.
    #[arg(long, default_value = "rehearsal")]
    client_id: String,
    /// The app's secret at every provider, and the password of the mailbox at the mail server.
    #[arg(long, default_value = "rehearsal-secret")]
    client_secret: String,
    /// The developer token of Google Ads.
    #[arg(long, default_value = "rehearsal-developer-token")]
    developer_token: String,
    /// A file with a JSON list of faults, which hold from the beginning.
    #[arg(long)]
    faults: Option<PathBuf>,
}

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

fn moment(text: &str) -> Result<OffsetDateTime, String> {
    OffsetDateTime::parse(text, &Rfc3339).map_err(|_| "enter a moment as 2026-11-03T09:00:00Z".into())
}

fn machine() -> OffsetDateTime {
    Clock::default().now()
}

/// Runs the command.
///
/// # Errors
/// There is no such world, nobody reads what is printed, or the address is taken.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let Some(Command::Truth { seed, today, since }) = &args.command else { return simulate(args) };
    let today = today.unwrap_or_else(|| machine().date());
    let world = match since {
        Some(first) => World::since(*seed, *first, today)?,
        None => World::new(*seed, today)?,
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    serde_json::to_writer(&mut out, &world.truth())?;
    writeln!(out)?;
    Ok(out.flush()?)
}

fn simulate(args: &Args) -> anyhow::Result<()> {
    let clock = match (args.today, args.at) {
        (Some(today), _) => Logical::EndOf(today),
        (None, Some(at)) => Logical::Stands(at),
        (None, None) => Logical::Runs(Duration::ZERO),
    };
    let back = |key: &&str| format!("{}/api/oauth/{key}/callback", args.app.trim_end_matches('/'));
    let app = App {
        id: args.client_id.clone(),
        secret: args.client_secret.clone(),
        developer_token: args.developer_token.clone(),
        redirect_uris: ["google_ads", "meta_ads", "tiktok_ads", "shopify", "gmail", "outlook"]
            .iter()
            .map(back)
            .collect(),
    };
    let rehearsal = Rehearsal::new(args.seed.unwrap_or_default(), args.since, clock, app, machine)?;
    if let Some(file) = &args.faults {
        let text = std::fs::read(file).with_context(|| format!("{} could not be read", file.display()))?;
        let rules: Vec<Rule> =
            serde_json::from_slice(&text).with_context(|| format!("{} holds no list of faults", file.display()))?;
        rehearsal.set_faults(rules);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let rehearsal = Arc::new(rehearsal);
        let listener = bind(args.port.unwrap_or_default(), 0).await?;
        let imap = bind(args.port.unwrap_or_default(), 1).await?;
        let submission = bind(args.port.unwrap_or_default(), 2).await?;
        let told = format!(
            "rehearsing on http://{}\nrehearsing on imap-plain://{}/?smtp=smtp-plain://{}\n",
            listener.local_addr()?,
            imap.local_addr()?,
            submission.local_addr()?
        );
        // At once: who reads the first line only may be gone before the second.
        let mut out = std::io::stdout().lock();
        out.write_all(told.as_bytes())?;
        out.flush()?;
        drop(out);
        // They end with the program.
        tokio::spawn(serve(imap, Speech::Imap, Arc::clone(&rehearsal), std::future::pending()));
        tokio::spawn(serve(submission, Speech::Submission, Arc::clone(&rehearsal), std::future::pending()));
        Ok(serve(listener, Speech::Http, rehearsal, crate::cli::stop_signal()?).await?)
    })
}

/// Listens at the port so many behind the one that was asked for, or at any.
async fn bind(port: u16, behind: u16) -> anyhow::Result<TcpListener> {
    let port = if port == 0 { 0 } else { port.checked_add(behind).context("there are no ports behind that one")? };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).await.with_context(|| format!("could not listen on port {port}"))
}
