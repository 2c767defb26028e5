//! Background work that failed: who sees it, why it failed, and having it tried again.

use std::time::Duration;

use serde_json::json;
use sqlx::{ConnectOptions, PgPool};

use crate::support::{Browser, TestApp, count, execute, secret};

/// Leaves the failed jobs without an attempt.
async fn give_up(pool: &PgPool) {
    let sql = "update graphile_worker._private_jobs set attempts = max_attempts where attempts > 0";
    execute(pool, sql.to_owned()).await;
}

/// What `audienceos jobs …` prints about the test's database.
fn jobs(pool: &PgPool, words: &[&str]) -> (bool, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_audienceos"));
    command.arg("jobs").args(words).current_dir(std::env::temp_dir());
    let output = command.env("DATABASE_URL", pool.connect_options().to_url_lossy().to_string()).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

async fn failed(pool: &PgPool, jobs: i64) {
    for _ in 0..200 {
        let sql = "select count(*) from graphile_worker._private_jobs where attempts > 0 and locked_at is null";
        if count(pool, sql).await >= jobs {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("nothing failed");
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn failed_work_says_why_and_is_tried_again(pool: PgPool) {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let whole = TestApp::start(pool.clone()).await;
    let olga = whole.owner("olga@acme.test", "Acme").await;
    whole.service.db.pool().close().await;
    let broken =
        TestApp::start_with(pool.clone(), |config| config.smtp_url = secret(&format!("smtp://127.0.0.1:{closed}")))
            .await;
    let here: Browser = olga.at(&broken.url);
    here.post("/api/v1/invitations", &json!({"email": "new@x.com", "role": "member"})).await;
    broken.browser().post("/api/v1/auth/forgot", &json!({"email": "olga@acme.test"})).await;
    failed(&pool, 2).await;
    give_up(&pool).await;
    broken.stop().await;

    let mended = TestApp::start(pool.clone()).await;
    let olga = olga.at(&mended.url);
    let list = olga.json("/api/v1/jobs").await;
    assert_eq!(list["counts"], json!({"waiting": 0, "running": 0, "retrying": 0, "failed": 1}));
    let job = &list["items"][0];
    assert_eq!((&job["name"], &job["state"]), (&json!("mail_invitation"), &json!("failed")), "{list}");
    let why = job["error"].as_str().unwrap();
    assert!(why.contains("refused"), "{why}");
    let page = olga.get("/settings/jobs").await.text().await.unwrap();
    assert!(page.contains(">1 failed<") && page.contains("mail invitation"), "{page}");

    // The reset's mail belongs to no agency: the operator sees it.
    let (listed, text) = jobs(&pool, &["list"]);
    assert!(listed && text.lines().count() == 2, "{text}");
    let line = text.lines().find(|line| line.contains("mail_password_reset")).unwrap();
    assert!(line.contains("failed after"), "{line}");
    assert!(!text.contains('@') && !text.contains("new@x.com"), "whose it is stays with the agency: {text}");
    let (done, words) = jobs(&pool, &["retry", line.split('\t').next().unwrap()]);
    assert!(done && words.contains("is tried again now"), "{words}");
    let (done, words) = jobs(&pool, &["retry", "999999999"]);
    assert!(!done && words.contains("there is no job 999999999"), "{words}");

    let path = format!("/api/v1/jobs/{}/retry", job["id"]);
    assert_eq!(olga.post(&path, &json!({})).await.status(), 204);
    mended.mail("new@x.com").await;
    for _ in 0..100 {
        if count(&pool, "select count(*) from graphile_worker._private_jobs").await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(olga.json("/api/v1/jobs").await["items"], json!([]), "done");
    assert_eq!(jobs(&pool, &["list"]).1.trim(), "nothing failed");
    whole.stop().await;
    mended.stop().await;
}
