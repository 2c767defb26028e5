//! Contacts of clients and their addresses.

use model::{
    contact::{Contact, Fields},
    id::{ClientId, ContactId},
};
use time::OffsetDateTime;

use crate::{Error, OnConstraint, Result, TenantTx};

/// The contacts of a client, by name.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx, client_id: ClientId) -> Result<Vec<Contact>> {
    let rows = sqlx::query!(
        r#"select c.id, c.name, a.kind as "kind?", a.address as "address?"
           from contact c left join contact_address a on a.organization_id = c.organization_id and a.contact_id = c.id
           where c.client_id = $1 order by lower(c.name), c.id, a.position"#,
        client_id.0
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut contacts: Vec<Contact> = Vec::new();
    for row in rows {
        let id: ContactId = row.id.into();
        if contacts.last().is_none_or(|last| last.id != id) {
            contacts.push(Contact { id, client_id, fields: Fields { name: row.name, ..Fields::default() } });
        }
        if let (Some(kind), Some(address), Some(contact)) = (row.kind, row.address, contacts.last_mut()) {
            match kind.as_str() {
                "email" => contact.fields.emails.push(address),
                "phone" => contact.fields.phones.push(address),
                _ => contact.fields.handles.push(address),
            }
        }
    }
    Ok(contacts)
}

/// One contact.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn get(tx: &mut TenantTx, id: ContactId) -> Result<Contact> {
    let client = sqlx::query_scalar!("select client_id from contact where id = $1", id.0);
    let client = client.fetch_optional(&mut **tx).await?.ok_or(Error::Missing)?;
    list(tx, client.into()).await?.into_iter().find(|contact| contact.id == id).ok_or(Error::Missing)
}

/// Adds a contact.
///
/// # Errors
/// `Conflict("contact_address_pkey")` when an address belongs to another contact of the agency.
pub async fn insert(tx: &mut TenantTx, contact: &Contact, now: OffsetDateTime) -> Result<()> {
    let organization_id = tx.actor().organization_id;
    sqlx::query!(
        "insert into contact (organization_id, id, client_id, name, created_at) values ($1, $2, $3, $4, $5)",
        organization_id.0,
        contact.id.0,
        contact.client_id.0,
        contact.fields.name,
        now
    )
    .execute(&mut **tx)
    .await?;
    insert_addresses(tx, contact.id, &contact.fields).await
}

/// Writes a contact's changed fields.
///
/// # Errors
/// Missing when it may not be changed; `Conflict("contact_address_pkey")` as in [`insert`].
pub async fn update(tx: &mut TenantTx, client_id: ClientId, id: ContactId, fields: &Fields) -> Result<()> {
    let done =
        sqlx::query!("update contact set name = $3 where client_id = $1 and id = $2", client_id.0, id.0, fields.name)
            .execute(&mut **tx)
            .await?;
    if done.rows_affected() == 0 {
        return Err(Error::Missing);
    }
    sqlx::query!("delete from contact_address where contact_id = $1", id.0).execute(&mut **tx).await?;
    insert_addresses(tx, id, fields).await
}

/// Removes a contact; returns its name.
///
/// # Errors
/// Missing when it may not be changed.
pub async fn remove(tx: &mut TenantTx, client_id: ClientId, id: ContactId) -> Result<String> {
    let removed =
        sqlx::query_scalar!("delete from contact where client_id = $1 and id = $2 returning name", client_id.0, id.0);
    Ok(removed.fetch_one(&mut **tx).await?)
}

async fn insert_addresses(tx: &mut TenantTx, id: ContactId, fields: &Fields) -> Result<()> {
    let organization_id = tx.actor().organization_id;
    for (position, (kind, address)) in (0..).zip(fields.addresses()) {
        sqlx::query!(
            "insert into contact_address (organization_id, kind, address, contact_id, position) values ($1, $2, $3, $4, $5)",
            organization_id.0,
            kind,
            address,
            id.0,
            position
        )
        .execute(&mut **tx)
        .await
        .on_constraint("contact_address_pkey")?;
    }
    Ok(())
}
