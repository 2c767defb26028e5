//! What a person does with the contacts of a client.

use model::{
    access::Action,
    actor::Actor,
    contact::{Contact, Fields},
    id::{ClientId, ContactId},
};
use serde_json::json;
use store::{client, contact};

use crate::{
    Error, Result, Service, access,
    client::{allow_on, lock_open},
};

/// The contacts of a client.
///
/// # Errors
/// Missing when the client is out of sight.
pub async fn list(service: &Service, actor: &Actor, client_id: ClientId) -> Result<Vec<Contact>> {
    access::allow(service, actor, Action::ReadClients).await?;
    let mut tx = service.db.tenant(actor).await?;
    client::get(&mut tx, client_id).await?;
    Ok(contact::list(&mut tx, client_id).await?)
}

/// Adds a contact.
///
/// # Errors
/// Missing, an archived client, a field that cannot be accepted, an address of another contact, or the rule that
/// forbids it.
pub async fn create(service: &Service, actor: &Actor, client_id: ClientId, fields: Fields) -> Result<Contact> {
    allow_on(service, actor, client_id, Action::EditClient).await?;
    let mut tx = service.db.tenant(actor).await?;
    let now = service.clock.now();
    let client = lock_open(&mut tx, client_id).await?;
    let new = Contact { id: store::id::new(now), client_id, fields: fields.parse()? };
    contact::insert(&mut tx, &new, now).await.map_err(taken)?;
    let detail = json!({ "contact_added": new.fields.name });
    access::done_to(service, &mut tx, Action::EditClient, (client_id, &client.fields.name), detail).await?;
    tx.commit().await?;
    Ok(new)
}

/// Changes a contact.
///
/// # Errors
/// As in [`create`].
pub async fn update(
    service: &Service,
    actor: &Actor,
    client_id: ClientId,
    id: ContactId,
    fields: Fields,
) -> Result<Contact> {
    allow_on(service, actor, client_id, Action::EditClient).await?;
    let mut tx = service.db.tenant(actor).await?;
    let client = lock_open(&mut tx, client_id).await?;
    let changed = Contact { id, client_id, fields: fields.parse()? };
    contact::update(&mut tx, client_id, id, &changed.fields).await.map_err(taken)?;
    let detail = json!({ "contact_changed": changed.fields.name });
    access::done_to(service, &mut tx, Action::EditClient, (client_id, &client.fields.name), detail).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Removes a contact.
///
/// # Errors
/// Missing, an archived client, or the rule that forbids it.
pub async fn remove(service: &Service, actor: &Actor, client_id: ClientId, id: ContactId) -> Result<()> {
    allow_on(service, actor, client_id, Action::EditClient).await?;
    let mut tx = service.db.tenant(actor).await?;
    let client = lock_open(&mut tx, client_id).await?;
    let detail = json!({ "contact_removed": contact::remove(&mut tx, client_id, id).await? });
    access::done_to(service, &mut tx, Action::EditClient, (client_id, &client.fields.name), detail).await?;
    Ok(tx.commit().await?)
}

fn taken(error: store::Error) -> Error {
    match error {
        store::Error::Conflict(_) => Error::Conflict {
            code: "address_taken",
            message: "one of these addresses belongs to another contact of the agency already. Nothing was changed"
                .into(),
        },
        other => other.into(),
    }
}
