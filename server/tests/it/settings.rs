//! Settings as a process reads them from its environment.

use reqwest::{Client, StatusCode};
use sqlx::PgPool;

use crate::process::Process;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn secrets_of_digits_are_the_texts_that_they_are_and_stay_out_of_the_log(pool: PgPool) {
    let settings =
        [("CRON_SECRET", "0123456"), ("AUDIENCEOS_METRICS_TOKEN", "00789012"), ("RUST_LOG", "debug,sqlx=off")];
    let process = Process::start(&pool, &settings).await;
    let client = Client::new();
    let cron = async |secret: &str| {
        let asked = client.post(format!("{}/api/cron/sync", process.url)).bearer_auth(secret);
        asked.send().await.unwrap().status()
    };
    assert_eq!(cron("0123456").await, StatusCode::ACCEPTED);
    assert_eq!(cron("123456").await, StatusCode::UNAUTHORIZED, "its zero counts");
    let metrics = client.get(format!("{}/metrics", process.url)).bearer_auth("00789012").send().await.unwrap();
    assert_eq!(metrics.status(), StatusCode::OK);
    let log = process.log();
    assert!(!log.contains("0123456") && !log.contains("00789012"), "{log}");
}
