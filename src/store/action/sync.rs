//! The ledger follows the newest state: what it proposes stands there, what it proposes no more is withdrawn.

use std::collections::BTreeMap;

use model::{
    action::{ActionState, Proposal},
    id::{ActionId, BrainStateId, ChannelId, ClientId},
};
use sqlx::types::{Json, Uuid};
use time::{Date, Duration, OffsetDateTime};

use super::{state, tell};
use crate::{Result, TenantTx, id, json};

/// A dismissed action is not proposed again for this long, nor is it proposed to look again at what somebody looked at: four
/// weeks, in which what it rests on may change.
pub(super) const LEFT_FOR: Duration = Duration::days(28);
/// What was done is gone once the states of so many days lack it: days of the calendar, the first and the newest state that lacks
/// it counted, also where days between have no state. A finding near its bound comes and goes from one cycle to the next: that is
/// no second time.
const GONE_AFTER: i32 = 7;

/// What a state proposes of a client.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposed {
    /// The client.
    pub client_id: ClientId,
    /// The channel, where it is about one or something in one.
    pub channel_id: Option<ChannelId>,
    /// What.
    pub proposal: Proposal,
}

/// What became of the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Synced {
    /// Proposed now and not before.
    pub proposed: usize,
    /// Proposed before as well, with newer figures.
    pub renewed: usize,
    /// Proposed no more.
    pub withdrawn: usize,
    /// Not proposed, because it was dismissed lately, is under way already and nothing new asks for it, or its client is
    /// archived.
    pub left_out: usize,
}

