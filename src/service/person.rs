//! A contact's time line: what was written to and fro with them in all conversations in sight, whichever channel it went through.

use model::{access::Action, actor::Actor, id::ContactId, person::Person};
use store::{client, contact, cursor::Cursor, person};

use crate::{Result, Service, access};

/// A contact with what was written under any of their addresses, the last first.
///
/// # Errors
/// Missing when the contact's client is not in sight, or a malformed cursor.
pub async fn get(service: &Service, actor: &Actor, id: ContactId, limit: i64, cursor: Option<&str>) -> Result<Person> {
    access::allow(service, actor, Action::ReadConversations).await?;
    let cursor = cursor.map(Cursor::parse).transpose()?;
    let mut tx = service.db.tenant(actor).await?;
    let found = contact::get(&mut tx, id).await?;
    let client = client::get(&mut tx, found.client_id).await?.fields.name;
    let addresses: Vec<String> = found.fields.addresses().map(|(_, address)| address.to_owned()).collect();
    let lines = person::list(&mut tx, &addresses, limit, cursor).await?;
    Ok(Person { contact: found, client, lines })
}
