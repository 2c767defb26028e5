//! The executive summary: what a brain state says of what a member sees, for one persona. Templates make it of the state's
//! figures; no number is in it that the state does not hold, which is looked up again before it is shown.
//!
//! `digest` picks what is told, `line` is the only way to a sentence, and each persona has a file of templates. To add one,
//! add it to `model::summary::Persona` and give it its file.

mod cards;
mod check;
mod cmo;
mod digest;
mod director;
mod fragments;
mod frame;
mod line;
mod links;
pub mod mail;
mod money;
mod news;
mod nouns;
mod opened;
mod said;
mod shown;
#[cfg(test)]
mod tests;
mod vp_growth;

use std::collections::{BTreeMap, BTreeSet};

use line::Name;
use model::{
    access::Action,
    actor::Actor,
    brain::{Outcome, State},
    id::{ChannelId, ClientId},
    metric::Level,
    page::parse_day,
    summary::{Persona, Sentence, Summary},
};
use said::Said;
use store::{
    TenantTx,
    action::{self, Barred},
    ad_entity, brain, channel, client,
};
use time::{Date, OffsetDateTime};

use crate::{Result, Service, access};

pub use cards::{Told, told};
pub use check::{Bodies, unfounded};
pub(crate) use links::linked;
pub use links::shown;
pub(crate) use nouns::absent;
pub(crate) use opened::{Inputs, Numbers, number};

/// What tells which of the others count, and what has to be called something.
const MARKS: [&str; 3] = ["risk", "finding", "action"];
/// What is read of a state.
const KINDS: [&str; 8] = ["figures", "reconciliation", "forecast", "risk", "finding", "action", "gap", "response"];

/// What things are called. What has no name here is not told of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The clients.
    pub clients: BTreeMap<ClientId, String>,
    /// The channels, with the platform's id of each.
    pub channels: BTreeMap<ChannelId, (String, String)>,
    /// Advertisements, by channel and the platform's id.
    pub creatives: BTreeMap<(ChannelId, String), String>,
}

impl Names {
    fn client(&self, id: ClientId) -> Option<Name> {
        self.clients.get(&id).and_then(|name| Name::new(name))
    }

    fn account(&self, id: ChannelId) -> Option<news::Account> {
        let (name, id) = self.channels.get(&id)?;
        Some(news::Account { name: Name::new(name)?, id: Name::new(id) })
    }

    fn creative(&self, channel: ChannelId, id: &str) -> Option<Name> {
        self.creatives.get(&(channel, id.to_owned())).and_then(|name| Name::new(name))
    }

