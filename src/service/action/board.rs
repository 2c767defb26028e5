//! What the page of actions shows: the best proposals, what is to be done, what waits to be measured, what came of the rest.

use std::collections::{BTreeMap, btree_map::Entry};

use model::{
    access::{self, Action as Deed},
    action::{Action, ActionKind, Card, Group, Ledger, Stand},
    actor::Actor,
    dashboard::NextActions,
    id::{BrainStateId, ClientId},
};
use store::{
    TenantTx,
    action::{self, Filter},
    brain::{self, Ground},
    client,
    cursor::Cursor,
    organization,
};
use time::{Date, OffsetDateTime};

use super::{client_name, version, words};
use crate::{Result, Service, access as rules, moment};

/// So many proposals stand on top; nobody does more than that tomorrow.
const TOP: i64 = 3;
/// So many of each other list are shown at once.
const SHOWN: i64 = 25;

/// What of the ledger is asked for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Only of this client.
    pub client_id: Option<ClientId>,
    /// Only of this kind.
    pub kind: Option<ActionKind>,
    /// All proposals, not only the best.
    pub all: bool,
    /// What was dismissed or undone as well.
    pub past: bool,
    /// One list only, from its beginning or from where an earlier part of it ended.
    pub only: Option<(Stand, Option<String>)>,
}

impl Asked {
    fn filter(&self, stand: Stand) -> Filter {
        Filter { states: stand.states().to_vec(), client_id: self.client_id, kind: self.kind }
    }

    /// Whether this list is asked for.
    fn wants(&self, stand: Stand) -> bool {
        match self.only {
            Some((only, _)) => only == stand,
            None => stand != Stand::Past || self.past,
        }
    }
}

/// The actions of what the member sees, in words.
///
/// # Errors
/// Missing for a client out of sight, a malformed cursor, or the rule that forbids it.
pub async fn board(service: &Service, actor: &Actor, asked: &Asked) -> Result<Ledger> {
    rules::allow(service, actor, Deed::ReadClients).await?;
    let mut tx = service.db.tenant(actor).await?;
    let client = match asked.client_id {
        Some(id) => Some((id, client_name(&mut tx, id).await?)),
        None => None,
    };
    let named = client::list_names(&mut tx).await?;
    let offered = |(id, _, archived): &(ClientId, String, bool)| !archived || asked.client_id == Some(*id);
    let mut draw = Draw::new(service, &mut tx).await?;
    let best = !asked.all && asked.only.is_none();
    let mut proposed = draw.group(&mut tx, asked, Stand::Proposed, if best { TOP } else { SHOWN }).await?;
    let others = match proposed.more.take_if(|_| best) {
        Some(_) => action::count(&mut tx, &asked.filter(Stand::Proposed)).await? - proposed.cards.len() as i64,
        None => 0,
    };
    Ok(Ledger {
        client,
        clients: named.into_iter().filter(offered).map(|(id, name, _)| (id, name)).collect(),
        proposed,
        others,
        approved: draw.group(&mut tx, asked, Stand::Approved, SHOWN).await?,
        done: draw.group(&mut tx, asked, Stand::Done, SHOWN).await?,
        measured: draw.group(&mut tx, asked, Stand::Measured, SHOWN).await?,
        past: draw.group(&mut tx, asked, Stand::Past, SHOWN).await?,
        past_count: action::count(&mut tx, &asked.filter(Stand::Past)).await?,
        rates: action::hit_rates(&mut tx).await?.iter().map(words::rate).collect(),
        day: brain::find_as_of(&mut tx, None).await?.map(|(state, _)| state.day.to_string()),
        may_decide: access::may(actor.role, Deed::EditClient),
    })
}

/// What to do next, three at most: what was approved and waits to be done, then the best proposals, of which one is there where
/// there is any.
///
/// # Errors
/// Missing for a client out of sight, or the rule that forbids it.
pub async fn next(service: &Service, actor: &Actor, client_id: Option<ClientId>) -> Result<NextActions> {
    rules::allow(service, actor, Deed::ReadClients).await?;
    let mut tx = service.db.tenant(actor).await?;
    if let Some(id) = client_id {
        client_name(&mut tx, id).await?;
    }
    let asked = Asked { client_id, ..Asked::default() };
    let mut draw = Draw::new(service, &mut tx).await?;
    let mut cards = draw.group(&mut tx, &asked, Stand::Approved, TOP).await?.cards;
    let proposed = draw.group(&mut tx, &asked, Stand::Proposed, TOP).await?.cards;
    let top = usize::try_from(TOP).unwrap_or_default();
    cards.truncate(top - usize::from(!proposed.is_empty()));
    cards.extend(proposed);
    cards.truncate(top);
    let mut all = 0;
    for stand in [Stand::Approved, Stand::Proposed] {
        all += action::count(&mut tx, &asked.filter(stand)).await?;
    }
    Ok(NextActions {
        others: all - cards.len() as i64,
        cards: cards.into_iter().map(Card::at_a_glance).collect(),
        day: brain::find_as_of(&mut tx, None).await?.map(|(state, _)| state.day.to_string()),
        may_decide: access::may(actor.role, Deed::EditClient),
    })
}

