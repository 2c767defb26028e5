//! A shop's orders and refunds, kept as facts, and the days of its books, counted from them.
//!
//! Orders are kept page by page; the days they touch are remembered and counted when the pass was read to its end, so
//! that no day ever shows half of its orders.

mod order;

use model::{
    id::ChannelId,
    metric::{DayRow, Level, Measures},
};
use time::{Date, OffsetDateTime};

pub use order::upsert;

use crate::{Result, TenantTx};

/// What keeping orders did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Orders that were not there before.
    pub new: i64,
    /// Orders that are others than before.
    pub changed: i64,
    /// Orders as before.
    pub unchanged: i64,
}

/// The moment by the database's clock, which is one for all servers. It is taken before a provider is asked for orders:
/// what the answer holds is as of then, or newer.
///
/// # Errors
/// The database failed.
pub async fn moment(tx: &mut TenantTx) -> Result<OffsetDateTime> {
    Ok(sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(&mut **tx).await?)
}

/// Takes the days that must be counted anew.
///
/// # Errors
/// The database failed.
pub async fn take_days(tx: &mut TenantTx, channel: ChannelId) -> Result<Vec<Date>> {
    Ok(sqlx::query_scalar!("delete from shop_day where channel_id = $1 returning day", channel.0)
        .fetch_all(&mut **tx)
        .await?)
}

/// The books of these days, counted from the orders placed and the refunds made on each. Test orders do not count. A
/// day without either has no row.
///
/// # Errors
/// The database failed.
pub async fn count_days(tx: &mut TenantTx, channel: ChannelId, account: &str, days: &[Date]) -> Result<Vec<DayRow>> {
    tx.reads_much().await?;
    Ok(sqlx::query!(
        r#"with placed as (
             select day, count(*) as orders, sum(goods) as goods, sum(taxes) as taxes, sum(shipping) as shipping
             from shop_order where channel_id = $1 and day = any($2) and not test group by day
           ), returned as (
             select r.day, sum(r.goods) as goods, sum(r.taxes) as taxes, sum(r.shipping) as shipping
             from shop_refund r
             join shop_order o on o.organization_id = r.organization_id and o.channel_id = r.channel_id and o.external_id = r.order_id
             where r.channel_id = $1 and r.day = any($2) and not o.test group by r.day
           )
           select coalesce(p.day, r.day) as "day!", coalesce(p.orders, 0) as "orders!",
             coalesce(p.goods, 0) - coalesce(r.goods, 0) as "revenue!", coalesce(r.goods, 0) as "refunds!",
             coalesce(p.taxes, 0) - coalesce(r.taxes, 0) as "taxes!", coalesce(p.shipping, 0) - coalesce(r.shipping, 0) as "shipping!"
           from placed p full join returned r on r.day = p.day order by 1"#,
        channel.0,
        days
    )
    .map(|row| DayRow {
        day: row.day,
        level: Level::Account,
        entity_id: account.to_owned(),
        attribution: String::new(),
        measures: Measures {
            orders: Some(row.orders),
            ledger_revenue: Some(row.revenue),
            refunds: Some(row.refunds),
            taxes: Some(row.taxes),
            shipping: Some(row.shipping),
            ..Measures::default()
        },
    })
    .fetch_all(&mut **tx)
    .await?)
}
