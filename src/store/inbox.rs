//! How far mailboxes were read, under which addresses they write, and which of their messages could not be read yet.

use model::id::{ChannelId, ConnectionId};
use time::OffsetDateTime;

use crate::{Result, TenantTx};

/// How a mailbox stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inbox {
    /// The addresses under which it writes, its own first.
    pub addresses: Vec<String>,
    /// Where the next reading goes on.
    pub cursor: Option<String>,
    /// When all of its first reading was there.
    pub complete_at: Option<OffsetDateTime>,
}

/// How a mailbox stands; nobody else reads on in it until the transaction ends.
///
/// # Errors
/// The database failed.
pub async fn get(tx: &mut TenantTx, channel: ChannelId) -> Result<Inbox> {
    let found = sqlx::query_as!(
        Inbox,
        "select addresses, cursor, complete_at from inbox where channel_id = $1 for update",
        channel.0
    );
    Ok(found.fetch_optional(&mut **tx).await?.unwrap_or_default())
}

/// Keeps how a mailbox stands.
///
/// # Errors
/// The database failed.
pub async fn set(tx: &mut TenantTx, channel: ChannelId, inbox: &Inbox, now: OffsetDateTime) -> Result<()> {
    let organization = tx.actor().organization_id;
    sqlx::query!(
        "insert into inbox (organization_id, channel_id, addresses, cursor, complete_at, updated_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (organization_id, channel_id) do update set addresses = excluded.addresses, cursor = excluded.cursor,
           complete_at = excluded.complete_at, updated_at = excluded.updated_at",
        organization.0,
        channel.0,
        &inbox.addresses,
        inbox.cursor,
        inbox.complete_at,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Those of a mailbox that are to be asked for by their ids: which a page had no room for, and which could not be read before `began`,
/// and were asked for no more than `most` times. Those that were asked for least come first.
///
/// # Errors
/// The database failed.
pub async fn missed(tx: &mut TenantTx, channel: ChannelId, most: i32, began: OffsetDateTime) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select external_id from missed_message
         where channel_id = $1 and attempts <= $2 and (attempts = 0 or missed_at < $3) order by attempts, missed_at limit 200",
        channel.0,
        most,
        began
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// How many messages of a mailbox could not be read.
///
/// # Errors
/// The database failed.
pub async fn count_missed(tx: &mut TenantTx, channel: ChannelId) -> Result<i64> {
    let count =
        sqlx::query_scalar!(r#"select count(*) as "count!" from missed_message where channel_id = $1"#, channel.0);
    Ok(count.fetch_one(&mut **tx).await?)
}

/// How many messages of each connection could not be read; only those of which some could not.
///
/// # Errors
/// The database failed.
pub async fn missing(tx: &mut TenantTx) -> Result<Vec<(ConnectionId, i64)>> {
    let found = sqlx::query!(
        r#"select h.connection_id as "connection_id!", count(*) as "count!" from missed_message m
           join channel h on h.organization_id = m.organization_id and h.id = m.channel_id group by h.connection_id"#
    );
    Ok(found.map(|row| (row.connection_id.into(), row.count)).fetch_all(&mut **tx).await?)
}

/// Notes that a message is still to be asked for: it was not tried.
///
/// # Errors
/// The database failed.
pub async fn set_left(tx: &mut TenantTx, channel: ChannelId, external_id: &str, now: OffsetDateTime) -> Result<()> {
    let organization = tx.actor().organization_id;
    sqlx::query!(
        "insert into missed_message (organization_id, channel_id, external_id, attempts, fault, missed_at)
         values ($1, $2, $3, 0, 'its page was full', $4)
         on conflict (organization_id, channel_id, external_id) do update set attempts = 0, fault = excluded.fault,
           missed_at = excluded.missed_at",
        organization.0,
        channel.0,
        external_id,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Notes that a message could not be read, once more.
///
/// # Errors
/// The database failed.
pub async fn set_missed(
    tx: &mut TenantTx,
    channel: ChannelId,
    external_id: &str,
    fault: &str,
    now: OffsetDateTime,
) -> Result<()> {
    let organization = tx.actor().organization_id;
    sqlx::query!(
        "insert into missed_message as m (organization_id, channel_id, external_id, fault, missed_at) values ($1, $2, $3, $4, $5)
         on conflict (organization_id, channel_id, external_id) do update set attempts = m.attempts + 1, fault = excluded.fault,
           missed_at = excluded.missed_at",
        organization.0,
        channel.0,
        external_id,
        fault,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Forgets that messages could not be read: they are there, or gone.
///
/// # Errors
/// The database failed.
pub async fn remove_missed(tx: &mut TenantTx, channel: ChannelId, external_ids: &[String]) -> Result<()> {
    sqlx::query!("delete from missed_message where channel_id = $1 and external_id = any($2)", channel.0, external_ids)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The addresses under which a mailbox writes, its own first.
///
/// # Errors
/// The database failed.
pub async fn addresses(tx: &mut TenantTx, channel: ChannelId) -> Result<Vec<String>> {
    let found = sqlx::query_scalar!("select addresses from inbox where channel_id = $1", channel.0);
    Ok(found.fetch_optional(&mut **tx).await?.unwrap_or_default())
}

/// The addresses under which all mailboxes of the agency write.
///
/// # Errors
/// The database failed.
pub async fn all_addresses(tx: &mut TenantTx) -> Result<Vec<String>> {
    let found = sqlx::query_scalar!(r#"select distinct unnest(addresses) as "address!" from inbox"#);
    Ok(found.fetch_all(&mut **tx).await?)
}
