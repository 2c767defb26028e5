//! What the brain is fed with: the stored days, advertisements and orders of a whole agency, in one order that does not change.
//!
//! Everything is read as it is stored; what it means is decided elsewhere. Callers freeze the transaction first
//! (`brain::freeze`), so that all of it is of one moment, and hash what they got: serialised it is always the same bytes.

mod day;

use std::collections::BTreeSet;

use model::{
    fact::{AdDay, Buyers, Channel, Client, LiftTest, Order, Rate},
    figure::PartId,
    id::ChannelId,
    metric::{Days, Level},
};
use rust_decimal::Decimal;
use sqlx::types::Uuid;
use time::{Date, OffsetDateTime};

pub use self::day::{Span, days, ever, reported, revisions};
use crate::{Result, TenantTx};

/// The channels of which days were read, by id.
///
/// # Errors
/// The database failed.
pub async fn channels(tx: &mut TenantTx) -> Result<Vec<Channel>> {
    let rows = sqlx::query!(
        r#"select c.id, c.client_id, coalesce(c.holds = 'shop', c.kind = 'shop') as "shop!", c.name, c.currency, c.time_zone, c.kind = 'file' as "file!",
             coalesce(c.platform, c.provider) as "provider!", d.first_day as "first_day!", d.last_day as "last_day!"
           from channel c
           cross join lateral (
             select min(first_day) as first_day, max(last_day) as last_day from (
               select s.first_day, s.last_day from sync_cursor s
               where s.organization_id = c.organization_id and s.channel_id = c.id and s.stream in ('days', 'orders')
               union all
               -- Files have no cursor: what they hold was read, from the last time on that more than a week was left out.
               select coalesce(max(f.day) filter (where f.gap), min(f.day)), max(f.day) from (
                 select m.day, m.day - lag(m.day) over (order by m.day) > 7 as gap from metric_daily m
                 where c.kind = 'file' and m.organization_id = c.organization_id and m.channel_id = c.id
                 group by m.day
               ) f
             ) read
           ) d
           where d.first_day is not null and d.last_day is not null
           order by c.id"#
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Channel {
            id: row.id.into(),
            client_id: row.client_id.map(Into::into),
            shop: row.shop,
            name: row.name,
            currency: row.currency,
            time_zone: row.time_zone,
            file: row.file,
            provider: row.provider,
            first_day: row.first_day,
            last_day: row.last_day,
        })
        .collect())
}

/// The first and the last day of which something was known of these channels at a moment. How far channels were read is kept as it
/// is now; of a moment that is over, what had been said by then tells it, and never more than that. Both ends are looked up by
/// the days themselves, as an agency's observations are too many to be read through for each figure that is opened.
///
/// # Errors
/// The database failed.
pub async fn known(tx: &mut TenantTx, channels: &[Channel], as_of: OffsetDateTime) -> Result<Vec<(ChannelId, Days)>> {
    let channels: Vec<Uuid> = channels.iter().map(|channel| channel.id.0).collect();
    let rows = sqlx::query!(
        r#"select c.id as "id!", earliest.day as "first!", latest.day as "last!"
           from channel c
           cross join lateral (
             select m.day from metric_observation m
             where m.organization_id = c.organization_id and m.channel_id = c.id and m.observed_at <= $2
             order by m.day limit 1
           ) earliest
           cross join lateral (
             select m.day from metric_observation m
             where m.organization_id = c.organization_id and m.channel_id = c.id and m.observed_at <= $2
             order by m.day desc limit 1
           ) latest
           where c.id = any($1)"#,
        &channels,
        as_of
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id.into(), Days { first: row.first, last: row.last })).collect())
}

/// A day of an advertisement, or of a campaign, as it is read.
struct PartRow {
    channel_id: Uuid,
    ad_id: String,
    day: Date,
    spend: Option<Decimal>,
    impressions: Option<i64>,
    clicks: Option<i64>,
    conversions: Option<Decimal>,
    claimed_revenue: Option<Decimal>,
}

