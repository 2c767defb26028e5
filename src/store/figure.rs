//! Where the rows of a figure come from: when they were said, which runs heard them, and through which connection.

use model::{
    figure::PartId,
    id::{ChannelId, ConnectionId, ImportId, SyncRunId},
    metric::{Days, Level},
};
use sqlx::types::Uuid;
use time::{Date, OffsetDateTime};

use crate::{Result, TenantTx};

/// What a day of a channel is made of, for one measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The channel.
    pub channel_id: ChannelId,
    /// The day.
    pub day: Date,
    /// When the newest of its rows was said.
    pub observed_at: OffsetDateTime,
    /// The runs that heard them.
    pub runs: Vec<SyncRunId>,
    /// How many stored rows it is made of.
    pub rows: i64,
}

/// The stored rows behind days of channels, as they were known at a moment, or are known now: those that `fact::days` takes this
/// measure from, by channel and day. A measure that is not stored has none.
///
/// # Errors
/// The database failed.
pub async fn stored(
    tx: &mut TenantTx,
    measure: &str,
    asked: &[(ChannelId, Date)],
    as_of: Option<OffsetDateTime>,
) -> Result<Vec<Stored>> {
    let (channels, days): (Vec<Uuid>, Vec<Date>) = asked.iter().map(|(channel, day)| (channel.0, *day)).unzip();
    let rows = sqlx::query!(
        r#"with asked as materialized (
             select distinct a.channel_id, a.day from unnest($1::uuid[], $2::date[]) as a (channel_id, day)
           ), told as (
             select c.channel_id, c.day, c.depth, c.observed_at, c.sync_run_id
             from asked a cross join lateral counted_rows(array[a.channel_id], a.day, a.day, $4) c
             where case $3::text when 'spend' then c.spend when 'impressions' then c.impressions when 'clicks' then c.clicks
               when 'claimed_conversions' then c.conversions when 'claimed_revenue' then c.claimed_revenue
               when 'orders' then c.orders when 'ledger_revenue' then c.ledger_revenue when 'refunds' then c.refunds end is not null
           ), top as (
             select channel_id, day, min(depth) as depth from told group by channel_id, day
           )
           select t.channel_id as "channel_id!", t.day as "day!", max(t.observed_at) as "observed_at!",
             array_agg(distinct t.sync_run_id) as "runs!", count(*) as "rows!"
           from told t join top on top.channel_id = t.channel_id and top.day = t.day and top.depth = t.depth
           group by t.channel_id, t.day order by t.channel_id, t.day"#,
        &channels,
        &days,
        measure,
        as_of
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Stored {
            channel_id: row.channel_id.into(),
            day: row.day,
            observed_at: row.observed_at,
            runs: row.runs.into_iter().map(Into::into).collect(),
            rows: row.rows,
        })
        .collect())
}

/// The stored rows behind days of campaigns or advertisements, as they were known at a moment, or are known now: those that
/// `fact::parts_in` takes this measure from. By channel, id and day.
///
/// # Errors
/// The database failed.
pub async fn stored_parts(
    tx: &mut TenantTx,
    level: Level,
    measure: &str,
    asked: &[(PartId, Date)],
    as_of: Option<OffsetDateTime>,
) -> Result<Vec<(PartId, Stored)>> {
    let channels: Vec<Uuid> = asked.iter().map(|(part, _)| part.channel_id.0).collect();
    let ids: Vec<String> = asked.iter().map(|(part, _)| part.external_id.clone()).collect();
    let days: Vec<Date> = asked.iter().map(|(_, day)| *day).collect();
    let rows = sqlx::query!(
        r#"with asked as materialized (
             select distinct a.channel_id, a.entity_id, a.day
             from unnest($1::uuid[], $2::text[], $3::date[]) as a (channel_id, entity_id, day)
           ), said as (
             select m.channel_id, m.entity_id, m.day, m.attribution, m.observed_at, m.sync_run_id, m.spend, m.impressions, m.clicks,
               m.conversions, m.claimed_revenue
             from asked a join metric_daily m on m.channel_id = a.channel_id and m.day = a.day and m.entity_id = a.entity_id
             where $6::timestamptz is null and m.level = $4
             union all
             select channel_id, entity_id, day, attribution, observed_at, sync_run_id, spend, impressions, clicks, conversions,
               claimed_revenue
             from (
               select distinct on (m.channel_id, m.day, m.entity_id, m.attribution) m.*
               from asked a join metric_observation m on m.channel_id = a.channel_id and m.day = a.day and m.entity_id = a.entity_id
               where $6::timestamptz is not null and m.level = $4 and m.observed_at <= $6
               order by m.channel_id, m.day, m.entity_id, m.attribution, m.observed_at desc, m.sync_run_id desc
             ) newest
             where not withdrawn
           ), known as (
             select channel_id, entity_id, day, attribution = '' as unnamed, observed_at, sync_run_id,
               case $5::text when 'spend' then spend when 'impressions' then impressions when 'clicks' then clicks
                 when 'claimed_conversions' then conversions when 'claimed_revenue' then claimed_revenue end as value
             from said
           ), chosen as (
             select distinct on (channel_id, entity_id, day) channel_id, entity_id, day, unnamed from (
               select channel_id, entity_id, day, unnamed, max(observed_at) as at from known
               group by channel_id, entity_id, day, unnamed
             ) windows
             order by channel_id, entity_id, day, at desc, unnamed
           )
           select k.channel_id as "channel_id!", k.entity_id as "entity_id!", k.day as "day!", max(k.observed_at) as "observed_at!",
             array_agg(distinct k.sync_run_id) as "runs!", count(*) as "rows!"
           from known k join chosen c on c.channel_id = k.channel_id and c.entity_id = k.entity_id and c.day = k.day
             and c.unnamed = k.unnamed
           where k.value is not null
           group by k.channel_id, k.entity_id, k.day order by k.channel_id, k.entity_id, k.day"#,
        &channels,
        &ids,
        &days,
        level.key(),
        measure,
        as_of
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let stored = Stored {
                channel_id: row.channel_id.into(),
                day: row.day,
                observed_at: row.observed_at,
                runs: row.runs.into_iter().map(Into::into).collect(),
                rows: row.rows,
            };
            (PartId::new(stored.channel_id, row.entity_id), stored)
        })
        .collect())
}

