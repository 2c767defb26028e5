//! What people do with what the brain proposes: approve it, dismiss it with a reason, say that it was done, take it back. What
//! came of it is measured in the background and shown beside what was promised.
//!
//! An action is a client's, so who may change the client decides about it. Words for people stand in `words.rs`.

mod board;
mod version;
mod words;

use model::{
    access::Action as Deed,
    action::{Action, ActionState, HitRate},
    actor::Actor,
    id::{ActionId, ClientId},
    input::{Invalid, text},
    page::Page,
};
use serde_json::json;
use store::{
    TenantTx,
    action::{self, Cursor},
    channel, client, organization,
};
use time::{Date, OffsetDateTime};

pub use board::{Asked, board, next};
pub use store::{action::Filter, channel::Called};
pub use version::{Seen, version};
pub(crate) use words::{LEARNING, outcome, promised};

use crate::{
    Error, Result, Service, access,
    client::{allow_on, lock_open},
    moment,
};

/// The longest reason, in characters.
const REASON: usize = 1000;

/// Actions in sight by their rank, without what happened to them.
///
/// # Errors
/// A malformed cursor.
pub async fn list(
    service: &Service,
    actor: &Actor,
    filter: &Filter,
    limit: i64,
    cursor: Option<&str>,
) -> Result<Page<Action>> {
    access::allow(service, actor, Deed::ReadClients).await?;
    let cursor = cursor.map(Cursor::parse).transpose()?;
    Ok(action::list(&mut service.db.tenant(actor).await?, filter, limit, cursor).await?)
}

/// One action with what happened to it.
///
/// # Errors
/// Missing, also when its client is out of sight or another tenant's.
pub async fn get(service: &Service, actor: &Actor, id: ActionId) -> Result<Action> {
    access::allow(service, actor, Deed::ReadClients).await?;
    Ok(action::get(&mut service.db.tenant(actor).await?, id).await?)
}

/// How often actions of each kind did what they were done for, of those in sight.
///
/// # Errors
/// The rule that forbids it.
pub async fn hit_rates(service: &Service, actor: &Actor) -> Result<Vec<HitRate>> {
    access::allow(service, actor, Deed::ReadClients).await?;
    Ok(action::hit_rates(&mut service.db.tenant(actor).await?).await?)
}

/// Wants an action done: from now on its prediction is registered. `version` is that of the proposal that was read: what the
/// brain proposes since is not approved unseen.
///
/// # Errors
/// Missing, an archived client, a decision that was made meanwhile, a proposal with other figures, or the rule that forbids it.
pub async fn approve(service: &Service, actor: &Actor, id: ActionId, version: &str) -> Result<Action> {
    let seen = Seen { state: None, version: Some(version.to_owned()) };
    decide(service, actor, id, &Decision { to: ActionState::Approved, reason: None, on: None, seen }).await
}

/// Does not want an action done, before or after it was approved. It is not proposed again for four weeks. `seen` is what the
/// person read: what somebody approved since, or the brain proposes with other figures, is not dismissed unseen.
///
/// # Errors
/// No reason, missing, an archived client, a decision that was made meanwhile, a proposal with other figures, or the rule that
/// forbids it.
pub async fn dismiss(service: &Service, actor: &Actor, id: ActionId, reason: &str, seen: Seen) -> Result<Action> {
    let reason = Some(reason.to_owned());
    decide(service, actor, id, &Decision { to: ActionState::Dismissed, reason, on: None, seen }).await
}

/// Says that an approved action was done, today or on an earlier day since it was approved.
///
/// # Errors
/// A day that has not come, or before the approval; missing, an archived client, a decision that was made meanwhile, or the
/// rule that forbids it.
pub async fn done(service: &Service, actor: &Actor, id: ActionId, on: Option<Date>) -> Result<Action> {
    decide(service, actor, id, &Decision { to: ActionState::Done, reason: None, on, seen: Seen::default() }).await
}

/// Lets those decide about an action who do so, where what is done of it is done in simulated accounts.
///
/// # Errors
/// Missing, the rule that forbids it, or a conflict in a live agency: a person changes real accounts, at their platform.
pub async fn check_simulated(service: &Service, actor: &Actor, id: ActionId) -> Result<()> {
    let client_id = get(service, actor, id).await?.client_id;
    allow_on(service, actor, client_id, Deed::EditClient).await?;
    if organization::get(&mut service.db.tenant(actor).await?).await?.simulated {
        return Ok(());
    }
    let message = "nothing is changed in real accounts from here. Do at the platform what the action says is to be done by \
                   hand, then say here that it is done";
    Err(Error::Conflict { code: "live", message: message.to_owned() })
}

