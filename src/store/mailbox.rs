//! The mailboxes that conversations go through, by what people call them.

use model::id::ChannelId;

use crate::{Result, TenantTx};

/// A mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Its channel.
    pub id: ChannelId,
    /// Its provider's key.
    pub provider: String,
    /// What it is called.
    pub name: String,
}

/// The mailboxes in sight, by name.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<Mailbox>> {
    let found = sqlx::query!(
        r#"select id, provider as "provider!", name from channel where kind = 'inbox' order by lower(name), id"#
    );
    let mailbox = found.map(|row| Mailbox { id: row.id.into(), provider: row.provider, name: row.name });
    Ok(mailbox.fetch_all(&mut **tx).await?)
}
