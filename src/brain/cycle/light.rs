//! The risk of each client and of the agency, from the findings of a cycle.

use serde::Serialize;

use super::{
    About, Input, Outcome,
    line::Line,
    news::{Found, Judged},
};
use crate::{
    NotEnough,
    finding::Finding,
    risk::{Colour, assess},
};

#[derive(Serialize)]
struct Told {
    risk: Result<Shown, NotEnough>,
}

#[derive(Serialize)]
struct Shown {
    colour: Colour,
    /// The places of the findings that caused it among the state's outcomes, the worst first.
    causes: Vec<usize>,
    looked_at: usize,
}

/// Adds the findings as outcomes, and before them the colours that they make.
pub(super) fn add(input: &Input, lines: &[Line], judged: &Judged, found: &[Found], outcomes: &mut Vec<Outcome>) {
    let clients: Vec<&str> = input.clients.iter().filter_map(|client| client.id.as_deref()).collect();
    // One colour for the agency and one for each client come first.
    let place = outcomes.len() + 1 + clients.len();
    let mut tell = |about: About, wanted: &dyn Fn(&About) -> bool| {
        let (places, findings): (Vec<usize>, Vec<Finding>) = found
            .iter()
            .enumerate()
            .filter(|(_, (about, _))| wanted(about))
            .map(|(at, (_, finding))| (place + at, finding.clone()))
            .unzip();
        let looked_at = lines.iter().filter(|line| wanted(&line.about) && judged.contains(&line.name())).count();
        let risk = assess(&findings, looked_at).map(|risk| Shown {
            colour: risk.colour,
            causes: risk.causes.into_iter().map(|cause| places[cause]).collect(),
            looked_at: risk.looked_at,
        });
        outcomes.push(Outcome::new("risk", about, &Told { risk }));
    };
    tell(About::agency(), &|_| true);
    for client in clients {
        tell(About::client(Some(client)), &|about| about.client.as_deref() == Some(client));
    }
    outcomes.extend(found.iter().map(|(about, finding)| Outcome::new("finding", about.clone(), finding)));
}
