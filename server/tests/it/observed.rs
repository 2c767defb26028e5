//! What was observed later wins: of one order with the same moment of change, and of values that two servers keep.

use std::time::Duration;

use model::{
    actor::Actor,
    id::{ChannelId, SyncRunId},
    metric::{DayRow, Days, Level, Measures},
    shop::{Order, Refund},
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use store::{TenantTx, metric, shop};
use time::{
    OffsetDateTime,
    macros::{date, datetime},
};

use crate::{
    support::{Browser, TestApp, execute},
    sync::organization,
};

const DAY: time::Date = date!(2026 - 02 - 01);
const CHANGED: OffsetDateTime = datetime!(2026-02-01 12:00 UTC);

/// An agency with a source, and a way to the tables.
struct Desk {
    app: TestApp,
    olga: Browser,
    source: String,
    channel: ChannelId,
    run: SyncRunId,
}

impl Desk {
    async fn open(pool: PgPool) -> Self {
        let app = TestApp::start(pool).await;
        let olga = app.owner("olga@acme.test", "Acme").await;
        let source = json!({"name": "Radio", "holds": "ads", "currency": "EUR", "time_zone": "Europe/Berlin"});
        let source = olga.create("/api/v1/imports/sources", &source).await;
        let channel = source.parse().unwrap();
        let run = store::id::new(app.service.clock.now());
        let desk = Self { app, olga, source, channel, run };
        desk.push("1.00").await;
        desk
    }

    async fn tx(&self) -> TenantTx {
        let organization = organization(&self.app.pool).await;
        self.app.service.db.tenant(&Actor::machine(organization)).await.unwrap()
    }

    fn rows(&self, spend: &str) -> Value {
        json!({"source_id": self.source, "rows": [{"day": DAY.to_string(), "spend": spend}]})
    }

    async fn push(&self, spend: &str) {
        let answer = self.olga.post("/api/v1/ingest/file", &self.rows(spend)).await;
        let status = answer.status();
        assert_eq!(status, StatusCode::OK, "{}", answer.text().await.unwrap());
    }

    /// What was spent, as known at a moment or now.
    async fn spent(&self, as_of: Option<OffsetDateTime>) -> Option<String> {
        let days = Days { first: DAY, last: DAY };
        let rows = metric::list(&mut self.tx().await, self.channel, days, Level::Account, as_of).await.unwrap();
        rows.first().map(|row| row.measures.spend.unwrap().to_string())
    }

    /// Keeps what an answer that was asked for at `asked_at` says of an order; (new, changed, unchanged).
    async fn keep(&self, order: &Order, asked_at: OffsetDateTime) -> (i64, i64, i64) {
        let mut tx = self.tx().await;
        let kept =
            shop::upsert(&mut tx, self.channel, (self.run, asked_at), std::slice::from_ref(order)).await.unwrap();
        tx.commit().await.unwrap();
        (kept.new, kept.changed, kept.unchanged)
    }

    /// The order's goods, and what was paid back.
    async fn books(&self) -> (String, String) {
        let mut tx = self.tx().await;
        let rows = shop::count_days(&mut tx, self.channel, "a", &[DAY]).await.unwrap();
        let Measures { ledger_revenue, refunds, .. } = &rows[0].measures;
        ((ledger_revenue.unwrap() + refunds.unwrap()).to_string(), refunds.unwrap().to_string())
    }
}

fn order(updated_at: OffsetDateTime, goods: i64, refunded: &[i64]) -> Order {
    let refund = |(number, goods): (usize, &i64)| Refund {
        external_id: format!("r{number}"),
        day: DAY,
        created_at: CHANGED,
        goods: (*goods).into(),
        taxes: 0.into(),
        shipping: 0.into(),
    };
    Order {
        external_id: "o1".to_owned(),
        name: "#1".to_owned(),
        day: DAY,
        created_at: CHANGED,
        updated_at,
        cancelled_at: None,
        test: false,
        goods: goods.into(),
        taxes: 0.into(),
        shipping: 0.into(),
        customer_id: None,
        // As no provider promises an order of them.
        refunds: refunded.iter().enumerate().map(refund).rev().collect(),
    }
}

fn books(goods: i64, refunds: i64) -> (String, String) {
    (goods.to_string(), refunds.to_string())
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_order_ends_at_its_newest_state_also_within_one_second(pool: PgPool) {
    let desk = Desk::open(pool).await;
    let at = |seconds| CHANGED + time::Duration::seconds(seconds);
    assert_eq!(desk.keep(&order(CHANGED, 10, &[]), at(1)).await, (1, 0, 0));
    assert_eq!(desk.keep(&order(CHANGED, 10, &[2, 1]), at(2)).await, (0, 1, 0), "changed again in the same second");
    assert_eq!(desk.books().await, books(10, 3));
    assert_eq!(desk.keep(&order(CHANGED, 10, &[2, 1]), at(9)).await, (0, 0, 1), "the same again");
    assert_eq!(desk.keep(&order(CHANGED, 10, &[]), at(8)).await, (0, 0, 1), "asked for before the newest answer");
    assert_eq!(desk.books().await, books(10, 3), "an older answer changes nothing");
    assert_eq!(desk.keep(&order(CHANGED, 11, &[2, 1]), at(9)).await, (0, 1, 0), "a later page of the same question");

    assert_eq!(desk.keep(&order(at(60), 20, &[]), at(61)).await, (0, 1, 0));
    assert_eq!(desk.keep(&order(at(59), 5, &[4]), at(99)).await, (0, 0, 1), "the shop says that it is older");
    assert_eq!(desk.books().await, books(20, 0));
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn of_two_answers_that_are_kept_at_once_the_newer_stays(pool: PgPool) {
    let desk = Desk::open(pool).await;
    desk.keep(&order(CHANGED, 1, &[]), CHANGED).await;
    let later = CHANGED + time::Duration::seconds(5);
    let mut newer = desk.tx().await;
    shop::upsert(&mut newer, desk.channel, (desk.run, later), &[order(later, 3, &[1])]).await.unwrap();
    let older = order(CHANGED + time::Duration::seconds(1), 2, &[2]);
    let waits = desk.keep(&older, later);
    let ends = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        newer.commit().await.unwrap();
    };
    let (kept, ()) = tokio::join!(waits, ends);
    assert_eq!((kept, desk.books().await), ((0, 0, 1), books(3, 1)));
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_a_server_with_a_slow_clock_keeps_later_is_also_said_later(pool: PgPool) {
    let desk = Desk::open(pool).await;
    // This server's clock is two hours late; what it keeps is newer all the same.
    desk.app.service.clock.advance(time::Duration::hours(-2));
    desk.push("2.00").await;
    assert_eq!(desk.spent(None).await.as_deref(), Some("2.00"));
    // And one whose clock is ahead says nothing of the future.
    desk.app.service.clock.advance(time::Duration::hours(4));
    desk.push("3.00").await;
    desk.app.service.clock.advance(time::Duration::hours(-2));
    let now = desk.app.service.clock.now();
    assert_eq!(desk.spent(Some(now + time::Duration::seconds(1))).await.as_deref(), Some("3.00"));
    assert_eq!(desk.spent(Some(now - time::Duration::hours(1))).await, None, "nothing is said of the past");
    desk.push("2.00").await;
    assert_eq!(desk.spent(None).await.as_deref(), Some("2.00"), "what was pushed before is no repetition");
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn moments_of_one_channel_grow_and_are_given_one_after_another(pool: PgPool) {
    let desk = Desk::open(pool).await;
    // As after a clock that was set back.
    let ahead = desk.app.service.clock.now() + time::Duration::hours(1);
    execute(&desk.app.pool, format!("update metric_moment set at = '{ahead}'")).await;
    let row = |spend: i64| DayRow {
        day: DAY,
        level: Level::Account,
        entity_id: "a".to_owned(),
        attribution: String::new(),
        measures: Measures { spend: Some(spend.into()), ..Measures::default() },
    };
    let mut first = desk.tx().await;
    let one = metric::moment(&mut first, desk.channel).await.unwrap();
    metric::observe(&mut first, desk.channel, desk.run, one, &[row(1)]).await.unwrap();
    let second = async {
        let mut tx = desk.tx().await;
        let two = metric::moment(&mut tx, desk.channel).await.unwrap();
        metric::observe(&mut tx, desk.channel, desk.run, two, &[row(2)]).await.unwrap();
        tx.commit().await.unwrap();
        two
    };
    let end = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        first.commit().await.unwrap();
    };
    let (two, ()) = tokio::join!(second, end);
    assert!(ahead < one && one < two, "{ahead} {one} {two}");
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_push_that_a_worker_outruns_by_a_moment_is_told_so(pool: PgPool) {
    let desk = Desk::open(pool.clone()).await;
    let mut worker = pool.begin().await.unwrap();
    let begins = format!(
        "insert into sync_run (organization_id, id, connection_id, cause, state, started_at)
         select organization_id, '{}', connection_id, 'import', 'running', now() from channel where id = '{}'",
        desk.run, desk.source
    );
    #[expect(clippy::disallowed_methods, reason = "stands for a worker in another process")]
    sqlx::query(sqlx::AssertSqlSafe(begins)).execute(&mut *worker).await.unwrap();
    let rows = desk.rows("9.00");
    let push = desk.olga.post("/api/v1/ingest/file", &rows);
    let begun = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        worker.commit().await.unwrap();
    };
    let (answer, ()) = tokio::join!(push, begun);
    let status = answer.status();
    let body: Value = answer.json().await.unwrap();
    assert_eq!((status, &body["error"]["code"]), (StatusCode::CONFLICT, &json!("running")), "{body}");
    assert!(body["error"]["message"].as_str().unwrap().contains("Nothing was kept; push again in a minute"), "{body}");
    assert_eq!(desk.spent(None).await.as_deref(), Some("1.00"));
    desk.app.finish().await;
}
