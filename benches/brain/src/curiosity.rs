//! The figures of Curiosity: what a division of budgets reaches of what is possible, and whether what came of actions is told.

mod agency;
mod null;
mod outcome;
mod reallocation;

use std::path::Path;

use brain::{curiosity::Proposal, cycle::Done};
use time::{Date, Duration};

use crate::{Figure, rehearsed::known};

/// All of them; nothing is read from the folder.
pub(crate) fn run(_: &Path) -> anyhow::Result<Vec<Figure>> {
    let mut figures = reallocation::run()?;
    figures.extend(outcome::run()?);
    figures.extend(agency::run_worlds(FEW)?);
    figures.extend(null::run_worlds(NULL)?);
    Ok(figures)
}

/// Days that are measured after an action, and those in which their figures settle.
const AFTER: i64 = 28;
const SETTLING: i64 = 14;

/// Simulated agencies in the table, and in the long proof.
const FEW: u64 = 3;
const MANY: u64 = 50;
/// Those of the table in which moves that did nothing are looked at: more, for nothing is fitted there.
const NULL: u64 = 12;

/// In so many of the agencies what is hidden has to be proposed. Not in all: who proposes only what loses once in ten times at
/// the most keeps silent once in a while where chance hides what is true.
const FOUND: f64 = 0.9;

/// The long proof: many simulated agencies. It fails where the true effect lies inside the interval too seldom, where what is
/// hidden is not proposed, where anything is proposed for a client at which nothing happens, in whichever world, and where what
/// was never done is called won.
pub(crate) fn agencies(_: &Path) -> anyhow::Result<Vec<Figure>> {
    let mut figures = agency::run_worlds(MANY)?;
    figures.extend(null::run_worlds(MANY)?);
    let of = |key: &str| figures.iter().find(|figure| figure.key == key).map_or(f64::NAN, |figure| figure.value);
    let mut found = Vec::new();
    for (what, key) in [("under-funded channel", "agency_under_funded"), ("hidden winner", "agency_winner")] {
        crate::note(&format!("the {what} was proposed in {:.0} of {MANY} worlds", of(key) * MANY as f64));
        found.push((what, of(key)));
    }
    let (held, quiet) = (of("agency_effect_held"), of("agency_quiet"));
    anyhow::ensure!(held >= 0.8, "the true effect lay inside the interval in {held} of the worlds, not in 0.8");
    let (null_won, null_held) = (of("agency_null_won"), of("agency_null_held"));
    anyhow::ensure!(null_won <= 0.1, "{null_won} of the moves that did nothing were called won, more than 0.1");
    anyhow::ensure!(null_held >= 0.8, "zero lay inside the interval of {null_held} of such moves, not of 0.8");
    anyhow::ensure!(
        quiet == 0.0,
        "{:.0} proposals were made for clients at which nothing happens",
        quiet * MANY as f64
    );
    for (what, share) in found {
        anyhow::ensure!(share >= FOUND, "the {what} was proposed in {share} of the worlds, not in {FOUND}");
    }
    Ok(figures)
}

/// A proposal that a client does on a day.
fn done(proposal: &Proposal, client: usize, day: Date) -> Done {
    Done {
        key: proposal.key.clone(),
        kind: proposal.kind,
        client: known::client_id(client),
        channel: None,
        target: proposal.target.clone(),
        changes: proposal.changes.iter().map(|change| change.channel.clone()).collect(),
        currency: proposal.currency.clone(),
        margin: proposal.margin,
        day,
        last: day + Duration::days(AFTER - 1),
        undone: None,
    }
}
