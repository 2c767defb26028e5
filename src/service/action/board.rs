//! What the page of actions shows: the best proposals, what is to be done, what waits to be measured, what came of the rest.

use std::collections::{BTreeMap, btree_map::Entry};

use model::{
    access::{self, Action as Deed},
    action::{Action, ActionState, Card, Ledger},
    actor::Actor,
    id::{BrainStateId, ClientId},
    page::MAX_LIMIT,
};
use store::{
    TenantTx,
    action::{self, Filter},
    brain::{self, Ground},
    client, organization,
};
use time::{Date, OffsetDateTime};

use super::{client_name, words};
use crate::{Result, Service, access as rules, moment};

/// So many proposals stand on top; nobody does more than that tomorrow.
const TOP: i64 = 3;
/// So many of what was measured, dismissed or undone are shown, the newest; the API has all.
const PAST: usize = 50;

/// What of the ledger is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    /// Only of this client.
    pub client_id: Option<ClientId>,
    /// All proposals, not only the best.
    pub all: bool,
    /// What was dismissed or undone as well.
    pub past: bool,
}

/// The actions of what the member sees, in words.
///
/// # Errors
/// Missing for a client out of sight, or the rule that forbids it.
pub async fn board(service: &Service, actor: &Actor, asked: Asked) -> Result<Ledger> {
    rules::allow(service, actor, Deed::ReadClients).await?;
    let Asked { client_id, all, past } = asked;
    let mut tx = service.db.tenant(actor).await?;
    let client = match client_id {
        Some(id) => Some((id, client_name(&mut tx, id).await?)),
        None => None,
    };
    let of = |states: &[ActionState]| Filter { states: states.to_vec(), client_id, kind: None };
    let mut draw = Draw::new(service, &mut tx).await?;
    let proposed =
        action::list(&mut tx, &of(&[ActionState::Proposed]), if all { MAX_LIMIT } else { TOP }, None).await?;
    let more = action::count(&mut tx, &of(&[ActionState::Proposed])).await? - proposed.items.len() as i64;
    let approved = action::list(&mut tx, &of(&[ActionState::Approved]), MAX_LIMIT, None).await?.items;
    let mut done = action::list(&mut tx, &of(&[ActionState::Done]), MAX_LIMIT, None).await?.items;
    done.sort_by_key(Action::due);
    let measured = newest(action::list(&mut tx, &of(&[ActionState::Measured]), MAX_LIMIT, None).await?.items);
    let ended = of(&[ActionState::Dismissed, ActionState::Undone]);
    let past_count = action::count(&mut tx, &ended).await?;
    let ended = if past { newest(action::list(&mut tx, &ended, MAX_LIMIT, None).await?.items) } else { Vec::new() };
    let rates = action::hit_rates(&mut tx).await?.iter().map(words::rate).collect();
    let day = brain::find_as_of(&mut tx, None).await?.map(|(state, _)| state.day.to_string());
    Ok(Ledger {
        client,
        proposed: draw.cards(&mut tx, proposed.items).await?,
        more,
        approved: draw.cards(&mut tx, approved).await?,
        done: draw.cards(&mut tx, done).await?,
        measured: draw.cards(&mut tx, measured).await?,
        past: draw.cards(&mut tx, ended).await?,
        past_count,
        rates,
        day,
        may_decide: access::may(actor.role, Deed::EditClient),
    })
}

fn newest(mut actions: Vec<Action>) -> Vec<Action> {
    actions.sort_by_key(|action| std::cmp::Reverse((action.since, action.id)));
    actions.truncate(PAST);
    actions
}

/// Writes actions in words: one clock and one zone for all of them.
struct Draw {
    moments: moment::Words,
    /// The agency's clock.
    there: OffsetDateTime,
    /// The zones of clients.
    zones: BTreeMap<ClientId, String>,
}

impl Draw {
    async fn new(service: &Service, tx: &mut TenantTx) -> Result<Self> {
        let agency = organization::get(tx).await?;
        let now = service.clock.now();
        let moments = moment::Words::in_zone(&agency.time_zone, now);
        Ok(Self { moments, there: now + agency.ahead, zones: BTreeMap::new() })
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
            let said = place(action).iter().filter_map(|place| grounds.get(place)).cloned().collect::<Vec<_>>();
            cards.push(self.card(action, &said, today));
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

    fn card(&self, action: &Action, grounds: &[Ground], today: Date) -> Card {
        let proposal = &action.proposal;
        let grounds = grounds.iter().map(|ground| words::ground(ground, &proposal.currency));
        let measured = action.measured.as_ref().map(|measured| Ok(words::came(measured, &proposal.currency)));
        Card {
            id: action.id,
            state: action.state,
            title: words::title(proposal.kind).to_owned(),
            client_id: action.client_id,
            client: action.client_name.clone(),
            about: words::about(action),
            steps: words::steps(action),
            horizon: words::horizon(proposal.horizon_days),
            worth: words::worth(proposal),
            sure: words::percent(proposal.probability),
            effort: words::effort(proposal.effort_minutes),
            evidence: grounds.chain(proposal.basis.iter().map(words::basis)).collect(),
            doubts: proposal.doubts.iter().map(|doubt| words::doubt(*doubt).to_owned()).collect(),
            checklist: words::checklist(action),
            since: action.since.to_string(),
            today: today.to_string(),
            done_on: action.done_on.map(|day| day.to_string()),
            due: action.due().map(|day| day.to_string()),
            came: measured.or_else(|| action.unmeasured.clone().map(Err)),
            history: action.events.iter().map(|event| (words::event(event), self.moments.write(event.at))).collect(),
        }
    }
}