/// Writes actions in words: one clock and one zone for all of them.
struct Draw {
    moments: moment::Words,
    /// The agency's clock.
    there: OffsetDateTime,
    /// Whether the agency is simulated.
    simulated: bool,
    /// The zones of clients.
    zones: BTreeMap<ClientId, String>,
}

impl Draw {
    async fn new(service: &Service, tx: &mut TenantTx) -> Result<Self> {
        let agency = organization::get(tx).await?;
        let now = service.clock.now();
        let moments = moment::Words::in_zone(&agency.time_zone, now);
        Ok(Self { moments, there: now + agency.ahead, simulated: agency.simulated, zones: BTreeMap::new() })
    }

    /// A list, if it is asked for: what is to be decided or done by its rank, the rest by its day.
    async fn group(&mut self, tx: &mut TenantTx, asked: &Asked, stand: Stand, limit: i64) -> Result<Group> {
        if !asked.wants(stand) {
            return Ok(Group::default());
        }
        let (filter, from) = (asked.filter(stand), asked.only.as_ref().and_then(|(_, from)| from.as_deref()));
        let page = match stand {
            Stand::Proposed | Stand::Approved => {
                action::list(tx, &filter, limit, from.map(action::Cursor::parse).transpose()?).await?
            }
            Stand::Done | Stand::Measured | Stand::Past => {
                action::list_newest(tx, &filter, limit, from.map(Cursor::parse).transpose()?).await?
            }
        };
        Ok(Group { cards: self.cards(tx, page.items).await?, more: page.next_cursor })
    }

    async fn cards(&mut self, tx: &mut TenantTx, mut actions: Vec<Action>) -> Result<Vec<Card>> {
        let ids: Vec<_> = actions.iter().map(|action| action.id).collect();
        let mut events = action::events(tx, &ids).await?;
        let place = |action: &Action| -> Vec<(BrainStateId, i32)> {
            action.proposal.because.iter().map(|number| (action.state_id, *number)).collect()
        };
        let places: Vec<_> = actions.iter().flat_map(place).collect();
        let grounds = brain::grounds(tx, &places).await?;
        let mut cards = Vec::new();
        for action in &mut actions {
            action.events = events.remove(&action.id).unwrap_or_default();
            let today = self.today(tx, action.client_id).await?;
            let said = place(action).into_iter().filter_map(|place| Some((place, grounds.get(&place)?)));
            cards.push(self.card(action, &said.collect::<Vec<_>>(), today));
        }
        Ok(cards)
    }

    async fn today(&mut self, tx: &mut TenantTx, id: ClientId) -> Result<Date> {
        if let Entry::Vacant(place) = self.zones.entry(id) {
            place.insert(client::get(tx, id).await?.fields.time_zone);
        }
        let zone = self.zones.get(&id).map(String::as_str).unwrap_or_default();
        Ok(moment::day(zone, self.there).unwrap_or_else(|| self.there.date()))
    }

    fn card(&self, action: &Action, grounds: &[((BrainStateId, i32), &Ground)], today: Date) -> Card {
        let proposal = &action.proposal;
        let grounds = grounds.iter().map(|(place, ground)| words::ground(*place, ground, &proposal.currency));
        let came = |measured| Ok(words::came(action.id, measured, &proposal.currency));
        let measured = action.measured.as_ref().map(came);
        Card {
            id: action.id,
            version: version(proposal),
            state: action.state,
            title: proposal.kind.title().to_owned(),
            client_id: action.client_id,
            client: action.client_name.clone(),
            about: words::about(action),
            steps: words::steps(action),
            horizon: words::horizon(proposal.horizon_days),
            worth: words::worth(proposal),
            sure: words::chance(proposal.probability),
            effort: words::effort(proposal.effort_minutes),
            evidence: grounds.chain(words::basis(action.id, proposal)).collect(),
            doubts: proposal.doubts.iter().map(|doubt| words::doubt(*doubt).to_owned()).collect(),
            checklist: words::checklist(action),
            simulated: self.simulated.then(|| proposal.sets()),
            since: action.since.to_string(),
            today: today.to_string(),
            done_on: action.done_on.map(|day| day.to_string()),
            due: action.due().map(|day| day.to_string()),
            came: measured.or_else(|| action.unmeasured.clone().map(Err)),
            history: action.events.iter().map(|event| (words::event(event), self.moments.write(event.at))).collect(),
        }
    }
}
