//! The whole world: the same bytes everywhere, a past that stays, levels that add up, and numbers that are what the plan
//! says they are.

mod apart;
mod chance;
mod changes;
mod same;
pub(crate) mod specs;
mod sums;
mod walk;

use time::{Date, macros::date};

use crate::World;

/// A day that no test is tuned to.
const TODAY: Date = date!(2026 - 06 - 15);

fn world(seed: u64) -> World {
    World::new(seed, TODAY).unwrap()
}
