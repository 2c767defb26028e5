//! A shop's orders and refunds, kept as facts, and the days of its books, counted from them.
//!
//! Orders are kept page by page; the days they touch are remembered and counted when the pass was read to its end, so
//! that no day ever shows half of its orders.

use model::{
    id::{ChannelId, SyncRunId},
    metric::{DayRow, Level, Measures},
    shop::{Order, Refund},
};
use time::{Date, OffsetDateTime};

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

/// An order as it is kept, and whether that is newer than another answer.
struct Known {
    order: Order,
    newer: bool,
}

/// The order as it is kept, with its refunds; nobody else writes it until the transaction ends.
async fn find(tx: &mut TenantTx, channel: ChannelId, other: &Order, asked_at: OffsetDateTime) -> Result<Option<Known>> {
    let found = sqlx::query!(
        r#"select name, day, created_at, updated_at, cancelled_at, test, goods, taxes, shipping, customer_id,
             (updated_at, observed_at) > ($3, $4::timestamptz) as "newer!"
           from shop_order where channel_id = $1 and external_id = $2 for update"#,
        channel.0,
        other.external_id,
        other.updated_at,
        asked_at
    );
    let Some(found) = found.fetch_optional(&mut **tx).await? else { return Ok(None) };
    let refunds = sqlx::query!(
        "select external_id, day, created_at, goods, taxes, shipping from shop_refund where channel_id = $1 and order_id = $2
         order by external_id",
        channel.0,
        other.external_id
    )
    .map(|row| Refund {
        external_id: row.external_id,
        day: row.day,
        created_at: row.created_at,
        goods: row.goods,
        taxes: row.taxes,
        shipping: row.shipping,
    })
    .fetch_all(&mut **tx)
    .await?;
    let order = Order {
        external_id: other.external_id.clone(),
        name: found.name,
        day: found.day,
        created_at: found.created_at,
        updated_at: found.updated_at,
        cancelled_at: found.cancelled_at,
        test: found.test,
        goods: found.goods,
        taxes: found.taxes,
        shipping: found.shipping,
        customer_id: found.customer_id,
        refunds,
    };
    Ok(Some(Known { order, newer: found.newer }))
}

/// Keeps an order with its refunds as the shop had them at `asked_at`, and remembers the days that it touches, those that it
/// touched before included. What is kept already and newer stays: by the shop's moment of change, and where that is the
/// same, for it is told in seconds, by when it was asked for.
///
/// # Errors
/// The database failed.
pub async fn upsert(
    tx: &mut TenantTx,
    channel: ChannelId,
    (run, asked_at): (SyncRunId, OffsetDateTime),
    order: &Order,
) -> Result<Kept> {
    let organization = tx.actor().organization_id;
    let unchanged = Kept { unchanged: 1, ..Kept::default() };
    let was = find(tx, channel, order, asked_at).await?;
    if let Some(was) = &was {
        if was.newer {
            return Ok(unchanged);
        }
        let mut refunds = order.refunds.clone();
        refunds.sort_by(|one, other| one.external_id.cmp(&other.external_id));
        if was.order == (Order { refunds, ..order.clone() }) {
            sqlx::query!(
                "update shop_order set observed_at = $3 where channel_id = $1 and external_id = $2",
                channel.0,
                order.external_id,
                asked_at
            )
            .execute(&mut **tx)
            .await?;
            return Ok(unchanged);
        }
    }
    remember_days(tx, channel, &order.external_id).await?;
    sqlx::query!(
        "insert into shop_order (organization_id, channel_id, external_id, name, day, created_at, updated_at, cancelled_at, test,
           goods, taxes, shipping, customer_id, sync_run_id, observed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         on conflict (organization_id, channel_id, external_id) do update
           set name = excluded.name, day = excluded.day, created_at = excluded.created_at, updated_at = excluded.updated_at,
             cancelled_at = excluded.cancelled_at, test = excluded.test, goods = excluded.goods, taxes = excluded.taxes,
             shipping = excluded.shipping, customer_id = excluded.customer_id, sync_run_id = excluded.sync_run_id,
             observed_at = excluded.observed_at",
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
        run.0,
        asked_at
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
