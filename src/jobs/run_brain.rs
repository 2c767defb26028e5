//! Thinks about an agency: everything that is stored of one moment goes in, what comes out is kept as a state that never
//! changes. Running twice does no harm: the same input is known by its hash, and its state is there already.

mod facts;
mod think;

use std::time::Duration;

use facts::Facts;
use model::{
    actor::Actor,
    brain::Trigger,
    id::{BrainCycleId, OrganizationId},
};
use sha2::{Digest, Sha256};
use store::{TenantTx, brain};
use time::OffsetDateTime;

use crate::Context;

/// States made by another version are not taken for the same.
const CODE_VERSION: &str = env!("CARGO_PKG_VERSION");
/// So long is waited after a reading, since several end at about the same time.
const GATHER: Duration = Duration::from_secs(5);

/// Asks for a cycle after something was stored in this transaction.
pub(crate) async fn ask(tx: &mut TenantTx, cause: Trigger, now: OffsetDateTime) -> store::Result<()> {
    brain::ask(tx, cause, now, Some(now + GATHER)).await.map(|_| ())
}

pub(crate) async fn run(context: &Context, organization: OrganizationId, id: BrainCycleId) -> anyhow::Result<()> {
    let service = &context.service;
    let actor = Actor::machine(organization);
    let mut tx = service.db.tenant(&actor).await?;
    if !brain::begin(&mut tx, id).await? {
        return Ok(());
    }
    tx.commit().await?;
    let outcome = cycle(context, &actor, id).await;
    if let Err(error) = &outcome {
        tracing::error!(cycle = %id, error = format!("{error:#}"), "a cycle of the brain failed");
        let mut tx = service.db.tenant(&actor).await?;
        let message = "something failed on our side; the server's log says what";
        brain::fail(&mut tx, id, message, service.clock.now()).await?;
        tx.commit().await?;
    }
    outcome
}

async fn cycle(context: &Context, actor: &Actor, id: BrainCycleId) -> anyhow::Result<()> {
    let service = &context.service;
    let mut tx = service.db.tenant(actor).await?;
    let cut_off = brain::freeze(&mut tx).await?;
    let facts = Facts::read(&mut tx, service.clock.now()).await?;
    drop(tx);
    let state = match known(context, actor, &facts).await? {
        Some(state) => state,
        None => {
            let now = service.clock.now();
            // Methods are chosen first: which they are belongs to the input.
            let (facts, chosen) = blocking(move || think::choose(facts, now)).await?;
            if !chosen.is_empty() {
                let mut tx = service.db.tenant(actor).await?;
                brain::upsert_choices(&mut tx, &chosen, now).await?;
                tx.commit().await?;
            }
            let input_hash = facts.hash()?;
            let (facts, outcomes) = blocking(move || think::think(&facts).map(|outcomes| (facts, outcomes))).await??;
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
    let mut tx = service.db.tenant(actor).await?;
    brain::finish(&mut tx, id, state, cut_off, service.clock.now()).await?;
    Ok(tx.commit().await?)
}

/// The state of exactly this input, if it was thought about before and no method is due to be chosen anew.
async fn known(
    context: &Context,
    actor: &Actor,
    facts: &Facts,
) -> anyhow::Result<Option<model::id::BrainStateId>> {
    if think::due(facts, context.service.clock.now()) {
        return Ok(None);
    }
    let mut tx = context.service.db.tenant(actor).await?;
    Ok(brain::find_state(&mut tx, &facts.hash()?, CODE_VERSION).await?)
}

/// Runs what only computes, aside of what waits.
async fn blocking<T: Send + 'static>(compute: impl FnOnce() -> T + Send + 'static) -> anyhow::Result<T> {
    Ok(tokio::task::spawn_blocking(compute).await?)
}
