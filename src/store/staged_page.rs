//! Pages of a piece that is not read to its end: kept, so that a killed sync goes on at the page, and counted by nobody.
//! Of what is kept at once, such as a file of orders, only the place where the next page begins stands here.

use model::id::{ChannelId, ConnectionId};
use time::{Date, OffsetDateTime};

use crate::{Result, TenantTx};

/// A page of a piece that goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct StagedPage {
    /// Its place in the piece, from 0.
    pub number: i32,
    /// Where the next page begins.
    pub next: String,
    /// What it holds, as the job wrote it.
    pub report: serde_json::Value,
}

/// Keeps a page of the piece that begins on `first`.
///
/// # Errors
/// The database failed.
pub async fn insert(
    tx: &mut TenantTx,
    channel: ChannelId,
    stream: &str,
    first: Date,
    last: Date,
    page: &StagedPage,
    now: OffsetDateTime,
) -> Result<()> {
    let organization = tx.actor().organization_id;
    sqlx::query!(
        "insert into staged_page (organization_id, channel_id, stream, first_day, number, last_day, next, report, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (organization_id, channel_id, stream, first_day, number) do nothing",
        organization.0,
        channel.0,
        stream,
        first,
        page.number,
        last,
        page.next,
        page.report,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// How far the piece was read: the number of its pages and where the next begins.
///
/// # Errors
/// The database failed.
pub async fn find(
    tx: &mut TenantTx,
    channel: ChannelId,
    stream: &str,
    first: Date,
    last: Date,
) -> Result<Option<(i32, String)>> {
    Ok(sqlx::query!(
        "select number, next from staged_page
         where channel_id = $1 and stream = $2 and first_day = $3 and last_day = $4 order by number desc limit 1",
        channel.0,
        stream,
        first,
        last
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(|row| (row.number + 1, row.next)))
}

/// One page of the piece.
///
/// # Errors
/// Missing when there is none with that number.
pub async fn get(
    tx: &mut TenantTx,
    channel: ChannelId,
    stream: &str,
    first: Date,
    number: i32,
) -> Result<serde_json::Value> {
    Ok(sqlx::query_scalar!(
        "select report from staged_page where channel_id = $1 and stream = $2 and first_day = $3 and number = $4",
        channel.0,
        stream,
        first,
        number
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Throws the pages of a piece away: it is kept, or must be read anew.
///
/// # Errors
/// The database failed.
pub async fn remove_all(tx: &mut TenantTx, channel: ChannelId, stream: &str) -> Result<()> {
    sqlx::query!("delete from staged_page where channel_id = $1 and stream = $2", channel.0, stream)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Throws the pages of all channels of a connection away.
///
/// # Errors
/// The database failed.
pub async fn remove_of(tx: &mut TenantTx, connection: ConnectionId) -> Result<()> {
    sqlx::query!(
        "delete from staged_page p using channel c
         where c.organization_id = p.organization_id and c.id = p.channel_id and c.connection_id = $1",
        connection.0
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
