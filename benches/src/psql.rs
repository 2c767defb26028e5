//! Statements straight into a database, by the program that comes with it.

use std::{path::Path, process::Command};

use anyhow::{Context, ensure};

/// What `words` (`-c` with a statement, `-f` with a file) say, a line for each row.
pub fn psql(program: &Path, database: &str, words: &[&str]) -> anyhow::Result<String> {
    let mut command = Command::new(program);
    command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]).args(words).arg(database);
    let output = command.output().context("psql did not start")?;
    ensure!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
