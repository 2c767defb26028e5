//! What a provider sent by itself, after its signature was verified.

use model::job::Job;
use store::{connection, queue, webhook_event};

use crate::{Result, Service};

/// Stores the event for every connection through which the account is read, and has them read. An event that came
/// before is not acted on again.
///
/// # Errors
/// The database failed.
pub async fn receive(service: &Service, provider: &str, account: &str, id: &str, topic: &str) -> Result<()> {
    let now = service.clock.now();
    let mut tx = service.db.system().await?;
    for (organization_id, connection_id) in webhook_event::list_receivers(&mut tx, provider, account).await? {
        if webhook_event::insert(&mut tx, (organization_id, connection_id), id, topic, now).await? {
            match connection::ask_of(&mut tx, (organization_id, connection_id), now).await {
                Ok(()) => queue::enqueue(&mut tx, &Job::QueueDue, None).await?,
                // It waits for somebody to connect again, and is read whole then.
                Err(store::Error::Missing) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(tx.commit().await?)
}
