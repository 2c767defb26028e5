//! A cycle: everything that is known of an agency goes in, everything that the brain has to say of it comes out.
//!
//! The methods live in their own modules; here is only who is asked about what, and in which order the answers stand. The same
//! input gives the same outcomes, byte for byte. To add a method, add a file under `cycle/` that turns [`Input`] into
//! [`Outcome`]s, and a line in [`run`].

mod input;
mod memory;
mod outcome;

pub use input::{Channel, Client, Input};
pub use memory::figures_of;
pub use outcome::{About, Outcome};

/// What the brain says of this agency on this day.
pub fn run(input: &Input) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    memory::add(input, &mut outcomes);
    outcomes
}
