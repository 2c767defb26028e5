//! Measures a started server from outside and prints a table, or one JSON object with the keys as fields.
//!
//! `./dev` builds and starts what is measured. To add a name: a file here, an arm below, a line in `./dev`.

mod agency;
mod dashboard;
mod figures;
mod import;
mod ingest;
mod jobs;
mod memory;
mod paging;
mod provider;
mod psql;
mod rehearsal;
mod server;
mod start;
mod sync;
mod visitor;
mod web;

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use figures::Figures;

#[derive(Parser)]
struct Cli {
    /// One JSON object on standard output and nothing else.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    name: Name,
}

#[derive(Subcommand)]
enum Name {
    /// Sizes of first loads; requests a second and latencies of the login page and the client list; starts.
    Web {
        /// The server.
        #[arg(long)]
        url: String,
        /// Its data folder.
        #[arg(long)]
        data: PathBuf,
        /// Seconds for each load.
        #[arg(long, default_value_t = 10)]
        seconds: u32,
        /// The server program, for its starts.
        #[arg(long)]
        server: PathBuf,
        /// A rival's client list with the same rows.
        #[arg(long)]
        rival: Option<String>,
    },
    /// The dashboard of a large agency: its HTML, other days on the screen, what a browser loads, Lighthouse.
    Dashboard {
        /// The server.
        #[arg(long)]
        url: String,
        /// Its data folder.
        #[arg(long)]
        data: PathBuf,
        /// Its database, which holds nothing yet.
        #[arg(long)]
        database: String,
        /// The program that fills it.
        #[arg(long)]
        psql: PathBuf,
        /// The program that judges the page.
        #[arg(long)]
        lighthouse: PathBuf,
        /// Seconds of requests.
        #[arg(long, default_value_t = 20)]
        seconds: u32,
        /// What the app weighs is told by another benchmark.
        #[arg(long)]
        app_elsewhere: bool,
    },
    /// Messages a second that are kept with their conversations, the inbox's HTML, and a long conversation on the screen.
    Ingest {
        /// The server.
        #[arg(long)]
        url: String,
        /// Its data folder.
        #[arg(long)]
        data: PathBuf,
        /// Its database, which holds nothing yet.
        #[arg(long)]
        database: String,
        /// The program that gives it mailboxes.
        #[arg(long)]
        psql: PathBuf,
    },
    /// Not a figure: signs up an agency and prints its session's cookie, for tools that ask the API.
    Owner {
        /// The server.
        #[arg(long)]
        url: String,
        /// Its data folder.
        #[arg(long)]
        data: PathBuf,
    },
    /// Rows a second into the store, and the memory of a back-fill of a million rows and of long reports' pages.
    Sync {
        /// The server program.
        #[arg(long)]
        server: PathBuf,
        /// Its database.
        #[arg(long)]
        database: String,
        /// Its data folder.
        #[arg(long)]
        data: PathBuf,
    },
    /// The simulated agency: a whole read of it, requests a second, memory.
    Rehearsal {
        /// The server program.
        #[arg(long)]
        server: PathBuf,
        /// Seconds of requests.
        #[arg(long, default_value_t = 20)]
        seconds: u32,
    },
    /// A long proof: how long a killed worker's run waits, and one connection behind another agency's many.
    SyncSoak {
        /// The server program.
        #[arg(long)]
        server: PathBuf,
        /// Its database.
        #[arg(long)]
        database: String,
        /// Its data folder.
        #[arg(long)]
        data: PathBuf,
    },
    /// A long proof: a file of 200 MB is imported over HTTP.
    Import {
        /// The server program.
        #[arg(long)]
        server: PathBuf,
        /// Its database.
        #[arg(long)]
        database: String,
        /// Its data folder.
        #[arg(long)]
        data: PathBuf,
    },
    /// A long proof: servers are killed again and again; every sign-up gets its mail.
    Jobs {
        /// The server program.
        #[arg(long)]
        server: PathBuf,
        /// Its database.
        #[arg(long)]
        database: String,
        /// Its data folder.
        #[arg(long)]
        data: PathBuf,
        /// How many times it is killed.
        #[arg(long, default_value_t = 20)]
        kills: u32,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let mut figures = Figures::default();
    match cli.name {
        Name::Web { url, data, seconds, server, rival } => {
            web::run(&mut figures, &url, &data, seconds, rival.as_deref()).await?;
            start::run(&mut figures, &server).await?;
        }
        Name::Dashboard { url, data, database, psql, lighthouse, seconds, app_elsewhere } => {
            let setting = dashboard::Setting { url, data, database, psql, lighthouse, seconds, app_elsewhere };
            dashboard::run(&mut figures, &setting).await?;
        }
        Name::Ingest { url, data, database, psql } => {
            let setting = ingest::Setting { url, data, database, psql };
            ingest::run(&mut figures, &setting).await?;
        }
        Name::Owner { url, data } => {
            let cookie = visitor::owner(&url, &data).await?;
            #[expect(clippy::print_stdout, reason = "this is what the command is for")]
            {
                println!("{cookie}");
            }
            return Ok(());
        }
        Name::Sync { server, database, data } => {
            let kept = sync::bench(&mut figures, &server, &database, &data).await;
            let paged = paging::bench(&mut figures).await;
            figures.print(cli.json);
            return kept.and(paged);
        }
        Name::Rehearsal { server, seconds } => rehearsal::bench(&mut figures, &server, seconds).await?,
        Name::SyncSoak { server, database, data } => {
            // What was measured is told also when it is too much.
            let proved = sync::soak(&mut figures, &server, &database, &data).await;
            figures.print(cli.json);
            return proved;
        }
        Name::Import { server, database, data } => {
            let proved = import::soak(&mut figures, &server, &database, &data).await;
            figures.print(cli.json);
            return proved;
        }
        Name::Jobs { server, database, data, kills } => {
            jobs::run(&mut figures, &server, &database, &data, kills).await?
        }
    }
    figures.print(cli.json);
    Ok(())
}
