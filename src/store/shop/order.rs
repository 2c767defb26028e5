//! Keeping a page of orders with their refunds: some statements for the page, not for each order.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    id::{ChannelId, SyncRunId},
    shop::{Order, Refund},
};
use time::{Date, OffsetDateTime};

use super::Kept;
use crate::{Result, TenantTx};

/// An order as it is kept, and as of when.
struct Known {
    order: Order,
    observed_at: OffsetDateTime,
}

/// Keeps orders with their refunds as the shop had them at `asked_at`, and remembers the days that they touch, those that
/// they touched before included. What is kept already and newer stays: by the shop's moment of change, and where that is the
/// same, for it is told in seconds, by when it was asked for.
///
/// # Errors
/// The database failed.
pub async fn upsert(
    tx: &mut TenantTx,
    channel: ChannelId,
    (run, asked_at): (SyncRunId, OffsetDateTime),
    orders: &[Order],
) -> Result<Kept> {
    let mut kept = Kept::default();
    let mut newest: BTreeMap<String, Order> = BTreeMap::new();
    for order in orders {
        let mut order = order.clone();
        order.refunds.sort_by(|one, other| one.external_id.cmp(&other.external_id));
        let had = newest.get(&order.external_id).map(|had| had.updated_at);
        kept.unchanged += i64::from(had.is_some());
        if had.is_none_or(|had| had <= order.updated_at) {
            newest.insert(order.external_id.clone(), order);
        }
    }
    let ids: Vec<String> = newest.keys().cloned().collect();
    let known = find(tx, channel, &ids).await?;
    let (mut same, mut write) = (Vec::new(), Vec::new());
    for order in newest.into_values() {
        match known.get(&order.external_id) {
            Some(was) if (was.order.updated_at, was.observed_at) > (order.updated_at, asked_at) => kept.unchanged += 1,
            Some(was) if was.order == order => {
                kept.unchanged += 1;
                same.push(order.external_id);
            }
            was => {
                match was {
                    Some(_) => kept.changed += 1,
                    None => kept.new += 1,
                }
                write.push(order);
            }
        }
    }
    sqlx::query!(
        "update shop_order set observed_at = $3 where channel_id = $1 and external_id = any($2) and observed_at < $3",
        channel.0,
        &same,
        asked_at
    )
    .execute(&mut **tx)
    .await?;
    let written = insert(tx, channel, (run, asked_at), &write).await?;
    // Somebody else kept a newer answer of a new order in the same moment.
    let late = write.len() - written.len();
    kept.new -= i64::try_from(late).unwrap_or_default();
    kept.unchanged += i64::try_from(late).unwrap_or_default();
    let write: Vec<Order> = write.into_iter().filter(|order| written.contains(&order.external_id)).collect();
    replace_refunds(tx, channel, run, &write).await?;
    let before = write.iter().filter_map(|order| known.get(&order.external_id)).map(|known| &known.order);
    let days: BTreeSet<Date> = write.iter().chain(before).flat_map(touched).collect();
    remember(tx, channel, &days.into_iter().collect::<Vec<_>>()).await?;
    Ok(kept)
}

/// The days whose books an order is in.
fn touched(order: &Order) -> impl Iterator<Item = Date> + '_ {
    std::iter::once(order.day).chain(order.refunds.iter().map(|refund| refund.day))
}

/// The orders as they are kept, with their refunds; nobody else writes them until the transaction ends.
async fn find(tx: &mut TenantTx, channel: ChannelId, ids: &[String]) -> Result<BTreeMap<String, Known>> {
    let rows = sqlx::query!(
        "select external_id, name, day, created_at, updated_at, cancelled_at, test, goods, taxes, shipping, customer_id,
           observed_at
         from shop_order where channel_id = $1 and external_id = any($2) order by external_id for update",
        channel.0,
        ids
    )
    .fetch_all(&mut **tx)
    .await?;
    let found = rows.into_iter().map(|row| {
        let order = Order {
            external_id: row.external_id.clone(),
            name: row.name,
            day: row.day,
            created_at: row.created_at,
            updated_at: row.updated_at,
            cancelled_at: row.cancelled_at,
            test: row.test,
            goods: row.goods,
            taxes: row.taxes,
            shipping: row.shipping,
            customer_id: row.customer_id,
            refunds: Vec::new(),
        };
        (row.external_id, Known { order, observed_at: row.observed_at })
    });
    let mut found: BTreeMap<String, Known> = found.collect();
    let refunds = sqlx::query!(
        "select order_id, external_id, day, created_at, goods, taxes, shipping from shop_refund
         where channel_id = $1 and order_id = any($2) order by external_id",
        channel.0,
        ids
    )
    .fetch_all(&mut **tx)
    .await?;
    for row in refunds {
        if let Some(known) = found.get_mut(&row.order_id) {
            known.order.refunds.push(Refund {
                external_id: row.external_id,
                day: row.day,
                created_at: row.created_at,
                goods: row.goods,
                taxes: row.taxes,
                shipping: row.shipping,
            });
        }
    }
    Ok(found)
}