/// Brings the ledger to what `state_id` proposes, on this day of the agency. Twice is once. Of two proposals of a client with
/// one key the first counts.
///
/// # Errors
/// The database failed.
pub async fn sync(
    tx: &mut TenantTx,
    state_id: BrainStateId,
    proposed: &[Proposed],
    today: Date,
    now: OffsetDateTime,
) -> Result<Synced> {
    let mut synced = Synced::default();
    let rows = sqlx::query!(
        r#"select id, client_id, channel_id, key, state, state_id, done_on, gone_on, gone_at, proposal as "proposal: Json<Proposal>" from action
           where state in ('proposed', 'withdrawn', 'approved', 'done') or state = 'dismissed' and since > $1
             or state = 'measured' and kind = 'investigate' and done_on > $1
           order by id for update"#,
        today - LEFT_FOR
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut present: BTreeMap<(ClientId, String), Vec<_>> = BTreeMap::new();
    for row in rows {
        present.entry((row.client_id.into(), row.key.clone())).or_default().push(row);
    }
    let (mut kept, mut closed) = (Vec::new(), Vec::new());
    for Proposed { client_id, channel_id, proposal } in proposed {
        let place = (*client_id, proposal.key.clone());
        if kept.contains(&place) {
            continue;
        }
        let rows = present.get(&place).map(Vec::as_slice).unwrap_or_default();
        kept.push(place.clone());
        let (mut open, mut barred) = (None, false);
        for row in rows {
            match state(&row.state)? {
                ActionState::Proposed | ActionState::Withdrawn => open = Some(row),
                // What was gone and began after it was done is another matter: it broke again, or tired again.
                ActionState::Done | ActionState::Measured => {
                    let after = row.done_on.filter(|_| row.gone_at.is_some());
                    barred |= after.zip(proposal.began).is_none_or(|(done_on, began)| began <= done_on);
                }
                _ => barred = true,
            }
        }
        if barred && open.is_some_and(|row| row.state == ActionState::Proposed.key()) {
            closed.push(place);
        }
        let Some(row) = open.filter(|_| !barred) else {
            let new = !barred && insert(tx, state_id, (*client_id, *channel_id), proposal, today, now).await?;
            *(if new { &mut synced.proposed } else { &mut synced.left_out }) += 1;
            continue;
        };
        let again = row.state == ActionState::Withdrawn.key();
        let same =
            row.state_id == state_id.0 && row.proposal.0 == *proposal && row.channel_id == channel_id.map(|id| id.0);
        if again || !same {
            renew(tx, row.id, state_id, *channel_id, proposal, again.then_some(today)).await?;
        }
        if again {
            tell(tx, &[row.id.into()], ActionState::Proposed, None, now).await?;
            synced.proposed += 1;
        } else if !same {
            synced.renewed += 1;
        }
    }
    let (mut over, mut back): (Vec<Uuid>, Vec<Uuid>) = (Vec::new(), Vec::new());
    for (place, rows) in &present {
        for row in rows.iter().filter(|row| row.done_on.is_some() && row.gone_at.is_none()) {
            if !kept.contains(place) {
                over.push(row.id);
            } else if row.gone_on.is_some() {
                back.push(row.id);
            }
        }
    }
    set_gone(tx, &over, &back, today, now).await?;
    let gone = present.iter().filter(|(place, _)| !kept.contains(place) || closed.contains(place));
    let gone = gone.flat_map(|(_, rows)| rows).filter(|row| row.state == ActionState::Proposed.key());
    let gone: Vec<Uuid> = gone.map(|row| row.id).collect();
    if !gone.is_empty() {
        let withdrawn =
            sqlx::query!("update action set state = 'withdrawn', since = $2 where id = any($1)", &gone, today);
        withdrawn.execute(&mut **tx).await?;
        let ids: Vec<ActionId> = gone.iter().copied().map(Into::into).collect();
        tell(tx, &ids, ActionState::Withdrawn, None, now).await?;
    }
    synced.withdrawn = gone.len();
    Ok(synced)
}

/// Notes of what was done that it is not proposed today (`over`), or is again before it was gone for long (`back`).
async fn set_gone(tx: &mut TenantTx, over: &[Uuid], back: &[Uuid], today: Date, now: OffsetDateTime) -> Result<()> {
    if !over.is_empty() {
        let gone = sqlx::query!(
            "update action set gone_on = coalesce(gone_on, greatest($2::date, done_on)),
               gone_at = case when $2::date - coalesce(gone_on, greatest($2::date, done_on)) >= $3::int - 1 then $4::timestamptz end
             where id = any($1)",
            over,
            today,
            GONE_AFTER,
            now
        );
        gone.execute(&mut **tx).await?;
    }
    if !back.is_empty() {
        sqlx::query!("update action set gone_on = null where id = any($1)", back).execute(&mut **tx).await?;
    }
    Ok(())
}

/// A new line in the ledger; `false` for a client that is archived, or where another run was faster.
async fn insert(
    tx: &mut TenantTx,
    state_id: BrainStateId,
    (client_id, channel_id): (ClientId, Option<ChannelId>),
    proposal: &Proposal,
    today: Date,
    now: OffsetDateTime,
) -> Result<bool> {
    let organization = tx.actor().organization_id;
    let new: ActionId = id::new(now);
    let inserted = sqlx::query!(
        "insert into action (organization_id, id, client_id, channel_id, key, kind, state, since, state_id, score, probability,
           proposal, proposed_at)
         select $1, $2, c.id, $4, $5, $6, 'proposed', $7, $8, $9, $10, $11, $12
         from client c where c.id = $3 and c.archived_at is null
         on conflict do nothing",
        organization.0,
        new.0,
        client_id.0,
        channel_id.map(|id| id.0),
        proposal.key,
        proposal.kind.key(),
        today,
        state_id.0,
        proposal.score,
        proposal.probability,
        json(proposal)?,
        now
    )
    .execute(&mut **tx)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(false);
    }
    tell(tx, &[new], ActionState::Proposed, None, now).await?;
    Ok(true)
}

/// Newer figures in an open line; a withdrawn one is proposed again on the day given.
async fn renew(
    tx: &mut TenantTx,
    action: Uuid,
    state_id: BrainStateId,
    channel_id: Option<ChannelId>,
    proposal: &Proposal,
    again: Option<Date>,
) -> Result<()> {
    sqlx::query!(
        "update action set state = 'proposed', since = coalesce($2, since), state_id = $3, channel_id = $4, score = $5,
           probability = $6, proposal = $7 where id = $1",
        action,
        again,
        state_id.0,
        channel_id.map(|id| id.0),
        proposal.score,
        proposal.probability,
        json(proposal)?
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
