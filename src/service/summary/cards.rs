//! What the dashboard tells of a state: the same sentences as the summary's, by what the brain's parts do. Memory tells what was,
//! Oracle what moved and what is ahead, Curiosity what is worth trying.

use model::{
    actor::Actor,
    brain::{Outcome, State},
    dashboard::{CardKind, Colour},
    id::{BrainStateId, ClientId},
    summary::{Persona, Sentence},
};

use super::{
    Bodies, Loaded, Names, Question, cmo,
    digest::{self, Digest, Gap},
    director, fill, founded,
    frame::Words,
    look, news, read,
    said::Said,
    vp_growth,
};
use crate::{Result, Service, kept::Kept};

/// So many are kept: a few members with sights of their own, each of the agency and of the clients that are looked at.
const MOST: usize = 64;
/// What was told of which outcomes. Their bodies are some megabytes, which never change.
static KEPT: Kept<Key, Told> = Kept::new(MOST);

/// What cards are made of: which outcomes of a state a member sees and nobody decided about, what things are called now, and for
/// whom.
#[derive(Debug, PartialEq, Eq)]
struct Key {
    state: BrainStateId,
    outcomes: Vec<i32>,
    names: Names,
    persona: Persona,
    client_id: Option<ClientId>,
}

/// What a state tells of the agency or a client.
#[derive(Clone, Debug)]
pub struct Told {
    /// The state.
    pub state: State,
    /// How much is at risk, if that can be said; of several clients the worst.
    pub colour: Option<Colour>,
    /// What changed, in one sentence.
    pub changed: Option<Sentence>,
    /// Why the colour is what it is.
    pub reasons: Vec<Sentence>,
    memory: [Vec<Sentence>; 2],
    oracle: [Vec<Sentence>; 2],
    curiosity: Vec<Sentence>,
}

impl Told {
    /// What a card says, and what is missing to say more, once.
    pub fn take(&mut self, kind: CardKind) -> (Vec<Sentence>, Vec<Sentence>) {
        match kind {
            CardKind::Memory => std::mem::take(&mut self.memory).into(),
            CardKind::Oracle => std::mem::take(&mut self.oracle).into(),
            CardKind::Curiosity => (std::mem::take(&mut self.curiosity), Vec::new()),
        }
    }
}

/// What a state tells; none while nothing was thought.
///
/// # Errors
/// Missing for a client out of sight, or the rule that forbids it.
pub async fn told(service: &Service, actor: &Actor, question: Question) -> Result<Option<Told>> {
    let Question { persona, client_id, .. } = question;
    let Some((mut tx, mut loaded)) = look(service, actor, question).await? else { return Ok(None) };
    let outcomes = loaded.outcomes.iter().map(|outcome| outcome.number).collect();
    let key = Key { state: loaded.state.id, outcomes, names: loaded.names.clone(), persona, client_id };
    if let Some(told) = KEPT.find(&key) {
        return Ok(Some(told));
    }
    fill(&mut tx, &mut loaded, client_id).await?;
    drop(tx);
    let Loaded { state, outcomes, names } = loaded;
    let told = tell(state, &outcomes, &names, persona, client_id);
    KEPT.keep(key, told.clone());
    Ok(Some(told))
}

fn tell(state: State, outcomes: &[Outcome], names: &Names, persona: Persona, client: Option<ClientId>) -> Told {
    let said = read(outcomes);
    let digest = digest::digest(&said, names, client);
    let words = match persona {
        Persona::Cmo => &cmo::WORDS,
        Persona::VpGrowth => &vp_growth::WORDS,
        Persona::Director => &director::WORDS,
    };
    let bodies = Bodies::read(outcomes);
    let sure = |mut sentences: Vec<Sentence>| {
        sentences.retain(|sentence| founded(sentence, &bodies));
        sentences
    };
    let noticed = |of_memory: bool| -> Vec<Sentence> {
        let worst = news::worst(&said, |kind| news::of_memory(kind) == of_memory);
        worst
            .into_iter()
            .filter_map(|one: &Said<'_>| news::finding(one, names))
            .map(|one| (words.finding)(&one))
            .collect()
    };
    let subjects = &digest.subjects;
    let spent: Vec<Sentence> =
        sure(subjects.iter().filter_map(|one| Some((words.spent)(one, one.money.as_ref()?))).collect());
    let found = sure(digest.findings.iter().map(words.finding).collect());
    let ahead = subjects.iter().flat_map(|one| one.expected.iter().map(move |expected| (words.ahead)(one, expected)));
    let claims = digest.claims.iter().map(words.claims).collect::<Vec<_>>();
    let colour = subjects.iter().filter_map(|one| one.risk.as_ref()).map(|risk| risk.colour).max();
    let mut reasons: Vec<Sentence> = sure(subjects.iter().map(words.colour).collect());
    if colour.is_some_and(|colour| colour > Colour::Green) {
        reasons.extend(found.iter().cloned());
    }
    Told {
        state,
        colour,
        changed: found.first().or(spent.first()).cloned(),
        reasons,
        memory: [
            [spent, sure([noticed(true), claims].concat())].concat(),
            sure(gaps(&digest, words, |gap| !ahead_of_us(gap))),
        ],
        oracle: [sure(noticed(false).into_iter().chain(ahead).collect()), sure(gaps(&digest, words, ahead_of_us))],
        curiosity: sure(digest.proposed.iter().map(words.proposed).collect()),
    }
}

/// Whether something is missing to say what will be, and not what was.
fn ahead_of_us(gap: &Gap) -> bool {
    matches!(gap, Gap::Unforeseen(..) | Gap::Thin(..))
}

fn gaps(digest: &Digest, words: &Words, wanted: impl Fn(&Gap) -> bool) -> Vec<Sentence> {
    digest.gaps.iter().filter(|gap| wanted(gap)).map(words.gap).collect()
}
