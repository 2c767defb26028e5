//! What people ask of the brain and read of what it said. It thinks in the background (`jobs`); here are its states.

use model::{
    access::Action,
    actor::Actor,
    brain::{Cycle, Outcome, State, Trigger},
    id::{BrainCycleId, ClientId},
    input::Invalid,
    page::Page,
};
use serde_json::json;
use store::{audit, brain};
use time::OffsetDateTime;

use crate::{Error, Result, Service, access};

/// Asks for a cycle now; the one that waits already, if one does.
///
/// # Errors
/// The rule that forbids it.
pub async fn compute(service: &Service, actor: &Actor) -> Result<BrainCycleId> {
    access::allow(service, actor, Action::RunBrain).await?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    let id = brain::ask(&mut tx, Trigger::Manual, now, None).await?;
    audit::insert(&mut tx, Action::RunBrain.rule(), true, None, &json!({ "cycle": id }), now).await?;
    tx.commit().await?;
    Ok(id)
}

/// A cycle.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub async fn cycle(service: &Service, actor: &Actor, id: BrainCycleId) -> Result<Cycle> {
    access::allow(service, actor, Action::RunBrain).await?;
    Ok(brain::get(&mut service.db.tenant(actor).await?, id).await?)
}

/// The state as of a moment, or the newest, and the moment whose rows it speaks of.
///
/// # Errors
/// Missing when nothing was thought by then.
pub async fn state(service: &Service, actor: &Actor, as_of: Option<OffsetDateTime>) -> Result<(State, OffsetDateTime)> {
    access::allow(service, actor, Action::ReadClients).await?;
    brain::find_as_of(&mut service.db.tenant(actor).await?, as_of).await?.ok_or(Error::Missing)
}

/// What to read of a state.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// These kinds; all if none is named.
    pub kinds: Vec<&'static str>,
    /// Of this client; otherwise of all in sight.
    pub client_id: Option<ClientId>,
    /// As of this moment.
    pub as_of: Option<OffsetDateTime>,
}

/// What a state says of what the member sees, in the state's order. The cursor names the state, so that pages of one list
/// are of one state.
///
/// # Errors
/// A malformed cursor; missing when nothing was thought by then.
pub async fn list(
    service: &Service,
    actor: &Actor,
    filter: &Filter,
    limit: i64,
    cursor: Option<&str>,
) -> Result<Page<Outcome>> {
    access::allow(service, actor, Action::ReadClients).await?;
    let mut tx = service.db.tenant(actor).await?;
    let (state, after) = match cursor.map(parse).transpose()? {
        Some((state, after)) => (state, Some(after)),
        None => (brain::find_as_of(&mut tx, filter.as_of).await?.ok_or(Error::Missing)?.0.id, None),
    };
    let mut items = brain::list(&mut tx, state, &filter.kinds, filter.client_id, after, limit + 1).await?;
    let limit = usize::try_from(limit).unwrap_or_default();
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| more).map(|item| format!("{state}_{}", item.number));
    Ok(Page { items, next_cursor })
}

fn parse(text: &str) -> std::result::Result<(model::id::BrainStateId, i32), Invalid> {
    let wrong = || Invalid::new("cursor", "cursor must be the next_cursor of an earlier page");
    let (state, after) = text.split_once('_').ok_or_else(wrong)?;
    Ok((state.parse().map_err(|_| wrong())?, after.parse().map_err(|_| wrong())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_names_its_state_and_place() {
        let state = "01890000-0000-7000-8000-000000000000";
        assert_eq!(parse(&format!("{state}_7")).unwrap(), (state.parse().unwrap(), 7));
        for wrong in ["", "7", "x_7", &format!("{state}_x"), &format!("{state}_99999999999")] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
