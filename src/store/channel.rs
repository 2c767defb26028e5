//! Ad accounts and shops: found through a connection, mapped to a client by a person.

use model::{
    connection::{Channel, ChannelKind},
    id::{ChannelId, ClientId, ConnectionId},
    metric::Account,
};
use time::OffsetDateTime;

use crate::{Error, Result, TenantTx, id};

struct Stored {
    id: sqlx::types::Uuid,
    connection_id: sqlx::types::Uuid,
    client_id: Option<sqlx::types::Uuid>,
    kind: String,
    external_id: String,
    manager_id: Option<String>,
    name: String,
    currency: String,
    time_zone: String,
}

impl Stored {
    fn channel(self) -> Result<Channel> {
        let kind = ChannelKind::parse(&self.kind)
            .ok_or_else(|| Error::Database(sqlx::Error::Decode(format!("unknown kind {}", self.kind).into())))?;
        Ok(Channel {
            id: self.id.into(),
            connection_id: self.connection_id.into(),
            client_id: self.client_id.map(Into::into),
            kind,
            account: Account {
                external_id: self.external_id,
                name: self.name,
                currency: self.currency,
                time_zone: self.time_zone,
                manager_id: self.manager_id,
            },
        })
    }
}

/// The channels of a connection, by name.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx, connection_id: ConnectionId) -> Result<Vec<Channel>> {
    let found = sqlx::query_as!(
        Stored,
        "select id, connection_id, client_id, kind, external_id, manager_id, name, currency, time_zone
         from channel where connection_id = $1 order by name, external_id",
        connection_id.0
    );
    found.fetch_all(&mut **tx).await?.into_iter().map(Stored::channel).collect()
}

/// What a channel is called, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// The channel.
    pub id: ChannelId,
    /// The client it belongs to, if it was mapped to one.
    pub client_id: Option<ClientId>,
    /// What its owner called it.
    pub name: String,
    /// The provider's id of it.
    pub external_id: String,
    /// The provider's key, or that of the platform a file is of.
    pub provider: String,
    /// Whether it is fed by files.
    pub file: bool,
}

impl Called {
    /// What it is called for people.
    pub fn called(&self) -> model::channel::Called<'_> {
        let Self { name, external_id, provider, file, .. } = self;
        model::channel::Called { provider, file: *file, name, external_id }
    }
}

/// What all channels in sight are called, by id.
///
/// # Errors
/// The database failed.
pub async fn list_names(tx: &mut TenantTx) -> Result<Vec<Called>> {
    let found = sqlx::query!(
        r#"select id, client_id, name, external_id, coalesce(platform, provider) as "provider!", kind = 'file' as "file!"
           from channel order by id"#
    );
    let called = found.map(|row| Called {
        id: row.id.into(),
        client_id: row.client_id.map(Into::into),
        name: row.name,
        external_id: row.external_id,
        provider: row.provider,
        file: row.file,
    });
    Ok(called.fetch_all(&mut **tx).await?)
}

/// How many accounts of each connection are in sight, and how many of them belong to no client. A mailbox is of no client, but its
/// conversations are.
///
/// # Errors
/// The database failed.
pub async fn count(tx: &mut TenantTx) -> Result<Vec<(ConnectionId, i64, i64)>> {
    Ok(sqlx::query!(
        r#"select connection_id, count(*) as "all!", count(*) filter (where client_id is null and kind <> 'inbox') as "unmapped!"
           from channel group by connection_id"#
    )
    .map(|row| (row.connection_id.into(), row.all, row.unmapped))
    .fetch_all(&mut **tx)
    .await?)
}

/// One channel.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn get(tx: &mut TenantTx, id: ChannelId) -> Result<Channel> {
    let found = sqlx::query_as!(
        Stored,
        "select id, connection_id, client_id, kind, external_id, manager_id, name, currency, time_zone
         from channel where id = $1",
        id.0
    );
    found.fetch_one(&mut **tx).await?.channel()
}

/// Keeps an account that a connection reaches: new ones are added unmapped, names follow the provider. An account that
/// another connection reads stays with that one; one whose connection has ended goes on here, with its client, its past
/// and how far it was read. The currency follows until something was read: amounts that are stored stay what they are.
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
        "insert into channel as h (organization_id, id, connection_id, provider, kind, external_id, manager_id, name, currency,
           time_zone, created_at)
         select $1, $2, $3, c.provider, $4, $5, $6, $7, $8, $9, $10 from connection c where c.id = $3
         on conflict (organization_id, provider, external_id) where kind <> 'file' do update
           set name = excluded.name, manager_id = excluded.manager_id, time_zone = excluded.time_zone,
             currency = case when exists (
               select from metric_observation o where o.organization_id = h.organization_id and o.channel_id = h.id)
               or exists (select from shop_order s where s.organization_id = h.organization_id and s.channel_id = h.id)
               then h.currency else excluded.currency end,
             connection_id = case when exists (
               select from connection c where c.organization_id = h.organization_id and c.id = h.connection_id and c.disconnected_at is null)
               then h.connection_id else excluded.connection_id end
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