/// Does an approved action in simulated accounts and says that it was done, today. `does` is given the action and all channels
/// in sight; while it works nobody else decides about the action. Where it fails nothing was decided, and since it may have
/// done its work already, it does it once only however often it is asked.
///
/// # Errors
/// What `does` fails with; a live agency, missing, an archived client, a decision that was made meanwhile, or the rule that
/// forbids it.
pub async fn carry_out<D>(
    service: &Service,
    actor: &Actor,
    id: ActionId,
    does: impl FnOnce(Action, Vec<Called>) -> D + Send,
) -> Result<Action>
where
    D: Future<Output = Result<()>> + Send,
{
    check_simulated(service, actor, id).await?;
    let channels = channel::list_names(&mut service.db.tenant(actor).await?).await?;
    // The ledger tells it from what a person did by hand.
    let reason = Some("in the simulated accounts".to_owned());
    let decision = Decision { to: ActionState::Done, reason, on: None, seen: Seen::default() };
    decide_and(service, actor, id, &decision, |action| does(action, channels)).await
}

/// Says that what was done was taken back before it could be measured. What was measured stays.
///
/// # Errors
/// A conflict in a simulated agency, whose accounts are to be set back first ([`take_back`]); missing, an archived client, a
/// decision that was made meanwhile, or the rule that forbids it.
pub async fn undo(service: &Service, actor: &Actor, id: ActionId, reason: &str) -> Result<Action> {
    let simulated = organization::get(&mut service.db.tenant(actor).await?).await?.simulated;
    let set_back = if simulated {
        let message = "the operator of this server has switched simulated accounts off, so nothing can be set back in \
                       them. Nothing was changed: try again once they are on";
        Err(Error::Conflict { code: "not_simulated", message: message.to_owned() })
    } else {
        Ok(())
    };
    take_back(service, actor, id, reason, |_| std::future::ready(set_back)).await
}

/// The same, once `does` has set back what was done from here. Where it fails nothing was decided, and since it may have done
/// its work already, it does it once only however often it is asked.
///
/// # Errors
/// What `does` fails with; missing, an archived client, a decision that was made meanwhile, or the rule that forbids it.
pub async fn take_back<D>(
    service: &Service,
    actor: &Actor,
    id: ActionId,
    reason: &str,
    does: impl FnOnce(Action) -> D + Send,
) -> Result<Action>
where
    D: Future<Output = Result<()>> + Send,
{
    let reason = Some(reason.to_owned()).filter(|reason| !reason.trim().is_empty());
    let decision = Decision { to: ActionState::Undone, reason, on: None, seen: Seen::default() };
    decide_and(service, actor, id, &decision, does).await
}

/// What somebody decides.
struct Decision {
    to: ActionState,
    reason: Option<String>,
    /// The day it was done; today if none is said.
    on: Option<Date>,
    /// What the person read, as far as that is said.
    seen: Seen,
}

async fn decide(service: &Service, actor: &Actor, id: ActionId, decision: &Decision) -> Result<Action> {
    decide_and(service, actor, id, decision, |_| std::future::ready(Ok(()))).await
}

