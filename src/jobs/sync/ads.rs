//! Reads the reports of ad accounts, piece by piece.
//!
//! The pages of a piece are laid aside until the last one is there and are then kept in one transaction, so that no day
//! ever shows half of its rows; a killed run goes on at the page. A piece whose report is too large to be read is read in
//! pieces of half as many days, and so are the account's older ones; that is kept, too, so that a run which stops again and
//! again asks for nothing twice. A run reads up to the day on which it began: what comes after is the next one's.

use std::collections::HashSet;

use model::{
    connection::{Cause, Channel, Progress, Reach},
    metric::{DayRow, Days, Entity, Level},
};
use providers::{Ads, Error, Page, Report};
use service::moment;
use store::{
    ad_entity, metric,
    staged_page::{self, StagedPage},
    sync,
    sync_cursor::{self, SyncCursor},
};
use time::{Date, Duration, OffsetDateTime};

use super::{Access, Faults, Run, Stop, plan};

/// The stream of what was read without a gap.
const DAYS: &str = "days";
/// The stream of what this run has read, from its newest day on.
const WINDOW: &str = "window";
/// The stream of the piece that was too large for this run: into so many days pieces are cut since.
const CUT: &str = "cut";
/// The stream of the trailing weeks: when they were last read again.
const RESTATED: &str = "restated";
/// The trailing weeks are read again at this hour of the agency's day.
pub(super) const NIGHT: i8 = 2;

/// What a piece held: the keys of its rows.
type Keys = HashSet<(Date, Level, String, String)>;

struct Planned<'a> {
    channel: &'a Channel,
    today: Date,
    pieces: Vec<Days>,
    /// How many days a piece has at most.
    most: u16,
    restates: bool,
}

