//! The ledger of actions: what the brain proposed, what people decided, what was done and what came of it.
//!
//! The database keeps the order of states and the registered prediction (`migrations/0026_action`); here every step that is
//! taken writes its event. [`sync`] brings the ledger to what a state proposes, [`to_measure`] and [`set_measured`] close it.

mod barred;
mod newest;
mod outcome;
mod sync;

use std::collections::BTreeMap;

use model::{
    action::{Action, ActionEvent, ActionKind, ActionState, Measured, Named, Proposal},
    channel::Called,
    id::{ActionId, ChannelId, ClientId},
    input::Invalid,
    page::{Page, wrong_cursor},
};
use sqlx::types::{Json, Uuid};
use time::{Date, OffsetDateTime};

pub use self::{
    barred::{Barred, barred},
    newest::list_newest,
    outcome::{Due, acted_since, hit_rates, set_measured, to_measure, under_way},
    sync::{Proposed, Synced, sync},
};
use crate::{Error, Result, TenantTx, id};

/// What a list of actions is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those that stand so; all if none is named.
    pub states: Vec<ActionState>,
    /// Only of this client.
    pub client_id: Option<ClientId>,
    /// Only of this kind.
    pub kind: Option<ActionKind>,
}

/// Where a list goes on: after the action with this place in the ranking.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cursor {
    score: Option<f64>,
    probability: f64,
    id: ActionId,
}

impl Cursor {
    /// Reads the opaque text of an earlier page.
    ///
    /// # Errors
    /// The text was not made by a list.
    pub fn parse(text: &str) -> std::result::Result<Self, Invalid> {
        let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite()).ok_or_else(wrong_cursor);
        let mut parts = text.splitn(3, '_');
        let mut part = || parts.next().ok_or_else(wrong_cursor);
        let (score, probability, id) = (part()?, part()?, part()?);
        let score = if score.is_empty() { None } else { Some(number(score)?) };
        Ok(Self { score, probability: number(probability)?, id: id.parse().map_err(|_| wrong_cursor())? })
    }

    fn after(action: &Action) -> String {
        let Proposal { score, probability, .. } = &action.proposal;
        format!("{}_{probability}_{}", score.map(|score| score.to_string()).unwrap_or_default(), action.id)
    }
}

struct Row {
    id: Uuid,
    client_id: Uuid,
    client_name: String,
    channel_id: Option<Uuid>,
    state: String,
    since: Date,
    state_id: Uuid,
    proposal: Json<Proposal>,
    proposed_at: OffsetDateTime,
    done_at: Option<OffsetDateTime>,
    done_on: Option<Date>,
    measured: Option<Json<Measured>>,
    unmeasured: Option<String>,
}

impl Row {
    fn action(self) -> Result<Action> {
        Ok(Action {
            id: self.id.into(),
            client_id: self.client_id.into(),
            client_name: self.client_name,
            channel_id: self.channel_id.map(Into::into),
            channels: Vec::new(),
            creative_name: None,
            state_id: self.state_id.into(),
            state: state(&self.state)?,
            since: self.since,
            proposal: self.proposal.0,
            proposed_at: self.proposed_at,
            done_at: self.done_at,
            done_on: self.done_on,
            measured: self.measured.map(|measured| measured.0),
            unmeasured: self.unmeasured,
            events: Vec::new(),
        })
    }
}

fn unknown(word: &str) -> Error {
    Error::Database(sqlx::Error::Decode(format!("unknown word {word}").into()))
}

fn state(word: &str) -> Result<ActionState> {
    ActionState::parse(word).ok_or_else(|| unknown(word))
}

