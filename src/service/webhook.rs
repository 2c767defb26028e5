//! What a provider sent by itself, after its signature was verified.

use model::{connection::Cause, job::Job};
use store::{queue, webhook_event};

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
            let job = Job::SyncConnection { organization_id, connection_id, cause: Cause::Webhook };
            queue::enqueue(&mut tx, &job, None).await?;
        }
    }
    Ok(tx.commit().await?)
}
