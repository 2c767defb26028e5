//! Days of channels as they count: those known now were counted when they were stored, in `counted_day`; those known at a moment
//! that is over are counted from the observations.

use model::{
    fact::{Bits, Channel, DayOf},
    id::ChannelId,
    metric::{Days, Measures},
};
use sqlx::types::Uuid;
use time::{Date, OffsetDateTime};

use crate::{Result, TenantTx};

/// Which days of which channels are read, and as they were known when.
#[derive(Clone, Debug)]
pub struct Span {
    /// The days.
    pub days: Days,
    /// Of these channels.
    pub channels: Vec<ChannelId>,
    /// As they were known at this moment; now, if none is named.
    pub as_of: Option<OffsetDateTime>,
}

impl Span {
    /// These channels from a day on, as they are known now.
    pub fn since(first: Date, channels: &[Channel]) -> Self {
        let channels = channels.iter().map(|channel| channel.id).collect();
        Self { days: Days { first, last: Date::MAX }, channels, as_of: None }
    }
}

/// What was reported of the accounts, by channel and day. Platforms report campaigns and what is below; then the
/// campaigns of a day are the account's day, measure by measure. Which rows count is said by `counted_rows` in the database.
///
/// # Errors
/// The database failed.
pub async fn days(tx: &mut TenantTx, span: &Span) -> Result<Vec<DayOf>> {
    if span.as_of.is_some() { observed_days(tx, span).await } else { counted_days(tx, span).await }
}

/// The days as they are known now, which were counted when they were stored.
async fn counted_days(tx: &mut TenantTx, span: &Span) -> Result<Vec<DayOf>> {
    let channels: Vec<Uuid> = span.channels.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        "select channel_id, day, spend, impressions, clicks, conversions, claimed_revenue, orders, ledger_revenue, refunds, taxes, shipping
         from counted_day where channel_id = any($1) and day between $2 and $3",
        &channels,
        span.days.first,
        span.days.last
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut days: Vec<DayOf> = rows
        .into_iter()
        .map(|row| DayOf {
            channel_id: row.channel_id.into(),
            day: row.day,
            measures: Measures {
                spend: row.spend,
                impressions: row.impressions,
                clicks: row.clicks,
                conversions: row.conversions,
                claimed_revenue: row.claimed_revenue,
                orders: row.orders,
                ledger_revenue: row.ledger_revenue,
                refunds: row.refunds,
                taxes: row.taxes,
                shipping: row.shipping,
            },
        })
        .collect();
    // They lie nearly in this order, which here takes a twentieth of the time that it takes the database.
    days.sort_by_key(|one| (one.channel_id, one.day));
    Ok(days)
}

/// What each channel in sight ever reported, as far as anybody knows: it may be withdrawn since.
///
/// # Errors
/// The database failed.
pub async fn ever(tx: &mut TenantTx) -> Result<Vec<(ChannelId, Bits)>> {
    let rows = sqlx::query!("select channel_id, reported from counted_channel").fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().map(|row| (row.channel_id.into(), Bits::stored(row.reported))).collect())
}

/// The revision of what is stored of each channel in sight, by id: while it is the same, so are the channel's days. Of the same
/// moment as what is read in the transaction, if that was frozen.
///
/// # Errors
/// The database failed.
pub async fn revisions(tx: &mut TenantTx) -> Result<Vec<(ChannelId, Uuid)>> {
    let rows = sqlx::query!("select channel_id, revision from counted_channel order by channel_id");
    let rows = rows.fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().map(|row| (row.channel_id.into(), row.revision)).collect())
}

/// What channels report, each in its days, as it is known now. No channel may be there twice.
///
/// # Errors
/// The database failed.
pub async fn reported(tx: &mut TenantTx, asked: &[(ChannelId, Days)]) -> Result<Vec<(ChannelId, Bits)>> {
    let channels: Vec<Uuid> = asked.iter().map(|(channel, _)| channel.0).collect();
    let (first, last): (Vec<Date>, Vec<Date>) = asked.iter().map(|(_, days)| (days.first, days.last)).unzip();
    let rows = sqlx::query!(
        r#"select a.channel_id as "channel_id!", bit_or(reported_bits(d)) as "measures!"
           from unnest($1::uuid[], $2::date[], $3::date[]) as a (channel_id, first_day, last_day)
           join counted_day d on d.channel_id = a.channel_id and d.day between a.first_day and a.last_day
           group by a.channel_id"#,
        &channels,
        &first,
        &last
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.channel_id.into(), Bits::stored(row.measures))).collect())
}

/// The days as they were known at a moment: of all that was said by then, what counted.
async fn observed_days(tx: &mut TenantTx, span: &Span) -> Result<Vec<DayOf>> {
    let channels: Vec<Uuid> = span.channels.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"select channel_id as "channel_id!", day as "day!", sum(spend) as spend,
             sum(impressions)::bigint as impressions, sum(clicks)::bigint as clicks, sum(conversions) as conversions,
             sum(claimed_revenue) as claimed_revenue, sum(orders)::bigint as orders, sum(ledger_revenue) as ledger_revenue,
             sum(refunds) as refunds, sum(taxes) as taxes, sum(shipping) as shipping
           from counted_rows($3, $1, $2, $4)
           group by channel_id, day, depth order by channel_id, day, depth"#,
        span.days.first,
        span.days.last,
        &channels,
        span.as_of
    )
    .fetch_all(&mut **tx)
    .await?;
    let days = rows.chunk_by(|one, other| (one.channel_id, one.day) == (other.channel_id, other.day));
    // Several levels of a day are merged here: an ordered choice for each measure would cost the database most of its time.
    let days = days.filter_map(|levels| {
        let measures = Measures {
            spend: levels.iter().find_map(|row| row.spend),
            impressions: levels.iter().find_map(|row| row.impressions),
            clicks: levels.iter().find_map(|row| row.clicks),
            conversions: levels.iter().find_map(|row| row.conversions),
            claimed_revenue: levels.iter().find_map(|row| row.claimed_revenue),
            orders: levels.iter().find_map(|row| row.orders),
            ledger_revenue: levels.iter().find_map(|row| row.ledger_revenue),
            refunds: levels.iter().find_map(|row| row.refunds),
            taxes: levels.iter().find_map(|row| row.taxes),
            shipping: levels.iter().find_map(|row| row.shipping),
        };
        levels.first().map(|row| DayOf { channel_id: row.channel_id.into(), day: row.day, measures })
    });
    Ok(days.collect())
}

#[cfg(test)]
mod tests;
