//! An agency that imports files of daily metrics, and what it sees of them.

use std::time::Duration;

use model::{
    actor::Actor,
    id::{ChannelId, OrganizationId},
    metric::{DayRow, Days, Level},
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use time::{Date, OffsetDateTime, macros::date};

use crate::support::{Browser, TestApp, count};

const DAYS: Days = Days { first: date!(2025 - 01 - 01), last: date!(2026 - 12 - 31) };

/// An agency with a source of its own.
pub struct Desk {
    pub app: TestApp,
    pub olga: Browser,
    pub source: String,
}

impl Desk {
    pub async fn open(pool: PgPool, holds: &str) -> Self {
        let app = TestApp::start(pool).await;
        Self::at(app, holds).await
    }

    pub async fn at(app: TestApp, holds: &str) -> Self {
        let olga = app.owner("olga@acme.test", "Acme").await;
        let client = olga.create("/api/v1/clients", &json!({"name": "Acme Shoes"})).await;
        let source = json!({"name": "Radio", "holds": holds, "currency": "EUR", "time_zone": "Europe/Berlin", "client_id": client});
        let source = olga.create("/api/v1/imports/sources", &source).await;
        Self { app, olga, source }
    }

    pub async fn upload(&self, name: &str, bytes: impl Into<Vec<u8>>) -> String {
        let answer = upload(&self.olga, &self.source, name, bytes.into()).await;
        let status = answer.status();
        let body: Value = answer.json().await.unwrap();
        assert_eq!(status, StatusCode::CREATED, "{body}");
        body["id"].as_str().unwrap().to_owned()
    }

    /// Uploads a file whose proposal leaves nothing open, and has it checked.
    pub async fn checked(&self, name: &str, bytes: impl Into<Vec<u8>>) -> Value {
        let id = self.upload(name, bytes).await;
        let open = until(&self.olga, &id, "open").await;
        assert!(open["proposal"].is_object(), "{open}");
        self.check(&id, &open["proposal"]).await
    }

    pub async fn check(&self, id: &str, mapping: &Value) -> Value {
        let path = format!("/api/v1/imports/{id}/mapping");
        let answer = self.olga.send("PUT", &path, &json!({"mapping": mapping})).await;
        let status = answer.status();
        assert_eq!(status, StatusCode::ACCEPTED, "{}", answer.text().await.unwrap());
        until(&self.olga, id, "checked").await
    }

    pub async fn start(&self, id: &str, skip_wrong: bool) -> Value {
        let answer = self.olga.post(&format!("/api/v1/imports/{id}/start"), &json!({"skip_wrong": skip_wrong})).await;
        assert_eq!(answer.status(), StatusCode::ACCEPTED, "{}", answer.text().await.unwrap());
        until(&self.olga, id, "done").await
    }

    /// Imports a file without doubts and faults.
    pub async fn import(&self, name: &str, bytes: impl Into<Vec<u8>>) -> Value {
        let checked = self.checked(name, bytes).await;
        assert_eq!(checked["wrong"], 0, "{checked}");
        self.start(checked["id"].as_str().unwrap(), false).await
    }

    pub async fn undo(&self, import: &Value) -> Value {
        let id = import["id"].as_str().unwrap();
        let answer = self.olga.post(&format!("/api/v1/imports/{id}/undo"), &json!({})).await;
        assert_eq!(answer.status(), StatusCode::ACCEPTED, "{}", answer.text().await.unwrap());
        until(&self.olga, id, "undone").await
    }

    /// What reports read, at a moment or now.
    pub async fn rows(&self, level: Level, as_of: Option<OffsetDateTime>) -> Vec<DayRow> {
        let session = self.olga.json("/api/v1/auth/session").await;
        let organization: OrganizationId = session["organization_id"].as_str().unwrap().parse().unwrap();
        let source: ChannelId = self.source.parse().unwrap();
        let mut tx = self.app.service.db.tenant(&Actor::machine(organization)).await.unwrap();
        store::metric::list(&mut tx, source, DAYS, level, as_of).await.unwrap()
    }

    /// Day and spend of the account's rows.
    pub async fn spend(&self, as_of: Option<OffsetDateTime>) -> Vec<(Date, String)> {
        let rows = self.rows(Level::Account, as_of).await;
        rows.into_iter().map(|row| (row.day, row.measures.spend.unwrap().to_string())).collect()
    }

    /// The current values equal the newest observations, whatever happened before.
    pub async fn agrees(&self) {
        let differ = "select count(*) from (
            select distinct on (channel_id, day, level, entity_id, attribution) *
            from metric_observation order by channel_id, day, level, entity_id, attribution, observed_at desc, sync_run_id desc) o
          full join metric_daily d using (organization_id, channel_id, day, level, entity_id, attribution)
          where coalesce(o.withdrawn, false) <> (d.day is null)
            or (d.day is not null and (d.spend, d.clicks, d.orders, d.sync_run_id) is distinct from (o.spend, o.clicks, o.orders, o.sync_run_id))";
        assert_eq!(count(&self.app.pool, differ).await, 0, "reports and observations say the same");
    }
}

pub async fn upload(browser: &Browser, source: &str, name: &str, bytes: Vec<u8>) -> reqwest::Response {
    let url = format!("{}/api/v1/imports", browser.url);
    let url = url::Url::parse_with_params(&url, [("source_id", source), ("file_name", name)]).unwrap();
    browser.client.post(url).body(bytes).send().await.unwrap()
}

pub async fn until(browser: &Browser, id: &str, state: &str) -> Value {
    let mut found = json!(null);
    for _ in 0..400 {
        found = browser.json(&format!("/api/v1/imports/{id}")).await;
        if found["state"] == state {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never {state}: {found}");
}

pub fn day(day: Date, spend: &str) -> (Date, String) {
    (day, spend.to_owned())
}

pub async fn code(answer: reqwest::Response) -> (u16, String) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    (status, body["error"]["code"].as_str().unwrap_or_default().to_owned())
}
