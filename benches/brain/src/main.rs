//! The figures of the brain: every part prints its rows of one table, or their keys as JSON.
//!
//! Public series are read from the folder given, never from the repository. A part is a module with `fn run(&Path) ->
//! anyhow::Result<Vec<Figure>>`; to add one, give it a line in `PARTS`.

mod anomaly;
mod cycle;
mod fatigue;
mod forecast;
mod response;

use std::path::{Path, PathBuf};

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

/// Names and runs of the parts, in the table's order.
const PARTS: &[(&str, Part)] = &[
    ("forecast", forecast::run),
    ("anomaly", anomaly::run),
    ("fatigue", fatigue::run),
    ("response", response::run),
    ("cycle", cycle::run_part),
];

/// Measures the brain.
#[derive(Parser)]
struct Args {
    /// The folder with the public data.
    #[arg(long)]
    data: PathBuf,
    /// Prints the keys as JSON.
    #[arg(long)]
    json: bool,
    /// Only these parts; all if none is named.
    parts: Vec<String>,
}

/// A line for people beside the table, of what a figure is made of; the table and the JSON stay on standard output.
#[expect(clippy::print_stderr, reason = "it is for people who watch")]
fn note(line: &str) {
    eprintln!("{line}");
}

#[expect(clippy::print_stdout, reason = "the table is what it is for")]
fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    if let Some(name) = args.parts.iter().find(|name| PARTS.iter().all(|(part, _)| part != name)) {
        anyhow::bail!("there is no part {name}");
    }
    let mut answer = serde_json::Map::new();
    for (name, run) in PARTS {
        if !args.parts.is_empty() && !args.parts.iter().any(|part| part == name) {
            continue;
        }
        for figure in run(&args.data)? {
            if args.json {
                answer.insert(figure.key.to_owned(), figure.value.into());
            } else {
                println!("{:<28} {:>10.4}  {}", figure.key, figure.value, figure.what);
            }
        }
    }
    if args.json {
        println!("{}", serde_json::Value::Object(answer));
    }
    Ok(())
}