/// The same, once `does` has done what belongs to it: it is asked after everything else was found right.
async fn decide_and<D>(
    service: &Service,
    actor: &Actor,
    id: ActionId,
    decision: &Decision,
    does: impl FnOnce(Action) -> D + Send,
) -> Result<Action>
where
    D: Future<Output = Result<()>> + Send,
{
    let Decision { to, reason, on, seen } = decision;
    let client_id = get(service, actor, id).await?.client_id;
    allow_on(service, actor, client_id, Deed::EditClient).await?;
    let reason = reason.as_deref().map(|reason| text("reason", "The reason", reason, REASON)).transpose()?;
    if *to == ActionState::Dismissed && reason.as_deref().is_none_or(str::is_empty) {
        return Err(Invalid::new("reason", "say why: the reason stands in the ledger").into());
    }
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    // The action before its client, as the job that follows the brain's states locks them.
    let before = action::lock(&mut tx, id).await?;
    let client = lock_open(&mut tx, client_id).await?;
    if !may_follow(before.state, *to) || seen.state.is_some_and(|seen| seen != before.state) {
        return Err(too_late(service, &mut tx, actor, &before).await?);
    }
    if !seen.is_of(&before.proposal) {
        return Err(Error::Renewed(Box::new(before)));
    }
    let today = today(&mut tx, &client.fields.time_zone, now).await?;
    let since = match on {
        Some(day) => done_day(*day, before.since, today)?,
        None => today,
    };
    does(before.clone()).await?;
    action::set_state(&mut tx, id, *to, since, reason.as_deref(), now).await?;
    let detail = json!({ "action": id, "kind": before.proposal.kind, "from": before.state, "to": to });
    access::done_to(service, &mut tx, Deed::EditClient, (client_id, &client.fields.name), detail).await?;
    let after = action::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(after)
}

/// Whether a person takes an action from one state to the other. The database holds the same, and the steps of the product.
const fn may_follow(from: ActionState, to: ActionState) -> bool {
    use ActionState as S;
    matches!(
        (from, to),
        (S::Proposed, S::Approved)
            | (S::Proposed | S::Approved, S::Dismissed)
            | (S::Approved, S::Done)
            | (S::Done, S::Undone)
    )
}

/// The day an action was done: its prediction was registered when it was approved, so it was not done before that.
fn done_day(day: Date, approved: Date, today: Date) -> Result<Date> {
    if day > today {
        return Err(Invalid::new("on", format!("that day has not come: today is {today} at the client")).into());
    }
    if day < approved {
        let words = format!("it was approved on {approved}: what was done before that was not predicted");
        return Err(Invalid::new("on", words).into());
    }
    Ok(day)
}

/// Today in a client's zone, by the agency's clock.
async fn today(tx: &mut TenantTx, zone: &str, now: OffsetDateTime) -> Result<Date> {
    let there = now + organization::get(tx).await?.ahead;
    Ok(moment::day(zone, there).unwrap_or_else(|| there.date()))
}

/// Who did what before, so that this does not follow.
async fn too_late(service: &Service, tx: &mut TenantTx, actor: &Actor, present: &Action) -> Result<Error> {
    let agency = organization::get(tx).await?;
    let moments = moment::Words::in_zone(&agency.time_zone, service.clock.now());
    let who = present.events.last().map(|event| {
        let name = match &event.member_name {
            Some(_) if event.member_id == Some(actor.member_id) => "you",
            Some(name) => name,
            None => "the brain",
        };
        format!("{name} {} it {}", words::past(present.state), moments.write(event.at).words)
    });
    let said = who.unwrap_or_else(|| format!("it is {} already", present.state.key()));
    let next = match present.state {
        ActionState::Withdrawn => ", because the newest figures do not propose it any more",
        ActionState::Measured => ", and what was measured stays",
        _ => "",
    };
    Ok(Error::Conflict { code: "decided", message: format!("{said}{next}. Nothing was changed") })
}

/// The name of a client in sight.
async fn client_name(tx: &mut TenantTx, id: ClientId) -> Result<String> {
    Ok(client::get(tx, id).await?.fields.name)
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn it_was_done_between_the_approval_and_today() {
        let (approved, today) = (date!(2026 - 11 - 03), date!(2026 - 11 - 10));
        for day in [approved, date!(2026 - 11 - 07), today] {
            assert_eq!(done_day(day, approved, today).unwrap(), day);
        }
        for day in [date!(2026 - 11 - 02), date!(2026 - 11 - 11)] {
            let refused = done_day(day, approved, today).unwrap_err().to_string();
            assert!(refused.starts_with("on: "), "{refused}");
        }
    }

    #[test]
    fn people_take_few_steps_and_none_back() {
        let steps = ActionState::ALL.iter().flat_map(|from| ActionState::ALL.iter().map(move |to| (*from, *to)));
        let taken: Vec<_> = steps.filter(|(from, to)| may_follow(*from, *to)).collect();
        use ActionState::{Approved, Dismissed, Done, Proposed, Undone};
        let expected =
            [(Proposed, Approved), (Proposed, Dismissed), (Approved, Dismissed), (Approved, Done), (Done, Undone)];
        assert_eq!(taken, expected);
    }
}