impl PartRow {
    fn day(self) -> AdDay {
        AdDay {
            channel_id: self.channel_id.into(),
            ad_id: self.ad_id,
            day: self.day,
            spend: self.spend,
            impressions: self.impressions,
            clicks: self.clicks,
            conversions: self.conversions,
            claimed_revenue: self.claimed_revenue,
        }
    }
}

/// What was reported of advertisements, or of campaigns, from `first` on, by channel, id and day.
///
/// # Errors
/// The database failed.
pub async fn parts(tx: &mut TenantTx, level: Level, first: Date) -> Result<Vec<AdDay>> {
    let rows = sqlx::query_as!(
        PartRow,
        r#"select distinct on (channel_id, entity_id collate "C", day) channel_id as "channel_id!", entity_id as "ad_id!",
             day as "day!", spend, impressions, clicks, conversions, claimed_revenue
           from (
             select channel_id, entity_id, day, attribution = '' as unnamed, max(observed_at) as at, sum(spend) as spend,
               sum(impressions)::bigint as impressions, sum(clicks)::bigint as clicks, sum(conversions) as conversions,
               sum(claimed_revenue) as claimed_revenue
             from metric_daily where level = $1 and day >= $2
             group by channel_id, entity_id, day, attribution = ''
           ) windows
           order by channel_id, entity_id collate "C", day, at desc, unnamed"#,
        level.key(),
        first
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(PartRow::day).collect())
}

/// What was reported of campaigns, or of advertisements, in these channels and days: of those that are named, or of all if none
/// is. By channel, id and day.
///
/// # Errors
/// The database failed.
pub async fn parts_in(tx: &mut TenantTx, level: Level, span: &Span, named: &BTreeSet<PartId>) -> Result<Vec<AdDay>> {
    let channels: Vec<Uuid> = span.channels.iter().map(|id| id.0).collect();
    let (of, ids): (Vec<Uuid>, Vec<String>) =
        named.iter().map(|part| (part.channel_id.0, part.external_id.clone())).unzip();
    let rows = sqlx::query_as!(
        PartRow,
        r#"with named as materialized (
             select * from unnest($6::uuid[], $7::text[]) as n (channel_id, entity_id)
           ), known as (
             select m.channel_id, m.entity_id, m.day, m.attribution, m.observed_at, m.spend, m.impressions, m.clicks, m.conversions,
               m.claimed_revenue
             from metric_daily m
             where $5::timestamptz is null and m.channel_id = any($4) and m.level = $1 and m.day between $2 and $3
               and (cardinality($6::uuid[]) = 0
                 or exists (select from named n where n.channel_id = m.channel_id and n.entity_id = m.entity_id))
             union all
             select channel_id, entity_id, day, attribution, observed_at, spend, impressions, clicks, conversions, claimed_revenue
             from (
               select distinct on (m.channel_id, m.day, m.entity_id, m.attribution) m.* from metric_observation m
               where $5::timestamptz is not null and m.channel_id = any($4) and m.level = $1 and m.day between $2 and $3
                 and m.observed_at <= $5
                 and (cardinality($6::uuid[]) = 0
                   or exists (select from named n where n.channel_id = m.channel_id and n.entity_id = m.entity_id))
               order by m.channel_id, m.day, m.entity_id, m.attribution, m.observed_at desc, m.sync_run_id desc
             ) newest
             where not withdrawn
           )
           select distinct on (channel_id, entity_id collate "C", day) channel_id as "channel_id!", entity_id as "ad_id!",
             day as "day!", spend, impressions, clicks, conversions, claimed_revenue
           from (
             select channel_id, entity_id, day, attribution = '' as unnamed, max(observed_at) as at, sum(spend) as spend,
               sum(impressions)::bigint as impressions, sum(clicks)::bigint as clicks, sum(conversions) as conversions,
               sum(claimed_revenue) as claimed_revenue
             from known group by channel_id, entity_id, day, attribution = ''
           ) windows
           order by channel_id, entity_id collate "C", day, at desc, unnamed"#,
        level.key(),
        span.days.first,
        span.days.last,
        &channels,
        span.as_of,
        &of,
        &ids
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(PartRow::day).collect())
}