impl Run<'_> {
    pub(super) async fn read_ads(
        &self,
        access: &mut Access<'_>,
        ads: &'static dyn Ads,
        channels: &[&Channel],
        faults: &mut Faults,
    ) -> Result<(), Stop> {
        let mut planned = Vec::with_capacity(channels.len());
        for channel in channels {
            planned.extend(faults.note(channel, self.plan(ads, channel).await)?);
        }
        // What the run has read before a pause is no longer planned.
        let read = sync::find(&mut self.tx().await?, self.id).await?.map_or(0, |run| run.progress.days_done);
        let days = planned.iter().flat_map(|planned| &planned.pieces).map(|piece| piece.count()).sum::<i64>();
        let total = i32::try_from(days).unwrap_or(i32::MAX).saturating_add(read);
        for planned in planned {
            let channel = planned.channel;
            faults.note(channel, self.read_channel(access, ads, planned, total).await)?;
        }
        Ok(())
    }

    async fn read_channel(
        &self,
        access: &mut Access<'_>,
        ads: &'static dyn Ads,
        Planned { channel, today, pieces, mut most, restates }: Planned<'_>,
        total: i32,
    ) -> Result<(), Stop> {
        let mut left = pieces;
        // The newest of what is left, in a run that goes on as in one that never stopped.
        while let Some(days) = left.first().and_then(|piece| piece.newest_first(most).next()) {
            self.check_switches().await?;
            match self.read_piece(access, ads, channel, days, today, total).await {
                Err(Stop::Provider(Error::TooLarge(words))) => {
                    let alone = || Error::TooLarge(format!("the report of {} alone: {words}", days.first));
                    most = plan::fewer(days).ok_or_else(alone)?;
                    self.keep_cut(channel, days, most).await?;
                }
                outcome => {
                    outcome?;
                    left = plan::rest(left, days.first);
                }
            }
        }
        if restates {
            let mut tx = self.tx().await?;
            let cursor = SyncCursor { at: Some(self.begun_at), run: Some(self.id), ..SyncCursor::default() };
            sync_cursor::set(&mut tx, channel.id, RESTATED, &cursor, self.now()).await?;
            self.add(&mut tx, &Progress { step: step(channel, None), ..Progress::default() }).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Keeps into how many days pieces are cut: a run that goes on after a pause would ask for too much again, and throw
    /// away the pages of the smaller piece in which it stopped.
    async fn keep_cut(&self, channel: &Channel, days: Days, most: u16) -> Result<(), Stop> {
        let mut tx = self.tx().await?;
        let first = days.last - Duration::days(i64::from(most) - 1);
        let reach = Reach { first_day: Some(first), last_day: Some(days.last) };
        let cursor = SyncCursor { reach, run: Some(self.id), at: None };
        sync_cursor::set(&mut tx, channel.id, CUT, &cursor, self.now()).await?;
        staged_page::remove_all(&mut tx, channel.id, DAYS).await?;
        self.add_further(&mut tx, &Progress { step: step(channel, Some(days)), ..Progress::default() }).await?;
        Ok(tx.commit().await?)
    }

    /// What is still to be read of a channel: a run that goes on after a pause or a kill skips what it has read itself.
    async fn plan<'c>(&self, ads: &'static dyn Ads, channel: &'c Channel) -> Result<Planned<'c>, Stop> {
        let account = &channel.account;
        let begun_on = moment::day(&account.time_zone, self.started_at + self.ahead).ok_or_else(|| {
            Error::Malformed(format!("account {} counts in an unknown zone, {}", account.name, account.time_zone))
        })?;
        let mut tx = self.tx().await?;
        let reach = sync_cursor::get(&mut tx, channel.id, DAYS).await?.reach;
        let restated = sync_cursor::get(&mut tx, channel.id, RESTATED).await?.at;
        let own = |cursor: SyncCursor| if cursor.run == Some(self.id) { cursor.reach } else { Reach::default() };
        let window = own(sync_cursor::get(&mut tx, channel.id, WINDOW).await?);
        let cut = own(sync_cursor::get(&mut tx, channel.id, CUT).await?);
        let zone = store::organization::get(&mut tx).await?.time_zone;
        let night = moment::last_hour(&zone, NIGHT, self.now());
        let restates = self.cause == Cause::Manual || restated.is_none_or(|at| at < night);
        // The same days whenever it goes on, so that what it has laid aside is found again.
        let today = window.last_day.unwrap_or(begun_on);
        let mut pieces = plan::pieces(today, reach, restates, ads.piece(), self.backfill());
        if let Some(first) = window.first_day {
            pieces = plan::rest(pieces, first);
        }
        let most = match (cut.first_day, cut.last_day) {
            (Some(first), Some(last)) => {
                u16::try_from(Days { first, last }.count()).unwrap_or(u16::MAX).min(ads.piece())
            }
            _ => ads.piece(),
        };
        Ok(Planned { channel, today, pieces, most, restates })
    }

    /// Reads a piece; when the provider no longer knows where we stopped, once more from its beginning.
    async fn read_piece(
        &self,
        access: &mut Access<'_>,
        ads: &'static dyn Ads,
        channel: &Channel,
        days: Days,
        today: Date,
        total: i32,
    ) -> Result<(), Stop> {
        for anew in [false, true] {
            match self.read_pages(access, ads, channel, (days, today), total).await {
                Err(Stop::Provider(Error::CursorExpired)) if !anew => {
                    let mut tx = self.tx().await?;
                    staged_page::remove_all(&mut tx, channel.id, DAYS).await?;
                    self.add(&mut tx, &Progress { step: step(channel, Some(days)), ..Progress::default() }).await?;
                    tx.commit().await?;
                }
                outcome => return outcome,
            }
        }
        Ok(())
    }

    async fn read_pages(
        &self,
        access: &mut Access<'_>,
        ads: &'static dyn Ads,
        channel: &Channel,
        (days, today): (Days, Date),
        total: i32,
    ) -> Result<(), Stop> {
        let mut tx = self.tx().await?;
        let staged = staged_page::find(&mut tx, channel.id, DAYS, days.first, days.last).await?;
        if staged.is_none() {
            staged_page::remove_all(&mut tx, channel.id, DAYS).await?;
        }
        let (mut number, mut place) = staged.map_or((0, None), |(number, next)| (number, Some(next)));
        let progress =
            |pages| Progress { step: step(channel, Some(days)), days_total: total, pages, ..Progress::default() };
        self.add(&mut tx, &progress(0)).await?;
        tx.commit().await?;
        loop {
            let asked = (channel.account.clone(), place.clone());
            let report = access.call(move |call| {
                let (account, from) = asked.clone();
                Box::pin(async move { ads.report(call, &account, days, from.as_deref()).await })
            });
            let Page { items, next } = report.await?;
            let Some(next) = next else { return self.keep(channel, (days, today), number, items, progress(1)).await };
            let report =
                serde_json::to_value((&items.entities, &items.rows)).map_err(|error| Stop::Ours(error.into()))?;
            let mut tx = self.tx().await?;
            let page = StagedPage { number, next: next.clone(), report };
            staged_page::insert(&mut tx, channel.id, DAYS, days.first, days.last, &page, self.now()).await?;
            self.add_further(&mut tx, &progress(1)).await?;
            tx.commit().await?;
            (number, place) = (number + 1, Some(next));
        }
    }

    /// Keeps a piece that was read to its end: all its pages, or nothing.
    async fn keep(
        &self,
        channel: &Channel,
        (days, today): (Days, Date),
        staged: i32,
        last: Report,
        mut progress: Progress,
    ) -> Result<(), Stop> {
        let now = self.now();
        let mut tx = self.tx().await?;
        let at = metric::moment(&mut tx, channel.id).await?;
        let (mut keys, mut counts) = (Keys::new(), metric::Counts::default());
        for number in 0..staged {
            let report = staged_page::get(&mut tx, channel.id, DAYS, days.first, number).await?;
            let (entities, rows): (Vec<Entity>, Vec<DayRow>) =
                serde_json::from_value(report).map_err(|error| Stop::Ours(error.into()))?;
            counts += self.keep_page(&mut tx, channel, days, at, &entities, rows, &mut keys).await?;
        }
        counts += self.keep_page(&mut tx, channel, days, at, &last.entities, last.rows, &mut keys).await?;
        let keys: Vec<_> = keys.into_iter().collect();
        counts.withdrawn = metric::withdraw(&mut tx, channel.id, self.id, at, days, &keys).await?;
        self.move_cursors(&mut tx, channel, days, today, now).await?;
        staged_page::remove_all(&mut tx, channel.id, DAYS).await?;
        progress.days_done = i32::try_from(days.count()).unwrap_or(i32::MAX);
        count_rows(&mut progress, counts);
        self.add_further(&mut tx, &progress).await?;
        Ok(tx.commit().await?)
    }

    async fn keep_page(
        &self,
        tx: &mut store::TenantTx,
        channel: &Channel,
        days: Days,
        at: OffsetDateTime,
        entities: &[Entity],
        rows: Vec<DayRow>,
        keys: &mut Keys,
    ) -> Result<metric::Counts, Stop> {
        metric::check(&rows, days).map_err(Error::Malformed)?;
        ad_entity::upsert(tx, channel.id, entities, at).await?;
        let counts = metric::observe(tx, channel.id, self.id, at, &rows).await?;
        for DayRow { day, level, entity_id, attribution, .. } in rows {
            let what = format!("the report holds {} {entity_id} twice on {day}", level.key());
            if !keys.insert((day, level, entity_id, attribution)) {
                return Err(Error::Malformed(what).into());
            }
        }
        Ok(counts)
    }

    async fn move_cursors(
        &self,
        tx: &mut store::TenantTx,
        channel: &Channel,
        days: Days,
        today: Date,
        now: OffsetDateTime,
    ) -> Result<(), Stop> {
        let window = Days { first: days.first, last: today };
        let before = sync_cursor::get(tx, channel.id, DAYS).await?.reach;
        let read = if before.first_day.is_some_and(|first| days.last < first) { days } else { window };
        let reach = plan::extend(before, read, self.backfill());
        let run = Some(self.id);
        sync_cursor::set(tx, channel.id, DAYS, &SyncCursor { reach, run, at: None }, now).await?;
        let reach = Reach { first_day: Some(window.first), last_day: Some(window.last) };
        sync_cursor::set(tx, channel.id, WINDOW, &SyncCursor { reach, run, at: None }, now).await?;
        Ok(())
    }
}

pub(super) fn count_rows(progress: &mut Progress, counts: metric::Counts) {
    progress.rows_new += counts.new;
    progress.rows_changed += counts.changed;
    progress.rows_unchanged += counts.unchanged;
    progress.rows_withdrawn += counts.withdrawn;
}

/// What a person reads while it goes on.
pub(super) fn step(channel: &Channel, days: Option<Days>) -> String {
    match days {
        Some(days) => format!("{}: {} to {}", channel.account.name, days.first, days.last),
        None => format!("{}: all days are read", channel.account.name),
    }
}
