//! What providers reported: observations, which only grow, and the newest of each key, which reports read.
//!
//! A piece (some days of one channel) is kept in one transaction: a page alone never changes a day. A value that is as
//! before leaves no trace; another value is a new observation; a row that the provider no longer reports is observed
//! as withdrawn. What counts of a day is counted by the database before the transaction ends (`counted_day`, read by `fact`). To
//! add a measure: a column in all three tables, its bit in `model::fact::Bits`, and a line in each list here and in the
//! functions that count.

use model::{
    id::{ChannelId, SyncRunId},
    metric::{DayRow, Days, Level, Measures},
};
use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};

use crate::{Result, TenantTx};

/// What a batch of rows did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows that were not there before.
    pub new: i64,
    /// Rows with other values than before.
    pub changed: i64,
    /// Rows as before.
    pub unchanged: i64,
    /// Rows that are no longer reported.
    pub withdrawn: i64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.new += other.new;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.withdrawn += other.withdrawn;
    }
}

/// The moment of what is kept of a channel in this transaction, which nobody else adds to until it ends. It is the database's,
/// for the clocks of servers differ, and later than all before, so that what is kept later is also said later.
///
/// # Errors
/// The database failed.
pub async fn moment(tx: &mut TenantTx, channel: ChannelId) -> Result<OffsetDateTime> {
    let organization = tx.actor().organization_id;
    Ok(sqlx::query_scalar!(
        "insert into metric_moment as m (organization_id, channel_id, at) values ($1, $2, clock_timestamp())
         on conflict (organization_id, channel_id) do update set at = greatest(clock_timestamp(), m.at + interval '1 microsecond')
         returning at",
        organization.0,
        channel.0
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Keeps `rows` as said at `at`, this transaction's [`moment`], and heard by `run`. No key may occur twice among them.
///
/// # Errors
/// The database failed, or a key occurs twice.
pub async fn observe(
    tx: &mut TenantTx,
    channel: ChannelId,
    run: SyncRunId,
    at: OffsetDateTime,
    rows: &[DayRow],
) -> Result<Counts> {
    let organization = tx.actor().organization_id;
    let column =
        |pick: fn(&Measures) -> Option<Decimal>| rows.iter().map(|row| pick(&row.measures)).collect::<Vec<_>>();
    let count = |pick: fn(&Measures) -> Option<i64>| rows.iter().map(|row| pick(&row.measures)).collect::<Vec<_>>();
    let days: Vec<Date> = rows.iter().map(|row| row.day).collect();
    let levels: Vec<&str> = rows.iter().map(|row| row.level.key()).collect();
    let entities: Vec<&str> = rows.iter().map(|row| row.entity_id.as_str()).collect();
    let attributions: Vec<&str> = rows.iter().map(|row| row.attribution.as_str()).collect();
    let done = sqlx::query!(
        r#"with said as (
             select * from unnest($5::date[], $6::text[], $7::text[], $8::text[], $9::numeric[], $10::bigint[], $11::bigint[],
                                  $12::numeric[], $13::numeric[], $14::bigint[], $15::numeric[], $16::numeric[], $17::numeric[], $18::numeric[])
               as s (day, level, entity_id, attribution, spend, impressions, clicks, conversions, claimed_revenue, orders,
                     ledger_revenue, refunds, taxes, shipping)
           ), kept as (
             insert into metric_daily as d (organization_id, channel_id, sync_run_id, observed_at, day, level, entity_id, attribution,
               spend, impressions, clicks, conversions, claimed_revenue, orders, ledger_revenue, refunds, taxes, shipping)
             select $1, $2, $3, $4, s.* from said s
             on conflict (organization_id, channel_id, day, level, entity_id, attribution) do update
               set sync_run_id = excluded.sync_run_id, observed_at = excluded.observed_at, spend = excluded.spend,
                 impressions = excluded.impressions, clicks = excluded.clicks, conversions = excluded.conversions,
                 claimed_revenue = excluded.claimed_revenue, orders = excluded.orders, ledger_revenue = excluded.ledger_revenue,
                 refunds = excluded.refunds, taxes = excluded.taxes, shipping = excluded.shipping
               where (d.spend, d.impressions, d.clicks, d.conversions, d.claimed_revenue, d.orders, d.ledger_revenue, d.refunds, d.taxes, d.shipping)
                 is distinct from (excluded.spend, excluded.impressions, excluded.clicks, excluded.conversions, excluded.claimed_revenue,
                   excluded.orders, excluded.ledger_revenue, excluded.refunds, excluded.taxes, excluded.shipping)
             returning d.*, d.xmax = 0 as fresh
           ), observed as (
             insert into metric_observation (organization_id, channel_id, sync_run_id, observed_at, day, level, entity_id, attribution,
               spend, impressions, clicks, conversions, claimed_revenue, orders, ledger_revenue, refunds, taxes, shipping)
             select organization_id, channel_id, sync_run_id, observed_at, day, level, entity_id, attribution,
               spend, impressions, clicks, conversions, claimed_revenue, orders, ledger_revenue, refunds, taxes, shipping from kept
           )
           select count(*) filter (where fresh) as "new!", count(*) filter (where not fresh) as "changed!" from kept"#,
        organization.0,
        channel.0,
        run.0,
        at,
        &days,
        &levels as _,
        &entities as _,
        &attributions as _,
        &column(|measures| measures.spend) as _,
        &count(|measures| measures.impressions) as _,
        &count(|measures| measures.clicks) as _,
        &column(|measures| measures.conversions) as _,
        &column(|measures| measures.claimed_revenue) as _,
        &count(|measures| measures.orders) as _,
        &column(|measures| measures.ledger_revenue) as _,
        &column(|measures| measures.refunds) as _,
        &column(|measures| measures.taxes) as _,
        &column(|measures| measures.shipping) as _,
    )
    .fetch_one(&mut **tx)
    .await?;
    let all = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    Ok(Counts { new: done.new, changed: done.changed, unchanged: all - done.new - done.changed, withdrawn: 0 })
}

/// Withdraws the rows of `days`, at every level, that are not among `reported`, the keys (day, entity, attribution) of the
/// whole piece.
///
/// # Errors
/// The database failed.
pub async fn withdraw(
    tx: &mut TenantTx,
    channel: ChannelId,
    run: SyncRunId,
    at: OffsetDateTime,
    days: Days,
    reported: &[(Date, Level, String, String)],
) -> Result<i64> {
    let organization = tx.actor().organization_id;
    let on: Vec<Date> = reported.iter().map(|(day, ..)| *day).collect();
    let levels: Vec<&str> = reported.iter().map(|(_, level, ..)| level.key()).collect();
    let entities: Vec<&str> = reported.iter().map(|(_, _, entity, _)| entity.as_str()).collect();
    let attributions: Vec<&str> = reported.iter().map(|(.., attribution)| attribution.as_str()).collect();
    Ok(sqlx::query_scalar!(
        r#"with reported as materialized (
             select * from unnest($7::date[], $8::text[], $9::text[], $10::text[]) as r (day, level, entity_id, attribution)
           ), gone as (
             delete from metric_daily d
             where d.organization_id = $1 and d.channel_id = $2 and d.day between $5 and $6
               and not exists (select from reported r where r.day = d.day and r.level = d.level and r.entity_id = d.entity_id
                               and r.attribution = d.attribution)
             returning d.*
           ), observed as (
             insert into metric_observation (organization_id, channel_id, sync_run_id, observed_at, day, level, entity_id, attribution, withdrawn)
             select organization_id, channel_id, $3, $4, day, level, entity_id, attribution, true from gone
           )
           select count(*) as "gone!" from gone"#,
        organization.0,
        channel.0,
        run.0,
        at,
        days.first,
        days.last,
        &on,
        &levels as _,
        &entities as _,
        &attributions as _,
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Takes back what `undone`, the run of an import, said in `days`: each key of it holds again what was said last by a run
/// that was not taken back, and what nobody else said is withdrawn. What runs said that themselves took something back
/// counts for nothing: it repeats others. Nothing is removed: the values that come back are observed anew, by `run` at `at`.
///
/// # Errors
/// The database failed.
pub async fn take_back(
    tx: &mut TenantTx,
    channel: ChannelId,
    undone: SyncRunId,
    (run, at): (SyncRunId, OffsetDateTime),
    days: Days,
) -> Result<Counts> {
    let organization = tx.actor().organization_id;
    tx.reads_much().await?;
    let done = sqlx::query!(
        r#"with taken as materialized (
             select distinct day, level, entity_id, attribution from metric_observation
             where organization_id = $1 and channel_id = $2 and sync_run_id = $3 and day between $6 and $7
           ), dead as materialized (
             select undo_run_id as id from import where organization_id = $1 and channel_id = $2 and undo_run_id is not null
             union select sync_run_id from import
             where organization_id = $1 and channel_id = $2 and sync_run_id is not null and state in ('undoing', 'undone')
           ), last as materialized (
             select distinct on (o.day, o.level, o.entity_id, o.attribution) o.*
             from taken t join metric_observation o on o.day = t.day and o.level = t.level and o.entity_id = t.entity_id
               and o.attribution = t.attribution
             where o.organization_id = $1 and o.channel_id = $2 and o.sync_run_id not in (select id from dead)
             order by o.day, o.level, o.entity_id, o.attribution, o.observed_at desc, o.sync_run_id desc
           ), back as (
             insert into metric_daily as d (organization_id, channel_id, sync_run_id, observed_at, day, level, entity_id, attribution,
               spend, impressions, clicks, conversions, claimed_revenue, orders, ledger_revenue, refunds, taxes, shipping)
             select $1, $2, $4, $5, day, level, entity_id, attribution,
               spend, impressions, clicks, conversions, claimed_revenue, orders, ledger_revenue, refunds, taxes, shipping
             from last where not withdrawn
             on conflict (organization_id, channel_id, day, level, entity_id, attribution) do update
               set sync_run_id = excluded.sync_run_id, observed_at = excluded.observed_at, spend = excluded.spend,
                 impressions = excluded.impressions, clicks = excluded.clicks, conversions = excluded.conversions,
                 claimed_revenue = excluded.claimed_revenue, orders = excluded.orders, ledger_revenue = excluded.ledger_revenue,
                 refunds = excluded.refunds, taxes = excluded.taxes, shipping = excluded.shipping
               where (d.spend, d.impressions, d.clicks, d.conversions, d.claimed_revenue, d.orders, d.ledger_revenue, d.refunds, d.taxes, d.shipping)
                 is distinct from (excluded.spend, excluded.impressions, excluded.clicks, excluded.conversions, excluded.claimed_revenue,
                   excluded.orders, excluded.ledger_revenue, excluded.refunds, excluded.taxes, excluded.shipping)
             returning d.*
           ), gone as (
             delete from metric_daily d using taken t
             where d.organization_id = $1 and d.channel_id = $2 and d.day = t.day and d.level = t.level and d.entity_id = t.entity_id
               and d.attribution = t.attribution
               and not exists (select from last l where l.day = t.day and l.level = t.level and l.entity_id = t.entity_id
                               and l.attribution = t.attribution and not l.withdrawn)
             returning d.day, d.level, d.entity_id, d.attribution
           ), restored as (
             insert into metric_observation (organization_id, channel_id, sync_run_id, observed_at, day, level, entity_id, attribution,
               spend, impressions, clicks, conversions, claimed_revenue, orders, ledger_revenue, refunds, taxes, shipping)
             select organization_id, channel_id, sync_run_id, observed_at, day, level, entity_id, attribution,
               spend, impressions, clicks, conversions, claimed_revenue, orders, ledger_revenue, refunds, taxes, shipping from back
           ), withdrawn as (
             insert into metric_observation (organization_id, channel_id, sync_run_id, observed_at, day, level, entity_id, attribution, withdrawn)
             select $1, $2, $4, $5, day, level, entity_id, attribution, true from gone
           )
           select (select count(*) from back) as "changed!", (select count(*) from gone) as "withdrawn!",
             (select count(*) from taken) as "all!""#,
        organization.0,
        channel.0,
        undone.0,
        run.0,
        at,
        days.first,
        days.last,
    )
    .fetch_one(&mut **tx)
    .await?;
    sqlx::query!("set local enable_nestloop = on").execute(&mut **tx).await?;
    let unchanged = done.all - done.changed - done.withdrawn;
    Ok(Counts { new: 0, changed: done.changed, unchanged, withdrawn: done.withdrawn })
}

/// The rows of `days` at `level` as they were known at `as_of`, or as they are known now.
///
/// # Errors
/// The database failed.
pub async fn list(
    tx: &mut TenantTx,
    channel: ChannelId,
    days: Days,
    level: Level,
    as_of: Option<OffsetDateTime>,
) -> Result<Vec<DayRow>> {
    let rows = sqlx::query!(
        r#"select day as "day!", entity_id as "entity_id!", attribution as "attribution!", spend, impressions, clicks, conversions,
             claimed_revenue, orders, ledger_revenue, refunds, taxes, shipping
           from (
             select distinct on (day, entity_id, attribution) *
             from metric_observation
             where channel_id = $1 and day between $2 and $3 and level = $4 and ($5::timestamptz is null or observed_at <= $5)
             order by day, entity_id, attribution, observed_at desc, sync_run_id desc
           ) newest
           where not withdrawn
           order by day, entity_id, attribution"#,
        channel.0,
        days.first,
        days.last,
        level.key(),
        as_of
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|found| DayRow {
            day: found.day,
            level,
            entity_id: found.entity_id,
            attribution: found.attribution,
            measures: Measures {
                spend: found.spend,
                impressions: found.impressions,
                clicks: found.clicks,
                conversions: found.conversions,
                claimed_revenue: found.claimed_revenue,
                orders: found.orders,
                ledger_revenue: found.ledger_revenue,
                refunds: found.refunds,
                taxes: found.taxes,
                shipping: found.shipping,
            },
        })
        .collect())
}

/// Refuses rows in which a key occurs twice, or whose day is not one of `days`: then an answer is not what it seems.
///
/// # Errors
/// What is wrong, in words.
pub fn check(rows: &[DayRow], days: Days) -> std::result::Result<(), String> {
    let mut seen = std::collections::HashSet::with_capacity(rows.len());
    for row in rows {
        if !days.contains(row.day) {
            return Err(format!("it holds {}, which was not asked for", row.day));
        }
        if !seen.insert((row.day, row.level, &row.entity_id, &row.attribution)) {
            return Err(format!("it holds {} {} twice on {}", row.level.key(), row.entity_id, row.day));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
