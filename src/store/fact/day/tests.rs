//! An agency on a real Postgres: whatever is stored, taken back or withdrawn, days as they were counted are those that the
//! observations say.

use model::{
    actor::Actor,
    connection::{Cause, ChannelKind},
    id::SyncRunId,
    metric::{Account, DayRow, Level},
};
use rust_decimal::Decimal;
use sqlx::PgPool;
use time::{Duration, macros::date, macros::datetime};

use super::*;
use crate::{Db, channel, id, metric, sync, trial};

const NOW: OffsetDateTime = datetime!(2026-03-01 08:00 UTC);
const FIRST: Date = date!(2026 - 01 - 01);
/// So many days are written, of which each is written often.
const LENGTH: i64 = 12;

struct Agency {
    db: Db,
    actor: Actor,
    channels: Vec<ChannelId>,
    run: SyncRunId,
}

async fn agency(pool: &PgPool, name: &str) -> Agency {
    let (db, actor, connection) = trial::agency(pool, name, NOW).await;
    let mut tx = db.tenant(&actor).await.unwrap();
    let mut channels = Vec::new();
    for number in 1..=2 {
        let account = Account {
            external_id: format!("{name}-{number}"),
            name: name.into(),
            currency: "USD".into(),
            time_zone: "UTC".into(),
            manager_id: None,
        };
        channels.push(channel::upsert(&mut tx, connection, ChannelKind::Ads, &account, NOW).await.unwrap());
    }
    let run = id::new(NOW);
    let hold = sync::Hold { holder: id::new(NOW), until: NOW + Duration::minutes(1) };
    sync::insert(&mut tx, run, connection, Cause::First, hold, NOW).await.unwrap();
    tx.commit().await.unwrap();
    Agency { db, actor, channels, run }
}

impl Agency {
    /// The days as they were counted, and as the observations say.
    async fn both(&self) -> [Vec<DayOf>; 2] {
        let mut tx = self.db.tenant(&self.actor).await.unwrap();
        let days = Days { first: FIRST, last: FIRST + Duration::days(2 * LENGTH) };
        let now = Span { days, channels: self.channels.clone(), as_of: None };
        let then = Span { as_of: Some(datetime!(9000-01-01 00:00 UTC)), ..now.clone() };
        [super::days(&mut tx, &now).await.unwrap(), super::days(&mut tx, &then).await.unwrap()]
    }

