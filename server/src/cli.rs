//! The command line: `audienceos serve | worker | migrate | keys | providers | jobs | rehearsal | brain | doctor | version`.

use std::{future::Future, time::Duration};

use anyhow::Context;
use clap::{Parser, Subcommand};
use secrecy::ExposeSecret;
use store::Db;
use tokio::{net::TcpListener, signal::unix::SignalKind, sync::watch};
use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    brain, config::Config, doctor, faults, keys, postgres::Postgres, rehearse, routes, simulation, state, switches,
    work,
};

/// AudienceOS: one application in which a marketing agency runs its clients.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the application, and run its jobs.
    Serve {
        /// Leave the jobs to `audienceos worker`.
        #[arg(long)]
        no_worker: bool,
    },
    /// Run jobs only.
    Worker,
    /// Apply the migrations and end.
    Migrate {
        /// Undo all of them instead. Everything stored is lost.
        #[arg(long)]
        undo: bool,
    },
    /// Look after the keys that seal secrets at rest.
    Keys {
        #[command(subcommand)]
        command: keys::Command,
    },
    /// Switch a provider off or on for everybody, while servers run.
    Providers {
        #[command(subcommand)]
        command: switches::Command,
    },
    /// Look after background work that failed, of whomever it is.
    Jobs {
        #[command(subcommand)]
        command: work::Command,
    },
    /// The simulated agency, whose truth is known. Needs neither database nor settings.
    Rehearsal(rehearse::Args),
    /// The brain on files of your own. Needs neither database nor settings.
    Brain {
        #[command(subcommand)]
        command: brain::Command,
    },
    /// List missing and wrong settings, and what will not work without them.
    Doctor,
    /// Print the version.
    Version,
}

/// Runs the chosen command.
///
/// # Errors
/// In words for the operator.
pub fn run(cli: Cli) -> anyhow::Result<()> {
    let command = cli.command.unwrap_or(Command::Serve { no_worker: false });
    if matches!(command, Command::Version) {
        #[expect(clippy::print_stdout, reason = "this is what the command is for")]
        {
            println!("audienceos {}", env!("CARGO_PKG_VERSION"));
        }
        return Ok(());
    }
    if matches!(command, Command::Keys { command: keys::Command::New }) {
        return keys::print_new();
    }
    if let Command::Rehearsal(args) = &command {
        return rehearse::run(args);
    }
    if let Command::Brain { command } = &command {
        return brain::run(command);
    }
    if matches!(command, Command::Doctor) {
        let (config, faults) = Config::read()?;
        let set = config.database_url.as_ref().map(|url| url.expose_secret().to_owned());
        let database = set.or_else(|| Postgres::running(&config.data));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        if !runtime.block_on(doctor::run(&config, &faults, database.as_deref()))? {
            std::process::exit(1);
        }
        return Ok(());
    }
    let config = Config::load()?;
    let _reporting = faults::start(&config)?;
    log(&config);
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        // Before anything else is started: an address that is taken ends it here.
        let listener = match command {
            Command::Serve { .. } => Some(listen(&config).await?),
            _ => None,
        };
        // Keys and switches are looked after while the server runs, in the cluster that it runs.
        let running = match command {
            Command::Keys { .. } | Command::Providers { .. } | Command::Jobs { .. } => Postgres::running(&config.data),
            _ => None,
        };
        // What they look after lies in a database that is there: they make none.
        let looks = matches!(
            command,
            Command::Keys { .. } | Command::Providers { .. } | Command::Jobs { .. } | Command::Migrate { undo: true }
        );
        if looks && config.database_url.is_none() && running.is_none() && !Postgres::is_made(&config.data) {
            anyhow::bail!(
                "there is no database yet: DATABASE_URL is not set, and no server has made one in {}. Start the server, or \
                 set DATABASE_URL or AUDIENCEOS_DATA to those of the server",
                config.data.display()
            );
        }
        let postgres = match (&config.database_url, &running) {
            (None, None) => Some(Postgres::start(&config.data, config.postgres_bin.as_deref()).await?),
            _ => None,
        };
        let set = config.database_url.as_ref().map(ExposeSecret::expose_secret);
        let private = || postgres.as_ref().map(Postgres::url).or(running.as_deref());
        let url =
            set.or_else(private).unwrap_or_else(|| unreachable!("without an address the private cluster is started"));
        let result = with_database(&config, url, command, listener).await;
        if let Some(postgres) = postgres {
            postgres.stop().await;
        }
        result
    })
}

