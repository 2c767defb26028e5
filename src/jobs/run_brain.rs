//! Thinks about an agency: everything that is stored of one moment goes in, what comes out is kept as a state that never
//! changes. Running twice does no harm: the same input is known by its hash, and its state is there already.

mod alerts;
mod facts;
mod figures;
mod ledger;
mod think;

use std::sync::Arc;

use ::brain::cycle;
use facts::Facts;
pub use figures::Memory;
use model::{
    actor::Actor,
    brain::Trigger,
    id::{BrainCycleId, OrganizationId},
    job::Job,
};
use sha2::{Digest, Sha256};
use store::{TenantTx, brain, connection, queue};
use time::{Duration, OffsetDateTime};

use crate::{Context, gone};

/// States made by another version are not taken for the same.
const CODE_VERSION: &str = ::brain::VERSION;
/// Several readings end at about the same time: this part of a worker's silence (5 s of 30) is waited for the others.
const GATHER: u32 = 6;

/// So long at most thinking waits for accounts that are read for the first time: long ones take hours.
const PATIENCE: Duration = Duration::minutes(10);

/// Methods are chosen anew after a week.
const CHOSEN_FOR: Duration = Duration::WEEK;

/// Asks for a cycle after something was read in this transaction.
pub(crate) async fn ask(context: &Context, tx: &mut TenantTx, now: OffsetDateTime) -> store::Result<()> {
    brain::ask(tx, Trigger::Sync, now, Some(context.lease / GATHER)).await.map(|_| ())
}

pub(crate) async fn run(context: &Context, organization: OrganizationId, id: BrainCycleId) -> anyhow::Result<()> {
    let service = &context.service;
    let actor = Actor::machine(organization);
    let mut tx = service.db.tenant(&actor).await?;
    if lets_readings_end(context, &mut tx, id).await? {
        return Ok(tx.commit().await?);
    }
    if !brain::begin(&mut tx, id).await? {
        return Ok(());
    }
    tx.commit().await?;
    let outcome = cycle(context, &actor, id).await;
    if let Err(error) = &outcome
        && !gone::is_gone(context, organization).await
    {
        tracing::error!(cycle = %id, error = format!("{error:#}"), "a cycle of the brain failed");
        let mut tx = service.db.tenant(&actor).await?;
        let message = "something failed on our side; the server's log says what";
        brain::fail(&mut tx, id, message, service.clock.now()).await?;
        tx.commit().await?;
    }
    outcome
}

/// Whether a cycle that a reading asked for comes again later: of accounts that are just being connected a part would be
/// thought about, again and again, and what the others still lack would look like a fault of theirs.
async fn lets_readings_end(context: &Context, tx: &mut TenantTx, id: BrainCycleId) -> anyhow::Result<bool> {
    let now = context.service.clock.now();
    let cycle = match brain::get(tx, id).await {
        Ok(cycle) => cycle,
        Err(store::Error::Missing) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    if cycle.cause != Trigger::Sync || now - cycle.asked_at >= PATIENCE || !connection::reads_first(tx).await? {
        return Ok(false);
    }
    let job = Job::RunBrain { organization_id: tx.actor().organization_id, brain_cycle_id: id };
    queue::enqueue_in(tx, &job, context.lease / GATHER).await?;
    Ok(true)
}

async fn cycle(context: &Context, actor: &Actor, id: BrainCycleId) -> anyhow::Result<()> {
    let service = &context.service;
    let mut tx = service.db.tenant(actor).await?;
    let cut_off = brain::freeze(&mut tx).await?;
    let mut facts = Facts::read(&mut tx, service.clock.now()).await?;
    drop(tx);
    let now = service.clock.now();
    for series in cycle::unreadable(&facts.choices) {
        tracing::warn!(organization = %actor.organization_id, series, "what was chosen for it cannot be read: it is chosen anew");
    }
    // Methods come first: which they are belongs to the input.
    let anew = facts.chosen_at.is_none_or(|at| now - at >= CHOSEN_FOR);
    let (mut input, chosen) = blocking({
        let input = think::of_facts(&facts)?;
        move || {
            let chosen = cycle::choose(&input, anew);
            (input, chosen)
        }
    })
    .await?;
    if !chosen.is_empty() {
        let mut tx = service.db.tenant(actor).await?;
        brain::upsert_choices(&mut tx, &chosen, anew, now).await?;
        tx.commit().await?;
        if anew {
            facts.choices.clear();
        }
        facts.choices.extend(chosen);
        input.choices = facts.choices.clone();
    }
    let input = Arc::new(input);
    ledger::measure(&service.db, actor, &input, now).await?;
    let input_hash = facts.hash()?;
    let known = brain::find_state(&mut service.db.tenant(actor).await?, &input_hash, CODE_VERSION).await?;
    let state = match known {
        Some(state) => state,
        None => {
            let outcomes = blocking(move || think::stored(cycle::run(&input))).await??;
            let mut output = Sha256::new();
            for outcome in &outcomes {
                serde_json::to_writer(&mut output, outcome)?;
            }
            let new = brain::New {
                day: facts.day,
                input_hash: &input_hash,
                output_hash: &output.finalize(),
                code_version: CODE_VERSION,
                outcomes: &outcomes,
            };
            let mut tx = service.db.tenant(actor).await?;
            let state = brain::insert_state(&mut tx, new, service.clock.now()).await?;
            tx.commit().await?;
            state
        }
    };
    let (mut tx, now) = (service.db.tenant(actor).await?, service.clock.now());
    // A worker that lost its job meanwhile leaves everything to the one that has it.
    if !brain::finish(&mut tx, id, state, cut_off, now).await? {
        tracing::warn!(cycle = %id, "another worker ended this cycle of the brain");
        return Ok(());
    }
    ledger::follow(&mut tx, state, facts.day, now).await?;
    alerts::follow(&mut tx, state, facts.day, now).await?;
    Ok(tx.commit().await?)
}

/// Runs what only computes, aside of what waits.
async fn blocking<T: Send + 'static>(compute: impl FnOnce() -> T + Send + 'static) -> anyhow::Result<T> {
    Ok(tokio::task::spawn_blocking(compute).await?)
}
