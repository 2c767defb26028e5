//! The ledger of actions follows what a state proposes.

use anyhow::Context as _;
use model::{action::Proposal, brain::Outcome, id::BrainStateId};
use store::{TenantTx, action, brain};
use time::{Date, OffsetDateTime};

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
