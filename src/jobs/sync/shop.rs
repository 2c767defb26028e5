//! Reads a shop's orders: those that changed since the last reading, oldest change first.
//!
//! Orders are kept page by page, each with the moment up to which changes were read, so a killed run goes on at the page.
//! The days of the books are counted when the pass is read to its end.

use model::{
    connection::{Channel, Progress},
    metric::Days,
    shop,
};
use providers::{Error, Page, Shop};
use service::moment;
use store::{
    metric, shop as orders,
    sync_cursor::{self, SyncCursor},
};
use time::{Date, Duration, OffsetDateTime};

use super::{Access, Run, Stop, ads, plan};

/// The stream of a shop's changes.
const ORDERS: &str = "orders";
/// Changes may come late: so much is read again.
const OVERLAP: Duration = Duration::minutes(5);

impl Run<'_> {
    pub(super) async fn read_shop(
        &self,
        access: &mut Access<'_>,
        shop: &'static dyn Shop,
        channel: &Channel,
    ) -> Result<(), Stop> {
        let mut read_to = sync_cursor::get(&mut self.tx().await?, channel.id, ORDERS).await?.at;
        let since = read_to.map_or_else(|| self.now() - Duration::days(plan::BACKFILL), |at| at - OVERLAP);
        let mut place: Option<String> = None;
        loop {
            self.check_switches().await?;
            let asked = place.clone();
            let page = access.call(move |call| {
                let from = asked.clone();
                Box::pin(async move { shop.orders(call, since, from.as_deref()).await })
            });
            let Page { items, next } = page.await?;
            let now = self.now();
            let mut progress = Progress { pages: 1, ..Progress::default() };
            let mut tx = self.tx().await?;
            for order in items {
                let order = booked(order, &channel.account.time_zone)?;
                read_to = read_to.max(Some(order.updated_at));
                let kept = orders::upsert(&mut tx, channel.id, self.id, &order).await?;
                progress.rows_new += kept.new;
                progress.rows_changed += kept.changed;
                progress.rows_unchanged += kept.unchanged;
            }
            let cursor = SyncCursor { at: read_to, run: Some(self.id), ..SyncCursor::default() };
            sync_cursor::set(&mut tx, channel.id, ORDERS, &cursor, now).await?;
            progress.step = read_to.map_or_else(
                || format!("{}: no orders yet", channel.account.name),
                |at| format!("{}: orders up to {}", channel.account.name, at.date()),
            );
            self.add(&mut tx, &progress).await?;
            tx.commit().await?;
            match next {
                Some(next) => place = Some(next),
                None => break,
            }
        }
        self.count_books(channel).await
    }

    /// Counts the days that the orders touched, in one transaction.
    async fn count_books(&self, channel: &Channel) -> Result<(), Stop> {
        let now = self.now();
        let mut tx = self.tx().await?;
        let days = orders::take_days(&mut tx, channel.id).await?;
        let rows = orders::count_days(&mut tx, channel.id, &channel.account.external_id, &days).await?;
        metric::observe(&mut tx, channel.id, self.id, now, &rows).await?;
        for day in days.iter().filter(|day| !rows.iter().any(|row| row.day == **day)) {
            metric::withdraw(&mut tx, channel.id, self.id, now, Days { first: *day, last: *day }, &[]).await?;
        }
        let done = i32::try_from(days.len()).unwrap_or(i32::MAX);
        let step = ads::step(channel, None);
        self.add(&mut tx, &Progress { step, days_done: done, days_total: done, ..Progress::default() }).await?;
        Ok(tx.commit().await?)
    }
}

/// The order with the days of the shop's books.
fn booked(order: providers::Order, zone: &str) -> Result<shop::Order, Error> {
    let day = |at: OffsetDateTime| -> Result<Date, Error> {
        moment::day(zone, at).ok_or_else(|| Error::Malformed(format!("the shop counts in an unknown zone, {zone}")))
    };
    let refund = |refund: providers::Refund| {
        Ok(shop::Refund {
            day: day(refund.created_at)?,
            external_id: refund.external_id,
            created_at: refund.created_at,
            goods: refund.goods,
            taxes: refund.taxes,
            shipping: refund.shipping,
        })
    };
    Ok(shop::Order {
        day: day(order.created_at)?,
        refunds: order.refunds.into_iter().map(refund).collect::<Result<_, Error>>()?,
        external_id: order.external_id,
        name: order.name,
        created_at: order.created_at,
        updated_at: order.updated_at,
        cancelled_at: order.cancelled_at,
        test: order.test,
        goods: order.goods,
        taxes: order.taxes,
        shipping: order.shipping,
        customer_id: order.customer_id,
    })
}