/// Actions in sight by their rank: what is worth most first, then what can be said in no money, the surest first. Without what
/// happened to them.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx, filter: &Filter, limit: i64, cursor: Option<Cursor>) -> Result<Page<Action>> {
    let states: Vec<String> = filter.states.iter().map(|state| state.key().to_owned()).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"select a.id, a.client_id, c.name as client_name, a.channel_id, a.state, a.since, a.state_id,
             a.proposal as "proposal: Json<Proposal>", a.proposed_at, a.done_at, a.done_on,
             a.measured as "measured: Json<Measured>", a.unmeasured
           from action a join client c on c.organization_id = a.organization_id and c.id = a.client_id
           where ($1::text[] = '{}' or a.state = any($1)) and ($2::uuid is null or a.client_id = $2)
             and ($3::text is null or a.kind = $3)
             and ($6::uuid is null or (-coalesce(a.score, '-infinity'), -a.probability, a.id)
                  > (-coalesce($4::double precision, '-infinity'), -$5::double precision, $6))
           order by -coalesce(a.score, '-infinity'), -a.probability, a.id limit $7"#,
        &states,
        filter.client_id.map(|id| id.0),
        filter.kind.map(ActionKind::key),
        cursor.and_then(|cursor| cursor.score),
        cursor.map(|cursor| cursor.probability),
        cursor.map(|cursor| cursor.id.0),
        limit + 1
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut items = rows.into_iter().map(Row::action).collect::<Result<Vec<_>>>()?;
    let limit = usize::try_from(limit).unwrap_or_default();
    let more = items.len() > limit;
    items.truncate(limit);
    name(tx, &mut items).await?;
    let next_cursor = items.last().filter(|_| more).map(Cursor::after);
    Ok(Page { items, next_cursor })
}

/// How many actions in sight the filter leaves.
///
/// # Errors
/// The database failed.
pub async fn count(tx: &mut TenantTx, filter: &Filter) -> Result<i64> {
    let states: Vec<String> = filter.states.iter().map(|state| state.key().to_owned()).collect();
    let counted = sqlx::query_scalar!(
        r#"select count(*) as "count!" from action
           where ($1::text[] = '{}' or state = any($1)) and ($2::uuid is null or client_id = $2)
             and ($3::text is null or kind = $3)"#,
        &states,
        filter.client_id.map(|id| id.0),
        filter.kind.map(ActionKind::key),
    );
    Ok(counted.fetch_one(&mut **tx).await?)
}

/// One action with what happened to it.
///
/// # Errors
/// Missing, also when its client is out of sight or another tenant's.
pub async fn get(tx: &mut TenantTx, id: ActionId) -> Result<Action> {
    let row = sqlx::query_as!(
        Row,
        r#"select a.id, a.client_id, c.name as client_name, a.channel_id, a.state, a.since, a.state_id,
             a.proposal as "proposal: Json<Proposal>", a.proposed_at, a.done_at, a.done_on,
             a.measured as "measured: Json<Measured>", a.unmeasured
           from action a join client c on c.organization_id = a.organization_id and c.id = a.client_id
           where a.id = $1"#,
        id.0
    )
    .fetch_one(&mut **tx)
    .await?;
    let mut found = [row.action()?];
    name(tx, &mut found).await?;
    let [mut action] = found;
    action.events = events(tx, &[id]).await?.remove(&id).unwrap_or_default();
    Ok(action)
}

/// One action, locked until the transaction ends, so that of two decisions at once one comes after the other.
///
/// # Errors
/// Missing, also when it may not be changed by the acting member.
pub async fn lock(tx: &mut TenantTx, id: ActionId) -> Result<Action> {
    sqlx::query!("select id from action where id = $1 for update", id.0).fetch_one(&mut **tx).await?;
    get(tx, id).await
}

/// What happened to these actions, the newest last.
///
/// # Errors
/// The database failed.
pub async fn events(tx: &mut TenantTx, ids: &[ActionId]) -> Result<BTreeMap<ActionId, Vec<ActionEvent>>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        "select action_id, state, at, member_id, member_name, reason from action_event where action_id = any($1) order by at, id",
        &ids
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut events: BTreeMap<ActionId, Vec<ActionEvent>> = BTreeMap::new();
    for row in rows {
        events.entry(row.action_id.into()).or_default().push(ActionEvent {
            state: state(&row.state)?,
            at: row.at,
            member_id: row.member_id.map(Into::into),
            member_name: row.member_name,
            reason: row.reason,
        });
    }
    Ok(events)
}

/// Takes an action to another state and notes who did so. `since` is the day there, and the day it was done when it becomes
/// done.
///
/// # Errors
/// Missing when it may not be changed by the acting member; the database refuses a step that there is not.
pub async fn set_state(
    tx: &mut TenantTx,
    id: ActionId,
    state: ActionState,
    since: Date,
    reason: Option<&str>,
    now: OffsetDateTime,
) -> Result<()> {
    let done = sqlx::query!(
        "update action set state = $2, since = $3,
           done_at = case when $2 = 'done' then $4 else done_at end, done_on = case when $2 = 'done' then $3 else done_on end
         where id = $1",
        id.0,
        state.key(),
        since,
        now
    )
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 0 {
        return Err(Error::Missing);
    }
    tell(tx, &[id], state, reason, now).await
}

