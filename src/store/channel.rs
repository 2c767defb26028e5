//! Ad accounts and shops: found through a connection, mapped to a client by a person.

use model::{
    connection::{Channel, ChannelKind},
    id::{ChannelId, ClientId, ConnectionId},
    metric::Account,
};
use time::OffsetDateTime;

use crate::{Error, Result, TenantTx, id};

/// The channels of a connection, by name.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx, connection_id: ConnectionId) -> Result<Vec<Channel>> {
    sqlx::query!(
        "select id, client_id, kind, external_id, manager_id, name, currency, time_zone
         from channel where connection_id = $1 order by name, external_id",
        connection_id.0
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(|row| {
        let kind = ChannelKind::parse(&row.kind)
            .ok_or_else(|| Error::Database(sqlx::Error::Decode(format!("unknown kind {}", row.kind).into())))?;
        Ok(Channel {
            id: row.id.into(),
            connection_id,
            client_id: row.client_id.map(Into::into),
            kind,
            account: Account {
                external_id: row.external_id,
                name: row.name,
                currency: row.currency,
                time_zone: row.time_zone,
                manager_id: row.manager_id,
            },
        })
    })
    .collect()
}

/// Keeps an account that a connection reaches: new ones are added unmapped, names follow the provider.
///
/// # Errors
/// The database failed.
pub async fn upsert(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    kind: ChannelKind,
    account: &Account,
    now: OffsetDateTime,
) -> Result<ChannelId> {
    let organization = tx.actor().organization_id;
    let new: ChannelId = id::new(now);
    let row = sqlx::query!(
        "insert into channel (organization_id, id, connection_id, kind, external_id, manager_id, name, currency, time_zone, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (organization_id, connection_id, external_id) do update
           set name = excluded.name, manager_id = excluded.manager_id, currency = excluded.currency, time_zone = excluded.time_zone
         returning id",
        organization.0,
        new.0,
        connection_id.0,
        kind.key(),
        account.external_id,
        account.manager_id,
        account.name,
        account.currency,
        account.time_zone,
        now
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(row.id.into())
}

/// Maps a channel to a client, or to none.
///
/// # Errors
/// Missing when the channel or the client is not in sight.
pub async fn set_client(tx: &mut TenantTx, id: ChannelId, client_id: Option<ClientId>) -> Result<()> {
    let done = sqlx::query!(
        "update channel set client_id = $2
         where id = $1 and ($2::uuid is null or exists (select from client c where c.id = $2))",
        id.0,
        client_id.map(|id| id.0)
    )
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(Error::Missing) }
}