/// Writes orders without their refunds; the ids of those that were written: one that is newer by now stays.
async fn insert(
    tx: &mut TenantTx,
    channel: ChannelId,
    (run, asked_at): (SyncRunId, OffsetDateTime),
    orders: &[Order],
) -> Result<BTreeSet<String>> {
    let organization = tx.actor().organization_id;
    let text = |of: fn(&Order) -> &String| orders.iter().map(|order| of(order).clone()).collect::<Vec<_>>();
    let written = sqlx::query_scalar!(
        r#"insert into shop_order (organization_id, channel_id, external_id, name, day, created_at, updated_at, cancelled_at,
             test, goods, taxes, shipping, customer_id, sync_run_id, observed_at)
           select $1, $2, external_id, name, day, created_at, updated_at, cancelled_at, test, goods, taxes, shipping,
             customer_id, $3, $4
           from unnest($5::text[], $6::text[], $7::date[], $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::bool[],
             $12::numeric[], $13::numeric[], $14::numeric[], $15::text[])
             as o (external_id, name, day, created_at, updated_at, cancelled_at, test, goods, taxes, shipping, customer_id)
           on conflict (organization_id, channel_id, external_id) do update
             set name = excluded.name, day = excluded.day, created_at = excluded.created_at, updated_at = excluded.updated_at,
               cancelled_at = excluded.cancelled_at, test = excluded.test, goods = excluded.goods, taxes = excluded.taxes,
               shipping = excluded.shipping, customer_id = excluded.customer_id, sync_run_id = excluded.sync_run_id,
               observed_at = excluded.observed_at
             where (shop_order.updated_at, shop_order.observed_at) <= (excluded.updated_at, excluded.observed_at)
           returning external_id"#,
        organization.0,
        channel.0,
        run.0,
        asked_at,
        &text(|order| &order.external_id),
        &text(|order| &order.name),
        &orders.iter().map(|order| order.day).collect::<Vec<_>>(),
        &orders.iter().map(|order| order.created_at).collect::<Vec<_>>(),
        &orders.iter().map(|order| order.updated_at).collect::<Vec<_>>(),
        &orders.iter().map(|order| order.cancelled_at).collect::<Vec<_>>() as &[Option<OffsetDateTime>],
        &orders.iter().map(|order| order.test).collect::<Vec<_>>(),
        &orders.iter().map(|order| order.goods).collect::<Vec<_>>(),
        &orders.iter().map(|order| order.taxes).collect::<Vec<_>>(),
        &orders.iter().map(|order| order.shipping).collect::<Vec<_>>(),
        &orders.iter().map(|order| order.customer_id.clone()).collect::<Vec<_>>() as &[Option<String>]
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(written.into_iter().collect())
}

/// Writes the refunds of these orders anew.
async fn replace_refunds(tx: &mut TenantTx, channel: ChannelId, run: SyncRunId, orders: &[Order]) -> Result<()> {
    let organization = tx.actor().organization_id;
    let ids: Vec<String> = orders.iter().map(|order| order.external_id.clone()).collect();
    sqlx::query!("delete from shop_refund where channel_id = $1 and order_id = any($2)", channel.0, &ids)
        .execute(&mut **tx)
        .await?;
    let of = |order: &'_ Order| -> Vec<(String, Refund)> {
        order.refunds.iter().map(|refund| (order.external_id.clone(), refund.clone())).collect()
    };
    let refunds: Vec<(String, Refund)> = orders.iter().flat_map(of).collect();
    let each = || refunds.iter().map(|(_, refund)| refund);
    sqlx::query!(
        "insert into shop_refund (organization_id, channel_id, external_id, order_id, day, created_at, goods, taxes, shipping, sync_run_id)
         select $1, $2, external_id, order_id, day, created_at, goods, taxes, shipping, $3
         from unnest($4::text[], $5::text[], $6::date[], $7::timestamptz[], $8::numeric[], $9::numeric[], $10::numeric[])
           as r (external_id, order_id, day, created_at, goods, taxes, shipping)",
        organization.0,
        channel.0,
        run.0,
        &each().map(|refund| refund.external_id.clone()).collect::<Vec<_>>(),
        &refunds.iter().map(|(order, _)| order.clone()).collect::<Vec<_>>(),
        &each().map(|refund| refund.day).collect::<Vec<_>>(),
        &each().map(|refund| refund.created_at).collect::<Vec<_>>(),
        &each().map(|refund| refund.goods).collect::<Vec<_>>(),
        &each().map(|refund| refund.taxes).collect::<Vec<_>>(),
        &each().map(|refund| refund.shipping).collect::<Vec<_>>()
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Remembers days that are to be counted anew.
async fn remember(tx: &mut TenantTx, channel: ChannelId, days: &[Date]) -> Result<()> {
    let organization = tx.actor().organization_id;
    sqlx::query!(
        "insert into shop_day (organization_id, channel_id, day) select $1, $2, day from unnest($3::date[]) as d (day)
         on conflict do nothing",
        organization.0,
        channel.0,
        days
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