/// Notes what happened to actions, by the acting member or by the product itself.
async fn tell(
    tx: &mut TenantTx,
    ids: &[ActionId],
    state: ActionState,
    reason: Option<&str>,
    now: OffsetDateTime,
) -> Result<()> {
    let actor = tx.actor().clone();
    let events: Vec<Uuid> = ids.iter().map(|_| id::new(now)).collect();
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    sqlx::query!(
        "insert into action_event (organization_id, id, action_id, state, at, member_id, member_name, reason)
         select $1, e.id, e.action_id, $4, $5, m.id, m.name, $7
         from unnest($2::uuid[], $3::uuid[]) e (id, action_id) left join member m on m.organization_id = $1 and m.id = $6",
        actor.organization_id.0,
        &events,
        &ids,
        state.key(),
        now,
        actor.member_id.0,
        reason
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Gives the channels and creatives of actions their names.
async fn name(tx: &mut TenantTx, actions: &mut [Action]) -> Result<()> {
    let of = |action: &Action| -> Vec<ChannelId> {
        let changed = action.proposal.changes.iter().map(|change| change.channel);
        action.channel_id.into_iter().chain(changed).collect()
    };
    let ids: Vec<Uuid> = actions.iter().flat_map(of).map(|id| id.0).collect();
    let found = sqlx::query!(
        r#"select h.id as "id!", h.name as "name!", h.external_id as "external_id!", coalesce(h.platform, h.provider) as "provider!", h.kind = 'file' as "file!",
             c.name as "client?"
           from channel h left join client c on c.organization_id = h.organization_id and c.id = h.client_id
           where h.id = any($1)"#,
        &ids
    );
    let found = found.fetch_all(&mut **tx).await?.into_iter().map(|row| {
        let called = Called { provider: &row.provider, file: row.file, name: &row.name, external_id: &row.external_id };
        let (name, account) = (called.beside(row.client.as_deref()), called.own().to_owned());
        Named { id: row.id.into(), name, account, provider: row.provider }
    });
    let channels: BTreeMap<ChannelId, Named> = found.map(|named| (named.id, named)).collect();
    let creative =
        |action: &Action| (action.proposal.target.level == "creative").then(|| action.proposal.target.id.clone());
    let (within, ads): (Vec<Uuid>, Vec<String>) =
        actions.iter().filter_map(|action| Some((action.channel_id?.0, creative(action)?))).unzip();
    let found = sqlx::query!(
        "select e.channel_id, e.external_id, e.name from ad_entity e
           join unnest($1::uuid[], $2::text[]) a (channel_id, external_id)
             on e.channel_id = a.channel_id and e.external_id = a.external_id
         where e.level = 'ad'",
        &within,
        &ads
    );
    let found = found.fetch_all(&mut **tx).await?;
    let creatives: BTreeMap<(ChannelId, String), String> =
        found.into_iter().map(|row| ((row.channel_id.into(), row.external_id), row.name)).collect();
    for action in actions {
        let mut ids = Vec::new();
        for id in of(action) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        action.channels = ids.iter().filter_map(|id| channels.get(id).cloned()).collect();
        let key = action.channel_id.zip(creative(action));
        action.creative_name = key.and_then(|key| creatives.get(&key).cloned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_keeps_its_place_and_others_are_refused() {
        let id = "01890000-0000-7000-8000-000000000000";
        let read = Cursor::parse(&format!("-12.5_0.9_{id}")).unwrap();
        assert_eq!(read, Cursor { score: Some(-12.5), probability: 0.9, id: id.parse().unwrap() });
        assert_eq!(Cursor::parse(&format!("_0.9_{id}")).unwrap().score, None);
        for wrong in ["", "1_2", &format!("NaN_0.9_{id}"), &format!("1_inf_{id}"), "1_0.9_x", &format!("1_0.9_{id}_2")]
        {
            assert!(Cursor::parse(wrong).is_err(), "{wrong}");
        }
    }
}
