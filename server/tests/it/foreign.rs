//! One id of every kind that belongs to Bert's agency, for everybody who asks with them from another.
//!
//! What they stand for is whole: an import is of a source, a client has an owner, a stage holds clients in the lists and out
//! of them. An id of half a thing would be answered like a missing one also where tenants saw each other's rows.

use std::time::Duration;

use serde_json::json;
use sqlx::PgPool;

use crate::{
    seed,
    support::{Agency, TestApp, all_rows, count, execute},
};

/// An id that nothing has.
pub const ABSENT: &str = "018f0000-0000-7000-8000-000000000000";
/// A job's number that nothing has.
const ABSENT_JOB: &str = "999999999";

/// (`{noun}`, the id of the other agency's); rows are made for it where there are none yet.
pub type Ids = Vec<(&'static str, String)>;

/// One id of each kind in Bert's agency.
pub async fn ids(app: &TestApp, agency: &Agency) -> Ids {
    let contact = json!({"name": "Jane", "emails": ["jane@d1.test"]});
    seed::integrations(&app.pool).await;
    let (bert, d1) = (agency.bert.member_id().await, format!("/api/v1/clients/{}", agency.d1));
    let owned = agency.bert.send("PATCH", &d1, &json!({"owner_id": bert})).await;
    assert_eq!(owned.status(), 200);
    let stage = owned.json::<serde_json::Value>().await.unwrap()["stage_id"].as_str().unwrap().to_owned();
    let gone = agency.bert.create("/api/v1/clients", &json!({"name": "D2", "stage_id": stage})).await;
    assert_eq!(agency.bert.send("DELETE", &format!("/api/v1/clients/{gone}"), &json!({})).await.status(), 200);
    let newcomer = app.join(&agency.bert, "y@beta.test", "member").await.member_id().await;
    let ids = vec![
        ("{connection}", seed::id_in(&app.pool, "connection", "Beta").await),
        ("{channel}", seed::id_in(&app.pool, "channel", "Beta").await),
        ("{import}", seed::id_in(&app.pool, "import", "Beta").await),
        ("{mapping}", seed::id_in(&app.pool, "import_mapping", "Beta").await),
        ("{cycle}", seed::id_in(&app.pool, "brain_cycle", "Beta").await),
        ("{action}", seed::id_in(&app.pool, "action", "Beta").await),
        ("{alert}", seed::id_in(&app.pool, "alert", "Beta").await),
        ("{alert_rule}", seed::id_in(&app.pool, "alert_rule", "Beta").await),
        ("{lift_test}", seed::id_in(&app.pool, "lift_test", "Beta").await),
        ("{report}", seed::id_in(&app.pool, "report", "Beta").await),
        ("{report_schedule}", seed::id_in(&app.pool, "report_schedule", "Beta").await),
        ("{change}", seed::id_in(&app.pool, "conversation_change", "Beta").await),
        ("{label}", seed::id_in(&app.pool, "label", "Beta").await),
        ("{conversation}", seed::id_in(&app.pool, "conversation", "Beta").await),
        ("{outgoing}", seed::id_in(&app.pool, "outgoing", "Beta").await),
        ("{template}", seed::id_in(&app.pool, "template", "Beta").await),
        ("{upload}", seed::id_in(&app.pool, "upload", "Beta").await),
        ("{stage}", stage),
        ("{job}", job(app).await),
        ("{client}", agency.d1.clone()),
        ("{member}", bert.as_str().unwrap().to_owned()),
        ("{assignee}", newcomer.as_str().unwrap().to_owned()),
        ("{token_id}", agency.bert.create("/api/v1/tokens", &json!({"name": "t", "scope": "read", "days": 1})).await),
        ("{view}", agency.bert.create("/api/v1/views", &json!({"name": "Mondays", "query": "range=last_7"})).await),
        ("{contact}", agency.bert.create(&format!("/api/v1/clients/{}/contacts", agency.d1), &contact).await),
        (
            "{invitation}",
            agency.bert.create("/api/v1/invitations", &json!({"email": "x@beta.test", "role": "member"})).await,
        ),
        ("{session}", agency.bert.json("/api/v1/auth/sessions").await["items"][0]["id"].as_str().unwrap().to_owned()),
        ("{assignment}", {
            let body = json!({"member_id": newcomer, "client_id": agency.d1});
            agency.bert.create("/api/v1/assignments", &body).await
        }),
        ("{source}", agency.bert.create("/api/v1/imports/sources", &source("Their radio")).await),
    ];
    agency.olga.create("/api/v1/imports/sources", &source("Own radio")).await;
    let of_sources = "update import i set channel_id = c.id from channel c
        where c.organization_id = i.organization_id and c.kind = 'file'";
    execute(&app.pool, of_sources.to_owned()).await;
    // What is on its way changes rows: the mails are waited for, the job above stays.
    for _ in 0..100 {
        if app.jobs_left().await == 1 {
            return ids;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{} jobs are left in the queue", app.jobs_left().await);
}

fn source(name: &str) -> serde_json::Value {
    json!({"name": name, "holds": "ads", "currency": "EUR", "time_zone": "UTC"})
}

/// The id of a kind.
pub fn id(ids: &Ids, kind: &str) -> String {
    ids.iter().find(|(name, _)| *name == kind).map(|(_, id)| id.clone()).unwrap()
}

/// Puts the rows of Bert's agency back as `before` has them, and throws away the work that was asked for since.
#[expect(clippy::disallowed_methods, reason = "writes whole tables as the superuser")]
pub async fn restore(pool: &PgPool, before: &[(String, String)]) {
    let now = all_rows(pool, Some("Beta")).await;
    let mut tx = pool.begin().await.unwrap();
    let beta: uuid::Uuid = sqlx::query_scalar("select organization_id from organization where name = 'Beta'")
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    // Neither keys nor triggers stand in the way of rows that were there already.
    sqlx::query("set local session_replication_role = replica").execute(&mut *tx).await.unwrap();
    for ((table, rows), _) in before.iter().zip(&now).filter(|(before, now)| before != now) {
        let remove = format!("delete from {table} where organization_id = $1");
        sqlx::query(sqlx::AssertSqlSafe(remove)).bind(beta).execute(&mut *tx).await.unwrap();
        if !rows.is_empty() {
            let add = format!("insert into {table} select t.* from json_populate_recordset(null::{table}, $1::json) t");
            sqlx::query(sqlx::AssertSqlSafe(add)).bind(rows.as_str()).execute(&mut *tx).await.unwrap();
        }
    }
    let asked = "delete from graphile_worker._private_jobs where run_at < now() + interval '1 day'";
    sqlx::query(asked).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}

/// `text` with the other agency's ids in their places.
pub fn theirs(ids: &Ids, text: &str) -> String {
    ids.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id))
}

/// `text` with ids that nothing has in their places.
pub fn absent(ids: &Ids, text: &str) -> String {
    ids.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, nothing_like(id)))
}

/// An answer with every id that was asked for as `{id}`: what is left must not differ. A job's number is as short as any
/// other figure, so it stays.
pub fn without_ids(ids: &Ids, text: &str) -> String {
    let long = ids.iter().map(|(_, id)| id).filter(|id| id.parse::<i64>().is_err());
    long.fold(text.replace(ABSENT, "{id}"), |text, id| text.replace(id, "{id}"))
}

fn nothing_like(id: &str) -> &'static str {
    if id.parse::<i64>().is_ok() { ABSENT_JOB } else { ABSENT }
}

/// A job of Bert's agency that cannot be done for days.
async fn job(app: &TestApp) -> String {
    let sql = "select id::bigint from graphile_worker.add_job('job', json_build_object('job', 'mail_invitation',
        'organization_id', (select organization_id from organization where name = 'Beta'),
        'invitation_id', '018f0000-0000-7000-8000-000000000000'), run_at => now() + interval '3 days')";
    count(&app.pool, sql).await.to_string()
}
