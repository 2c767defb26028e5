//! A shop's orders and refunds, kept as facts, and the days of its books, counted from them.
//!
//! Orders are kept page by page; the days they touch are remembered and counted when the pass was read to its end, so
//! that no day ever shows half of its orders.

use model::{
    id::{ChannelId, SyncRunId},
    metric::{DayRow, Level, Measures},
    shop::Order,
};
use time::Date;

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

/// Keeps an order with its refunds as the shop has them now, and remembers the days that it touches, those that it
/// touched before included.
///
/// # Errors
/// The database failed.
pub async fn upsert(tx: &mut TenantTx, channel: ChannelId, run: SyncRunId, order: &Order) -> Result<Kept> {
    let organization = tx.actor().organization_id;
    let was = sqlx::query!(
        r#"select updated_at = $3 as "same!" from shop_order where channel_id = $1 and external_id = $2"#,
        channel.0,
        order.external_id,
        order.updated_at
    )
    .fetch_optional(&mut **tx)
    .await?;
    if was.as_ref().is_some_and(|was| was.same) {
        return Ok(Kept { unchanged: 1, ..Kept::default() });
    }
    remember_days(tx, channel, &order.external_id).await?;
    sqlx::query!(
        "insert into shop_order (organization_id, channel_id, external_id, name, day, created_at, updated_at, cancelled_at, test,
           goods, taxes, shipping, customer_id, sync_run_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         on conflict (organization_id, channel_id, external_id) do update
           set name = excluded.name, day = excluded.day, created_at = excluded.created_at, updated_at = excluded.updated_at,
             cancelled_at = excluded.cancelled_at, test = excluded.test, goods = excluded.goods, taxes = excluded.taxes,
             shipping = excluded.shipping, customer_id = excluded.customer_id, sync_run_id = excluded.sync_run_id",
        organization.0,
        channel.0,
        order.external_id,
        order.name,
        order.day,
        order.created_at,
        order.updated_at,
        order.cancelled_at,
        order.test,
        order.goods,
        order.taxes,
        order.shipping,
        order.customer_id,
        run.0
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!("delete from shop_refund where channel_id = $1 and order_id = $2", channel.0, order.external_id)
        .execute(&mut **tx)
        .await?;
    for refund in &order.refunds {
        sqlx::query!(
            "insert into shop_refund (organization_id, channel_id, external_id, order_id, day, created_at, goods, taxes, shipping, sync_run_id)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            organization.0,
            channel.0,
            refund.external_id,
            order.external_id,
            refund.day,
            refund.created_at,
            refund.goods,
            refund.taxes,
            refund.shipping,
            run.0
        )
        .execute(&mut **tx)
        .await?;
    }
    remember_days(tx, channel, &order.external_id).await?;
    Ok(if was.is_some() { Kept { changed: 1, ..Kept::default() } } else { Kept { new: 1, ..Kept::default() } })
}

async fn remember_days(tx: &mut TenantTx, channel: ChannelId, order: &str) -> Result<()> {
    let organization = tx.actor().organization_id;
    sqlx::query!(
        "insert into shop_day (organization_id, channel_id, day)
         select $1, $2, day from (
           select day from shop_order where channel_id = $2 and external_id = $3
           union select day from shop_refund where channel_id = $2 and order_id = $3) touched
         on conflict do nothing",
        organization.0,
        channel.0,
        order
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
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
