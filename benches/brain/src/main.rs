//! The figures of the brain: every part prints its rows of one table, or their keys as JSON.
//!
//! Public series are read from the folder given, never from the repository. A part is a module with `fn run(&Path) ->
//! anyhow::Result<Vec<Figure>>`; to add one, give it a line in `PARTS`.

mod anomaly;
mod curiosity;
mod cycle;
mod fatigue;
mod forecast;
mod rehearsed;
mod response;
mod table;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use clap::Parser;

/// One row of the table.
struct Figure {
    /// Key in the JSON answer.
    key: &'static str,
    /// What was measured, in words.
    what: &'static str,
    /// What was read; shares as fractions, times in the key's unit.
    value: f64,
}

type Part = fn(&Path) -> anyhow::Result<Vec<Figure>>;

/// Names and runs of the parts, in the tables' order. Those of Memory and Oracle are run when none is named.
const PARTS: &[(&str, Part)] = &[
    ("forecast", forecast::run),
    ("anomaly", anomaly::run),
    ("fatigue", fatigue::run),
    ("response", response::run),
    ("cycle", cycle::run_part),
    ("rehearsal", rehearsed::run_part),
    (CURIOSITY, curiosity::run),
    (AGENCIES, curiosity::agencies),
];

/// The parts that have tables of their own.
const CURIOSITY: &str = "curiosity";
const AGENCIES: &str = "agencies";

/// Measures the brain.
#[derive(Parser)]
struct Args {
    /// The folder with the public data.
    #[arg(long)]
    data: PathBuf,
    /// Prints the keys as JSON.
    #[arg(long)]
    json: bool,
    /// Only these parts; all of Memory and Oracle if none is named.
    parts: Vec<String>,
}

/// Processor time of this process, to ten milliseconds: what others do on the machine does not count.
fn processor() -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // Behind the name, which may hold blanks, user and system time are the 12th and 13th, in hundredths.
    let rest = stat.rsplit_once(')').context("no such line")?.1;
    let ticks = rest.split_whitespace().skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(Duration::from_millis(10 * ticks))
}

/// A line for people beside the table, of what a figure is made of; the table and the JSON stay on standard output.
#[expect(clippy::print_stderr, reason = "it is for people who watch")]
fn note(line: &str) {
    eprintln!("{line}");
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    if let Some(name) = args.parts.iter().find(|name| PARTS.iter().all(|(part, _)| part != name)) {
        anyhow::bail!("there is no part {name}");
    }
    let mut figures = Vec::new();
    for (name, run) in PARTS {
        let asked = args.parts.is_empty() && ![CURIOSITY, AGENCIES].contains(name);
        if asked || args.parts.iter().any(|part| part == name) {
            figures.extend(run(&args.data)?);
        }
    }
    table::print(figures, args.json);
    Ok(())
}