    async fn observe(&self, channel: ChannelId, run: SyncRunId, rows: &[DayRow]) {
        let mut tx = self.db.tenant(&self.actor).await.unwrap();
        let at = metric::moment(&mut tx, channel).await.unwrap();
        // A reading stores its pages one by one.
        for page in rows.chunks(5) {
            metric::observe(&mut tx, channel, run, at, page).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}

/// Numbers that follow no order and are the same each time.
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn count(&mut self) -> Option<i64> {
        let value = i64::try_from(self.below(50)).ok();
        value.filter(|_| self.below(3) > 0)
    }

    fn amount(&mut self) -> Option<Decimal> {
        self.count().map(|cents| Decimal::new(cents, u32::from(cents % 2 == 0) * 2))
    }

    /// A piece of days at every level, with and without windows of attribution; no key twice.
    fn rows(&mut self) -> Vec<DayRow> {
        let mut rows = Vec::new();
        let from = i64::try_from(self.below(8)).unwrap();
        for day in from..LENGTH {
            for level in [Level::Account, Level::Campaign, Level::Group, Level::Ad] {
                for (entity, attribution) in
                    [("1", ""), ("1", "7d_click"), ("1", "1d_view"), ("2", ""), ("2", "7d_click")]
                {
                    if self.below(4) > 0 {
                        continue;
                    }
                    rows.push(DayRow {
                        day: FIRST + Duration::days(day),
                        level,
                        entity_id: entity.into(),
                        attribution: attribution.into(),
                        measures: Measures {
                            spend: self.amount(),
                            impressions: self.count(),
                            clicks: self.count(),
                            conversions: self.amount(),
                            claimed_revenue: self.amount(),
                            orders: self.count(),
                            ledger_revenue: self.amount().map(|amount| -amount),
                            refunds: self.amount(),
                            taxes: self.amount(),
                            shipping: self.amount(),
                        },
                    });
                }
            }
        }
        rows
    }
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
#[expect(clippy::disallowed_methods, reason = "an import that is being undone, without its file")]
async fn days_are_counted_as_the_observations_say_after_every_kind_of_write(pool: PgPool) {
    let agency = agency(&pool, "north").await;
    let mut draw = Draw(20_260_301);
    for _ in 0..12 {
        let channel = agency.channels[usize::from(draw.below(2) == 0)];
        let rows = draw.rows();
        agency.observe(channel, agency.run, &rows).await;
        let [counted, said] = agency.both().await;
        assert_eq!(counted, said, "stored");

        // Some of it is no longer reported.
        let mut tx = agency.db.tenant(&agency.actor).await.unwrap();
        let at = metric::moment(&mut tx, channel).await.unwrap();
        let kept = rows.iter().filter(|_| draw.below(2) == 0);
        let kept: Vec<_> =
            kept.map(|row| (row.day, row.level, row.entity_id.clone(), row.attribution.clone())).collect();
        let day = FIRST + Duration::days(i64::try_from(draw.below(6)).unwrap());
        let days = Days { first: day, last: day + Duration::days(3) };
        metric::withdraw(&mut tx, channel, agency.run, at, days, &kept).await.unwrap();
        tx.commit().await.unwrap();
        let [counted, said] = agency.both().await;
        assert_eq!(counted, said, "withdrawn");

        // An import comes and is taken back.
        let [import, undo]: [SyncRunId; 2] = [id::new(NOW), id::new(NOW)];
        sqlx::query(
            "insert into sync_run (organization_id, id, connection_id, cause, state, started_at)
             select organization_id, new, connection_id, 'import', 'failed', started_at
             from sync_run cross join unnest(array[$2, $3]) new where id = $1",
        )
        .bind(agency.run.0)
        .bind(import.0)
        .bind(undo.0)
        .execute(&pool)
        .await
        .unwrap();
        agency.observe(channel, import, &draw.rows()).await;
        sqlx::query(
            "insert into import (organization_id, id, channel_id, way, state, file_name, size, file_hash, created_by, member_name,
               created_at, updated_at, sync_run_id, undo_run_id)
             values ($1, $2, $3, 'file', 'undoing', 'a.csv', 1, sha256('a'), $2, 'Olga', now(), now(), $4, $5)",
        )
        .bind(agency.actor.organization_id.0)
        .bind(id::new::<Uuid>(NOW))
        .bind(channel.0)
        .bind(import.0)
        .bind(undo.0)
        .execute(&pool)
        .await
        .unwrap();
        let mut tx = agency.db.tenant(&agency.actor).await.unwrap();
        let at = metric::moment(&mut tx, channel).await.unwrap();
        let days = Days { first: FIRST, last: FIRST + Duration::days(LENGTH) };
        metric::take_back(&mut tx, channel, import, (undo, at), days).await.unwrap();
        tx.commit().await.unwrap();
        let [counted, said] = agency.both().await;
        assert_eq!(counted, said, "taken back");
    }
    let [counted, _] = agency.both().await;
    assert!(counted.len() > 10, "there was something to count");
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
#[expect(clippy::disallowed_methods, reason = "writes past the functions of this crate")]
async fn no_writer_can_leave_a_day_uncounted(pool: PgPool) {
    let agency = agency(&pool, "north").await;
    let rows: Vec<DayRow> = Draw(7).rows();
    for channel in &agency.channels {
        agency.observe(*channel, agency.run, &rows).await;
    }
    let wrong = "with anew as (
           select c.id as channel_id, d.* from channel c cross join lateral counted_days_of(c.organization_id, c.id, '-infinity', 'infinity') d
         ), kept as (
           select channel_id, day, spend, impressions, clicks, conversions, claimed_revenue, orders, ledger_revenue, refunds, taxes, shipping
           from counted_day
         )
         select count(*) from ((table anew except table kept) union all (table kept except table anew)) x";
    for write in [
        "update metric_daily set clicks = coalesce(clicks, 0) + 1",
        "update metric_daily set day = day + 12",
        "delete from metric_daily where day = (select min(day) from metric_daily)",
    ] {
        let before: i64 = sqlx::query_scalar(
            "select hashtextextended(string_agg(d::text, '' order by d::text), 0) from counted_day d",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        let revisions: Vec<Uuid> =
            sqlx::query_scalar("select revision from counted_channel").fetch_all(&pool).await.unwrap();
        assert!(sqlx::query(write).execute(&pool).await.unwrap().rows_affected() > 0, "{write}");
        let same: i64 = sqlx::query_scalar("select count(*) from counted_channel where revision = any($1)")
            .bind(&revisions)
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!((revisions.len(), same), (2, 0), "{write}");
        assert_eq!(sqlx::query_scalar::<_, i64>(wrong).fetch_one(&pool).await.unwrap(), 0, "{write}");
        let after: i64 = sqlx::query_scalar(
            "select hashtextextended(string_agg(d::text, '' order by d::text), 0) from counted_day d",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        assert_ne!(before, after, "{write}");
    }
    // What goes with its channel leaves nothing behind.
    let gone = agency.channels[0];
    sqlx::query("delete from channel where id = $1").bind(gone.0).execute(&pool).await.unwrap();
    let left: i64 = sqlx::query_scalar("select count(*) from counted_day where channel_id = $1")
        .bind(gone.0)
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(left, 0);
    let [counted, _] = agency.both().await;
    assert!(!counted.is_empty() && counted.iter().all(|day| day.channel_id == agency.channels[1]));
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
#[expect(clippy::disallowed_methods, reason = "tries what no function of this crate does")]
async fn another_agency_sees_and_writes_no_counted_day(pool: PgPool) {
    let (north, south) = (agency(&pool, "north").await, agency(&pool, "south").await);
    let rows: Vec<DayRow> = Draw(7).rows();
    north.observe(north.channels[0], north.run, &rows).await;
    let intruder = Agency { channels: north.channels.clone(), ..south };
    assert_eq!(intruder.both().await, [Vec::new(), Vec::new()]);
    let mut tx = intruder.db.tenant(&intruder.actor).await.unwrap();
    assert_eq!(ever(&mut tx).await.unwrap(), []);
    let everything = Days { first: FIRST, last: FIRST + Duration::days(LENGTH) };
    assert_eq!(reported(&mut tx, &[(north.channels[0], everything)]).await.unwrap(), []);
    for write in
        ["delete from counted_day", "update counted_day set spend = 1", "update counted_channel set reported = 0"]
    {
        assert_eq!(sqlx::query(write).execute(&mut *tx).await.unwrap().rows_affected(), 0, "{write}");
    }
    drop(tx);
    let [counted, said] = north.both().await;
    assert!(!counted.is_empty());
    assert_eq!(counted, said);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn what_is_reported_is_known_of_each_channel_and_of_its_days(pool: PgPool) {
    let agency = agency(&pool, "north").await;
    let row = |day: Date, measures: Measures| DayRow {
        day,
        level: Level::Account,
        entity_id: "1".into(),
        attribution: String::new(),
        measures,
    };
    let next = FIRST + Duration::DAY;
    let spent = Measures { spend: Some(Decimal::ONE), ..Measures::default() };
    let clicked = Measures { clicks: Some(0), ..Measures::default() };
    let channel = agency.channels[0];
    agency.observe(channel, agency.run, &[row(FIRST, spent), row(next, clicked)]).await;
    let mut tx = agency.db.tenant(&agency.actor).await.unwrap();
    let both = Bits::SPEND.and(Bits::CLICKS);
    assert_eq!(ever(&mut tx).await.unwrap(), [(channel, both)]);
    let mut on = async |first, last| reported(&mut tx, &[(channel, Days { first, last })]).await.unwrap();
    assert_eq!(on(FIRST, next).await, [(channel, both)]);
    assert_eq!(on(next, next).await, [(channel, Bits::CLICKS)]);
    assert_eq!(on(next + Duration::DAY, Date::MAX).await, []);
}
