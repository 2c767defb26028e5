//! A simulated agency that is thrown away while it is read and thought about: that is no fault, and no job is tried again.

use std::time::Duration;

use reqwest::{Client, redirect::Policy};
use serde_json::json;
use sqlx::PgPool;

use crate::{
    process::{Process, free_address},
    simulated::enter,
    support::{Browser, count, execute},
};

/// What each transaction of a reading and of a cycle writes first, with how many of them wait to write it.
const FIRST: [(&str, &str); 2] = [
    (
        "metric_moment",
        "select count(*) from pg_stat_activity
         where datname = current_database() and wait_event = 'advisory' and query like 'insert into metric_moment%'",
    ),
    (
        "brain_state",
        "select count(*) from pg_stat_activity
         where datname = current_database() and wait_event = 'advisory' and query like 'insert into brain_state%'",
    ),
];

#[sqlx::test(migrator = "store::MIGRATOR")]
#[expect(clippy::disallowed_methods, reason = "stands in the way of the jobs as the superuser")]
async fn who_reads_an_agency_that_is_thrown_away_ends_without_a_fault(pool: PgPool) {
    let function = "create function wait_here() returns trigger language plpgsql as $$ begin
        perform pg_advisory_xact_lock_shared(1);
        return new; end $$";
    execute(&pool, function.to_owned()).await;
    for (table, _) in FIRST {
        let trigger =
            format!("create trigger wait_here before insert on {table} for each row execute function wait_here()");
        execute(&pool, trigger).await;
    }
    let mut way = pool.begin().await.unwrap();
    sqlx::query("select pg_advisory_xact_lock(1)").execute(&mut *way).await.unwrap();

    let rehearsal = free_address();
    let settings = [("AUDIENCEOS_REHEARSAL", rehearsal.as_str()), ("RUST_LOG", "info,sqlx=warn")];
    let process = Process::start(&pool, &settings).await;
    let client = Client::builder().cookie_store(true).redirect(Policy::none()).build().unwrap();
    let guest = Browser { client, url: process.url.clone() };
    enter(&guest).await;
    assert_eq!(guest.post("/api/v1/brain/compute", &json!({})).await.status(), 202);
    for (table, waiting) in FIRST {
        let mut waits = 0;
        for _ in 0..2400 {
            waits = count(&pool, waiting).await;
            if waits > 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(waits > 0, "nobody writes into {table}: {}", process.log());
    }
    assert_eq!(guest.submit("/simulation/leave", &[]).await.status(), 303);
    assert_eq!(count(&pool, "select count(*) from organization").await, 0);
    way.rollback().await.unwrap();

    let of_it = "select count(*) from graphile_worker._private_jobs where payload ->> 'organization_id' is not null";
    let failed = "select count(*) from graphile_worker._private_jobs where last_error is not null";
    for _ in 0..600 {
        assert_eq!(count(&pool, failed).await, 0, "{}", process.log());
        if count(&pool, of_it).await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(count(&pool, of_it).await, 0, "its jobs have ended: {}", process.log());
    let log = process.log();
    assert!(!log.contains("ERROR"), "{log}");
    assert!(log.contains("a job's agency was thrown away meanwhile"), "the brain ran into it: {log}");
}
