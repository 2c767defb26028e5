//! What changes in a simulated agency truly brought, told by its world. It goes to the pages that show it and nowhere else.

use std::sync::Arc;

use app::pages::simulation::{Brought, Compared, Judge, Judging, Truth};
use model::{actor::Actor, id::ActionId};
use rehearsal::World;
use service::Error;

use super::{Worlds, internal};

/// So many whole days are compared of all changes together.
const DAYS: i64 = 7;

impl Judge for Worlds {
    fn compared(self: Arc<Self>, actor: Actor) -> Judging<Vec<Compared>> {
        Box::pin(async move { self.judge(&actor).await })
    }

    fn truths(self: Arc<Self>, actor: Actor) -> Judging<Vec<Truth>> {
        Box::pin(async move { self.judge_actions(&actor).await })
    }

    fn carry_out(self: Arc<Self>, actor: Actor, id: ActionId) -> Judging<()> {
        Box::pin(async move { self.does(&actor, id).await })
    }

    fn take_back(self: Arc<Self>, actor: Actor, id: ActionId, reason: String) -> Judging<()> {
        Box::pin(async move { self.takes_back(&actor, id, &reason).await.map(|_| ()) })
    }
}

impl Worlds {
    async fn judge(&self, actor: &Actor) -> Result<Vec<Compared>, Error> {
        service::simulation::check_runs(&self.service, actor).await?;
        let Some(world) = self.find(actor.organization_id).await.map_err(internal)? else { return Ok(Vec::new()) };
        drawn(move || {
            let compared = world.compared(DAYS)?;
            let desk = world.desk()?;
            Ok(compared.iter().map(|one| shown(&desk.world, one)).collect())
        })
        .await
    }

    /// Of each action that was done in the simulated accounts, over the days that it is measured by.
    async fn judge_actions(&self, actor: &Actor) -> Result<Vec<Truth>, Error> {
        service::simulation::check_runs(&self.service, actor).await?;
        let Some(world) = self.find(actor.organization_id).await.map_err(internal)? else { return Ok(Vec::new()) };
        let mut parts: Vec<_> = world.writes().into_iter().filter_map(|write| write.part_of).collect();
        parts.sort_unstable();
        parts.dedup();
        let mut actions = Vec::new();
        for id in parts.iter().filter_map(|part| part.parse::<ActionId>().ok()) {
            match service::action::get(&self.service, actor, id).await {
                Ok(action) => actions.push((id, i64::from(action.proposal.horizon_days.max(1)))),
                Err(Error::Missing) => {}
                Err(error) => return Err(error),
            }
        }
        drawn(move || {
            let desk = world.desk()?;
            let mut truths = Vec::new();
            for (action, days) in actions {
                let compared = world.compared_of(&action.to_string(), days)?;
                truths.push(Truth { action, compared: compared.map(|one| shown(&desk.world, &one)) });
            }
            Ok(truths)
        })
        .await
    }
}

/// Draws in a world, which takes longer than others should wait.
async fn drawn<T: Send + 'static>(
    draw: impl FnOnce() -> Result<T, rehearsal::Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(draw).await;
    done.map_err(anyhow::Error::from).and_then(|done| Ok(done?)).map_err(internal)
}

fn shown(world: &World, compared: &rehearsal::Compared) -> Compared {
    let client = &world.clients()[compared.client];
    let brought = |of: rehearsal::Brought| Brought {
        spend_cents: of.spend_cents,
        orders: of.orders,
        ledger_cents: of.ledger_cents,
    };
    Compared {
        client: client.name.clone(),
        currency: client.currency.to_owned(),
        days: (compared.days.start().to_string(), compared.days.end().to_string()),
        with: brought(compared.with),
        without: brought(compared.without),
    }
}
