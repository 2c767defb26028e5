//! The ledger of actions follows what a state proposes.

use std::sync::Arc;

use ::brain::{
    cycle::{self, Done, Input},
    finding::Entity,
};
use anyhow::Context as _;
use model::{
    action::{Measured, Proposal},
    actor::Actor,
    brain::Outcome,
    id::BrainStateId,
};
use store::{
    Db, TenantTx,
    action::{self, Due},
    brain,
};
use time::{Date, Duration, OffsetDateTime};

/// The kind of outcome that proposes.
const KIND: &str = "action";
/// Outcomes read at once.
const PAGE: i64 = 1000;

/// Brings the ledger to what the state proposes; `day` is the last day that had ended for the agency.
pub(super) async fn follow(
    tx: &mut TenantTx,
    state: BrainStateId,
    day: Date,
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    let (mut proposed, mut after) = (Vec::new(), None);
    loop {
        let outcomes = brain::list(tx, state, &[KIND], None, after, PAGE).await?;
        after = outcomes.last().map(|outcome| outcome.number);
        let whole = i64::try_from(outcomes.len()).is_ok_and(|read| read == PAGE);
        for outcome in outcomes {
            proposed.extend(read(outcome)?);
        }
        if !whole {
            break;
        }
    }
    let today = day.next_day().context("the last day of time")?;
    let synced = action::sync(tx, state, &proposed, today, now).await?;
    tracing::debug!(?synced, "the ledger of actions follows the newest state");
    Ok(())
}

/// A proposal; none where it is about no client, whom it would concern.
fn read(outcome: Outcome) -> anyhow::Result<Option<action::Proposed>> {
    let proposal: Proposal = serde_json::from_str(&outcome.body)
        .with_context(|| format!("outcome {} proposes what cannot be read", outcome.number))?;
    let Some(client_id) = outcome.client_id else {
        tracing::warn!(key = proposal.key, "an action is proposed for no client");
        return Ok(None);
    };
    Ok(Some(action::Proposed { client_id, channel_id: outcome.channel_id, proposal }))
}

/// Measures the actions whose days are over, each in a transaction of its own: what was measured stays when another fails.
pub(super) async fn measure(db: &Db, actor: &Actor, input: &Arc<Input>, now: OffsetDateTime) -> anyhow::Result<()> {
    let mut tx = db.tenant(actor).await?;
    let due = action::to_measure(&mut tx, input.day).await?;
    if due.is_empty() {
        return Ok(());
    }
    // Whatever acted in the days that are looked at bears on what is usual.
    let first = due.iter().map(|due| due.done_on).min().unwrap_or(input.day);
    let known = action::acted_since(&mut tx, first - Duration::days(cycle::MEASURED_BACK)).await?;
    drop(tx);
    let done = due.iter().map(done).collect::<anyhow::Result<Vec<_>>>()?;
    let beside = known.iter().map(self::done).collect::<anyhow::Result<Vec<_>>>()?;
    let found = super::blocking({
        let input = Arc::clone(input);
        move || cycle::measured(&input, &done, &beside)
    })
    .await?;
    let today = input.day.next_day().context("the last day of time")?;
    for (at, outcome) in found {
        // Both sides have the same JSON.
        let outcome = outcome.map(|told| serde_json::to_value(told).and_then(serde_json::from_value::<Measured>));
        let mut tx = db.tenant(actor).await?;
        let written = match outcome {
            Ok(told) => action::set_measured(&mut tx, due[at].id, Ok(&told?), today, now).await,
            Err(reason) => action::set_measured(&mut tx, due[at].id, Err(&reason.to_string()), today, now).await,
        };
        match written {
            Ok(()) => tx.commit().await?,
            // Somebody took it back meanwhile.
            Err(store::Error::Missing) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// An action as the brain takes it.
fn done(due: &Due) -> anyhow::Result<Done> {
    let proposal = &due.proposal;
    let parse = |text: &str| serde_json::Value::String(text.to_owned());
    Ok(Done {
        key: proposal.key.clone(),
        kind: serde_json::from_value(parse(proposal.kind.key()))?,
        client: due.client_id.to_string(),
        channel: due.channel_id.map(|id| id.to_string()),
        target: Entity {
            id: proposal.target.id.clone(),
            level: serde_json::from_value(parse(&proposal.target.level))?,
        },
        changes: proposal.changes.iter().map(|change| change.channel.to_string()).collect(),
        currency: proposal.currency.clone(),
        margin: proposal.margin,
        day: due.done_on,
        last: proposal.last_day(due.done_on),
        undone: due.undone_on,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn won_and_lost_are_said_when_it_is_as_sure_as_people_are_told() {
        assert_eq!((100.0 * ::brain::effect::SURE).round(), f64::from(model::action::SURE_PERCENT));
    }
}
