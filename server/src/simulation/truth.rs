//! What changes in a simulated agency truly brought, told by its world. It goes to the page that shows it and nowhere else.

use std::sync::Arc;

use app::pages::simulation::{Brought, Compared, Judge, Judging};
use model::actor::Actor;
use service::Error;

use super::Worlds;

/// So many whole days are compared.
const DAYS: i64 = 7;

impl Judge for Worlds {
    fn compared(self: Arc<Self>, actor: Actor) -> Judging {
        Box::pin(async move { self.judge(&actor).await })
    }
}

impl Worlds {
    async fn judge(&self, actor: &Actor) -> Result<Vec<Compared>, Error> {
        service::simulation::check_runs(&self.service, actor).await?;
        let Some(world) = self.find(actor.organization_id).await.map_err(internal)? else { return Ok(Vec::new()) };
        let compared = tokio::task::spawn_blocking(move || {
            let compared = world.compared(DAYS)?;
            let desk = world.desk()?;
            let client = |at: usize| &desk.world.clients()[at];
            Ok::<_, rehearsal::Error>(compared.iter().map(|one| shown(client(one.client), one)).collect())
        });
        compared.await.map_err(anyhow::Error::from).and_then(|done| Ok(done?)).map_err(internal)
    }
}

fn internal(error: anyhow::Error) -> Error {
    Error::Internal(error.into())
}

fn shown(client: &rehearsal::Client, compared: &rehearsal::Compared) -> Compared {
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
