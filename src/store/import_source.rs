//! Sources of imports: a channel of kind `file` behind a connection of its own, so that one import at a time runs into it.
//!
//! Their connections are no accounts that somebody connected: `connection` shows none of them.

use model::{
    connection::{Channel, ChannelKind},
    id::{ChannelId, ClientId, ConnectionId},
    import::{Kind, Source},
    metric::Account,
};
use time::OffsetDateTime;

use crate::{Error, OnConstraint, Result, TenantTx};

/// The provider that stands in a source's connection.
pub const PROVIDER: &str = "file";

struct Row {
    id: sqlx::types::Uuid,
    connection_id: sqlx::types::Uuid,
    client_id: Option<sqlx::types::Uuid>,
    external_id: String,
    name: String,
    currency: String,
    time_zone: String,
    holds: String,
    platform: Option<String>,
    created_at: OffsetDateTime,
}

impl Row {
    fn source(self) -> Result<Source> {
        let holds = Kind::parse(&self.holds)
            .ok_or_else(|| Error::Database(sqlx::Error::Decode(format!("unknown kind {}", self.holds).into())))?;
        let account = Account {
            external_id: self.external_id,
            name: self.name,
            currency: self.currency,
            time_zone: self.time_zone,
            manager_id: None,
        };
        let channel = Channel {
            id: self.id.into(),
            connection_id: self.connection_id.into(),
            client_id: self.client_id.map(Into::into),
            kind: ChannelKind::File,
            account,
        };
        Ok(Source { channel, holds, platform: self.platform, created_at: self.created_at })
    }
}

/// The sources in sight, by name.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx) -> Result<Vec<Source>> {
    let found = sqlx::query_as!(
        Row,
        r#"select id, connection_id, client_id, external_id, name, currency, time_zone, holds as "holds!", platform, created_at
           from channel where kind = 'file' order by lower(name), id"#
    );
    found.fetch_all(&mut **tx).await?.into_iter().map(Row::source).collect()
}

/// One source.
///
/// # Errors
/// Missing when it is not in sight, or is an account of a provider.
pub async fn get(tx: &mut TenantTx, id: ChannelId) -> Result<Source> {
    let found = sqlx::query_as!(
        Row,
        r#"select id, connection_id, client_id, external_id, name, currency, time_zone, holds as "holds!", platform, created_at
           from channel where kind = 'file' and id = $1"#,
        id.0
    );
    found.fetch_one(&mut **tx).await?.source()
}

/// What a new source is.
#[derive(Clone, Copy, Debug)]
pub struct New<'a> {
    /// Its channel.
    pub id: ChannelId,
    /// Its connection.
    pub connection_id: ConnectionId,
    /// What people call it.
    pub name: &'a str,
    /// What its rows are.
    pub holds: Kind,
    /// The provider whose figures they are.
    pub platform: Option<&'a str>,
    /// ISO 4217.
    pub currency: &'a str,
    /// The zone in which its days are counted.
    pub time_zone: &'a str,
    /// Whose figures they are.
    pub client_id: Option<ClientId>,
}

/// Stores a source that the acting member made.
///
/// # Errors
/// Conflict `import_source_name` when another has its name.
pub async fn insert(tx: &mut TenantTx, new: &New<'_>, now: OffsetDateTime) -> Result<()> {
    let actor = tx.actor().clone();
    let organization = actor.organization_id;
    sqlx::query!(
        "insert into connection (organization_id, id, provider, label, created_by, created_at, mode)
         values ($1, $2, $3, $4, $5, $6, (select mode from organization))",
        organization.0,
        new.connection_id.0,
        PROVIDER,
        new.name,
        actor.member_id.0,
        now
    )
    .execute(&mut **tx)
    .await
    .on_constraint("import_source_name")?;
    sqlx::query!(
        "insert into channel (organization_id, id, connection_id, client_id, provider, kind, external_id, name, currency, time_zone, holds,
           platform, created_at)
         values ($1, $2, $3, $4, 'file', 'file', $5, $6, $7, $8, $9, $10, $11)",
        organization.0,
        new.id.0,
        new.connection_id.0,
        new.client_id.map(|id| id.0),
        new.id.to_string(),
        new.name,
        new.currency,
        new.time_zone,
        new.holds.key(),
        new.platform,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Lets nobody else import into a source until the transaction ends.
///
/// # Errors
/// Missing when it is not in sight.
pub async fn lock(tx: &mut TenantTx, id: ChannelId) -> Result<()> {
    sqlx::query!("select id from channel where id = $1 for no key update", id.0).fetch_one(&mut **tx).await?;
    Ok(())
}
