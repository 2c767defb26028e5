//! Clients of the agency, in the sight of the acting member.

use model::{
    client::{Client, NewClient},
    id::ClientId,
    input::Invalid,
    page::Page,
};
use sqlx::types::Uuid;
use time::OffsetDateTime;

use crate::{Result, TenantTx};

/// Where the next page of a newest-first list begins: after this moment and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    created_at: OffsetDateTime,
    id: Uuid,
}

impl Cursor {
    /// Reads the opaque text of an earlier page.
    ///
    /// # Errors
    /// The text was not made by this list.
    pub fn parse(text: &str) -> std::result::Result<Self, Invalid> {
        let wrong = || Invalid::new("cursor", "cursor must be the next_cursor of an earlier page");
        let (nanos, id) = text.split_once('_').ok_or_else(wrong)?;
        Ok(Self {
            created_at: nanos
                .parse()
                .ok()
                .and_then(|nanos| OffsetDateTime::from_unix_timestamp_nanos(nanos).ok())
                .ok_or_else(wrong)?,
            id: id.parse().map_err(|_| wrong())?,
        })
    }

    fn after(client: &Client) -> String {
        format!("{}_{}", client.created_at.unix_timestamp_nanos(), client.id.0.simple())
    }
}

/// Clients newest first; equal moments are ordered by id, so that no page skips or repeats one.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx, limit: i64, cursor: Option<Cursor>) -> Result<Page<Client>> {
    let mut items = sqlx::query!(
        r#"select id, name, created_at from client
           where $1::timestamptz is null or (created_at, id) < ($1, $2::uuid)
           order by created_at desc, id desc limit $3"#,
        cursor.map(|c| c.created_at),
        cursor.map(|c| c.id),
        limit + 1
    )
    .map(|row| Client { id: row.id.into(), name: row.name, created_at: row.created_at })
    .fetch_all(&mut **tx)
    .await?;
    let more = items.len() as i64 > limit;
    items.truncate(usize::try_from(limit).unwrap_or_default());
    Ok(Page { next_cursor: items.last().filter(|_| more).map(Cursor::after), items })
}

/// One client.
///
/// # Errors
/// Missing, also when it is another tenant's.
pub async fn get(tx: &mut TenantTx, id: ClientId) -> Result<Client> {
    let row = sqlx::query!("select id, name, created_at from client where id = $1", id.0).fetch_one(&mut **tx).await?;
    Ok(Client { id: row.id.into(), name: row.name, created_at: row.created_at })
}

/// Adds a client.
///
/// # Errors
/// The database failed.
pub async fn insert(tx: &mut TenantTx, id: ClientId, new: &NewClient, now: OffsetDateTime) -> Result<()> {
    let organization_id = tx.actor().organization_id;
    sqlx::query!(
        "insert into client (organization_id, id, name, created_at) values ($1, $2, $3, $4)",
        organization_id.0,
        id.0,
        new.name,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
