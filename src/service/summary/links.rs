//! Sentences whose numbers open: each number by the id of its place in the state.

use model::{
    actor::Actor,
    dashboard::{Linked, LinkedNumber},
    figure::{FigureId, SURE},
    id::BrainStateId,
    summary::{Figure, Sentence, Shown, ShownSection},
};
use store::{client, organization};

use super::{Loaded, Question, load, money, read, write};
use crate::{Result, Service};

/// A sentence with the ids of its numbers.
pub(crate) fn linked(sentence: Sentence, state: BrainStateId) -> Linked {
    let number = |figure: Figure| {
        let sure = if figure.key == "interval" { SURE } else { "" };
        let path = format!("{}{sure}", figure.path);
        let id = FigureId::Said { state, outcome: figure.outcome, path }.to_string();
        LinkedNumber { id, value: figure.value, shown: figure.shown, at: figure.at }
    };
    Linked { text: sentence.text, numbers: sentence.figures.into_iter().map(number).collect() }
}

/// The summary of a state as pages and mails show it; none while nothing was thought.
///
/// # Errors
/// Missing for a client out of sight, or the rule that forbids it.
pub async fn shown(service: &Service, actor: &Actor, question: Question) -> Result<Option<Shown>> {
    let Question { persona, client_id, .. } = question;
    let Some(Loaded { state, outcomes, names }) = load(service, actor, question).await? else { return Ok(None) };
    let told = write(&outcomes, &names, state.day, persona, client_id);
    let mut tx = service.db.tenant(actor).await?;
    let agency = organization::get(&mut tx).await?;
    let client = match client_id {
        Some(id) => Some(client::get(&mut tx, id).await?.fields.name),
        None => None,
    };
    let link = |sentences: Vec<Sentence>| sentences.into_iter().map(|one| linked(one, state.id)).collect();
    let section = |section: model::summary::Section| ShownSection {
        heading: section.heading,
        sentences: link(section.sentences),
    };
    Ok(Some(Shown {
        persona,
        of: client.unwrap_or(agency.name),
        simulated: agency.simulated,
        rates: money::lack_rates(&read(&outcomes), client_id),
        day: told.day,
        sections: told.sections.into_iter().map(section).collect(),
    }))
}