async fn with_database(
    config: &Config,
    url: &str,
    command: Command,
    listener: Option<TcpListener>,
) -> anyhow::Result<()> {
    let db = Db::connect(url, config.connections).await.context("the database could not be reached")?;
    if let Command::Migrate { undo: true } = command {
        return Ok(db.unmigrate().await?);
    }
    if let Command::Keys { command } = command {
        return keys::run(config, &db, &command).await;
    }
    if let Command::Providers { command } = command {
        return switches::run(&db, &command).await;
    }
    if let Command::Jobs { command } = command {
        return work::run(&db, &command).await;
    }
    db.migrate().await?;
    db.check_separation().await?;
    if matches!(command, Command::Serve { .. } | Command::Worker) {
        keys::report_lost(&db, &config.vault()?).await?;
    }
    match (command, listener) {
        (Command::Serve { no_worker }, Some(listener)) => serve(config, db, listener, !no_worker).await,
        (Command::Worker, _) => work(config, db).await,
        _ => Ok(()),
    }
}

/// Takes the address.
///
/// # Errors
/// It is taken already, or is none of this machine's.
async fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    TcpListener::bind(config.address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => anyhow::anyhow!(
            "another program, perhaps another AudienceOS, listens on {} already: stop it, or set AUDIENCEOS_ADDRESS to \
             another address",
            config.address
        ),
        _ => anyhow::anyhow!("could not listen on {}, as AUDIENCEOS_ADDRESS says: {error}", config.address),
    })
}

async fn serve(config: &Config, db: Db, listener: TcpListener, with_worker: bool) -> anyhow::Result<()> {
    let state = state::AppState::new(config, db)?;
    let (stop_jobs, jobs_stopped) = watch::channel(false);
    let running = if with_worker {
        let context = state::job_context(config, &state)?;
        let (recovery, beat) = (config.recovery(), state.pulse.begin());
        Some(tokio::spawn(jobs::runner::keep_running(context, config.jobs, recovery, jobs_stopped, beat)))
    } else {
        None
    };
    let metrics = state.metrics.clone();
    tokio::spawn(async move { metrics.keep_up().await });
    simulation::start(config, &state).await?;
    tracing::info!("serving {}", config.public_url());
    let stop = stop_signal()?;
    let (stopping, mut stopped) = watch::channel(false);
    let events = state.events.clone();
    let stop = async move {
        stop.await;
        events.close();
        stopping.send_replace(true);
    };
    let service = routes::router(state).into_make_service_with_connect_info::<std::net::SocketAddr>();
    tokio::select! {
        result = axum::serve(listener, service).with_graceful_shutdown(stop) => result?,
        // Requests under way have ten seconds from the signal; one that hangs does not hold the server back.
        () = async {
            let _ = stopped.wait_for(|stopped| *stopped).await;
            tokio::time::sleep(Duration::from_secs(10)).await;
        } => tracing::warn!("some requests were still under way when the server stopped"),
    }
    stop_jobs.send_replace(true);
    if let Some(running) = running {
        let _ = tokio::time::timeout(Duration::from_secs(15), running).await;
    }
    Ok(())
}

async fn work(config: &Config, db: Db) -> anyhow::Result<()> {
    let state = state::AppState::new(config, db)?;
    simulation::start(config, &state).await?;
    let context = state::job_context(config, &state)?;
    let (stop_jobs, jobs_stopped) = watch::channel(false);
    let stop = stop_signal()?;
    let (recovery, beat) = (config.recovery(), state.pulse.begin());
    let running = tokio::spawn(jobs::runner::keep_running(context, config.jobs, recovery, jobs_stopped, beat));
    stop.await;
    stop_jobs.send_replace(true);
    let _ = tokio::time::timeout(Duration::from_secs(15), running).await;
    Ok(())
}

/// Resolves on Ctrl-C or SIGTERM.
pub(crate) fn stop_signal() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = tokio::signal::unix::signal(SignalKind::interrupt())?;
    let mut terminate = tokio::signal::unix::signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

fn log(config: &Config) {
    let mut filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,graphile_worker=warn,sqlx=warn,tower_http=warn"));
    // They write every line that is sent and read: passwords of mailboxes and people's mail.
    for silent in ["async_imap=off", "async_imap::imap_stream=off"] {
        if let Ok(silent) = silent.parse() {
            filter = filter.add_directive(silent);
        }
    }
    let registry = tracing_subscriber::registry().with(filter).with(faults::layer());
    if config.production {
        registry.with(tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr)).init();
    } else {
        registry.with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr)).init();
    }
}
