//! The figures of Curiosity: what a division of budgets reaches of what is possible, and whether what came of actions is told.

mod outcome;
mod reallocation;

use std::path::Path;

use crate::Figure;

/// All of them; nothing is read from the folder.
pub(crate) fn run(_: &Path) -> anyhow::Result<Vec<Figure>> {
    let mut figures = reallocation::run()?;
    figures.extend(outcome::run()?);
    Ok(figures)
}
