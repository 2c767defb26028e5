//! Reads a shop's orders: those that changed since the last reading, oldest change first.
//!
//! Orders are kept page by page, each with the moment up to which changes were read, so a killed run goes on at the page.
//! The first reading takes them from one file, if the provider makes one; what changed meanwhile is then read in pages. The
//! days of the books are counted when the pass is read to its end. Of the day on which the first reading begins, and of days
//! before it, only some orders are known: those days have no books.

use model::{
    connection::{Channel, Progress, Reach},
    metric::Days,
    shop,
};
use providers::{Bulk, Error, Page, Shop};
use service::moment;
use store::{
    TenantTx, metric, shop as orders,
    staged_page::{self, StagedPage},
    sync_cursor::{self, SyncCursor},
};
use time::{Date, Duration, OffsetDateTime};

use super::{Access, Run, Stop, ads};

/// The stream of a shop's changes.
const ORDERS: &str = "orders";
/// The stream of the file of a first reading: where in it the next piece begins.
const FILE: &str = "orders_file";
/// Changes may come late: so much is read again.
const OVERLAP: Duration = Duration::minutes(5);

impl Run<'_> {
    pub(super) async fn read_shop(
        &self,
        access: &mut Access<'_>,
        shop: &'static dyn Shop,
        channel: &Channel,
    ) -> Result<(), Stop> {
        let SyncCursor { at: mut read_to, reach, .. } =
            sync_cursor::get(&mut self.tx().await?, channel.id, ORDERS).await?;
        let (begin, mut books) = (self.first_day(), reach.first_day);
        let mut why_pages = String::new();
        if read_to.is_none() {
            // One that goes on after a pause knows more than one that begins now.
            books = moment::day(&channel.account.time_zone, begin).and_then(Date::next_day);
            match self.read_file(access, shop, channel, (begin, books)).await? {
                Ok(as_of) => read_to = Some(as_of),
                Err(why) => why_pages = format!(", page by page ({why})"),
            }
        }
        let since = read_to.map_or(begin, |at| at - OVERLAP);
        let mut place: Option<String> = None;
        loop {
            self.check_switches().await?;
            let (asked, asked_at) = (place.clone(), orders::moment(&mut self.tx().await?).await?);
            let page = access.call(move |call| {
                let from = asked.clone();
                Box::pin(async move { shop.orders(call, since, from.as_deref()).await })
            });
            let Page { items, next } = page.await?;
            let mut progress = Progress { pages: 1, ..Progress::default() };
            let mut tx = self.tx().await?;
            let before = read_to;
            read_to = read_to.max(self.keep_orders(&mut tx, channel, (items, asked_at), &mut progress).await?);
            self.move_cursor(&mut tx, channel, read_to, books).await?;
            progress.step = read_to.map_or_else(
                || format!("{}: no orders yet", channel.account.name),
                |at| format!("{}: orders up to {}{why_pages}", channel.account.name, at.date()),
            );
            // The first page after a pause is one that was read before.
            if read_to > before {
                self.add_further(&mut tx, &progress).await?;
            } else {
                self.add(&mut tx, &progress).await?;
            }
            tx.commit().await?;
            match next {
                Some(next) => place = Some(next),
                None => break,
            }
        }
        self.count_books(channel, books).await
    }

    /// Reads the orders of a first reading from a file: the moment up to which changes are known then, or why they are to
    /// be read in pages.
    ///
    /// The file has no order of change, so the cursor stands still until it was read to its end, and then says when the
    /// provider began with it. Until then the place of the next piece is kept with each piece, so a killed run goes on
    /// there. While the provider makes the file nothing is kept and nothing is held: the run pauses, and asks again
    /// without a place, upon which the provider finds the file that it makes for us (see [`Shop::bulk`]).
    async fn read_file(
        &self,
        access: &mut Access<'_>,
        shop: &'static dyn Shop,
        channel: &Channel,
        (since, books): (OffsetDateTime, Option<Date>),
    ) -> Result<Result<OffsetDateTime, String>, Stop> {
        // A file has no days of its own.
        let day = OffsetDateTime::UNIX_EPOCH.date();
        let name = &channel.account.name;
        let kept = staged_page::find(&mut self.tx().await?, channel.id, FILE, day, day).await?;
        let mut place = kept.map(|(_, next)| next);
        let mut anew = false;
        loop {
            self.check_switches().await?;
            let asked = place.clone();
            let bulk = access.call(move |call| {
                let from = asked.clone();
                Box::pin(async move { shop.bulk(call, since, from.as_deref()).await })
            });
            let bulk = match bulk.await {
                Err(Stop::Provider(Error::CursorExpired)) if place.is_some() && !anew => {
                    (place, anew) = (None, true);
                    continue;
                }
                bulk => bulk?,
            };
            let mut tx = self.tx().await?;
            staged_page::remove_all(&mut tx, channel.id, FILE).await?;
            let mut progress = Progress::default();
            let outcome = match bulk {
                Bulk::Waits { after, ready } => {
                    progress.step = format!("{name}: the provider puts the orders into a file, {ready} so far");
                    Some(Err(Stop::Waits { after, why: progress.step.clone() }))
                }
                Bulk::Pages(why) => {
                    tracing::info!(run = %self.id, why, "the orders of a first reading are read in pages");
                    progress.step = format!("{name}: page by page ({why})");
                    Some(Ok(Err(why)))
                }
                Bulk::Piece { orders, read, of, as_of, next } => {
                    self.keep_orders(&mut tx, channel, (orders, as_of), &mut progress).await?;
                    (progress.pages, progress.step) = (1, format!("{name}: {read} of {of} orders"));
                    place = next;
                    if let Some(next) = &place {
                        let page = StagedPage { number: 0, next: next.clone(), report: serde_json::Value::Null };
                        staged_page::insert(&mut tx, channel.id, FILE, day, day, &page, self.now()).await?;
                        None
                    } else {
                        self.move_cursor(&mut tx, channel, Some(as_of), books).await?;
                        Some(Ok(Ok(as_of)))
                    }
                }
            };
            if progress.pages > 0 {
                self.add_further(&mut tx, &progress).await?;
            } else {
                self.add(&mut tx, &progress).await?;
            }
            tx.commit().await?;
            if let Some(outcome) = outcome {
                return outcome;
            }
        }
    }

    /// From when on the first reading reads.
    fn first_day(&self) -> OffsetDateTime {
        self.there() - Duration::days(self.backfill())
    }

    /// Keeps orders as of a moment, counts them, and tells the latest change among them.
    async fn keep_orders(
        &self,
        tx: &mut TenantTx,
        channel: &Channel,
        (items, as_of): (Vec<providers::Order>, OffsetDateTime),
        progress: &mut Progress,
    ) -> Result<Option<OffsetDateTime>, Stop> {
        let booked = items.into_iter().map(|order| booked(order, &channel.account.time_zone));
        let page = booked.collect::<Result<Vec<_>, _>>()?;
        let kept = orders::upsert(tx, channel.id, (self.id, as_of), &page).await?;
        progress.rows_new += kept.new;
        progress.rows_changed += kept.changed;
        progress.rows_unchanged += kept.unchanged;
        Ok(page.iter().map(|order| order.updated_at).max())
    }

    /// Notes up to which moment changes were read, and the first day of which all orders are known.
    async fn move_cursor(
        &self,
        tx: &mut TenantTx,
        channel: &Channel,
        at: Option<OffsetDateTime>,
        books: Option<Date>,
    ) -> Result<(), Stop> {
        let SyncCursor { reach: before, .. } = sync_cursor::get(tx, channel.id, ORDERS).await?;
        let cursor = SyncCursor { at, reach: Reach { first_day: books, ..before }, run: Some(self.id) };
        Ok(sync_cursor::set(tx, channel.id, ORDERS, &cursor, self.now()).await?)
    }

    /// Counts the days that the orders touched, in one transaction.
    async fn count_books(&self, channel: &Channel, books: Option<Date>) -> Result<(), Stop> {
        let mut tx = self.tx().await?;
        let at = metric::moment(&mut tx, channel.id).await?;
        let mut days = orders::take_days(&mut tx, channel.id).await?;
        days.retain(|day| books.is_none_or(|first| first <= *day));
        let rows = orders::count_days(&mut tx, channel.id, &channel.account.external_id, &days).await?;
        metric::observe(&mut tx, channel.id, self.id, at, &rows).await?;
        for day in days.iter().filter(|day| !rows.iter().any(|row| row.day == **day)) {
            metric::withdraw(&mut tx, channel.id, self.id, at, Days { first: *day, last: *day }, &[]).await?;
        }
        // The books of all days up to now are read.
        let before = sync_cursor::get(&mut tx, channel.id, ORDERS).await?;
        let reach = Reach { first_day: books, last_day: moment::day(&channel.account.time_zone, self.there()) };
        let cursor = SyncCursor { reach, run: Some(self.id), ..before };
        sync_cursor::set(&mut tx, channel.id, ORDERS, &cursor, self.now()).await?;
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
