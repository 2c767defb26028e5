//! Two agencies on a real Postgres: what is kept, what is another value, what is no longer reported, and who sees it.

use model::{
    actor::Actor,
    connection::{Cause, ChannelKind},
    metric::Account,
};
use sqlx::PgPool;
use time::{
    Duration,
    macros::{date, datetime},
};

use super::*;
use crate::{Db, channel, id, sync, trial};

const NOW: OffsetDateTime = datetime!(2026-03-01 08:00 UTC);
const DAYS: Days = Days { first: date!(2026 - 02 - 01), last: date!(2026 - 02 - 03) };

struct Agency {
    db: Db,
    actor: Actor,
    channel: ChannelId,
    run: SyncRunId,
}

async fn agency(pool: &PgPool, name: &str) -> Agency {
    let (db, actor, connection) = trial::agency(pool, name, NOW).await;
    let mut tx = db.tenant(&actor).await.unwrap();
    let account = Account {
        external_id: "1234567890".into(),
        name: name.into(),
        currency: "USD".into(),
        time_zone: "America/New_York".into(),
        manager_id: None,
    };
    let channel = channel::upsert(&mut tx, connection, ChannelKind::Ads, &account, NOW).await.unwrap();
    let run = id::new(NOW);
    let hold = sync::Hold { holder: id::new(NOW), until: NOW + Duration::minutes(1) };
    sync::insert(&mut tx, run, connection, Cause::First, hold, NOW).await.unwrap();
    tx.commit().await.unwrap();
    Agency { db, actor, channel, run }
}

fn row(day: Date, campaign: &str, spend: &str, clicks: Option<i64>) -> DayRow {
    let measures = Measures { spend: spend.parse().ok(), clicks, ..Measures::default() };
    DayRow { day, level: Level::Campaign, entity_id: campaign.into(), attribution: String::new(), measures }
}

impl Agency {
    async fn observe(&self, at: OffsetDateTime, rows: &[DayRow]) -> Counts {
        let mut tx = self.db.tenant(&self.actor).await.unwrap();
        let mut counts = observe(&mut tx, self.channel, self.run, at, rows).await.unwrap();
        let keys: Vec<_> =
            rows.iter().map(|row| (row.day, row.level, row.entity_id.clone(), row.attribution.clone())).collect();
        counts.withdrawn = withdraw(&mut tx, self.channel, self.run, at, DAYS, &keys).await.unwrap();
        tx.commit().await.unwrap();
        counts
    }

    async fn list(&self, as_of: Option<OffsetDateTime>) -> Vec<DayRow> {
        let mut tx = self.db.tenant(&self.actor).await.unwrap();
        list(&mut tx, self.channel, DAYS, Level::Campaign, as_of).await.unwrap()
    }
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_restated_day_is_another_observation_and_the_old_report_can_be_rebuilt(pool: PgPool) {
    let agency = agency(&pool, "north").await;
    let first = [row(DAYS.first, "1", "2.50", Some(10)), row(DAYS.last, "1", "4", None)];
    assert_eq!(agency.observe(NOW, &first).await, Counts { new: 2, ..Counts::default() });
    let again = NOW + Duration::hours(1);
    assert_eq!(agency.observe(again, &first).await, Counts { unchanged: 2, ..Counts::default() });

    let restated = [row(DAYS.first, "1", "2.75", Some(11)), row(DAYS.last, "1", "4.00", None)];
    let later = NOW + Duration::days(1);
    assert_eq!(agency.observe(later, &restated).await, Counts { changed: 1, unchanged: 1, ..Counts::default() });
    assert_eq!(agency.list(Some(again)).await, first, "the report as of before the restatement");
    assert_eq!(agency.list(None).await, restated);
    assert_eq!(agency.list(Some(NOW - Duration::seconds(1))).await, [], "before anything was said");
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn a_row_that_is_no_longer_reported_is_withdrawn_and_not_counted(pool: PgPool) {
    let agency = agency(&pool, "north").await;
    let both = [row(DAYS.first, "1", "1", None), row(DAYS.first, "2", "5", None)];
    agency.observe(NOW, &both).await;
    let later = NOW + Duration::days(1);
    let counts = agency.observe(later, &both[..1]).await;
    assert_eq!(counts, Counts { unchanged: 1, withdrawn: 1, ..Counts::default() });
    assert_eq!(agency.list(None).await, both[..1]);
    assert_eq!(agency.list(Some(NOW)).await, both);
    // It comes back.
    let back = agency.observe(later + Duration::days(1), &both).await;
    assert_eq!(back, Counts { new: 1, unchanged: 1, ..Counts::default() });
    assert_eq!(agency.list(None).await, both);
}

#[sqlx::test(migrator = "crate::MIGRATOR")]
async fn another_agency_sees_and_writes_nothing(pool: PgPool) {
    let (north, south) = (agency(&pool, "north").await, agency(&pool, "south").await);
    north.observe(NOW, &[row(DAYS.first, "1", "1", None)]).await;
    let intruder = Agency { channel: north.channel, run: north.run, ..south };
    assert_eq!(intruder.list(None).await, []);
    let mut tx = intruder.db.tenant(&intruder.actor).await.unwrap();
    assert!(observe(&mut tx, north.channel, north.run, NOW, &[row(DAYS.first, "9", "1", None)]).await.is_err());
    drop(tx);
    let mut tx = intruder.db.tenant(&intruder.actor).await.unwrap();
    assert_eq!(withdraw(&mut tx, north.channel, north.run, NOW, DAYS, &[]).await.unwrap(), 0);
    tx.commit().await.unwrap();
    assert_eq!(north.list(None).await.len(), 1);
}

#[test]
fn an_answer_with_a_key_twice_or_a_day_that_was_not_asked_for_is_refused() {
    let fine = [row(DAYS.first, "1", "1", None), row(DAYS.first, "2", "1", None)];
    assert_eq!(check(&fine, DAYS), Ok(()));
    assert!(check(&[fine[0].clone(), fine[0].clone()], DAYS).unwrap_err().contains("twice"));
    assert!(check(&[row(date!(2026 - 01 - 31), "1", "1", None)], DAYS).unwrap_err().contains("2026-01-31"));
}