    /// The channels' names by their ids, as figures are made of them.
    fn sources(&self) -> BTreeMap<String, &str> {
        self.channels.iter().map(|(id, (name, _))| (id.to_string(), name.as_str())).collect()
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Question {
    /// For whom.
    pub persona: Persona,
    /// Of this client only; otherwise of all in sight.
    pub client_id: Option<ClientId>,
    /// As of this moment; otherwise the newest.
    pub as_of: Option<OffsetDateTime>,
}

/// The summary of a state; none while nothing was thought.
///
/// # Errors
/// Missing for a client out of sight, or the rule that forbids it.
pub async fn find(service: &Service, actor: &Actor, question: Question) -> Result<Option<Summary>> {
    let Question { persona, client_id, .. } = question;
    let loaded = load(service, actor, question).await?;
    Ok(loaded.map(|Loaded { state, outcomes, names }| write(&outcomes, &names, state.day, persona, client_id)))
}

/// What a summary is made of.
struct Loaded {
    state: State,
    outcomes: Vec<Outcome>,
    names: Names,
}

/// What a state says of what a member sees, without what people decided about since; none while nothing was thought.
async fn load(service: &Service, actor: &Actor, question: Question) -> Result<Option<Loaded>> {
    let Some((mut tx, mut loaded)) = look(service, actor, question).await? else { return Ok(None) };
    fill(&mut tx, &mut loaded, question.client_id).await?;
    Ok(Some(loaded))
}

/// Reads what the outcomes say, which never changes.
async fn fill(tx: &mut TenantTx, loaded: &mut Loaded, client_id: Option<ClientId>) -> Result<()> {
    let seen: BTreeSet<i32> = loaded.outcomes.iter().map(|outcome| outcome.number).collect();
    let mut outcomes = brain::list_wholes(tx, loaded.state.id, &KINDS, client_id).await?;
    outcomes.retain(|outcome| seen.contains(&outcome.number));
    loaded.outcomes = outcomes;
    Ok(())
}

/// The same, with the bodies of the [`MARKS`] alone.
async fn look(service: &Service, actor: &Actor, question: Question) -> Result<Option<(TenantTx, Loaded)>> {
    access::allow(service, actor, Action::ReadClients).await?;
    let Question { client_id, as_of, .. } = question;
    let mut tx = service.db.tenant(actor).await?;
    if let Some(id) = client_id {
        client::get(&mut tx, id).await?;
    }
    let Some((state, _)) = brain::find_as_of(&mut tx, as_of).await? else { return Ok(None) };
    let mut outcomes = brain::list_wholes_in_short(&mut tx, state.id, &KINDS, &MARKS, client_id).await?;
    let barred = action::barred(&mut tx, as_of, state.day.next_day().unwrap_or(state.day)).await?;
    outcomes.retain(|outcome| !decided(outcome, &barred));
    let clients = client::list_names(&mut tx).await?;
    let mut names =
        Names { clients: clients.into_iter().map(|(id, name, _)| (id, name)).collect(), ..Names::default() };
    for found in channel::list_names(&mut tx).await? {
        let client = found.client_id.and_then(|id| names.clients.get(&id));
        let name = found.called().beside(client.map(String::as_str));
        names.channels.insert(found.id, (name, found.external_id));
    }
    let wanted: BTreeSet<ChannelId> = news::creatives(&read(&outcomes)).into_iter().collect();
    for channel in wanted {
        let ads = ad_entity::list(&mut tx, channel, Level::Ad).await?;
        names.creatives.extend(ads.into_iter().map(|ad| ((channel, ad.external_id), ad.name)));
    }
    Ok(Some((tx, Loaded { state, outcomes, names })))
}

/// Whether people decided about what an outcome proposes, so that the ledger bars it.
fn decided(outcome: &Outcome, barred: &Barred) -> bool {
    let Some(client) = outcome.client_id.filter(|_| outcome.kind == "action") else { return false };
    Said::new(outcome).is_some_and(|said| {
        let began = said.text("/began").and_then(|day| parse_day("began", day).ok());
        said.text("/key").is_some_and(|key| barred.bars(client, key.to_owned(), began))
    })
}

fn read(outcomes: &[Outcome]) -> Vec<Said<'_>> {
    outcomes.iter().filter_map(Said::new).collect()
}

/// Writes the summary of these outcomes: of a client, or of all that are given. The same outcomes give the same words.
pub fn write(outcomes: &[Outcome], names: &Names, day: Date, persona: Persona, client: Option<ClientId>) -> Summary {
    checked(draft(outcomes, names, day, persona, client), outcomes)
}

/// All that the templates say, before it is checked.
fn draft(outcomes: &[Outcome], names: &Names, day: Date, persona: Persona, client: Option<ClientId>) -> Summary {
    let digest = digest::digest(&read(outcomes), names, client);
    let sections = match persona {
        Persona::Cmo => cmo::sections(&digest),
        Persona::VpGrowth => vp_growth::sections(&digest),
        Persona::Director => director::sections(&digest),
    };
    Summary { persona, day: day.to_string(), sections }
}

/// What of a summary can be found again in the state: nothing else is shown.
fn checked(mut summary: Summary, outcomes: &[Outcome]) -> Summary {
    let bodies = Bodies::read(outcomes);
    for section in &mut summary.sections {
        section.sentences.retain(|sentence| founded(sentence, &bodies));
    }
    summary.sections.retain(|section| !section.sentences.is_empty());
    summary
}

/// Whether all figures of a sentence can be found again in the state.
fn founded(sentence: &Sentence, bodies: &Bodies) -> bool {
    match unfounded(sentence, bodies) {
        None => true,
        Some(why) => {
            tracing::error!(why, text = sentence.text, "a sentence of a summary was left out");
            false
        }
    }
}
