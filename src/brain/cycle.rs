//! A cycle: everything that is known of an agency goes in, everything that the brain has to say of it comes out.
//!
//! The methods live in their own modules; here is only who is asked about what, and in which order the answers stand. The same
//! input gives the same outcomes, byte for byte. What costs much, [`choose`] does once a week; [`run`] only uses it. To add a
//! method, add a file under `cycle/` that turns [`Input`] into [`Outcome`]s, and a line in [`run`].

mod actions;
mod calendar;
mod choices;
mod curves;
mod customers;
mod forecasts;
mod input;
mod light;
mod line;
mod measured;
mod memory;
mod news;
mod opened;
mod outages;
mod outcome;
mod tired;

pub use choices::Choices;
pub use input::{Channel, Client, Input, UnderWay};
pub use measured::{BACK as MEASURED_BACK, Done, Measured, measured};
pub use memory::figures_of;
pub use opened::{Counted, Opened, Question, Spread, Stack, Wide, opened, spread};
pub use outcome::{About, Outcome};

/// Chooses methods by backtest and fits curves: all of them, or those of which nothing is known or much less was known than
/// now. What is returned belongs into [`Input::choices`].
pub fn choose(input: &Input, anew: bool) -> Choices {
    let mut chosen = Choices::new();
    forecasts::choose_all(&line::lines(input), anew, &input.choices, &mut chosen);
    curves::choose_all(input, anew, &input.choices, &mut chosen);
    tired::choose_all(input, anew, &input.choices, &mut chosen);
    chosen
}

/// The names of the choices that cannot be read, such as those that another version wrote: [`choose`] makes them anew.
pub fn unreadable(choices: &Choices) -> Vec<&str> {
    [forecasts::unreadable(choices), curves::unreadable(choices), tired::unreadable(choices)].concat()
}

/// What the brain says of this agency on this day.
pub fn run(input: &Input) -> Vec<Outcome> {
    let (mut outcomes, mut found) = (Vec::new(), Vec::new());
    let lines = line::lines(input);
    memory::add(input, &mut outcomes);
    customers::add(input, &mut outcomes, &mut found);
    forecasts::add(&lines, &input.choices, &mut outcomes);
    let fits = curves::add(input, &input.choices, &mut outcomes);
    tired::add(input, &input.choices, &mut outcomes, &mut found);
    let judged = news::add(input, &lines, &mut found, &mut outcomes);
    outages::add(input, &mut found);
    light::add(input, &lines, &judged, &found, &mut outcomes);
    actions::add(input, &fits, &found, &mut outcomes);
    outcomes
}

#[cfg(test)]
mod tests;
