//! What a provider sent by itself, after its signature was verified.

use model::{
    id::{ConnectionId, OrganizationId},
    job::Job,
};
use store::{SystemTx, connection, queue, webhook_event};
use time::OffsetDateTime;

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
            ask(&mut tx, (organization_id, connection_id), now).await?;
        }
    }
    Ok(tx.commit().await?)
}

/// Has a connection read of which its provider said that something changed. One that waits for somebody to connect again is read whole
/// then.
///
/// # Errors
/// The database failed.
pub async fn ask(tx: &mut SystemTx, of: (OrganizationId, ConnectionId), now: OffsetDateTime) -> Result<()> {
    match connection::ask_of(tx, of, now).await {
        Ok(()) => Ok(queue::enqueue(tx, &Job::QueueDue, None).await?),
        Err(store::Error::Missing) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
