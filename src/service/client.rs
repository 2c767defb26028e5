//! What a person does with clients.

use model::{
    access::{self, Action},
    actor::Actor,
    client::{Client, NewClient},
    id::ClientId,
    page::Page,
};
use store::client;

use crate::{Result, Service};

/// The clients in the actor's sight, newest first.
///
/// # Errors
/// A malformed cursor.
pub async fn list(service: &Service, actor: &Actor, limit: i64, cursor: Option<&str>) -> Result<Page<Client>> {
    access::check(actor, Action::ReadClients)?;
    let cursor = cursor.map(client::Cursor::parse).transpose()?;
    Ok(client::list(&mut service.db.tenant(actor).await?, limit, cursor).await?)
}

/// One client in the actor's sight.
///
/// # Errors
/// Missing, also when it is another tenant's.
pub async fn get(service: &Service, actor: &Actor, id: ClientId) -> Result<Client> {
    access::check(actor, Action::ReadClients)?;
    Ok(client::get(&mut service.db.tenant(actor).await?, id).await?)
}

/// Adds a client.
///
/// # Errors
/// A field that cannot be accepted, or the rule that forbids it.
pub async fn create(service: &Service, actor: &Actor, new: &NewClient) -> Result<Client> {
    access::check(actor, Action::CreateClient)?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    let id = store::id::new(now);
    client::insert(&mut tx, id, new, now).await?;
    let created = client::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(created)
}