/// The orders, by shop, day and id. Test orders do not count.
///
/// # Errors
/// The database failed.
pub async fn orders(tx: &mut TenantTx) -> Result<Vec<Order>> {
    let rows = sqlx::query!(
        r#"select o.channel_id, o.external_id, o.customer_id, o.day, o.goods,
             array_agg(r.day order by r.day, r.external_id) filter (where r.day is not null) as "days: Vec<Date>",
             array_agg(r.goods order by r.day, r.external_id) filter (where r.day is not null) as "returned: Vec<Decimal>"
           from shop_order o
           left join shop_refund r
             on r.organization_id = o.organization_id and r.channel_id = o.channel_id and r.order_id = o.external_id
           where not o.test
           group by o.organization_id, o.channel_id, o.external_id
           order by o.channel_id, o.day, o.external_id collate "C""#
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Order {
            channel_id: row.channel_id.into(),
            external_id: row.external_id,
            customer_id: row.customer_id,
            day: row.day,
            goods: row.goods,
            refunds: row.days.unwrap_or_default().into_iter().zip(row.returned.unwrap_or_default()).collect(),
        })
        .collect())
}

/// Who ordered on each day, by shop and day. Test orders do not count.
///
/// # Errors
/// The database failed.
pub async fn buyers(tx: &mut TenantTx) -> Result<Vec<Buyers>> {
    let rows = sqlx::query!(
        r#"select channel_id, day, count(*) filter (where customer_id is not null and place = 1) as "first!",
             count(*) filter (where customer_id is not null and place > 1) as "returning!",
             count(*) filter (where customer_id is null) as "unknown!"
           from (
             select channel_id, day, customer_id,
               row_number() over (partition by channel_id, customer_id order by day, external_id collate "C") as place
             from shop_order where not test
           ) o
           group by channel_id, day order by channel_id, day"#
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Buyers {
            channel_id: row.channel_id.into(),
            day: row.day,
            first: row.first,
            returning: row.returning,
            unknown: row.unknown,
        })
        .collect())
}

/// The clients in sight that are not archived, by id.
///
/// # Errors
/// The database failed.
pub async fn clients(tx: &mut TenantTx) -> Result<Vec<Client>> {
    let rows = sqlx::query!("select id, currency, margin_percent from client where archived_at is null order by id");
    let rows = rows.fetch_all(&mut **tx).await?;
    Ok(rows
        .into_iter()
        .map(|row| Client { id: row.id.into(), currency: row.currency, margin_percent: row.margin_percent })
        .collect())
}

/// Rates of exchange from `first` on, by currency and day.
///
/// # Errors
/// The database failed.
pub async fn rates(tx: &mut TenantTx, first: Date) -> Result<Vec<Rate>> {
    let rows =
        sqlx::query!("select currency, day, per_euro from exchange_rate where day >= $1 order by currency, day", first);
    let rows = rows.fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().map(|row| Rate { currency: row.currency, day: row.day, per_euro: row.per_euro }).collect())
}

/// The experiments, by id.
///
/// # Errors
/// The database failed.
pub async fn lift_tests(tx: &mut TenantTx) -> Result<Vec<LiftTest>> {
    let rows =
        sqlx::query!("select id, channel_id, first_day, last_day, roas, standard_error from lift_test order by id");
    Ok(rows
        .fetch_all(&mut **tx)
        .await?
        .into_iter()
        .map(|row| LiftTest {
            id: row.id.into(),
            channel_id: row.channel_id.into(),
            first_day: row.first_day,
            last_day: row.last_day,
            roas: row.roas,
            standard_error: row.standard_error,
        })
        .collect())
}