/// A run that heard rows, as far as the acting member sees runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Its id.
    pub id: SyncRunId,
    /// Why it was begun.
    pub cause: String,
    /// When it began.
    pub started_at: OffsetDateTime,
    /// When it ended.
    pub finished_at: Option<OffsetDateTime>,
    /// What it read.
    pub connection_id: ConnectionId,
    /// What people call that.
    pub connection: String,
    /// Whether that is a source of imports.
    pub file: bool,
    /// The import that it was.
    pub import_id: Option<ImportId>,
}

/// Those of these runs that the acting member sees, the oldest first.
///
/// # Errors
/// The database failed.
pub async fn runs(tx: &mut TenantTx, ids: &[SyncRunId]) -> Result<Vec<Heard>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select r.id, r.cause, r.started_at, r.finished_at, r.connection_id, k.label, k.provider = 'file' as "file!",
             (select i.id from import i where i.organization_id = r.organization_id and r.id in (i.sync_run_id, i.undo_run_id)
              order by i.created_at, i.id limit 1) as import_id
           from sync_run r join connection k on k.organization_id = r.organization_id and k.id = r.connection_id
           where r.id = any($1) order by r.started_at, r.id"#,
        &ids
    );
    let heard = rows.map(|row| Heard {
        id: row.id.into(),
        cause: row.cause,
        started_at: row.started_at,
        finished_at: row.finished_at,
        connection_id: row.connection_id.into(),
        connection: row.label,
        file: row.file,
        import_id: row.import_id.map(Into::into),
    });
    Ok(heard.fetch_all(&mut **tx).await?)
}

/// A channel, and how far and when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The channel.
    pub id: ChannelId,
    /// Its connection.
    pub connection_id: ConnectionId,
    /// Whether it is fed by files.
    pub file: bool,
    /// When something was last read, whether or not it said anything new.
    pub read_at: Option<OffsetDateTime>,
    /// The days of which something was read.
    pub days: Option<Days>,
}

/// How far all channels in sight were read, by id.
///
/// # Errors
/// The database failed.
pub async fn reached(tx: &mut TenantTx) -> Result<Vec<Reached>> {
    let rows = sqlx::query!(
        r#"select c.id, c.connection_id, c.kind = 'file' as "file!", greatest(s.read_at, m.at) as read_at,
             coalesce(s.first_day, f.first_day) as first_day, coalesce(s.last_day, f.last_day) as last_day
           from channel c
           left join lateral (
             select max(updated_at) as read_at, min(first_day) as first_day, max(last_day) as last_day from sync_cursor s
             where s.organization_id = c.organization_id and s.channel_id = c.id and s.stream in ('days', 'orders')
           ) s on true
           left join metric_moment m on m.organization_id = c.organization_id and m.channel_id = c.id
           left join lateral (
             select min(d.day) as first_day, max(d.day) as last_day from metric_daily d
             where c.kind = 'file' and d.organization_id = c.organization_id and d.channel_id = c.id
           ) f on true
           order by c.id"#
    );
    let reached = rows.map(|row| Reached {
        id: row.id.into(),
        connection_id: row.connection_id.into(),
        file: row.file,
        read_at: row.read_at,
        days: row.first_day.zip(row.last_day).map(|(first, last)| Days { first, last }),
    });
    Ok(reached.fetch_all(&mut **tx).await?)
}
