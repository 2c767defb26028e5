//! What came of actions that were done, and how often each kind did what it was done for.

use model::{
    action::{ActionKind, ActionState, HitRate, Measured, Proposal},
    fact::UnderWay,
    id::{ActionId, ChannelId, ClientId},
};
use sqlx::types::Json;
use time::{Date, OffsetDateTime};

use super::{tell, unknown};
use crate::{Error, Result, TenantTx, json};

/// An action that was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Due {
    /// Its id.
    pub id: ActionId,
    /// The client.
    pub client_id: ClientId,
    /// The channel, where it is about one or something in one.
    pub channel_id: Option<ChannelId>,
    /// What was promised, as it was approved.
    pub proposal: Proposal,
    /// The day it was done, in the client's zone.
    pub done_on: Date,
    /// The day it was taken back, in the client's zone, if it was.
    pub undone_on: Option<Date>,
}

/// Actions that were done before this day and are not measured yet, in the order in which they were done. Whether the horizon
/// of one has passed says its proposal.
///
/// # Errors
/// The database failed.
pub async fn to_measure(tx: &mut TenantTx, before: Date) -> Result<Vec<Due>> {
    done(tx, &[ActionState::Done], None, Some(before)).await
}

/// Actions that were done on this day or later and are measured, or were taken back: their days may be those of others, too.
///
/// # Errors
/// The database failed.
pub async fn acted_since(tx: &mut TenantTx, since: Date) -> Result<Vec<Due>> {
    done(tx, &[ActionState::Measured, ActionState::Undone], Some(since), None).await
}

async fn done(
    tx: &mut TenantTx,
    states: &[ActionState],
    since: Option<Date>,
    before: Option<Date>,
) -> Result<Vec<Due>> {
    let states: Vec<String> = states.iter().map(|state| state.key().to_owned()).collect();
    let rows = sqlx::query!(
        r#"select id, client_id, channel_id, proposal as "proposal: Json<Proposal>", done_on as "done_on!",
             case when state = 'undone' then since end as undone_on
           from action
           where state = any($1) and ($2::date is null or done_on >= $2) and ($3::date is null or done_on < $3)
           order by done_on, id"#,
        &states,
        since,
        before
    );
    let due = rows.fetch_all(&mut **tx).await?.into_iter().map(|row| Due {
        id: row.id.into(),
        client_id: row.client_id.into(),
        channel_id: row.channel_id.map(Into::into),
        proposal: row.proposal.0,
        done_on: row.done_on,
        undone_on: row.undone_on,
    });
    Ok(due.collect())
}

/// Actions that somebody approved or did, of which it is not known yet what came, in an order that does not change.
///
/// # Errors
/// The database failed.
pub async fn under_way(tx: &mut TenantTx) -> Result<Vec<UnderWay>> {
    let rows = sqlx::query!(
        r#"select client_id, channel_id, proposal as "proposal: Json<Proposal>" from action
           where state in ('approved', 'done') order by client_id, key, id"#
    );
    let under_way = rows.fetch_all(&mut **tx).await?.into_iter().map(|row| UnderWay {
        kind: row.proposal.kind,
        client_id: row.client_id.into(),
        channel_id: row.channel_id.map(Into::into),
        changes: row.proposal.changes.iter().map(|change| change.channel).collect(),
        key: row.proposal.0.key,
    });
    Ok(under_way.collect())
}

/// Writes what came of an action, or why that cannot be said, on this day. It stays as it is then.
///
/// # Errors
/// Missing unless the action is done and neither measured nor undone; a figure that is no number.
pub async fn set_measured(
    tx: &mut TenantTx,
    id: ActionId,
    outcome: std::result::Result<&Measured, &str>,
    today: Date,
    now: OffsetDateTime,
) -> Result<()> {
    let (measured, unmeasured) = (outcome.ok(), outcome.err());
    if let Some(Measured { actual, expected, effect, low, high, .. }) = measured
        && ![actual, expected, effect, low, high].into_iter().all(|figure| figure.is_finite())
    {
        return Err(Error::Database(sqlx::Error::Encode("what was measured is no number".into())));
    }
    let done = sqlx::query!(
        "update action set state = 'measured', since = $2, measured = $3, unmeasured = $4 where id = $1 and state = 'done'",
        id.0,
        today,
        measured.map(json).transpose()?,
        unmeasured
    )
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 0 {
        return Err(Error::Missing);
    }
    tell(tx, &[id], ActionState::Measured, unmeasured, now).await
}

/// How often actions of each kind did what they were done for, of those in sight. What several did together is told of none;
/// kinds of which none was measured are left out, and so is what only looks.
///
/// # Errors
/// The database failed.
pub async fn hit_rates(tx: &mut TenantTx) -> Result<Vec<HitRate>> {
    let rows = sqlx::query!(
        r#"select kind, count(*) filter (where measured->>'verdict' = 'won' and measured->'together_with' = '[]') as "won!",
             count(*) filter (where measured->>'verdict' = 'lost' and measured->'together_with' = '[]') as "lost!", count(*) as "all!"
           from action where state = 'measured' and kind <> 'investigate' group by kind order by kind"#
    );
    let count = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
    let rows = rows.fetch_all(&mut **tx).await?;
    let rates = rows.into_iter().map(|row| {
        Ok(HitRate {
            kind: ActionKind::parse(&row.kind).ok_or_else(|| unknown(&row.kind))?,
            won: count(row.won),
            lost: count(row.lost),
            cannot_tell: count(row.all - row.won - row.lost),
        })
    });
    rates.collect()
}
