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
    support::{Browser, TestApp},
    sync::{execute, organization},
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
        let kept = shop::upsert(&mut tx, self.channel, (self.run, asked_at), order).await.unwrap();
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
    shop::upsert(&mut newer, desk.channel, (desk.run, later), &order(later, 3, &[1])).await.unwrap();
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
