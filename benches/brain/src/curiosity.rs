//! The figures of Curiosity: what a division of budgets reaches of what is possible, and whether what came of actions is told.

mod agency;
mod outcome;
mod reallocation;

use std::path::Path;

use crate::Figure;

/// All of them; nothing is read from the folder.
pub(crate) fn run(_: &Path) -> anyhow::Result<Vec<Figure>> {
    let mut figures = reallocation::run()?;
    figures.extend(outcome::run()?);
    figures.extend(agency::run_worlds(FEW)?);
    Ok(figures)
}

/// Simulated agencies in the table, and in the long proof.
const FEW: u64 = 3;
const MANY: u64 = 50;

/// The long proof: many simulated agencies. It fails where the true effect lies inside the interval too seldom.
pub(crate) fn agencies(_: &Path) -> anyhow::Result<Vec<Figure>> {
    let figures = agency::run_worlds(MANY)?;
    let held = figures.iter().find(|figure| figure.key == "agency_effect_held").map_or(0.0, |figure| figure.value);
    anyhow::ensure!(held >= 0.8, "the true effect lay inside the interval in {held} of the worlds, not in 0.8");
    Ok(figures)
}
